// Certificate revocation lists (RFC 5280 section 5).
#include "judging.h"

namespace sesame::test {
namespace {

class Revocation : public testing::Test {
 protected:
  const Authority root;
  const Authority middle = root.intermediate();
  const Issued server = middle.server();
  Judge judge;

  void use(RevocationCheck check, const std::vector<std::string>& crls) {
    std::string text = root.pem();
    for (const std::string& crl : crls) text += crl;
    judge.options.trust = trust_of(text);
    judge.options.revocation = check;
  }
};

TEST_F(Revocation, IsNotLookedAtUnlessItIsAskedFor) {
  use(RevocationCheck::none, {middle.crl({.revoked = {server}})});
  expect_accepted(judge(server));
}

TEST_F(Revocation, OfTheEndEntityIsFound) {
  use(RevocationCheck::leaf, {middle.crl({.revoked = {server}})});
  expect_failure(judge(server), Reason::certificate_revoked, Alert::certificate_revoked, "certificate 1");
  expect_accepted(judge(middle.server()));
}

TEST_F(Revocation, OfAnIntermediateIsFoundWhereTheChainIsChecked) {
  const std::vector<std::string> crls = {middle.crl(), root.crl({.revoked = {middle.own()}})};
  use(RevocationCheck::leaf, crls);
  expect_accepted(judge(server));
  use(RevocationCheck::chain, crls);
  expect_failure(judge(server), Reason::certificate_revoked, Alert::certificate_revoked, "certificate 2");
}

TEST_F(Revocation, CannotBeToldWithoutAList) {
  use(RevocationCheck::leaf, {});
  expect_failure(judge(server), Reason::revocation_unknown, Alert::certificate_unknown, "certificate 1");
  use(RevocationCheck::leaf, {root.crl()});
  expect_failure(judge(server), Reason::revocation_unknown, Alert::certificate_unknown);
  use(RevocationCheck::chain, {middle.crl()});
  expect_failure(judge(server), Reason::revocation_unknown, Alert::certificate_unknown, "certificate 2");
  use(RevocationCheck::chain, {middle.crl(), root.crl()});
  expect_accepted(judge(server));
}

TEST_F(Revocation, CannotBeToldByAListThatIsOutOfDate) {
  use(RevocationCheck::leaf, {middle.crl({.last_update = -hours(48), .next_update = -hours(24)})});
  expect_failure(judge(server), Reason::revocation_unknown, Alert::certificate_unknown, "expired");
  use(RevocationCheck::leaf, {middle.crl({.last_update = hours(24), .next_update = hours(48)})});
  expect_failure(judge(server), Reason::revocation_unknown, Alert::certificate_unknown, "not yet valid");
}

TEST_F(Revocation, CannotBeToldByAListOfSomebodyElse) {
  const Authority impostor = root.intermediate();  // the same name, another key
  use(RevocationCheck::leaf, {impostor.crl()});
  expect_failure(judge(server), Reason::revocation_unknown, Alert::certificate_unknown);
}

}  // namespace
}  // namespace sesame::test
