// PAC TLVs (RFC 5422 section 4.2).
#include <sesame/eap_fast.h>

#include <algorithm>

#include "secret/secret_bytes.h"
#include "wire/codec.h"

namespace sesame::eap_fast {

namespace {

enum class Attribute : std::uint16_t {  // section 4.2.1
  pac_key = 1,
  pac_opaque = 2,
  pac_lifetime = 3,
  a_id = 4,
  i_id = 5,
  a_id_info = 7,
  pac_acknowledgement = 8,
  pac_info = 9,
  pac_type = 10,
};

constexpr std::uint16_t pac_tlv_type = 11, mandatory_bit = 0x8000, type_bits = 0x3fff;

std::unexpected<Error> malformed(const char* what) {
  return fail(Reason::malformed_message, std::string("PAC: ") + what);
}

template <class Body>
void attribute(wire::Writer& w, Attribute type, Body&& body) {
  w.uint(static_cast<std::uint32_t>(type), 2);
  w.prefixed(2, std::forward<Body>(body));
}

std::uint32_t seconds(TimePoint time) {
  const auto count = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, UINT32_MAX));
}

// Calls f(type, value) for each attribute. False: cut short, or one stands there twice.
template <class F>
bool for_each_attribute(Bytes octets, F&& f) {
  wire::Reader r(octets);
  std::uint32_t seen = 0;
  while (!r.empty()) {
    const std::uint32_t type = r.uint(2) & type_bits;
    const Bytes value = r.take(r.uint(2));
    if (!r.ok()) return false;
    const std::uint32_t bit = type < 32 ? std::uint32_t{1} << type : 0;
    if ((seen & bit) != 0) return false;
    seen |= bit;
    f(static_cast<Attribute>(type), value);
  }
  return true;
}

Expected<PacInfo> read_info(Bytes octets) {
  PacInfo info;
  bool has_a_id = false, ok = true;
  const bool whole = for_each_attribute(octets, [&](Attribute type, Bytes value) {
    wire::Reader r(value);
    switch (type) {
      case Attribute::a_id:
        has_a_id = !value.empty();
        info.a_id.assign(value.begin(), value.end());
        break;
      case Attribute::a_id_info:
        info.a_id_info = as_text(value);
        break;
      case Attribute::i_id:
        info.i_id.emplace(value.begin(), value.end());
        break;
      case Attribute::pac_lifetime:
        ok = ok && value.size() == 4;
        info.lifetime = TimePoint(std::chrono::seconds(r.uint(4)));
        break;
      case Attribute::pac_type:
        ok = ok && value.size() == 2;
        info.type = static_cast<PacType>(r.uint(2));
        break;
      case Attribute::pac_key:
      case Attribute::pac_opaque:
      case Attribute::pac_info:
      case Attribute::pac_acknowledgement:
        ok = false;  // section 4.2.4: MUST NOT
        break;
      default:
        break;
    }
  });
  if (!whole || !ok) return malformed("a PAC-Info that is cut short, or with what must not be in it");
  if (!has_a_id) return malformed("a PAC-Info without A-ID");
  return info;
}

}  // namespace

Pac::~Pac() { secret::wipe(key.data(), key.size()); }

Expected<std::vector<std::uint8_t>> encode_pac_tlv(const Pac& pac) {
  if (pac.opaque.empty()) return fail(Reason::invalid_argument, "a PAC-Opaque is not empty");
  if (pac.info.a_id.empty())
    return fail(Reason::invalid_argument, "a PAC-Info has an A-ID (RFC 5422 section 4.2.4)");
  wire::Buffer out;
  // The whole at once: no copy of the key is left behind by a buffer that grows.
  out.reserve(pac.opaque.size() + pac.info.a_id.size() + pac.info.a_id_info.size() +
              (pac.info.i_id ? pac.info.i_id->size() : 0) + pac_key_size + 64);
  wire::Writer w(out);
  w.uint(mandatory_bit | pac_tlv_type, 2);
  w.prefixed(2, [&] {
    attribute(w, Attribute::pac_key, [&] { w.put(pac.key); });
    attribute(w, Attribute::pac_opaque, [&] { w.put(pac.opaque); });
    attribute(w, Attribute::pac_info, [&] {
      if (pac.info.lifetime)
        attribute(w, Attribute::pac_lifetime, [&] { w.uint(seconds(*pac.info.lifetime), 4); });
      attribute(w, Attribute::a_id, [&] { w.put(pac.info.a_id); });
      if (pac.info.i_id) attribute(w, Attribute::i_id, [&] { w.put(*pac.info.i_id); });
      attribute(w, Attribute::a_id_info, [&] { w.put(as_bytes(pac.info.a_id_info)); });
      attribute(w, Attribute::pac_type, [&] { w.uint(static_cast<std::uint32_t>(pac.info.type), 2); });
    });
  });
  const MutableBytes octets = out.from(0);
  std::vector<std::uint8_t> encoded(octets.begin(), octets.end());
  secret::wipe(octets.data(), octets.size());
  if (w.ok()) return encoded;
  secret::wipe(encoded.data(), encoded.size());
  return fail(Reason::invalid_argument, "a field of the PAC is longer than 65535 octets");
}

Expected<Pac> decode_pac_tlv(Bytes tlv) {
  wire::Reader r(tlv);
  if ((r.uint(2) & type_bits) != pac_tlv_type) return malformed("not a PAC TLV");
  const Bytes attributes = r.take(r.uint(2));
  if (!r.ok() || !r.empty()) return malformed("its length is not that of the TLV");
  Pac pac;
  bool has_key = false;
  std::optional<Bytes> info;
  const bool whole = for_each_attribute(attributes, [&](Attribute type, Bytes value) {
    if (type == Attribute::pac_key && value.size() == pac.key.size()) {
      has_key = true;
      std::ranges::copy(value, pac.key.begin());
    } else if (type == Attribute::pac_opaque) {
      pac.opaque.assign(value.begin(), value.end());
    } else if (type == Attribute::pac_info) {
      info = value;
    }
  });
  if (!whole) return malformed("an attribute is cut short, or stands there twice");
  if (!has_key || pac.opaque.empty() || !info) return malformed("PAC-Key, PAC-Opaque or PAC-Info is missing");
  auto read = read_info(*info);
  if (!read) return std::unexpected(std::move(read.error()));
  pac.info = std::move(*read);
  return pac;
}

Expected<std::vector<std::uint8_t>> encode_pac_opaque(Bytes opaque) {
  if (opaque.empty() || opaque.size() > 0xffff - 4)
    return fail(Reason::invalid_argument, "a PAC-Opaque in a SessionTicket has 1 to 65531 octets");
  const std::size_t size = opaque.size();
  std::vector<std::uint8_t> out = {0, static_cast<std::uint8_t>(Attribute::pac_opaque),
                                   static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
  out.insert(out.end(), opaque.begin(), opaque.end());
  return out;
}

Expected<Bytes> decode_pac_opaque(Bytes session_ticket) {
  wire::Reader r(session_ticket);
  const bool is_opaque = (r.uint(2) & type_bits) == static_cast<std::uint32_t>(Attribute::pac_opaque);
  const Bytes opaque = r.take(r.uint(2));
  if (!r.ok() || !is_opaque || !r.empty() || opaque.empty()) return malformed("the ticket is no PAC-Opaque");
  return opaque;
}

}  // namespace sesame::eap_fast
