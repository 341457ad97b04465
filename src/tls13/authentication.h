// The authentication messages (RFC 8446 section 4.4): Certificate, CertificateVerify, and the
// CertificateRequest that asks for them. The same for both sides, within the handshake and after it.
#pragma once

#include "certificate/certified_key.h"
#include "certificate/peer.h"
#include "extension/table.h"
#include "message/extension.h"
#include "tls13/common.h"

namespace sesame::tls13 {

/// What this side shows, and the signature, while it is being made.
struct OwnCertificate {
  std::shared_ptr<const certificate::CertifiedKeyBody> key;  // empty: this side has none to show
  SignatureScheme scheme{};
  bool staple = false;  // the peer asked for an OCSP response
  std::optional<CertificateCompressionAlgorithm> compression;
  std::vector<std::uint8_t> request_context;
  std::vector<std::uint8_t> input;  // of a signature that comes later
  certificate::SignatureAnswerBody answer;

  SignatureQuery query() const noexcept { return {scheme, input, key->public_key}; }
};

/// Writes the extensions by which one side says what certificates it takes: a client in its ClientHello, a
/// server in a CertificateRequest.
template <class Extension>
void write_wanted(const policy::Settings& settings, Side side, wire::Writer& w, Extension&& extension) {
  using extension::ExtensionType;
  const ContextOptions& options = settings.options;
  if (options.request_ocsp_response) {
    // RFC 6066 section 8: ocsp, no responder named, no extensions. Section 4.4.2.1: a server sends it empty.
    extension(ExtensionType::status_request, [&] {
      if (side == Side::client) w.uint(1, 1), w.uint(0, 4);
    });
  }
  extension(ExtensionType::signature_algorithms, [&] {
    w.prefixed(2, [&] {
      for (const SignatureScheme scheme : options.signature_schemes) write(w, scheme);
    });
  });
  if (!settings.compressions.empty()) {
    extension(ExtensionType::compress_certificate, [&] {
      w.prefixed(1, [&] {
        for (const CertificateCompressionAlgorithm algorithm : settings.compressions) write(w, algorithm);
      });
    });
  }
  if (!options.certificate_authorities.empty()) {
    extension(ExtensionType::certificate_authorities, [&] {
      w.prefixed(2, [&] {
        for (const auto& name : options.certificate_authorities) write(w, wire::opaque<1, 0xffff>{name});
      });
    });
  }
}

/// What the peer takes, by the extensions of its ClientHello or CertificateRequest. Errors:
/// extension_missing (signature_algorithms: section 9.2), malformed_message.
Expected<certificate::Wanted> read_wanted(const extension::Extensions& extensions);
/// Whether the peer, which is a client or a server, asked for an OCSP response. Error: malformed_message.
Expected<bool> read_status_request(const extension::Extensions& extensions, Side peer);
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

/// The peer of a session: its octets only, which were verified when the session was made.
certificate::Peer restore_peer(CertificateType type, std::span<const std::vector<std::uint8_t>> chain);

/// How a peer that proved to hold its key was authenticated.
Authentication authentication_by(const certificate::Peer& peer) noexcept;

}  // namespace sesame::tls13
