#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sesame/keyring.h>

#include "psk/credential_body.h"
#include "psk/freed_memory.h"
#include "psk/process_memory.h"

namespace sesame {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

CredentialParameters parameters(std::string_view identity, std::string_view key) {
  return {.identity = as_bytes(identity), .key = as_bytes(key), .usage = PskUsage::tls13};
}

std::string mac_of(const psk::PskSecrets& secrets) {
  return std::string(as_text(secrets.binder.mac({}).bytes()));
}

std::string mac_of_key(std::string_view key, HashAlgorithm hash = HashAlgorithm::sha256) {
  return mac_of(psk::derive_psk_secrets((*crypto::Provider::system())->hash(hash), as_bytes(key),
                                        psk::PskKind::external));
}

// What a look-up answers, as the MACs of the binder keys.
std::vector<std::string> look_up(Keyring& keyring, std::string_view identity) {
  psk::AnswerBody body;
  PskAnswer answer = body.handle();
  keyring.find({as_bytes(identity), {}, {}}, answer);
  EXPECT_FALSE(body.is_later());
  std::vector<std::string> macs;
  for (std::size_t i = 0; i < body.size(); ++i) macs.push_back(mac_of(body[i].secrets));
  return macs;
}

std::vector<std::string> keys(std::initializer_list<std::string_view> list) {
  std::vector<std::string> macs;
  for (std::string_view key : list) macs.push_back(mac_of_key(key));
  return macs;
}

template <class Result>
Reason reason_of(const Result& result) {
  EXPECT_FALSE(result);
  return result ? Reason::internal_error : result.error().reason();
}

Credential credential(std::string_view identity, std::string_view key) {
  return *Credential::create(parameters(identity, key));
}

TEST(Keyring, KnowsNobodyAtFirst) {
  Keyring keyring;
  EXPECT_EQ(look_up(keyring, "bob"), keys({}));
  EXPECT_EQ(look_up(keyring, ""), keys({}));
  EXPECT_FALSE(keyring.contains(as_bytes("bob")));
  EXPECT_EQ(keyring.statistics().identities, 0u);
  EXPECT_LT(keyring.statistics().octets, 20'000u);
}

TEST(Keyring, FindsTheKeyOfAnIdentity) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("bob", "bob's key")));
  ASSERT_TRUE(keyring.add(parameters("alice", "alice's key")));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"bob's key"}));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"bob's key"}));  // now from the cache
  EXPECT_EQ(look_up(keyring, "alice"), keys({"alice's key"}));
  EXPECT_EQ(look_up(keyring, "eve"), keys({}));
  EXPECT_TRUE(keyring.contains(as_bytes("bob")));
  EXPECT_FALSE(keyring.contains(as_bytes("eve")));
}

TEST(Keyring, IsNotCutShortByANul) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("bob\0one"sv, "1")));
  EXPECT_EQ(look_up(keyring, "bob"), keys({}));
  EXPECT_EQ(look_up(keyring, "bob\0two"sv), keys({}));
  ASSERT_TRUE(keyring.add(parameters("bob", "0")));
  ASSERT_TRUE(keyring.add(parameters("bob\0two"sv, "2")));
  EXPECT_EQ(look_up(keyring, "bob\0one"sv), keys({"1"}));
  EXPECT_EQ(look_up(keyring, "bob\0two"sv), keys({"2"}));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"0"}));
}

