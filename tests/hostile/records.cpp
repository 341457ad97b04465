// Records: their types, sizes and protection (RFC 8446 section 5).
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using record::ContentType;

constexpr Alert unexpected = Alert::unexpected_message;

Octets header(unsigned type, std::size_t length) { return join({u8(type), u16(0x0303), u16(length)}); }

// Octets as the first ones that a server gets.
Variant first(std::string name, Alert alert, Reason reason, Octets octets) {
  return to_server("first_record_" + name, alert, reason, [=](AgainstServer& c) { c.client.put(octets); });
}

// Whatever the side, behind the handshake.
template <class Script>
void connected(std::vector<Variant>& out, const std::string& name, Alert alert, Reason reason,
               Script script) {
  out.push_back(to_server("to_server_" + name, alert, reason, [=](AgainstServer& c) {
    c.up_to_connected();
    script(c.client);
  }));
  out.push_back(to_client("to_client_" + name, alert, reason, [=](AgainstClient& c) {
    c.up_to_connected();
    script(c.server);
  }));
}

std::vector<Variant> type_variants() {
  std::vector<Variant> out;
  for (const unsigned type : {0u, 1u, 19u, 24u, 128u, 255u}) {
    out.push_back(
        first("of_type_" + std::to_string(type), unexpected, Reason::unexpected_record, header(type, 4)));
  }
  out.push_back(first("of_application_data", unexpected, Reason::unexpected_record, header(23, 100)));
  out.push_back(first("of_a_change_cipher_spec", unexpected, Reason::change_cipher_spec_wrong,
                      join({header(20, 1), {1}})));
  out.push_back(first("of_an_empty_handshake", unexpected, Reason::record_content_empty, header(22, 0)));
  out.push_back(first("of_an_empty_alert", unexpected, Reason::record_content_empty, header(21, 0)));
  out.push_back(first("of_16385_octets", Alert::record_overflow, Reason::record_too_long, header(22, 16385)));
  out.push_back(first("of_65535_octets", Alert::record_overflow, Reason::record_too_long, header(22, 65535)));
  for (const unsigned type : {0u, 24u, 255u}) {
    connected(out, "plain_type_" + std::to_string(type), unexpected, Reason::unexpected_record,
              [=](ScriptPeer& p) { p.put(header(type, 4)); });
  }
  for (const unsigned type : {1u, 20u, 24u, 255u}) {
    connected(out, "inner_type_" + std::to_string(type), unexpected, Reason::unexpected_record,
              [=](ScriptPeer& p) { p.put_record(static_cast<ContentType>(type), repeat(1, 1)); });
  }
  connected(out, "inner_all_zero", unexpected, Reason::record_content_empty,
            [](ScriptPeer& p) { p.put_record(ContentType::invalid, repeat(16, 0)); });
  connected(out, "inner_type_missing", unexpected, Reason::record_content_empty,
            [](ScriptPeer& p) { p.put_record(ContentType::invalid, {}); });
  connected(out, "empty_handshake", unexpected, Reason::record_content_empty,
            [](ScriptPeer& p) { p.put_record(ContentType::handshake, {}); });
  connected(out, "empty_handshake_with_padding", unexpected, Reason::record_content_empty,
            [](ScriptPeer& p) { p.put_record(ContentType::handshake, {}, 100); });
  connected(out, "plain_handshake", unexpected, Reason::record_unprotected, [](ScriptPeer& p) {
    p.put_plain(ContentType::handshake, ScriptPeer::message(message::HandshakeType::key_update, {0}));
  });
  return out;
}

