#include "native_peer.h"

#include <array>
#include <cstring>
#include <utility>

#include "certificates.h"

namespace bench::native {
namespace {

using sesame::Bytes;
using sesame::Connection;
using sesame::MutableBytes;

template <class T>
T unwrap(sesame::Expected<T>&& result, const char* what) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    give_up(what);
  }
  return std::move(*result);
}

// What a transport would do: the octets that one has for the other, in a buffer of the receiver's.
bool deliver(Connection& from, Connection& to) {
  static std::array<std::uint8_t, 8192> buffer;
  const Bytes out = from.output();
  if (out.empty()) return false;
  require(out.size() <= buffer.size(), "a flight is larger than expected");
  std::memcpy(buffer.data(), out.data(), out.size());
  from.output_sent(out.size());
  MutableBytes rest(buffer.data(), out.size());
  while (!rest.empty()) {
    const auto received = to.receive(rest);
    if (!received) std::fprintf(stderr, "%s\n", received.error().message().c_str());
    require(received && received->consumed > 0, "sesame's handshake failed");
    rest = rest.subspan(received->consumed);
  }
  return true;
}

void give_secret(const sesame::SessionSecretQuery&, sesame::SessionSecretAnswer& answer) {
  answer.give(session_secret);
}

sesame::ContextOptions common_options(const Setting& setting) {
  using sesame::NamedGroup;
  sesame::ContextOptions options;
  options.min_version = options.max_version = setting.version;
  options.cipher_suites = {setting.suite};
  options.psk_modes = {setting.mode == Mode::psk_ke ? sesame::PskKeyExchangeMode::psk_ke
                                                    : sesame::PskKeyExchangeMode::psk_dhe_ke};
  // P-256 is for the certificate, whose curve TLS 1.2 names among the groups (RFC 8422 section 5.1).
  options.groups = setting.is_tls13()
                       ? std::vector{NamedGroup::x25519}
                       : std::vector{NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::ffdhe2048};
  options.encrypt_then_mac = setting.encrypt_then_mac;
  return options;
}

}  // namespace

sesame::Credential make_credential(Bytes id, Bytes psk, sesame::PskUsage usage) {
  return unwrap(sesame::Credential::create({.identity = id, .key = psk, .usage = usage}),
                "sesame refuses the key");
}

Contexts::Contexts(const Setting& setting, std::shared_ptr<sesame::PskSource> source) : setting_(setting) {
  sesame::ContextOptions client = common_options(setting), server = common_options(setting);
  if (setting.by == By::key) {
    const Bytes id = sesame::as_bytes(identity);
    const auto usage = setting.is_tls13() ? sesame::PskUsage::tls13 : sesame::PskUsage::tls12;
    if (!source) {
      auto keyring = std::make_shared<sesame::Keyring>();
      require(keyring->add({.identity = id, .key = key, .usage = usage}).has_value(),
              "sesame refuses the key");
      source = std::move(keyring);
    }
    server.psk_source = std::move(source);
    client.credentials.push_back(make_credential(id, key, usage));
  } else {
    const Certificates& ours = certificates(setting.by);
    client.verification = sesame::VerificationOptions{
        .trust = unwrap(sesame::TrustStore::from_handle(ours.store), "no trust store")};
    X509* const chain[] = {ours.leaf};
    server.certificates = {
        unwrap(sesame::CertifiedKey::from_handles(chain, ours.key), "sesame refuses the certificate")};
  }
  if (setting.resumes) {
    client.on_session = [this](const sesame::Session& session) { session_ = session; };
    server.tickets = {.issuer = std::make_shared<sesame::TicketKeys>(), .count = 1};
  }
  client_ = unwrap(sesame::Context::create(client), "no context for the client");
  server_ = unwrap(sesame::Context::create(server), "no context for the server");
  if (!setting.resumes) return;
  connect();
  require(session_.has_value(), "sesame gives no ticket");
  server.tickets.count = 0;
  client.on_session = {};
  client_ = unwrap(sesame::Context::create(client), "no context for the client");
  server_ = unwrap(sesame::Context::create(server), "no context for the server");
}

sesame::ClientOptions Contexts::client_options() const {
  sesame::ClientOptions options;
  if (setting_.has_certificates()) options.server_name = server_name;
  if (setting_.by == By::session_secret) {
    options.session_ticket = session_ticket;
    options.session_secret = give_secret;
  }
  options.session = session_;
  return options;
}

Pair Contexts::connect(const sesame::Credential* credential) {
  sesame::ClientOptions options = client_options();
  if (credential) options.credentials = std::span(credential, 1);
  Connection client = unwrap(Connection::client(client_, options), "no client");
  sesame::ServerOptions server_options;
  if (setting_.by == By::session_secret) server_options.session_secret = give_secret;
  Connection server = unwrap(Connection::server(server_, std::move(server_options)), "no server");
  const bool resumes = session_.has_value();
  for (bool moved = true; moved;) {
    moved = deliver(client, server);
    moved = deliver(server, client) || moved;
  }
  require(client.handshake_done() && server.handshake_done(), "sesame's handshake does not end");
  check(client, server);
  require(client.resumed() == (resumes || setting_.by == By::session_secret),
          "sesame did not resume what was to be measured");
  return {std::move(client), std::move(server)};
}

void Contexts::check(const Connection& client, const Connection& server) const {
  require(client.version() == setting_.version && client.cipher_suite() == setting_.suite,
          "sesame did not negotiate what was to be measured");
  require((client.authentication() == sesame::Authentication::session_secret) ==
              (setting_.by == By::session_secret),
          "sesame did not use the session secret");
  if (!setting_.is_tls13()) return;
  require(server.group().has_value() == (setting_.mode == Mode::psk_dhe_ke),
          "sesame did not negotiate the mode that was to be measured");
}

std::size_t Contexts::client_hello() {
  return unwrap(Connection::client(client_, client_options()), "no client").output().size();
}

const std::uint8_t* Pair::transfer(Bytes data, MutableBytes record) noexcept {
  const auto sealed = client_->seal(data, record);
  require(sealed && sealed->consumed == data.size(), "sesame seals nothing");
  MutableBytes rest = record.first(sealed->written);
  while (!rest.empty()) {
    const auto received = server_->receive(rest);
    require(received && received->consumed > 0, "sesame's record did not arrive");
    if (received->data.size() == data.size()) return received->data.data();
    rest = rest.subspan(received->consumed);  // a KeyUpdate before it
  }
  give_up("sesame's record did not arrive");
}

}  // namespace bench::native