TEST(Keyring, TakesIdentitiesAndKeysOfAllSizes) {
  Keyring keyring;
  const std::string octets(65536, 'x');
  for (std::size_t size : {1, 2, 100, 255, 256, 2000, 2048, 5000, 65000, 65535}) {
    const std::string_view identity = std::string_view(octets).substr(0, size);
    const std::string_view key = std::string_view(octets).substr(0, std::min<std::size_t>(size, 4096));
    ASSERT_TRUE(keyring.add(parameters(identity, key))) << size;
    ASSERT_EQ(look_up(keyring, identity), keys({key})) << size;
    ASSERT_EQ(look_up(keyring, std::string_view(octets).substr(0, size + 1)), keys({})) << size;
  }
  EXPECT_EQ(reason_of(keyring.add(parameters(octets, "key"))), Reason::identity_too_long);
  EXPECT_EQ(reason_of(keyring.add(parameters("", "key"))), Reason::identity_empty);
  EXPECT_EQ(reason_of(keyring.add(parameters("bob", ""))), Reason::key_empty);
  EXPECT_EQ(reason_of(keyring.add(parameters("bob", octets))), Reason::key_too_long);
}

TEST(Keyring, AnswersWithWhatRestrictsAKey) {
  Keyring keyring;
  const TimePoint start{1000s}, end{2000s};
  ASSERT_TRUE(keyring.add({.identity = as_bytes("bob"),
                           .key = as_bytes("older"),
                           .usage = PskUsage::tls13,
                           .alpn = "an-alpn-protocol-with-a-long-name",
                           .not_after = end}));
  ASSERT_TRUE(keyring.rotate({.identity = as_bytes("bob"),
                              .key = as_bytes("newer"),
                              .hash = HashAlgorithm::sha384,
                              .usage = PskUsage::tls13,
                              .server_name = "example.org",
                              .not_before = start}));
  for (int round = 0; round < 3; ++round) {
    psk::AnswerBody body;
    PskAnswer answer = body.handle();
    keyring.find({as_bytes("bob"), {}, {}}, answer);
    ASSERT_EQ(body.size(), 2u);
    EXPECT_EQ(body[0].secrets.hash(), HashAlgorithm::sha384);
    EXPECT_EQ(mac_of(body[0].secrets), mac_of_key("newer", HashAlgorithm::sha384));
    EXPECT_EQ(body[0].restrictions.usage, PskUsage::tls13);
    EXPECT_EQ(body[0].restrictions.alpn, "");
    EXPECT_EQ(body[0].restrictions.server_name, "example.org");
    EXPECT_EQ(body[0].restrictions.not_before, start);
    EXPECT_FALSE(body[0].restrictions.not_after);
    EXPECT_EQ(body[1].secrets.hash(), HashAlgorithm::sha256);
    EXPECT_EQ(mac_of(body[1].secrets), mac_of_key("older"));
    EXPECT_EQ(body[1].restrictions.alpn, "an-alpn-protocol-with-a-long-name");
    EXPECT_EQ(body[1].restrictions.not_after, end);
  }
}

TEST(Keyring, RotatesAKeyWithTwoAcceptedMeanwhile) {
  Keyring keyring;
  EXPECT_EQ(reason_of(keyring.rotate(parameters("bob", "1"))), Reason::identity_not_in_keyring);
  ASSERT_TRUE(keyring.add(parameters("bob", "1")));
  EXPECT_EQ(reason_of(keyring.add(parameters("bob", "2"))), Reason::duplicate_identity);
  EXPECT_EQ(look_up(keyring, "bob"), keys({"1"}));
  ASSERT_TRUE(keyring.rotate(parameters("bob", "2")));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"2", "1"}));
  EXPECT_EQ(reason_of(keyring.rotate(parameters("bob", "3"))), Reason::two_keys_already);
  EXPECT_EQ(reason_of(keyring.add(parameters("bob", "3"))), Reason::duplicate_identity);
  EXPECT_EQ(look_up(keyring, "bob"), keys({"2", "1"}));
  ASSERT_TRUE(keyring.retire_older(as_bytes("bob")));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"2"}));
  ASSERT_TRUE(keyring.retire_older(as_bytes("bob")));  // one key is no error
  EXPECT_EQ(look_up(keyring, "bob"), keys({"2"}));
  ASSERT_TRUE(keyring.rotate(parameters("bob", "3")));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"3", "2"}));
  EXPECT_EQ(reason_of(keyring.retire_older(as_bytes("eve"))), Reason::identity_not_in_keyring);
}

