#include "error/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <set>
#include <string>

namespace sesame {
namespace {

TEST(ErrorTable, HasEachReasonOnceInOrder) {
  const auto rows = error::rows();
  ASSERT_EQ(rows.size(), static_cast<std::size_t>(Reason::internal_error) + 1);
  std::set<std::string_view> names, sentences;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(rows[i].reason), i);
    EXPECT_TRUE(names.insert(rows[i].name).second) << rows[i].name;
    EXPECT_TRUE(sentences.insert(rows[i].sentence).second) << rows[i].sentence;
  }
}

TEST(ErrorTable, SpellsReasonsAsTheEnumerationDoes) {
  EXPECT_EQ(name(Reason::invalid_argument), "invalid_argument");
  EXPECT_EQ(name(Reason::psk_binder_mismatch), "psk_binder_mismatch");
  EXPECT_EQ(name(Reason::internal_error), "internal_error");
}

TEST(ErrorTable, AnswersForAValueThatIsNoReason) {
  EXPECT_EQ(error::row(static_cast<Reason>(60000)).reason, Reason::internal_error);
}

// RFC 9257 section 8: what a client could learn about an identity without its key looks the same on the wire.
TEST(ErrorTable, TellsWhoProbesIdentitiesOneAlertOnly) {
  for (Reason reason : {Reason::psk_identity_unknown, Reason::psk_binder_mismatch, Reason::psk_hash_mismatch,
                        Reason::psk_not_yet_valid, Reason::psk_expired, Reason::psk_wrong_usage}) {
    EXPECT_EQ(error::row(reason).alert, Alert::decrypt_error) << name(reason);
  }
}

TEST(ErrorTable, HasTheAlertsThatRfc8446Prescribes) {
  const auto alert = [](Reason reason) { return error::row(reason).alert; };
  EXPECT_EQ(alert(Reason::extension_missing), Alert::missing_extension);          // section 9.2
  EXPECT_EQ(alert(Reason::extension_unsolicited), Alert::unsupported_extension);  // section 4.2
  EXPECT_EQ(alert(Reason::extension_misplaced), Alert::illegal_parameter);        // section 4.2
  EXPECT_EQ(alert(Reason::psk_extension_not_last), Alert::illegal_parameter);     // section 4.2.11
  EXPECT_EQ(alert(Reason::psk_selected_out_of_range), Alert::illegal_parameter);  // section 4.2.11
  EXPECT_EQ(alert(Reason::retry_twice), Alert::unexpected_message);               // section 4.1.4
  EXPECT_EQ(alert(Reason::retry_changes_nothing), Alert::illegal_parameter);      // section 4.1.4
  EXPECT_EQ(alert(Reason::downgrade_detected), Alert::illegal_parameter);         // section 4.1.3
  EXPECT_EQ(alert(Reason::finished_mismatch), Alert::decrypt_error);              // section 4.4.4
  EXPECT_EQ(alert(Reason::key_update_invalid), Alert::illegal_parameter);         // section 4.6.3
  EXPECT_EQ(alert(Reason::record_too_long), Alert::record_overflow);              // section 5.1
  EXPECT_EQ(alert(Reason::record_mac_wrong), Alert::bad_record_mac);              // section 5.2
  EXPECT_EQ(alert(Reason::record_content_empty), Alert::unexpected_message);      // section 5.4
  EXPECT_EQ(alert(Reason::no_common_version), Alert::protocol_version);           // section 4.2.1
  EXPECT_EQ(alert(Reason::no_common_alpn), Alert::no_application_protocol);       // RFC 7301 section 3.2
  EXPECT_EQ(alert(Reason::record_size_limit_invalid), Alert::illegal_parameter);  // RFC 8449 section 4
}

TEST(ErrorTable, HasWhatOpenSslSendsForSharedKeys) {
  const error::Row& binder = error::row(Reason::psk_binder_mismatch);
  EXPECT_EQ(static_cast<int>(binder.openssl_alert), SSL_AD_ILLEGAL_PARAMETER);
  EXPECT_EQ(binder.openssl_reason, SSL_R_BINDER_DOES_NOT_VERIFY);
  const error::Row& unknown = error::row(Reason::psk_identity_unknown);
  EXPECT_EQ(static_cast<int>(unknown.openssl_alert), SSL_AD_HANDSHAKE_FAILURE);
  EXPECT_EQ(unknown.openssl_reason, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM);
  EXPECT_EQ(error::openssl_alert_reason_offset, SSL_AD_REASON_OFFSET);
}

TEST(ErrorTable, WritesForAPersonWhateverTheReason) {
  for (const error::Row& row : error::rows()) {
    const std::string message = Error(row.reason).message();
    EXPECT_THAT(message, testing::StartsWith(std::string(row.sentence))) << row.name;
    EXPECT_THAT(message, testing::EndsWith(".")) << row.name;
    EXPECT_THAT(message, testing::Not(testing::HasSubstr(".."))) << row.name;
    EXPECT_GT(row.advice.size(), 20u) << row.name;
  }
}

TEST(AlertTable, HasEachAlertOfTheEnumeration) {
  EXPECT_EQ(error::alert_rows().size(),
            28u);  // RFC 8446 appendix B.2 without the reserved values, and no_renegotiation
  EXPECT_EQ(error::alert_row(Alert::none), nullptr);
  EXPECT_EQ(error::alert_row(static_cast<Alert>(1)), nullptr);
  for (unsigned i = 0; i < 255; ++i) {
    const Alert alert = static_cast<Alert>(i);
    const error::AlertRow* row = error::alert_row(alert);
    EXPECT_TRUE(!row || row->alert == alert);
  }
}

}  // namespace
}  // namespace sesame
