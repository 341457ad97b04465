// What libcrypto's X.509 gives away, each freed by its own function.
#pragma once

#include <openssl/bio.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>

namespace sesame::certificate {

template <auto function>
struct Free {
  template <class T>
  void operator()(T* pointer) const noexcept {
    function(pointer);
  }
};

using X509Handle = std::unique_ptr<X509, Free<X509_free>>;
using StoreHandle = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;
using BioHandle = std::unique_ptr<BIO, Free<BIO_free>>;
using OcspResponse = std::unique_ptr<OCSP_RESPONSE, Free<OCSP_RESPONSE_free>>;
using OcspBasicResponse = std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>>;
using OcspCertId = std::unique_ptr<OCSP_CERTID, Free<OCSP_CERTID_free>>;

// A list of certificates, which stay the property of whoever has them.
struct FreeList {
  void operator()(STACK_OF(X509) * list) const noexcept { sk_X509_free(list); }
};
using X509List = std::unique_ptr<STACK_OF(X509), FreeList>;

}  // namespace sesame::certificate
