// Records that a MAC protects, in one direction: with a block cipher in CBC mode, or with none (RFC 5246
// sections 6.2.3.1 and 6.2.3.2, RFC 4346 and RFC 2246 section 6.2.3.2, RFC 7366).
#pragma once

#include "crypto/cbc.h"
#include "crypto/mac_key.h"
#include "record/block_keys.h"
#include "record/record.h"

namespace sesame::record {

/// What a MAC, and the additional data of an AEAD, begin with in TLS 1.2 and below: sequence number, type,
/// version and length (RFC 5246 sections 6.2.3.1 and 6.2.3.3).
struct PseudoHeader {
  PseudoHeader(std::uint64_t sequence, ContentType type, std::uint16_t version, std::size_t length) noexcept {
    for (std::size_t i = 8; i-- > 0; sequence >>= 8) octets[i] = static_cast<std::uint8_t>(sequence);
    Header{type, length, version}.write(MutableBytes(octets).subspan(8));
  }
  std::uint8_t octets[8 + header_size];
};

class MacRecords {
 public:
  /// May be called again. Errors: algorithm_unavailable (the provider cannot open such records in constant
  /// time), internal_error.
  Expected<> set_keys(const BlockKeys& keys, crypto::Aead::Direction direction);

  /// Octets in front of the content: an IV of its own (RFC 4346 section 6.2.3.2), or none.
  std::size_t prefix_size() const noexcept { return explicit_iv_ ? crypto::cbc_block_size : 0; }
  /// Whether the next IV can be seen by whoever may choose what is sent next.
  bool chains_iv() const noexcept { return algorithm_ && !explicit_iv_; }

  /// Octets of the whole record of so much content.
  std::size_t sealed_size(std::size_t content) const noexcept;
  /// The most content of a record that has `room` octets; 0 also where there is room for none at all.
  std::size_t most_content(std::size_t room) const noexcept;
  std::size_t most_expansion() const noexcept;
  std::size_t least_fragment() const noexcept;

  /// Writes a record of sealed_size() octets. The content may stand where it will, behind the prefix.
  Expected<> seal(std::uint64_t sequence, ContentType type, Bytes content, std::uint8_t* out);
  /// Opens a whole record in place; `content` is where it is then. False: it is not authentic, and nothing
  /// tells why, neither what is left of it nor the time.
  bool open(std::uint64_t sequence, MutableBytes record, MutableBytes& content) noexcept;

 private:
  std::size_t fragment_size(std::size_t content) const noexcept;
  Expected<> write_iv(std::uint8_t* out);
  bool open_plain(std::uint64_t sequence, const Header& header, MutableBytes body,
                  MutableBytes& content) noexcept;
  bool open_encrypted_then_mac(std::uint64_t sequence, const Header& header, MutableBytes body,
                               MutableBytes& content) noexcept;
  bool open_mac_then_encrypted(std::uint64_t sequence, const Header& header, MutableBytes body,
                               MutableBytes& content) noexcept;

  crypto::MacKey mac_;
  crypto::HiddenLengthMac hidden_mac_;  // of records to be opened whose MAC is encrypted
  crypto::Cbc cipher_;
  const crypto::CbcAlgorithm* algorithm_ = nullptr;  // nullptr: the MAC alone
  std::uint16_t version_ = 0;
  std::uint8_t mac_size_ = 0;
  bool explicit_iv_ = false;
  bool encrypt_then_mac_ = false;
};

}  // namespace sesame::record
