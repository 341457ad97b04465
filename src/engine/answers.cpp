// What the application owes a connection, and how it goes on when it has it.
#include "engine/connection_body.h"

namespace sesame::engine {

bool ConnectionBody::is_suspended() const noexcept {
  return std::visit([](const auto& machine) { return machine.is_suspended(); }, machine_);
}

// Messages may have come behind the one that the answer was about: they wait in the joiner.
Expected<> ConnectionBody::go_on(Expected<> answered) {
  if (answered && !is_suspended()) answered = on_messages();
  if (!answered && answered.error().reason() != Reason::nothing_pending)
    return die(std::move(answered.error()));
  return answered;
}

std::optional<PskQuery> ConnectionBody::pending_psk() const {
  if (const auto* server = std::get_if<tls12::Server>(&machine_)) return server->pending_psk();
  return server13() ? server13()->pending_psk() : std::nullopt;
}

std::optional<PskHintQuery> ConnectionBody::pending_psk_hint() const {
  const auto* client = std::get_if<tls12::Client>(&machine_);
  return client ? client->pending_psk_hint() : std::nullopt;
}

Expected<> ConnectionBody::supply_psk(std::span<const Credential> credentials) {
  if (error_) return dead();
  return go_on(std::visit(
      [&](auto& machine) -> Expected<> {
        if constexpr (requires { machine.awaits_psk(); }) {
          if (machine.awaits_psk()) return machine.supply_psk(credentials);
        }
        return fail(Reason::nothing_pending);
      },
      machine_));
}

std::optional<ClientHelloInfo> ConnectionBody::pending_context() const {
  const auto* start = std::get_if<handshake::ServerStart>(&machine_);
  return start ? start->pending_context() : std::nullopt;
}

Expected<> ConnectionBody::supply_context(std::shared_ptr<const Context> context) {
  if (error_) return dead();
  auto* start = std::get_if<handshake::ServerStart>(&machine_);
  if (!start || !start->awaits_context()) return fail(Reason::nothing_pending);
  const auto version = start->supply_context(std::move(context));
  if (!version) return go_on(std::unexpected(version.error()));
  // The octets stay where they are while the machine of the version reads them.
  const std::vector<std::uint8_t> octets = start->take_client_hello();
  return go_on(begin(*version, {message::HandshakeType::client_hello, octets, start->ends_record()}));
}

std::optional<SignatureQuery> ConnectionBody::pending_signature() const {
  return std::visit(
      [](const auto& machine) -> std::optional<SignatureQuery> {
        if constexpr (requires { machine.pending_signature(); }) return machine.pending_signature();
        return std::nullopt;
      },
      machine_);
}

Expected<> ConnectionBody::supply_signature(Bytes signature) {
  if (error_) return dead();
  if (!pending_signature()) return fail(Reason::nothing_pending);
  return go_on(std::visit(
      [&](auto& machine) -> Expected<> {
        if constexpr (requires { machine.supply_signature(signature); })
          return machine.supply_signature(signature);
        return fail(Reason::nothing_pending);
      },
      machine_));
}

Expected<> ConnectionBody::supply_verdict(std::optional<Alert> refusal) {
  if (error_) return dead();
  if (wait() != Wait::verification) return fail(Reason::nothing_pending);
  return go_on(std::visit(
      [&](auto& machine) -> Expected<> {
        if constexpr (requires { machine.supply_verdict(refusal); }) return machine.supply_verdict(refusal);
        return fail(Reason::nothing_pending);
      },
      machine_));
}

}  // namespace sesame::engine
