// Behind the handshake: KeyUpdate, NewSessionTicket, and what TLS 1.3 has no more.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using message::HandshakeType;
using record::ContentType;

template <class Script>
void both(std::vector<Variant>& out, const std::string& name, Alert alert, Reason reason, Script script) {
  out.push_back(to_server(name + "_to_server", alert, reason, [=](AgainstServer& c) {
    c.up_to_connected();
    script(static_cast<Case&>(c));
  }));
  out.push_back(to_client(name + "_to_client", alert, reason, [=](AgainstClient& c) {
    c.up_to_connected();
    script(static_cast<Case&>(c));
  }));
}

Octets update(const Octets& body) { return ScriptPeer::message(HandshakeType::key_update, body); }

Octets ticket(const Octets& nonce, const Octets& ticket_octets, const Octets& extensions) {
  return ScriptPeer::message(HandshakeType::new_session_ticket,
                             join({u32(3600), u32(7), vec8(nonce), vec16(ticket_octets), vec16(extensions)}));
}

std::vector<Variant> key_update_variants() {
  std::vector<Variant> out;
  const auto record = [&](const std::string& name, Alert alert, Reason reason, Octets content) {
    both(out, name, alert, reason, [=](Case& c) { c.peer().put_record(ContentType::handshake, content); });
  };
  record("key_update_of_2", Alert::illegal_parameter, Reason::key_update_invalid, update({2}));
  record("key_update_of_255", Alert::illegal_parameter, Reason::key_update_invalid, update({255}));
  record("key_update_empty", Alert::decode_error, Reason::malformed_message, update({}));
  record("key_update_of_two_octets", Alert::decode_error, Reason::trailing_octets, update({0, 0}));
  record("key_update_twice_in_a_record", Alert::unexpected_message, Reason::message_across_key_change,
         join({update({0}), update({0})}));
  record("key_update_and_one_octet_in_its_record", Alert::unexpected_message,
         Reason::message_across_key_change, join({update({1}), {24}}));
  both(out, "key_update_flood", Alert::unexpected_message, Reason::too_many_key_updates, [](Case& c) {
    for (int i = 0; i < 33; ++i) c.peer().put_key_update(0);
  });
  both(out, "key_update_flood_with_empty_data", Alert::unexpected_message, Reason::too_many_key_updates,
       [](Case& c) {
         for (int i = 0; i < 33; ++i) {
           c.peer().put_key_update(0);
           if (i % 3 == 0) c.peer().put_data("");
         }
       });
  both(out, "key_update_without_new_keys", Alert::bad_record_mac, Reason::record_mac_wrong, [](Case& c) {
    c.peer().put_key_update(0, false);
    c.peer().put_data("under the old keys");
  });
  both(out, "new_keys_without_key_update", Alert::bad_record_mac, Reason::record_mac_wrong, [](Case& c) {
    c.peer().put_key_update(0);
    c.peer().out.clear();
    c.peer().put_data("under the next keys");
  });
  both(out, "key_update_broken_off_by_data", Alert::unexpected_message, Reason::unexpected_record,
       [](Case& c) {
         c.peer().put_record(ContentType::handshake, Bytes(update({0})).first(4));
         c.peer().put_data("data");
       });
  both(out, "key_update_in_plaintext", Alert::unexpected_message, Reason::record_unprotected,
       [](Case& c) { c.peer().put_plain(ContentType::handshake, update({0})); });
  out.push_back(to_server("key_update_before_finished", Alert::unexpected_message, Reason::unexpected_message,
                          [](AgainstServer& c) {
                            c.up_to_wait_finished();
                            c.client.put_record(ContentType::handshake, update({0}));
                          }));
  out.push_back(to_client("key_update_before_encrypted_extensions", Alert::unexpected_message,
                          Reason::unexpected_message, [](AgainstClient& c) {
                            c.up_to_wait_ee();
                            c.server.put_record(ContentType::handshake, update({0}));
                          }));
  return out;
}

