// Keys for TLS 1.2 and below: for whom they are, and what a source answers there.
#include <gtest/gtest.h>
#include <sesame/key_file.h>
#include <sesame/keyring.h>

#include <thread>

#include "psk/credential_body.h"
#include "support/hex.h"

namespace sesame::psk {
namespace {

using enum PskUsage;
constexpr auto sha256 = HashAlgorithm::sha256, sha384 = HashAlgorithm::sha384;
constexpr PskUsage usages[] = {tls13, tls13_imported, tls12, tls13_and_tls12, tls13_imported_and_tls12};
constexpr std::string_view the_key = "0123456789abcdef0123456789abcdef";

CredentialParameters parameters(PskUsage usage, std::string_view key = the_key, HashAlgorithm hash = sha256) {
  return {.identity = as_bytes("alice"), .key = as_bytes(key), .hash = hash, .usage = usage};
}

PskQuery query(ProtocolVersion version, HashAlgorithm prf = sha256, std::string_view identity = "alice") {
  PskQuery out;
  out.identity = as_bytes(identity);
  out.version = version;
  out.target_hash = prf;
  return out;
}

std::string mac(const crypto::HmacKey& key) {
  return key.empty() ? std::string() : std::string(as_text(key.mac({as_bytes("message")}).bytes()));
}

// RFC 4279 section 2, octet by octet.
crypto::HmacKey expected_premaster(HashAlgorithm prf, std::string_view key) {
  std::string all;
  const auto length = [&] {
    all += static_cast<char>(key.size() >> 8);
    all += static_cast<char>(key.size());
  };
  length();
  all.append(key.size(), '\0');
  length();
  all += key;
  return {(*crypto::Provider::system())->hash(prf), as_bytes(all)};
}

// Whoever answers: an application's source by a Credential, or the keyring.
class Tls12Keys : public testing::TestWithParam<bool> {
 protected:
  void hold(const CredentialParameters& p) {
    if (GetParam()) {
      ASSERT_TRUE(keyring_.add(p));
    } else {
      credential_.emplace(*Credential::create(p));
    }
  }
  AnswerBody& ask(const PskQuery& asked) {
    answer_.clear();
    answer_.ask(asked);
    PskAnswer handle = answer_.handle();
    if (GetParam()) {
      keyring_.find(asked, handle);
    } else if (as_text(asked.identity) == "alice") {
      handle.add(*credential_);
    }
    return answer_;
  }

  Keyring keyring_;
  std::optional<Credential> credential_;
  AnswerBody answer_;
};

TEST_P(Tls12Keys, AreAnsweredWithTheKeyAndItsPremasterSecretAndNothingOfTls13) {
  hold(parameters(tls12, the_key, sha384));  // bound to no hash
  for (int again = 0; again < 2; ++again) {  // derived, and then as it was kept
    for (const HashAlgorithm prf : {sha256, sha384}) {
      AnswerBody& answer = ask(query(ProtocolVersion::tls12, prf));
      ASSERT_EQ(answer.size(), 1u);
      EXPECT_EQ(answer[0].misfit, "");
      EXPECT_EQ(as_text(answer[0].key.bytes()), the_key);
      ASSERT_FALSE(answer[0].plain_premaster.empty());
      EXPECT_EQ(answer[0].plain_premaster.hash().algorithm(), prf);
      EXPECT_EQ(mac(answer[0].plain_premaster), mac(expected_premaster(prf, the_key)));
      EXPECT_TRUE(answer[0].secrets.binder.empty());
      EXPECT_TRUE(answer[0].secrets.early.empty());
      EXPECT_EQ(answer[0].restrictions.usage, tls12);
    }
  }
}

TEST_P(Tls12Keys, HaveNoHmacOfTheirPremasterSecretBelowTls12) {
  hold(parameters(tls12));
  for (const auto version : {ProtocolVersion::tls10, ProtocolVersion::tls11}) {
    AnswerBody& answer = ask(query(version));
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_EQ(as_text(answer[0].key.bytes()), the_key);
    EXPECT_TRUE(answer[0].plain_premaster.empty());
    EXPECT_TRUE(answer[0].secrets.binder.empty());
  }
}

TEST_P(Tls12Keys, HaveAPremasterSecretOfAnySize) {
  std::string largest(max_key_size, 'k');
  hold(parameters(tls12, largest));
  EXPECT_EQ(mac(ask(query(ProtocolVersion::tls12))[0].plain_premaster),
            mac(expected_premaster(sha256, largest)));
  EXPECT_EQ(as_text(answer_[0].key.bytes()), largest);
}

TEST_P(Tls12Keys, ThatAreForTls13TooAnswerThereAsBefore) {
  hold(parameters(tls13_and_tls12));
  AnswerBody& answer = ask(query(ProtocolVersion::tls12));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].misfit, "");
  EXPECT_EQ(mac(answer[0].plain_premaster), mac(expected_premaster(sha256, the_key)));
  ask(query(ProtocolVersion::tls13));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].misfit, "");
  EXPECT_TRUE(answer[0].key.empty()) << "the key itself is for below";
  EXPECT_TRUE(answer[0].plain_premaster.empty());
  const PskSecrets expected =
      derive_psk_secrets((*crypto::Provider::system())->hash(sha256), as_bytes(the_key), PskKind::external);
  EXPECT_EQ(mac(answer[0].secrets.binder), mac(expected.binder));
}

