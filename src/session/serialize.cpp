#include "session/serialize.h"

#include <algorithm>

#include "policy/suites.h"
#include "wire/codec.h"

namespace sesame::session {
namespace {

// Another form gets another number, and whoever reads this one knows nothing of it: a session that cannot be
// read costs a full handshake. Each of the two is for its versions only.
constexpr std::uint8_t form_tls13 = 1, form_below = 2;

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
  std::uint8_t number = form_tls13;
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

// TLS 1.2 and below: age_add and max_early_data are 0.
struct FormBelow {
  Form common;
  wire::opaque<0, 32> session_id;
  std::uint8_t flags = 0;
  static constexpr std::uint8_t extended_master_secret = 1, encrypt_then_mac = 2;
  static constexpr auto fields(auto& m) { return std::tie(m.common, m.session_id, m.flags); }
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
  const bool is_below = body.version < ProtocolVersion::tls13;
  const Form value{is_below ? form_below : form_tls13,
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
  const auto write = [&](const auto& form) {
    reserved_ = wire::encoded_size(form);
    buffer_.reserve(reserved_);
    if (fits) wire::encode(buffer_, form);
  };
  if (!is_below) {
    write(value);
    return;
  }
  const int flags = (body.extended_master_secret ? FormBelow::extended_master_secret : 0) |
                    (body.encrypt_then_mac ? FormBelow::encrypt_then_mac : 0);
  write(FormBelow{value, {body.session_id}, static_cast<std::uint8_t>(flags)});
}

SerializedSession::~SerializedSession() {
  buffer_.truncate(0);
  const MutableBytes all = buffer_.grow(reserved_);
  secret::wipe(all.data(), all.size());
}

namespace {

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Reason::session_malformed, std::string(what));
}

constexpr std::string_view wrong_length = "its length or the length of a field is wrong";

// What both forms have.
Expected<SessionBody> read_common(const Form& form) {
  if (!policy::is_for(form.cipher_suite, form.version)) return malformed("cipher suite");
  // RFC 8446 section 4.6.1: Hash.length octets, of the hash of the suite. RFC 5246 section 8.1: 48 octets.
  const bool is_short =
      form.version == ProtocolVersion::tls13 && policy::hash_of(form.cipher_suite) == HashAlgorithm::sha256;
  if (form.psk.data.size() != (is_short ? 32u : 48u)) return malformed("secret");
  if (!is_authentication(form.authentication)) return malformed("authentication");
  if (!is_type(form.peer_type)) return malformed("certificate type");
  if (!form.issued.is_sane() || !form.authenticated.is_sane()) return malformed("time");
  if (std::chrono::seconds(form.lifetime) > max_ticket_lifetime) return malformed("lifetime");

  SessionBody body;
  body.version = form.version;
  body.cipher_suite = form.cipher_suite;
  body.psk.assign(form.psk.data);
  body.issued = form.issued.point();
  body.authenticated = form.authenticated.point();
  body.lifetime = std::chrono::seconds(form.lifetime);
  body.age_add = form.age_add;
  body.max_early_data = form.max_early_data;
  body.authentication = form.authentication;
  body.peer_type = form.peer_type;
  body.server_name = as_text(form.server_name.data);
  body.alpn = as_text(form.alpn.data);
  body.psk_identity = as_text(form.psk_identity.data);
  form.peer_chain.for_each([&](const CertificateOctets& certificate) {
    body.peer_chain.emplace_back(certificate.cert_data.data.begin(), certificate.cert_data.data.end());
  });
  body.ticket.assign(form.ticket.data.begin(), form.ticket.data.end());
  return body;
}

Expected<SessionBody> read_tls13(Bytes octets) {
  const auto value = wire::decode<Form>(octets);
  if (!value) return malformed(wrong_length);
  if (value->version != ProtocolVersion::tls13) return malformed("protocol version");
  return read_common(*value);
}

Expected<SessionBody> read_below(Bytes octets) {
  const auto value = wire::decode<FormBelow>(octets);
  if (!value) return malformed(wrong_length);
  const Form& common = value->common;
  if (common.version < ProtocolVersion::tls10 || common.version > ProtocolVersion::tls12)
    return malformed("protocol version");
  if (common.age_add != 0 || common.max_early_data != 0) return malformed("early data below TLS 1.3");
  // RFC 5077 section 3.4: who receives a ticket discards the identifier.
  if (!common.ticket.data.empty() && !value->session_id.data.empty())
    return malformed("a ticket and an identifier");
  if ((value->flags & ~(FormBelow::extended_master_secret | FormBelow::encrypt_then_mac)) != 0)
    return malformed("flags");
  auto body = read_common(common);
  if (!body) return body;
  body->session_id.assign(value->session_id.data.begin(), value->session_id.data.end());
  body->extended_master_secret = (value->flags & FormBelow::extended_master_secret) != 0;
  body->encrypt_then_mac = (value->flags & FormBelow::encrypt_then_mac) != 0;
  return body;
}

}  // namespace

Expected<Session> deserialize(Bytes octets) {
  if (octets.empty()) return malformed("it is empty");
  if (octets[0] != form_tls13 && octets[0] != form_below)
    return malformed("form " + std::to_string(octets[0]));
  auto body = octets[0] == form_tls13 ? read_tls13(octets) : read_below(octets);
  if (!body) return std::unexpected(std::move(body.error()));
  return SessionAccess::make(std::move(*body));
}

}  // namespace sesame::session
