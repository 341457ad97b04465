#include "tls12/client.h"

namespace sesame::tls12 {

namespace {
std::unexpected<Error> not_there() { return fail(Reason::internal_error, "TLS 1.2 is not there yet"); }
}  // namespace

std::string_view name(ClientState) noexcept { return "START"; }
Expected<> Client::start(const ClientOptions&) { return not_there(); }
Expected<> Client::start(handshake::ClientStart&&) { return not_there(); }
void Client::take_over(handshake::ClientStart&&) {}
Expected<> Client::on_message(const handshake::Incoming&) { return not_there(); }
std::span<const Client::Edge> Client::edges() noexcept { return {}; }
Expected<> Client::supply_psk(std::span<const Credential>) { return not_there(); }
Expected<> Client::supply_signature(Bytes) { return not_there(); }
Expected<> Client::supply_verdict(std::optional<Alert>) { return not_there(); }
Expected<> Client::renegotiate() { return not_there(); }

}  // namespace sesame::tls12
