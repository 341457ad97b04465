// A key look-up that is answered later: what sesame/asio.h hands to the application, and waits on.
#pragma once

#include <sesame/connection.h>
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
  /// Gives the connection its answer; called in the stream's own thread or strand.
  using Apply = std::function<Expected<>(Connection& connection)>;

  void give(Apply apply) {
    std::function<void()> wake;
    {
      const std::lock_guard lock(mutex_);
      if (apply_) return;
      apply_ = std::move(apply);
      wake = std::exchange(wake_, nullptr);
    }
    given_.notify_all();
    if (wake) wake();
  }
  /// `wake` is called once, when the answer is there; at once if it is there already.
  void on_given(std::function<void()> wake) {
    {
      const std::lock_guard lock(mutex_);
      if (!apply_) {
        wake_ = std::move(wake);
        return;
      }
    }
    wake();
  }
  std::optional<Apply> poll() const {
    const std::lock_guard lock(mutex_);
    return apply_;
  }
  Apply wait() const {
    std::unique_lock lock(mutex_);
    given_.wait(lock, [this] { return apply_.has_value(); });
    return *apply_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable given_;
  std::optional<Apply> apply_;
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
  void operator()(std::vector<Credential> credentials) const { give(*last_->answer, std::move(credentials)); }

 private:
  struct Last {
    explicit Last(std::shared_ptr<detail::LookupAnswer> a) : answer(std::move(a)) {}
    Last(const Last&) = delete;
    Last& operator=(const Last&) = delete;
    ~Last() { give(*answer, {}); }
    std::shared_ptr<detail::LookupAnswer> answer;
  };
  static void give(detail::LookupAnswer& answer, std::vector<Credential> credentials) {
    answer.give(
        [keys = std::move(credentials)](Connection& connection) { return connection.supply_psk(keys); });
  }
  std::shared_ptr<Last> last_;
};

/// Asked by a stream for the key that its connection's PskSource said would come later. The query's views are
/// valid during the call only: copy what is needed beyond it.
using PskLookup = std::function<void(const PskQuery& query, PskReply reply)>;

/// Answers what a connection waits for beside a server's key: Wait::context, Wait::signature,
/// Wait::verification, a client's key. Call it once, from any thread, with a function that gives the
/// connection its answer (supply_context, supply_signature, supply_verdict, supply_psk); the stream calls
/// that in its own thread or strand. When the last copy goes without an answer, it is no: no signature, no
/// trust, no key, the connection's own context.
class AnswerReply {
 public:
  explicit AnswerReply(std::shared_ptr<detail::LookupAnswer> answer)
      : last_(std::make_shared<Last>(std::move(answer))) {}

  void operator()(std::function<Expected<>(Connection& connection)> supply) const {
    last_->answer->give(std::move(supply));
  }

 private:
  struct Last {
    explicit Last(std::shared_ptr<detail::LookupAnswer> a) : answer(std::move(a)) {}
    Last(const Last&) = delete;
    Last& operator=(const Last&) = delete;
    ~Last() {
      answer->give([](Connection& connection) -> Expected<> {
        if (connection.wait() == Wait::signature) return connection.supply_signature({});
        if (connection.wait() == Wait::context) return connection.supply_context(nullptr);
        if (connection.wait() == Wait::psk_lookup) return connection.supply_psk({});
        return connection.supply_verdict(Alert::certificate_unknown);
      });
    }
    std::shared_ptr<detail::LookupAnswer> answer;
  };
  std::shared_ptr<Last> last_;
};

/// Asked by a stream for what its connection waits for; `connection` says what (wait(), pending_signature()
/// and so on), and is not to be kept.
using PendingAnswer = std::function<void(const Connection& connection, AnswerReply reply)>;

}  // namespace sesame
