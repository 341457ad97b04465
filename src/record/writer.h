// Records on their way out: handshake messages are composed where their record will stand, and sealed in
// place.
#pragma once

#include <sesame/context.h>

#include <cstdint>
#include <optional>

#include "record/protection.h"
#include "wire/buffer.h"

namespace sesame::record {

class Writer {
 public:
  wire::Buffer& output() noexcept { return output_; }
  const wire::Buffer& output() const noexcept { return output_; }
  Protection& protection() noexcept { return protection_; }
  const Protection& protection() const noexcept { return protection_; }

  /// What the headers of records say from now on.
  void set_version(ProtocolVersion version) noexcept { version_ = version; }

  /// The most content that the peer takes in a protected record, in octets.
  void limit_content(std::size_t octets) noexcept { max_content_ = static_cast<std::uint16_t>(octets); }
  /// The same for records that are not protected.
  void limit_plain_content(std::size_t octets) noexcept {
    max_plain_content_ = static_cast<std::uint16_t>(octets);
  }
  std::size_t max_content() const noexcept { return max_content_; }
  void pad_to(std::size_t block) noexcept {
    padding_block_ = static_cast<std::uint16_t>(block > max_plaintext ? max_plaintext : block);
  }

  /// Handshake messages are appended to the returned buffer until flush() makes records of them: several
  /// messages share a record, a long one gets several.
  wire::Buffer& handshake_messages();
  Expected<> flush();

  Expected<> alert(std::uint8_t level, std::uint8_t description);
  Expected<> change_cipher_spec();
  /// All of `data`, in as many records as it needs.
  Expected<> application_data(Bytes data);

  /// Straight into `into`, as many octets of `data` as fit. Returns what was taken and written.
  struct Sealed {
    std::size_t consumed, written;
  };
  Expected<Sealed> seal(Bytes data, MutableBytes into);
  std::size_t sealed_size(std::size_t size) const noexcept;

 private:
  static constexpr std::size_t closed = SIZE_MAX;
  std::size_t padding_of(std::size_t content) const noexcept;
  std::size_t ahead_of(std::size_t content) const noexcept;
  std::size_t present_offset() const noexcept;
  void move_content(std::size_t at);
  Expected<> append(ContentType type, Bytes content);

  wire::Buffer output_;
  Protection protection_;
  std::size_t open_record_ = closed;           // where in output_ the header of the open handshake record is
  std::uint8_t content_offset_ = header_size;  // and, from there, its content
  std::uint16_t max_content_ = max_plaintext;
  std::uint16_t max_plain_content_ = max_plaintext;
  std::uint16_t padding_block_ = 0;
  ProtocolVersion version_ = ProtocolVersion::tls12;
};

}  // namespace sesame::record