std::vector<Variant> size_variants() {
  std::vector<Variant> out;
  connected(out, "content_of_16385", Alert::record_overflow, Reason::record_too_long,
            [](ScriptPeer& p) { p.put_record(ContentType::application_data, repeat(16385, 1)); });
  connected(out, "content_and_padding_of_16385", Alert::record_overflow, Reason::record_too_long,
            [](ScriptPeer& p) { p.put_record(ContentType::application_data, repeat(1, 1), 16384); });
  connected(out, "header_of_16641", Alert::record_overflow, Reason::record_too_long,
            [](ScriptPeer& p) { p.put(header(23, 16641)); });
  connected(out, "header_of_65535", Alert::record_overflow, Reason::record_too_long,
            [](ScriptPeer& p) { p.put(header(23, 65535)); });
  connected(out, "protected_of_no_octets", Alert::bad_record_mac, Reason::record_mac_wrong,
            [](ScriptPeer& p) { p.put(header(23, 0)); });
  connected(out, "protected_of_a_tag_only", Alert::bad_record_mac, Reason::record_mac_wrong,
            [](ScriptPeer& p) { p.put(join({header(23, 16), repeat(16, 1)})); });
  connected(out, "empty_data_33_times", unexpected, Reason::too_many_empty_records, [](ScriptPeer& p) {
    for (int i = 0; i < 33; ++i) p.put_record(ContentType::application_data, {});
  });
  connected(out, "padded_empty_data_33_times", unexpected, Reason::too_many_empty_records, [](ScriptPeer& p) {
    for (std::size_t i = 0; i < 33; ++i) p.put_record(ContentType::application_data, {}, i);
  });
  // A limit above what eight bits count.
  out.push_back(to_server("empty_data_above_a_limit_of_1000", unexpected, Reason::too_many_empty_records,
                          [](AgainstServer& c) {
                            c.options.limits.empty_records = 1000;
                            c.up_to_connected();
                            for (int i = 0; i < 1001; ++i)
                              c.client.put_record(ContentType::application_data, {});
                          }));
  out.push_back(to_client("content_above_record_size_limit", Alert::record_overflow, Reason::record_too_long,
                          [](AgainstClient& c) {
                            c.options.record_size_limit = 100;
                            c.server.encrypted_extensions.add(ScriptServer::Type::record_size_limit,
                                                              u16(100));
                            c.up_to_connected();
                            c.server.put_record(ContentType::application_data, repeat(100, 1));
                            c.exchange();
                            EXPECT_EQ(c.subject().data.size(), 100u);
                            c.server.put_record(ContentType::application_data, repeat(101, 1));
                          }));
  out.push_back(to_client("content_and_padding_above_record_size_limit", Alert::record_overflow,
                          Reason::record_too_long, [](AgainstClient& c) {
                            c.options.record_size_limit = 100;
                            c.server.encrypted_extensions.add(ScriptServer::Type::record_size_limit,
                                                              u16(100));
                            c.up_to_connected();
                            c.server.put_record(ContentType::application_data, repeat(1, 1), 100);
                          }));
  out.push_back(to_server("content_above_record_size_limit_of_the_server", Alert::record_overflow,
                          Reason::record_too_long, [](AgainstServer& c) {
                            c.options.record_size_limit = 64;
                            c.client.extensions.add(ScriptServer::Type::record_size_limit, u16(16385));
                            c.up_to_connected();
                            c.client.put_record(ContentType::application_data, repeat(65, 1));
                          }));
  out.push_back(to_server("content_above_max_fragment_length", Alert::record_overflow,
                          Reason::record_too_long, [](AgainstServer& c) {
                            c.client.extensions.add(ScriptServer::Type::max_fragment_length, u8(1));
                            c.up_to_connected();
                            c.client.put_record(ContentType::application_data, repeat(513, 1));
                          }));
  return out;
}

std::vector<Variant> protection_variants() {
  std::vector<Variant> out;
  const auto spoiled = [&](const std::string& name, auto spoil) {
    connected(out, name, Alert::bad_record_mac, Reason::record_mac_wrong, [=](ScriptPeer& p) {
      p.put_data("some application data");
      spoil(p.out);
    });
  };
  spoiled("first_octet_flipped", [](Octets& r) { r[5] ^= 1; });
  spoiled("inner_type_flipped", [](Octets& r) { r[r.size() - 17] ^= 1; });
  spoiled("tag_flipped", [](Octets& r) { r.back() ^= 0x80; });
  spoiled("header_version_changed", [](Octets& r) { r[2] ^= 1; });  // section 5.2: it is authenticated
  spoiled("cut_by_one", [](Octets& r) {
    r.pop_back();
    --r[4];
  });
  spoiled("one_octet_more", [](Octets& r) {
    r.push_back(0);
    ++r[4];
  });
  spoiled("replayed", [](Octets& r) { r = join({r, r}); });
  connected(out, "out_of_order", Alert::bad_record_mac, Reason::record_mac_wrong, [](ScriptPeer& p) {
    p.put_data("first");
    const Octets one = std::exchange(p.out, {});
    p.put_data("second");
    append(p.out, one);
  });
  connected(out, "lost", Alert::bad_record_mac, Reason::record_mac_wrong, [](ScriptPeer& p) {
    p.put_data("first");
    p.out.clear();
    p.put_data("second");
  });
  connected(out, "under_the_other_directions_keys", Alert::bad_record_mac, Reason::record_mac_wrong,
            [](ScriptPeer& p) {
              p.use_write_secret(p.peer_application_secret);
              p.put_data("data");
            });
  connected(out, "under_the_handshakes_keys", Alert::bad_record_mac, Reason::record_mac_wrong,
            [](ScriptPeer& p) {
              p.use_write_secret(p.own_handshake_secret);
              p.put_data("data");
            });
  return out;
}

