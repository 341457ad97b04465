#include "tls12/server.h"

namespace sesame::tls12 {

namespace {
std::unexpected<Error> not_there() { return fail(Reason::internal_error, "TLS 1.2 is not there yet"); }
}  // namespace

std::string_view name(ServerState) noexcept { return "START"; }
Expected<> Server::on_message(const handshake::Incoming&) { return not_there(); }
std::span<const Server::Edge> Server::edges() noexcept { return {}; }
Expected<> Server::supply_psk(std::span<const Credential>) { return not_there(); }
Expected<> Server::supply_signature(Bytes) { return not_there(); }
Expected<> Server::supply_verdict(std::optional<Alert>) { return not_there(); }
Expected<> Server::renegotiate() { return not_there(); }

}  // namespace sesame::tls12
