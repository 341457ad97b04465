#include "key_watch.h"

#include <fmt/format.h>
#include <sesame/credential.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>

#include "report.h"

namespace sesame::tool {

using namespace std::chrono_literals;

KeyWatch::KeyWatch(asio::io_context& io, FollowedKeys& keys, Log& log, Metrics& metrics)
    : io_(io), keys_(keys), log_(log), metrics_(metrics), hangup_(io, SIGHUP), tick_(io) {
  metrics_.set_keys(keys_.identities(), keys_.keys());
}

void KeyWatch::start() {
  asio::co_spawn(io_, follow(), asio::detached);
  asio::co_spawn(io_, wait_for_signal(), asio::detached);
}

void KeyWatch::stop() {
  stopping_ = true;
  std::error_code ignored;
  hangup_.cancel(ignored);
  tick_.cancel();
}

asio::awaitable<void> KeyWatch::wait_for_signal() {
  while (!stopping_) {
    std::error_code error;
    co_await hangup_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    asked_ = true;
    tick_.cancel();
    if (renew_) renew();
  }
}

void KeyWatch::renew() {
  const auto renewed = renew_();
  if (renewed) {
    log_.write("certificates loaded", Log::event("certificates_loaded"));
    return;
  }
  const auto& [file, error] = renewed.error();
  Json json = Log::event("certificates_rejected");
  json.add_or_null("file", file);
  add_error(json, error);
  log_.write(fmt::format("certificates not loaded, the old ones stay: {}{} {}",
                         file.empty() ? "" : file + ": ", error.message(), error.advice()),
             json);
}

asio::awaitable<void> KeyWatch::follow() {
  using Followed = std::expected<std::optional<LoadedKeys>, KeyFollower::Failure>;
  const auto read = [](FollowedKeys& keys, bool all) -> asio::awaitable<Followed> {
    co_return all ? keys.load() : keys.follow();
  };
  for (;;) {
    std::error_code error;
    tick_.expires_after(asked_ ? 0s : 1s);
    co_await tick_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (stopping_) co_return;
    const bool all = std::exchange(asked_, false);
    const Followed followed = co_await asio::co_spawn(reader_, read(keys_, all), asio::use_awaitable);
    if (!followed)
      tell(std::unexpected(followed.error()));
    else if (*followed)
      tell(**followed);
  }
}

void KeyWatch::tell(const std::expected<LoadedKeys, KeyFollower::Failure>& loaded) {
  metrics_.add_key_load(loaded.has_value());
  if (loaded) {
    metrics_.set_keys(loaded->identities, loaded->keys);
    Json json = Log::event("keys_loaded");
    json.add("identities", loaded->identities).add("keys", loaded->keys);
    log_.write(fmt::format(
                   "keys loaded: {} for {}", counted(loaded->keys, "key"),
                   loaded->identities == 1 ? "1 identity" : fmt::format("{} identities", loaded->identities)),
               json);
    for (const auto& identity : loaded->short_keys) {
      Json warning = Log::event("key_short");
      warning.add("identity", identity);
      log_.write(fmt::format("warning: the key of \"{}\" has under {} octets and can be guessed", identity,
                             short_key_size),
                 warning);
    }
    return;
  }
  const auto& [file, error] = loaded.error();
  Json json = Log::event("keys_rejected");
  json.add_or_null("file", file);
  add_error(json, error);
  log_.write(fmt::format("keys not loaded, the old ones stay: {}{} {}", file.empty() ? "" : file + ": ",
                         error.message(), error.advice()),
             json);
}

}  // namespace sesame::tool
