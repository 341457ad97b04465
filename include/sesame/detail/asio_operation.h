// The operations of sesame/asio.h: which step each takes, and how Asio runs them.
#pragma once

#include <sesame/detail/psk_lookup.h>
#include <sesame/detail/stream_core.h>

#include <algorithm>
#include <asio/any_io_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace sesame::detail {

// An operation has step(), sent(), which is called after each output, and complete().

struct HandshakeOperation {
  Step step(StreamCore& core) { return core.handshake(); }
  void sent() {}
  template <class Self>
  static void complete(Self& self, std::error_code error, std::size_t) {
    self.complete(error);
  }
};

struct ShutdownOperation {
  Step step(StreamCore& core) { return core.shutdown(); }
  void sent() {}
  template <class Self>
  static void complete(Self& self, std::error_code error, std::size_t) {
    self.complete(error);
  }
};

template <class Buffers>
struct ReadOperation {
  Buffers buffers;

  Step step(StreamCore& core) {
    std::size_t size = 0;
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it) {
      const asio::mutable_buffer buffer(*it);
      if (buffer.size() == 0) continue;
      const Step step = core.read({static_cast<std::uint8_t*>(buffer.data()), buffer.size()});
      if (step.size == 0) return size != 0 ? Step{.size = size} : step;
      size += step.size;
      if (step.size < buffer.size()) break;
    }
    return {.size = size};
  }
  void sent() {}
  template <class Self>
  static void complete(Self& self, std::error_code error, std::size_t size) {
    self.complete(error, size);
  }
};

template <class Buffers>
struct WriteOperation {
  Buffers buffers;
  bool sealed = false;

  Step step(StreamCore& core) {
    if (sealed) return core.finish_write();
    const Step step = write(core);
    sealed = step.need == Need::output;
    return step;
  }
  void sent() {}
  template <class Self>
  static void complete(Self& self, std::error_code error, std::size_t size) {
    self.complete(error, size);
  }

 private:
  static constexpr std::size_t one_record = 16'384;

  // Small pieces go together into one record; a large one is sealed from where it is.
  Step write(StreamCore& core) {
    const std::size_t total = asio::buffer_size(buffers);
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it) {
      const asio::const_buffer buffer(*it);
      if (buffer.size() == 0) continue;
      if (buffer.size() < std::min(total, one_record)) break;
      return core.write({static_cast<const std::uint8_t*>(buffer.data()), buffer.size()});
    }
    std::vector<std::uint8_t> together(std::min(total, one_record));
    asio::buffer_copy(asio::buffer(together), buffers);
    return core.write(together);
  }
};

// The implementation that async_compose wraps: takes steps until one needs nothing more.
template <class Stream, class Operation>
class AsyncRun {
 public:
  AsyncRun(Stream& stream, Operation operation) : stream_(&stream), operation_(std::move(operation)) {}

  template <class Self>
  void operator()(Self& self, std::error_code error = {}, std::size_t size = 0) {
    auto& core = stream_->core_;
    switch (doing_) {
      case Doing::starting:
      case Doing::waiting:
        break;
      case Doing::reading:
        if (error && error != asio::error::eof) return finish(self, error, 0);
        if (error)
          core.input_ended();
        else
          core.input_arrived(size);
        break;
      case Doing::writing:
        stream_->end_output(error);
        break;
      case Doing::asking: {
        const auto apply = answer_->poll();
        if (!apply) return finish(self, asio::error::operation_aborted, 0);
        core.supply(*apply);
        answer_.reset();
        break;
      }
      case Doing::finishing:
        return Operation::complete(self, outcome_, size_);
    }
    proceed(self);
  }

 private:
  enum class Doing : std::uint8_t { starting, reading, writing, waiting, asking, finishing };

  template <class Self>
  void proceed(Self& self) {
    auto& core = stream_->core_;
    const bool starting = doing_ == Doing::starting;
    Step step = operation_.step(core);
    if (step.need == Need::lookup) {
      answer_ = stream_->ask();
      if (answer_) return wait_for_answer(self);
      step = operation_.step(core);
    }
    const bool waits = step.need == Need::input || step.need == Need::writer;
    if (waits && self.get_cancellation_state().cancelled() != asio::cancellation_type::none) {
      return finish(self, asio::error::operation_aborted, 0);
    }
    // The next layer's operation takes `self`, and *this with it: nothing of them may be used behind that.
    switch (step.need) {
      case Need::input: {
        doing_ = Doing::reading;
        self.reset_cancellation_state(asio::enable_total_cancellation());
        const MutableBytes space = core.input_space();
        stream_->next_layer_.async_read_some(asio::buffer(space.data(), space.size()), std::move(self));
        return;
      }
      case Need::output: {
        doing_ = Doing::writing;
        const Bytes output = core.begin_output();
        // A part of a record must not be all that goes out, unless the whole connection is given up.
        self.reset_cancellation_state(asio::enable_terminal_cancellation());
        asio::async_write(stream_->next_layer_, asio::buffer(output.data(), output.size()), std::move(self));
        return;
      }
      case Need::writer:
        doing_ = Doing::waiting;
        self.reset_cancellation_state(asio::enable_total_cancellation());
        stream_->writer_gone().async_wait(std::move(self));
        return;
      case Need::lookup:
      case Need::nothing:
        break;
    }
    const std::error_code outcome = step.end ? make_error_code(asio::error::eof) : step.error;
    if (!starting) return finish(self, outcome, step.size);
    // A handler is never called from within the function that it was given to.
    doing_ = Doing::finishing;
    outcome_ = outcome;
    size_ = step.size;
    asio::post(stream_->get_executor(), std::move(self));
  }

  template <class Self>
  void wait_for_answer(Self& self) {
    doing_ = Doing::asking;
    const asio::any_io_executor executor = stream_->get_executor();
    const auto never = std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
    never_ = never;
    const auto answer = answer_;
    self.reset_cancellation_state(asio::enable_total_cancellation());
    never->async_wait(std::move(self));
    // The answer may be there already, or come from any thread: the timer is touched by the stream's executor
    // only. It belongs to the operation, which goes with the io_context where the answer comes too late.
    answer->on_given([executor, timer = std::weak_ptr(never)] {
      asio::post(executor, [timer] {
        if (const auto waiting = timer.lock()) waiting->cancel();
      });
    });
  }

  template <class Self>
  void finish(Self& self, std::error_code error, std::size_t size) {
    answer_.reset();
    never_.reset();
    Operation::complete(self, error, size);
  }

  Stream* stream_;
  Operation operation_;
  Doing doing_ = Doing::starting;
  std::error_code outcome_;
  std::size_t size_ = 0;
  std::shared_ptr<LookupAnswer> answer_;
  std::shared_ptr<asio::steady_timer> never_;
};

}  // namespace sesame::detail
