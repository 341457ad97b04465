// What a source answers to a client that imported its key, and to one that did not.
#include <gtest/gtest.h>
#include <sesame/keyring.h>

#include "psk/credential_body.h"
#include "psk/importer.h"
#include "support/hex.h"

namespace sesame::psk {
namespace {

using test::Octets;

constexpr auto sha256 = HashAlgorithm::sha256, sha384 = HashAlgorithm::sha384;
const Octets the_key(32, 7);

const crypto::Provider& provider() { return **crypto::Provider::system(); }
std::string mac(const PskSecrets& secrets) { return test::to_hex(secrets.binder.mac({}).bytes()); }
std::string mac_of(HashAlgorithm hash, std::string_view identity, std::string_view context,
                   HashAlgorithm target) {
  return mac(derive_imported_secrets(provider(), hash, the_key,
                                     imported_identity(as_bytes(identity), as_bytes(context), target)));
}

CredentialParameters parameters(PskUsage usage, std::string_view context = {}, HashAlgorithm hash = sha256) {
  return {.identity = as_bytes("bob"),
          .key = the_key,
          .hash = hash,
          .usage = usage,
          .context = as_bytes(context)};
}
PskQuery raw_query(std::string_view identity = "bob") { return {.identity = as_bytes(identity)}; }
PskQuery query(HashAlgorithm target, std::string_view context = {}, std::string_view identity = "bob") {
  return {
      .identity = as_bytes(identity), .imported = true, .target_hash = target, .context = as_bytes(context)};
}

// The keyring, the keyring asked for another provider's algorithms, and an application's source have to say
// the same.
class Sources : public testing::TestWithParam<int> {
 protected:
  void hold(const CredentialParameters& p) {
    if (keyring_.contains(p.identity)) {
      ASSERT_TRUE(keyring_.rotate(p));
    } else {
      ASSERT_TRUE(keyring_.add(p));
    }
    credentials_.insert(credentials_.begin(), *Credential::create(p));
  }
  AnswerBody& ask(const PskQuery& query) {
    body_.clear();
    body_.ask(query);
    static const auto other = *crypto::Provider::create(nullptr, "");
    if (GetParam() % 2 == 1) body_.use(*other);
    PskAnswer answer = body_.handle();
    if (GetParam() < 2) {
      keyring_.find(query, answer);
    } else {
      for (const Credential& c : credentials_) answer.add(c);
    }
    return body_;
  }
  void expect_misfit(const PskQuery& q, std::string_view text, HashAlgorithm hash) {
    AnswerBody& answer = ask(q);
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_NE(answer[0].misfit.find(text), std::string_view::npos) << answer[0].misfit;
    // Whatever becomes of it, no binder fits.
    EXPECT_EQ(mac(answer[0].secrets), mac(nobodys_secrets(hash)));
  }

 private:
  Keyring keyring_;
  std::vector<Credential> credentials_;
  AnswerBody body_;
};

TEST_P(Sources, GiveAnImportedKeyToWhoImportedIt) {
  hold(parameters(PskUsage::tls13_imported, "ctx", sha384));
  for (int round = 0; round < 4; ++round) {  // the keyring keeps what it derived
    for (const HashAlgorithm target : {sha256, sha384}) {
      AnswerBody& answer = ask(query(target, "ctx"));
      ASSERT_EQ(answer.size(), 1u);
      EXPECT_EQ(answer[0].misfit, "");
      EXPECT_EQ(answer[0].restrictions.usage, PskUsage::tls13_imported);
      EXPECT_EQ(answer[0].secrets.hash(), target);
      EXPECT_EQ(mac(answer[0].secrets), mac_of(sha384, "bob", "ctx", target));
    }
  }
}

TEST_P(Sources, RefuseAnotherContext) {
  hold(parameters(PskUsage::tls13_imported, "ctx"));
  for (std::string_view context : {"", "ct", "ctxx", "CTX"}) {
    expect_misfit(query(sha256, context), "another context", sha256);
    expect_misfit(query(sha384, context), "another context", sha384);
  }
}

TEST_P(Sources, RefuseAnImportedKeyThatIsUsedAsItIs) {
  hold(parameters(PskUsage::tls13_imported, "ctx", sha384));
  expect_misfit(raw_query(), "is to be imported", sha384);
}

TEST_P(Sources, RefuseARawKeyThatTheClientImported) {
  hold(parameters(PskUsage::tls13, {}, sha384));
  expect_misfit(query(sha256), "the client imported", sha256);
  expect_misfit(query(sha384), "the client imported", sha384);
  AnswerBody& answer = ask(raw_query());
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].misfit, "");
  EXPECT_EQ(mac(answer[0].secrets),
            mac(derive_psk_secrets(provider().hash(sha384), the_key, PskKind::external)));
}

