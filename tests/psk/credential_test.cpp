#include <gtest/gtest.h>
#include <sesame/credential.h>

#include <thread>
#include <vector>

#include "psk/credential_body.h"
#include "psk/freed_memory.h"

namespace sesame {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

const Bytes some_key = as_bytes("0123456789abcdef0123456789abcdef");

Reason reason_of(const CredentialParameters& parameters) {
  auto credential = Credential::create(parameters);
  EXPECT_FALSE(credential);
  return credential ? Reason::internal_error : credential.error().reason();
}

Credential make(const CredentialParameters& parameters) {
  auto credential = Credential::create(parameters);
  EXPECT_TRUE(credential) << credential.error().message();
  return std::move(*credential);
}

TEST(Credential, KeepsWhatItWasMadeFrom) {
  std::string identity = "bob", alpn = "coap", server_name = "example.org";
  const TimePoint start{1000s}, end{2000s};
  const Credential credential = make({.identity = as_bytes(identity),
                                      .key = some_key,
                                      .hash = HashAlgorithm::sha384,
                                      .usage = PskUsage::tls13,
                                      .early_data = {100, CipherSuite::TLS_AES_256_GCM_SHA384},
                                      .alpn = alpn,
                                      .server_name = server_name,
                                      .not_before = start,
                                      .not_after = end});
  identity = alpn = "xxx";  // the ranges were copied
  server_name.clear();
  EXPECT_EQ(as_text(credential.identity()), "bob");
  EXPECT_EQ(credential.hash(), HashAlgorithm::sha384);
  EXPECT_EQ(credential.usage(), PskUsage::tls13);
  EXPECT_EQ(credential.alpn(), "coap");
  EXPECT_EQ(credential.server_name(), "example.org");
  EXPECT_EQ(credential.not_before(), start);
  EXPECT_EQ(credential.not_after(), end);
  EXPECT_FALSE(credential.is_short());
}

TEST(Credential, HasNoRestrictionsByDefault) {
  const Credential credential = make({.identity = as_bytes("bob"), .key = some_key});
  EXPECT_EQ(credential.hash(), HashAlgorithm::sha256);
  EXPECT_EQ(credential.usage(), PskUsage::tls13_imported);
  EXPECT_TRUE(credential.context().empty());
  EXPECT_EQ(credential.early_data().limit, 0u);
  EXPECT_EQ(credential.alpn(), "");
  EXPECT_EQ(credential.server_name(), "");
  EXPECT_FALSE(credential.not_before());
  EXPECT_FALSE(credential.not_after());
}

TEST(Credential, TakesIdentitiesOfAnyValue) {
  const Credential credential =
      make({.identity = as_bytes("a\0b:\n\xff"sv), .key = some_key, .usage = PskUsage::tls13});
  EXPECT_EQ(as_text(credential.identity()), "a\0b:\n\xff"sv);
}

TEST(Credential, HasLoudLimits) {
  const std::vector<std::uint8_t> octets(65537, 'x');
  const Bytes all(octets);
  EXPECT_EQ(reason_of({.identity = {}, .key = some_key, .usage = PskUsage::tls13}), Reason::identity_empty);
  EXPECT_EQ(reason_of({.identity = all.first(65536), .key = some_key, .usage = PskUsage::tls13}),
            Reason::identity_too_long);
  EXPECT_EQ(reason_of({.identity = as_bytes("bob"), .key = {}, .usage = PskUsage::tls13}), Reason::key_empty);
  EXPECT_EQ(reason_of({.identity = as_bytes("bob"), .key = all.first(4097), .usage = PskUsage::tls13}),
            Reason::key_too_long);
  EXPECT_EQ(make({.identity = all.first(65535), .key = all.first(4096), .usage = PskUsage::tls13})
                .identity()
                .size(),
            65535u);
  EXPECT_EQ(make({.identity = all.first(1), .key = all.first(1), .usage = PskUsage::tls13}).identity().size(),
            1u);

  const std::string text(65536, 'x');
  const std::string_view view = text;
  EXPECT_EQ(reason_of({.identity = as_bytes("bob"),
                       .key = some_key,
                       .usage = PskUsage::tls13,
                       .alpn = view.substr(0, 256)}),
            Reason::invalid_argument);
  EXPECT_EQ(
      reason_of(
          {.identity = as_bytes("bob"), .key = some_key, .usage = PskUsage::tls13, .server_name = view}),
      Reason::invalid_argument);
  EXPECT_EQ(make({.identity = as_bytes("bob"),
                  .key = some_key,
                  .usage = PskUsage::tls13,
                  .alpn = view.substr(0, 255)})
                .alpn()
                .size(),
            255u);
}

TEST(Credential, RefusesATimeThatNeverComes) {
  const TimePoint t{1000s};
  EXPECT_EQ(reason_of({.identity = as_bytes("bob"),
                       .key = some_key,
                       .usage = PskUsage::tls13,
                       .not_before = t,
                       .not_after = t}),
            Reason::invalid_argument);
  make({.identity = as_bytes("bob"),
        .key = some_key,
        .usage = PskUsage::tls13,
        .not_before = t,
        .not_after = t + 1s});
}

TEST(Credential, RefusesValuesThatAreNotOfTheirEnumeration) {
  EXPECT_EQ(
      reason_of(
          {.identity = as_bytes("bob"), .key = some_key, .hash = HashAlgorithm{7}, .usage = PskUsage::tls13}),
      Reason::invalid_argument);
  EXPECT_EQ(reason_of({.identity = as_bytes("bob"), .key = some_key, .usage = PskUsage{0}}),
            Reason::invalid_argument);
}

TEST(Credential, NeverPutsTheKeyIntoAnError) {
  const std::string key(5000, 'S');
  auto credential =
      Credential::create({.identity = as_bytes("bob"), .key = as_bytes(key), .usage = PskUsage::tls13});
  ASSERT_FALSE(credential);
  EXPECT_EQ(credential.error().message().find("SSSS"), std::string::npos);
}

TEST(Credential, SaysWhenAKeyIsShort) {
  EXPECT_TRUE(
      make({.identity = as_bytes("bob"), .key = some_key.first(15), .usage = PskUsage::tls13}).is_short());
  EXPECT_FALSE(
      make({.identity = as_bytes("bob"), .key = some_key.first(16), .usage = PskUsage::tls13}).is_short());
}

TEST(Credential, DerivesOnceAndAsTheKeyScheduleSays) {
  for (HashAlgorithm algorithm : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
    const Credential credential =
        make({.identity = as_bytes("bob"), .key = some_key, .hash = algorithm, .usage = PskUsage::tls13});
    const psk::PskSecrets& secrets = psk::CredentialAccess::body(credential).secrets();
    EXPECT_EQ(&secrets, &psk::CredentialAccess::body(credential).secrets());
    const crypto::Hash& hash = (*crypto::Provider::system())->hash(algorithm);
    const psk::PskSecrets expected = psk::derive_psk_secrets(hash, some_key, psk::PskKind::external);
    const auto same = [](const crypto::HmacKey& a, const crypto::HmacKey& b) {
      return secret::equal_in_constant_time(a.mac({}).bytes(), b.mac({}).bytes());
    };
    EXPECT_EQ(secrets.hash(), algorithm);
    EXPECT_TRUE(same(secrets.binder, expected.binder));
    EXPECT_TRUE(same(secrets.early, expected.early));
    EXPECT_TRUE(same(secrets.derived, expected.derived));
    EXPECT_TRUE(same(secrets.handshake_ke, expected.handshake_ke));
    EXPECT_TRUE(same(secrets.master_ke, expected.master_ke));
  }
}

TEST(Credential, DerivesTheSameForThreadsThatAskAtOnce) {
  for (int round = 0; round < 50; ++round) {
    const Credential credential =
        make({.identity = as_bytes("bob"), .key = some_key, .usage = PskUsage::tls13});
    const psk::PskSecrets* seen[4] = {};
    std::vector<std::jthread> threads;
    for (auto& place : seen) {
      threads.emplace_back(
          [&place, credential] { place = &psk::CredentialAccess::body(credential).secrets(); });
    }
    threads.clear();
    for (const auto* secrets : seen) EXPECT_EQ(secrets, seen[0]);
  }
}

TEST(Credential, IsWipedWithItsLastHandle) {
  const test::FreedMemory freed(some_key);
  auto first = std::make_unique<Credential>(
      make({.identity = as_bytes("bob"), .key = some_key, .usage = PskUsage::tls13}));
  auto second = std::make_unique<Credential>(*first);
  first.reset();
  EXPECT_EQ(as_text(second->identity()), "bob");
  second.reset();
  EXPECT_GE(freed.blocks(), 4u);
  EXPECT_EQ(freed.leaks(), 0u);
}

// The test above would pass for ever if the search did not work.
TEST(FreedMemory, FindsASecretThatWasNotWiped) {
  const test::FreedMemory freed(some_key);
  delete new std::string(as_text(some_key));
  EXPECT_EQ(freed.leaks(), 1u);
}

}  // namespace
}  // namespace sesame
