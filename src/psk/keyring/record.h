// The keys of one identity as a keyring keeps them: one block, a header of 8 octets and then the octets
// themselves.
//
//   sizes | identity | newest key | older key | restrictions of the newest | of the older
//
// Restrictions are all that few keys have: times, ALPN, server name, context, early data.
//
// A record never changes: a rotation makes a new one. It is wiped with its block.
#pragma once

#include <sesame/credential.h>

#include <cstdint>

#include "psk/credential_body.h"

namespace sesame::psk {

/// One key with what belongs to it, as views.
struct KeyView {
  Bytes key;
  HashAlgorithm hash = HashAlgorithm::sha256;
  PskUsage usage = PskUsage::tls13;
  Bytes context;
  ExternalEarlyData early_data;
  std::string_view alpn;
  std::string_view server_name;
  std::optional<TimePoint> not_before;
  std::optional<TimePoint> not_after;

  explicit KeyView(const CredentialParameters& parameters) noexcept;
  explicit KeyView(const CredentialBody& body) noexcept;
  KeyView() noexcept = default;
};

class Record {
 public:
  /// The octets of a record for one key, or two if `older` is not nullptr.
  static std::size_t size_for(Bytes identity, const KeyView& newest, const KeyView* older) noexcept;
  /// Writes one at `place`, which has that many octets. The views may be of another record.
  static Record* write(void* place, Bytes identity, const KeyView& newest, const KeyView* older) noexcept;

  Bytes identity() const noexcept { return {octets(), identity_size_}; }
  std::size_t key_count() const noexcept { return key_[1] == no_key ? 1 : 2; }
  KeyView key(std::size_t i) const noexcept;  ///< 0: the newest
  std::size_t size() const noexcept;          ///< of the whole block

 private:
  // Of a key: its size less 1 in 12 bits, a bit for SHA-384, one for restrictions. The others are left, so
  // that no key looks like none.
  static constexpr std::uint16_t size_bits = 0x0fff, sha384_bit = 0x1000, restricted_bit = 0x2000,
                                 no_key = 0xffff;
  static_assert(max_key_size - 1 == size_bits && max_identity_size <= 0xffff);
  static std::uint16_t describe(const KeyView& key) noexcept;
  static bool restricted(const KeyView& key) noexcept;

  std::uint8_t* octets() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
  const std::uint8_t* octets() const noexcept { return reinterpret_cast<const std::uint8_t*>(this + 1); }
  std::size_t key_size(std::size_t i) const noexcept {
    return key_[i] == no_key ? 0 : static_cast<std::size_t>(key_[i] & size_bits) + 1;
  }
  const std::uint8_t* restrictions(std::size_t i) const noexcept;

  std::uint16_t identity_size_;
  std::uint16_t key_[2];
  PskUsage usage_[2];
};
static_assert(sizeof(Record) == 8);

}  // namespace sesame::psk
