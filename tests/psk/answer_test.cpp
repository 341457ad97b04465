#include <gtest/gtest.h>

#include "psk/credential_body.h"

namespace sesame {
namespace {

using namespace std::chrono_literals;

Credential make(const CredentialParameters& parameters) { return *Credential::create(parameters); }

bool same(const crypto::HmacKey& a, const crypto::HmacKey& b) {
  return secret::equal_in_constant_time(a.mac({}).bytes(), b.mac({}).bytes());
}

TEST(PskAnswer, IsEmptyUntilSomethingIsSaid) {
  psk::AnswerBody body;
  EXPECT_EQ(body.size(), 0u);
  EXPECT_FALSE(body.is_later());
}

TEST(PskAnswer, CarriesTheSecretsAndTheRestrictionsOfACredential) {
  psk::AnswerBody body;
  const TimePoint start{1s}, end{2s};
  const Credential credential = make({.identity = as_bytes("bob"),
                                      .key = as_bytes("key"),
                                      .hash = HashAlgorithm::sha384,
                                      .usage = PskUsage::tls13,
                                      .alpn = "coap",
                                      .server_name = "example.org",
                                      .not_before = start,
                                      .not_after = end});
  body.handle().add(credential);
  ASSERT_EQ(body.size(), 1u);
  EXPECT_EQ(body[0].secrets.hash(), HashAlgorithm::sha384);
  EXPECT_TRUE(same(body[0].secrets.binder, psk::CredentialAccess::body(credential).secrets().binder));
  EXPECT_EQ(body[0].restrictions.usage, PskUsage::tls13);
  EXPECT_EQ(body[0].restrictions.alpn, "coap");
  EXPECT_EQ(body[0].restrictions.server_name, "example.org");
  EXPECT_EQ(body[0].restrictions.not_before, start);
  EXPECT_EQ(body[0].restrictions.not_after, end);
}

TEST(PskAnswer, TakesTwoKeysInTheOrderOfTheCalls) {
  psk::AnswerBody body;
  const Credential newer =
      make({.identity = as_bytes("bob"), .key = as_bytes("newer"), .usage = PskUsage::tls13});
  const Credential older =
      make({.identity = as_bytes("bob"), .key = as_bytes("older"), .usage = PskUsage::tls13});
  const Credential third =
      make({.identity = as_bytes("bob"), .key = as_bytes("third"), .usage = PskUsage::tls13});
  PskAnswer answer = body.handle();
  answer.add(newer);
  answer.add(older);
  answer.add(third);
  ASSERT_EQ(body.size(), 2u);
  EXPECT_TRUE(same(body[0].secrets.binder, psk::CredentialAccess::body(newer).secrets().binder));
  EXPECT_TRUE(same(body[1].secrets.binder, psk::CredentialAccess::body(older).secrets().binder));
}

TEST(PskAnswer, IsAsNewAfterItWasCleared) {
  psk::AnswerBody body;
  const Credential credential =
      make({.identity = as_bytes("bob"), .key = as_bytes("key"), .usage = PskUsage::tls13, .alpn = "coap"});
  body.handle().add(credential);
  body.handle().later();
  EXPECT_TRUE(body.is_later());
  body.clear();
  EXPECT_EQ(body.size(), 0u);
  EXPECT_FALSE(body.is_later());
  EXPECT_TRUE(body[0].secrets.binder.empty());
  EXPECT_EQ(body[0].restrictions.alpn, "");
}

TEST(PskSource, CanBeAFunction) {
  const Credential credential =
      make({.identity = as_bytes("bob"), .key = as_bytes("key"), .usage = PskUsage::tls13});
  const auto source = make_psk_source([&](const PskQuery& query, PskAnswer& answer) {
    if (as_text(query.identity) == "bob") answer.add(credential);
  });
  psk::AnswerBody body;
  PskAnswer answer = body.handle();
  source->find({as_bytes("eve"), {}, {}}, answer);
  EXPECT_EQ(body.size(), 0u);
  source->find({as_bytes("bob"), {}, {}}, answer);
  EXPECT_EQ(body.size(), 1u);
}

}  // namespace
}  // namespace sesame
