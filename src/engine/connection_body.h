// The inside of a Connection: records and handshake joined.
//
// After the handshake it holds the negotiated values, three secrets, two AEAD contexts, and no buffer: output
// and the joiner of fragmented messages are allocated when they are needed and freed when they are empty.
#pragma once

#include <sesame/connection.h>

#include <variant>

#include "handshake/established.h"
#include "handshake/port.h"
#include "handshake/server_start.h"
#include "record/writer.h"
#include "tls12/client.h"
#include "tls12/server.h"
#include "tls13/client.h"
#include "tls13/server.h"

namespace sesame::engine {

class ConnectionBody final : handshake::MessagePort {
 public:
  explicit ConnectionBody(std::shared_ptr<const Context> context);                  // client
  ConnectionBody(std::shared_ptr<const Context> context, ServerOptions&& options);  // server

  Expected<> start(const ClientOptions& options);

  // receive.cpp: from the peer
  Expected<Received> receive(MutableBytes input);
  std::size_t wanted(Bytes input) const noexcept;
  Expected<> transport_closed();

  // connection_body.cpp: to the peer, and state
  Expected<> send(Bytes data);
  Expected<Sealed> seal(Bytes data, MutableBytes into);
  std::size_t sealed_size(std::size_t size) const noexcept;
  Expected<> close();
  Expected<> update_keys(bool request_peer);
  void output_sent(std::size_t size) noexcept;
  Expected<std::size_t> send_early(Bytes data);
  std::size_t early_data_room() const noexcept;
  Expected<> send_ticket();
  Expected<> request_certificate(bool require);
  Expected<> renegotiate();

  // answers.cpp: what the application owes
  Expected<> supply_psk(std::span<const Credential> credentials);
  std::optional<PskQuery> pending_psk() const;
  std::optional<PskHintQuery> pending_psk_hint() const;
  Expected<> supply_context(std::shared_ptr<const Context> context);
  std::optional<ClientHelloInfo> pending_context() const;
  Expected<> supply_signature(Bytes signature);
  std::optional<SignatureQuery> pending_signature() const;
  Expected<> supply_verdict(std::optional<Alert> refusal);
  Wait wait() const noexcept;
  bool handshake_done() const noexcept;
  std::string_view state() const noexcept;

  Side side() const noexcept { return side_; }
  const record::Writer& writer() const noexcept { return writer_; }
  const handshake::Established& established() const noexcept { return established_; }
  const policy::Settings& settings() const noexcept { return *settings_; }
  /// The machine of TLS 1.3; nullptr where another one runs.
  const tls13::Client* client13() const noexcept { return std::get_if<tls13::Client>(&machine_); }
  const tls13::Server* server13() const noexcept { return std::get_if<tls13::Server>(&machine_); }
  const Error* error() const noexcept { return error_.get(); }
  bool read_closed() const noexcept { return read_closed_; }
  bool write_closed() const noexcept { return write_closed_; }

 private:
  // MessagePort
  wire::Buffer& messages() override { return writer_.handshake_messages(); }
  Expected<> send_flight() override { return writer_.flush(); }
  Expected<> send_change_cipher_spec() override { return writer_.change_cipher_spec(); }
  Expected<> set_read_keys(const policy::Suite& suite, const crypto::HmacKey& traffic_secret) override;
  Expected<> set_write_keys(const policy::Suite& suite, const crypto::HmacKey& traffic_secret) override;
  void clear_write_keys() override { writer_.protection().clear(); }
  void set_version(ProtocolVersion version) override { writer_.set_version(version); }
  Expected<> set_read_keys(const record::BlockKeys& keys) override;
  Expected<> set_read_keys(const record::BlockKeys& keys, const record::BlockKeys& older) override;
  bool reads_by_older_keys() const noexcept override { return reads_by_older_keys_; }
  Expected<> set_write_keys(const record::BlockKeys& keys) override;
  Expected<> send_warning(Alert alert) override;
  const policy::Settings& use_context(std::shared_ptr<const Context> context) override;
  void accept_early_data(std::uint32_t octets) override {
    early_data_ = 0;
    accepted_early_data_ = octets;
  }
  void limit_sent_content(std::size_t octets) override {
    writer_.limit_content(std::min(octets, record::max_plaintext));
  }
  void limit_plain_content(std::size_t octets) override {
    writer_.limit_plain_content(std::min(octets, record::max_plaintext));
  }
  void limit_received_content(std::size_t octets) override {
    max_received_ = static_cast<std::uint16_t>(octets);
  }
  void pass_over_early_data() override { early_data_ = settings_->options.limits.early_data; }