TEST(Keyring, RemovesAnIdentityWithItsKeys) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("bob", "1")));
  ASSERT_TRUE(keyring.rotate(parameters("bob", "2")));
  EXPECT_EQ(look_up(keyring, "bob").size(), 2u);
  ASSERT_TRUE(keyring.remove(as_bytes("bob")));
  EXPECT_EQ(look_up(keyring, "bob"), keys({}));
  EXPECT_EQ(reason_of(keyring.remove(as_bytes("bob"))), Reason::identity_not_in_keyring);
  ASSERT_TRUE(keyring.add(parameters("bob", "3")));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"3"}));
}

TEST(Keyring, NamesTheIdentityInItsErrorsAndNeverTheKey) {
  Keyring keyring;
  const auto unknown = keyring.remove(as_bytes("bob\n"));
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message(), testing::HasSubstr("bob\\x0a"));
  ASSERT_TRUE(keyring.add(parameters("bob", "SECRET")));
  const auto twice = keyring.add(parameters("bob", "SECRET"));
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message(), testing::Not(testing::HasSubstr("SECRET")));
}

TEST(Keyring, ReplacesEverything) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("bob", "0")));
  ASSERT_TRUE(keyring.add(parameters("alice", "0")));
  const std::vector<Credential> all = {credential("bob", "2"), credential("carol", "3"),
                                       credential("bob", "1")};
  ASSERT_TRUE(keyring.replace_all(all));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"2", "1"}));  // the newer key stands first
  EXPECT_EQ(look_up(keyring, "carol"), keys({"3"}));
  EXPECT_EQ(look_up(keyring, "alice"), keys({}));
  EXPECT_EQ(keyring.statistics().identities, 2u);
  EXPECT_EQ(keyring.statistics().keys, 3u);
  ASSERT_TRUE(keyring.replace_all({}));
  EXPECT_EQ(look_up(keyring, "bob"), keys({}));
  EXPECT_EQ(keyring.statistics().keys, 0u);
}

TEST(Keyring, StaysAsItWasWhereAThirdKeyIsGiven) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("alice", "0")));
  const std::vector<Credential> all = {credential("bob", "3"), credential("bob", "2"),
                                       credential("bob", "1")};
  EXPECT_EQ(reason_of(keyring.replace_all(all)), Reason::duplicate_identity);
  EXPECT_EQ(look_up(keyring, "alice"), keys({"0"}));
  EXPECT_EQ(look_up(keyring, "bob"), keys({}));
}

TEST(Keyring, CountsWhatItHolds) {
  Keyring keyring;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(keyring.add(parameters("id" + std::to_string(i), "key")));
  ASSERT_TRUE(keyring.rotate(parameters("id7", "newer")));
  const KeyringStatistics before = keyring.statistics();
  EXPECT_EQ(before.identities, 100u);
  EXPECT_EQ(before.keys, 101u);
  EXPECT_EQ(before.derived_states, 0u);
  EXPECT_GT(before.octets, 100u * 10);
  ASSERT_TRUE(keyring.remove(as_bytes("id7")));
  EXPECT_EQ(keyring.statistics().keys, 99u);
  look_up(keyring, "id8");
  EXPECT_EQ(keyring.statistics().derived_states, 1u);
}

TEST(Keyring, KeepsDerivedStatesUpToItsBound) {
  Keyring keyring({.derived_states = 50});
  for (int i = 0; i < 500; ++i)
    ASSERT_TRUE(keyring.add(parameters("id" + std::to_string(i), std::to_string(i))));
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 500; ++i) {
      EXPECT_EQ(look_up(keyring, "id" + std::to_string(i)), keys({std::to_string(i)}));
      EXPECT_LE(keyring.statistics().derived_states, 50u);
    }
  }
  EXPECT_GE(keyring.statistics().derived_states, 40u);

  Keyring none({.derived_states = 0});
  ASSERT_TRUE(none.add(parameters("bob", "key")));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(look_up(none, "bob"), keys({"key"}));
  EXPECT_EQ(none.statistics().derived_states, 0u);
}

