#include "engine/connection_body.h"

#include <algorithm>

#include "engine/context_body.h"

namespace sesame::engine {

ConnectionBody::ConnectionBody(std::shared_ptr<const Context> context)
    : context_(std::move(context)),
      settings_(&context_->body().settings),
      machine_(std::in_place_type<tls13::Client>, make_endpoint()),
      side_(Side::client) {
  writer_.pad_to(settings_->options.padding.block);
  if (!settings_->speaks_tls13()) machine_.emplace<tls12::Client>(make_endpoint());
}

ConnectionBody::ConnectionBody(std::shared_ptr<const Context> context, ServerOptions&& options)
    : context_(std::move(context)),
      settings_(&context_->body().settings),
      server_options_(options.session_secret || options.on_session_ticket
                          ? std::make_unique<ServerOptions>(std::move(options))
                          : nullptr),
      machine_(make_server()),
      side_(Side::server) {
  writer_.pad_to(settings_->options.padding.block);
}

// Where only one version can come and nothing is to be selected, the ClientHello is its machine's at once.
ConnectionBody::Machine ConnectionBody::make_server() {
  const bool is_open = settings_->options.select || (settings_->speaks_tls13() && settings_->speaks_below());
  if (is_open) return Machine(std::in_place_type<handshake::ServerStart>, make_endpoint());
  if (settings_->speaks_tls13()) return Machine(std::in_place_type<tls13::Server>, make_endpoint());
  return Machine(std::in_place_type<tls12::Server>, make_endpoint(), server_options_.get());
}

handshake::Endpoint& ConnectionBody::endpoint() noexcept {
  return std::visit([](auto& machine) -> handshake::Endpoint& { return machine.endpoint(); }, machine_);
}

bool ConnectionBody::handshake_done() const noexcept {
  return std::visit(
      [](const auto& machine) {
        if constexpr (requires { machine.connected(); }) return machine.connected();
        return false;
      },
      machine_);
}

std::string_view ConnectionBody::state() const noexcept {
  return std::visit([](const auto& machine) { return name(machine.state()); }, machine_);
}

Expected<> ConnectionBody::start(const ClientOptions& options) {
  begun_ = true;
  if (auto* below = std::get_if<tls12::Client>(&machine_)) return below->start(options);
  auto& client = std::get<tls13::Client>(machine_);
  const auto started = client.start(options);
  if (!started) return std::unexpected(started.error());
  if (*started) return {};
  handshake::ClientStart prepared = client.take_start();
  return machine_.emplace<tls12::Client>(make_endpoint()).start(std::move(prepared));
}

Wait ConnectionBody::wait() const noexcept {
  if (error_ || (read_closed_ && write_closed_))
    return writer_.output().empty() ? Wait::closed : Wait::output;
  const Wait owed = std::visit(
      [](const auto& machine) {
        if constexpr (requires { machine.awaits_context(); }) {
          if (machine.awaits_context()) return Wait::context;
        }
        if constexpr (requires { machine.awaits_psk(); }) {
          if (machine.awaits_psk()) return Wait::psk_lookup;
        }
        if constexpr (requires { machine.awaits_verdict(); }) {
          if (machine.awaits_verdict()) return Wait::verification;
        }
        if constexpr (requires { machine.pending_signature(); }) {
          if (machine.pending_signature()) return Wait::signature;
        }
        return Wait::nothing;
      },
      machine_);
  if (owed != Wait::nothing) return owed;
  if (!writer_.output().empty()) return Wait::output;
  return handshake_done() ? Wait::nothing : Wait::input;
}

// ---- keys ----

Expected<> ConnectionBody::set_read_keys(const policy::Suite& suite, const crypto::HmacKey& traffic_secret) {
  accepted_early_data_ = 0;
  // Behind its second ClientHello a client has no early data any more.
  if (established_.retried) early_data_ = 0;
  const secret::TrafficKeys keys = secret::traffic_keys(traffic_secret, suite.aead->key_size());
  return reader_.set_keys(*suite.aead, crypto::Aead::Direction::open, keys.key.bytes(), keys.iv.bytes());
}

Expected<> ConnectionBody::set_write_keys(const policy::Suite& suite, const crypto::HmacKey& traffic_secret) {
  const secret::TrafficKeys keys = secret::traffic_keys(traffic_secret, suite.aead->key_size());
  return writer_.protection().set_keys(*suite.aead, crypto::Aead::Direction::seal, keys.key.bytes(),
                                       keys.iv.bytes());
}

Expected<> ConnectionBody::set_read_keys(const record::BlockKeys& keys) {
  older_reader_.reset();
  reads_by_older_keys_ = false;
  return reader_.set_keys(keys, crypto::Aead::Direction::open);
}

Expected<> ConnectionBody::set_read_keys(const record::BlockKeys& keys, const record::BlockKeys& older) {
  if (auto ok = set_read_keys(keys); !ok) return ok;
  older_reader_ = std::make_unique<record::Protection>();
  return older_reader_->set_keys(older, crypto::Aead::Direction::open);
}

Expected<> ConnectionBody::set_write_keys(const record::BlockKeys& keys) {
  return writer_.protection().set_keys(keys, crypto::Aead::Direction::seal);
}

Expected<> ConnectionBody::send_warning(Alert alert) {
  constexpr std::uint8_t warning = 1;
  return writer_.alert(warning, static_cast<std::uint8_t>(alert));
}

std::uint64_t ConnectionBody::records_per_key() const noexcept {
  // Below TLS 1.3 nothing updates keys: the sequence number is the limit.
  if (speaks_below13()) return UINT64_MAX;
  const std::uint64_t configured = settings_->options.limits.records_per_key;
  const std::uint64_t suite_limit = established_.suite->records_per_key;
  return configured ? std::min(configured, suite_limit) : suite_limit;
}

Expected<> ConnectionBody::update_keys_if_due() {
  if (writer_.protection().records() < records_per_key() && !endpoint().key_update_owed) return {};
  return tls13::send_key_update(endpoint(), false);
}

// With the KeyUpdates that seal() puts in front and between.
std::size_t ConnectionBody::sealed_size(std::size_t size) const noexcept {
  const std::size_t sealed = writer_.sealed_size(size);
  if (size == 0) return sealed;
  const std::uint64_t records = (size + writer_.max_content() - 1) / writer_.max_content();
  const std::uint64_t limit = records_per_key(), used = writer_.protection().records();
  const bool owed = std::visit([](const auto& m) { return m.endpoint().key_update_owed; }, machine_);
  std::uint64_t updates = owed ? 1 : 0;
  if (owed || used >= limit) {
    updates = 1 + (records - 1) / limit;
  } else if (used + records > limit) {
    updates = 1 + (used + records - limit - 1) / limit;
  }
  constexpr std::size_t key_update = message::handshake_header_size + 1;
  return sealed + static_cast<std::size_t>(updates) * writer_.sealed_size(key_update);
}

Expected<> ConnectionBody::update_keys(bool request_peer) {
  if (auto ok = ready_to_send(); !ok) return ok;
  if (speaks_below13()) return fail(Reason::invalid_argument, "TLS 1.2 and below do not update keys");
  auto ok = tls13::send_key_update(endpoint(), request_peer);
  if (!ok) return die(std::move(ok.error()));
  return {};
}

// ---- to the peer ----

Expected<> ConnectionBody::ready_to_send() const {
  if (error_) return dead();
  if (!handshake_done()) return fail(Reason::not_connected);
  if (write_closed_) return fail(Reason::write_closed);
  return {};
}

Expected<> ConnectionBody::send(Bytes data) {
  if (auto ok = ready_to_send(); !ok) return ok;
  auto ok = Expected<>();
  // In pieces, so that keys are updated in time within one call as well.
  while (ok && !data.empty()) {
    ok = update_keys_if_due();
    const std::size_t n = std::min<std::size_t>(data.size(), writer_.max_content());
    if (ok) ok = writer_.application_data(data.first(n));
    data = data.subspan(n);
  }
  if (!ok) return die(std::move(ok.error()));
  return {};
}

Expected<Sealed> ConnectionBody::seal(Bytes data, MutableBytes into) {
  if (auto ok = ready_to_send(); !ok) return std::unexpected(std::move(ok.error()));
  if (!writer_.output().empty())
    return fail(Reason::invalid_argument, "seal() while output() has octets to send");
  Sealed out;
  while (!data.empty()) {
    if (auto ok = update_keys_if_due(); !ok) return die(std::move(ok.error()));
    if (const Bytes update = writer_.output().bytes(); !update.empty()) {
      // A KeyUpdate has to stand in front of what the new keys protect.
      if (update.size() > into.size() - out.written) break;
      std::copy(update.begin(), update.end(), into.begin() + static_cast<std::ptrdiff_t>(out.written));
      out.written += update.size();
      writer_.output().release();
    }
    const Bytes piece = data.first(std::min<std::size_t>(data.size(), writer_.max_content()));
    auto sealed = writer_.seal(piece, into.subspan(out.written));
    if (!sealed) return die(std::move(sealed.error()));
    out.consumed += sealed->consumed;
    out.written += sealed->written;
    data = data.subspan(sealed->consumed);
    if (sealed->consumed < piece.size()) break;
  }
  if (out.written == 0 && !data.empty()) return fail(Reason::buffer_too_small);
  return out;
}

// Section 4.2.10: under the early keys, as much as the session or the key allows.
std::size_t ConnectionBody::early_data_room() const noexcept {
  const tls13::Client* client = client13();
  return client && !error_ && !write_closed_ ? client->early_data_room() : 0;
}

Expected<std::size_t> ConnectionBody::send_early(Bytes data) {
  if (error_) return dead();
  const std::size_t room = early_data_room();
  if (room == 0) return fail(Reason::early_data_unavailable);
  data = data.first(std::min(data.size(), room));
  if (auto ok = writer_.application_data(data); !ok) return die(std::move(ok.error()));
  std::get<tls13::Client>(machine_).early_data_sent(data.size());
  return data.size();
}

Expected<> ConnectionBody::send_ticket() {
  if (auto ok = ready_to_send(); !ok) return ok;
  auto* server = std::get_if<tls13::Server>(&machine_);
  if (!server) return fail(Reason::invalid_argument, "tickets are given by a server, and in TLS 1.3");
  return server->send_ticket();
}

Expected<> ConnectionBody::request_certificate(bool require) {
  if (auto ok = ready_to_send(); !ok) return ok;
  auto* server = std::get_if<tls13::Server>(&machine_);
  if (!server) return fail(Reason::invalid_argument, "a server asks for a certificate, and in TLS 1.3");
  return server->request_certificate(require);
}

Expected<> ConnectionBody::renegotiate() {
  if (auto ok = ready_to_send(); !ok) return ok;
  auto ok = Expected<>(fail(Reason::renegotiation_unavailable));
  if (auto* client = std::get_if<tls12::Client>(&machine_)) ok = client->renegotiate();
  if (auto* server = std::get_if<tls12::Server>(&machine_)) ok = server->renegotiate();
  if (!ok && ok.error().reason() != Reason::renegotiation_unavailable) return die(std::move(ok.error()));
  return ok;
}

const policy::Settings& ConnectionBody::use_context(std::shared_ptr<const Context> context) {
  context_ = std::move(context);
  settings_ = &context_->body().settings;
  writer_.pad_to(settings_->options.padding.block);
  return *settings_;
}

Expected<> ConnectionBody::close() {
  if (error_) return dead();
  if (write_closed_) return {};
  auto ok = begun_ ? writer_.alert(1, static_cast<std::uint8_t>(Alert::close_notify)) : Expected<>();
  if (!ok) return die(std::move(ok.error()));
  write_closed_ = true;
  endpoint().write_closed = true;
  // Before the handshake is done there is nothing to close in one direction only: it is given up.
  if (!handshake_done()) {
    read_closed_ = true;
    wipe();
  }
  return {};
}

void ConnectionBody::output_sent(std::size_t size) noexcept {
  wire::Buffer& output = writer_.output();
  output.consume(std::min(size, output.size()));
  // An idle connection holds no buffer; during the handshake the next flight will want it.
  if (output.empty() && (handshake_done() || read_closed_)) output.release();
}

// ---- the end ----

void ConnectionBody::write_alert(Alert alert) noexcept {
  if (alert == Alert::none || write_closed_) return;
  constexpr std::uint8_t fatal = 2;
  // If even the alert cannot be sealed the connection ends without one; what matters is that it ends.
  (void)writer_.alert(fatal, static_cast<std::uint8_t>(alert));
}

std::unexpected<Error> ConnectionBody::die(Error error) noexcept {
  if (error.state().empty()) error.at(state(), {});
  if (!error.from_peer()) write_alert(error.alert());
  // RFC 5246 section 7.2.2: the session goes with its connection, but where only the transport broke.
  if (auto* server = std::get_if<tls12::Server>(&machine_); server && error.reason() != Reason::truncated)
    server->forget_session();
  error_ = std::make_unique<Error>(std::move(error));
  read_closed_ = write_closed_ = true;
  wipe();
  return dead();
}

// Nothing that could be used, or that could answer, is left.
void ConnectionBody::wipe() noexcept {
  reader_.clear();
  writer_.protection().clear();
  older_reader_.reset();
  joiner_.reset();
  std::visit([](auto& machine) { machine.abandon(); }, machine_);
  established_.read_secret.clear();
  established_.write_secret.clear();
  established_.exporter_secret.clear();
  if (established_.below) established_.below->master_secret.clear();
  if (established_.more) {
    established_.more->resumption_secret.clear();
    established_.more->early_exporter_secret.clear();
    established_.more->transcript.reset();
  }
}

}  // namespace sesame::engine