std::vector<Variant> ticket_variants() {
  const auto wrong = [](std::string name, Alert alert, Reason reason, Octets content) {
    return to_client("ticket_" + name, alert, reason, [=](AgainstClient& c) {
      c.up_to_connected();
      c.server.put_record(ContentType::handshake, content);
    });
  };
  const Octets body = Octets(repeat(40, 9));
  const Octets early = join({u16(42), vec16(u32(100))});
  Octets behind = ticket({0}, body, {});
  behind.push_back(0);
  behind[3] += 1;
  Octets cut = ticket({0}, body, {});
  cut.pop_back();
  cut[3] -= 1;
  return {
      wrong("empty", Alert::decode_error, Reason::malformed_message,
            ScriptPeer::message(HandshakeType::new_session_ticket, {})),
      wrong("without_ticket", Alert::decode_error, Reason::malformed_message, ticket({0}, {}, {})),
      wrong("one_octet_less", Alert::decode_error, Reason::malformed_message, cut),
      wrong("one_octet_more", Alert::decode_error, Reason::trailing_octets, behind),
      wrong("extension_beyond_the_end", Alert::decode_error, Reason::malformed_message,
            ticket({0}, body, join({u16(42), u16(9)}))),
      wrong("extension_twice", Alert::illegal_parameter, Reason::extension_duplicate,
            ticket({0}, body, join({early, early}))),
      to_client("ticket_flood", Alert::unexpected_message, Reason::too_many_tickets,
                [=](AgainstClient& c) {
                  c.up_to_connected();
                  for (int i = 0; i < 65; ++i)
                    c.server.put_record(ContentType::handshake, ticket(u16(i), body, {}));
                }),
      // Data between them does not make them fewer.
      to_client("ticket_flood_with_data", Alert::unexpected_message, Reason::too_many_tickets,
                [=](AgainstClient& c) {
                  c.up_to_connected();
                  for (int i = 0; i < 65; ++i) {
                    c.server.put_record(ContentType::handshake, ticket(u16(i), body, {}));
                    c.server.put_data("data");
                  }
                }),
      to_client("ticket_broken_off_by_data", Alert::unexpected_message, Reason::unexpected_record,
                [=](AgainstClient& c) {
                  c.up_to_connected();
                  c.server.put_record(ContentType::handshake, Bytes(ticket({0}, body, {})).first(10));
                  c.server.put_data("data");
                }),
      to_client("ticket_before_finished", Alert::unexpected_message, Reason::unexpected_message,
                [=](AgainstClient& c) {
                  c.up_to_wait_finished();
                  c.server.put_record(ContentType::handshake, ticket({0}, body, {}));
                }),
      to_server("ticket_to_a_server", Alert::unexpected_message, Reason::unexpected_message,
                [=](AgainstServer& c) {
                  c.up_to_connected();
                  c.client.put_record(ContentType::handshake, ticket({0}, body, {}));
                }),
  };
}

}  // namespace

std::vector<Variant> post_handshake_variants() {
  std::vector<Variant> out = key_update_variants();
  const auto tickets = ticket_variants();
  out.insert(out.end(), tickets.begin(), tickets.end());
  const auto message = [&](const std::string& name, unsigned type, Octets body) {
    both(out, name, Alert::unexpected_message, Reason::unexpected_message, [=](Case& c) {
      c.peer().put_record(ContentType::handshake,
                          ScriptPeer::message(static_cast<HandshakeType>(type), body));
    });
  };
  message("renegotiation_hello_request", 0, {});
  message("renegotiation_client_hello", 1, repeat(100, 1));
  message("post_handshake_authentication", 13, join({vec8({1}), vec16({})}));
  message("certificate_behind_the_handshake", 11, join({vec8({}), vec24({})}));
  message("end_of_early_data_behind_the_handshake", 5, {});
  message("message_hash_on_the_wire", 254, repeat(32, 1));
  return out;
}

}  // namespace sesame::test
