#include <sesame/error.h>

#include "error/table.h"

namespace sesame {
namespace {

std::string number(Alert alert) { return std::to_string(static_cast<unsigned>(alert)); }

}  // namespace

std::string_view name(Alert alert) noexcept {
  const error::AlertRow* row = error::alert_row(alert);
  if (row) return row->name;
  return alert == Alert::none ? "none" : "unknown";
}

std::string_view name(Reason reason) noexcept { return error::row(reason).name; }

Error::Error(Reason reason) : reason_(reason), alert_(error::row(reason).alert) {}

Error::Error(Reason reason, std::string detail) : Error(reason) {
  if (!detail.empty()) detail_ = std::make_shared<const std::string>(std::move(detail));
}

Error Error::received(Alert alert) {
  Error error(Reason::alert_received);
  error.alert_ = alert;
  error.from_peer_ = true;
  return error;
}

Error& Error::with_alert(Alert alert) noexcept {
  alert_ = alert;
  return *this;
}

Error& Error::at(std::string_view state, std::string_view handshake_message) noexcept {
  state_ = state;
  message_ = handshake_message;
  return *this;
}

std::string_view Error::detail() const noexcept {
  return detail_ ? std::string_view(*detail_) : std::string_view();
}

std::string Error::message() const {
  std::string text(error::row(reason_).sentence);
  if (from_peer_) {
    const error::AlertRow* row = error::alert_row(alert_);
    text += row ? " (" + std::string(row->name) + ")"
                : ", number " + number(alert_) + ", which TLS 1.3 does not have";
    if (row) text.append(": ").append(row->meaning);
  }
  if (detail_) text.append(" (").append(*detail_).append(")");
  text += '.';

  const bool sent = !from_peer_ && alert_ != Alert::none;
  if (state_.empty() && message_.empty() && !sent) return text;
  // The second sentence: where, and what the peer was told.
  text += state_.empty() && message_.empty() ? "" : " It happened";
  if (!state_.empty()) text.append(" in state ").append(state_);
  if (!message_.empty()) text.append(state_.empty() ? " at " : ", at ").append(message_);
  if (sent) {
    text += state_.empty() && message_.empty() ? " The peer was told " : "; the peer was told ";
    text.append(name(alert_)).append(" (alert ").append(number(alert_)).append(")");
  }
  text += '.';
  return text;
}

std::string_view Error::advice() const noexcept {
  if (from_peer_) {
    if (const error::AlertRow* row = error::alert_row(alert_)) return row->advice;
  }
  return error::row(reason_).advice;
}

}  // namespace sesame
