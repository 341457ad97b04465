// What a stream over any transport does beside moving octets: it holds the connection and its buffers, and
// says what the transport has to do next. sesame/asio.h is a shell around it; an adaptor to another event
// loop can be one too.
//
// Buffers come and go with the traffic. An idle stream holds only the small one that is part of it.
#pragma once

#include <sesame/bytes.h>
#include <sesame/connection.h>
#include <sesame/error.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

namespace sesame::detail {

/// What has to happen before the next step of an operation.
enum class Need : std::uint8_t {
  nothing,  ///< the operation is done: the step has its outcome
  input,    ///< read into input_space(), then input_arrived() or input_ended()
  output,   ///< begin_output(), write all of it, then end_output()
  writer,   ///< another operation is writing: wait for its end_output()
  lookup,   ///< the connection waits for an answer of the application: Wait::psk_lookup and the like
};

struct Step {
  Need need = Need::nothing;
  std::error_code error = {};  ///< with Need::nothing
  std::size_t size = 0;        ///< with Need::nothing: octets read or written
  bool end = false;  ///< with Need::nothing: the peer has said close_notify, there is no more to read
};

/// Not safe for concurrent calls. One read and one write may be under way at a time.
class StreamCore {
 public:
  explicit StreamCore(Connection connection) noexcept : connection_(std::move(connection)) {}

  Connection& connection() noexcept { return connection_; }
  const Connection& connection() const noexcept { return connection_; }

  // ---- steps: call again after what they need has happened, until they need nothing ----

  Step handshake();
  Step read(MutableBytes into);
  /// Seals at most `write_chunk` octets of `data`. Once it has needed output, the next steps are
  /// finish_write().
  Step write(Bytes data);
  Step finish_write();
  Step shutdown();

  // ---- the transport's side ----

  MutableBytes input_space();
  void input_arrived(std::size_t size);
  void input_ended();
  Bytes begin_output();
  void end_output(std::error_code error);

  /// The answer to Need::lookup, which `apply` gives to the connection.
  void supply(const std::function<Expected<>(Connection&)>& apply);
  /// There is nobody to ask: the handshake fails, and `error` says why.
  void lookup_failed(Error error);

  // ---- state ----

  /// The precise reason of the last failure; nullptr: there was none.
  const Error* last_error() const noexcept;
  /// Octets of early data that read() gives first.
  std::size_t early_data() const noexcept { return early_.size() - early_read_; }
  /// A read has something to go on with, or to say, that has been received already.
  bool has_input() const noexcept {
    return begin_ != end_ || has_data() || early_data() != 0 || ended_ || connection_.read_closed() ||
           connection_.error() != nullptr;
  }
  /// Octets of heap in buffers at this moment.
  std::size_t buffer_octets() const noexcept {
    return large_capacity_ + staged_capacity_ + early_.capacity();
  }

  static constexpr std::size_t small_buffer = 256;
  static constexpr std::size_t largest_buffer = 65'536;
  static constexpr std::size_t write_chunk = 65'536;

 private:
  std::uint8_t* input() noexcept { return large_ ? large_.get() : small_.data(); }
  std::size_t capacity() const noexcept { return large_ ? large_capacity_ : small_.size(); }
  MutableBytes unread() noexcept { return {input() + begin_, end_ - begin_}; }
  bool awaits_answer() const noexcept;
  bool has_data() const noexcept { return plain_begin_ != plain_end_; }
  bool can_flush() const noexcept { return !connection_.output().empty() && !writing_ && !write_error_; }

  enum class Progress : std::uint8_t { some, starved, failed };
  Progress process_one();
  void make_room();
  void let_go();
  void stage(std::size_t room);
  Step failed();
  Step refused(const Error& error);

  Connection connection_;
  std::optional<Error> refused_;  // the last call that the connection refused, and went on
  std::optional<Error>
      lookup_failed_;  // why there was no answer: the connection itself only knows that there was none

  // Received octets: [begin_, end_) is not yet processed, [plain_begin_, plain_end_) is data not yet
  // delivered. With data, plain_end_ <= begin_.
  std::array<std::uint8_t, small_buffer> small_;
  std::unique_ptr<std::uint8_t[]> large_;
  std::size_t large_capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t plain_begin_ = 0;
  std::size_t plain_end_ = 0;
  // Early data came before the handshake was done, and is kept until it is: as much as the context allows.
  std::vector<std::uint8_t> early_;
  std::size_t early_read_ = 0;
  std::size_t busy_capacity_ = 0;  // what the last burst of records of an authenticated peer needed
  bool filled_ = false;            // the last read filled the buffer: more is likely to be there
  bool ended_ = false;             // the transport came to its end

  // Octets on their way to the transport; they stay where they are until end_output().
  std::unique_ptr<std::uint8_t[]> staged_;
  std::size_t staged_size_ = 0;
  std::size_t staged_capacity_ = 0;
  std::size_t staged_data_ = 0;    // octets of application data in it
  std::optional<Error> unsealed_;  // write() has output to send before it can say that it failed
  bool writing_ = false;
  std::error_code write_error_;
};

}  // namespace sesame::detail
