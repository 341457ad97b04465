// The record of early data: RFC 8446 sections 8.2 and 8.3.
//
// A ClientHello can come again as long as its key, or its ticket's age, is accepted. Until then it stands
// here, as 128 bits of a keyed hash of its binder: keyed, so that a client cannot choose where in the table
// it lands.
#include <algorithm>
#include <cstring>
#include <mutex>
#include <queue>
#include <unordered_map>

#include "crypto/provider.h"
#include "session/session_body.h"

namespace sesame {
namespace {

using Mark = std::array<std::uint8_t, 16>;

struct FirstOctets {
  std::size_t operator()(const Mark& mark) const noexcept {
    std::size_t value;
    std::memcpy(&value, mark.data(), sizeof value);
    return value;
  }
};

struct Expiry {
  TimePoint until;
  Mark mark;
  bool operator>(const Expiry& other) const noexcept { return until > other.until; }
};

// A check takes out at most so many that have expired, so that none has to work for all of them.
constexpr int purged_per_check = 8;

// Ages are whole milliseconds: when the same hello is fresh for the last time comes out up to one earlier or
// later.
constexpr std::chrono::milliseconds rounding{2};

}  // namespace

struct ReplayGuard::Impl {
  ReplayGuardOptions options;
  TimePoint begin;
  crypto::HmacKey key;  // empty: without random numbers nothing can be said

  mutable std::mutex mutex;
  std::unordered_map<Mark, TimePoint, FirstOctets> marks;
  std::priority_queue<Expiry, std::vector<Expiry>, std::greater<>> expiries;  // the first to expire on top
  /// What was to be remembered until then, or less long, may be forgotten: a clock that went forward and came
  /// back must not make it fresh again.
  TimePoint forgotten = TimePoint::min();

  void purge(TimePoint now) {
    for (int i = 0; i < purged_per_check && !expiries.empty() && expiries.top().until < now; ++i) {
      forgotten = std::max(forgotten, expiries.top().until + rounding);
      marks.erase(expiries.top().mark);
      expiries.pop();
    }
  }

  Verdict record(Bytes binder, TimePoint until, TimePoint now, Verdict if_forgotten) {
    if (key.empty()) return Verdict::full;
    Mark mark;
    std::copy_n(key.mac({binder}).bytes().begin(), mark.size(), mark.begin());
    const std::lock_guard lock(mutex);
    purge(now);
    if (marks.contains(mark)) return Verdict::replayed;
    if (until <= forgotten) return if_forgotten;
    if (marks.size() >= options.records) return Verdict::full;
    marks.emplace(mark, until);
    expiries.push({until, mark});
    return Verdict::fresh;
  }
};

ReplayGuard::ReplayGuard(const ReplayGuardOptions& options, TimePoint begin)
    : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
  impl_->begin = begin;
  const auto& provider = crypto::Provider::system();
  if (!provider) return;
  std::uint8_t random[32];
  if ((*provider)->random(random)) {
    impl_->key = crypto::HmacKey((*provider)->hash(HashAlgorithm::sha256), random);
  }
  secret::wipe(random, sizeof random);
}

ReplayGuard::~ReplayGuard() = default;

ReplayGuard::Verdict ReplayGuard::check_ticket(Bytes binder, std::chrono::milliseconds stated_age,
                                               std::chrono::milliseconds found_age, TimePoint now) {
  const std::chrono::milliseconds window = impl_->options.window;
  const std::chrono::milliseconds difference = found_age - stated_age;
  if (difference > window || difference < -window) return Verdict::stale;
  // The age that is found grows with time; the hello is fresh until it is a window over the stated one.
  const TimePoint until = now + (window - difference) + rounding;
  return impl_->record(binder, until, now, Verdict::stale);
}

ReplayGuard::Verdict ReplayGuard::check_external(Bytes binder, std::optional<TimePoint> not_before,
                                                 std::optional<TimePoint> not_after, TimePoint now) {
  const bool whole = impl_->options.external_keys_are_new || (not_before && *not_before >= impl_->begin);
  if (!whole || (not_after && now >= *not_after)) return Verdict::not_whole;
  return impl_->record(binder, not_after.value_or(TimePoint::max()), now, Verdict::not_whole);
}

std::size_t ReplayGuard::size() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->marks.size();
}

}  // namespace sesame
