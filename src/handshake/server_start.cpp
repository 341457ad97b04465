#include "handshake/server_start.h"

#include "handshake/hello.h"

namespace sesame::handshake {

using message::HandshakeType;
using enum ServerStartState;

std::string_view name(ServerStartState state) noexcept { return state == START ? "START" : "RECVD_CH"; }

Expected<std::optional<ProtocolVersion>> ServerStart::on_message(const Incoming& message) {
  auto version = message.type == HandshakeType::client_hello
                     ? read(message)
                     : Expected<std::optional<ProtocolVersion>>(fail(Reason::unexpected_message));
  if (!version)
    return std::unexpected(std::move(version.error().at(name(state_), message::name(message.type))));
  return version;
}

Expected<std::optional<ProtocolVersion>> ServerStart::read(const Incoming& message) {
  const auto& select = endpoint_.settings->options.select;
  auto hello = read_hello(message.whole);
  if (!hello) return std::unexpected(std::move(hello.error()));
  if (select) {
    if (auto ok = read_server_name(*hello); !ok) return std::unexpected(std::move(ok.error()));
    ContextChoice choice;
    select(info_of(*hello), choice);
    if (choice.refusal())
      return std::unexpected(Error(Reason::context_refused).with_alert(*choice.refusal()));
    if (choice.is_later()) {
      client_hello_.assign(message.whole.begin(), message.whole.end());
      ends_record_ = message.ends_record;
      state_ = RECVD_CH;
      return std::nullopt;
    }
    if (choice.context()) endpoint_.settings = &endpoint_.port.use_context(choice.context());
  }
  return choose_version(*endpoint_.settings, *hello);
}

std::optional<ClientHelloInfo> ServerStart::pending_context() const {
  if (!awaits_context()) return std::nullopt;
  auto hello = read_hello(client_hello_);  // it was read before
  if (!hello || !read_server_name(*hello)) return std::nullopt;
  return info_of(*hello);
}

Expected<ProtocolVersion> ServerStart::supply_context(std::shared_ptr<const Context> context) {
  if (!awaits_context()) return fail(Reason::nothing_pending);
  if (context) endpoint_.settings = &endpoint_.port.use_context(std::move(context));
  const auto hello = read_hello(client_hello_);
  auto version = hello ? choose_version(*endpoint_.settings, *hello)
                       : Expected<ProtocolVersion>(std::unexpected(hello.error()));
  if (!version)
    return std::unexpected(
        std::move(version.error().at(name(state_), message::name(HandshakeType::client_hello))));
  return version;
}

}  // namespace sesame::handshake
