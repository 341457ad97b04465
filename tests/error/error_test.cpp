#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sesame/error.h>

namespace sesame {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Error, TakesTheAlertOfItsReason) {
  EXPECT_EQ(Error(Reason::finished_mismatch).alert(), Alert::decrypt_error);
  EXPECT_EQ(Error(Reason::no_common_version).alert(), Alert::protocol_version);
  EXPECT_EQ(Error(Reason::buffer_too_small).alert(), Alert::none);
  EXPECT_FALSE(Error(Reason::finished_mismatch).from_peer());
}

TEST(Error, LetsTheEngineChooseAnotherAlert) {
  Error error(Reason::psk_identity_unknown);
  error.with_alert(Alert::unknown_psk_identity);
  EXPECT_EQ(error.alert(), Alert::unknown_psk_identity);
  EXPECT_EQ(error.reason(), Reason::psk_identity_unknown);
  EXPECT_THAT(error.message(), HasSubstr("unknown_psk_identity (alert 115)"));
}

TEST(Error, SaysWhatHappenedWithTheValuesWhereAndWhatThePeerWasTold) {
  Error error(Reason::psk_binder_mismatch, "identity \"bob\"");
  error.at("START", "client_hello");
  EXPECT_EQ(
      error.message(),
      "The binder does not match: the two sides hold different keys for this identity (identity \"bob\"). It "
      "happened in state START, at client_hello; the peer was told decrypt_error (alert 51).");
  EXPECT_EQ(error.state(), "START");
  EXPECT_EQ(error.handshake_message(), "client_hello");
  EXPECT_EQ(error.detail(), "identity \"bob\"");
}

TEST(Error, SaysNoMoreThanItKnows) {
  EXPECT_EQ(Error(Reason::identity_empty).message(), "The identity of a pre-shared key is empty.");
  EXPECT_EQ(Error(Reason::record_mac_wrong).message(),
            "A record is not authentic. The peer was told bad_record_mac (alert 20).");
  Error error(Reason::truncated);
  error.at("WAIT_SH", {});
  EXPECT_THAT(error.message(), HasSubstr(" It happened in state WAIT_SH."));
  EXPECT_THAT(error.message(), Not(HasSubstr("told")));
  EXPECT_EQ(Error(Reason::truncated).detail(), "");
  EXPECT_EQ(Error(Reason::truncated, "").detail(), "");
}

TEST(Error, ExplainsWhatAPeersAlertMeansForSharedKeys) {
  const auto message = [](Alert alert) { return Error::received(alert).message(); };
  EXPECT_THAT(message(Alert::decrypt_error),
              HasSubstr("does not know the identity, or holds a different key"));
  EXPECT_THAT(message(Alert::handshake_failure), HasSubstr("An OpenSSL 3 server says this for an identity"));
  EXPECT_THAT(message(Alert::illegal_parameter), HasSubstr("the keys differ"));
  EXPECT_THAT(message(Alert::unknown_psk_identity), HasSubstr("does not know the identity"));
  EXPECT_THAT(message(Alert::no_application_protocol), HasSubstr("ALPN"));
  EXPECT_THAT(message(Alert::protocol_version), HasSubstr("version"));
  EXPECT_THAT(message(Alert::missing_extension), HasSubstr("does not know the identity"));
}

TEST(Error, OfAReceivedAlertHasItsNameAndItsOwnAdvice) {
  const Error error = Error::received(Alert::protocol_version);
  EXPECT_EQ(error.reason(), Reason::alert_received);
  EXPECT_TRUE(error.from_peer());
  EXPECT_EQ(error.alert(), Alert::protocol_version);
  EXPECT_THAT(error.message(), HasSubstr("(protocol_version)"));
  EXPECT_THAT(error.message(), Not(HasSubstr("told")));
  EXPECT_THAT(std::string(error.advice()), HasSubstr("TLS 1.3"));
}

TEST(Error, OfAnUnknownAlertHasItsNumber) {
  const Error error = Error::received(static_cast<Alert>(99));
  EXPECT_THAT(error.message(), HasSubstr("number 99"));
  EXPECT_FALSE(error.advice().empty());
  // Even where a peer sends the value that this library uses for "no alert".
  EXPECT_THAT(Error::received(Alert::none).message(), HasSubstr("number 255"));
}

TEST(Error, IsCopiedWithItsDetail) {
  const Error error(Reason::file_syntax, "line 3");
  const Error copy = error;
  EXPECT_EQ(copy.detail(), "line 3");
  EXPECT_EQ(copy.detail().data(), error.detail().data());
}

TEST(AlertName, IsThatOfTheRfc) {
  EXPECT_EQ(name(Alert::close_notify), "close_notify");
  EXPECT_EQ(name(Alert::user_canceled), "user_canceled");
  EXPECT_EQ(name(Alert::no_application_protocol), "no_application_protocol");
  EXPECT_EQ(name(Alert::none), "none");
  EXPECT_EQ(name(static_cast<Alert>(1)), "unknown");
}

}  // namespace
}  // namespace sesame
