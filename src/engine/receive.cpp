// Octets from the peer: records, and what is in them (RFC 8446 section 5).
#include <algorithm>
#include <utility>

#include "engine/connection_body.h"

namespace sesame::engine {

using record::ContentType;
using record::Header;

std::size_t ConnectionBody::wanted(Bytes input) const noexcept {
  if (input.size() < record::header_size) return record::header_size - input.size();
  const std::size_t whole = record::header_size + Header::read(input).length;
  return input.size() < whole ? whole - input.size() : 0;
}

Expected<Received> ConnectionBody::receive(MutableBytes input) {
  if (error_) return dead();
  Received received;
  while (received.data.empty()) {
    const MutableBytes rest = input.subspan(received.consumed);
    if (read_closed_) {  // section 6.1: what comes behind a closure alert is ignored
      received.consumed = input.size();
      return received;
    }
    if (rest.size() < record::header_size) return received;
    if (is_suspended()) return received;
    const Header header = Header::read(rest);
    // Judged before the record is there: nobody waits for octets that can only be refused.
    if (auto ok = check_header(header); !ok) return die(std::move(ok.error()));
    const std::size_t size = record::header_size + header.length;
    if (rest.size() < size) return received;
    received.consumed += size;
    if (auto ok = on_record(rest.first(size), received); !ok) return die(std::move(ok.error()));
  }
  return received;
}

namespace {

// Section 6: by its description alone.
bool is_fatal_alert(Bytes content) noexcept {
  if (content.size() != 2) return false;
  const auto alert = static_cast<Alert>(content[1]);
  return alert != Alert::close_notify && alert != Alert::user_canceled;
}

}  // namespace

// A peer that has failed before it had keys can only say so in plaintext.
bool ConnectionBody::awaits_plain_alert() const noexcept {
  return reader_.active() && !handshake_done() && reader_.records() == 0;
}

Expected<> ConnectionBody::check_header(const Header& header) const {
  switch (header.type) {
    case ContentType::application_data:
      if (early_data_ > 0) {
        // No limit of this handshake holds for it. What is no early data comes here again when it has been
        // opened.
        return header.length > record::max_ciphertext ? fail(Reason::record_too_long) : Expected<>();
      }
      if (!reader_.active()) return fail(Reason::unexpected_record, "application data before there are keys");
      // Content and padding together keep to the limit (section 5.4, RFC 8449 section 4), and no AEAD that is
      // used here adds more than its tag: the 256 octets of section 5.2 are for others.
      if (header.length > max_received_ + 1 + reader_.tag_size()) return fail(Reason::record_too_long);
      if (header.length < 1 + reader_.tag_size())
        return fail(Reason::record_mac_wrong, "a protected record without content");
      return {};
    case ContentType::change_cipher_spec:
      if (header.length != 1) return fail(Reason::change_cipher_spec_wrong);
      return {};
    case ContentType::alert:
      if (reader_.active() && !awaits_plain_alert()) return fail(Reason::record_unprotected, "an alert");
      if (header.length == 0) return fail(Reason::record_content_empty);
      if (header.length != 2) return fail(Reason::alert_malformed);
      return {};
    case ContentType::handshake:
      if (reader_.active()) return fail(Reason::record_unprotected, "a handshake message");
      if (header.length > record::max_plaintext) return fail(Reason::record_too_long);
      // Section 5.1: a handshake record has content.
      if (header.length == 0) return fail(Reason::record_content_empty);
      return {};
    default:
      if (!begun_) return fail(Reason::unexpected_record, "the first octets are no TLS record");
      return fail(Reason::unexpected_record);
  }
}

Expected<> ConnectionBody::on_record(MutableBytes record, Received& received) {
  const Header header = Header::read(record);
  ContentType type = header.type;
  MutableBytes content = record.subspan(record::header_size);
  if (type == ContentType::change_cipher_spec) return on_change_cipher_spec(content);
  if (early_data_ > 0 && type == ContentType::application_data && !reader_.active())
    return pass_over(record.size());
  if (reader_.active() && type == ContentType::application_data) {
    auto opened = reader_.open(record);
    if (!opened) {
      if (early_data_ > 0 && opened.error().reason() == Reason::record_mac_wrong)
        return pass_over(record.size());
      return std::unexpected(std::move(opened.error()));
    }
    if (std::exchange(early_data_, 0) > 0) {
      if (auto ok = check_header(header); !ok) return ok;
    }
    type = opened->type;
    content = opened->content;
  }
  if (joiner_ && type != ContentType::handshake) {
    // Section 5.1: nothing comes between the records of one handshake message. Where the peer says why it
    // ends the connection that is what has happened, all the same.
    if (type == ContentType::alert && is_fatal_alert(content)) return on_alert(content);
    return fail(Reason::unexpected_record, "another record within a fragmented handshake message");
  }
  if (type != ContentType::alert) warnings_ = 0;
  switch (type) {
    case ContentType::handshake:
      if (content.empty()) return fail(Reason::record_content_empty);
      return on_handshake(content);
    case ContentType::alert:
      return on_alert(content);
    case ContentType::application_data: {
      auto data = on_application_data(content);
      if (!data) return std::unexpected(std::move(data.error()));
      received.data = *data;
      received.early = reads_early_data();
      return {};
    }
    default:
      // A protected ChangeCipherSpec as well (section 5).
      return fail(Reason::unexpected_record, "content type " + std::to_string(static_cast<unsigned>(type)));
  }
}

// Section 4.2.10: early data of a client whose offer of it was ignored. It is protected by keys that this
// side never made, or stands in front of a second ClientHello; the first record that opens, or that
// ClientHello, ends it.
Expected<> ConnectionBody::pass_over(std::size_t record_size) {
  const Reason reason = reader_.active() ? Reason::record_mac_wrong : Reason::unexpected_record;
  if (joiner_) return fail(reason, "early data within a fragmented handshake message");
  if (record_size > early_data_) return fail(reason, "more early data than is passed over");
  early_data_ -= record_size;
  return {};
}

// Section 5: dropped, where it may stand at all.
Expected<> ConnectionBody::on_change_cipher_spec(Bytes content) {
  if (content.size() != 1 || content[0] != 1) return fail(Reason::change_cipher_spec_wrong);
  if (!begun_ || handshake_done()) return fail(Reason::change_cipher_spec_wrong, "outside the handshake");
  if (joiner_) return fail(Reason::change_cipher_spec_wrong, "within a fragmented handshake message");
  if (++change_cipher_specs_ > settings_->options.limits.change_cipher_specs) {
    return fail(Reason::change_cipher_spec_wrong, "too many");
  }
  return {};
}

Expected<MutableBytes> ConnectionBody::on_application_data(MutableBytes content) {
  if (reads_early_data()) {
    if (content.size() > accepted_early_data_) return fail(Reason::early_data_too_long);
    accepted_early_data_ -= content.size();
  } else if (!handshake_done()) {
    return fail(Reason::unexpected_record, "application data before the handshake is done");
  } else if (server() && server()->is_within_late_answer()) {
    return fail(Reason::unexpected_record, "application data within the answer to a CertificateRequest");
  }
  if (content.empty()) {
    if (++empty_records_ > settings_->options.limits.empty_records)
      return fail(Reason::too_many_empty_records);
  } else {
    empty_records_ = 0;
    endpoint().key_updates = 0;
  }
  return content;
}

Expected<> ConnectionBody::on_alert(Bytes content) {
  if (content.empty()) return fail(Reason::record_content_empty);  // section 5.4
  if (content.size() != 2) return fail(Reason::alert_malformed);
  const auto alert = static_cast<Alert>(content[1]);
  // Section 6: the level is not looked at; all but these two are fatal.
  if (alert == Alert::close_notify) {
    read_closed_ = true;
    // In the handshake the peer gives up: neither direction will ever be open.
    if (!handshake_done()) return std::unexpected(Error::received(alert));
    return {};
  }
  if (alert == Alert::user_canceled) {
    if (++warnings_ > settings_->options.limits.warnings) return fail(Reason::too_many_warnings);
    return {};
  }
  return std::unexpected(Error::received(alert));
}

// ---- handshake messages: several in a record, or one over several records ----

// The size of the message at the front of `octets`, with its header; 0 while some of it is missing. It is
// judged by its type and its declared size before any of it is kept.
Expected<std::size_t> ConnectionBody::whole_message(Bytes octets) const {
  if (octets.empty()) return 0;
  const auto type = static_cast<message::HandshakeType>(octets[0]);
  const auto refuse = [&](Reason reason) {
    return std::unexpected(Error(reason).at(state(), message::name(type)));
  };
  if (!std::visit([&](const auto& machine) { return machine.expects(type); }, machine_)) {
    return refuse(Reason::unexpected_message);
  }
  if (octets.size() < message::handshake_header_size) return 0;
  const std::size_t size =
      static_cast<std::size_t>(octets[1]) << 16 | static_cast<std::size_t>(octets[2]) << 8 | octets[3];
  const Limits& limits = settings_->options.limits;
  if (size > limits.handshake_message) return refuse(Reason::message_too_long);
  const bool is_certificate =
      type == message::HandshakeType::certificate || type == message::HandshakeType::compressed_certificate;
  if (is_certificate && size > limits.certificate_message) return refuse(Reason::certificate_too_long);
  // Sections 4.6.3, 4.5 and 4.4.4: what can be no longer is not gathered to find that out.
  if (type == message::HandshakeType::key_update && size > 1) return refuse(Reason::trailing_octets);
  if (type == message::HandshakeType::end_of_early_data && size > 0) return refuse(Reason::trailing_octets);
  if (type == message::HandshakeType::finished && size > crypto::max_hash_size)
    return refuse(Reason::malformed_message);
  if (handshake_done() && !is_certificate && size > limits.post_handshake_message)
    return refuse(Reason::message_too_long);
  const std::size_t whole = message::handshake_header_size + size;
  return octets.size() < whole ? 0 : whole;
}

Expected<> ConnectionBody::on_handshake(Bytes content) {
  if (!handshake_done()) {
    handshake_octets_ += static_cast<std::uint32_t>(content.size());
    if (handshake_octets_ > settings_->options.limits.handshake_octets)
      return fail(Reason::too_much_handshake);
  }
  if (joiner_) {
    joiner_->append(content);
    return on_messages();
  }
  return on_messages(content);
}

// Hands on the whole messages at the front of `rest`, and keeps what is behind them in the joiner.
Expected<> ConnectionBody::on_messages(Bytes rest) {
  // While a message is handled its octets stay where they are; handlers keep no view of them.
  std::unique_ptr<wire::Buffer> joined;
  if (joiner_) rest = joiner_->bytes();
  while (!is_suspended()) {
    auto size = whole_message(rest);
    if (!size) return std::unexpected(std::move(size.error()));
    if (*size == 0) break;
    if (joiner_) joined = std::move(joiner_);
    const handshake::Incoming message{static_cast<message::HandshakeType>(rest[0]), rest.first(*size),
                                      rest.size() == *size};
    if (auto ok = on_message(message); !ok) return ok;
    rest = rest.subspan(*size);
  }
  // What waits in the joiner stays there: a message in many small pieces is not copied with each of them.
  if (rest.empty() || joiner_) return {};
  joiner_ = std::make_unique<wire::Buffer>();
  joiner_->append(rest);
  return {};
}

Expected<> ConnectionBody::on_message(const handshake::Incoming& message) {
  begun_ = true;
  auto ok = std::visit([&](auto& machine) { return machine.on_message(message); }, machine_);
  if (!handshake_done() || !writer_.output().empty()) return ok;
  // Answered at once where nothing waits to be sent. A peer that asks again and again and does not read gets
  // one answer: section 4.6.3 allows that, and the output stays bounded.
  if (ok && endpoint().key_update_owed) return tls13::send_key_update(endpoint(), false);
  writer_.output().release();
  return ok;
}

// ---- the transport's end ----

Expected<> ConnectionBody::transport_closed() {
  if (error_) return dead();
  if (read_closed_) return {};
  return die(Error(Reason::truncated));
}

}  // namespace sesame::engine
