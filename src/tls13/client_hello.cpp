// The ClientHello (RFC 8446 section 4.1.2) and its binders (section 4.2.11.2).
#include "message/client_hello.h"

#include <algorithm>
#include <cctype>

#include "extension/bodies.h"
#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "psk/credential_body.h"
#include "tls13/client.h"

namespace sesame::tls13 {

using extension::ExtensionType;
using message::HandshakeType;

namespace {

// RFC 6066 section 3: a DNS name without a trailing dot; literal addresses are not permitted.
Expected<std::string> server_name_to_send(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.find(':') != std::string_view::npos) return std::string();
  const bool is_ipv4 =
      std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) || c == '.'; });
  if (is_ipv4) return std::string();
  const bool is_dns_name = name.size() <= 253 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
                             return std::isalnum(c) || c == '-' || c == '.' || c == '_';
                           });
  if (!is_dns_name) {
    return fail(Reason::invalid_argument, "server_name is no DNS name: " + escaped(as_bytes(name)));
  }
  return std::string(name);
}

std::uint8_t max_fragment_length_code(std::size_t octets) {
  return octets == 512 ? 1 : octets == 1024 ? 2 : octets == 2048 ? 3 : 4;
}

}  // namespace

bool Client::offers(const Credential& credential) const {
  // Section 4.1.4: the second ClientHello leaves out the keys that do not fit the suite.
  const policy::Suite* const fixed = handshake_->retry_suite;
  return fits(credential) && (!fixed || fixed->hash == credential.hash());
}

bool Client::fits(const Credential& credential) const {
  const psk::CredentialBody& body = psk::CredentialAccess::body(credential);
  const ClientHandshake& h = *handshake_;
  if (body.usage != PskUsage::tls13 || !endpoint_.settings.has_suite_for(body.hash)) return false;
  if (body.not_before && h.now < *body.not_before) return false;
  if (body.not_after && h.now >= *body.not_after) return false;
  if (!body.server_name.empty() && body.server_name != endpoint_.established.server_name) return false;
  const auto& alpn = endpoint_.settings.options.alpn;
  return body.alpn.empty() || std::find(alpn.begin(), alpn.end(), body.alpn) != alpn.end();
}

bool Client::offers(const policy::Suite& suite) const {
  // A suite whose hash none of the keys has could only fail later: this is the trap that others leave open.
  // The second ClientHello has the suites of the first (section 4.1.2), also those whose keys it leaves out.
  return std::any_of(handshake_->credentials.begin(), handshake_->credentials.end(),
                     [&](const Credential& c) { return c.hash() == suite.hash && fits(c); });
}

const Credential* Client::offered_credential(std::size_t selected_identity) const {
  for (const Credential& credential : handshake_->credentials) {
    if (!offers(credential)) continue;
    if (selected_identity-- == 0) return &credential;
  }
  return nullptr;
}

Expected<> Client::start(const ClientOptions& options) {
  if (auto ok = prepare(options); !ok) return ok;
  if (auto ok = send_client_hello(); !ok) return ok;
  state_ = State::WAIT_SH;
  return {};
}

Expected<> Client::prepare(const ClientOptions& options) {
  const policy::Settings& settings = endpoint_.settings;
  handshake_ = std::make_unique_for_overwrite<ClientHandshake>();
  ClientHandshake& h = *handshake_;
  h.now = settings.now();
  if (!options.server_name.empty()) {
    auto name = server_name_to_send(options.server_name);
    if (!name) return std::unexpected(std::move(name.error()));
    endpoint_.established.server_name = std::move(*name);
  }
  if (options.credentials) {
    h.own_credentials.assign(options.credentials->begin(), options.credentials->end());
    h.credentials = h.own_credentials;
  } else {
    h.credentials = settings.options.credentials;
  }
  if (!offered_credential(0)) {
    return fail(Reason::no_credential_usable,
                h.credentials.empty() ? "no key is configured"
                                      : "of " + std::to_string(h.credentials.size()) +
                                            " keys none is valid now, fits this server name and protocol, "
                                            "and has the hash of a configured suite");
  }
  h.session_id_size = settings.options.middlebox_compatibility ? 32 : 0;
  std::array<std::uint8_t, 64> random;
  if (auto ok = settings.public_random(MutableBytes(random).first(std::size_t{32} + h.session_id_size)); !ok)
    return ok;
  std::copy_n(random.begin(), 32, h.random.begin());
  std::copy_n(random.begin() + 32, h.session_id_size, h.session_id.begin());
  for (const policy::Suite& suite : settings.suites) {
    if (offers(suite)) h.transcript.begin(settings.provider->hash(suite.hash));
  }
  if (!settings.allows(PskKeyExchangeMode::psk_dhe_ke)) return {};
  const std::size_t shares = std::min<std::size_t>(settings.options.key_shares, settings.groups.size());
  for (std::size_t i = 0; i < shares; ++i) {
    auto share =
        crypto::KeyExchange::generate(*settings.provider, settings.groups[i], settings.options.random);
    if (!share) return std::unexpected(std::move(share.error()));
    h.shares.push_back(std::move(*share));
  }
  return {};
}