  using Machine =
      std::variant<handshake::ServerStart, tls13::Client, tls13::Server, tls12::Client, tls12::Server>;

  handshake::Endpoint& endpoint() noexcept;
  handshake::Endpoint make_endpoint() noexcept { return {settings_, *this, established_}; }
  Machine make_server();
  Expected<> begin(ProtocolVersion version, const handshake::Incoming& client_hello);
  Expected<> on_first_client_hello(const handshake::Incoming& message);
  Expected<> hand_down_if_due(const handshake::Incoming& server_hello);
  bool speaks_below13() const noexcept {
    return std::holds_alternative<tls12::Client>(machine_) || std::holds_alternative<tls12::Server>(machine_);
  }
  Expected<> check_header(const record::Header& header) const;
  Expected<> check_header_below13(const record::Header& header) const;
  Expected<record::Opened> open_below13(MutableBytes record);
  Expected<> on_record(MutableBytes record, Received& received);
  Expected<> pass_over(std::size_t record_size);
  Expected<> on_handshake(Bytes content);
  Expected<> on_message(const handshake::Incoming& message);
  Expected<> on_alert(Bytes content);
  Expected<> on_change_cipher_spec(Bytes content);
  Expected<MutableBytes> on_application_data(MutableBytes content);
  Expected<> update_keys_if_due();
  std::uint64_t records_per_key() const noexcept;
  Expected<> ready_to_send() const;
  bool awaits_plain_alert() const noexcept;
  bool is_suspended() const noexcept;
  Expected<> on_messages(Bytes rest = {});
  bool reads_early_data() const noexcept { return server13() && server13()->reads_early_data(); }
  Expected<> go_on(Expected<> answered);
  Expected<std::size_t> whole_message(Bytes octets) const;
  void write_alert(Alert alert) noexcept;
  std::unexpected<Error> die(Error error) noexcept;
  void wipe() noexcept;
  std::unexpected<Error> dead() const { return std::unexpected(*error_); }

  std::shared_ptr<const Context> context_;
  const policy::Settings* settings_;  // of context_
  handshake::Established established_;
  record::Writer writer_;
  record::Protection reader_;
  std::unique_ptr<ServerOptions> server_options_;  // where there are any
  Machine machine_;
  std::unique_ptr<record::Protection> older_reader_;  // by the older of two keys, until a record has opened
  std::unique_ptr<wire::Buffer> joiner_;              // a handshake message that came in part
  std::unique_ptr<Error> error_;
  std::size_t early_data_ = 0;           // octets of records that may still be early data
  std::size_t accepted_early_data_ = 0;  // octets of early data that the client may still send
  std::uint32_t handshake_octets_ = 0;
  std::uint16_t max_received_ = record::max_plaintext;
  // Held against Limits, which may be as large: a narrower counter would wrap before it gets there.
  std::uint32_t empty_records_ = 0;
  std::uint32_t warnings_ = 0;
  std::uint32_t change_cipher_specs_ = 0;
  Side side_;
  bool read_closed_ = false;
  bool write_closed_ = false;
  bool reads_by_older_keys_ = false;
  bool begun_ = false;  // a ClientHello was sent or received
};

}  // namespace sesame::engine
