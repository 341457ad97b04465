// The authentication messages (RFC 8446 section 4.4): Certificate, CertificateVerify, and the
// CertificateRequest that asks for them. The same for both sides, within the handshake and after it.
#pragma once

#include "certificate/certified_key.h"
#include "certificate/peer.h"
#include "extension/table.h"
#include "handshake/authentication.h"
#include "tls13/common.h"

namespace sesame::tls13 {

using handshake::authentication_by;
using handshake::OwnCertificate;
using handshake::read_status_request;
using handshake::read_wanted;
using handshake::restore_peer;
using handshake::write_wanted;

/// The first algorithm of this side that the peer has named. Error: malformed_message.
Expected<std::optional<CertificateCompressionAlgorithm>> read_compression(
    const policy::Settings& settings, const extension::Extensions& extensions);

/// Certificate, or CompressedCertificate; into the transcript as well. Without a key it is empty.
Expected<> write_certificate(wire::Buffer& out, transcript::Transcript& transcript,
                             const OwnCertificate& own);
/// Begins the signature over the transcript up to here: where own.answer is later, finish it by
/// write_certificate_verify when it has come. Errors: signature_failed.
Expected<> make_signature(const policy::Settings& settings, Side signer, Bytes transcript_hash,
                          OwnCertificate& own);
Expected<> write_certificate_verify(wire::Buffer& out, transcript::Transcript& transcript,
                                    const OwnCertificate& own);

/// What a Certificate message is held against.
struct CertificateExpectation {
  Bytes request_context;
  extension::TypeSet requested;  ///< extensions that this side asked for
  CertificateType type = CertificateType::x509;
};
/// Reads a Certificate or CompressedCertificate. An empty chain in it is an empty Peer. Errors:
/// malformed_message, certificate_context_wrong, certificate_malformed, certificate_compression_wrong,
/// certificate_too_long, and those of Extensions::parse.
Expected<certificate::Peer> read_certificate(const policy::Settings& settings,
                                             const handshake::Incoming& message,
                                             const CertificateExpectation& expectation);

/// Reads a CertificateVerify and checks its signature, by a scheme that this side offered. Errors:
/// malformed_message, signature_scheme_not_offered, signature_invalid.
Expected<SignatureScheme> check_certificate_verify(const policy::Settings& settings,
                                                   const handshake::Incoming& message, Side signer,
                                                   const certificate::Peer& peer, Bytes transcript_hash);

}  // namespace sesame::tls13
