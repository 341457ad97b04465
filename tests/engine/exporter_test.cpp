// Exporters (RFC 8446 section 7.5) and key log lines, held against libcrypto's own HMAC.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <map>

#include "engine/wire_log.h"
#include "support/script_peer.h"

namespace sesame::test {
namespace {

struct Hashes {
  const EVP_MD* md;
  std::size_t size;
};

Octets hmac(const Hashes& h, const Octets& key, const Octets& data) {
  Octets out(h.size);
  unsigned size = 0;
  EXPECT_NE(HMAC(h.md, key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), &size),
            nullptr);
  return out;
}

Octets digest(const Hashes& h, const Octets& data) {
  Octets out(h.size);
  EXPECT_EQ(EVP_Digest(data.data(), data.size(), out.data(), nullptr, h.md, nullptr), 1);
  return out;
}

// Section 7.1, written down once more and otherwise: HkdfLabel, and the rounds of RFC 5869 section 2.3.
Octets expand_label(const Hashes& h, const Octets& secret, std::string_view label, const Octets& context,
                    std::size_t size) {
  const Octets info = join({u16(size), vec8(text("tls13 " + std::string(label))), vec8(context)});
  Octets out, block;
  for (unsigned round = 1; out.size() < size; ++round) {
    block = hmac(h, secret, join({block, info, u8(round)}));
    append(out, block);
  }
  out.resize(size);
  return out;
}

// The lines of one side, by label; each is "label client_random secret".
struct KeyLog {
  std::map<std::string, std::string> secrets;
  std::string client_random;
  std::vector<std::string> lines;

  void add(std::string_view line) {
    lines.emplace_back(line);
    const auto first = line.find(' '), second = line.find(' ', first + 1);
    ASSERT_NE(second, std::string_view::npos) << line;
    EXPECT_EQ(line.find('\n'), std::string_view::npos);
    client_random = line.substr(first + 1, second - first - 1);
    EXPECT_TRUE(secrets.emplace(line.substr(0, first), line.substr(second + 1)).second) << "twice: " << line;
  }
};

struct Logged {
  KeyLog client, server;
  std::unique_ptr<Pair> pair;

