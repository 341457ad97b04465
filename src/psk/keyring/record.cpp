#include "psk/keyring/record.h"

#include <cstring>

namespace sesame::psk {
namespace {

// What stands in a record for a key that has restrictions; alpn, server name and context follow it.
struct RestrictionSizes {
  std::int64_t not_before;
  std::int64_t not_after;
  std::uint32_t early_data_limit;
  CipherSuite early_data_suite;
  std::uint16_t alpn_size;
  std::uint16_t server_name_size;
  std::uint16_t context_size;

  std::size_t whole() const noexcept {
    return written + alpn_size + std::size_t{server_name_size} + context_size;
  }
  static constexpr std::size_t written = 28;  // without the padding at the end
};

RestrictionSizes sizes_at(const std::uint8_t* at) noexcept {
  RestrictionSizes sizes;
  std::memcpy(&sizes, at, RestrictionSizes::written);
  return sizes;
}

// "From ever on" and "for ever" stand for a time that is not given.
constexpr std::int64_t ever = TimePoint::min().time_since_epoch().count();
constexpr std::int64_t for_ever = TimePoint::max().time_since_epoch().count();

std::optional<TimePoint> time(std::int64_t count, std::int64_t none) noexcept {
  if (count == none) return std::nullopt;
  return TimePoint(TimePoint::duration(count));
}

std::uint8_t* append(std::uint8_t* at, Bytes octets) noexcept {
  if (!octets.empty()) std::memcpy(at, octets.data(), octets.size());
  return at + octets.size();
}

}  // namespace

KeyView::KeyView(const CredentialParameters& p) noexcept
    : key(p.key),
      hash(p.hash),
      usage(p.usage),
      context(p.context),
      early_data(p.early_data),
      alpn(p.alpn),
      server_name(p.server_name),
      not_before(p.not_before),
      not_after(p.not_after) {}

KeyView::KeyView(const CredentialBody& b) noexcept
    : key(b.key),
      hash(b.hash),
      usage(b.usage),
      context(b.context),
      early_data(b.early_data),
      alpn(b.alpn),
      server_name(b.server_name),
      not_before(b.not_before),
      not_after(b.not_after) {}

bool Record::restricted(const KeyView& key) noexcept {
  return key.not_before || key.not_after || !key.alpn.empty() || !key.server_name.empty() ||
         !key.context.empty() || key.early_data.limit > 0;
}

std::uint16_t Record::describe(const KeyView& key) noexcept {
  return static_cast<std::uint16_t>((key.key.size() - 1) |
                                    (key.hash == HashAlgorithm::sha384 ? sha384_bit : 0) |
                                    (restricted(key) ? restricted_bit : 0));
}

std::size_t Record::size_for(Bytes identity, const KeyView& newest, const KeyView* older) noexcept {
  std::size_t size = sizeof(Record) + identity.size();
  for (const KeyView* key : {&newest, older}) {
    if (!key) continue;
    size += key->key.size();
    if (!restricted(*key)) continue;
    size += RestrictionSizes::written + key->alpn.size() + key->server_name.size() + key->context.size();
  }
  return size;
}

Record* Record::write(void* place, Bytes identity, const KeyView& newest, const KeyView* older) noexcept {
  auto* const record = new (place) Record;
  record->identity_size_ = static_cast<std::uint16_t>(identity.size());
  record->key_[0] = describe(newest);
  record->key_[1] = older ? describe(*older) : no_key;
  record->usage_[0] = newest.usage;
  record->usage_[1] = older ? older->usage : PskUsage{};
  std::uint8_t* at = append(record->octets(), identity);
  at = append(at, newest.key);
  if (older) at = append(at, older->key);
  for (const KeyView* key : {&newest, older}) {
    if (!key || !restricted(*key)) continue;
    const RestrictionSizes sizes = {key->not_before ? key->not_before->time_since_epoch().count() : ever,
                                    key->not_after ? key->not_after->time_since_epoch().count() : for_ever,
                                    key->early_data.limit,
                                    key->early_data.cipher_suite,
                                    static_cast<std::uint16_t>(key->alpn.size()),
                                    static_cast<std::uint16_t>(key->server_name.size()),
                                    static_cast<std::uint16_t>(key->context.size())};
    at = append(at, {reinterpret_cast<const std::uint8_t*>(&sizes), RestrictionSizes::written});
    at = append(at, as_bytes(key->alpn));
    at = append(at, as_bytes(key->server_name));
    at = append(at, key->context);
  }
  return record;
}

// Where the restrictions of key `i` stand, or would stand: for 2 this is the end.
const std::uint8_t* Record::restrictions(std::size_t i) const noexcept {
  const std::uint8_t* at = octets() + identity_size_ + key_size(0) + key_size(1);
  for (std::size_t k = 0; k < i; ++k) {
    if (key_[k] != no_key && (key_[k] & restricted_bit)) at += sizes_at(at).whole();
  }
  return at;
}

KeyView Record::key(std::size_t i) const noexcept {
  KeyView view;
  view.key = {octets() + identity_size_ + (i == 0 ? 0 : key_size(0)), key_size(i)};
  view.hash = key_[i] & sha384_bit ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
  view.usage = usage_[i];
  if (!(key_[i] & restricted_bit)) return view;
  const std::uint8_t* at = restrictions(i);
  const RestrictionSizes sizes = sizes_at(at);
  at += RestrictionSizes::written;
  view.alpn = as_text({at, sizes.alpn_size});
  view.server_name = as_text({at + sizes.alpn_size, sizes.server_name_size});
  view.context = {at + sizes.alpn_size + sizes.server_name_size, sizes.context_size};
  view.early_data = {sizes.early_data_limit, sizes.early_data_suite};
  view.not_before = time(sizes.not_before, ever);
  view.not_after = time(sizes.not_after, for_ever);
  return view;
}

std::size_t Record::size() const noexcept {
  return static_cast<std::size_t>(restrictions(2) - reinterpret_cast<const std::uint8_t*>(this));
}

}  // namespace sesame::psk
