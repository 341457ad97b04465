#include "certificate/trust_store.h"

#include <openssl/pem.h>

#include <climits>

#include "certificate/file.h"
#include "crypto/error_queue.h"

namespace sesame {
namespace {

using certificate::StoreHandle;
using certificate::TrustStoreBody;
using crypto::ErrorQueueMark;

struct FreeInfos {
  void operator()(STACK_OF(X509_INFO) * infos) const noexcept {
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
  }
};

std::unexpected<Error> libcrypto_failed() {
  return fail(Reason::internal_error, "libcrypto failed to make a trust store");
}

}  // namespace

Expected<TrustStore> TrustStore::system() {
  const ErrorQueueMark mark;
  StoreHandle store(X509_STORE_new());
  if (!store || X509_STORE_set_default_paths(store.get()) != 1) return libcrypto_failed();
  return TrustStore(std::make_shared<const TrustStoreBody>(std::move(store)));
}

Expected<TrustStore> TrustStore::from_pem(std::string_view text) {
  const ErrorQueueMark mark;
  if (text.size() > INT_MAX) return fail(Reason::certificate_unreadable, "it is too long");
  const certificate::BioHandle source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  StoreHandle store(X509_STORE_new());
  if (!source || !store) return libcrypto_failed();
  const std::unique_ptr<STACK_OF(X509_INFO), FreeInfos> infos(
      PEM_X509_INFO_read_bio(source.get(), nullptr, nullptr, nullptr));
  if (!infos) return fail(Reason::certificate_unreadable, "a certificate or a CRL is damaged");
  bool any = false;
  for (int i = 0; i < sk_X509_INFO_num(infos.get()); ++i) {
    const X509_INFO* const info = sk_X509_INFO_value(infos.get(), i);
    // The same certificate twice is no failure.
    if (info->x509 && X509_STORE_add_cert(store.get(), info->x509) != 1) return libcrypto_failed();
    if (info->crl && X509_STORE_add_crl(store.get(), info->crl) != 1) return libcrypto_failed();
    any |= info->x509 != nullptr;
  }
  if (!any) return fail(Reason::certificate_unreadable, "there is no certificate");
  return TrustStore(std::make_shared<const TrustStoreBody>(std::move(store)));
}

Expected<TrustStore> TrustStore::from_file(const std::filesystem::path& path) {
  const auto file = certificate::File::read(path);
  if (!file) return std::unexpected(file.error());
  auto trust = from_pem(file->text());
  if (trust) return trust;
  return fail(trust.error().reason(), path.string() + ": " + std::string(trust.error().detail()));
}

Expected<TrustStore> TrustStore::from_handle(x509_store_st* store) {
  if (!store || X509_STORE_up_ref(store) != 1) return fail(Reason::invalid_argument, "there is no store");
  return TrustStore(std::make_shared<const TrustStoreBody>(StoreHandle(store)));
}

namespace certificate {

// Never destroyed: connections of other static objects may still refer to them at exit.
const Expected<TrustStore>& system_trust() {
  static const auto* const kept = new Expected<TrustStore>(TrustStore::system());
  return *kept;
}

const Expected<TrustStore>& no_trust() {
  static const auto* const kept = [] {
    const StoreHandle empty(X509_STORE_new());
    return new Expected<TrustStore>(TrustStore::from_handle(empty.get()));
  }();
  return *kept;
}

}  // namespace certificate
}  // namespace sesame
