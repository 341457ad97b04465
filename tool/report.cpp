#include "report.h"

#include <fmt/format.h>
#include <sesame/key_file.h>

#include <asio/error.hpp>
#include <cstdio>

namespace sesame::tool {

std::string_view key_exchange_text(const Connection& connection) {
  if (connection.version() < ProtocolVersion::tls13) return name(connection.key_exchange());
  // The mode belongs to a key; a handshake by certificate has none.
  return connection.psk_identity().empty() ? "certificate" : name(connection.psk_mode());
}

std::string negotiated_text(const Connection& connection) {
  std::string out = fmt::format("{} {} {}", name(connection.version()), name(connection.cipher_suite()),
                                key_exchange_text(connection));
  if (const auto group = connection.group()) out += fmt::format(" {}", name(*group));
  if (connection.resumed()) out += " resumed";
  if (connection.retried()) out += " retried";
  if (!connection.alpn().empty()) out += fmt::format(" alpn={}", escaped(as_bytes(connection.alpn())));
  if (!connection.server_name().empty())
    out += fmt::format(" sni={}", escaped(as_bytes(connection.server_name())));
  return out;
}

std::string peer_text(const Connection& connection) {
  std::string out;
  if (!connection.psk_identity().empty()) {
    out += fmt::format(" identity=\"{}\"{}", escaped(connection.psk_identity()),
                       connection.used_older_key() ? " (older key)" : "");
  }
  if (connection.side() == Side::server && !connection.peer_certificates().empty())
    out += " client_certificate";
  return out;
}

void add_negotiated(Json& json, const Connection& connection) {
  const auto group = connection.group();
  const bool below_tls13 = connection.version() < ProtocolVersion::tls13;
  const bool has_mode = !below_tls13 && !connection.psk_identity().empty();
  const auto hint = connection.psk_identity_hint();
  json.add("version", name(connection.version()))
      .add("cipher_suite", name(connection.cipher_suite()))
      .add_or_null("psk_mode", has_mode ? name(connection.psk_mode()) : std::string_view())
      .add_or_null("key_exchange", below_tls13 ? name(connection.key_exchange()) : std::string_view())
      .add_or_null("psk_identity_hint", hint ? escaped(*hint, 256) : std::string())
      .add_or_null("group", group ? name(*group) : std::string_view())
      .add_or_null("identity", escaped(connection.psk_identity(), 256))
      .add("authentication", name(connection.authentication()))
      .add("peer_certificates", connection.peer_certificates().size())
      .add_or_null("alpn", escaped(as_bytes(connection.alpn())))
      .add_or_null("server_name", escaped(as_bytes(connection.server_name())))
      .add("resumed", connection.resumed())
      .add("retried", connection.retried());
}

void add_error(Json& json, const Error& error) {
  const bool alert = error.alert() != Alert::none;
  json.add("reason", name(error.reason()))
      .add_or_null("alert", alert ? name(error.alert()) : std::string_view())
      .add_or_null("alert_from", alert ? (error.from_peer() ? "peer" : "self") : std::string_view())
      .add_or_null("state", error.state())
      .add_or_null("handshake_message", error.handshake_message())
      .add("message", error.message())
      .add("advice", error.advice());
}

void add_error(Json& json, const std::error_code& error, std::string_view advice) {
  json.add("reason", "network")
      .add_null("alert")
      .add_null("alert_from")
      .add_null("state")
      .add_null("handshake_message")
      .add("message", error.message())
      .add("advice", advice);
}

std::string_view network_advice(const std::error_code& error) {
  if (error == asio::error::connection_refused) {
    return "Nothing listens there. Start the server, or check the host and the port.";
  }
  if (error == asio::error::host_not_found || error == asio::error::host_not_found_try_again ||
      error == asio::error::service_not_found || error == asio::error::no_data) {
    return "Check the name for a typing error, or give the address.";
  }
  if (error == asio::error::address_in_use) {
    return "Another program listens on that port. Stop it, or choose another port with --port.";
  }
  if (error == asio::error::access_denied || error == std::errc::permission_denied) {
    return "Ports below 1024 need privileges. Choose a higher one with --port.";
  }
  if (error == asio::error::connection_reset || error == asio::error::broken_pipe) {
    return "The peer, or something between, cut the connection. Its log may say why.";
  }
  if (error == std::errc::address_not_available) return "This machine has no such address. Check --listen.";
  return "Check the network, the host and the port.";
}

void complain(std::string_view message, std::string_view advice) {
  fmt::print(stderr, "sesame: {}\n", message);
  if (!advice.empty()) fmt::print(stderr, "  what to do: {}\n", advice);
}

void complain(const Error& error, std::string_view about) {
  complain(about.empty() ? error.message() : fmt::format("{}: {}", about, error.message()), error.advice());
}

void warn(std::string_view message) { fmt::print(stderr, "sesame: warning: {}\n", message); }

}  // namespace sesame::tool
