// The traces of RFC 8448 by the engine itself: with their randomness, their key shares, their signatures and
// their ticket it has to send, octet for octet, what they print, on both sides.
//
// The order of extensions is free, and the RFC's peers send some that are of no use to us
// (renegotiation_info, session_ticket, padding, the server's supported_groups; server_name in a resumption):
// those alone are taken from the trace. The version of the first record is free as well.
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include <deque>
#include <map>

#include "message/certificate.h"
#include "message/handshake_type.h"
#include "message/new_session_ticket.h"
#include "session/session_body.h"
#include "support/authority.h"
#include "support/pair.h"
#include "support/vectors.h"

namespace sesame::test {
namespace {

using extension::ExtensionType;

std::map<unsigned, Octets> by_type(Bytes extensions, std::vector<unsigned>* order = nullptr) {
  std::map<unsigned, Octets> out;
  for (std::size_t at = 0; at < extensions.size();) {
    const unsigned type = static_cast<unsigned>(extensions[at] << 8 | extensions[at + 1]);
    // Section 4 prints its ClientHello without the binders: the last extension ends early.
    const std::size_t size = std::min(static_cast<std::size_t>(extensions[at + 2] << 8 | extensions[at + 3]),
                                      extensions.size() - at - 4);
    out[type] = Octets(extensions.begin() + static_cast<std::ptrdiff_t>(at),
                       extensions.begin() + static_cast<std::ptrdiff_t>(at + 4 + size));
    if (order) order->push_back(type);
    at += 4 + size;
  }
  return out;
}

// The extension block of a ClientHello, a ServerHello or EncryptedExtensions.
Bytes block_of(Bytes message) {
  std::size_t at = 4;
  if (message[0] == 1 || message[0] == 2) {
    at += 2 + 32;
    at += 1 + message[at];
    at += message[0] == 1 ? 2u + static_cast<std::size_t>(message[at] << 8 | message[at + 1]) : 2u;
    at += message[0] == 1 ? 1u + message[at] : 1u;
  }
  const std::size_t size = static_cast<std::size_t>(message[at] << 8 | message[at + 1]);
  return message.subspan(at + 2, std::min(size, message.size() - at - 2));
}

// Gives what the trace printed, in the order in which it is asked for.
struct Script {
  std::deque<Octets> random;
  std::deque<Octets> messages;  // with extensions, as the trace has them
  void fill(MutableBytes out) {
    ASSERT_FALSE(random.empty()) << out.size() << " octets more than expected";
    ASSERT_EQ(random.front().size(), out.size());
    std::ranges::copy(random.front(), out.begin());
    random.pop_front();
  }
  void rewrite(std::uint8_t type, std::vector<std::uint8_t>& extensions) {
    while (!messages.empty() && messages.front()[0] != type) messages.pop_front();
    ASSERT_FALSE(messages.empty());
    std::vector<unsigned> order;
    auto theirs = by_type(block_of(messages.front()), &order);
    auto ours = by_type(extensions);
    messages.pop_front();
    std::vector<std::uint8_t> out;
    for (const unsigned which : order) {
      Octets body = ours.contains(which) ? ours[which] : theirs[which];
      const bool free_of_us = which == 0xff01 || which == 35 || which == 21 ||
                              (type == 8 && (which == 10 || which == 0)) || (type == 2 && which == 44);
      EXPECT_TRUE(ours.contains(which) || free_of_us)
          << "missing: extension " << which << " of message " << unsigned(type);
      if (type == 2 && which == 44) body = theirs[which];  // the cookie of a HelloRetryRequest
      out.insert(out.end(), body.begin(), body.end());
      ours.erase(which);
    }
    EXPECT_TRUE(ours.empty()) << "extension " << ours.begin()->first << " of message " << unsigned(type)
                              << " is not in the trace";
    extensions = out;
  }
};

class Issuer final : public TicketIssuer {
 public:
  Octets ticket;
  std::optional<Session> session;
  Expected<std::vector<std::uint8_t>> issue(const Session& given, TimePoint) override {
    session = given;
    return ticket;
  }
  bool recognises(Bytes identity) const noexcept override { return std::ranges::equal(identity, ticket); }
  std::optional<Session> open(Bytes, TimePoint) override { return session; }
  bool is_single_use() const noexcept override { return false; }
};

class TraceSigner final : public Signer {
 public:
  explicit TraceSigner(Octets s) : signature(std::move(s)) {}
  Octets signature;
  void sign(const SignatureQuery& query, SignatureAnswer& answer) override {
    EXPECT_TRUE(query.scheme == SignatureScheme::rsa_pss_rsae_sha256 ||
                query.scheme == SignatureScheme::ecdsa_secp256r1_sha256);
    answer.give(signature);
  }
};

class Replay {
 public:
  explicit Replay(const char* section)
      : vectors_(Vectors::read(std::string("rfc8448/section") + section + ".txt")) {
    for (const auto& block : vectors_.blocks()) note(block);
    for (Side side : {Side::client, Side::server}) {
      ContextOptions& o = options(side);
      Script& script = scripts_[static_cast<int>(side)];
      o.cipher_suites = {CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
                         CipherSuite::TLS_AES_256_GCM_SHA384};
      o.groups = {NamedGroup::x25519,    NamedGroup::secp256r1, NamedGroup::secp384r1,
                  NamedGroup::secp521r1, NamedGroup::ffdhe2048, NamedGroup::ffdhe3072,
                  NamedGroup::ffdhe4096, NamedGroup::ffdhe6144, NamedGroup::ffdhe8192};
      for (const unsigned scheme : {0x403, 0x503, 0x603, 0x203, 0x804, 0x805, 0x806, 0x401, 0x501, 0x601,
                                    0x201, 0x402, 0x502, 0x602, 0x202})
        schemes_.push_back(static_cast<SignatureScheme>(scheme));
      o.signature_schemes = std::exchange(schemes_, {});
      o.record_size_limit = 16384;
      o.middlebox_compatibility = false;
      o.random = [&script](MutableBytes out) { script.fill(out); };
      o.rewrite_extensions = [&script](std::uint8_t type, std::vector<std::uint8_t>& e) {
        script.rewrite(type, e);
      };
      o.clock = [this] { return now; };
    }
    // The certificates are old, small, and nobody's: all that they are asked for is their signature.
    const auto accept = [](const VerificationQuery&, Verdict& verdict) { verdict.accept(); };
    client.verification =
        VerificationOptions{.trust = Authority().trust(), .security_level = 0, .verify = accept};
    server.verification = client.verification;
    client.on_session = [this](const Session& given) { session = given; };
    server.certificates = own("server");
  }

