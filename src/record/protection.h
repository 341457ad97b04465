// Protected records in one direction: TLS 1.3 (RFC 8446 sections 5.2 to 5.4), and TLS 1.2 and below (RFC 5246
// section 6.2.3).
#pragma once

#include <memory>

#include "crypto/aead.h"
#include "record/block_keys.h"
#include "record/record.h"

namespace sesame::record {

class MacRecords;

/// What was in a record. `content` stands where the record stood.
struct Opened {
  ContentType type;
  MutableBytes content;
};

class Protection {
 public:
  Protection() noexcept;
  Protection(const Protection&) = delete;
  Protection& operator=(const Protection&) = delete;
  Protection& operator=(Protection&& other) noexcept;
  ~Protection();

  bool active() const noexcept { return form_ != Form::none; }
  /// TLS 1.3, from the next record on, with the sequence number at 0. `iv` has 12 octets. Error:
  /// internal_error; it is then not active.
  Expected<> set_keys(const crypto::AeadAlgorithm& algorithm, crypto::Aead::Direction direction, Bytes key,
                      Bytes iv);
  /// TLS 1.2 and below, likewise. Errors: internal_error, algorithm_unavailable (libcrypto could not open
  /// such records in constant time).
  Expected<> set_keys(const BlockKeys& keys, crypto::Aead::Direction direction);
  void clear() noexcept;

  /// TLS 1.3: the content type is inside, and all records say application_data.
  bool hides_type() const noexcept { return form_ == Form::tls13; }
  /// TLS 1.0 with a CBC cipher: the IV of a record is known before what it protects, so that application data
  /// is sent an octet ahead.
  bool chains_iv() const noexcept { return form_ == Form::macs && macs_chain_iv(); }

  // ---- sizes, in octets; of an active one ----

  /// What the form adds to content at most, without the header; and what a record has at least.
  std::size_t most_expansion() const noexcept;
  std::size_t least_fragment() const noexcept;
  /// Where the content stands in a record: behind the header, and the nonce or IV where the record has one.
  std::size_t content_offset() const noexcept {
    if (form_ == Form::macs) return macs_content_offset();
    return form_ == Form::explicit_nonce ? header_size + explicit_nonce_size : header_size;
  }
  /// The whole record of so much content, without padding of TLS 1.3.
  std::size_t sealed_size(std::size_t content) const noexcept {
    return form_ == Form::macs ? macs_sealed_size(content) : overhead() + content;
  }
  /// The most content whose record fits into `room`; 0 also where no record fits.
  std::size_t most_content(std::size_t room) const noexcept {
    if (form_ == Form::macs) return macs_most_content(room);
    return room > overhead() ? room - overhead() : 0;
  }
  /// With an AEAD: what sealing adds to content and padding.
  std::size_t overhead() const noexcept {
    constexpr std::uint8_t sizes[] = {0, header_size + 1, header_size + explicit_nonce_size, header_size, 0};
    return sizes[static_cast<std::size_t>(form_)] + tag_size();
  }
  std::size_t tag_size() const noexcept { return aead_.algorithm().tag_size(); }
  std::uint64_t records() const noexcept { return sequence_; }  ///< under the present key

  /// Writes the record of `content`, with `padding` zeros (TLS 1.3 only), to `out`: sealed_size() + padding
  /// octets. The content may stand where it will stand in the record (out + content_offset()). Content and
  /// padding have max_plaintext octets at most. Errors: sequence_exhausted, internal_error.
  Expected<> seal(ContentType type, Bytes content, std::size_t padding, std::uint8_t* out) {
    if (form_ == Form::tls13) return seal_tls13(type, content, padding, out);
    return seal_below13(type, content, out);
  }

  /// Opens a whole record, header included, in place. Errors: record_mac_wrong, record_content_empty
  /// (TLS 1.3: no content type), sequence_exhausted. A record that is not authentic is wiped: nobody sees
  /// what it would have said. What was wrong with it neither the error nor the time tells.
  Expected<Opened> open(MutableBytes record) {
    return form_ == Form::tls13 ? open_tls13(record) : open_below13(record);
  }

 private:
  friend struct ProtectionTestAccess;
  enum class Form : std::uint8_t {
    none,
    tls13,
    explicit_nonce,  // RFC 5288, RFC 6655, RFC 6209
    implicit_nonce,  // RFC 7905
    macs,
  };
  static constexpr std::size_t explicit_nonce_size = 8;  // RFC 5288 section 3
  static constexpr std::size_t salt_size = 4;

  Expected<> seal_tls13(ContentType type, Bytes content, std::size_t padding, std::uint8_t* out);
  Expected<> seal_below13(ContentType type, Bytes content, std::uint8_t* out);
  Expected<Opened> open_tls13(MutableBytes record);
  Expected<Opened> open_below13(MutableBytes record);
  // What MacRecords says.
  bool macs_chain_iv() const noexcept;
  std::size_t macs_content_offset() const noexcept;
  std::size_t macs_sealed_size(std::size_t content) const noexcept;
  std::size_t macs_most_content(std::size_t room) const noexcept;
  void make_nonce(std::uint8_t (&nonce)[crypto::aead_nonce_size]) const noexcept;

  crypto::Aead aead_;
  std::unique_ptr<MacRecords> macs_;  // kept until keys of another form come
  std::uint8_t iv_[crypto::aead_nonce_size];
  Form form_ = Form::none;
  std::uint64_t sequence_ = 0;
};

}  // namespace sesame::record
