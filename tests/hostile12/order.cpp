// Messages where they may not stand (RFC 5246 section 7.3), on both sides.
#include <set>

#include "hostile12/variants.h"

namespace sesame::test {

namespace {

constexpr Alert unexpected = Alert::unexpected_message;
constexpr unsigned change_cipher_spec = 0x100;  // among the message types: the record

// Every type of RFC 5246, RFC 8446 and the registry, some that nobody has, and those that the tables use for
// what is no message.
constexpr unsigned types[] = {0,  1,   2,   3,   4,
                              5,  6,   8,   11,  12,
                              13, 14,  15,  16,  20,
                              21, 22,  23,  24,  25,
                              67, 253, 254, 255, change_cipher_spec};

template <class Which>
struct Place {
  std::string name;
  std::string kind;
  std::function<void(Which&)> go;
  std::set<unsigned> expected;  ///< what may stand here, or is judged otherwise
};

template <class Which>
void everything_else(std::vector<Variant>& out, const std::string& side, const Place<Which>& place) {
  for (const unsigned type : types) {
    if (place.expected.contains(type)) continue;
    for (const bool empty : {false, true}) {
      if (empty && type != 0 && type != 14) continue;  // those that have no content
      std::string name = "in_" + place.name + "_message_" + std::to_string(type) + (empty ? "_empty" : "");
      if (type == change_cipher_spec) name = "in_" + place.name + "_change_cipher_spec";
      out.push_back({side + name, unexpected, Reason::unexpected_message,
                     player12<Which>(kind(place.kind), Above::tls13, [place, type, empty](Which& c) {
                       place.go(c);
                       if (testing::Test::HasFatalFailure()) return;
                       auto& peer = static_cast<Script12Peer&>(c.peer());
                       if (type == change_cipher_spec) {
                         peer.put_record(record::ContentType::change_cipher_spec, Octets{1});
                       } else {
                         peer.put_record(record::ContentType::handshake,
                                         join({u8(type), vec24(empty ? Octets() : repeat(8, 0))}));
                       }
                     })});
    }
  }
}

std::vector<Variant> on_a_server() {
  using S = AgainstServer12;
  std::vector<Variant> out;
  const auto place = [&](std::string name, std::string kind, auto go, std::set<unsigned> expected) {
    everything_else<S>(out, "to_server_", {std::move(name), std::move(kind), go, std::move(expected)});
  };
  // Before the version is known a ChangeCipherSpec is the business of TLS 1.3 as well; see below.
  place("start", "psk", [](S&) {}, {1, change_cipher_spec});
  place("wait_key_exchange", "psk", [](S& c) { c.up_to_done(); }, {16});
  place("wait_certificate", "ecdhe_ecdsa_client_certificate", [](S& c) { c.up_to_done(); }, {11});
  place("wait_key_exchange_of_a_certified_client", "ecdhe_ecdsa_client_certificate",
        [](S& c) {
          c.up_to_done();
          c.client.send_certificate();
          c.exchange();
        },
        {16});
  place("wait_certificate_verify", "ecdhe_ecdsa_client_certificate",
        [](S& c) {
          c.up_to_done();
          c.client.send_certificate();
          c.client.send_client_key_exchange();
          c.exchange();
        },
        {15});
  place("wait_change_cipher_spec", "psk", [](S& c) { c.up_to_exchange(); }, {change_cipher_spec});
  place("wait_change_cipher_spec_of_a_certified_client", "ecdhe_ecdsa_client_certificate",
        [](S& c) { c.up_to_exchange(); }, {change_cipher_spec});
  place("wait_finished", "psk", [](S& c) { c.up_to_changed(); }, {20});
  place("connected", "psk", [](S& c) { c.up_to_connected(); }, {1});
  place("connected_by_a_certificate", "ecdhe_ecdsa_client_certificate", [](S& c) { c.up_to_connected(); },
        {1});
  return out;
}

std::vector<Variant> on_a_client() {
  using C = AgainstClient12;
  std::vector<Variant> out;
  const auto place = [&](std::string name, std::string kind, auto go, std::set<unsigned> expected) {
    // RFC 5246 section 7.4.1.1: a HelloRequest in a handshake is ignored; see below.
    expected.insert(0);
    everything_else<C>(out, "to_client_", {std::move(name), std::move(kind), go, std::move(expected)});
  };
  place("wait_server_hello", "psk", [](C& c) { c.up_to_hello(); }, {2, change_cipher_spec});
  place("wait_key_exchange_or_done", "psk", [](C& c) { c.up_to_hello_said(); }, {12, 14});
  place("wait_certificate", "ecdhe_ecdsa", [](C& c) { c.up_to_hello_said(); }, {11});
  // Without a ServerKeyExchange there would be no key.
  place("wait_key_exchange", "ecdhe_ecdsa",
        [](C& c) {
          c.up_to_hello_said();
          c.server.send_certificate();
          c.exchange();
        },
        {12});
  place("wait_key_exchange_of_dhe_psk", "dhe_psk", [](C& c) { c.up_to_hello_said(); }, {12});
  // RFC 5246 section 7.4.3: not for RSA.
  place("wait_request_or_done_of_rsa", "rsa",
        [](C& c) {
          c.up_to_hello_said();
          c.server.send_certificate();
          c.exchange();
        },
        {13, 14});
  // RFC 5246 section 7.4.4: without a certificate a server asks for none.
  place("wait_done_of_psk", "psk",
        [](C& c) {
          c.up_to_hello_said();
          c.server.put(c.server.server_key_exchange({}));
          c.exchange();
        },
        {14});
  place("wait_done_of_dh_anon", "dh_anon",
        [](C& c) {
          c.up_to_hello_said();
          c.server.send_key_exchange();
          c.exchange();
        },
        {14});
  place("wait_done", "ecdhe_ecdsa_client_certificate",
        [](C& c) {
          c.up_to_hello_said();
          c.server.send_certificate();
          c.server.send_key_exchange();
          c.server.put(c.server.certificate_request());
          c.exchange();
        },
        {14});
  // No ticket was announced.
  place("wait_change_cipher_spec", "psk", [](C& c) { c.up_to_flight(); }, {change_cipher_spec});
  place("wait_ticket", "psk",
        [](C& c) {
          c.options.session_store = c.store;
          c.server.gives_ticket = true;
          c.up_to_flight();
        },
        {4});
  place("wait_change_cipher_spec_behind_a_ticket", "psk",
        [](C& c) {
          c.options.session_store = c.store;
          c.server.gives_ticket = true;
          c.up_to_flight();
          c.server.put(c.server.new_session_ticket());
          c.exchange();
        },
        {change_cipher_spec});
  place("wait_finished", "psk", [](C& c) { c.up_to_changed(); }, {20});
  place("connected", "psk", [](C& c) { c.up_to_connected(); }, {});
  return out;
}

std::vector<Variant> change_cipher_specs() {
  const auto wrong = Reason::change_cipher_spec_wrong;
  std::vector<Variant> out = {
      to_server12("change_cipher_spec_first", unexpected, wrong,
                  [](AgainstServer12& c) { c.client.put_change_cipher_spec(); }),
      // A server of TLS 1.3 would let the octet pass.
      to_client12("change_cipher_spec_before_server_hello", unexpected, wrong,
                  [](AgainstClient12& c) {
                    c.up_to_hello();
                    c.server.put_change_cipher_spec();
                    c.say_hello();
                  }),
      to_client12(
          "change_cipher_spec_before_server_hello_of_tls12_alone", unexpected, Reason::unexpected_message,
          [](AgainstClient12& c) {
            c.up_to_hello();
            c.server.put_change_cipher_spec();
            c.say_hello();
          },
          "psk", Above::nothing),
      // RFC 4851's rows stand only with a provider.
      to_client12("change_cipher_spec_behind_server_hello", unexpected, Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.options.session_store = c.store;
                    c.up_to_hello_said();
                    c.server.put_change_cipher_spec();
                  }),
      to_server12("change_cipher_spec_twice", Alert::bad_record_mac, Reason::record_mac_wrong,
                  [](AgainstServer12& c) {
                    c.up_to_changed();
                    c.client.put_change_cipher_spec();
                    c.client.ScriptPeer::put(repeat(40, 0));
                  }),
      to_server12("change_cipher_spec_twice_protected", unexpected, Reason::unexpected_message,
                  [](AgainstServer12& c) {
                    c.up_to_changed();
                    c.client.put_record(record::ContentType::change_cipher_spec, Octets{1});
                  }),
      // CVE-2014-0224: keys of no master secret.
      to_server12("change_cipher_spec_before_key_exchange", unexpected, Reason::unexpected_message,
                  [](AgainstServer12& c) {
                    c.up_to_done();
                    c.client.put_change_cipher_spec();
                  }),
      to_server12("finished_without_change_cipher_spec", unexpected, Reason::unexpected_message,
                  [](AgainstServer12& c) {
                    c.up_to_exchange();
                    c.client.send_finished12();
                  }),
      to_client12("finished_without_change_cipher_spec", unexpected, Reason::unexpected_message,
                  [](AgainstClient12& c) {
                    c.up_to_flight();
                    c.server.send_finished12();
                  }),
  };
  for (const auto& [name, content] : std::initializer_list<std::pair<const char*, Octets>>{
           {"of_0", {0}}, {"of_2", {2}}, {"of_two_octets", {1, 1}}}) {
    out.push_back(to_server12("change_cipher_spec_" + std::string(name), unexpected, wrong,
                              [content](AgainstServer12& c) {
                                c.up_to_exchange();
                                c.client.put_change_cipher_spec(content);
                              }));
    out.push_back(to_client12("change_cipher_spec_" + std::string(name), unexpected, wrong,
                              [content](AgainstClient12& c) {
                                c.up_to_flight();
                                c.server.put_change_cipher_spec(content);
                              }));
  }
  out.push_back(to_server12("change_cipher_spec_empty", unexpected, Reason::record_content_empty,
                            [](AgainstServer12& c) {
                              c.up_to_exchange();
                              c.client.put_change_cipher_spec({});
                            }));
  // RFC 5246 section 7.1: a message has one epoch.
  const auto within = [](ScriptPeer& p, const Octets& message) {
    p.put_record(record::ContentType::handshake, Bytes(message).first(message.size() / 2));
    p.put_record(record::ContentType::change_cipher_spec, Octets{1});
  };
  out.push_back(to_server12("change_cipher_spec_within_key_exchange", unexpected,
                            Reason::message_across_key_change, [=](AgainstServer12& c) {
                              c.up_to_done();
                              within(c.client, c.client.client_key_exchange());
                            }));
  out.push_back(to_client12("change_cipher_spec_within_a_ticket", unexpected,
                            Reason::message_across_key_change, [=](AgainstClient12& c) {
                              c.options.session_store = c.store;
                              c.server.gives_ticket = true;
                              c.up_to_flight();
                              within(c.server, c.server.new_session_ticket());
                            }));
  out.push_back(to_client12(
      "change_cipher_spec_within_server_hello", unexpected, Reason::message_across_key_change,
      [=](AgainstClient12& c) {
        c.up_to_hello();
        within(c.server, c.server.server_hello());
      },
      "psk", Above::nothing));
  // The first octet of Finished is in plaintext, the rest is not.
  out.push_back(to_server12("finished_across_change_cipher_spec", unexpected, Reason::unexpected_message,
                            [=](AgainstServer12& c) {
                              c.up_to_exchange();
                              within(c.client, c.client.finished12());
                            }));
  return out;
}

std::vector<Variant> missing_and_more() {
  const Reason order = Reason::unexpected_message;
  return {
      to_client12(
          "done_without_a_certificate", unexpected, order,
          [](AgainstClient12& c) {
            c.up_to_hello_said();
            c.server.send_done();
          },
          "rsa"),
      to_client12(
          "key_exchange_without_a_certificate", unexpected, order,
          [](AgainstClient12& c) {
            c.up_to_hello_said();
            c.server.send_key_exchange();
          },
          "ecdhe_ecdsa"),
      to_client12(
          "done_without_a_key_exchange", unexpected, order,
          [](AgainstClient12& c) {
            c.up_to_hello_said();
            c.server.send_certificate();
            c.server.send_done();
          },
          "ecdhe_ecdsa"),
      to_client12(
          "done_without_a_key_exchange_of_dhe_psk", unexpected, order,
          [](AgainstClient12& c) {
            c.up_to_hello_said();
            c.server.send_done();
          },
          "dhe_psk"),
      to_client12(
          "key_exchange_twice", unexpected, order,
          [](AgainstClient12& c) {
            c.up_to_hello_said();
            c.server.send_key_exchange();
            c.server.send_key_exchange();
          },
          "ecdhe_psk"),
      to_client12(
          "certificate_twice", unexpected, order,
          [](AgainstClient12& c) {
            c.up_to_hello_said();
            c.server.send_certificate();
            c.server.send_certificate();
          },
          "ecdhe_ecdsa"),
      to_client12(
          "certificate_request_twice", unexpected, order,
          [](AgainstClient12& c) {
            c.up_to_hello_said();
            c.server.send_certificate();
            c.server.send_key_exchange();
            c.server.put(c.server.certificate_request());
            c.server.put(c.server.certificate_request());
          },
          "ecdhe_ecdsa"),
      to_client12(
          "certificate_request_before_key_exchange", unexpected, order,
          [](AgainstClient12& c) {
            c.up_to_hello_said();
            c.server.send_certificate();
            c.server.put(c.server.certificate_request());
          },
          "ecdhe_ecdsa"),
      // RFC 6066 section 8: only where both hellos have status_request.
      to_client12(
          "certificate_status_unasked", unexpected, order,
          [](AgainstClient12& c) {
            c.up_to_hello_said();
            c.server.send_certificate();
            c.server.put(
                ScriptPeer::message(message::HandshakeType::certificate_status, join({u8(1), vec24({1})})));
          },
          "ecdhe_ecdsa"),
      to_client12(
          "certificate_status_asked_for_but_not_announced", unexpected, order,
          [](AgainstClient12& c) {
            c.options.request_ocsp_response = true;
            c.up_to_hello_said();
            c.server.send_certificate();
            c.server.put(
                ScriptPeer::message(message::HandshakeType::certificate_status, join({u8(1), vec24({1})})));
          },
          "ecdhe_ecdsa"),
      // RFC 5077 section 3.3: once, and where it was announced.
      to_client12("ticket_twice", unexpected, order,
                  [](AgainstClient12& c) {
                    c.options.session_store = c.store;
                    c.server.gives_ticket = true;
                    c.up_to_flight();
                    c.server.put(c.server.new_session_ticket());
                    c.server.put(c.server.new_session_ticket());
                  }),
      to_client12("ticket_unannounced", unexpected, order,
                  [](AgainstClient12& c) {
                    c.options.session_store = c.store;
                    c.up_to_flight();
                    c.server.put(c.server.new_session_ticket());
                  }),
      to_client12("ticket_announced_and_missing", unexpected, order,
                  [](AgainstClient12& c) {
                    c.options.session_store = c.store;
                    c.server.gives_ticket = true;
                    c.up_to_flight();
                    c.server.change_keys();
                  }),
      to_client12("ticket_behind_finished", unexpected, order,
                  [](AgainstClient12& c) {
                    c.options.session_store = c.store;
                    c.up_to_connected();
                    c.server.put_late(c.server.new_session_ticket());
                  }),
      to_server12("key_exchange_twice", unexpected, order,
                  [](AgainstServer12& c) {
                    c.up_to_exchange();
                    c.client.send_client_key_exchange();
                  }),
      to_server12(
          "certificate_that_was_not_asked_for", unexpected, order,
          [](AgainstServer12& c) {
            c.up_to_done();
            c.client.send_certificate();
          },
          "ecdhe_ecdsa"),
      to_server12(
          "certificate_twice", unexpected, order,
          [](AgainstServer12& c) {
            c.up_to_done();
            c.client.send_certificate();
            c.client.send_certificate();
          },
          "ecdhe_ecdsa_client_certificate"),
      to_server12(
          "certificate_missing", unexpected, order,
          [](AgainstServer12& c) {
            c.up_to_done();
            c.client.send_client_key_exchange();
          },
          "ecdhe_ecdsa_client_certificate"),
      // RFC 5246 section 7.4.8.
      to_server12(
          "certificate_verify_without_a_certificate", unexpected, order,
          [](AgainstServer12& c) {
            c.options.client_certificates = ClientCertificates::request;
            c.up_to_done();
            const Issued* const own = std::exchange(c.client.issued, nullptr);
            c.client.send_certificate();
            c.client.send_client_key_exchange();
            c.client.issued = own;
            c.client.send_certificate_verify();
          },
          "ecdhe_ecdsa_client_certificate"),
      to_server12(
          "certificate_verify_missing", unexpected, order,
          [](AgainstServer12& c) {
            c.up_to_done();
            c.client.send_certificate();
            c.client.send_client_key_exchange();
            c.client.send_finish();
          },
          "ecdhe_ecdsa_client_certificate"),
      to_server12(
          "certificate_verify_twice", unexpected, order,
          [](AgainstServer12& c) {
            c.up_to_exchange();
            c.client.send_certificate_verify();
          },
          "ecdhe_ecdsa_client_certificate"),
      to_server12(
          "certificate_verify_before_key_exchange", unexpected, order,
          [](AgainstServer12& c) {
            c.up_to_done();
            c.client.send_certificate();
            c.client.send_certificate_verify();
          },
          "ecdhe_ecdsa_client_certificate"),
      // Its record says TLS 1.0, as the first one's may.
      to_server12("hello_twice", Alert::protocol_version, Reason::record_version_wrong,
                  [](AgainstServer12& c) {
                    c.up_to_done();
                    c.say_hello();
                  }),
      to_server12("finished_twice", unexpected, order,
                  [](AgainstServer12& c) {
                    c.up_to_connected();
                    c.client.send_finished12();
                  }),
      to_client12("finished_twice", unexpected, order,
                  [](AgainstClient12& c) {
                    c.up_to_connected();
                    c.server.send_finished12();
                  }),
      to_server12("finished_before_the_servers_answer_is_taken", unexpected, order,
                  [](AgainstServer12& c) {
                    c.up_to_done();
                    c.client.make_master();
                    c.client.send_finished12();
                  }),
      to_client12("hello_request_of_one_octet", Alert::decode_error, Reason::trailing_octets,
                  [](AgainstClient12& c) {
                    c.up_to_connected();
                    c.server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {0}));
                  }),
      to_client12("done_of_one_octet", Alert::decode_error, Reason::trailing_octets,
                  [](AgainstClient12& c) {
                    c.up_to_hello_said();
                    c.server.put(ScriptPeer::message(message::HandshakeType::server_hello_done, {0}));
                  }),
      // RFC 5246 section 7.4.1.1: ignored while a handshake goes on, but not for ever.
      to_client12("hello_requests_in_the_handshake_without_end", Alert::handshake_failure,
                  Reason::too_many_renegotiations,
                  [](AgainstClient12& c) {
                    c.up_to_hello_said();
                    const Octets request = ScriptPeer::message(message::HandshakeType::hello_request, {});
                    for (int i = 0; i < 33; ++i) c.server.put_record(record::ContentType::handshake, request);
                  }),
  };
}

}  // namespace

std::vector<Variant> order12_variants() {
  std::vector<Variant> out = on_a_server();
  append_all(out, on_a_client());
  append_all(out, change_cipher_specs());
  append_all(out, missing_and_more());
  return out;
}

}  // namespace sesame::test
