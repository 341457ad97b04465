// The permission table of RFC 8446 section 4.2, and the reading of an extension block by it.
#pragma once

#include <sesame/bytes.h>
#include <sesame/error.h>

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "extension/extension_type.h"
#include "message/extension.h"

namespace sesame::extension {

/// The messages that carry extensions. SH12 is the ServerHello of TLS 1.2 and below.
enum class In : std::uint8_t { CH = 1, SH = 2, EE = 4, CT = 8, CR = 16, NST = 32, HRR = 64, SH12 = 128 };
constexpr std::uint8_t operator|(In a, In b) {
  return static_cast<std::uint8_t>(static_cast<int>(a) | static_cast<int>(b));
}
constexpr std::uint8_t operator|(std::uint8_t a, In b) {
  return static_cast<std::uint8_t>(a | static_cast<int>(b));
}

struct Row {
  ExtensionType type;
  std::string_view name;
  std::uint8_t in;  ///< the messages that may carry it
};

// The table of section 4.2, with a column for the ServerHello of TLS 1.2 and below. supported_groups there is
// what older servers send unasked for; nobody reads it.
inline constexpr auto rows = std::to_array<Row>({
    {ExtensionType::server_name, "server_name", In::CH | In::EE | In::SH12},
    {ExtensionType::max_fragment_length, "max_fragment_length", In::CH | In::EE | In::SH12},
    {ExtensionType::status_request, "status_request", In::CH | In::CR | In::CT | In::SH12},
    {ExtensionType::supported_groups, "supported_groups", In::CH | In::EE | In::SH12},
    {ExtensionType::ec_point_formats, "ec_point_formats", In::CH | In::SH12},
    {ExtensionType::signature_algorithms, "signature_algorithms", In::CH | In::CR},
    {ExtensionType::use_srtp, "use_srtp", In::CH | In::EE | In::SH12},
    {ExtensionType::heartbeat, "heartbeat", In::CH | In::EE | In::SH12},
    {ExtensionType::application_layer_protocol_negotiation, "application_layer_protocol_negotiation",
     In::CH | In::EE | In::SH12},
    {ExtensionType::signed_certificate_timestamp, "signed_certificate_timestamp",
     In::CH | In::CR | In::CT | In::SH12},
    {ExtensionType::client_certificate_type, "client_certificate_type", In::CH | In::EE | In::SH12},
    {ExtensionType::server_certificate_type, "server_certificate_type", In::CH | In::EE | In::SH12},
    {ExtensionType::padding, "padding", static_cast<std::uint8_t>(In::CH)},
    {ExtensionType::encrypt_then_mac, "encrypt_then_mac", In::CH | In::SH12},
    {ExtensionType::extended_master_secret, "extended_master_secret", In::CH | In::SH12},
    {ExtensionType::compress_certificate, "compress_certificate", In::CH | In::CR},  // RFC 8879 section 3
    {ExtensionType::record_size_limit, "record_size_limit",
     In::CH | In::EE | In::SH12},  // RFC 8449 section 4
    {ExtensionType::tls_cert_with_extern_psk, "tls_cert_with_extern_psk",
     In::CH | In::SH},  // RFC 8773 section 5
    {ExtensionType::session_ticket, "session_ticket", In::CH | In::SH12},
    {ExtensionType::pre_shared_key, "pre_shared_key", In::CH | In::SH},
    {ExtensionType::early_data, "early_data", In::CH | In::EE | In::NST},
    {ExtensionType::supported_versions, "supported_versions", In::CH | In::SH | In::HRR},
    {ExtensionType::cookie, "cookie", In::CH | In::HRR},
    {ExtensionType::psk_key_exchange_modes, "psk_key_exchange_modes", static_cast<std::uint8_t>(In::CH)},
    {ExtensionType::certificate_authorities, "certificate_authorities", In::CH | In::CR},
    {ExtensionType::oid_filters, "oid_filters", static_cast<std::uint8_t>(In::CR)},
    {ExtensionType::post_handshake_auth, "post_handshake_auth", static_cast<std::uint8_t>(In::CH)},
    {ExtensionType::signature_algorithms_cert, "signature_algorithms_cert", In::CH | In::CR},
    {ExtensionType::key_share, "key_share", In::CH | In::SH | In::HRR},
    {ExtensionType::renegotiation_info, "renegotiation_info", In::CH | In::SH12},
});

namespace detail {
consteval auto low_rows() {
  std::array<std::int8_t, 64> index{};
  index.fill(-1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].type) < index.size())
      index[static_cast<std::size_t>(rows[i].type)] = static_cast<std::int8_t>(i);
  }
  return index;
}
inline constexpr auto row_of_low_type = low_rows();
}  // namespace detail

/// The row of `type` in the table; -1 if it has none.
constexpr int row_of(ExtensionType type) noexcept {
  const auto value = static_cast<std::size_t>(type);
  if (value < detail::row_of_low_type.size()) return detail::row_of_low_type[value];
  return type == ExtensionType::renegotiation_info ? static_cast<int>(rows.size()) - 1 : -1;
}
static_assert(rows.size() <= 32 && rows.back().type == ExtensionType::renegotiation_info);

/// The registered name, or the number.
std::string name(ExtensionType type);

/// A set of extensions that have a row.
class TypeSet {
 public:
  constexpr void add(ExtensionType type) noexcept { bits_ |= bit(type); }
  constexpr bool has(ExtensionType type) const noexcept { return (bits_ & bit(type)) != 0; }
  constexpr bool operator==(const TypeSet&) const noexcept = default;

 private:
  static constexpr std::uint32_t bit(ExtensionType type) noexcept {
    const int row = row_of(type);
    return row < 0 ? 0 : std::uint32_t{1} << row;
  }
  std::uint32_t bits_ = 0;
};

/// The extensions of one message, found once. The bodies are views of the message.
class Extensions {
 public:
  /// Checks and indexes `block`. In a message that answers (all but ClientHello, CertificateRequest and
  /// NewSessionTicket, where one without a row is ignored), an extension that is not in `requested` is
  /// refused; a cookie in a HelloRetryRequest needs no request (section 4.2), nor does supported_groups in a
  /// ServerHello of TLS 1.2. Errors: extension_duplicate,
  /// extension_misplaced, extension_unsolicited, psk_extension_not_last.
  static Expected<Extensions> parse(const wire::list<message::Extension, 0, 0xffff>& block, In in,
                                    const TypeSet& requested);

  bool has(ExtensionType type) const noexcept { return present_.has(type); }
  /// The extension_data; empty as well where the extension is missing.
  Bytes operator[](ExtensionType type) const noexcept { return has(type) ? data_[row_of(type)] : Bytes{}; }
  const TypeSet& present() const noexcept { return present_; }

  /// The extension as a T. Errors: extension_missing, malformed_message with the extension's name.
  template <class T>
  Expected<T> read(ExtensionType type) const {
    if (!has(type)) return fail(Reason::extension_missing, name(type));
    const auto value = wire::decode<T>((*this)[type]);
    if (!value) return fail(Reason::malformed_message, "the extension " + name(type));
    return *value;
  }

 private:
  TypeSet present_;
  std::array<Bytes, rows.size()> data_;  // read only where present_ says so
};

}  // namespace sesame::extension
