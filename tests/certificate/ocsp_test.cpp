// Stapled OCSP responses (RFC 6960).
#include <openssl/ocsp.h>

#include "judging.h"

namespace sesame::test {
namespace {

class Stapled : public testing::Test {
 protected:
  const Authority root;
  const Authority middle = root.intermediate();
  const Issued server = middle.server();
  Judge judge{.options = {.trust = root.trust()}};

  Expected<> judged(Octets response) {
    judge.ocsp_response = std::move(response);
    return judge(server);
  }
  Issued responder(const Authority& by, CertificateOptions options = {}) const {
    options.subject = "responder";
    if (options.extended_key_usage.empty()) options.extended_key_usage = "OCSPSigning";
    return by.issue(options);
  }
  void expect_invalid(Octets response, std::string_view detail) {
    expect_failure(judged(std::move(response)), Reason::ocsp_response_invalid,
                   Alert::bad_certificate_status_response, detail);
  }
};

TEST_F(Stapled, GoodIsAccepted) {
  for (const char* digest : {"SHA1", "SHA256", "SHA384"}) {
    expect_accepted(judged(middle.ocsp(server, {.digest = digest})));
  }
}

TEST_F(Stapled, IsRequiredOnlyIfTheOptionsSaySo) {
  expect_accepted(judged({}));
  judge.options.require_ocsp_response = true;
  expect_failure(judged({}), Reason::ocsp_response_missing, Alert::bad_certificate_status_response);
  expect_accepted(judged(middle.ocsp(server)));
}

TEST_F(Stapled, RevokedIsRefusedWhetherItIsRequiredOrNot) {
  for (const bool required : {false, true}) {
    judge.options.require_ocsp_response = required;
    expect_failure(judged(middle.ocsp(server, {.status = OcspStatus::revoked})), Reason::certificate_revoked,
                   Alert::certificate_revoked, "keyCompromise");
  }
}

TEST_F(Stapled, RevokedStaysSoWhenTheResponseIsOld) {
  expect_failure(
      judged(middle.ocsp(
          server, {.status = OcspStatus::revoked, .this_update = -hours(300), .next_update = -hours(200)})),
      Reason::certificate_revoked, Alert::certificate_revoked);
}

TEST_F(Stapled, UnknownIsRefused) {
  expect_invalid(middle.ocsp(server, {.status = OcspStatus::unknown}), "does not know");
}

TEST_F(Stapled, OutOfDateIsRefused) {
  expect_invalid(middle.ocsp(server, {.this_update = -hours(48), .next_update = -hours(24)}), "not in date");
  expect_invalid(middle.ocsp(server, {.this_update = hours(1), .next_update = hours(24)}), "not in date");
  expect_invalid(middle.ocsp(server, {.this_update = -hours(1), .next_update = -hours(2)}), "not in date");
}

TEST_F(Stapled, ClocksMayDifferALittle) {
  using std::chrono::minutes;
  expect_accepted(judged(middle.ocsp(server, {.this_update = minutes(4), .next_update = hours(24)})));
  expect_accepted(judged(middle.ocsp(server, {.this_update = -hours(24), .next_update = -minutes(4)})));
  expect_invalid(middle.ocsp(server, {.this_update = minutes(6), .next_update = hours(24)}), "not in date");
  expect_invalid(middle.ocsp(server, {.this_update = -hours(24), .next_update = -minutes(6)}), "not in date");
}

// RFC 6960 section 4.2.2.1
TEST_F(Stapled, WithoutNextUpdateItCountsForADay) {
  expect_accepted(judged(middle.ocsp(server, {.this_update = -hours(23), .next_update = {}})));
  expect_invalid(middle.ocsp(server, {.this_update = -hours(25), .next_update = {}}), "not in date");
}

TEST_F(Stapled, GoesByTheClockOfTheConnection) {
  const Octets response = middle.ocsp(server, {.next_update = hours(24)});
  judge.later = hours(25);
  expect_invalid(response, "not in date");
  judge.later = hours(23);
  expect_accepted(judged(response));
}

TEST_F(Stapled, AboutAnotherCertificateIsRefused) {
  expect_invalid(middle.ocsp(middle.server()), "other certificates");
}

TEST_F(Stapled, OfTheSameNumberAtAnotherAuthorityIsRefused) {
  // The authority of the response signs for its own certificates only: it is asked about `server` all the
  // same.
  const Authority other = root.intermediate(KeyType::p256, "Other");
  expect_invalid(other.ocsp(server), "not signed by the issuer");
}

TEST_F(Stapled, AboutTheSameNumberOfAnotherIssuerIsRefused) {
  expect_invalid(middle.ocsp(server, {.issuer = &root.own()}), "other certificates");
  const Authority sister = root.intermediate();  // of the same name, with another key
  expect_invalid(middle.ocsp(server, {.issuer = &sister.own()}), "other certificates");
}

TEST_F(Stapled, ByADelegatedResponderIsAccepted) {
  const Issued own = responder(middle);
  expect_accepted(judged(middle.ocsp(server, {.responder = &own})));
  const Issued rsa =
      middle.issue(KeyType::rsa2048, {.subject = "responder", .extended_key_usage = "OCSPSigning"});
  expect_accepted(judged(middle.ocsp(server, {.responder = &rsa})));
}

// Section 4.2.2.2: the issuer of the certificate has to have issued the responder's directly, and for this.
TEST_F(Stapled, ByAResponderWithoutTheRightIsRefused) {
  const Issued server_only = responder(middle, {.extended_key_usage = "serverAuth"});
  const Issued of_root = responder(root);
  const Authority other(KeyType::p256, "Other Root");
  const Issued of_other = responder(other);
  const Authority impostor = root.intermediate();
  const Issued of_impostor = responder(impostor);
  const Issued expired = responder(middle, {.not_after = -hours(1)});
  const Issued early = responder(middle, {.not_before = hours(1)});
  const Issued weak = responder(middle, {.digest = "SHA1"});
  int which = 0;
  for (const Issued* by : {&server_only, &of_root, &of_other, &of_impostor, &expired, &early, &weak}) {
    SCOPED_TRACE(which++);
    expect_invalid(middle.ocsp(server, {.responder = by}), "not signed by the issuer");
  }
  const Issued no_usage = middle.issue({.subject = "responder"});
  expect_invalid(middle.ocsp(server, {.responder = &no_usage}), "not signed by the issuer");
}

TEST_F(Stapled, TheRightOfAResponderEndsByTheClockOfTheConnection) {
  const Issued brief = responder(middle, {.not_after = hours(2)});
  const Octets response = middle.ocsp(server, {.responder = &brief});
  expect_accepted(judged(response));
  judge.later = hours(3);
  expect_invalid(response, "not signed by the issuer");
}

TEST_F(Stapled, ByTheServerItselfIsRefused) {
  expect_invalid(middle.ocsp(server, {.responder = &server}), "not signed by the issuer");
}

TEST_F(Stapled, ByAResponderThatIsNotThereIsRefused) {
  const Issued own = responder(middle);
  expect_invalid(middle.ocsp(server, {.responder = &own, .includes_responder = false}), "not signed");
}

TEST_F(Stapled, AnErrorStatusIsRefused) {
  expect_invalid(middle.ocsp_error(OCSP_RESPONSE_STATUS_TRYLATER), "trylater");
  expect_invalid(middle.ocsp_error(OCSP_RESPONSE_STATUS_INTERNALERROR), "internalerror");
}

TEST_F(Stapled, MalformedIsRefused) {
  const Octets whole = middle.ocsp(server);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    expect_invalid(Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                   "cannot be read");
    ASSERT_FALSE(HasFailure()) << size;
  }
  expect_invalid(join({whole, u8(0)}), "cannot be read");
  expect_invalid(text("nonsense"), "cannot be read");
  expect_invalid({0x30, 0x00}, "");
  expect_invalid({0x30, 0x03, 0x0a, 0x01, 0x00}, "cannot be read");  // "successful", and no response
}

TEST_F(Stapled, IsRefusedWithAnyOctetChanged) {
  const Octets whole = middle.ocsp(server);
  judge.name.clear();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Octets changed = whole;
    changed[i] ^= 0x02;
    EXPECT_FALSE(judged(changed)) << "octet " << i;
  }
}