TEST(Keyring, ForgetsDerivedStatesWithTheirKey) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("bob", "1")));
  look_up(keyring, "bob");
  ASSERT_TRUE(keyring.rotate(parameters("bob", "2")));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"2", "1"}));
  EXPECT_EQ(keyring.statistics().derived_states, 2u);
  ASSERT_TRUE(keyring.retire_older(as_bytes("bob")));
  EXPECT_EQ(keyring.statistics().derived_states, 0u);
  EXPECT_EQ(look_up(keyring, "bob"), keys({"2"}));
  ASSERT_TRUE(keyring.remove(as_bytes("bob")));
  EXPECT_EQ(keyring.statistics().derived_states, 0u);
  ASSERT_TRUE(keyring.add(parameters("bob", "3")));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"3"}));
}

TEST(Keyring, AllocatesNothingInALookUp) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("bob", "1")));
  ASSERT_TRUE(keyring.rotate({.identity = as_bytes("bob"),
                              .key = as_bytes("2"),
                              .hash = HashAlgorithm::sha384,
                              .usage = PskUsage::tls13}));
  psk::AnswerBody body;
  PskAnswer answer = body.handle();
  const std::size_t before = test::allocations();
  for (int i = 0; i < 10; ++i) {
    keyring.find({as_bytes("bob"), {}, {}}, answer);
    keyring.find({as_bytes("eve"), {}, {}}, answer);
    EXPECT_EQ(body.size(), 2u);
    body.clear();
  }
  EXPECT_EQ(test::allocations(), before);
}

TEST(Keyring, GivesMemoryBack) {
  Keyring keyring;
  const std::size_t empty = keyring.statistics().octets;
  const auto identity = [](std::size_t i) { return "an identity of some length " + std::to_string(i); };
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < 50'000; ++i)
      ASSERT_TRUE(keyring.add(parameters(identity(i), "0123456789abcdef")));
    EXPECT_GT(keyring.statistics().octets, empty + 50'000 * 50);
    for (std::size_t i = 0; i < 50'000; ++i) {
      if (i % 500 == 0) continue;
      ASSERT_TRUE(keyring.remove(as_bytes(identity(i))));
    }
    EXPECT_LT(keyring.statistics().octets, empty + 1'000'000);
    for (std::size_t i = 0; i < 50'000; i += 500) {
      ASSERT_EQ(look_up(keyring, identity(i)), keys({"0123456789abcdef"}));
      ASSERT_TRUE(keyring.remove(as_bytes(identity(i))));
    }
  }
  EXPECT_EQ(keyring.statistics().keys, 0u);
}

TEST(Keyring, ReusesMemoryUnderChurn) {
  Keyring keyring;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(keyring.add(parameters("id" + std::to_string(i), "key")));
  const std::size_t before = keyring.statistics().octets;
  for (int i = 1000; i < 100'000; ++i) {
    ASSERT_TRUE(keyring.remove(as_bytes("id" + std::to_string(i - 1000))));
    ASSERT_TRUE(keyring.add(parameters("id" + std::to_string(i), "key")));
  }
  EXPECT_LT(keyring.statistics().octets, 2 * before);
}

