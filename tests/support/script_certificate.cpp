#include "support/script_certificate.h"

#include "certificate/compression.h"
#include "crypto/signature.h"

namespace sesame::test {

using message::HandshakeType;

ScriptExtensions ScriptCertificateRequest::wanting() {
  ScriptExtensions out;
  out[ScriptExtensions::Type::signature_algorithms] = vec16(join({u16(0x0403), u16(0x0807)}));
  return out;
}

Octets ScriptCertificateRequest::message() const {
  return ScriptPeer::message(HandshakeType::certificate_request,
                             join({vec8(context), vec16(extensions.encoded())}));
}

ScriptCertificate ScriptCertificate::of(const Issued& issued, Octets context) {
  ScriptCertificate out{std::move(context), {}};
  for (const Octets& certificate : issued.chain()) out.entries.push_back({certificate, {}});
  return out;
}

Octets ScriptCertificate::body() const {
  Octets list;
  for (const ScriptEntry& entry : entries)
    append(list, join({vec24(entry.cert_data), vec16(entry.extensions.encoded())}));
  return join({vec8(context), vec24(list)});
}

Octets ScriptCertificate::message() const { return ScriptPeer::message(HandshakeType::certificate, body()); }

Octets ScriptCertificate::compressed(CertificateCompressionAlgorithm algorithm) const {
  const Octets plain = body();
  return compressed_certificate(static_cast<unsigned>(algorithm), plain.size(), compress(algorithm, plain));
}

Octets compressed_certificate(unsigned algorithm, std::size_t uncompressed_length, const Octets& compressed) {
  return ScriptPeer::message(HandshakeType::compressed_certificate,
                             join({u16(algorithm), u24(uncompressed_length), vec24(compressed)}));
}

Octets compress(CertificateCompressionAlgorithm algorithm, const Octets& body) {
  Octets out = certificate::compress(algorithm, body);
  EXPECT_FALSE(out.empty()) << "it does not get shorter";
  return out;
}

Octets verify_message(unsigned scheme, const Octets& signature) {
  return ScriptPeer::message(HandshakeType::certificate_verify, join({u16(scheme), vec16(signature)}));
}

Octets signature_over(Bytes transcript_hash, Side signer, const Issued& by, SignatureScheme scheme) {
  const std::string_view context =
      signer == Side::server ? "TLS 1.3, server CertificateVerify" : "TLS 1.3, client CertificateVerify";
  const Octets content = join({repeat(64, 0x20), text(context), {0}, octets_of(transcript_hash)});
  const auto signature = crypto::sign(**crypto::Provider::system(), by.key.get(), scheme, content);
  EXPECT_TRUE(signature);
  return signature ? *signature : Octets();
}

Octets signed_verify(const ScriptPeer& peer, Side signer, const Issued& by, SignatureScheme scheme) {
  return verify_message(static_cast<unsigned>(scheme),
                        signature_over(peer.hash(peer.transcript).bytes(), signer, by, scheme));
}

Octets ScriptTicket::message() const {
  return ScriptPeer::message(
      HandshakeType::new_session_ticket,
      join({u32(lifetime), u32(age_add), vec8(nonce), vec16(ticket), vec16(extensions.encoded())}));
}

}  // namespace sesame::test