TEST_P(Tls12Keys, ThatAreImportedInTls13AreAsTheyAreBelow) {
  hold(parameters(tls13_imported_and_tls12));
  EXPECT_EQ(mac(ask(query(ProtocolVersion::tls12))[0].plain_premaster),
            mac(expected_premaster(sha256, the_key)));
  EXPECT_EQ(answer_[0].misfit, "");
  EXPECT_NE(ask(query(ProtocolVersion::tls13))[0].misfit, "") << "there it has to be imported";
  PskQuery imported = query(ProtocolVersion::tls13);
  imported.imported = true;
  EXPECT_EQ(ask(imported)[0].misfit, "");
}

TEST_P(Tls12Keys, OfAnotherVersionFitNothing) {
  hold(parameters(tls12));
  for (const bool is_imported : {false, true}) {
    PskQuery asked = query(ProtocolVersion::tls13);
    asked.imported = is_imported;
    AnswerBody& answer = ask(asked);
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_NE(answer[0].misfit, "");
    EXPECT_EQ(mac(answer[0].secrets.binder), mac(nobodys_secrets(sha256).binder));
    EXPECT_TRUE(answer[0].key.empty());
    EXPECT_TRUE(answer[0].plain_premaster.empty());
  }
}

TEST_P(Tls12Keys, OfTls13FitNothingBelow) {
  hold(parameters(tls13));
  for (const auto version : {ProtocolVersion::tls10, ProtocolVersion::tls11, ProtocolVersion::tls12}) {
    AnswerBody& answer = ask(query(version, sha384));
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_NE(answer[0].misfit, "");
    EXPECT_EQ(as_text(answer[0].key.bytes()), as_text(nobodys_key()));
    EXPECT_NE(as_text(answer[0].key.bytes()), the_key);
    EXPECT_EQ(mac(answer[0].plain_premaster),
              version == ProtocolVersion::tls12 ? mac(nobodys_premaster(sha384)) : "");
  }
}

