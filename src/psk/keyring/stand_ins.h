// Keys that nobody has: what a look-up finds in the place of an identity that is not there, so that it takes
// as long as one that is there with a wrong key.
//
// A record for each kind of key, in a cache of their own, which holds all that can be derived from them.
#pragma once

#include <array>
#include <memory>

#include "psk/keyring/root.h"

namespace sesame::psk {

class StandIns {
 public:
  /// `secret` has 32 octets that nobody knows.
  explicit StandIns(Bytes secret);
  ~StandIns();
  StandIns(const StandIns&) = delete;
  StandIns& operator=(const StandIns&) = delete;

  const Record& record(std::size_t kind) const noexcept { return *records_[kind]; }
  DerivedCache& cache() noexcept { return cache_; }
  /// In the place of an identity's hash, for the cache: each kind has a set for itself.
  static std::uint64_t hash(std::size_t kind) noexcept {
    return ((std::uint64_t{kind} << 32) + key_kinds - 1) / key_kinds << 32;
  }

 private:
  static constexpr std::size_t ways = 4;
  std::size_t size_;
  std::unique_ptr<std::uint64_t[]> memory_;
  std::array<const Record*, key_kinds> records_;
  DerivedCache cache_;
};

}  // namespace sesame::psk
