// Alerts of the peer (RFC 5246 section 7.2).
#include "hostile12/variants.h"

namespace sesame::test {

namespace {

using record::ContentType;

// In plaintext first, in the handshake, behind it.
template <class Script>
void everywhere(std::vector<Variant>& out, const std::string& name, Alert alert, Reason reason,
                Script script) {
  using P = Script12Peer;
  const auto client = [&](std::string where, void (AgainstClient12::*go)(), std::string_view which = "psk",
                          Above above = Above::tls13) {
    out.push_back(to_client12(
        "alert_" + name + where, alert, reason,
        [=](AgainstClient12& c) {
          (c.*go)();
          script(static_cast<P&>(c.server));
        },
        which, above));
  };
  const auto server = [&](std::string where, void (AgainstServer12::*go)(), std::string_view which = "psk") {
    out.push_back(to_server12(
        "alert_" + name + where, alert, reason,
        [=](AgainstServer12& c) {
          (c.*go)();
          script(static_cast<P&>(c.client));
        },
        which));
  };
  // A client that may yet speak TLS 1.3 has its rules until it knows.
  client("_for_server_hello", &AgainstClient12::up_to_hello, "psk", Above::nothing);
  client("_behind_server_hello", &AgainstClient12::up_to_hello_said);
  client("_for_change_cipher_spec", &AgainstClient12::up_to_flight);
  client("_for_finished", &AgainstClient12::up_to_changed);
  client("_connected", &AgainstClient12::up_to_connected);
  client("_connected_by_cbc", &AgainstClient12::up_to_connected, "psk_tls10");
  server("_for_key_exchange", &AgainstServer12::up_to_done);
  server("_for_change_cipher_spec", &AgainstServer12::up_to_exchange);
  server("_for_finished", &AgainstServer12::up_to_changed);
  server("_connected", &AgainstServer12::up_to_connected);
  server("_connected_by_cbc", &AgainstServer12::up_to_connected, "psk_tls10");
}

}  // namespace

std::vector<Variant> alert12_variants() {
  std::vector<Variant> out;
  using P = Script12Peer;
  const auto malformed = [&](const std::string& name, Octets content) {
    everywhere(out, name, Alert::decode_error, Reason::alert_malformed,
               [=](P& p) { p.put_record(ContentType::alert, content); });
  };
  malformed("of_one_octet", {2});
  malformed("of_three_octets", {2, 40, 0});
  malformed("two_in_a_record", {1, 90, 2, 40});
  everywhere(out, "empty", Alert::unexpected_message, Reason::record_content_empty,
             [](P& p) { p.put_record(ContentType::alert, {}); });
  // An alert is whole (no peer cuts one), so that half of one is not kept for later.
  everywhere(out, "in_two_records", Alert::decode_error, Reason::alert_malformed, [](P& p) {
    p.put_record(ContentType::alert, Octets{2});
    p.put_record(ContentType::alert, Octets{40});
  });
  const auto ends = [&](const std::string& name, unsigned level, unsigned description) {
    everywhere(out, name, Alert::none, Reason::alert_received,
               [=](P& p) { p.put_alert(level, description); });
  };
  ends("handshake_failure", 2, 40);
  ends("bad_record_mac", 2, 20);
  ends("decryption_failed", 2, 21);
  ends("no_renegotiation_as_fatal", 2, 100);
  ends("unknown", 2, 99);
  ends("of_level_0", 0, 80);
  ends("of_level_3", 3, 80);
  ends("of_level_255", 255, 255);
  everywhere(out, "warnings_six_times", Alert::unexpected_message, Reason::too_many_warnings, [](P& p) {
    for (int i = 0; i < 6; ++i) p.put_alert(1, 112);
  });
  everywhere(out, "user_canceled_six_times", Alert::unexpected_message, Reason::too_many_warnings, [](P& p) {
    for (int i = 0; i < 6; ++i) p.put_alert(1, 90);
  });
  // In the handshake the one who closes gives up.
  for (const unsigned level : {1u, 2u}) {
    const std::string name = "alert_close_notify_of_level_" + std::to_string(level);
    out.push_back(
        to_server12(name + "_for_key_exchange", Alert::none, Reason::alert_received, [=](AgainstServer12& c) {
          c.up_to_done();
          c.client.put_alert(level, 0);
        }));
    out.push_back(
        to_server12(name + "_for_finished", Alert::none, Reason::alert_received, [=](AgainstServer12& c) {
          c.up_to_changed();
          c.client.put_alert(level, 0);
        }));
    out.push_back(
        to_client12(name + "_for_server_hello", Alert::none, Reason::alert_received, [=](AgainstClient12& c) {
          c.up_to_hello();
          c.server.put_alert(level, 0);
        }));
    out.push_back(
        to_client12(name + "_for_finished", Alert::none, Reason::alert_received, [=](AgainstClient12& c) {
          c.up_to_changed();
          c.server.put_alert(level, 0);
        }));
  }
  // Once there are keys there are no alerts without them.
  out.push_back(to_server12("alert_unprotected_connected", Alert::bad_record_mac, Reason::record_mac_wrong,
                            [](AgainstServer12& c) {
                              c.up_to_connected();
                              c.client.put_plain(ContentType::alert, join({u8(2), u8(40)}));
                            }));
  out.push_back(to_client12("alert_unprotected_connected", Alert::bad_record_mac, Reason::record_mac_wrong,
                            [](AgainstClient12& c) {
                              c.up_to_connected();
                              c.server.put_plain(ContentType::alert, join({u8(2), u8(40)}));
                            }));
  return out;
}

}  // namespace sesame::test
