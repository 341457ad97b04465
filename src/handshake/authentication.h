// Authentication by certificates, as far as it is the same in every version: what one side takes, what the
// other shows.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "certificate/certified_key.h"
#include "certificate/peer.h"
#include "extension/table.h"
#include "policy/settings.h"
#include "wire/writer.h"

namespace sesame::handshake {

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
    // RFC 6066 section 8: ocsp, no responder named, no extensions. RFC 8446 section 4.4.2.1: a server sends
    // it empty.
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
/// The peer of a session: its octets only, which were verified when the session was made.
certificate::Peer restore_peer(CertificateType type, std::span<const std::vector<std::uint8_t>> chain);

/// How a peer that proved to hold its key was authenticated.
Authentication authentication_by(const certificate::Peer& peer) noexcept;

}  // namespace sesame::handshake
