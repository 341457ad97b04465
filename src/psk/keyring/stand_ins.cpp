#include "psk/keyring/stand_ins.h"

namespace sesame::psk {
namespace {

// It is in no table. Of common length, to be compared in vain.
constexpr std::uint8_t identity[64] = {};

}  // namespace

StandIns::StandIns(Bytes secret) : cache_(key_kinds * ways, crypto::HmacKey::max_state_size) {
  KeyView view;
  view.key = secret;
  size_ = (Record::size_for(identity, view, nullptr) + 7) / 8;
  memory_ = std::make_unique<std::uint64_t[]>(key_kinds * size_);
  for (const PskUsage usage : all_usages) {
    for (const HashAlgorithm hash : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
      const std::size_t kind = kind_of(usage, hash);
      view.usage = usage;
      view.hash = hash;
      records_[kind] = Record::write(&memory_[kind * size_], identity, view, nullptr);
    }
  }
}

StandIns::~StandIns() { secret::wipe(memory_.get(), key_kinds * size_ * sizeof memory_[0]); }

}  // namespace sesame::psk