  ContextOptions& options(Side side) { return side == Side::client ? client : server; }

  // What `who` shows in the trace, with a signer that gives the signature of the trace.
  std::vector<CertifiedKey> own(const std::string& who) {
    const std::string title = who + " message Certificate";
    bool there = false;
    for (const auto& block : vectors_.blocks()) there = there || block.title == title;
    if (!there) return {};
    const Octets& message = vectors_[title]["octets"];
    const auto certificate = wire::decode<message::Certificate>(Bytes(message).subspan(4));
    EXPECT_TRUE(certificate);
    std::vector<X509*> chain;
    certificate->certificate_list.for_each([&](const message::CertificateEntry& entry) {
      const std::uint8_t* at = entry.cert_data.data.data();
      chain.push_back(d2i_X509(nullptr, &at, static_cast<long>(entry.cert_data.data.size())));
    });
    const Octets& verify = vectors_[who + " message CertificateVerify"]["octets"];
    auto key = CertifiedKey::from_signer(
        chain, std::make_shared<TraceSigner>(Octets(verify.begin() + 8, verify.end())));
    for (X509* one : chain) X509_free(one);
    EXPECT_TRUE(key) << key.error().message();
    return {*key};
  }

  // The handshake, then what the trace sends behind it, in its order; and what went over the wire is what it
  // printed.
  void run(const ClientOptions& how) {
    auto c = Context::create(of_tls13(client)), s = Context::create(of_tls13(server));
    ASSERT_TRUE(c) << c.error().message();
    ASSERT_TRUE(s) << s.error().message();
    Pair pair(*c, *s, how);
    std::string wire[2];
    pair.on_wire = [&](Side from, std::vector<std::uint8_t>& octets) {
      wire[static_cast<int>(from)] += to_hex(octets);
    };
    bool shaken = false;
    for (const auto& block : vectors_.blocks()) {
      const bool from_client = block.title.starts_with("client record");
      if (!from_client && !block.title.starts_with("server record")) continue;
      if (block.title.ends_with("handshake")) continue;
      End& end = from_client ? pair.client : pair.server;
      if (block.title.ends_with("application_data") && how.early_data && !shaken && from_client) {
        ASSERT_TRUE(end.connection.send_early(block["payload"]));
        shaken = true;
        ASSERT_TRUE(pair.handshake()) << failures(pair);
        EXPECT_EQ(pair.server.early_data, as_text(block["payload"]));
      } else {
        if (!shaken) {
          ASSERT_TRUE(pair.handshake()) << failures(pair);
        }
        shaken = true;
        if (block.title.ends_with("application_data")) {
          ASSERT_TRUE(end.connection.send(block["payload"]));
        } else if (block.title.ends_with("alert")) {
          ASSERT_TRUE(end.connection.close());
        }
      }
      ASSERT_TRUE(pair.pump());
    }
    for (const char* which : {"client", "server"}) {
      std::string expected;
      for (const auto& block : vectors_.blocks()) {
        if (block.title.starts_with(std::string(which) + " record")) expected += to_hex(block["record"]);
      }
      std::string& got = wire[which == std::string("server")];
      ASSERT_GT(got.size(), 10u);
      if (which == std::string("client")) got.replace(2, 4, "0301");  // legacy_record_version: section 5.1
      EXPECT_EQ(got, expected) << which;
    }
    for (const Script& script : scripts_) EXPECT_TRUE(script.random.empty());
  }

