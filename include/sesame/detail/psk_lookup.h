// A key look-up that is answered later: what sesame/asio.h hands to the application, and waits on.
#pragma once

#include <sesame/credential.h>
#include <sesame/psk_source.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace sesame {

namespace detail {

// Shared by the reply, on whatever thread it is, and by the stream's operation that waits for it.
class LookupAnswer {
 public:
  void give(std::vector<Credential> credentials) {
    std::function<void()> wake;
    {
      const std::lock_guard lock(mutex_);
      if (credentials_) return;
      credentials_ = std::move(credentials);
      wake = std::exchange(wake_, nullptr);
    }
    given_.notify_all();
    if (wake) wake();
  }
  /// `wake` is called once, when the answer is there; at once if it is there already.
  void on_given(std::function<void()> wake) {
    {
      const std::lock_guard lock(mutex_);
      if (!credentials_) {
        wake_ = std::move(wake);
        return;
      }
    }
    wake();
  }
  std::optional<std::vector<Credential>> poll() const {
    const std::lock_guard lock(mutex_);
    return credentials_;
  }
  std::vector<Credential> wait() const {
    std::unique_lock lock(mutex_);
    given_.wait(lock, [this] { return credentials_.has_value(); });
    return *credentials_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable given_;
  std::optional<std::vector<Credential>> credentials_;
  std::function<void()> wake_;
};

}  // namespace detail

/// Answers one look-up: call it once, from any thread. A copy answers the same look-up. When the last copy
/// goes without an answer, the identity counts as unknown.
class PskReply {
 public:
  explicit PskReply(std::shared_ptr<detail::LookupAnswer> answer)
      : last_(std::make_shared<Last>(std::move(answer))) {}

  /// No key (unknown), one, or two, the newest first. Only the first call counts.
  void operator()(std::vector<Credential> credentials) const { last_->answer->give(std::move(credentials)); }

 private:
  struct Last {
    explicit Last(std::shared_ptr<detail::LookupAnswer> a) : answer(std::move(a)) {}
    Last(const Last&) = delete;
    Last& operator=(const Last&) = delete;
    ~Last() { answer->give({}); }
    std::shared_ptr<detail::LookupAnswer> answer;
  };
  std::shared_ptr<Last> last_;
};

/// Asked by a stream for the key that its connection's PskSource said would come later. The query's views are
/// valid during the call only: copy what is needed beyond it.
using PskLookup = std::function<void(const PskQuery& query, PskReply reply)>;

}  // namespace sesame
