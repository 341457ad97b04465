// Protected records of TLS 1.3 in one direction (RFC 8446 sections 5.2 to 5.4).
#pragma once

#include "crypto/aead.h"
#include "record/block_keys.h"
#include "record/record.h"

namespace sesame::record {

/// What was in a record. `content` stands where the record stood.
struct Opened {
  ContentType type;
  MutableBytes content;
};

class Protection {
 public:
  Protection() noexcept = default;
  Protection(const Protection&) = delete;
  Protection& operator=(const Protection&) = delete;
  Protection& operator=(Protection&& other) noexcept;
  ~Protection() { clear(); }

  bool active() const noexcept { return aead_.keyed(); }
  /// From the next record on, with the sequence number at 0. `iv` has 12 octets.
  Expected<> set_keys(const crypto::AeadAlgorithm& algorithm, crypto::Aead::Direction direction, Bytes key,
                      Bytes iv);
  /// TLS 1.2 and below (RFC 5246 section 6.2.3).
  Expected<> set_keys(const BlockKeys& keys, crypto::Aead::Direction direction);
  void clear() noexcept;

  /// TLS 1.3: the content type is inside, and all records say application_data.
  bool hides_type() const noexcept { return true; }
  /// Octets that the form adds to content at most, without the header; and that a record has at least.
  std::size_t most_expansion() const noexcept { return 1 + tag_size(); }
  std::size_t least_fragment() const noexcept { return 1 + tag_size(); }

  /// Octets that sealing adds to content and padding: header, inner content type, tag.
  std::size_t overhead() const noexcept { return header_size + 1 + aead_.algorithm().tag_size(); }
  std::size_t tag_size() const noexcept { return aead_.algorithm().tag_size(); }
  std::uint64_t records() const noexcept { return sequence_; }  ///< under the present key

  /// Writes the record of `content`, with `padding` zeros, to `out`: overhead() + content + padding octets.
  /// The content may stand where it will stand in the record (out + header_size). Content and padding have
  /// max_plaintext octets at most. Errors: sequence_exhausted, internal_error.
  Expected<> seal(ContentType type, Bytes content, std::size_t padding, std::uint8_t* out);

  /// Opens a whole record, header included, in place. Errors: record_mac_wrong, record_content_empty (no
  /// content type), sequence_exhausted. A record that is not authentic is wiped: nobody sees what it would
  /// have said.
  Expected<Opened> open(MutableBytes record);

 private:
  friend struct ProtectionTestAccess;
  void make_nonce(std::uint8_t (&nonce)[crypto::aead_nonce_size]) const noexcept;

  crypto::Aead aead_;
  std::uint8_t iv_[crypto::aead_nonce_size];
  std::uint64_t sequence_ = 0;
};

}  // namespace sesame::record
