#include "tls13/authentication.h"

#include <algorithm>

#include "certificate/compression.h"
#include "extension/bodies.h"
#include "message/certificate.h"
#include "message/certificate_verify.h"

namespace sesame::tls13 {

using extension::Extensions;
using extension::ExtensionType;
using message::HandshakeType;

// ---- what the peer takes ----

Expected<std::optional<CertificateCompressionAlgorithm>> read_compression(const policy::Settings& settings,
                                                                          const Extensions& extensions) {
  std::optional<CertificateCompressionAlgorithm> chosen;
  if (!extensions.has(ExtensionType::compress_certificate)) return chosen;
  const auto theirs =
      extensions.read<extension::CertificateCompressionAlgorithms>(ExtensionType::compress_certificate);
  if (!theirs) return std::unexpected(theirs.error());
  for (const CertificateCompressionAlgorithm ours : settings.compressions) {
    theirs->algorithms.for_each([&](CertificateCompressionAlgorithm algorithm) {
      if (algorithm == ours && !chosen) chosen = ours;
    });
  }
  return chosen;
}

// ---- this side's ----

namespace {

void write_certificate_body(wire::Writer& w, const OwnCertificate& own) {
  w.prefixed(1, [&] { w.put(own.request_context); });
  w.prefixed(3, [&] {
    if (!own.key) return;
    bool is_leaf = true;
    for (const auto& certificate : own.key->chain) {
      w.prefixed(3, [&] { w.put(certificate); });
      w.prefixed(2, [&] {
        if (!is_leaf || !own.staple || own.key->ocsp_response.empty()) return;
        write_extension(w, ExtensionType::status_request, [&] {  // section 4.4.2.1
          w.uint(static_cast<std::uint32_t>(extension::CertificateStatusType::ocsp), 1);
          w.prefixed(3, [&] { w.put(own.key->ocsp_response); });
        });
      });
      is_leaf = false;
    }
  });
}

// Section 4.4.3: so that a signature over one thing cannot be taken for one over another.
constexpr std::string_view context_string(Side signer) {
  return signer == Side::server ? "TLS 1.3, server CertificateVerify" : "TLS 1.3, client CertificateVerify";
}
constexpr std::size_t signed_prefix_size = 64 + context_string(Side::server).size() + 1;

struct SignedContent {
  std::array<std::uint8_t, signed_prefix_size + crypto::max_hash_size> octets;
  std::size_t size;
  SignedContent(Side signer, Bytes transcript_hash) : size(signed_prefix_size + transcript_hash.size()) {
    const std::string_view text = context_string(signer);
    auto at = std::fill_n(octets.begin(), 64, std::uint8_t{0x20});
    at = std::copy(text.begin(), text.end(), at);
    *at++ = 0;
    std::copy(transcript_hash.begin(), transcript_hash.end(), at);
  }
  Bytes bytes() const noexcept { return Bytes(octets).first(size); }
};

}  // namespace

Expected<> write_certificate(wire::Buffer& out, transcript::Transcript& transcript,
                             const OwnCertificate& own) {
  Expected<MutableBytes> written;
  if (own.key && own.compression) {
    wire::Buffer plain;
    wire::Writer w(plain);
    write_certificate_body(w, own);
    if (!w.ok()) return fail(Reason::malformed_message, "the certificate chain is too long");
    const std::vector<std::uint8_t> compressed = certificate::compress(*own.compression, plain.bytes());
    if (!compressed.empty()) {
      written = write_message(out, HandshakeType::compressed_certificate, [&](wire::Writer& m) {
        write(m, *own.compression);
        m.uint(static_cast<std::uint32_t>(plain.size()), 3);
        m.prefixed(3, [&] { m.put(compressed); });
      });
      if (!written) return std::unexpected(std::move(written.error()));
      transcript.add(*written);
      return {};
    }
  }
  written = write_message(out, HandshakeType::certificate,
                          [&](wire::Writer& w) { write_certificate_body(w, own); });
  if (!written) return std::unexpected(std::move(written.error()));
  transcript.add(*written);
  return {};
}

Expected<> make_signature(const policy::Settings& settings, Side signer, Bytes transcript_hash,
                          OwnCertificate& own) {
  const SignedContent content(signer, transcript_hash);
  auto ok = certificate::sign(*settings.provider, *own.key, own.scheme, content.bytes(), own.answer);
  if (ok && own.answer.is_later) own.input.assign(content.bytes().begin(), content.bytes().end());
  return ok;
}

Expected<> write_certificate_verify(wire::Buffer& out, transcript::Transcript& transcript,
                                    const OwnCertificate& own) {
  auto written = write_message(out, HandshakeType::certificate_verify, [&](wire::Writer& w) {
    write(w, message::CertificateVerify{own.scheme, {own.answer.signature}});
  });
  if (!written) return std::unexpected(std::move(written.error()));
  transcript.add(*written);
  return {};
}

// ---- the peer's ----

namespace {

// Section 4.4.2.1. What is not OCSP was not asked for.
Expected<Bytes> read_ocsp_response(const Extensions& extensions) {
  if (!extensions.has(ExtensionType::status_request)) return Bytes();
  const auto status = extensions.read<extension::CertificateStatus>(ExtensionType::status_request);
  if (!status) return std::unexpected(status.error());
  if (status->status_type != extension::CertificateStatusType::ocsp)
    return fail(Reason::malformed_message, "the status of a certificate is no OCSP response");
  return status->response.data;
}

// More than any chain that is verified has: what is beyond costs only time.
constexpr std::size_t most_certificates = 32;

Expected<certificate::Peer> read_body(const policy::Settings& settings, Bytes body, HandshakeType type,
                                      const CertificateExpectation& expectation) {
  const auto message = wire::decode<message::Certificate>(body);
  if (!message) return malformed(message.error(), type);
  if (!std::ranges::equal(message->certificate_request_context.data, expectation.request_context))
    return fail(Reason::certificate_context_wrong);
  if (message->certificate_list.raw.empty()) return certificate::Peer();
  std::vector<Bytes> chain;
  Bytes ocsp_response;
  Expected<> ok;
  message->certificate_list.for_each([&](const message::CertificateEntry& entry) {
    if (chain.size() == most_certificates) {
      ok = fail(Reason::certificate_too_long, "over 32 certificates");
      return false;
    }
    const auto extensions = Extensions::parse(entry.extensions, extension::In::CT, expectation.requested);
    if (!extensions) {
      ok = std::unexpected(extensions.error());
      return false;
    }
    auto response = read_ocsp_response(*extensions);
    if (!response) {
      ok = std::unexpected(std::move(response.error()));
      return false;
    }
    if (chain.empty()) ocsp_response = *response;  // those of authorities are not asked for
    chain.push_back(entry.cert_data.data);
    return true;
  });
  if (!ok) return std::unexpected(std::move(ok.error()));
  // RFC 7250 section 3, RFC 8446 section 4.4.2: a raw public key stands alone.
  if (expectation.type == CertificateType::raw_public_key && chain.size() != 1)
    return fail(Reason::malformed_message, "more than one raw public key");
  return certificate::read_peer(*settings.provider, expectation.type, chain, ocsp_response,
                                settings.known_certificates.get());
}

}  // namespace

Expected<certificate::Peer> read_certificate(const policy::Settings& settings,
                                             const handshake::Incoming& message,
                                             const CertificateExpectation& expectation) {
  if (message.type == HandshakeType::certificate)
    return read_body(settings, message.body(), message.type, expectation);
  // RFC 8879 section 4.
  const auto compressed = wire::decode<message::CompressedCertificate>(message.body());
  if (!compressed) return malformed(compressed.error(), message.type);
  const auto& offered = settings.compressions;
  if (std::ranges::find(offered, compressed->algorithm) == offered.end()) {
    return std::unexpected(Error(Reason::certificate_compression_wrong, "an algorithm that was not offered")
                               .with_alert(Alert::illegal_parameter));
  }
  const auto& length = compressed->uncompressed_length;
  const std::size_t size =
      static_cast<std::size_t>(length[0]) << 16 | static_cast<std::size_t>(length[1]) << 8 | length[2];
  if (size > settings.options.limits.certificate_message) {
    return fail(Reason::certificate_too_long,
                "it declares " + std::to_string(size) + " octets when expanded");
  }
  auto plain =
      certificate::expand(compressed->algorithm, compressed->compressed_certificate_message.data, size);
  if (!plain) return std::unexpected(std::move(plain.error()));
  return read_body(settings, *plain, message.type, expectation);
}

Expected<SignatureScheme> check_certificate_verify(const policy::Settings& settings,
                                                   const handshake::Incoming& message, Side signer,
                                                   const certificate::Peer& peer, Bytes transcript_hash) {
  const auto verify = wire::decode<message::CertificateVerify>(message.body());
  if (!verify) return malformed(verify.error(), message.type);
  const auto& offered = settings.options.signature_schemes;
  if (std::ranges::find(offered, verify->algorithm) == offered.end() ||
      !crypto::is_for_certificate_verify(verify->algorithm)) {
    return fail(Reason::signature_scheme_not_offered, std::string(sesame::name(verify->algorithm)));
  }
  const SignedContent content(signer, transcript_hash);
  auto ok = crypto::verify(*settings.provider, peer.public_key.get(), verify->algorithm, content.bytes(),
                           verify->signature.data);
  if (!ok) return std::unexpected(std::move(ok.error()));
  return verify->algorithm;
}

}  // namespace sesame::tls13
