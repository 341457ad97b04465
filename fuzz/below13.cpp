// TLS 1.2 and below. The first octet says how:
//   bit 7 clear  octets as they come: to a server, or, bit 6, to a client
//   bit 7 set    two of our ends, and somebody between them who changes, cuts, repeats and drops what they
//   say
// The second chooses the version, the suite and what goes with it.
//
// What has to hold: an end that is connected is connected to the other one, and both see the handshake alike.
#include <algorithm>
#include <array>
#include <vector>

#include "support/certificates.h"
#include "support/contexts.h"
#include "support/script.h"

using namespace sesame;
using namespace sesame::fuzz;
using Octets = std::vector<std::uint8_t>;

namespace {

constexpr TimePoint now{std::chrono::seconds(1'700'000'000)};
constexpr CipherSuite suites[] = {
    CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA,
    CipherSuite::TLS_PSK_WITH_NULL_SHA,
    CipherSuite::TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    CipherSuite::TLS_ECDH_anon_WITH_AES_128_CBC_SHA,
};
constexpr std::size_t flavours = 8;  // of the second octet's upper bits

std::shared_ptr<const Context> make(Side side, std::uint8_t kind) {
  ContextOptions options;
  options.clock = [] { return now; };
  options.cipher_suites = {suites[kind % std::size(suites)]};
  const unsigned flavour = kind / std::size(suites) % flavours;
  options.min_version = ProtocolVersion::tls10;
  // AEADs are for TLS 1.2 only.
  const bool has_mac = sesame::name(options.cipher_suites[0]).find("_SHA") + 4 ==
                           sesame::name(options.cipher_suites[0]).size() ||
                       options.cipher_suites[0] == CipherSuite::TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384;
  options.max_version = flavour == 1 && has_mac ? ProtocolVersion::tls10 : ProtocolVersion::tls12;
  options.encrypt_then_mac = flavour != 2;
  options.renegotiation = flavour == 3 ? Renegotiation::allow : Renegotiation::refuse;
  if (flavour == 4) options.max_fragment_length = side == Side::client ? 512 : 0;
  if (flavour == 5) options.tickets.issuer = std::make_shared<SessionCache>(4);
  if (flavour == 6) options.psk_identity_hint = "hint";
  if (flavour == 7) options.client_certificates = ClientCertificates::request;
  const auto key = Credential::create({.identity = as_bytes("alice"),
                                       .key = as_bytes("0123456789abcdef0123456789abcdef"),
                                       .usage = PskUsage::tls12});
  FUZZ_CHECK(key);
  options.verification = VerificationOptions{.trust = certificates().trust};
  if (side == Side::client) {
    options.credentials = {*key};
    options.certificates = {certificates().of_client};
    options.on_session = [](const Session&) {};
  } else {
    options.certificates = {certificates().of_server};
    options.psk_source = make_psk_source([key = *key](const PskQuery& query, PskAnswer& answer) {
      if (as_text(query.identity) == "alice") answer.add(key);
    });
  }
  auto context = Context::create(std::move(options));
  FUZZ_CHECK(context);
  return *context;
}

std::shared_ptr<const Context> context(Side side, std::uint8_t kind) {
  static std::array<std::shared_ptr<const Context>, 64> made[2];
  auto& place = made[side == Side::server][kind % 64];
  if (!place) place = make(side, kind % 64);
  return place;
}

Connection client(std::uint8_t kind) {
  auto made = Connection::client(context(Side::client, kind), {.verify_name = "server.example"});
  FUZZ_CHECK(made);
  return std::move(*made);
}
Connection server(std::uint8_t kind) {
  auto made = Connection::server(context(Side::server, kind));
  FUZZ_CHECK(made);
  return std::move(*made);
}

void give(Connection& to, Octets octets) {
  for (MutableBytes rest = octets; !rest.empty();) {
    const auto received = to.receive(rest);
    if (!received || received->consumed == 0) return;
    rest = rest.subspan(received->consumed);
  }
}

void disturb(Script& script, Octets& octets) {
  const std::size_t at = octets.empty() ? 0 : script.word() % octets.size();
  const auto place = octets.begin() + static_cast<std::ptrdiff_t>(at);
  switch (script.octet() % 5) {
    case 0:
      if (!octets.empty()) octets[at] ^= script.octet();
      return;
    case 1:
      octets.resize(at);
      return;
    case 2: {
      const Bytes block = script.block();
      octets.insert(place, block.begin(), block.end());
      return;
    }
    case 3: {
      const Octets copy = octets;
      octets.insert(octets.end(), copy.begin(), copy.end());
      return;
    }
    default:
      if (!octets.empty()) octets.erase(place);
      return;
  }
}

void check(const Connection& c, const Connection& s) {
  for (const Connection* end : {&c, &s}) {
    FUZZ_CHECK(end->handshake_done() == (end->authentication() != Authentication::none));
    if (end->error()) FUZZ_CHECK(end->wait() == Wait::closed || end->wait() == Wait::output);
  }
  if (!c.handshake_done() || !s.handshake_done() || c.error() || s.error()) return;
  FUZZ_CHECK(c.cipher_suite() == s.cipher_suite() && c.version() == s.version());
  if (c.state() != "CONNECTED" || s.state() != "CONNECTED") return;
  if (!std::ranges::equal(c.finished(Side::client), s.finished(Side::client))) return;  // one renegotiates
  std::array<std::uint8_t, 64> ours{}, theirs{};
  FUZZ_CHECK(c.export_key_block(ours) && s.export_key_block(theirs) && ours == theirs);
}

void stand_between(Script& script, std::uint8_t kind) {
  Connection c = client(kind), s = server(kind);
  for (int steps = 0; steps < 60; ++steps) {
    const std::uint8_t what = script.octet();
    Connection& from = what & 1 ? s : c;
    Connection& to = what & 1 ? c : s;
    Octets octets(from.output().begin(), from.output().end());
    from.output_sent(octets.size());
    if (what & 2) disturb(script, octets);
    if (what & 4) (void)from.renegotiate();
    if (what & 8) (void)from.send(as_bytes("data"));
    if (what & 16 && what & 32) (void)from.close();
    give(to, std::move(octets));
    check(c, s);
    if (!script.empty()) continue;
    // From here on nobody is in the way.
    if (c.output().empty() && s.output().empty()) break;
    for (Connection* one : {&c, &s}) {
      Octets rest(one->output().begin(), one->output().end());
      one->output_sent(rest.size());
      give(one == &c ? s : c, std::move(rest));
    }
    check(c, s);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script({data, size});
  const std::uint8_t mode = script.octet(), kind = script.octet();
  if (mode & 0x80) {
    stand_between(script, kind);
    return 0;
  }
  Connection one = mode & 0x40 ? client(kind) : server(kind);
  one.output_sent(one.output().size());
  const Bytes rest = script.rest();
  give(one, Octets(rest.begin(), rest.end()));
  FUZZ_CHECK(!one.handshake_done());
  return 0;
}
