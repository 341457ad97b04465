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

// RFC 5246 section 6.2.3, once the version is known; what comes before has TLS 1.3's rules.
Expected<> ConnectionBody::check_header_below13(const Header& header) const {
  if (header.type < ContentType::change_cipher_spec || header.type > ContentType::application_data)
    return fail(Reason::unexpected_record);
  // Appendix E.1: from ServerHello on it is the version of the connection.
  if (established_.below && header.version != static_cast<std::uint16_t>(established_.version))
    return fail(Reason::record_version_wrong);
  if (!reader_.active()) {
    if (header.type == ContentType::application_data)
      return fail(Reason::unexpected_record, "application data before there are keys");
    if (header.length > record::max_plaintext) return fail(Reason::record_too_long);
    // Section 6.2.1: only application data may be empty.
    if (header.length == 0) return fail(Reason::record_content_empty);
    if (header.type == ContentType::change_cipher_spec && header.length != 1)
      return fail(Reason::change_cipher_spec_wrong);
    if (header.type == ContentType::alert && header.length != 2) return fail(Reason::alert_malformed);
    return {};
  }
  if (header.length > max_received_ + reader_.most_expansion()) return fail(Reason::record_too_long);
  // One alert for whatever may be wrong with a protected record.
  if (header.length < reader_.least_fragment())
    return fail(Reason::record_mac_wrong, "a protected record that is too short");
  return {};
}

Expected<> ConnectionBody::check_header(const Header& header) const {
  if (speaks_below13()) return check_header_below13(header);
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
  if (speaks_below13()) {
    if (reader_.active()) {
      auto opened = open_below13(record);
      if (!opened) return std::unexpected(std::move(opened.error()));
      content = opened->content;
      if (content.size() > max_received_) return fail(Reason::record_too_long);
    }
  }
  if (type == ContentType::change_cipher_spec) return on_change_cipher_spec(content);
  if (early_data_ > 0 && type == ContentType::application_data && !reader_.active())
    return pass_over(record.size());
  if (!speaks_below13() && reader_.active() && type == ContentType::application_data) {
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

// Where the peer may hold either of two keys, its first record is opened by both, whichever is right, and
// from then on by what opened it.
Expected<record::Opened> ConnectionBody::open_below13(MutableBytes record) {
  const bool is_first = reader_.records() == 0;
  // Under keys that a shared key made, the first record says whether both sides hold the same one.
  const auto explained = [&](Expected<record::Opened> opened) {
    const auto* server = std::get_if<tls12::Server>(&machine_);
    if (server && is_first && !opened && opened.error().reason() == Reason::record_mac_wrong)
      opened.error() = server->explain(std::move(opened.error()));
    return opened;
  };
  if (!older_reader_) return explained(reader_.open(record));
  const std::unique_ptr<record::Protection> older = std::move(older_reader_);
  std::vector<std::uint8_t> copy(record.begin(), record.end());
  auto by_newer = reader_.open(record);
  auto by_older = older->open(copy);
  if (by_newer || !by_older) return explained(std::move(by_newer));
  reads_by_older_keys_ = true;
  reader_ = std::move(*older);
  const auto at = static_cast<std::size_t>(by_older->content.data() - copy.data());
  const MutableBytes content = record.subspan(at, by_older->content.size());
  std::copy(by_older->content.begin(), by_older->content.end(), content.begin());
  secret::wipe(copy.data(), copy.size());
  return record::Opened{by_older->type, content};
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
  if (speaks_below13()) {
    // RFC 5246 section 7.1: what comes in front of it is whole, and what is behind it has the new keys.
    if (joiner_) return fail(Reason::message_across_key_change);
    return on_message({message::HandshakeType::change_cipher_spec, content, true});
  }
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
  } else if (!std::visit(
                 [](const auto& machine) {
                   if constexpr (requires { machine.takes_application_data(); })
                     return machine.takes_application_data();
                   return true;
                 },
                 machine_)) {
    return fail(Reason::unexpected_record, "application data between ChangeCipherSpec and Finished");
  } else if (server13() && server13()->is_within_late_answer()) {
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
  // RFC 5246 section 7.2: below TLS 1.3 a warning says so; what it warns of is the peer's affair, but that it
  // does not renegotiate.
  constexpr std::uint8_t warning = 1;
  const bool is_warning = speaks_below13() && content[0] == warning;
  if (alert == Alert::user_canceled || is_warning) {
    if (++warnings_ > settings_->options.limits.warnings) return fail(Reason::too_many_warnings);
    auto* const client = std::get_if<tls12::Client>(&machine_);
    if (client && is_warning && alert == Alert::no_renegotiation) client->on_no_renegotiation();
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
  const bool is_on_wire = type != message::HandshakeType::change_cipher_spec;
  if (!is_on_wire || !std::visit([&](const auto& machine) { return machine.expects(type); }, machine_)) {
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
  // RFC 5246 sections 7.4.1.1 and 7.4.5.
  const bool is_empty =
      type == message::HandshakeType::hello_request || type == message::HandshakeType::server_hello_done;
  if (is_empty && size > 0) return refuse(Reason::trailing_octets);
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

// RFC 5246 appendix E.1: by the first ClientHello it is known which version's machine goes on.
Expected<> ConnectionBody::begin(ProtocolVersion version, const handshake::Incoming& client_hello) {
  if (version == ProtocolVersion::tls13)
    return machine_.emplace<tls13::Server>(make_endpoint()).on_message(client_hello);
  if (change_cipher_specs_ > 0) return fail(Reason::change_cipher_spec_wrong, "in front of the ClientHello");
  return machine_.emplace<tls12::Server>(make_endpoint(), server_options_.get()).on_message(client_hello);
}

Expected<> ConnectionBody::on_first_client_hello(const handshake::Incoming& message) {
  const auto version = std::get<handshake::ServerStart>(machine_).on_message(message);
  if (!version) return std::unexpected(version.error());
  if (!*version) return {};  // the context comes later
  return begin(**version, message);
}

// The same for a client, by the ServerHello.
Expected<> ConnectionBody::hand_down_if_due(const handshake::Incoming& server_hello) {
  auto* client = std::get_if<tls13::Client>(&machine_);
  if (!client || server_hello.type != message::HandshakeType::server_hello || !client->hands_down())
    return {};
  const auto version = handshake::version_of_server_hello(server_hello.body());
  if (!version) return std::unexpected(Error(version.error()).at(state(), message::name(server_hello.type)));
  if (*version == ProtocolVersion::tls13) return {};
  if (change_cipher_specs_ > 0) return fail(Reason::change_cipher_spec_wrong, "in front of the ServerHello");
  handshake::ClientStart start = client->take_start();
  machine_.emplace<tls12::Client>(make_endpoint()).take_over(std::move(start));
  return {};
}

Expected<> ConnectionBody::on_message(const handshake::Incoming& message) {
  begun_ = true;
  if (std::holds_alternative<handshake::ServerStart>(machine_)) return on_first_client_hello(message);
  if (auto ok = hand_down_if_due(message); !ok) return ok;
  auto ok = std::visit(
      [&](auto& machine) -> Expected<> {
        if constexpr (requires { machine.connected(); }) return machine.on_message(message);
        return {};
      },
      machine_);
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
