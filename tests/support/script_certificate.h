// Authentication messages that a test edits: CertificateRequest, Certificate, CertificateVerify,
// NewSessionTicket.
#pragma once

#include "support/identities.h"
#include "support/script_extensions.h"
#include "support/script_peer.h"

namespace sesame::test {

struct ScriptCertificateRequest {
  Octets context;
  ScriptExtensions extensions = wanting();  ///< signature_algorithms
  Octets message() const;
  static ScriptExtensions wanting();
};

struct ScriptEntry {
  Octets cert_data;
  ScriptExtensions extensions;
};

struct ScriptCertificate {
  Octets context;
  std::vector<ScriptEntry> entries = {{server_certificate().der(), {}}};
  static ScriptCertificate of(const Issued& issued, Octets context = {});

  Octets body() const;
  Octets message() const;
  /// The same as a CompressedCertificate.
  Octets compressed(CertificateCompressionAlgorithm algorithm) const;
};

/// A CompressedCertificate of any content.
Octets compressed_certificate(unsigned algorithm, std::size_t uncompressed_length, const Octets& compressed);
/// `body` by any algorithm, whether that makes it shorter or not.
Octets compress(CertificateCompressionAlgorithm algorithm, const Octets& body);

/// A CertificateVerify of any content.
Octets verify_message(unsigned scheme, const Octets& signature);
/// The signature of a side over the transcript so far (RFC 8446 section 4.4.3).
Octets signature_over(Bytes transcript_hash, Side signer, const Issued& by, SignatureScheme scheme);
/// The right CertificateVerify at this point.
Octets signed_verify(const ScriptPeer& peer, Side signer, const Issued& by, SignatureScheme scheme);

struct ScriptTicket {
  std::uint32_t lifetime = 3600;
  std::uint32_t age_add = 7;
  Octets nonce = {0};
  Octets ticket = repeat(40, 9);
  ScriptExtensions extensions;
  Octets message() const;
};

}  // namespace sesame::test