TEST(Keyring, HasRoomForWhatIsExpected) {
  Keyring keyring({.expected_keys = 100'000});
  const std::size_t before = keyring.statistics().octets;
  EXPECT_GT(before, 1'000'000u);
  ASSERT_TRUE(keyring.add(parameters("bob", "key")));
  ASSERT_TRUE(keyring.remove(as_bytes("bob")));
  EXPECT_GE(keyring.statistics().octets, before);  // that it is not used yet does not shrink it
}

// The key itself and what is derived from it are gone from memory when the call returns.
TEST(Keyring, WipesWhatIsRemoved) {
  if (!test::can_search_memory) GTEST_SKIP() << "memory cannot be searched under a sanitizer";
  const test::Needle key(as_bytes("the key which has to go, all of it"));
  Keyring keyring;
  const auto give = [&](auto method) {
    std::string text = "uif!lfz!xijdi!ibt!up!hp-!bmm!pg!ju";  // each octet is one too large
    for (char& c : text) c = static_cast<char>(c - 1);
    const auto result = (keyring.*method)(parameters("bob", text));
    secret::wipe(text.data(), text.size());
    ASSERT_TRUE(result);
  };
  const auto derived = [&] {
    psk::AnswerBody body;
    PskAnswer answer = body.handle();
    keyring.find({as_bytes("bob"), {}, {}}, answer);
    std::vector<std::uint8_t> state(64);
    body[0].secrets.early.save_state(state);
    const test::Needle needle(state);
    secret::wipe(state.data(), state.size());
    return needle;
  };
  // The literal above is in memory that cannot be written, so all that is found is the keyring's.
  give(&Keyring::add);
  const test::Needle state = derived();
  EXPECT_EQ(key.occurrences(), 1u);
  EXPECT_EQ(state.occurrences(8), 1u);
  ASSERT_TRUE(keyring.remove(as_bytes("bob")));
  EXPECT_EQ(key.occurrences(), 0u);
  EXPECT_EQ(state.occurrences(8), 0u);

  ASSERT_TRUE(keyring.add(parameters("bob", "another")));
  give(&Keyring::rotate);
  ASSERT_TRUE(keyring.rotate(parameters("bob", "x")).has_value() == false);
  derived();
  EXPECT_EQ(state.occurrences(8), 1u);
  ASSERT_TRUE(keyring.replace_all({}));
  EXPECT_EQ(key.occurrences(), 0u);
  EXPECT_EQ(state.occurrences(8), 0u);

  give(&Keyring::add);
  ASSERT_TRUE(keyring.rotate(parameters("bob", "newer")));
  EXPECT_EQ(key.occurrences(), 1u);
  ASSERT_TRUE(keyring.retire_older(as_bytes("bob")));
  EXPECT_EQ(key.occurrences(), 0u);
}

TEST(Keyring, GivesOneIdentityTheKeysThatItIsToHave) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters("other", "other's key")));
  const auto put = [&](std::vector<Credential> credentials) { return keyring.put(credentials); };
  ASSERT_TRUE(put({credential("bob", "first")}));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"first"}));
  ASSERT_TRUE(put({credential("bob", "third"), credential("bob", "second")}));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"third", "second"}));
  ASSERT_TRUE(put({credential("bob", "fourth")}));
  EXPECT_EQ(look_up(keyring, "bob"), keys({"fourth"}));

  EXPECT_EQ(reason_of(put({})), Reason::invalid_argument);
  EXPECT_EQ(reason_of(put({credential("bob", "5"), credential("alice", "5")})), Reason::invalid_argument);
  EXPECT_EQ(reason_of(put({credential("bob", "7"), credential("bob", "6"), credential("bob", "5")})),
            Reason::two_keys_already);
  EXPECT_EQ(look_up(keyring, "bob"), keys({"fourth"}));
  EXPECT_EQ(look_up(keyring, "alice"), keys({}));
  EXPECT_EQ(look_up(keyring, "other"), keys({"other's key"}));
  EXPECT_EQ(keyring.statistics().keys, 2u);

  ASSERT_TRUE(put({credential("alice", "newer"), credential("alice", "older")}));
  EXPECT_EQ(look_up(keyring, "alice"), keys({"newer", "older"}));
  EXPECT_EQ(keyring.statistics().keys, 4u);
}

}  // namespace
}  // namespace sesame
