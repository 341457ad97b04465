#include "record/writer.h"

#include <algorithm>

namespace sesame::record {
namespace {

constexpr std::size_t first_allocation = 512;  // octets

}  // namespace

std::size_t Writer::padding_of(std::size_t content) const noexcept {
  if (padding_block_ <= 1) return 0;
  const std::size_t over = content % padding_block_;
  if (over == 0 && content != 0) return 0;
  return std::min<std::size_t>(padding_block_ - over, max_content_ - content);
}

wire::Buffer& Writer::handshake_messages() {
  if (open_record_ == closed) {
    open_record_ = output_.size();
    // A flight of a handshake with shared keys fits here, so that it costs one allocation.
    if (output_.empty()) output_.reserve(first_allocation);
    output_.grow(header_size);
  }
  return output_;
}

Expected<> Writer::flush() {
  if (open_record_ == closed) return {};
  const std::size_t at = std::exchange(open_record_, closed);
  const std::size_t size = output_.size() - at - header_size;
  if (size == 0) {  // section 5.1: no handshake record is empty
    output_.truncate(at);
    return {};
  }
  const std::size_t most = protection_.active() ? max_content_ : max_plaintext;
  if (size > most) {
    // Too long for one record: what was composed moves out and comes back in pieces.
    wire::Buffer messages;
    messages.append(Bytes(output_.from(at + header_size)));
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
  output_.grow(1 + padding + protection_.tag_size());
  std::uint8_t* const record = output_.from(at).data();
  auto ok = protection_.seal(ContentType::handshake, {record + header_size, size}, padding, record);
  if (!ok) output_.truncate(at);  // nothing unsealed leaves
  return ok;
}

Expected<> Writer::append(ContentType type, Bytes content) {
  if (!protection_.active() || type == ContentType::change_cipher_spec) {
    Header{type, content.size(), static_cast<std::uint16_t>(version_)}.write(output_.grow(header_size));
    output_.append(content);
    return {};
  }
  const std::size_t padding = padding_of(content.size());
  const std::size_t before = output_.size();
  std::uint8_t* const out = output_.grow(protection_.overhead() + content.size() + padding).data();
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
    const std::size_t n = std::min<std::size_t>(data.size(), max_content_);
    if (auto ok = append(ContentType::application_data, data.first(n)); !ok) return ok;
    data = data.subspan(n);
  }
  return {};
}

Expected<Writer::Sealed> Writer::seal(Bytes data, MutableBytes into) {
  Sealed done{0, 0};
  const std::size_t overhead = protection_.overhead();
  while (done.consumed < data.size()) {
    const std::size_t room = into.size() - done.written;
    if (room <= overhead) break;
    const std::size_t n = std::min({data.size() - done.consumed, std::size_t{max_content_}, room - overhead});
    const std::size_t padding = std::min(padding_of(n), room - overhead - n);
    auto ok = protection_.seal(ContentType::application_data, data.subspan(done.consumed, n), padding,
                               into.data() + done.written);
    if (!ok) return std::unexpected(std::move(ok.error()));
    done.consumed += n;
    done.written += overhead + n + padding;
  }
  return done;
}

std::size_t Writer::sealed_size(std::size_t size) const noexcept {
  if (!protection_.active() || size == 0) return 0;
  const std::size_t full = size / max_content_, last = size % max_content_;
  const auto record = [&](std::size_t n) { return protection_.overhead() + n + padding_of(n); };
  return full * record(max_content_) + (last ? record(last) : 0);
}

}  // namespace sesame::record