  ContextOptions client, server;
  TimePoint now{std::chrono::hours(24 * 365 * 48)};
  std::optional<Session> session;
  std::deque<Octets>& random(Side side) { return scripts_[static_cast<int>(side)].random; }
  const Vectors& vectors() const { return vectors_; }

 private:
  static std::string failures(const Pair& pair) {
    return (pair.client.failure ? "client: " + pair.client.failure->message() : "") +
           (pair.server.failure ? "server: " + pair.server.failure->message() : "");
  }
  // Randomness in the order in which it is used: a hello's random, then the private key of its share. On the
  // client the key pair is printed before the message, on the server as well.
  void note(const Vectors::Block& block) {
    const bool is_client = block.title.starts_with("client");
    Script& script = scripts_[is_client ? 0 : 1];
    if (block.title.find(" key_pair ") != std::string::npos) pending_[is_client ? 0 : 1] = block["private"];
    if (!block.title.ends_with("Hello") && !block.title.ends_with("EncryptedExtensions")) return;
    const Octets& octets = block["octets"];
    script.messages.push_back(octets);
    if (!block.title.ends_with("Hello")) return;
    Octets random(octets.begin() + 6, octets.begin() + 38);
    static const Octets retry_random =
        from_hex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");
    const bool retry = random == retry_random;
    if (retry) {
      script.random.emplace_back(Octets(32, 0));  // a cookie, which the rewriting replaces
      return;
    }
    if (is_client && octets[38] == 32) random.insert(random.end(), octets.begin() + 39, octets.begin() + 71);
    const bool second = is_client && script.messages.size() > 1;
    if (!second) script.random.push_back(random);
    script.random.push_back(pending_[is_client ? 0 : 1]);
  }

  Vectors vectors_;
  Script scripts_[2];
  Octets pending_[2];
  std::vector<SignatureScheme> schemes_;
};

// Section 3's server gives a ticket, by which section 4 resumes.
void section3(Replay& replay, const std::shared_ptr<Issuer>& issuer) {
  const Octets& message = replay.vectors()["server message NewSessionTicket"]["octets"];
  const auto ticket = wire::decode<message::NewSessionTicket>(Bytes(message).subspan(4));
  ASSERT_TRUE(ticket);
  issuer->ticket.assign(ticket->ticket.data.begin(), ticket->ticket.data.end());
  replay.server.tickets = {
      .issuer = issuer, .count = 1, .lifetime = std::chrono::seconds(ticket->ticket_lifetime)};
  replay.server.early_data = {.limit = 1024,
                              .guard = std::make_shared<ReplayGuard>(ReplayGuardOptions{}, replay.now)};
  replay.random(Side::server).push_back(Octets(message.begin() + 8, message.begin() + 12));
  replay.run({.server_name = "server"});
}

TEST(Rfc8448Replay, Section3And4Simple1RttAndResumed0RttHandshakes) {
  Replay first("3");
  const auto issuer = std::make_shared<Issuer>();
  section3(first, issuer);
  ASSERT_TRUE(first.session);

  Replay second("4");
  const Octets& hello = second.vectors()["client message ClientHello"]["octets"];
  const auto at = std::search(hello.begin(), hello.end(), issuer->ticket.begin(), issuer->ticket.end());
  ASSERT_NE(at, hello.end());
  const auto* age_at = &*at + issuer->ticket.size();
  std::uint32_t obfuscated = 0;
  for (int i = 0; i < 4; ++i) obfuscated = obfuscated << 8 | age_at[i];
  const auto age =
      std::chrono::milliseconds(obfuscated - session::SessionAccess::body(*first.session).age_add);
  ASSERT_LT(age, std::chrono::seconds(30));
  second.now = first.now + age;
  second.client.on_session = {};
  second.server.tickets = {.issuer = issuer, .count = 0};
  second.server.early_data = first.server.early_data;
  second.server.certificates = first.server.certificates;
  ClientOptions how{.server_name = "server"};
  how.session = first.session;
  how.early_data = true;
  second.run(how);
}

TEST(Rfc8448Replay, Section5HelloRetryRequest) {
  Replay replay("5");
  replay.client.groups = {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1};
  replay.server.groups = {NamedGroup::secp256r1, NamedGroup::secp384r1, NamedGroup::x25519};
  replay.server.groups.pop_back();  // it does not take the share that the client has
  replay.server.always_retry_with_cookie = true;
  replay.run({.server_name = "server"});
}

TEST(Rfc8448Replay, Section6ClientAuthentication) {
  Replay replay("6");
  replay.server.client_certificates = ClientCertificates::require;
  replay.client.certificates = replay.own("client");
  replay.run({.server_name = "server"});
}

TEST(Rfc8448Replay, Section7CompatibilityMode) {
  Replay replay("7");
  replay.client.middlebox_compatibility = true;
  replay.run({.server_name = "server"});
}

}  // namespace
}  // namespace sesame::test
