// A client until it knows which version it speaks: what its ClientHello says for every version, and what it
// has to remember of that. TLS 1.3 adds its own extensions; the machine of the version that the server
// chooses takes over what is here.
#pragma once

#include <sesame/connection.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "extension/table.h"
#include "handshake/authentication.h"
#include "handshake/endpoint.h"
#include "handshake/write.h"
#include "message/server_hello.h"
#include "session/session_body.h"

namespace sesame::handshake {

/// What a client offers for TLS 1.2 and below. Made only where it offers any of that.
struct OfferBelow {
  ProtocolVersion lowest = ProtocolVersion::tls12;  // of what is offered
  ProtocolVersion highest = ProtocolVersion::tls12;
  std::vector<const policy::Suite*> suites;                 // that could work, of the settings
  std::optional<Session> session;                           // to resume
  std::optional<std::vector<std::uint8_t>> session_ticket;  // ClientOptions::session_ticket
  SessionSecretProvider session_secret;
  wire::Buffer hello;  // the ClientHello as it was sent: which hash it goes into is not known yet
  bool sent_session_ticket = false;  // extension 35, with octets in it
};

struct ClientStart {
  TimePoint now;
  std::vector<Credential> own_credentials;  // from ClientOptions; empty: the context's are used
  std::span<const Credential> credentials;
  std::string verify_name;           // empty: any
  bool offers_certificates = false;  // the server may authenticate by a certificate
  message::Random random;
  std::array<std::uint8_t, 32> session_id;
  std::uint8_t session_id_size = 0;
  extension::TypeSet requested;
  std::unique_ptr<OfferBelow> below;

  ClientStart() noexcept {}  // random and session_id are not cleared
  ClientStart(ClientStart&& other) noexcept = default;
  ClientStart& operator=(ClientStart&& other) noexcept = default;
  // `credentials` may be of own_credentials, whose elements stay where they are when it is moved.

  Bytes legacy_session_id() const noexcept { return {session_id.data(), session_id_size}; }
};

/// Whether a group is one of RFC 8422 or x25519 and x448: what ECDHE of TLS 1.2 and below can use.
bool is_elliptic_curve(NamedGroup group) noexcept;

/// The names, the keys, the time. Error: invalid_argument (the server name).
Expected<> begin_start(const Endpoint& endpoint, const ClientOptions& options, ClientStart& start);

/// The session that the options or the context's store have; nullopt: none. The caller asks whether it fits.
std::optional<Session> take_session(const Endpoint& endpoint, const ClientOptions& options,
                                    const ClientStart& start);

/// Decides what is offered for TLS 1.2 and below, with `session` if it is one of those versions and fits.
/// Where nothing could work, start.below stays empty. Error: invalid_argument (a session_ticket over 65535
/// octets).
Expected<> offer_below(const Endpoint& endpoint, const ClientOptions& options, std::optional<Session> session,
                       ClientStart& start);

/// Whether a session of TLS 1.2 or below is one that this context would make today.
bool fits_below(const Endpoint& endpoint, const ClientStart& start, const session::SessionBody& session);
/// Whether the key can be used in TLS 1.2 and below now, with this server name.
bool fits_below(const Endpoint& endpoint, const ClientStart& start, const Credential& credential);

/// random and session_id: 32 octets of it if `wants_session_id`. A session of TLS 1.2 that has an identifier
/// has that; one that has a ticket gets one of its own (RFC 5077 section 3.4).
Expected<> draw_randoms(const Endpoint& endpoint, bool wants_session_id, ClientStart& start);

/// The suites of TLS 1.2 and below, and the signalling values; behind those of TLS 1.3.
void write_suites_below(const Endpoint& endpoint, const ClientStart& start, wire::Writer& w);

/// The extensions that every version has: server_name, max_fragment_length, supported_groups, the ones about
/// certificates, ALPN, record_size_limit. `groups`: whether any key exchange that is offered has groups.
void write_common_extensions(const Endpoint& endpoint, ClientStart& start, bool groups, wire::Writer& w);

/// Those of TLS 1.2 and below: extended_master_secret, encrypt_then_mac, session_ticket, ec_point_formats,
/// renegotiation_info where `client_verify_data` is not empty (otherwise the signalling value stands for it).
void write_extensions_below(const Endpoint& endpoint, ClientStart& start, Bytes client_verify_data,
                            wire::Writer& w);

/// The version of a ServerHello: selected_version, or else legacy_version. Error: malformed_message.
Expected<ProtocolVersion> version_of_server_hello(Bytes server_hello);

}  // namespace sesame::handshake
