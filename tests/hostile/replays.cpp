// What was said is said again: a side's own messages back to it (the Selfie attack of RFC 9257 section 4.1
// begins so), and those of another connection.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using record::ContentType;

// The connection's own octets, as they are, straight back to it.
void reflect(Case& c) {
  const Octets own = octets_of(c.subject().connection.output());
  c.subject().connection.output_sent(own.size());
  c.peer().put(own);
}

// A recorded flight of a server, for the same key, to the same ClientHello but for its random.
Octets flight_of_another_connection() {
  AgainstClient other;
  other.up_to_hello();
  other.server.send_flight();
  return other.server.out;
}

void offer_psk_ke(ScriptClient& client) {
  client.extensions[ScriptClient::Type::psk_key_exchange_modes] = vec8(u8(0));
  client.extensions.erase(ScriptClient::Type::supported_groups);
  client.extensions.erase(ScriptClient::Type::key_share);
}

}  // namespace

std::vector<Variant> replay_variants() {
  return {
      to_client("own_client_hello", Alert::unexpected_message, Reason::unexpected_message,
                [](AgainstClient& c) {
                  c.subject();
                  reflect(c);
                }),
      to_client("own_second_client_hello", Alert::unexpected_message, Reason::unexpected_message,
                [](AgainstClient& c) {
                  c.up_to_retried();
                  c.server.put_plain(ContentType::handshake, c.server.client_hello);
                }),
      to_server("own_server_hello", Alert::unexpected_message, Reason::record_unprotected,
                [](AgainstServer& c) {
                  c.up_to_wait_finished();
                  c.client.put_plain(ContentType::handshake, c.client.server_hello);
                }),
      to_server("own_finished", Alert::decrypt_error, Reason::finished_mismatch,
                [](AgainstServer& c) {
                  c.up_to_wait_finished();
                  const Octets transcript = c.client.transcript;
                  c.client.put_record(ContentType::handshake, {transcript.end() - 36, transcript.end()});
                }),
      to_server("own_data", Alert::bad_record_mac, Reason::record_mac_wrong,
                [](AgainstServer& c) {
                  c.up_to_connected();
                  ASSERT_TRUE(c.subject().connection.send(as_bytes("from the server")));
                  const Octets own = octets_of(c.subject().connection.output());
                  c.exchange();
                  ASSERT_TRUE(c.client.next_record());
                  c.client.put(own);
                }),
      to_client("own_data_to_client", Alert::bad_record_mac, Reason::record_mac_wrong,
                [](AgainstClient& c) {
                  c.up_to_connected();
                  ASSERT_TRUE(c.subject().connection.send(as_bytes("from the client")));
                  const Octets own = octets_of(c.subject().connection.output());
                  c.exchange();
                  ASSERT_TRUE(c.server.next_record());
                  c.server.put(own);
                }),
      to_client("server_flight_of_another_connection", Alert::illegal_parameter, Reason::session_id_mismatch,
                [](AgainstClient& c) {
                  c.up_to_hello();
                  c.server.put(flight_of_another_connection());
                }),
      // Without the session identifier the ServerHello fits, and nothing behind it does.
      to_client("encrypted_extensions_of_another_connection", Alert::bad_record_mac, Reason::record_mac_wrong,
                [](AgainstClient& c) {
                  AgainstClient other;
                  other.up_to_wait_ee();
                  other.server.send_encrypted_extensions();
                  c.up_to_wait_ee();
                  c.server.put(other.server.out);
                }),
      to_server("finished_of_another_connection", Alert::bad_record_mac, Reason::record_mac_wrong,
                [](AgainstServer& c) {
                  // In psk_ke the two ClientHellos are the same to the last octet; the server's random is
                  // another.
                  AgainstServer other;
                  offer_psk_ke(other.client);
                  other.up_to_wait_finished();
                  other.client.send_finished();
                  offer_psk_ke(c.client);
                  c.up_to_wait_finished();
                  c.client.put(other.client.out);
                }),
      to_server("data_of_another_connection", Alert::bad_record_mac, Reason::record_mac_wrong,
                [](AgainstServer& c) {
                  AgainstServer other;
                  other.up_to_connected();
                  other.client.put_data("buy");
                  c.up_to_connected();
                  c.client.put(other.client.out);
                }),
      to_client("data_of_another_connection_to_client", Alert::bad_record_mac, Reason::record_mac_wrong,
                [](AgainstClient& c) {
                  AgainstClient other;
                  other.up_to_connected();
                  other.server.put_data("sold");
                  c.up_to_connected();
                  c.server.put(other.server.out);
                }),
  };
}

}  // namespace sesame::test
