// The two ends of a protected direction of TLS 1.2 or below.
#pragma once

#include <algorithm>
#include <tuple>

#include "policy/suites.h"
#include "record/protection.h"
#include "support/hex.h"
#include "support/routes.h"

namespace sesame::test {

inline Octets pattern(std::size_t size, std::size_t start) {
  Octets out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(start + i * 7);
  return out;
}

/// Algorithms by one of the two routes. Kept for as long as the program runs.
inline const crypto::Provider& kept_provider(Route route) {
  static const auto direct = provider_by(Route::direct), evp = provider_by(Route::evp);
  return route == Route::direct ? *direct : *evp;
}

struct Below13 {
  CipherSuite id;
  ProtocolVersion version;
  bool encrypt_then_mac = false;
  Route route = Route::direct;

  policy::Suite suite() const {
    const auto found = policy::find_suite(kept_provider(route), id);
    EXPECT_TRUE(found) << name(id);
    return found.value_or(policy::Suite{});
  }
  bool has_cbc() const { return suite().cbc != nullptr; }
  bool hides_mac() const { return has_cbc() && !encrypt_then_mac; }
};

/// What the key block gives for one direction. The keys of make_records.py, if `shift` is 0.
class BelowKeys {
 public:
  explicit BelowKeys(const Below13& form, std::size_t shift = 0)
      : suite_(form.suite()), version_(form.version), encrypt_then_mac_(form.encrypt_then_mac) {
    const record::BlockSizes sizes = record::block_sizes(suite_, version_);
    mac_key_ = pattern(sizes.mac_key, 5 + shift);
    key_ = pattern(sizes.key, 3 + shift);
    iv_ = pattern(sizes.iv, 9 + shift);
  }
  record::BlockKeys keys() const { return {suite_, version_, encrypt_then_mac_, mac_key_, key_, iv_}; }
  const policy::Suite& suite() const { return suite_; }
  const Octets& mac_key() const { return mac_key_; }
  const Octets& key() const { return key_; }
  const Octets& iv() const { return iv_; }

 private:
  policy::Suite suite_;
  ProtocolVersion version_;
  bool encrypt_then_mac_;
  Octets mac_key_, key_, iv_;
};

inline void key(record::Protection& protection, const Below13& form, crypto::Aead::Direction direction,
                std::size_t shift = 0) {
  const auto ok = protection.set_keys(BelowKeys(form, shift).keys(), direction);
  ASSERT_TRUE(ok) << ok.error().message();
}

/// Every form that there is, once: by what protects, not by key exchange.
inline std::vector<Below13> all_forms() {
  std::vector<Below13> out;
  std::vector<std::tuple<const void*, const void*, crypto::MacId>> seen;
  const crypto::Provider& provider = kept_provider(Route::direct);
  for (const CipherSuite id : policy::all_suites()) {
    const auto suite = policy::find_suite(provider, id);
    if (!suite || suite->lowest == ProtocolVersion::tls13) continue;
    const std::tuple what(suite->aead, suite->cbc, suite->mac);
    if (std::find(seen.begin(), seen.end(), what) != seen.end()) continue;
    seen.push_back(what);
    for (const Route route : {Route::direct, Route::evp}) {
      for (const ProtocolVersion version :
           {ProtocolVersion::tls10, ProtocolVersion::tls11, ProtocolVersion::tls12}) {
        if (!suite->is_for(version)) continue;
        out.push_back({id, version, false, route});
        if (suite->cbc) out.push_back({id, version, true, route});
      }
    }
  }
  return out;
}

inline std::string form_name(const Below13& form) {
  constexpr const char* versions[] = {"_TLS10", "_TLS11", "_TLS12"};
  return std::string(name(form.id)) + versions[static_cast<std::size_t>(form.version) - 0x0301] +
         (form.encrypt_then_mac ? "_EtM" : "") + (form.route == Route::direct ? "_Direct" : "_Evp");
}

/// A sealed record, and one that is opened.
inline Octets sealed(record::Protection& sealer, record::ContentType type, Bytes content) {
  Octets out(sealer.sealed_size(content.size()));
  const auto ok = sealer.seal(type, content, 0, out.data());
  EXPECT_TRUE(ok) << ok.error().message();
  return out;
}

}  // namespace sesame::test
