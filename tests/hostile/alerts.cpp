// Alerts of the peer (RFC 8446 section 6).
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using record::ContentType;

// In plaintext before there are keys, protected in the handshake, and behind it.
template <class Script>
void everywhere(std::vector<Variant>& out, const std::string& name, Alert alert, Reason reason,
                Script script) {
  out.push_back(
      to_server("alert_" + name + "_first", alert, reason, [=](AgainstServer& c) { script(c.client); }));
  out.push_back(to_client("alert_" + name + "_for_server_hello", alert, reason, [=](AgainstClient& c) {
    c.up_to_hello();
    script(c.server);
  }));
  out.push_back(to_client("alert_" + name + "_for_finished", alert, reason, [=](AgainstClient& c) {
    c.up_to_wait_finished();
    script(c.server);
  }));
  out.push_back(to_server("alert_" + name + "_to_server", alert, reason, [=](AgainstServer& c) {
    c.up_to_connected();
    script(c.client);
  }));
  out.push_back(to_client("alert_" + name + "_to_client", alert, reason, [=](AgainstClient& c) {
    c.up_to_connected();
    script(c.server);
  }));
}

}  // namespace

std::vector<Variant> alert_variants() {
  std::vector<Variant> out;
  const auto record = [&](const std::string& name, Octets content) {
    everywhere(out, name, Alert::decode_error, Reason::alert_malformed,
               [=](ScriptPeer& p) { p.put_record(ContentType::alert, content); });
  };
  record("of_one_octet", {2});
  record("of_three_octets", {2, 40, 0});
  record("two_in_a_record", {1, 90, 2, 40});
  everywhere(out, "empty", Alert::unexpected_message, Reason::record_content_empty,
             [](ScriptPeer& p) { p.put_record(ContentType::alert, {}); });
  const auto ends = [&](const std::string& name, unsigned level, unsigned description) {
    everywhere(out, name, Alert::none, Reason::alert_received,
               [=](ScriptPeer& p) { p.put_alert(level, description); });
  };
  ends("handshake_failure", 2, 40);
  // Section 6: what the level says does not matter, and what is not known is an error.
  ends("bad_record_mac_as_warning", 1, 20);
  ends("unknown", 2, 99);
  ends("unknown_as_warning", 1, 255);
  ends("of_level_0", 0, 80);
  everywhere(out, "user_canceled_six_times", Alert::unexpected_message, Reason::too_many_warnings,
             [](ScriptPeer& p) {
               for (int i = 0; i < 6; ++i) p.put_alert(1, 90);
             });
  // In the handshake the one who closes gives up.
  out.push_back(to_server("close_notify_first", Alert::none, Reason::alert_received,
                          [](AgainstServer& c) { c.client.put_alert(1, 0); }));
  out.push_back(
      to_server("close_notify_for_finished", Alert::none, Reason::alert_received, [](AgainstServer& c) {
        c.up_to_wait_finished();
        c.client.put_alert(1, 0);
      }));
  out.push_back(
      to_client("close_notify_for_server_hello", Alert::none, Reason::alert_received, [](AgainstClient& c) {
        c.up_to_hello();
        c.server.put_alert(1, 0);
      }));
  out.push_back(to_client("close_notify_for_finished_of_the_server", Alert::none, Reason::alert_received,
                          [](AgainstClient& c) {
                            c.up_to_wait_finished();
                            c.server.put_alert(1, 0);
                          }));
  // A client that could not make keys says so in plaintext, once there were none of its records.
  out.push_back(
      to_server("plain_alert_for_finished", Alert::none, Reason::alert_received, [](AgainstServer& c) {
        c.up_to_wait_finished();
        c.client.put_plain(ContentType::alert, join({u8(2), u8(47)}));
      }));
  const auto plain = [](ScriptPeer& p) { p.put_plain(ContentType::alert, join({u8(2), u8(47)})); };
  out.push_back(to_client("plain_alert_behind_encrypted_extensions", Alert::unexpected_message,
                          Reason::record_unprotected, [=](AgainstClient& c) {
                            c.up_to_wait_finished();
                            plain(c.server);
                          }));
  out.push_back(to_server("plain_alert_to_server", Alert::unexpected_message, Reason::record_unprotected,
                          [=](AgainstServer& c) {
                            c.up_to_connected();
                            plain(c.client);
                          }));
  out.push_back(to_client("plain_alert_to_client", Alert::unexpected_message, Reason::record_unprotected,
                          [=](AgainstClient& c) {
                            c.up_to_connected();
                            plain(c.server);
                          }));
  return out;
}

}  // namespace sesame::test
