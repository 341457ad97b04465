#include "tls12/export.h"

#include <array>

#include "secret/prf.h"

namespace sesame::tls12 {
namespace {

Expected<> expand(const crypto::Provider& provider, const handshake::Established& established,
                  std::string_view label, std::initializer_list<Bytes> seed, MutableBytes out) {
  const secret::Prf which = secret::prf_of(established.version, established.suite->hash);
  return secret::prf(provider, which, established.below->master_secret.bytes(), label, seed, out);
}

}  // namespace

Expected<> export_keying_material(const crypto::Provider& provider, const handshake::Established& established,
                                  std::string_view label, std::optional<Bytes> context, MutableBytes out) {
  // Section 4: these are TLS's own.
  for (const std::string_view reserved :
       {"client finished", "server finished", "master secret", "extended master secret", "key expansion"}) {
    if (label == reserved) return fail(Reason::invalid_argument, "the label is one of TLS itself");
  }
  if (label.empty()) return fail(Reason::invalid_argument, "an exporter label has at least one octet");
  if (context && context->size() > 0xffff)
    return fail(Reason::invalid_argument, "the context of an exporter has at most 65535 octets");
  const handshake::Below13& below = *established.below;
  if (!context) return expand(provider, established, label, {below.client_random, below.server_random}, out);
  const std::array<std::uint8_t, 2> size = {static_cast<std::uint8_t>(context->size() >> 8),
                                            static_cast<std::uint8_t>(context->size())};
  return expand(provider, established, label, {below.client_random, below.server_random, size, *context},
                out);
}

Expected<> export_key_block(const crypto::Provider& provider, const handshake::Established& established,
                            MutableBytes out) {
  const handshake::Below13& below = *established.below;
  return expand(provider, established, "key expansion", {below.server_random, below.client_random}, out);
}

}  // namespace sesame::tls12