Expected<> Client::send_client_hello() {
  const policy::Settings& settings = endpoint_.settings;
  ClientHandshake& h = *handshake_;
  std::size_t extensions_size = 0;
  auto hello = write_message(endpoint_.port, HandshakeType::client_hello, [&](wire::Writer& w) {
    w.uint(message::legacy_version_tls12, 2);
    w.put(h.random);
    w.prefixed(1, [&] { w.put(h.legacy_session_id()); });
    w.prefixed(2, [&] {
      for (const policy::Suite& suite : settings.suites) {
        if (offers(suite)) write(w, suite.id);
      }
    });
    w.prefixed(1, [&] { w.uint(0, 1); });  // legacy_compression_methods: null
    w.prefixed(2, [&] {
      const std::size_t before = w.buffer().size();
      write_client_hello_extensions(w);
      extensions_size = w.buffer().size() - before;
    });
  });
  if (extensions_size > 0xffff && !h.cookie.empty()) {
    Error error(Reason::message_too_long, "a cookie of " + std::to_string(h.cookie.size()) +
                                              " octets leaves no room for the identities");
    return std::unexpected(std::move(error.with_alert(Alert::illegal_parameter)));
  }
  if (extensions_size > 0xffff) {
    return fail(Reason::identity_too_long, "the extensions of the ClientHello take " +
                                               std::to_string(extensions_size) +
                                               " octets where 65535 fit: offer fewer or shorter identities");
  }
  if (!hello) return std::unexpected(std::move(hello.error()));
  if (auto ok = write_binders(*hello); !ok) return ok;
  h.transcript.add(*hello);
  return endpoint_.port.send_flight();
}

void Client::write_client_hello_extensions(wire::Writer& w) {
  const ContextOptions& options = endpoint_.settings.options;
  ClientHandshake& h = *handshake_;
  const auto extension = [&](ExtensionType type, auto&& body) {
    h.requested.add(type);
    write_extension(w, type, body);
  };
  if (const std::string& name = endpoint_.established.server_name; !name.empty()) {
    extension(ExtensionType::server_name, [&] {
      w.prefixed(2,
                 [&] { write(w, extension::ServerName{extension::NameType::host_name, {as_bytes(name)}}); });
    });
  }
  if (options.max_fragment_length != 0) {
    extension(ExtensionType::max_fragment_length,
              [&] { w.uint(max_fragment_length_code(options.max_fragment_length), 1); });
  }
  const bool dhe = endpoint_.settings.allows(PskKeyExchangeMode::psk_dhe_ke);
  if (dhe) {
    extension(ExtensionType::supported_groups, [&] {
      w.prefixed(2, [&] {
        for (const NamedGroup group : endpoint_.settings.groups) write(w, group);
      });
    });
  }
  if (!options.alpn.empty()) {
    extension(ExtensionType::application_layer_protocol_negotiation, [&] {
      w.prefixed(2, [&] {
        for (const std::string& protocol : options.alpn) write(w, wire::opaque<1, 255>{as_bytes(protocol)});
      });
    });
  }
  if (options.record_size_limit != 0) {
    // RFC 8449 section 4: in TLS 1.3 the limit counts the content type as well.
    extension(ExtensionType::record_size_limit,
              [&] { w.uint(static_cast<std::uint32_t>(options.record_size_limit + 1), 2); });
  }
  extension(ExtensionType::supported_versions, [&] { w.prefixed(1, [&] { w.uint(version, 2); }); });
  if (!h.cookie.empty()) {
    extension(ExtensionType::cookie, [&] { w.prefixed(2, [&] { w.put(h.cookie); }); });
  }
  extension(ExtensionType::psk_key_exchange_modes, [&] {
    w.prefixed(1, [&] {
      for (const PskKeyExchangeMode mode : options.psk_modes) write(w, mode);
    });
  });
  if (dhe) {
    extension(ExtensionType::key_share, [&] {
      w.prefixed(2, [&] {
        for (const crypto::KeyExchange& share : h.shares) {
          write(w, share.group());
          w.prefixed(2, [&] {
            const MutableBytes at = w.buffer().grow(crypto::key_share_size(share.group(), Side::client));
            if (!share.write_share(at)) w.fail(wire::Fault::illegal);
          });
        }
      });
    });
  }
  extension(ExtensionType::pre_shared_key, [&] { write_pre_shared_key(w); });  // always the last
}

void Client::write_pre_shared_key(wire::Writer& w) {
  std::size_t binders = 0;
  w.prefixed(2, [&] {
    for (const Credential& credential : handshake_->credentials) {
      if (!offers(credential)) continue;
      // obfuscated_ticket_age is 0 for an external key.
      write(w, extension::PskIdentity{{credential.identity()}, 0});
      binders += 1 + endpoint_.settings.provider->hash(credential.hash()).size();
    }
  });
  w.prefixed(2, [&] { w.buffer().grow(binders); });  // filled in by write_binders()
}

Expected<> Client::write_binders(MutableBytes client_hello) {
  const ClientHandshake& h = *handshake_;
  std::size_t size = 0;
  for (const Credential& c : h.credentials) {
    if (offers(c)) size += 1 + endpoint_.settings.provider->hash(c.hash()).size();
  }
  // Section 4.2.11.2: the transcript up to and with the identities; the lengths are as if the binders stood
  // there.
  const Bytes truncated = client_hello.first(client_hello.size() - size - 2);
  MutableBytes at = client_hello.last(size);
  crypto::HashValue hashes[2];
  for (const Credential& credential : h.credentials) {
    if (!offers(credential)) continue;
    crypto::HashValue& hash = hashes[static_cast<std::size_t>(credential.hash())];
    if (hash.size() == 0) hash = h.transcript.value_with(credential.hash(), truncated);
    at[0] = static_cast<std::uint8_t>(hash.size());
    const psk::CredentialBody& body = psk::CredentialAccess::body(credential);
    body.write_binder(*endpoint_.settings.provider, hash.bytes(), at.subspan(1, hash.size()));
    at = at.subspan(1 + hash.size());
  }
  return {};
}

}  // namespace sesame::tls13