// From the one to the other: both are accepted meanwhile, each as what it is.
TEST_P(Sources, TellTwoKeysOfOneIdentityApart) {
  hold(parameters(PskUsage::tls13));
  hold(parameters(PskUsage::tls13_imported));
  AnswerBody& to_imported = ask(query(sha256));
  ASSERT_EQ(to_imported.size(), 2u);
  EXPECT_EQ(to_imported[0].misfit, "");
  EXPECT_EQ(mac(to_imported[0].secrets), mac_of(sha256, "bob", "", sha256));
  EXPECT_NE(to_imported[1].misfit, "");
  AnswerBody& to_raw = ask(raw_query());
  ASSERT_EQ(to_raw.size(), 2u);
  EXPECT_NE(to_raw[0].misfit, "");
  EXPECT_EQ(to_raw[1].misfit, "");
}

TEST_P(Sources, SayWhatEarlyDataTheKeyAllows) {
  CredentialParameters p = parameters(PskUsage::tls13_imported);
  p.early_data = {4096, CipherSuite::TLS_AES_256_GCM_SHA384};
  hold(p);
  AnswerBody& answer = ask(query(sha384));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].restrictions.early_data.limit, 4096u);
  EXPECT_EQ(answer[0].restrictions.early_data.cipher_suite, CipherSuite::TLS_AES_256_GCM_SHA384);
}

std::string source_name(const testing::TestParamInfo<int>& i) {
  return std::string(i.param < 2 ? "Keyring" : "Function") + (i.param % 2 == 1 ? "ByAnotherProvider" : "");
}
INSTANTIATE_TEST_SUITE_P(All, Sources, testing::Range(0, 4), source_name);

TEST(PskAnswer, DerivesForTheIdentityThatTheClientImported) {
  const Credential credential = *Credential::create(parameters(PskUsage::tls13_imported));
  AnswerBody body;
  const PskQuery other = query(sha256, {}, "bob's other name");
  body.ask(other);
  body.handle().add(credential);
  EXPECT_EQ(body[0].misfit, "");
  EXPECT_EQ(mac(body[0].secrets), mac_of(sha256, "bob's other name", "", sha256));
}

TEST(PskAnswer, ForgetsAMisfitWhenItIsCleared) {
  const Credential credential = *Credential::create(parameters(PskUsage::tls13_imported));
  AnswerBody body;
  body.handle().add(credential);
  EXPECT_NE(body[0].misfit, "");
  body.clear();
  const PskQuery right = query(sha256);
  body.ask(right);
  body.handle().add(credential);
  EXPECT_EQ(body[0].misfit, "");
}

TEST(Keyring, KeepsWhatItDerivedForEachHash) {
  Keyring keyring;
  ASSERT_TRUE(keyring.add(parameters(PskUsage::tls13_imported)));
  for (const HashAlgorithm target : {sha256, sha384, sha256, sha384}) {
    AnswerBody body;
    PskAnswer answer = body.handle();
    keyring.find(query(target), answer);
  }
  EXPECT_EQ(keyring.statistics().derived_states, 2u);
  ASSERT_TRUE(keyring.remove(as_bytes("bob")));
  EXPECT_EQ(keyring.statistics().derived_states, 0u);
}

}  // namespace
}  // namespace sesame::psk
