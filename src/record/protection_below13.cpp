// The forms of TLS 1.2 and below. The type of a record stays in its header.
#include <cstring>
#include <limits>

#include "record/mac_records.h"
#include "record/protection.h"
#include "secret/secret_bytes.h"

namespace sesame::record {
namespace {

constexpr std::uint16_t tls12 =
    static_cast<std::uint16_t>(ProtocolVersion::tls12);  // the only one with AEADs

}  // namespace

Expected<> Protection::set_keys(const BlockKeys& keys, crypto::Aead::Direction direction) {
  sequence_ = 0;
  form_ = Form::none;
  const crypto::AeadAlgorithm* const aead = keys.suite.aead;
  if (!aead) {
    aead_.clear();
    if (!macs_) macs_ = std::make_unique<MacRecords>();
    auto ok = macs_->set_keys(keys, direction);
    if (ok) {
      form_ = Form::macs;
    } else {
      macs_.reset();
    }
    return ok;
  }
  macs_.reset();
  const bool implicit = aead->is_chacha20_poly1305();
  if (keys.version != ProtocolVersion::tls12 || keys.iv.size() != (implicit ? sizeof iv_ : salt_size)) {
    aead_.clear();
    return fail(Reason::internal_error, "an AEAD without the salt of TLS 1.2");
  }
  std::memcpy(iv_, keys.iv.data(), keys.iv.size());
  auto ok = aead_.set_key(*aead, direction, keys.key);
  if (ok) form_ = implicit ? Form::implicit_nonce : Form::explicit_nonce;
  return ok;
}

// ---- sizes ----

bool Protection::macs_chain_iv() const noexcept { return macs_->chains_iv(); }
std::size_t Protection::macs_content_offset() const noexcept { return header_size + macs_->prefix_size(); }
std::size_t Protection::macs_sealed_size(std::size_t content) const noexcept {
  return macs_->sealed_size(content);
}
std::size_t Protection::macs_most_content(std::size_t room) const noexcept {
  return macs_->most_content(room);
}

std::size_t Protection::most_expansion() const noexcept {
  return form_ == Form::macs ? macs_->most_expansion() : overhead() - header_size;
}

std::size_t Protection::least_fragment() const noexcept {
  return form_ == Form::macs ? macs_->least_fragment() : overhead() - header_size;
}

// ---- records ----

Expected<> Protection::seal_below13(ContentType type, Bytes content, std::uint8_t* out) {
  if (sequence_ == std::numeric_limits<std::uint64_t>::max()) return fail(Reason::sequence_exhausted);
  if (form_ == Form::macs) {
    auto ok = macs_->seal(sequence_, type, content, out);
    if (ok) ++sequence_;
    return ok;
  }
  if (form_ == Form::none) return fail(Reason::internal_error, "no keys to seal a record");
  // RFC 5246 section 6.2.3.3: the length in the additional data is that of the content.
  const PseudoHeader additional(sequence_, type, tls12, content.size());
  Header{type, sealed_size(content.size()) - header_size, tls12}.write({out, header_size});
  std::uint8_t nonce[crypto::aead_nonce_size];
  if (form_ == Form::explicit_nonce) {
    // RFC 5288 section 3: the explicit part may be the sequence number, and so it never comes twice.
    std::memcpy(nonce, iv_, salt_size);
    std::memcpy(nonce + salt_size, additional.octets, explicit_nonce_size);
    std::memcpy(out + header_size, additional.octets, explicit_nonce_size);
  } else {
    make_nonce(nonce);  // RFC 7905 section 2
  }
  if (!aead_.seal(nonce, additional.octets, content, {}, out + content_offset()))
    return fail(Reason::internal_error, "libcrypto did not seal a record");
  ++sequence_;
  return {};
}

Expected<Opened> Protection::open_below13(MutableBytes record) {
  if (sequence_ == std::numeric_limits<std::uint64_t>::max()) return fail(Reason::sequence_exhausted);
  const Header header = Header::read(record);
  const MutableBytes body = record.subspan(header_size);
  Opened opened{header.type, {}};
  bool authentic = false;
  if (form_ == Form::macs) {
    authentic = macs_->open(sequence_, record, opened.content);
  } else if (form_ != Form::none && body.size() >= least_fragment()) {
    const MutableBytes sealed = record.subspan(content_offset());
    opened.content = sealed.first(sealed.size() - tag_size());
    const PseudoHeader additional(sequence_, header.type, tls12, opened.content.size());
    std::uint8_t nonce[crypto::aead_nonce_size];
    if (form_ == Form::explicit_nonce) {
      std::memcpy(nonce, iv_, salt_size);
      std::memcpy(nonce + salt_size, body.data(), explicit_nonce_size);
    } else {
      make_nonce(nonce);
    }
    authentic = aead_.open(nonce, additional.octets, sealed);
  }
  if (!authentic) {
    secret::wipe(body.data(), body.size());
    return fail(Reason::record_mac_wrong);
  }
  ++sequence_;
  return opened;
}

}  // namespace sesame::record
