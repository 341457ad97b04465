// The ClientHello (RFC 8446 section 4.1.2) and its binders (section 4.2.11.2).
#include "message/client_hello.h"

#include <algorithm>

#include "extension/bodies.h"
#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "psk/credential_body.h"
#include "tls13/client.h"

namespace sesame::tls13 {

using extension::ExtensionType;
using message::HandshakeType;

Expected<> Client::send_client_hello() {
  const policy::Settings& settings = *endpoint_.settings;
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
      handshake::write_suites_below(endpoint_, h, w);
    });
    w.prefixed(1, [&] { w.uint(0, 1); });  // legacy_compression_methods: null
    w.prefixed(2, [&] {
      const std::size_t before = w.buffer().size();
      write_client_hello_extensions(w);
      rewrite_extensions(settings, HandshakeType::client_hello, w, before);
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
  if (!h.below || h.retry_suite) return endpoint_.port.send_flight();
  h.below->hello.append(Bytes(*hello));
  // RFC 8446 section 5.1: the record of the first ClientHello, for servers of those versions that look, and
  // no other one.
  if (h.below->lowest < ProtocolVersion::tls12) endpoint_.port.set_version(ProtocolVersion::tls10);
  auto sent = endpoint_.port.send_flight();
  endpoint_.port.set_version(ProtocolVersion::tls12);
  return sent;
}

void Client::write_client_hello_extensions(wire::Writer& w) {
  const ContextOptions& options = endpoint_.settings->options;
  ClientHandshake& h = *handshake_;
  const auto extension = [&](ExtensionType type, auto&& body) {
    h.requested.add(type);
    write_extension(w, type, body);
  };
  const bool dhe = endpoint_.settings->allows(PskKeyExchangeMode::psk_dhe_ke) || h.offers_certificates;
  handshake::write_common_extensions(endpoint_, h, dhe || h.below, w);
  if (h.offers_certificates && options.post_handshake_auth)
    extension(ExtensionType::post_handshake_auth, [] {});
  handshake::write_extensions_below(endpoint_, h, {}, w);
  extension(ExtensionType::supported_versions, [&] {
    w.prefixed(1, [&] {
      w.uint(version, 2);
      if (!h.below) return;
      for (auto v = static_cast<unsigned>(h.below->highest); v >= static_cast<unsigned>(h.below->lowest); --v)
        w.uint(v, 2);
    });
  });
  if (!h.cookie.empty()) {
    extension(ExtensionType::cookie, [&] { w.prefixed(2, [&] { w.put(h.cookie); }); });
  }
  const bool psk = offers_psk();
  // Section 4.2.9: it says as well which tickets a server may give.
  if (psk || options.session_store || options.on_session) {
    extension(ExtensionType::psk_key_exchange_modes, [&] {
      w.prefixed(1, [&] {
        for (const PskKeyExchangeMode mode : options.psk_modes) write(w, mode);
      });
    });
  }
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
  // Section 4.1.2: the second ClientHello has no early_data.
  if (h.early_suite && !h.retry_suite) extension(ExtensionType::early_data, [] {});
  if (h.offers_extern_psk && psk) extension(ExtensionType::tls_cert_with_extern_psk, [] {});
  if (psk) extension(ExtensionType::pre_shared_key, [&] { write_pre_shared_key(w); });  // always the last
}

void Client::write_pre_shared_key(wire::Writer& w) {
  std::size_t binders = 0;
  w.prefixed(2, [&] {
    for_each_offered([&](const OfferedPsk& psk) {
      if (psk.session) {
        // Section 4.2.11.1: milliseconds since the ticket came, obfuscated.
        const auto age =
            std::chrono::duration_cast<std::chrono::milliseconds>(handshake_->now - psk.session->issued);
        const auto milliseconds = static_cast<std::uint32_t>(std::max<std::int64_t>(age.count(), 0));
        write(w, extension::PskIdentity{{psk.session->ticket}, milliseconds + psk.session->age_add});
      } else {
        // obfuscated_ticket_age is 0 for an external key.
        write(w, extension::PskIdentity{
                     {psk::CredentialAccess::body(*psk.credential).wire_identity(psk.hash)}, 0});
      }
      binders += 1 + endpoint_.settings->provider->hash(psk.hash).size();
      return true;
    });
  });
  w.prefixed(2, [&] { w.buffer().grow(binders); });  // filled in by write_binders()
}

Expected<> Client::write_binders(MutableBytes client_hello) {
  const ClientHandshake& h = *handshake_;
  std::size_t size = 0;
  for_each_offered([&](const OfferedPsk& psk) {
    size += 1 + endpoint_.settings->provider->hash(psk.hash).size();
    return true;
  });
  if (size == 0) return {};
  // Section 4.2.11.2: the transcript up to and with the identities; the lengths are as if the binders stood
  // there.
  const Bytes truncated = client_hello.first(client_hello.size() - size - 2);
  MutableBytes at = client_hello.last(size);
  crypto::HashValue hashes[2];
  for_each_offered([&](const OfferedPsk& psk) {
    crypto::HashValue& hash = hashes[static_cast<std::size_t>(psk.hash)];
    if (hash.size() == 0) hash = h.transcript.value_with(psk.hash, truncated);
    at[0] = static_cast<std::uint8_t>(hash.size());
    const MutableBytes binder = at.subspan(1, hash.size());
    if (psk.session) {
      h.session_secrets.binder.mac({hash.bytes()}, binder);
    } else {
      psk::CredentialAccess::body(*psk.credential)
          .write_binder(*endpoint_.settings->provider, psk.hash, hash.bytes(), binder);
    }
    at = at.subspan(1 + hash.size());
    return true;
  });
  return {};
}

// Section 7.1: client_early_traffic_secret and early_exporter_master_secret, over the ClientHello.
Expected<> Client::begin_early_data() {
  ClientHandshake& h = *handshake_;
  if (!h.early_suite) return {};
  const policy::Settings& settings = *endpoint_.settings;
  const policy::Suite& suite = *h.early_suite;
  const OfferedPsk first = offered(0);
  const psk::PskSecrets secrets =
      first.session
          ? h.session_secrets.copy()
          : psk::CredentialAccess::body(*first.credential).secrets_by(*settings.provider, first.hash);
  const secret::EarlyStage early(secrets.copy());
  const crypto::HashValue hello = h.transcript.value(suite.hash);
  const secret::SecretBytes traffic = early.client_early_traffic(hello.bytes());
  secret::SecretBytes& exporter = endpoint_.established.extras().early_exporter_secret;
  exporter = early.early_exporter(hello.bytes());
  log_secret(settings, "CLIENT_EARLY_TRAFFIC_SECRET", h.random, traffic.bytes());
  log_secret(settings, "EARLY_EXPORTER_SECRET", h.random, exporter.bytes());
  endpoint_.established.suite = &suite;  // the exporter's, until the server has chosen
  early_status_ = EarlyDataStatus::offered;
  // Appendix D.4: with early data straight behind the ClientHello.
  Expected<> ok;
  if (h.session_id_size > 0) ok = endpoint_.port.send_change_cipher_spec();
  if (ok)
    ok = endpoint_.port.set_write_keys(suite,
                                       crypto::HmacKey(settings.provider->hash(suite.hash), traffic.bytes()));
  return ok;
}

}  // namespace sesame::tls13
