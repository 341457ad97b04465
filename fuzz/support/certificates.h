// An authority whose octets are the same in every process: its keys are fixed, Ed25519 signatures have no
// randomness, and all dates are written down. So seeds that one program writes are good in another.
#pragma once

#include <sesame/certificate.h>
#include <sesame/credential.h>

#include <vector>

namespace sesame::fuzz {

using Octets = std::vector<std::uint8_t>;

/// What all is judged at: 1 January 2030.
inline constexpr std::chrono::seconds judged_at{1'893'456'000};

struct Certificates {
  Octets root, intermediate, server;  ///< DER; the server's is for server.example
  Octets server_tbs;                  ///< what the signature of the server's is over
  Octets good, revoked, delegated;    ///< OCSP responses about the server's
  Octets public_key;                  ///< the server's SubjectPublicKeyInfo
  TrustStore trust;
  Octets client;           ///< DER, of a client, by the intermediate
  CertifiedKey of_server;  ///< with the chain and the good OCSP response
  CertifiedKey of_client;
  CertifiedKey raw_of_server;  ///< RFC 7250
};
const Certificates& certificates();

/// The Ed25519 signature of the server's key, or the client's, over `input`.
Octets signature_by(Side signer, Bytes input);

}  // namespace sesame::fuzz
