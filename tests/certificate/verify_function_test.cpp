// The application's last word, and raw public keys (RFC 7250).
#include "judging.h"

namespace sesame::test {
namespace {

using Kind = certificate::VerdictBody::Kind;

class VerifyFunction : public testing::Test {
 protected:
  const Authority root;
  const Authority middle = root.intermediate();
  const Issued server = middle.server();
  const Authority other{KeyType::p256, "Other Root"};
  Judge judge{.options = {.trust = root.trust()}};
  int asked = 0;

  void answer(std::function<void(const VerificationQuery&, Verdict&)> function) {
    judge.options.verify = [this, function = std::move(function)](const VerificationQuery& query,
                                                                  Verdict& verdict) {
      ++asked;
      function(query, verdict);
    };
  }
  void distrust() { judge.options.trust = other.trust(); }
};

TEST_F(VerifyFunction, SeesWhatWasFound) {
  judge.ocsp_response = middle.ocsp(server);
  answer([&](const VerificationQuery& query, Verdict&) {
    EXPECT_EQ(query.type, CertificateType::x509);
    ASSERT_EQ(query.chain.size(), 2u);
    EXPECT_EQ(Octets(query.chain[0].begin(), query.chain[0].end()), server.der());
    EXPECT_EQ(Octets(query.chain[1].begin(), query.chain[1].end()), middle.own().der());
    EXPECT_EQ(Octets(query.ocsp_response.begin(), query.ocsp_response.end()), judge.ocsp_response);
    EXPECT_EQ(query.name, "server.example");
    EXPECT_EQ(query.side, Side::client);
    EXPECT_EQ(query.problem, nullptr);
  });
  expect_accepted(judge(server));
  EXPECT_EQ(asked, 1);
  distrust();
  answer([](const VerificationQuery& query, Verdict&) {
    ASSERT_NE(query.problem, nullptr);
    EXPECT_EQ(query.problem->reason(), Reason::certificate_issuer_unknown);
  });
  EXPECT_FALSE(judge(server));
  EXPECT_EQ(asked, 2);
}

TEST_F(VerifyFunction, ThatSaysNothingLeavesWhatWasFound) {
  answer([](const VerificationQuery&, Verdict&) {});
  expect_accepted(judge(server));
  EXPECT_EQ(judge.verdict.kind, Kind::none);
  distrust();
  expect_failure(judge(server), Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST_F(VerifyFunction, OverrulesAProblem) {
  answer([](const VerificationQuery&, Verdict& verdict) { verdict.accept(); });
  distrust();
  expect_accepted(judge(server));
  EXPECT_EQ(judge.verdict.kind, Kind::accepted);
  judge.name = "other.example";
  expect_accepted(judge(server));
}

TEST_F(VerifyFunction, RefusesWhatIsTrusted) {
  answer([](const VerificationQuery&, Verdict& verdict) { verdict.refuse(Alert::access_denied); });
  expect_failure(judge(server), Reason::certificate_refused, Alert::access_denied);
  EXPECT_EQ(judge.verdict.kind, Kind::refused);
}

TEST_F(VerifyFunction, RefusesByItsOwnAlertWhatHasAProblem) {
  answer([](const VerificationQuery&, Verdict& verdict) { verdict.refuse(Alert::certificate_unknown); });
  distrust();
  expect_failure(judge(server), Reason::certificate_refused, Alert::certificate_unknown, "Test Intermediate");
}

// A verify function that fails is never asked to try again, and one that asks for time is no failure.
TEST_F(VerifyFunction, MayAnswerLaterWhateverWasFound) {
  answer([](const VerificationQuery&, Verdict& verdict) { verdict.later(); });
  expect_accepted(judge(server));
  EXPECT_EQ(judge.verdict.kind, Kind::later);
  distrust();
  expect_accepted(judge(server));
  EXPECT_EQ(judge.verdict.kind, Kind::later);
}

TEST_F(VerifyFunction, TheLastAnswerCounts) {
  answer([](const VerificationQuery&, Verdict& verdict) {
    verdict.accept();
    verdict.later();
    verdict.refuse(Alert::certificate_revoked);
  });
  expect_failure(judge(server), Reason::certificate_refused, Alert::certificate_revoked);
}

TEST_F(VerifyFunction, AnEarlierVerdictIsForgotten) {
  judge.verdict.kind = Kind::accepted;
  distrust();
  EXPECT_FALSE(judge(server));
  EXPECT_EQ(judge.verdict.kind, Kind::none);
}

TEST_F(VerifyFunction, IsNotAskedAboutWhatCannotBeRead) {
  answer([](const VerificationQuery&, Verdict& verdict) { verdict.accept(); });
  expect_failure(judge.of_chain({text("no certificate")}), Reason::certificate_malformed,
                 Alert::bad_certificate);
  EXPECT_EQ(asked, 0);
}

// ---- Raw public keys ----

TEST_F(VerifyFunction, ARawPublicKeyThatIsExpectedIsAccepted) {
  for (const KeyType type : usable_key_types) {
    const KeyPointer own = make_key(type);
    judge.options.raw_public_keys = {public_key_of(make_key(KeyType::p256)), public_key_of(own)};
    expect_accepted(judge.of_chain({public_key_of(own)}, CertificateType::raw_public_key));
  }
}

TEST_F(VerifyFunction, ARawPublicKeyThatIsNotExpectedIsRefused) {
  const Octets key = public_key_of(make_key(KeyType::p256));
  Octets longer = key, shorter = key;
  longer.push_back(0);
  shorter.pop_back();
  for (const auto& known : std::vector<std::vector<Octets>>{
           {}, {server.public_key()}, {longer}, {shorter}, {Octets()}, {server.der()}}) {
    judge.options.raw_public_keys = known;
    expect_failure(judge.of_chain({key}, CertificateType::raw_public_key), Reason::raw_public_key_unknown,
                   Alert::bad_certificate);
  }
}

// The key of a trusted certificate is not trusted by itself, and a trusted key does not make a certificate
// so.
TEST_F(VerifyFunction, KeysAndCertificatesAreTrustedApart) {
  expect_failure(judge.of_chain({server.public_key()}, CertificateType::raw_public_key),
                 Reason::raw_public_key_unknown, Alert::bad_certificate);
  distrust();
  judge.options.raw_public_keys = {server.public_key()};
  expect_failure(judge(server), Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST_F(VerifyFunction, IsAskedAboutARawPublicKey) {
  answer([&](const VerificationQuery& query, Verdict& verdict) {
    EXPECT_EQ(query.type, CertificateType::raw_public_key);
    ASSERT_EQ(query.chain.size(), 1u);
    EXPECT_EQ(Octets(query.chain[0].begin(), query.chain[0].end()), server.public_key());
    ASSERT_NE(query.problem, nullptr);
    EXPECT_EQ(query.problem->reason(), Reason::raw_public_key_unknown);
    verdict.accept();
  });
  expect_accepted(judge.of_chain({server.public_key()}, CertificateType::raw_public_key));
}

}  // namespace
}  // namespace sesame::test