TEST_P(Tls12Keys, AreUnknownUnderNoIdentity) {
  hold(parameters(tls12));
  EXPECT_EQ(ask(query(ProtocolVersion::tls12, sha256, "")).size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(, Tls12Keys, testing::Bool(),
                         [](const auto& test) { return test.param ? "Keyring" : "Source"; });

TEST(PskUsage, IsKeptByACredentialAsGiven) {
  for (const PskUsage usage : usages) EXPECT_EQ(Credential::create(parameters(usage))->usage(), usage);
}

TEST(PskUsage, OfNothingOrOfTwoWaysInOneVersionIsRefused) {
  for (const unsigned usage : {0u, 3u, 7u, 8u, 12u, 255u}) {
    const auto made = Credential::create(parameters(static_cast<PskUsage>(usage)));
    ASSERT_FALSE(made) << usage;
    EXPECT_EQ(made.error().reason(), Reason::invalid_argument);
  }
}

TEST(PskUsage, HasAContextOnlyWhereAKeyIsImported) {
  for (const PskUsage usage : usages) {
    CredentialParameters p = parameters(usage);
    p.context = as_bytes("context");
    EXPECT_EQ(Credential::create(p).has_value(), is_imported(usage));
  }
}

TEST(PskUsage, HasEarlyDataOnlyInTls13) {
  for (const PskUsage usage : usages) {
    CredentialParameters p = parameters(usage);
    p.early_data.limit = 100;
    EXPECT_EQ(Credential::create(p).has_value(), is_for_tls13(usage));
  }
}

TEST(PskUsage, OfTheKeysOfAFileIsWhatItsReaderSays) {
  for (const PskUsage usage : usages) {
    const auto keys = parse_key_file("alice:00112233445566778899aabbccddeeff\n", {.usage = usage});
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->front().usage(), usage);
  }
  EXPECT_EQ(parse_key_file("alice:0011\n")->front().usage(), tls13);
}

TEST(PlainPremaster, IsDerivedOnceHoweverManyAsk) {
  const Credential credential = *Credential::create(parameters(tls12));
  const CredentialBody& body = CredentialAccess::body(credential);
  std::vector<const crypto::HmacKey*> found(8);
  std::vector<std::thread> threads;
  threads.reserve(found.size());
  for (auto& place : found) threads.emplace_back([&] { place = &body.plain_premaster(sha256); });
  for (auto& thread : threads) thread.join();
  for (const auto* each : found) EXPECT_EQ(each, found[0]);
  EXPECT_EQ(mac(*found[0]), mac(expected_premaster(sha256, the_key)));
  EXPECT_NE(&body.plain_premaster(sha384), found[0]);
}

TEST(PlainPremaster, IsThatOfRfc4279) {
  // A key of 3 octets: 0003 000000 0003 6b6579.
  const auto& hash = (*crypto::Provider::system())->hash(sha256);
  const auto octets = test::from_hex("0003 000000 0003 6b6579");
  EXPECT_EQ(mac(derive_plain_premaster(hash, as_bytes("key"))), mac(crypto::HmacKey(hash, octets)));
}

// ---- stand-ins ----

void ask_keyring(Keyring& keyring, const PskQuery& asked, AnswerBody& body) {
  body.clear();
  body.ask(asked);
  body.want_stand_in(true);
  PskAnswer answer = body.handle();
  keyring.find(asked, answer);
}

TEST(Tls12StandIn, IsAKeyOf32OctetsThatNobodyHas) {
  for (const PskUsage usage : usages) {
    Keyring keyring;
    ASSERT_TRUE(keyring.add(parameters(usage)));
    for (const std::string_view identity : {"eve", ""}) {
      for (const HashAlgorithm prf : {sha256, sha384}) {
        AnswerBody first, second;
        ask_keyring(keyring, query(ProtocolVersion::tls12, prf, identity), first);
        ASSERT_EQ(first.size(), 1u);
        EXPECT_TRUE(first[0].stand_in);
        EXPECT_TRUE(first.costs_the_same());
        EXPECT_EQ(first[0].key.size(), 32u);
        EXPECT_NE(as_text(first[0].key.bytes()), the_key);
        // As a known identity of this keyring would be.
        EXPECT_EQ(first[0].misfit.empty(), is_for_tls12(usage));
        EXPECT_EQ(mac(first[0].plain_premaster), mac(expected_premaster(prf, as_text(first[0].key.bytes()))));
        ask_keyring(keyring, query(ProtocolVersion::tls12, prf, identity), second);
        EXPECT_EQ(mac(second[0].plain_premaster), mac(first[0].plain_premaster));
      }
    }
  }
}

TEST(Tls12StandIn, IsNotThatOfAnotherKeyring) {
  Keyring one, other;
  ASSERT_TRUE(one.add(parameters(tls12)));
  ASSERT_TRUE(other.add(parameters(tls12)));
  AnswerBody a, b;
  ask_keyring(one, query(ProtocolVersion::tls12, sha256, "eve"), a);
  ask_keyring(other, query(ProtocolVersion::tls12, sha256, "eve"), b);
  EXPECT_NE(as_text(a[0].key.bytes()), as_text(b[0].key.bytes()));
}

TEST(Tls12StandIn, IsThereForSourcesThatHaveNone) {
  for (const auto version : {ProtocolVersion::tls10, ProtocolVersion::tls12}) {
    Candidate candidate;
    fill_stand_in(candidate, query(version, sha384));
    EXPECT_TRUE(candidate.stand_in);
    EXPECT_EQ(candidate.misfit, "");
    EXPECT_EQ(candidate.key.size(), 32u);
    EXPECT_EQ(mac(candidate.plain_premaster),
              version == ProtocolVersion::tls12
                  ? mac(expected_premaster(sha384, as_text(candidate.key.bytes())))
                  : "");
  }
}

// ---- the keyring's cache ----

TEST(Tls12Keyring, KeepsPremasterSecretsBesideTheSecretsOfTls13) {
  Keyring keyring({.derived_states = 64});
  ASSERT_TRUE(keyring.add(parameters(tls13_and_tls12)));
  ASSERT_TRUE(keyring.rotate(parameters(tls13_and_tls12, "another key, which is newer")));
  AnswerBody body;
  const auto ask = [&](const PskQuery& asked) {
    body.clear();
    PskAnswer answer = body.handle();
    keyring.find(asked, answer);
    return body.size();
  };
  for (int again = 0; again < 3; ++again) {
    ASSERT_EQ(ask(query(ProtocolVersion::tls13)), 2u);
    const std::string binder = mac(body[0].secrets.binder);
    for (const HashAlgorithm prf : {sha256, sha384}) {
      ASSERT_EQ(ask(query(ProtocolVersion::tls12, prf)), 2u);
      EXPECT_EQ(mac(body[0].plain_premaster), mac(expected_premaster(prf, "another key, which is newer")));
      EXPECT_EQ(mac(body[1].plain_premaster), mac(expected_premaster(prf, the_key)));
    }
    ask(query(ProtocolVersion::tls13));
    EXPECT_EQ(mac(body[0].secrets.binder), binder);
  }
  EXPECT_GE(keyring.statistics().derived_states, 4u);
  ASSERT_TRUE(keyring.remove(as_bytes("alice")));
  EXPECT_EQ(keyring.statistics().derived_states, 0u);
}

TEST(Tls12Keyring, WithoutACacheAnswersTheSame) {
  Keyring keyring({.derived_states = 0});
  ASSERT_TRUE(keyring.add(parameters(tls12)));
  AnswerBody body;
  PskAnswer answer = body.handle();
  keyring.find(query(ProtocolVersion::tls12), answer);
  ASSERT_EQ(body.size(), 1u);
  EXPECT_EQ(mac(body[0].plain_premaster), mac(expected_premaster(sha256, the_key)));
}

}  // namespace
}  // namespace sesame::psk
