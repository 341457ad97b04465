#include <sesame/credential.h>

#include <cstring>

#include "psk/credential_body.h"
#include "secret/secret_bytes.h"

namespace sesame {
namespace psk {
namespace {

// An ALPN protocol name has one octet for its length (RFC 7301 section 3.1), a server name two (RFC 6066
// section 3).
constexpr std::size_t max_alpn_size = 0xff;
constexpr std::size_t max_server_name_size = 0xffff;

}  // namespace

Expected<> check(const CredentialParameters& p) {
  if (p.identity.empty()) return fail(Reason::identity_empty);
  if (p.identity.size() > max_identity_size) {
    return fail(Reason::identity_too_long, std::to_string(p.identity.size()) + " octets");
  }
  if (p.key.empty()) return fail(Reason::key_empty, "identity " + escaped(p.identity));
  if (p.key.size() > max_key_size) return fail(Reason::key_too_long, "identity " + escaped(p.identity));
  const auto invalid = [&](std::string_view what) {
    return fail(Reason::invalid_argument, std::string(what) + ", identity " + escaped(p.identity));
  };
  if (p.hash != HashAlgorithm::sha256 && p.hash != HashAlgorithm::sha384) return invalid("hash");
  if (p.usage != PskUsage::tls13) return invalid("usage");
  if (p.alpn.size() > max_alpn_size) return invalid("alpn of more than 255 octets");
  if (p.server_name.size() > max_server_name_size) return invalid("server_name of more than 65535 octets");
  if (p.not_before && p.not_after && *p.not_after <= *p.not_before)
    return invalid("not_after is not after not_before");
  return {};
}

CredentialBody::CredentialBody(const CredentialParameters& p)
    : hash(p.hash), usage(p.usage), not_before(p.not_before), not_after(p.not_after) {
  auto* const block =
      new std::uint8_t[p.identity.size() + p.key.size() + p.alpn.size() + p.server_name.size()];
  std::uint8_t* at = block;
  const auto keep = [&at](Bytes value) {
    const Bytes kept(at, value.size());
    if (!value.empty()) std::memcpy(at, value.data(), value.size());
    at += value.size();
    return kept;
  };
  identity = keep(p.identity);  // first: the destructor frees from here
  key = keep(p.key);
  alpn = as_text(keep(as_bytes(p.alpn)));
  server_name = as_text(keep(as_bytes(p.server_name)));
}

CredentialBody::~CredentialBody() {
  delete secrets_.load(std::memory_order_acquire);
  auto* const block = const_cast<std::uint8_t*>(identity.data());  // ours: the constructor made it
  secret::wipe(block, identity.size() + key.size());
  delete[] block;
}

namespace {

bool is_system(const crypto::Provider& provider) { return &provider == (*crypto::Provider::system()).get(); }

}  // namespace

PskSecrets CredentialBody::secrets_by(const crypto::Provider& provider) const noexcept {
  if (is_system(provider)) return secrets().copy();
  return derive_psk_secrets(provider.hash(hash), key, PskKind::external);
}

void CredentialBody::write_binder(const crypto::Provider& provider, Bytes transcript_hash,
                                  MutableBytes out) const noexcept {
  if (is_system(provider)) return secrets().binder.mac({transcript_hash}, out);
  secrets_by(provider).binder.mac({transcript_hash}, out);
}

const PskSecrets& CredentialBody::secrets() const noexcept {
  if (const PskSecrets* made = secrets_.load(std::memory_order_acquire)) return *made;
  // create() saw that there is a Provider, and it is never destroyed.
  const crypto::Provider& provider = **crypto::Provider::system();
  // Without memory for it nobody could answer for the key: then noexcept ends the program.
  // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new)
  auto* const mine = new PskSecrets(derive_psk_secrets(provider.hash(hash), key, PskKind::external));
  const PskSecrets* first = nullptr;
  if (secrets_.compare_exchange_strong(first, mine, std::memory_order_acq_rel)) return *mine;
  delete mine;  // another thread was first
  return *first;
}

}  // namespace psk

Expected<Credential> Credential::create(const CredentialParameters& parameters) {
  if (auto checked = psk::check(parameters); !checked) return std::unexpected(std::move(checked.error()));
  if (auto provider = crypto::Provider::system(); !provider)
    return std::unexpected(std::move(provider.error()));
  return Credential(std::make_shared<const psk::CredentialBody>(parameters));
}

Bytes Credential::identity() const noexcept { return body_->identity; }
HashAlgorithm Credential::hash() const noexcept { return body_->hash; }
PskUsage Credential::usage() const noexcept { return body_->usage; }
std::string_view Credential::alpn() const noexcept { return body_->alpn; }
std::string_view Credential::server_name() const noexcept { return body_->server_name; }
std::optional<TimePoint> Credential::not_before() const noexcept { return body_->not_before; }
std::optional<TimePoint> Credential::not_after() const noexcept { return body_->not_after; }
bool Credential::is_short() const noexcept { return body_->key.size() < short_key_size; }

}  // namespace sesame
