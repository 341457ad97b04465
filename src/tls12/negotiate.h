// What a server of TLS 1.2 or below makes of a ClientHello: a row of steps that each read the Offer and fill
// one part of Negotiated.
//
// In the order of the steps: version, protocol, record limits, session or session secret, suite with group
// and certificate, and the extensions that hang on the suite. A suite is chosen only where all that its key
// exchange needs is there; the identity of a shared key comes later, so that a source is all that can be
// asked for.
#pragma once

#include <bitset>
#include <optional>

#include "certificate/certified_key.h"
#include "handshake/hello.h"
#include "policy/settings.h"
#include "tls12/common.h"

namespace sesame::tls12 {

/// Suites as a set: a hostile ClientHello has room for 32 thousand of them, which are gone through once.
class SuiteSet {
 public:
  void add(CipherSuite id) noexcept {
    if (const int i = index(id); i >= 0) bits_.set(static_cast<std::size_t>(i));
  }
  bool has(CipherSuite id) const noexcept {
    const int i = index(id);
    return i >= 0 && bits_.test(static_cast<std::size_t>(i));
  }

 private:
  static constexpr int index(CipherSuite id) noexcept {
    const unsigned value = static_cast<unsigned>(id), low = value & 0xff;
    switch (value >> 8) {  // the blocks of the registry that have suites of these versions
      case 0x00:
        return static_cast<int>(low);
      case 0xc0:
        return static_cast<int>(0x100 + low);
      case 0xcc:
        return static_cast<int>(0x200 + low);
      case 0xd0:
        return static_cast<int>(0x300 + low);
      default:
        return -1;
    }
  }
  std::bitset<0x400> bits_;
};

/// A ClientHello of TLS 1.2 or below. Views of the message.
struct Offer : handshake::Hello {
  ProtocolVersion version{};  ///< that both sides have
  SuiteSet suites;
  bool has_groups = false;  ///< supported_groups was sent
  wire::list<NamedGroup, 2, 0xffff> groups;
  bool has_ffdhe = false;  ///< one of the groups is finite-field (RFC 7919 section 4)
  bool extended_master_secret = false;
  bool encrypt_then_mac = false;
  bool signals_renegotiation = false;  ///< TLS_EMPTY_RENEGOTIATION_INFO_SCSV
  std::optional<Bytes> renegotiated_connection;
  std::optional<Bytes> session_ticket;  ///< the body of the extension
  certificate::Wanted12 wanted;         ///< of this side's certificate; which kind, the suite says
  bool takes_x509 = true;               ///< RFC 7250 section 4.2
  bool wants_staple = false;
};

/// `present` is the version of the connection, where it renegotiates. Errors: those of read_hello,
/// choose_version and read_server_name; renegotiation_changed, compression_not_null, point_format_missing,
/// malformed_message.
Expected<Offer> read_offer(const policy::Settings& settings, Bytes client_hello,
                           std::optional<ProtocolVersion> present);

/// What is chosen. Pointers are into the settings.
struct Negotiated {
  const std::string* alpn = nullptr;
  handshake::RecordLimits limits;
  const policy::Suite* suite = nullptr;
  std::optional<NamedGroup> group;   ///< of ECDHE or DHE
  certificate::Chosen certificate;   ///< no key: this side shows none
  bool staple = false;               ///< a CertificateStatus will come
  bool encrypt_then_mac = false;     ///< RFC 7366
  bool certificate_request = false;  ///< the client is asked for its certificate
  bool extended_master_secret = false;
};

/// RFC 5746 sections 3.6 and 3.7. `verify_data` is of the client's Finished before, empty in the first
/// handshake. True: the client has secure renegotiation. Error: renegotiation_info_wrong.
Expected<bool> check_renegotiation_info(const Offer& offer, Bytes verify_data);

/// The suite, its group and its certificate: the first of this side's suites that the client has and that can
/// work. Errors: no_common_suite, no_common_group, no_certificate_usable, no_common_signature_scheme,
/// no_common_certificate_type; the detail says what the best common suite lacks.
Expected<> choose_suite(const policy::Settings& settings, const Offer& offer, Negotiated& out);
/// The same where no key exchange will be done: with a session secret. `wanted` if it can be, else the first
/// that both sides have. Error: no_common_suite.
Expected<> choose_suite_of_secret(const policy::Settings& settings, const Offer& offer,
                                  std::optional<CipherSuite> wanted, Negotiated& out);
/// Whether the suite is one of both sides', for the version; nullptr: it is not.
const policy::Suite* common_suite(const policy::Settings& settings, const Offer& offer,
                                  CipherSuite id) noexcept;

/// What hangs on the suite: extended master secret, encrypt-then-MAC.
void choose_extensions(const policy::Settings& settings, const Offer& offer, Negotiated& out) noexcept;

}  // namespace sesame::tls12
