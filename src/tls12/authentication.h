// Certificates and signatures in TLS 1.2 and below (RFC 5246 sections 7.4.2, 7.4.3, 7.4.4, 7.4.8; RFC 4346
// sections 4.7 and 7.4.8), the same for both sides.
#pragma once

#include "handshake/authentication.h"
#include "tls12/common.h"
#include "transcript/handshake_hash.h"

namespace sesame::tls12 {

using handshake::OwnCertificate;

/// Writes a Certificate, empty without a key, and adds it to the hash.
Expected<> write_certificate(wire::Buffer& out, transcript::HandshakeHash& hash,
                             const certificate::CertifiedKeyBody* key);
/// Reads one. An empty chain in it is an empty Peer. Errors: malformed_message, certificate_malformed,
/// certificate_too_long.
Expected<certificate::Peer> read_certificate(const policy::Settings& settings,
                                             const handshake::Incoming& message);

/// What is signed in a ServerKeyExchange: both randoms and the parameters (RFC 5246 section 7.4.3).
std::vector<std::uint8_t> signed_parameters(const message::Random& client_random,
                                            const message::Random& server_random, Bytes parameters);

/// Begins the signature of `input` by own.key: in TLS 1.2 by own.scheme, below by what the key says. Where
/// own.answer is later, write_signature() waits for it. Below TLS 1.2 a key that is elsewhere (Signer) cannot
/// sign by RSA, for which there is no SignatureScheme. Errors: signature_failed.
Expected<> make_signature(const policy::Settings& settings, ProtocolVersion version, Bytes input,
                          OwnCertificate& own);
/// DigitallySigned (RFC 5246 section 4.7): the algorithm, in TLS 1.2, and the signature.
void write_signature(wire::Writer& w, ProtocolVersion version, const OwnCertificate& own);

/// Reads a DigitallySigned from `r`, which has to end behind it, and checks it, by a scheme that this side
/// offered. Returns the scheme, nullopt below TLS 1.2. Errors: malformed_message, trailing_octets,
/// signature_scheme_not_offered, signature_invalid.
Expected<std::optional<SignatureScheme>> check_signature(const policy::Settings& settings,
                                                         ProtocolVersion version, wire::Reader& r,
                                                         EVP_PKEY* public_key, Bytes input,
                                                         message::HandshakeType type);

}  // namespace sesame::tls12
