#include "record/writer.h"

#include <algorithm>
#include <cstring>

namespace sesame::record {
namespace {

constexpr std::size_t first_allocation = 512;  // octets

}  // namespace

// RFC 8446 section 5.4. Below TLS 1.3 there is none but what a cipher needs.
std::size_t Writer::padding_of(std::size_t content) const noexcept {
  if (padding_block_ <= 1 || !protection_.hides_type()) return 0;
  const std::size_t over = content % padding_block_;
  if (over == 0 && content != 0) return 0;
  return std::min<std::size_t>(padding_block_ - over, max_content_ - content);
}

wire::Buffer& Writer::handshake_messages() {
  if (open_record_ == closed) {
    open_record_ = output_.size();
    // A flight of a handshake with shared keys fits here, so that it costs one allocation.
    if (output_.empty()) output_.reserve(first_allocation);
    content_offset_ = static_cast<std::uint8_t>(present_offset());
    output_.grow(content_offset_);
  }
  return output_;
}

std::size_t Writer::present_offset() const noexcept {
  return protection_.active() ? protection_.content_offset() : header_size;
}

// Keys that came, or went, since the open record was begun may want its content elsewhere.
void Writer::move_content(std::size_t at) {
  const std::size_t offset = present_offset(), size = output_.size() - at - content_offset_;
  if (offset == content_offset_) return;
  if (offset > content_offset_) output_.grow(offset - content_offset_);
  std::uint8_t* const record = output_.from(at).data();
  std::memmove(record + offset, record + content_offset_, size);
  output_.truncate(at + offset + size);
  content_offset_ = static_cast<std::uint8_t>(offset);
}

Expected<> Writer::flush() {
  if (open_record_ == closed) return {};
  const std::size_t at = std::exchange(open_record_, closed);
  move_content(at);
  const std::size_t size = output_.size() - at - content_offset_;
  if (size == 0) {  // section 5.1: no handshake record is empty
    output_.truncate(at);
    return {};
  }
  const std::size_t most = protection_.active() ? max_content_ : max_plain_content_;
  if (size > most) {
    // Too long for one record: what was composed moves out and comes back in pieces.
    wire::Buffer messages;
    messages.append(Bytes(output_.from(at + content_offset_)));
    output_.truncate(at);
    Bytes rest = messages.bytes();
    while (!rest.empty()) {
      const std::size_t n = std::min(rest.size(), most);
      if (auto ok = append(ContentType::handshake, rest.first(n)); !ok) return ok;
      rest = rest.subspan(n);
    }
    return {};
  }
  if (!protection_.active()) {
    Header{ContentType::handshake, size, static_cast<std::uint16_t>(version_)}.write(
        output_.from(at).first(header_size));
    return {};
  }
  const std::size_t padding = padding_of(size);
  output_.grow(protection_.sealed_size(size) + padding - content_offset_ - size);
  std::uint8_t* const record = output_.from(at).data();
  auto ok = protection_.seal(ContentType::handshake, {record + content_offset_, size}, padding, record);
  if (!ok) output_.truncate(at);  // nothing unsealed leaves
  return ok;
}

Expected<> Writer::append(ContentType type, Bytes content) {
  // TLS 1.3's ChangeCipherSpec is for others to see (appendix D.4); below it has the present keys like all.
  if (!protection_.active() || (type == ContentType::change_cipher_spec && protection_.hides_type())) {
    Header{type, content.size(), static_cast<std::uint16_t>(version_)}.write(output_.grow(header_size));
    output_.append(content);
    return {};
  }
  const std::size_t padding = padding_of(content.size());
  const std::size_t before = output_.size();
  std::uint8_t* const out = output_.grow(protection_.sealed_size(content.size()) + padding).data();
  auto ok = protection_.seal(type, content, padding, out);
  if (!ok) output_.truncate(before);  // nothing unsealed leaves
  return ok;
}

Expected<> Writer::alert(std::uint8_t level, std::uint8_t description) {
  // Messages that were being composed are not sent: nothing goes out behind the failure that the alert is
  // about.
  if (open_record_ != closed) output_.truncate(std::exchange(open_record_, closed));
  const std::uint8_t content[] = {level, description};
  return append(ContentType::alert, content);
}

Expected<> Writer::change_cipher_spec() {
  if (auto ok = flush(); !ok) return ok;
  constexpr std::uint8_t content[] = {1};
  return append(ContentType::change_cipher_spec, content);
}

Expected<> Writer::application_data(Bytes data) {
  if (auto ok = flush(); !ok) return ok;
  output_.reserve(sealed_size(data.size()));
  while (!data.empty()) {
    const std::size_t n = std::min<std::size_t>(data.size(), max_content_), ahead = ahead_of(n);
    if (ahead > 0) {
      if (auto ok = append(ContentType::application_data, data.first(ahead)); !ok) return ok;
    }
    if (auto ok = append(ContentType::application_data, data.subspan(ahead, n - ahead)); !ok) return ok;
    data = data.subspan(n);
  }
  return {};
}

Expected<Writer::Sealed> Writer::seal(Bytes data, MutableBytes into) {
  Sealed done{0, 0};
  bool is_behind = false;  // the octet that goes ahead
  while (done.consumed < data.size()) {
    const MutableBytes room = into.subspan(done.written);
    const Bytes rest = data.subspan(done.consumed);
    std::size_t n = std::min<std::size_t>(rest.size(), max_content_ - is_behind);
    if (const std::size_t ahead = is_behind ? 0 : ahead_of(n)) n = ahead;
    is_behind = !is_behind && protection_.chains_iv();
    n = std::min(n, protection_.most_content(room.size()));
    if (n == 0) break;
    const std::size_t sealed = protection_.sealed_size(n);
    const std::size_t padding = std::min(padding_of(n), room.size() - sealed);
    auto ok = protection_.seal(ContentType::application_data, rest.first(n), padding, room.data());
    if (!ok) return std::unexpected(std::move(ok.error()));
    done.consumed += n;
    done.written += sealed + padding;
  }
  return done;
}

// An octet of its own in front of the rest: its MAC, which nobody can know, makes the IV of what follows, so
// that who chooses the rest does not know that IV.
std::size_t Writer::ahead_of(std::size_t content) const noexcept {
  return content > 1 && protection_.chains_iv() ? 1 : 0;
}

std::size_t Writer::sealed_size(std::size_t size) const noexcept {
  if (!protection_.active() || size == 0) return 0;
  const std::size_t full = size / max_content_, last = size % max_content_;
  const auto records = [&](std::size_t n) {
    const std::size_t ahead = ahead_of(n);
    return (ahead > 0 ? protection_.sealed_size(ahead) : 0) + protection_.sealed_size(n - ahead) +
           padding_of(n);
  };
  return (full > 0 ? full * records(max_content_) : 0) + (last > 0 ? records(last) : 0);
}

}  // namespace sesame::record
