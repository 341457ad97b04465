// What belongs in this room: why something failed, as data. One row for each Reason, one for each alert of a
// peer.
//
// Sentences and advice are for a person who runs a program, not for one who knows the RFCs. A sentence stands
// without a full stop: Error::message() goes on with the values at hand.
#pragma once

#include <sesame/error.h>

#include <span>
#include <string_view>

namespace sesame::error {

struct Row {
  Reason reason;
  std::string_view name;  ///< the identifier
  Alert alert;            ///< what the native interface sends
  Alert openssl_alert;    ///< what OpenSSL 3.0's libssl sends there
  int openssl_reason;     ///< SSL_R_, or ERR_R_ where libssl has no reason of its own
  std::string_view sentence;
  std::string_view advice;
};

/// The row of `reason`; that of internal_error for a value that is not one.
const Row& row(Reason reason) noexcept;
std::span<const Row> rows() noexcept;

struct AlertRow {
  Alert alert;
  std::string_view name;     ///< RFC 8446 appendix B.2
  std::string_view meaning;  ///< what a peer that sends it says, where the two share a key
  std::string_view advice;
};

/// nullptr for an alert that RFC 8446 does not have.
const AlertRow* alert_row(Alert alert) noexcept;
std::span<const AlertRow> alert_rows() noexcept;

/// libssl reports a received alert as reason 1000 and the number of the alert (SSL_AD_REASON_OFFSET).
inline constexpr int openssl_alert_reason_offset = 1000;

}  // namespace sesame::error
