#include "certificate/known.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace sesame::certificate {

KnownCertificates::Set& KnownCertificates::set_of(Bytes der) noexcept {
  return sets_[std::hash<std::string_view>()(as_text(der)) % sets];
}

X509Handle KnownCertificates::find(Bytes der) noexcept {
  Set& set = set_of(der);
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : set.entries) {
    if (!entry.certificate || !std::ranges::equal(entry.der, der)) continue;
    if (X509_up_ref(entry.certificate.get()) != 1) break;
    return X509Handle(entry.certificate.get());
  }
  return nullptr;
}

void KnownCertificates::keep(Bytes der, X509* certificate) {
  if (der.size() > most_octets) return;
  Entry entry{{der.begin(), der.end()}, nullptr};
  if (X509_up_ref(certificate) != 1) return;
  entry.certificate.reset(certificate);
  Set& set = set_of(der);
  const std::lock_guard lock(mutex_);
  const auto same = [&](const Entry& other) { return other.certificate && other.der == entry.der; };
  if (std::ranges::any_of(set.entries, same)) return;  // another thread was first
  std::swap(set.entries[set.oldest], entry);           // what is pushed out goes behind the lock
  set.oldest = (set.oldest + 1) % ways;
}

}  // namespace sesame::certificate
