#include "session/serialize.h"

#include <algorithm>

#include "policy/suites.h"
#include "wire/codec.h"

namespace sesame::session {
namespace {

// Another form gets another number, and whoever reads this one knows nothing of it: a session that cannot be
// read costs a full handshake.
constexpr std::uint8_t form = 1;

// Nanoseconds since 1970-01-01 00:00 UTC.
struct Time {
  std::uint32_t high, low;
  static constexpr auto fields(auto& m) { return std::tie(m.high, m.low); }

  static Time of(TimePoint at) noexcept {
    const auto count = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count());
    return {static_cast<std::uint32_t>(count >> 32), static_cast<std::uint32_t>(count)};
  }
  TimePoint point() const noexcept {
    const auto count = static_cast<std::int64_t>(std::uint64_t{high} << 32 | low);
    return TimePoint(std::chrono::duration_cast<TimePoint::duration>(std::chrono::nanoseconds(count)));
  }
  // Neither before 1970 nor so late that a lifetime cannot be added.
  bool is_sane() const noexcept {
    const TimePoint at = point();
    return at >= TimePoint() && at <= TimePoint::max() - max_ticket_lifetime;
  }
};

struct CertificateOctets {
  wire::opaque<1, 0xffffff> cert_data;
  static constexpr auto fields(auto& m) { return std::tie(m.cert_data); }
};

struct Form {
  std::uint8_t number = form;
  ProtocolVersion version{};
  CipherSuite cipher_suite{};
  Authentication authentication{};
  CertificateType peer_type{};
  Time issued{}, authenticated{};
  std::uint32_t lifetime = 0;  // seconds
  std::uint32_t age_add = 0;
  std::uint32_t max_early_data = 0;
  wire::opaque<32, 48> psk;
  wire::opaque<0, 0xffff> server_name;
  wire::opaque<0, 0xff> alpn;
  wire::opaque<0, 0xffff> psk_identity;
  wire::list<CertificateOctets, 0, 0xffffff> peer_chain;
  wire::opaque<0, 0xffff> ticket;
  static constexpr auto fields(auto& m) {
    return std::tie(m.number, m.version, m.cipher_suite, m.authentication, m.peer_type, m.issued,
                    m.authenticated, m.lifetime, m.age_add, m.max_early_data, m.psk, m.server_name, m.alpn,
                    m.psk_identity, m.peer_chain, m.ticket);
  }
};

bool is_authentication(Authentication a) {
  return a > Authentication::none && a <= Authentication::anonymous;
}
bool is_type(CertificateType t) { return t == CertificateType::x509 || t == CertificateType::raw_public_key; }

}  // namespace

SerializedSession::SerializedSession(const SessionBody& body) {
  wire::Buffer chain;
  bool fits = true;
  for (const auto& certificate : body.peer_chain) {
    fits = wire::encode(chain, CertificateOctets{{certificate}}) && fits;
  }
  const Form value{form,
                   body.version,
                   body.cipher_suite,
                   body.authentication,
                   body.peer_type,
                   Time::of(body.issued),
                   Time::of(body.authenticated),
                   static_cast<std::uint32_t>(body.lifetime.count()),
                   body.age_add,
                   body.max_early_data,
                   {body.psk.bytes()},
                   {as_bytes(body.server_name)},
                   {as_bytes(body.alpn)},
                   {as_bytes(body.psk_identity)},
                   {chain.bytes()},
                   {body.ticket}};
  // All at once: a buffer that grows leaves the secret behind where it was.
  reserved_ = wire::encoded_size(value);
  buffer_.reserve(reserved_);
  if (fits) wire::encode(buffer_, value);
}

SerializedSession::~SerializedSession() {
  buffer_.truncate(0);
  const MutableBytes all = buffer_.grow(reserved_);
  secret::wipe(all.data(), all.size());
}

Expected<Session> deserialize(Bytes octets) {
  const auto malformed = [](std::string_view what) {
    return fail(Reason::session_malformed, std::string(what));
  };
  if (octets.empty()) return malformed("it is empty");
  if (octets[0] != form) return malformed("form " + std::to_string(octets[0]));
  const auto value = wire::decode<Form>(octets);
  if (!value) return malformed("its length or the length of a field is wrong");
  // RFC 8446 only, until there are sessions of TLS 1.2.
  if (value->version != ProtocolVersion::tls13) return malformed("protocol version");
  if (policy::is_tls13(value->cipher_suite) != true) return malformed("cipher suite");
  const HashAlgorithm hash = policy::hash_of(value->cipher_suite);
  // Section 4.6.1: Hash.length octets, of the hash of the suite.
  if (value->psk.data.size() != (hash == HashAlgorithm::sha256 ? 32u : 48u)) return malformed("secret");
  if (!is_authentication(value->authentication)) return malformed("authentication");
  if (!is_type(value->peer_type)) return malformed("certificate type");
  if (!value->issued.is_sane() || !value->authenticated.is_sane()) return malformed("time");
  if (std::chrono::seconds(value->lifetime) > max_ticket_lifetime) return malformed("lifetime");

  SessionBody body;
  body.version = value->version;
  body.cipher_suite = value->cipher_suite;
  body.psk.assign(value->psk.data);
  body.issued = value->issued.point();
  body.authenticated = value->authenticated.point();
  body.lifetime = std::chrono::seconds(value->lifetime);
  body.age_add = value->age_add;
  body.max_early_data = value->max_early_data;
  body.authentication = value->authentication;
  body.peer_type = value->peer_type;
  body.server_name = as_text(value->server_name.data);
  body.alpn = as_text(value->alpn.data);
  body.psk_identity = as_text(value->psk_identity.data);
  value->peer_chain.for_each([&](const CertificateOctets& certificate) {
    body.peer_chain.emplace_back(certificate.cert_data.data.begin(), certificate.cert_data.data.end());
  });
  body.ticket.assign(value->ticket.data.begin(), value->ticket.data.end());
  return SessionAccess::make(std::move(body));
}

}  // namespace sesame::session