std::vector<Variant> change_cipher_spec_variants() {
  const auto within = [](std::string name, auto script) {
    return to_server("change_cipher_spec_" + name, unexpected, Reason::change_cipher_spec_wrong,
                     [=](AgainstServer& c) {
                       c.up_to_wait_finished();
                       script(c.client);
                     });
  };
  std::vector<Variant> out = {
      within("of_2", [](ScriptClient& p) { p.put_change_cipher_spec({2}); }),
      within("of_0", [](ScriptClient& p) { p.put_change_cipher_spec({0}); }),
      within("empty", [](ScriptClient& p) { p.put_change_cipher_spec({}); }),
      within("of_two_octets", [](ScriptClient& p) { p.put_change_cipher_spec({1, 1}); }),
      within("nine_times",
             [](ScriptClient& p) {
               for (int i = 0; i < 9; ++i) p.put_change_cipher_spec();
             }),
      within("in_a_fragmented_finished",
             [](ScriptClient& p) {
               p.put_record(ContentType::handshake, Bytes(p.finished()).first(20));
               p.put_change_cipher_spec();
             }),
      to_server("change_cipher_spec_in_a_fragmented_client_hello", unexpected,
                Reason::change_cipher_spec_wrong,
                [](AgainstServer& c) {
                  c.client.put_plain(ContentType::handshake, Bytes(c.client.client_hello()).first(100));
                  c.client.put_change_cipher_spec();
                }),
      to_server("change_cipher_spec_protected_in_the_handshake", unexpected, Reason::unexpected_record,
                [](AgainstServer& c) {
                  c.up_to_wait_finished();
                  c.client.put_record(ContentType::change_cipher_spec, repeat(1, 1));
                }),
      to_client("change_cipher_spec_of_2_before_the_server_hello", unexpected,
                Reason::change_cipher_spec_wrong,
                [](AgainstClient& c) {
                  c.up_to_hello();
                  c.server.put_change_cipher_spec({2});
                }),
      to_client("change_cipher_spec_nine_times_to_the_client", unexpected, Reason::change_cipher_spec_wrong,
                [](AgainstClient& c) {
                  c.up_to_wait_ee();
                  for (int i = 0; i < 9; ++i) c.server.put_change_cipher_spec();
                }),
  };
  connected(out, "change_cipher_spec", unexpected, Reason::change_cipher_spec_wrong,
            [](ScriptPeer& p) { p.put_change_cipher_spec(); });
  return out;
}

