#include "handshake/authentication.h"

#include "extension/bodies.h"

namespace sesame::handshake {

using extension::Extensions;
using extension::ExtensionType;

Expected<certificate::Wanted> read_wanted(const Extensions& extensions) {
  certificate::Wanted wanted;
  const auto schemes = extensions.read<extension::SignatureSchemeList>(ExtensionType::signature_algorithms);
  if (!schemes) return std::unexpected(schemes.error());
  wanted.signature_algorithms = schemes->supported_signature_algorithms;
  if (extensions.has(ExtensionType::signature_algorithms_cert)) {
    const auto cert =
        extensions.read<extension::SignatureSchemeList>(ExtensionType::signature_algorithms_cert);
    if (!cert) return std::unexpected(cert.error());
    wanted.signature_algorithms_cert = cert->supported_signature_algorithms;
  }
  if (extensions.has(ExtensionType::certificate_authorities)) {
    const auto names =
        extensions.read<extension::CertificateAuthorities>(ExtensionType::certificate_authorities);
    if (!names) return std::unexpected(names.error());
    wanted.certificate_authorities.raw = names->authorities.raw;
  }
  return wanted;
}

Expected<bool> read_status_request(const Extensions& extensions, Side peer) {
  if (!extensions.has(ExtensionType::status_request)) return false;
  const Bytes body = extensions[ExtensionType::status_request];
  // RFC 8446 section 4.4.2.1: a server sends it empty. One that sends the whole of a client's is understood
  // as well.
  if (peer == Side::server && body.empty()) return true;
  // RFC 6066 section 8: of a type that is not known the rest is not known either.
  if (!body.empty() && body[0] != static_cast<std::uint8_t>(extension::CertificateStatusType::ocsp))
    return false;
  const auto request = extensions.read<extension::CertificateStatusRequest>(ExtensionType::status_request);
  if (!request) return std::unexpected(request.error());
  return true;
}

certificate::Peer restore_peer(CertificateType type, std::span<const std::vector<std::uint8_t>> chain) {
  certificate::Peer peer;
  peer.type = type;
  for (const auto& certificate : chain) {
    peer.octets.insert(peer.octets.end(), certificate.begin(), certificate.end());
    peer.ends.push_back(static_cast<std::uint32_t>(peer.octets.size()));
  }
  return peer;
}

Authentication authentication_by(const certificate::Peer& peer) noexcept {
  return peer.type == CertificateType::x509 ? Authentication::certificate : Authentication::raw_public_key;
}

}  // namespace sesame::handshake
