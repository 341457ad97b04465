// Trust anchors and CRLs, as libcrypto's store.
#pragma once

#include <sesame/certificate.h>

#include "certificate/handles.h"

namespace sesame::certificate {

/// The inside of a TrustStore. Nobody changes it after it was made, but libcrypto itself, under its own lock:
/// it keeps what it has read from a folder.
struct TrustStoreBody {
  StoreHandle store;
};

struct TrustStoreAccess {
  static X509_STORE* store(const TrustStore& trust) noexcept { return trust.body_->store.get(); }
};

/// The system's store, made at the first call and kept; a store without anything, likewise.
const Expected<TrustStore>& system_trust();
const Expected<TrustStore>& no_trust();

}  // namespace sesame::certificate
