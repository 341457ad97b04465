#include "tls12/authentication.h"

#include <algorithm>

#include "message/tls12.h"

namespace sesame::tls12 {

using message::HandshakeType;

Expected<> write_certificate(wire::Buffer& out, transcript::HandshakeHash& hash,
                             const certificate::CertifiedKeyBody* key) {
  auto written = write_message(out, HandshakeType::certificate, [&](wire::Writer& w) {
    w.prefixed(3, [&] {
      if (!key) return;
      for (const auto& certificate : key->chain) w.prefixed(3, [&] { w.put(certificate); });
    });
  });
  if (!written) return std::unexpected(std::move(written.error()));
  hash.add(*written);
  return {};
}

Expected<certificate::Peer> read_certificate(const policy::Settings& settings,
                                             const handshake::Incoming& message) {
  const auto certificate = wire::decode<message::Certificate12>(message.body());
  if (!certificate) return malformed(certificate.error(), message.type);
  if (certificate->certificate_list.raw.empty()) return certificate::Peer();
  std::vector<Bytes> chain;
  bool is_too_long = false;
  certificate->certificate_list.for_each([&](const wire::opaque<1, 0xffffff>& one) {
    is_too_long = chain.size() == certificate::max_certificates;
    if (!is_too_long) chain.push_back(one.data);
    return !is_too_long;
  });
  if (is_too_long) {
    return fail(Reason::certificate_too_long,
                "over " + std::to_string(certificate::max_certificates) + " certificates");
  }
  return certificate::read_peer(*settings.provider, CertificateType::x509, chain, {},
                                settings.known_certificates.get());
}

std::vector<std::uint8_t> signed_parameters(const message::Random& client_random,
                                            const message::Random& server_random, Bytes parameters) {
  std::vector<std::uint8_t> out;
  out.reserve(client_random.size() + server_random.size() + parameters.size());
  out.insert(out.end(), client_random.begin(), client_random.end());
  out.insert(out.end(), server_random.begin(), server_random.end());
  out.insert(out.end(), parameters.begin(), parameters.end());
  return out;
}

Expected<> make_signature(const policy::Settings& settings, ProtocolVersion version, Bytes input,
                          OwnCertificate& own) {
  const certificate::CertifiedKeyBody& key = *own.key;
  const crypto::Provider& provider = *settings.provider;
  own.answer = {};
  if (key.private_key) {
    auto signature = version == ProtocolVersion::tls12
                         ? crypto::sign_tls12(provider, key.private_key.get(), own.scheme, input)
                         : crypto::sign_tls10(provider, key.private_key.get(), input);
    if (!signature) return std::unexpected(std::move(signature.error()));
    own.answer.signature = std::move(*signature);
    return {};
  }
  if (!key.signer) return fail(Reason::signature_failed, "there is neither a private key nor a signer");
  // Below TLS 1.2 it can be told what to do only where there is a scheme for it: ECDSA with SHA-1.
  if (version < ProtocolVersion::tls12 && own.scheme != SignatureScheme::ecdsa_sha1)
    return fail(Reason::signature_failed, "below TLS 1.2 a signer cannot be asked for RSA");
  SignatureAnswer handle = certificate::SignatureAnswerAccess::handle(own.answer);
  key.signer->sign({.scheme = own.scheme, .input = input, .public_key = key.public_key}, handle);
  if (own.answer.is_later) own.input.assign(input.begin(), input.end());
  if (own.answer.is_later || !own.answer.signature.empty()) return {};
  return fail(Reason::signature_failed, "the signer refused");
}

void write_signature(wire::Writer& w, ProtocolVersion version, const OwnCertificate& own) {
  if (version == ProtocolVersion::tls12) {
    write(w, message::DigitallySigned12{own.scheme, {own.answer.signature}});
  } else {
    write(w, message::DigitallySigned10{{own.answer.signature}});
  }
}

Expected<std::optional<SignatureScheme>> check_signature(const policy::Settings& settings,
                                                         ProtocolVersion version, wire::Reader& r,
                                                         EVP_PKEY* public_key, Bytes input,
                                                         HandshakeType type) {
  message::DigitallySigned12 is_signed;
  if (version == ProtocolVersion::tls12) {
    read(r, is_signed);
  } else {
    read(r, is_signed.signature);
  }
  if (!r.ok()) return malformed(r.fault(), type);
  if (!r.empty()) return malformed(wire::Fault::trailing, type);
  const crypto::Provider& provider = *settings.provider;
  if (version < ProtocolVersion::tls12) {
    // RFC 4346 section 4.7: the key says how.
    auto ok = crypto::verify_tls10(provider, public_key, input, is_signed.signature.data);
    if (!ok) return std::unexpected(std::move(ok.error()));
    return std::nullopt;
  }
  // RFC 5246 section 7.4.3: the pair has to be one that was offered.
  const auto& offered = settings.options.signature_schemes;
  if (std::ranges::find(offered, is_signed.algorithm) == offered.end())
    return fail(Reason::signature_scheme_not_offered, std::string(sesame::name(is_signed.algorithm)));
  auto ok = crypto::verify_tls12(provider, public_key, is_signed.algorithm, input, is_signed.signature.data);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return is_signed.algorithm;
}

}  // namespace sesame::tls12
