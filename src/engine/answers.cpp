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
  return server() ? server()->pending_psk() : std::nullopt;
}

Expected<> ConnectionBody::supply_psk(std::span<const Credential> credentials) {
  if (error_) return dead();
  auto* server = std::get_if<tls13::Server>(&machine_);
  if (!server || !server->awaits_psk()) return fail(Reason::nothing_pending);
  return go_on(server->supply_psk(credentials));
}

std::optional<ClientHelloInfo> ConnectionBody::pending_context() const {
  return server() ? server()->pending_context() : std::nullopt;
}

Expected<> ConnectionBody::supply_context(std::shared_ptr<const Context> context) {
  if (error_) return dead();
  auto* server = std::get_if<tls13::Server>(&machine_);
  if (!server || !server->awaits_context()) return fail(Reason::nothing_pending);
  return go_on(server->supply_context(std::move(context)));
}

std::optional<SignatureQuery> ConnectionBody::pending_signature() const {
  return std::visit([](const auto& machine) { return machine.pending_signature(); }, machine_);
}

Expected<> ConnectionBody::supply_signature(Bytes signature) {
  if (error_) return dead();
  if (!pending_signature()) return fail(Reason::nothing_pending);
  return go_on(std::visit([&](auto& machine) { return machine.supply_signature(signature); }, machine_));
}

Expected<> ConnectionBody::supply_verdict(std::optional<Alert> refusal) {
  if (error_) return dead();
  if (wait() != Wait::verification) return fail(Reason::nothing_pending);
  return go_on(std::visit([&](auto& machine) { return machine.supply_verdict(refusal); }, machine_));
}

}  // namespace sesame::engine
