// What a peer shows: chains, raw public keys, stapled OCSP responses, and what is compressed.
#include "support/certificates.h"

#include <openssl/err.h>

#include <algorithm>

#include "certificate/compression.h"
#include "certificate/peer.h"
#include "support/script.h"

using namespace sesame;
using fuzz::certificates;
using fuzz::Octets;

namespace {

const crypto::Provider& provider() { return **crypto::Provider::system(); }

Expected<> judged(const certificate::Peer& peer, Side side = Side::client) {
  VerificationOptions options{.trust = certificates().trust};
  options.raw_public_keys = {certificates().public_key};
  certificate::VerdictBody verdict;
  return certificate::judge(
      provider(),
      {.options = options, .side = side, .name = "server.example", .now = TimePoint(fuzz::judged_at)}, peer,
      verdict);
}

bool contains(Bytes octets, Bytes part) { return !std::ranges::search(octets, part).empty(); }

// Nobody is trusted but who shows what the authority has signed.
void end_entity(Bytes octets) {
  const std::vector<Bytes> shown = {octets, certificates().intermediate};
  const auto peer = certificate::read_peer(provider(), CertificateType::x509, shown, {});
  if (!peer) {
    FUZZ_CHECK(peer.error().reason() == Reason::certificate_malformed);
    return;
  }
  FUZZ_CHECK(peer->public_key && std::ranges::equal(peer->chain()[0], octets));
  const auto found = judged(*peer);
  FUZZ_CHECK(!found || contains(octets, certificates().server_tbs));
  FUZZ_CHECK(found || !found.error().message().empty());
  (void)judged(*peer, Side::server);
}

// A chain of any certificates, each behind its length.
void any_chain(fuzz::Script script) {
  std::vector<Bytes> shown = {certificates().server};
  while (!script.empty()) shown.push_back(script.take(script.word()));
  const auto peer = certificate::read_peer(provider(), CertificateType::x509, shown, {});
  if (!peer) return;
  const auto found = judged(*peer);
  // The server's certificate is a good one, and is trusted where its issuer is there as well.
  FUZZ_CHECK(!found || shown.size() > 1);
}

void ocsp_response(Bytes octets) {
  const std::vector<Bytes> shown = {certificates().server, certificates().intermediate};
  const auto peer = certificate::read_peer(provider(), CertificateType::x509, shown, octets);
  FUZZ_CHECK(peer);
  const auto found = judged(*peer);
  FUZZ_CHECK(found || found.error().reason() == Reason::ocsp_response_invalid ||
             found.error().reason() == Reason::certificate_revoked);
}

void raw_public_key(Bytes octets) {
  const Bytes shown[] = {octets};
  const auto peer = certificate::read_peer(provider(), CertificateType::raw_public_key, shown, {});
  if (!peer) {
    FUZZ_CHECK(peer.error().reason() == Reason::certificate_malformed);
    return;
  }
  FUZZ_CHECK(judged(*peer).has_value() == std::ranges::equal(octets, certificates().public_key));
  for (const SignatureScheme scheme : crypto::schemes_of(peer->public_key.get())) {
    FUZZ_CHECK(
        !crypto::verify(provider(), peer->public_key.get(), scheme, octets, octets.first(octets.size() / 2)));
  }
}

void expand_one(fuzz::Script script) {
  const auto algorithm = static_cast<CertificateCompressionAlgorithm>(1 + script.octet() % 3);
  const std::size_t size = script.word();
  const auto out = certificate::expand(algorithm, script.rest(), size);
  if (!out) {
    FUZZ_CHECK(out.error().reason() == Reason::certificate_compression_wrong);
    return;
  }
  FUZZ_CHECK(out->size() == size);
  const auto again = certificate::compress(algorithm, *out);
  if (again.empty()) return;
  const auto back = certificate::expand(algorithm, again, size);
  FUZZ_CHECK(back && *back == *out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script({data, size});
  switch (script.octet() % 5) {
    case 0:
      end_entity(script.rest());
      break;
    case 1:
      any_chain(script);
      break;
    case 2:
      ocsp_response(script.rest());
      break;
    case 3:
      raw_public_key(script.rest());
      break;
    default:
      expand_one(script);
      break;
  }
  FUZZ_CHECK(ERR_peek_error() == 0);
  return 0;
}
