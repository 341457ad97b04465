#include <sesame/credential.h>

#include <cstring>

#include "policy/suites.h"
#include "psk/credential_body.h"
#include "psk/importer.h"
#include "secret/secret_bytes.h"

namespace sesame {
namespace psk {
namespace {

// An ALPN protocol name has one octet for its length (RFC 7301 section 3.1), a server name two (RFC 6066
// section 3).
constexpr std::size_t max_alpn_size = 0xff;
constexpr std::size_t max_server_name_size = 0xffff;

// TLS 1.3, as it is or imported, or not, and TLS 1.2 or not; something of it.
bool is_usage(PskUsage usage) {
  switch (usage) {
    case PskUsage::tls13:
    case PskUsage::tls13_imported:
    case PskUsage::tls12:
    case PskUsage::tls13_and_tls12:
    case PskUsage::tls13_imported_and_tls12:
      return true;
  }
  return false;
}

bool is_early_data_suite(CipherSuite suite, PskUsage usage, HashAlgorithm hash) {
  if (policy::is_tls13(suite) != true) return false;
  return is_imported(usage) || policy::hash_of(suite) == hash;
}

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
  if (!is_usage(p.usage)) return invalid("usage");
  if (!is_imported(p.usage) && !p.context.empty()) {
    return invalid("a context is of imported keys (PskUsage::tls13_imported)");
  }
  if (p.early_data.limit > 0 && !is_for_tls13(p.usage)) {
    return invalid("early data is of keys for TLS 1.3");
  }
  if (is_imported(p.usage) &&
      p.identity.size() + p.context.size() + imported_identity_overhead > max_identity_size) {
    return fail(Reason::identity_too_long, "identity and context are sent as one, and have " +
                                               std::to_string(p.identity.size() + p.context.size()) +
                                               " octets");
  }
  if (p.alpn.size() > max_alpn_size) return invalid("alpn of more than 255 octets");
  if (p.server_name.size() > max_server_name_size) return invalid("server_name of more than 65535 octets");
  if (p.not_before && p.not_after && *p.not_after <= *p.not_before)
    return invalid("not_after is not after not_before");
  // An imported key has the hash of whatever suite it is used with.
  if (p.early_data.limit > 0 && !is_early_data_suite(p.early_data.cipher_suite, p.usage, p.hash)) {
    return invalid("the cipher suite of early data does not have the hash of the key");
  }
  return {};
}

CredentialBody::CredentialBody(const CredentialParameters& p)
    : hash(p.hash),
      usage(p.usage),
      early_data(p.early_data),
      not_before(p.not_before),
      not_after(p.not_after) {
  const std::size_t imported_size =
      is_imported() ? p.identity.size() + p.context.size() + imported_identity_overhead : 0;
  block_ =
      std::make_unique_for_overwrite<std::uint8_t[]>((is_imported() ? 2 * imported_size : p.identity.size()) +
                                                     p.key.size() + p.alpn.size() + p.server_name.size());
  std::uint8_t* at = block_.get();
  const auto keep = [&at](Bytes value) {
    const Bytes kept(at, value.size());
    if (!value.empty()) std::memcpy(at, value.data(), value.size());
    at += value.size();
    return kept;
  };
  if (is_imported()) {
    for (const HashAlgorithm target : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
      wire::Buffer serialized;
      wire::encode(serialized, imported_identity(p.identity, p.context, target));
      imported_identities_[static_cast<std::size_t>(target)] = keep(serialized.bytes());
    }
    // Both stand in what was just written.
    const Import import = *read_imported_identity(imported_identities_[0]);
    identity = import.external_identity;
    context = import.context;
  } else {
    identity = keep(p.identity);
  }
  key = keep(p.key);
  alpn = as_text(keep(as_bytes(p.alpn)));
  server_name = as_text(keep(as_bytes(p.server_name)));
}

CredentialBody::~CredentialBody() {
  for (const auto& secrets : secrets_) delete secrets.load(std::memory_order_acquire);
  for (const auto& premaster : premasters_) delete premaster.load(std::memory_order_acquire);
  secret::wipe(const_cast<std::uint8_t*>(key.data()), key.size());  // ours: the constructor made it
}

Bytes CredentialBody::wire_identity(HashAlgorithm target) const noexcept {
  return is_imported() ? imported_identities_[static_cast<std::size_t>(target)] : identity;
}

namespace {

bool is_system(const crypto::Provider& provider) { return &provider == (*crypto::Provider::system()).get(); }

}  // namespace

PskSecrets CredentialBody::derive(const crypto::Provider& provider, HashAlgorithm target) const noexcept {
  if (!is_imported()) return derive_psk_secrets(provider.hash(hash), key, PskKind::external);
  return derive_imported_secrets(provider, hash, key, imported_identity(identity, context, target));
}

PskSecrets CredentialBody::secrets_by(const crypto::Provider& provider, HashAlgorithm target) const noexcept {
  if (is_system(provider)) return secrets(target).copy();
  return derive(provider, target);
}

void CredentialBody::write_binder(const crypto::Provider& provider, HashAlgorithm target,
                                  Bytes transcript_hash, MutableBytes out) const noexcept {
  if (is_system(provider)) return secrets(target).binder.mac({transcript_hash}, out);
  derive(provider, target).binder.mac({transcript_hash}, out);
}

namespace {

// What was derived, or else what derive(the system's Provider) gives, which is kept from now on.
template <class T, class Derive>
const T& derived_once(std::atomic<const T*>& kept, Derive derive) noexcept {
  if (const T* made = kept.load(std::memory_order_acquire)) return *made;
  // create() saw that there is a Provider, and it is never destroyed.
  const crypto::Provider& provider = **crypto::Provider::system();
  // Without memory for it nobody could answer for the key: then noexcept ends the program.
  // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new)
  auto* const mine = new T(derive(provider));
  const T* first = nullptr;
  if (kept.compare_exchange_strong(first, mine, std::memory_order_acq_rel)) return *mine;
  delete mine;  // another thread was first
  return *first;
}

}  // namespace

const PskSecrets& CredentialBody::secrets(HashAlgorithm target) const noexcept {
  return derived_once(secrets_[static_cast<std::size_t>(target)],
                      [&](const crypto::Provider& provider) { return derive(provider, target); });
}

const crypto::HmacKey& CredentialBody::plain_premaster(HashAlgorithm prf) const noexcept {
  return derived_once(premasters_[static_cast<std::size_t>(prf)], [&](const crypto::Provider& provider) {
    return derive_plain_premaster(provider.hash(prf), key);
  });
}

crypto::HmacKey CredentialBody::plain_premaster_by(const crypto::Provider& provider,
                                                   HashAlgorithm prf) const noexcept {
  if (is_system(provider)) return plain_premaster(prf).copy();
  return derive_plain_premaster(provider.hash(prf), key);
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
Bytes Credential::context() const noexcept { return body_->context; }
const ExternalEarlyData& Credential::early_data() const noexcept { return body_->early_data; }
std::string_view Credential::alpn() const noexcept { return body_->alpn; }
std::string_view Credential::server_name() const noexcept { return body_->server_name; }
std::optional<TimePoint> Credential::not_before() const noexcept { return body_->not_before; }
std::optional<TimePoint> Credential::not_after() const noexcept { return body_->not_after; }
bool Credential::is_short() const noexcept { return body_->key.size() < short_key_size; }

}  // namespace sesame
