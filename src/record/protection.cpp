#include "record/protection.h"

#include <cassert>
#include <cstring>
#include <limits>

#include "record/mac_records.h"
#include "secret/secret_bytes.h"

namespace sesame::record {

Protection::Protection() noexcept = default;
Protection::~Protection() { clear(); }

Expected<> Protection::set_keys(const crypto::AeadAlgorithm& algorithm, crypto::Aead::Direction direction,
                                Bytes key, Bytes iv) {
  sequence_ = 0;
  std::memcpy(iv_, iv.data(), sizeof iv_);
  auto ok = aead_.set_key(algorithm, direction, key);
  form_ = ok ? Form::tls13 : Form::none;
  return ok;
}

void Protection::clear() noexcept {
  aead_.clear();
  macs_.reset();
  form_ = Form::none;
  secret::wipe(iv_, sizeof iv_);
}

Protection& Protection::operator=(Protection&& other) noexcept {
  if (this == &other) return *this;
  clear();
  aead_ = std::move(other.aead_);
  macs_ = std::move(other.macs_);
  std::memcpy(iv_, other.iv_, sizeof iv_);
  form_ = other.form_;
  sequence_ = other.sequence_;
  other.clear();
  return *this;
}

// Section 5.3: the sequence number in network order, padded on the left, XORed with the IV.
void Protection::make_nonce(std::uint8_t (&nonce)[crypto::aead_nonce_size]) const noexcept {
  std::memcpy(nonce, iv_, sizeof nonce);
  std::uint64_t n = sequence_;
  for (std::size_t i = sizeof nonce; n != 0; n >>= 8) nonce[--i] ^= static_cast<std::uint8_t>(n);
}

Expected<> Protection::seal_tls13(ContentType type, Bytes content, std::size_t padding, std::uint8_t* out) {
  assert(content.size() + 1 + padding + tag_size() <= 0xffff);  // what the length of a record can say
  if (sequence_ == std::numeric_limits<std::uint64_t>::max()) return fail(Reason::sequence_exhausted);
  std::uint8_t nonce[crypto::aead_nonce_size];
  make_nonce(nonce);
  const Header header{ContentType::application_data, content.size() + 1 + padding + tag_size()};
  header.write({out, header_size});
  std::uint8_t* const body = out + header_size;
  bool ok;
  if (padding == 0) {
    const auto inner_type = static_cast<std::uint8_t>(type);
    ok = aead_.seal({nonce, sizeof nonce}, {out, header_size}, content, {&inner_type, 1}, body);
  } else {
    if (content.data() != body && !content.empty()) std::memmove(body, content.data(), content.size());
    body[content.size()] = static_cast<std::uint8_t>(type);
    std::memset(body + content.size() + 1, 0, padding);
    ok =
        aead_.seal({nonce, sizeof nonce}, {out, header_size}, {body, content.size() + 1 + padding}, {}, body);
  }
  if (!ok) return fail(Reason::internal_error, "libcrypto did not seal a record");
  ++sequence_;
  return {};
}

Expected<Opened> Protection::open_tls13(MutableBytes record) {
  if (sequence_ == std::numeric_limits<std::uint64_t>::max()) return fail(Reason::sequence_exhausted);
  std::uint8_t nonce[crypto::aead_nonce_size];
  make_nonce(nonce);
  const MutableBytes sealed = record.subspan(header_size);
  // The header as it was received is the additional data, whatever legacy_record_version it has
  // (section 5.2).
  if (!aead_.open({nonce, sizeof nonce}, record.first(header_size), sealed)) {
    secret::wipe(sealed.data(), sealed.size());
    return fail(Reason::record_mac_wrong);
  }
  ++sequence_;
  const MutableBytes inner = sealed.first(sealed.size() - tag_size());
  // Section 5.4: the last octet that is not zero is the content type.
  std::size_t size = inner.size();
  while (size > 0 && inner[size - 1] == 0) --size;
  if (size == 0) return fail(Reason::record_content_empty, "a protected record without a content type");
  return Opened{static_cast<ContentType>(inner[size - 1]), inner.first(size - 1)};
}

}  // namespace sesame::record
