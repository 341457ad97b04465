// The server's certificates, each issued by an authority with a key of the same kind.
#pragma once

#include <openssl/x509.h>

#include "peer.h"

namespace bench {

/// For as long as the program runs.
struct Certificates {
  EVP_PKEY* key;
  X509* leaf;
  X509_STORE* store;  ///< the authority
};
/// ECDSA P-256, or RSA of 2048 bits for any other `by`. Made when it is first asked for.
const Certificates& certificates(By by);

}  // namespace bench
