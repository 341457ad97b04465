#include <sesame/context.h>

#include "engine/context_body.h"

namespace sesame {

Context::Context(std::unique_ptr<const engine::ContextBody> body) noexcept : body_(std::move(body)) {}
Context::~Context() = default;

Expected<std::shared_ptr<const Context>> Context::create(ContextOptions options) {
  auto settings = policy::resolve(std::move(options));
  if (!settings) return std::unexpected(std::move(settings.error()));
  auto body = std::make_unique<const engine::ContextBody>(std::move(*settings));
  return std::shared_ptr<const Context>(new Context(std::move(body)));
}

const ContextOptions& Context::options() const noexcept { return body_->settings.options; }

}  // namespace sesame
