#include "certificate/peer.h"

#include "certificate/known.h"
#include "certificate/parsed_chain.h"
#include "crypto/error_queue.h"

namespace sesame::certificate {
namespace {

std::unexpected<Error> malformed(std::size_t index, std::string_view why) {
  return fail(Reason::certificate_malformed,
              "certificate " + std::to_string(index + 1) + " of the chain " + std::string(why));
}

X509Handle parse(const crypto::Provider& provider, Bytes der) noexcept {
  X509* made = X509_new_ex(provider.library_context(), provider.property_query());
  const unsigned char* at = der.data();
  // Where it fails it has freed `made`, and says so by a null pointer in it.
  d2i_X509(&made, &at, static_cast<long>(der.size()));
  X509Handle certificate(made);
  if (certificate && at != der.data() + der.size()) certificate.reset();
  return certificate;
}

}  // namespace

Expected<std::shared_ptr<const ParsedChain>> parse_chain(const crypto::Provider& provider,
                                                         std::span<const Bytes> chain,
                                                         KnownCertificates* known) {
  if (chain.size() > max_certificates) {
    return fail(Reason::certificate_malformed,
                "the chain has more than " + std::to_string(max_certificates) + " certificates");
  }
  auto parsed = std::make_shared<ParsedChain>();
  parsed->certificates.reserve(chain.size());
  parsed->is_known = true;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    X509Handle certificate = known ? known->find(chain[i]) : nullptr;
    if (!certificate) {
      parsed->is_known = false;
      certificate = parse(provider, chain[i]);
      if (!certificate) return malformed(i, "cannot be read");
    }
    parsed->certificates.push_back(std::move(certificate));
  }
  return parsed;
}

std::vector<Bytes> Peer::chain() const {
  std::vector<Bytes> out;
  out.reserve(ends.size());
  std::uint32_t begin = 0;
  for (const std::uint32_t end : ends) {
    out.push_back(Bytes(octets).subspan(begin, end - begin));
    begin = end;
  }
  return out;
}

Expected<Peer> read_peer(const crypto::Provider& provider, CertificateType type, std::span<const Bytes> chain,
                         Bytes ocsp_response, KnownCertificates* known) {
  const crypto::ErrorQueueMark mark;
  if (chain.empty()) return fail(Reason::certificate_malformed, "there is none");
  Peer peer;
  peer.type = type;
  if (type == CertificateType::raw_public_key) {
    // RFC 8446 section 4.4.2: "then the certificate_list MUST contain no more than one CertificateEntry".
    if (chain.size() != 1)
      return fail(Reason::certificate_malformed, "there is more than one raw public key");
    peer.public_key = crypto::read_public_key(provider, chain[0]);
    if (!peer.public_key) return fail(Reason::certificate_malformed, "the raw public key cannot be read");
  } else {
    auto parsed = parse_chain(provider, chain, known);
    if (!parsed) return std::unexpected(parsed.error());
    peer.public_key = crypto::share(X509_get0_pubkey((*parsed)->certificates[0].get()));
    if (!peer.public_key) return malformed(0, "has a public key that libcrypto does not know");
    peer.parsed = std::move(*parsed);
    peer.ocsp_response.assign(ocsp_response.begin(), ocsp_response.end());
  }
  std::size_t size = 0;
  for (const Bytes certificate : chain) size += certificate.size();
  peer.octets.reserve(size);
  peer.ends.reserve(chain.size());
  for (const Bytes certificate : chain) {
    peer.octets.insert(peer.octets.end(), certificate.begin(), certificate.end());
    peer.ends.push_back(static_cast<std::uint32_t>(peer.octets.size()));
  }
  return peer;
}

}  // namespace sesame::certificate
