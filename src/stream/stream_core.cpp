#include <sesame/detail/stream_core.h>
#include <sesame/error_code.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace sesame::detail {

// ---- steps ----

Step StreamCore::handshake() {
  for (;;) {
    if (connection_.error() != nullptr) return failed();
    if (can_flush()) return {Need::output};
    if (write_error_) return {Need::nothing, write_error_};
    if (connection_.handshake_done()) {
      let_go();
      return {};
    }
    if (awaits_answer()) return {Need::lookup};
    if (process_one() != Progress::starved) continue;
    if (ended_) return refused(Error(Reason::truncated));
    return {Need::input};
  }
}

// A signature that a client owes after its handshake may wait as well: reading waits with it.
bool StreamCore::awaits_answer() const noexcept {
  switch (connection_.wait()) {
    case Wait::psk_lookup:
    case Wait::context:
    case Wait::signature:
    case Wait::verification:
      return true;
    default:
      return false;
  }
}

Step StreamCore::read(MutableBytes into) {
  std::size_t size = 0;
  if (early_data() != 0 && connection_.error() == nullptr) {
    // On its own, so that who reads can tell it from the rest.
    size = std::min(into.size(), early_data());
    std::memcpy(into.data(), early_.data() + early_read_, size);
    early_read_ += size;
    if (early_data() == 0) {
      early_ = {};
      early_read_ = 0;
    }
    return {.size = size};
  }
  while (size < into.size()) {
    if (has_data()) {
      const std::size_t part = std::min(into.size() - size, plain_end_ - plain_begin_);
      std::memcpy(into.data() + size, input() + plain_begin_, part);
      plain_begin_ += part;
      size += part;
    } else if (process_one() != Progress::some) {
      break;
    }
  }
  let_go();
  // What went wrong behind the data is told by the next read.
  if (size != 0 || into.empty()) return {.size = size};
  if (connection_.error() != nullptr) return failed();
  if (!connection_.handshake_done()) return refused(Error(Reason::not_connected));
  if (can_flush()) return {Need::output};
  if (awaits_answer()) return {Need::lookup};
  if (connection_.read_closed()) return {.end = true};
  if (ended_) return refused(Error(Reason::truncated));
  return {Need::input};
}

Step StreamCore::write(Bytes data) {
  if (writing_) return {Need::writer};
  if (write_error_) return {Need::nothing, write_error_};
  if (data.empty()) return {};
  data = data.first(std::min(data.size(), write_chunk));

  // A KeyUpdate that has become due goes in front: its record is some 30 octets.
  constexpr std::size_t key_update_room = 64;
  stage(connection_.sealed_size(data.size()) + key_update_room);
  const auto sealed = connection_.seal(data, {staged_.get() + staged_size_, staged_capacity_ - staged_size_});
  if (sealed) {
    staged_size_ += sealed->written;
    staged_data_ = sealed->consumed;
    return {Need::output};
  }
  if (staged_size_ == 0) return refused(sealed.error());
  unsealed_ = sealed.error();
  return {Need::output};
}

Step StreamCore::finish_write() {
  if (write_error_) return {Need::nothing, write_error_};
  if (can_flush()) return {Need::output};
  if (unsealed_) return refused(*std::exchange(unsealed_, std::nullopt));
  return {.size = std::exchange(staged_data_, 0)};
}

Step StreamCore::shutdown() {
  if (writing_) return {Need::writer};
  if (!connection_.write_closed()) {
    if (const auto closed = connection_.close(); !closed) return refused(closed.error());
  }
  if (can_flush()) return {Need::output};
  return {Need::nothing, write_error_};
}

Step StreamCore::failed() {
  if (can_flush()) return {Need::output};  // the alert
  let_go();
  return {Need::nothing, make_error_code(last_error()->reason())};
}

Step StreamCore::refused(const Error& error) {
  if (connection_.error() != nullptr) return failed();
  refused_ = error;
  return {Need::nothing, make_error_code(error.reason())};
}

// ---- received octets ----