std::vector<Variant> fragment_variants() {
  return {
      // Nothing comes between the pieces of a message, but that the peer gives up is not lost.
      to_server("client_hello_broken_off_by_an_alert", Alert::none, Reason::alert_received,
                [](AgainstServer& c) {
                  c.client.put_plain(ContentType::handshake, Bytes(c.client.client_hello()).first(100));
                  c.client.put_alert(2, 40);
                }),
      to_client("encrypted_extensions_broken_off_by_an_alert", Alert::none, Reason::alert_received,
                [](AgainstClient& c) {
                  c.up_to_wait_ee();
                  c.server.put_record(ContentType::handshake, join({u8(8), u24(100), u16(98)}));
                  c.server.put_alert(1, 80);
                }),
      to_server("client_hello_broken_off_by_close_notify", unexpected, Reason::unexpected_record,
                [](AgainstServer& c) {
                  c.client.put_plain(ContentType::handshake, Bytes(c.client.client_hello()).first(100));
                  c.client.put_alert(1, 0);
                }),
      to_server("client_hello_broken_off_by_user_canceled", unexpected, Reason::unexpected_record,
                [](AgainstServer& c) {
                  c.client.put_plain(ContentType::handshake, Bytes(c.client.client_hello()).first(100));
                  c.client.put_alert(1, 90);
                }),
      to_client("ticket_broken_off_by_an_alert", Alert::none, Reason::alert_received,
                [](AgainstClient& c) {
                  c.up_to_connected();
                  c.server.put_record(ContentType::handshake, join({u8(4), u24(100), u16(98)}));
                  c.server.put_alert(2, 80);
                }),
      to_server("client_hello_broken_off_by_data", unexpected, Reason::unexpected_record,
                [](AgainstServer& c) {
                  c.client.put_plain(ContentType::handshake, Bytes(c.client.client_hello()).first(1));
                  c.client.put_plain(ContentType::application_data, repeat(40, 1));
                }),
      to_server("client_hello_broken_off_by_an_empty_fragment", unexpected, Reason::record_content_empty,
                [](AgainstServer& c) {
                  c.client.put_plain(ContentType::handshake, Bytes(c.client.client_hello()).first(100));
                  c.client.put_plain(ContentType::handshake, {});
                }),
      to_client("encrypted_extensions_broken_off_by_data", unexpected, Reason::unexpected_record,
                [](AgainstClient& c) {
                  c.up_to_wait_ee();
                  c.server.put_record(ContentType::handshake, join({u8(8), u24(100), u16(98)}));
                  c.server.put_data("data");
                }),
      to_client("server_hello_across_the_change_of_keys", unexpected, Reason::record_unprotected,
                [](AgainstClient& c) {
                  c.up_to_hello();
                  c.server.send_server_hello();
                  c.server.put_plain(ContentType::handshake, repeat(1, 8));
                }),
      to_server(
          "client_hello_declared_too_long", Alert::decode_error, Reason::message_too_long,
          [](AgainstServer& c) { c.client.put_plain(ContentType::handshake, join({u8(1), u24(131'397)})); }),
      to_server(
          "client_hello_declared_16_megabytes", Alert::decode_error, Reason::message_too_long,
          [](AgainstServer& c) { c.client.put_plain(ContentType::handshake, join({u8(1), u24(0xffffff)})); }),
      to_client("server_hello_declared_16_megabytes", Alert::decode_error, Reason::message_too_long,
                [](AgainstClient& c) {
                  c.up_to_hello();
                  c.server.put_plain(ContentType::handshake, join({u8(2), u24(0xffffff)}));
                }),
      to_client("encrypted_extensions_declared_16_megabytes", Alert::decode_error, Reason::message_too_long,
                [](AgainstClient& c) {
                  c.up_to_wait_ee();
                  c.server.put_record(ContentType::handshake, join({u8(8), u24(0xffffff)}));
                }),
      to_client("ticket_declared_16_megabytes", Alert::decode_error, Reason::message_too_long,
                [](AgainstClient& c) {
                  c.up_to_connected();
                  c.server.put_record(ContentType::handshake, join({u8(4), u24(0xffffff)}));
                }),
      // Refused by its first octet: nothing of it is gathered.
      to_server("first_octet_of_an_unexpected_message", unexpected, Reason::unexpected_message,
                [](AgainstServer& c) { c.client.put_plain(ContentType::handshake, repeat(1, 2)); }),
      to_server("handshake_longer_in_all_than_the_limit", unexpected, Reason::too_much_handshake,
                [](AgainstServer& c) {
                  c.options.limits.handshake_octets = 1000;
                  c.client.extensions.add(21, repeat(2000, 0));
                  c.client.send_client_hello(100);
                }),
      to_server("data_before_the_clients_finished", unexpected, Reason::unexpected_record,
                [](AgainstServer& c) {
                  c.up_to_wait_finished();
                  c.client.put_data("early");
                }),
      to_server("data_under_the_applications_keys_before_finished", Alert::bad_record_mac,
                Reason::record_mac_wrong,
                [](AgainstServer& c) {
                  c.up_to_wait_finished();
                  c.client.use_write_secret(c.client.own_application_secret);
                  c.client.put_data("early");
                }),
      to_client("data_before_encrypted_extensions", unexpected, Reason::unexpected_record,
                [](AgainstClient& c) {
                  c.up_to_wait_ee();
                  c.server.put_data("early");
                }),
      to_client("data_before_the_servers_finished", unexpected, Reason::unexpected_record,
                [](AgainstClient& c) {
                  c.up_to_wait_finished();
                  c.server.put_data("early");
                }),
      to_client("data_before_the_server_hello", unexpected, Reason::unexpected_record,
                [](AgainstClient& c) {
                  c.up_to_hello();
                  c.server.put_data("early");
                }),
  };
}

}  // namespace

std::vector<Variant> record_variants() {
  std::vector<Variant> out;
  for (const auto& table : {type_variants(), size_variants(), protection_variants(),
                            change_cipher_spec_variants(), fragment_variants()}) {
    out.insert(out.end(), table.begin(), table.end());
  }
  return out;
}

}  // namespace sesame::test