  explicit Logged(CipherSuite suite, std::vector<PskKeyExchangeMode> modes = {ke}) {
    ContextOptions c = with_modes(modes), s = c;
    c.cipher_suites = s.cipher_suites = {suite};
    c.key_log = [this](std::string_view line) { client.add(line); };
    s.key_log = [this](std::string_view line) { server.add(line); };
    const std::vector<Credential> keys = {make_credential("alice", default_key, policy::hash_of(suite))};
    pair = std::make_unique<Pair>(client_context(c, keys), server_context(s, keys));
  }
};

const CipherSuite suites[] = {CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384};
Hashes hashes_of(CipherSuite suite) {
  return policy::hash_of(suite) == HashAlgorithm::sha256 ? Hashes{EVP_sha256(), 32}
                                                         : Hashes{EVP_sha384(), 48};
}

TEST(Exporter, GivesBothSidesWhatTheRfcSays) {
  for (const CipherSuite suite : suites) {
    Logged logged(suite);
    ASSERT_TRUE(logged.pair->handshake());
    const Hashes h = hashes_of(suite);
    const Octets exporter_secret = from_hex(logged.client.secrets.at("EXPORTER_SECRET"));
    for (const std::string& label :
         {std::string("EXPERIMENTAL test"), std::string(1, 'l'), std::string(249, 'L')}) {
      for (const Octets& context : {Octets(), text("context"), repeat(70'000, 3)}) {
        for (const std::size_t size : {1u, 31u, 32u, 48u, 64u, 100u, 255u * 32}) {
          Octets a(size), b(size);
          ASSERT_TRUE(logged.pair->client.connection.export_keying_material(label, context, a));
          ASSERT_TRUE(logged.pair->server.connection.export_keying_material(label, context, b));
          EXPECT_EQ(a, b);
          const Octets derived = expand_label(h, exporter_secret, label, digest(h, {}), h.size);
          EXPECT_EQ(a, expand_label(h, derived, "exporter", digest(h, context), size))
              << label.size() << ", " << size;
        }
      }
    }
  }
}

TEST(Exporter, IsNotReadyBeforeTheHandshakeIsDone) {
  Pair pair(client_context(), server_context());
  Octets out(32);
  for (const End* end : {&pair.client, &pair.server}) {
    const auto exported = end->connection.export_keying_material("label", {}, out);
    ASSERT_FALSE(exported);
    EXPECT_EQ(exported.error().reason(), Reason::exporter_not_ready);
  }
  // The server has its exporter secret when it has sent its Finished, but not yet the client's.
  pair.server.receive(octets_of(pair.client.connection.output()));
  EXPECT_FALSE(pair.server.connection.export_keying_material("label", {}, out));
}

TEST(Exporter, RefusesWhatItCannotGive) {
  Pair pair(client_context(), server_context());
  ASSERT_TRUE(pair.handshake());
  const Connection& c = pair.client.connection;
  Octets out(32), most(255 * 32), too_much(255 * 32 + 1), none;
  EXPECT_EQ(c.export_keying_material("", {}, out).error().reason(), Reason::invalid_argument);
  EXPECT_EQ(c.export_keying_material(std::string(250, 'l'), {}, out).error().reason(),
            Reason::invalid_argument);
  EXPECT_EQ(c.export_keying_material("l", {}, too_much).error().reason(), Reason::invalid_argument);
  EXPECT_TRUE(c.export_keying_material("l", {}, most));
  EXPECT_TRUE(c.export_keying_material("l", {}, none));
}

TEST(Exporter, DiffersByLabelContextAndConnection) {
  Pair one(client_context(), server_context()), two(client_context(), server_context());
  ASSERT_TRUE(one.handshake() && two.handshake());
  Octets a(32), b(32), c(32), d(32);
  ASSERT_TRUE(one.client.connection.export_keying_material("label", as_bytes("x"), a));
  ASSERT_TRUE(one.client.connection.export_keying_material("other", as_bytes("x"), b));
  ASSERT_TRUE(one.client.connection.export_keying_material("label", as_bytes("y"), c));
  ASSERT_TRUE(two.client.connection.export_keying_material("label", as_bytes("x"), d));
  EXPECT_TRUE(a != b && a != c && a != d && b != c);
}

TEST(Exporter, StaysTheSameThroughKeyUpdates) {
  Pair pair(client_context(), server_context());
  ASSERT_TRUE(pair.handshake());
  Octets before(32), after(32);
  ASSERT_TRUE(pair.client.connection.export_keying_material("label", {}, before));
  ASSERT_TRUE(pair.client.connection.update_keys(true));
  ASSERT_TRUE(pair.pump());
  ASSERT_TRUE(pair.server.connection.export_keying_material("label", {}, after));
  EXPECT_EQ(before, after);
}

TEST(KeyLog, HasTheSameLinesOnBothSides) {
  for (const auto& modes : {std::vector{ke}, std::vector{dhe}}) {
    for (const CipherSuite suite : suites) {
      Logged logged(suite, modes);
      WireLog wire(*logged.pair);
      ASSERT_TRUE(logged.pair->handshake());
      EXPECT_EQ(logged.client.secrets, logged.server.secrets);
      std::vector<std::string> labels;
      for (const auto& [label, secret] : logged.client.secrets) {
        labels.push_back(label);
        EXPECT_EQ(secret.size(), 2 * hashes_of(suite).size);
      }
      EXPECT_EQ(labels, (std::vector<std::string>{
                            "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "EXPORTER_SECRET",
                            "SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"}));
      const Octets hello = wire.plain_messages(Side::client).at(0);
      EXPECT_EQ(logged.client.client_random, to_hex(Bytes(hello).subspan(6, 32)));
      EXPECT_EQ(logged.server.client_random, logged.client.client_random);
    }
  }
}

// Whoever has the lines reads the traffic: that is what they are for.
TEST(KeyLog, OpensWhatWasSent) {
  Logged logged(CipherSuite::TLS_AES_128_GCM_SHA256);
  ASSERT_TRUE(logged.pair->handshake());
  WireLog wire(*logged.pair);
  expect_transfer(*logged.pair, logged.pair->client, logged.pair->server, "read by a third");
  ScriptPeer reader;
  reader.use_read_secret(from_hex(logged.server.secrets.at("CLIENT_TRAFFIC_SECRET_0")));
  reader.take(wire.of(Side::client));
  const auto record = reader.next_record();
  ASSERT_TRUE(record);
  EXPECT_EQ(as_text(record->content), "read by a third");
}

TEST(KeyLog, IsNotWrittenUnasked) {
  Logged logged(CipherSuite::TLS_AES_128_GCM_SHA256);
  EXPECT_TRUE(logged.client.lines.empty());
  ASSERT_TRUE(logged.pair->handshake());
  EXPECT_EQ(logged.client.lines.size(), 5u);
  Pair silent(client_context(), server_context());
  ASSERT_TRUE(silent.handshake());
  EXPECT_EQ(logged.client.lines.size(), 5u);
}

}  // namespace
}  // namespace sesame::test