StreamCore::Progress StreamCore::process_one() {
  if (connection_.error() != nullptr) return Progress::failed;
  if (begin_ == end_ || connection_.read_closed()) return Progress::starved;
  const MutableBytes input_octets{input() + begin_, end_ - begin_};
  const auto received = connection_.receive(input_octets);
  if (!received) return Progress::failed;
  if (received->early) {
    early_.insert(early_.end(), received->data.begin(), received->data.end());
  } else if (!received->data.empty()) {
    plain_begin_ = static_cast<std::size_t>(received->data.data() - input());
    plain_end_ = plain_begin_ + received->data.size();
  }
  begin_ += received->consumed;
  return received->consumed != 0 ? Progress::some : Progress::starved;
}

MutableBytes StreamCore::input_space() {
  make_room();
  return {input() + end_, capacity() - end_};
}

void StreamCore::input_arrived(std::size_t size) {
  end_ += size;
  filled_ = end_ == capacity();
}

void StreamCore::input_ended() {
  ended_ = true;
  // If that is an error, it is the connection's from now on.
  if (connection_.error() == nullptr) (void)connection_.transport_closed();
}

// Called with all data delivered. Memory follows the octets that arrived, not the lengths that a peer
// declares: a buffer has to be full before there is a larger one.
void StreamCore::make_room() {
  if (begin_ != 0) {
    std::memmove(input(), input() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  plain_begin_ = plain_end_ = 0;
  if (end_ < capacity() && !(filled_ && end_ == 0)) return;
  const std::size_t larger = std::min(std::max(capacity() * 4, busy_capacity_), largest_buffer);
  if (larger <= capacity()) return;
  auto buffer = std::make_unique_for_overwrite<std::uint8_t[]>(larger);
  std::memcpy(buffer.get(), input(), end_);
  large_ = std::move(buffer);
  large_capacity_ = larger;
}

void StreamCore::let_go() {
  const bool finished = connection_.error() != nullptr || connection_.read_closed();
  if (has_data() || (!finished && (begin_ != end_ || filled_))) return;
  begin_ = end_ = plain_begin_ = plain_end_ = 0;
  if (!large_) return;
  busy_capacity_ = connection_.handshake_done() ? large_capacity_ : 0;
  large_.reset();
  large_capacity_ = 0;
}

// ---- octets to send ----

// Moves the connection's output to where it can stay while the connection goes on, with room for `room`
// octets more.
void StreamCore::stage(std::size_t room) {
  const Bytes output = connection_.output();
  staged_capacity_ = output.size() + room;
  staged_ = std::make_unique_for_overwrite<std::uint8_t[]>(staged_capacity_);
  staged_size_ = output.size();
  if (!output.empty()) std::memcpy(staged_.get(), output.data(), output.size());
  connection_.output_sent(output.size());
}

Bytes StreamCore::begin_output() {
  if (staged_size_ == 0) stage(0);
  writing_ = true;
  return {staged_.get(), staged_size_};
}

void StreamCore::end_output(std::error_code error) {
  writing_ = false;
  // Part of a record may have gone: nothing that follows it would make sense to the peer.
  if (error) write_error_ = error;
  staged_.reset();
  staged_size_ = staged_capacity_ = 0;
}

// ---- the answer to a look-up ----

void StreamCore::supply(const std::function<Expected<>(Connection&)>& apply) {
  if (const auto supplied = apply(connection_); !supplied) refused_ = supplied.error();
}

void StreamCore::lookup_failed(Error error) {
  lookup_failed_ = std::move(error);
  supply([](Connection& connection) -> Expected<> {
    switch (connection.wait()) {
      case Wait::context:
        return connection.supply_context(nullptr);
      case Wait::signature:
        return connection.supply_signature({});
      case Wait::verification:
        return connection.supply_verdict(Alert::certificate_unknown);
      default:
        return connection.supply_psk({});
    }
  });
}

const Error* StreamCore::last_error() const noexcept {
  if (lookup_failed_) return &*lookup_failed_;
  if (const Error* error = connection_.error()) return error;
  return refused_ ? &*refused_ : nullptr;
}

}  // namespace sesame::detail