TEST_F(Stapled, DoesNotRescueAChainThatIsNotTrusted) {
  judge.options.trust = Authority(KeyType::p256, "Other Root").trust();
  expect_failure(judged(middle.ocsp(server)), Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST_F(Stapled, ForAPinnedCertificateIsCheckedByTheIssuerThatThePeerSent) {
  judge.options.trust = trust_of(server.pem());
  judge.options.partial_chain = true;
  expect_accepted(judged(middle.ocsp(server)));
  expect_failure(judged(middle.ocsp(server, {.status = OcspStatus::revoked})), Reason::certificate_revoked,
                 Alert::certificate_revoked);
  judge.ocsp_response = middle.ocsp(server);
  expect_failure(judge(server.alone()), Reason::ocsp_response_invalid, Alert::bad_certificate_status_response,
                 "is not known");
  expect_failure(judge.of_chain({server.der(), root.own().der()}), Reason::ocsp_response_invalid,
                 Alert::bad_certificate_status_response, "is not known");
}

// Whoever has a revoked key would bring an issuer of its own, which says "good".
TEST_F(Stapled, ForAPinnedCertificateIsNotCheckedByAnImpostor) {
  judge.options.trust = trust_of(server.pem());
  judge.options.partial_chain = true;
  const Authority impostor = root.intermediate(
      KeyType::p256, "Test Intermediate", {.subject_key_identifier = middle.own().subject_key_identifier()});
  judge.ocsp_response = impostor.ocsp(server);
  EXPECT_FALSE(judge.of_chain({server.der(), impostor.own().der()}));
}

TEST_F(Stapled, ForASelfSignedCertificateIsItsOwn) {
  const Authority self(KeyType::p256, "Self", {.dns = {"server.example"}});
  judge.options.trust = self.trust();
  judge.ocsp_response = self.ocsp(self.own());
  expect_accepted(judge(self.own()));
}

TEST_F(Stapled, OfAClientIsCheckedToo) {
  const Issued client = middle.client();
  judge.side = Side::server;
  judge.ocsp_response = middle.ocsp(client);
  expect_accepted(judge(client));
  judge.ocsp_response = middle.ocsp(client, {.status = OcspStatus::revoked});
  expect_failure(judge(client), Reason::certificate_revoked, Alert::certificate_revoked);
}

}  // namespace
}  // namespace sesame::test
