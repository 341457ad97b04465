// What a keyring answers in the place of an identity that it does not have, where it is asked to.
#include <gtest/gtest.h>
#include <sesame/keyring.h>

#include "psk/credential_body.h"

namespace sesame::psk {
namespace {

constexpr auto sha256 = HashAlgorithm::sha256, sha384 = HashAlgorithm::sha384;

CredentialParameters parameters(std::string_view identity, PskUsage usage, HashAlgorithm hash) {
  return {.identity = as_bytes(identity),
          .key = as_bytes("0123456789abcdef0123456789abcdef"),
          .hash = hash,
          .usage = usage};
}

void ask(Keyring& keyring, const PskQuery& query, AnswerBody& body, bool wanted = true) {
  body.clear();
  body.want_stand_in(wanted);
  PskAnswer answer = body.handle();
  keyring.find(query, answer);
}

std::string mac(const PskSecrets& secrets) { return std::string(as_text(secrets.binder.mac({}).bytes())); }

TEST(StandIn, IsGivenOnlyToWhoWantsIt) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("alice", PskUsage::tls13, sha256)));
  AnswerBody body;
  const PskQuery unknown{.identity = as_bytes("eve")};
  ask(keyring, unknown, body, false);
  EXPECT_EQ(body.size(), 0u);
  EXPECT_FALSE(body.costs_the_same());
  ask(keyring, unknown, body);
  ASSERT_EQ(body.size(), 1u);
  EXPECT_TRUE(body[0].stand_in);
  EXPECT_TRUE(body.costs_the_same());
}

TEST(StandIn, IsNeverAKeyThatIsThere) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("alice", PskUsage::tls13, sha256)));
  ASSERT_TRUE(keyring.rotate(parameters("alice", PskUsage::tls13, sha384)));
  AnswerBody body;
  ask(keyring, {.identity = as_bytes("alice")}, body);
  ASSERT_EQ(body.size(), 2u);
  EXPECT_FALSE(body[0].stand_in);
  EXPECT_FALSE(body[1].stand_in);
}

TEST(StandIn, IsOfTheKindOfTheKeys) {
  for (const HashAlgorithm hash : {sha256, sha384}) {
    Keyring raw, imported;
    ASSERT_TRUE(raw.add(parameters("alice", PskUsage::tls13, hash)));
    ASSERT_TRUE(imported.add(parameters("alice", PskUsage::tls13_imported, hash)));
    AnswerBody body;
    ask(raw, {.identity = as_bytes("eve")}, body);
    EXPECT_EQ(body[0].misfit, "");
    EXPECT_EQ(body[0].secrets.hash(), hash);
    // An imported key that is used as it is would be refused, and so is this.
    ask(imported, {.identity = as_bytes("eve")}, body);
    EXPECT_NE(body[0].misfit, "");
    for (const HashAlgorithm target : {sha256, sha384}) {
      const PskQuery query{.identity = as_bytes("eve"),
                           .imported = true,
                           .target_hash = target,
                           .context = as_bytes("whatever it is")};
      ask(imported, query, body);
      EXPECT_EQ(body[0].misfit, "");
      EXPECT_EQ(body[0].secrets.hash(), target);
    }
  }
}

// Somebody who could compute it could tell it apart, or even be taken for it.
TEST(StandIn, IsAnotherKeyInEachKeyring) {
  std::vector<std::string> macs;
  for (int i = 0; i < 3; ++i) {
    Keyring keyring;
    AnswerBody body;
    ask(keyring, {.identity = as_bytes("eve")}, body);
    ASSERT_EQ(body.size(), 1u);
    macs.push_back(mac(body[0].secrets));
    ask(keyring, {.identity = as_bytes("mallory")}, body);
    EXPECT_EQ(mac(body[0].secrets), macs.back()) << "kept, not derived anew";
  }
  EXPECT_NE(macs[0], macs[1]);
  EXPECT_NE(macs[1], macs[2]);
}

TEST(StandIn, TakesNoRoomFromTheKeys) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("alice", PskUsage::tls13, sha256)));
  AnswerBody body;
  for (int i = 0; i < 100; ++i) ask(keyring, {.identity = as_bytes("eve")}, body);
  EXPECT_EQ(keyring.statistics().derived_states, 0u);
  EXPECT_EQ(keyring.statistics().identities, 1u);
  EXPECT_FALSE(keyring.contains(as_bytes("eve")));
}

}  // namespace
}  // namespace sesame::psk
