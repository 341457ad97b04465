// Imported keys (RFC 9258), from one end to the other.
#include <sesame/keyring.h>

#include "engine/wire_log.h"

namespace sesame::test {
namespace {

constexpr auto sha256 = HashAlgorithm::sha256, sha384 = HashAlgorithm::sha384;

CredentialParameters parameters(std::string_view context = {}, HashAlgorithm hash = sha256) {
  return {.identity = as_bytes("alice"),
          .key = as_bytes(default_key),
          .hash = hash,
          .context = as_bytes(context)};
}
Credential imported(std::string_view context = {}, HashAlgorithm hash = sha256) {
  auto made = Credential::create(parameters(context, hash));
  EXPECT_TRUE(made);
  return *made;
}
std::shared_ptr<Keyring> keyring_of(std::initializer_list<Credential> credentials) {
  auto keyring = std::make_shared<Keyring>();
  EXPECT_TRUE(keyring->replace_all(std::vector<Credential>(credentials)));
  return keyring;
}
ContextOptions only(CipherSuite suite) {
  ContextOptions options;
  options.cipher_suites = {suite};
  return options;
}

// A function and the keyring, which derive each in its own way.
std::vector<std::shared_ptr<PskSource>> sources_of(const Credential& credential) {
  return {source_of({credential}), keyring_of({credential})};
}

TEST(Import, IsWhatHappensUnlessItIsSaidOtherwise) {
  EXPECT_EQ(imported().usage(), PskUsage::tls13_imported);
  for (const auto& source : sources_of(imported("roles"))) {
    ContextOptions options;
    options.psk_source = source;
    Pair pair(client_context({}, {imported("roles")}), server_context(options));
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(as_text(pair.client.connection.psk_identity()), "alice");
    EXPECT_EQ(as_text(pair.server.connection.psk_identity()), "alice");
    EXPECT_EQ(pair.server.connection.authentication(), Authentication::external_psk);
    expect_transfer(pair, pair.client, pair.server, "hello");
    expect_transfer(pair, pair.server, pair.client, "hello");
  }
}

// One credential fits every suite, whatever the hash that imports it.
TEST(Import, FitsEverySuite) {
  for (const HashAlgorithm hash : {sha256, sha384}) {
    for (const auto suite : {CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384}) {
      for (const auto& source : sources_of(imported({}, hash))) {
        ContextOptions options = only(suite);
        options.psk_source = source;
        Pair server_chooses(client_context({}, {imported({}, hash)}), server_context(options));
        ASSERT_TRUE(server_chooses.handshake());
        EXPECT_EQ(server_chooses.server.connection.cipher_suite(), suite);
        options.cipher_suites = ContextOptions().cipher_suites;
        Pair client_chooses(client_context(only(suite), {imported({}, hash)}), server_context(options));
        ASSERT_TRUE(client_chooses.handshake());
        EXPECT_EQ(client_chooses.server.connection.cipher_suite(), suite);
      }
    }
  }
}

TEST(Import, SurvivesARetry) {
  for (const auto suite : {CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384}) {
    ContextOptions options = only(suite);
    options.always_retry_with_cookie = true;
    options.psk_source = keyring_of({imported("x")});
    Pair pair(client_context({}, {imported("x")}), server_context(options));
    ASSERT_TRUE(pair.handshake());
    EXPECT_TRUE(pair.server.connection.retried());
    EXPECT_EQ(pair.server.connection.cipher_suite(), suite);
  }
}

// Section 5.2: a key is negotiated if both import it, or neither does.
TEST(Import, DoesNotMeetAKeyThatIsUsedAsItIs) {
  const struct {
    Credential client, server;
    std::string_view why;
  } cases[] = {
      {imported(), make_credential(), "the client imported the key"},
      {make_credential(), imported(), "the key is to be imported"},
      {imported("client A"), imported("client B"), "another context"},
      {imported(), imported("client B"), "another context"},
  };
  for (const auto& c : cases) {
    for (const auto& source : sources_of(c.server)) {
      ContextOptions options;
      options.psk_source = source;
      Pair pair(client_context({}, {c.client}), server_context(options));
      expect_failure(pair, Side::server, Reason::psk_wrong_usage, Alert::decrypt_error);
      EXPECT_NE(pair.server.failure->message().find(c.why), std::string::npos)
          << pair.server.failure->message();
    }
  }
}

TEST(Import, ByAnotherHashIsAnotherKey) {
  for (const auto& source : sources_of(imported({}, sha384))) {
    ContextOptions options;
    options.psk_source = source;
    Pair pair(client_context({}, {imported({}, sha256)}), server_context(options));
    expect_failure(pair, Side::server, Reason::psk_binder_mismatch, Alert::decrypt_error);
  }
}

// From raw keys to imported ones without a day on which nothing works.
TEST(Import, CanBeMovedToWhileBothAreAccepted) {
  const auto keyring = std::make_shared<Keyring>();
  CredentialParameters raw = parameters();
  raw.usage = PskUsage::tls13;
  ASSERT_TRUE(keyring->add(raw));
  ASSERT_TRUE(keyring->rotate(parameters()));
  ContextOptions options;
  options.psk_source = keyring;
  for (const auto& [credential, older] : {std::pair(imported(), false), std::pair(make_credential(), true)}) {
    Pair pair(client_context({}, {credential}), server_context(options));
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.server.connection.used_older_key(), older);
  }
}

TEST(Import, WorksWhereTheAnswerComesLater) {
  ContextOptions options;
  options.psk_source = make_psk_source([](const PskQuery&, PskAnswer& answer) { answer.later(); });
  Pair pair(client_context({}, {imported("x")}), server_context(options));
  ASSERT_TRUE(pair.pump());
  ASSERT_EQ(pair.server.connection.wait(), Wait::psk_lookup);
  const auto query = pair.server.connection.pending_psk();
  ASSERT_TRUE(query);
  EXPECT_EQ(as_text(query->identity), "alice");
  EXPECT_TRUE(query->imported);
  EXPECT_EQ(as_text(query->context), "x");
  const std::vector<Credential> answer = {imported("x")};
  ASSERT_TRUE(pair.server.connection.supply_psk(answer));
  ASSERT_TRUE(pair.handshake());
}

}  // namespace
}  // namespace sesame::test
