// Sessions that are resumed, by identifier and by ticket (RFC 5246 sections 7.4.1.2 and 7.4.1.3, RFC 5077,
// RFC 7627 section 5.3).
#include "hostile12/variants.h"

namespace sesame::test {

namespace {

using T = Script12Peer::Type;
constexpr Alert illegal = Alert::illegal_parameter;
constexpr Alert unexpected = Alert::unexpected_message;
const std::string_view ecdsa = "ecdhe_ecdsa";

// ---- a client that holds a session ----

template <class Spoil>
void answers(std::vector<Variant>& out, std::string name, Alert alert, Reason reason, Spoil spoil,
             std::string_view which = ecdsa) {
  for (const bool by_ticket : {false, true}) {
    out.push_back(to_client12(
        "resumption_by_" + std::string(by_ticket ? "ticket_" : "id_") + name, alert, reason,
        [=](AgainstClient12& c) {
          c.hold_session(by_ticket);
          c.up_to_hello();
          ASSERT_EQ(c.server.client_extensions[T::session_ticket], by_ticket ? c.held.ticket : Octets());
          ASSERT_FALSE(c.server.offered_session_id.empty());
          c.server.session_id = c.server.offered_session_id;
          spoil(c);
        },
        which));
  }
}
void resume(AgainstClient12& c) {
  c.server.send_server_hello();
  c.server.resume(c.held.master);
}

std::vector<Variant> on_a_client() {
  std::vector<Variant> out;
  const Reason changed = Reason::resumption_changed;
  answers(out, "with_a_suite_not_offered", illegal, Reason::suite_not_offered, [](AgainstClient12& c) {
    c.server.hello_suite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
    c.say_hello();
  });
  // RFC 7627 section 5.3.
  answers(out, "without_extended_master_secret", illegal, changed, [](AgainstClient12& c) {
    c.server.extensions.erase(T::extended_master_secret);
    c.say_hello();
  });
  for (const bool by_ticket : {false, true}) {
    // Both suites are on the client's list.
    out.push_back(
        to_client12("resumption_by_" + std::string(by_ticket ? "ticket" : "id") + "_with_another_suite",
                    illegal, changed, [=](AgainstClient12& c) {
                      c.options.cipher_suites.push_back(CipherSuite::TLS_PSK_WITH_AES_256_GCM_SHA384);
                      c.hold_session(by_ticket);
                      c.up_to_hello();
                      c.server.session_id = c.server.offered_session_id;
                      c.server.hello_suite = CipherSuite::TLS_PSK_WITH_AES_256_GCM_SHA384;
                      c.say_hello();
                    }));
    out.push_back(to_client12(
        "resumption_by_" + std::string(by_ticket ? "ticket" : "id") +
            "_with_extended_master_secret_that_the_session_has_not",
        illegal, changed,
        [=](AgainstClient12& c) {
          c.server.takes_extended_master_secret = false;
          c.hold_session(by_ticket);
          c.server.takes_extended_master_secret = true;
          c.up_to_hello();
          c.server.session_id = c.server.offered_session_id;
          c.say_hello();
        },
        ecdsa));
  }
  // RFC 7366 section 3.1.
  answers(
      out, "without_encrypt_then_mac", illegal, changed,
      [](AgainstClient12& c) {
        c.server.extensions.erase(T::encrypt_then_mac);
        c.say_hello();
      },
      "ecdhe_ecdsa_tls10");
  answers(out, "by_another_secret", Alert::bad_record_mac, Reason::record_mac_wrong, [](AgainstClient12& c) {
    c.server.send_server_hello();
    c.server.resume(repeat(48, 1));
    c.server.send_finish();
  });
  answers(out, "with_finished_wrong", Alert::decrypt_error, Reason::finished_mismatch,
          [](AgainstClient12& c) {
            resume(c);
            c.server.change_keys();
            Octets finished = c.server.finished12();
            finished[4] ^= 1;
            c.server.put(finished);
          });
  // Who says that he resumes does.
  answers(out, "and_a_certificate", unexpected, Reason::unexpected_message, [](AgainstClient12& c) {
    c.server.send_server_hello();
    c.server.send_certificate();
  });
  answers(out, "and_done", unexpected, Reason::unexpected_message, [](AgainstClient12& c) {
    c.server.send_server_hello();
    c.server.send_done();
  });
  answers(out, "and_a_ticket_unannounced", unexpected, Reason::unexpected_message, [](AgainstClient12& c) {
    resume(c);
    c.server.put(c.server.new_session_ticket());
  });
  answers(out, "and_data_before_finished", unexpected, Reason::unexpected_record, [](AgainstClient12& c) {
    resume(c);
    c.server.change_keys();
    c.server.put_data("data");
  });
  // The identifier is another, so the handshake is full; it cannot turn.
  answers(out, "and_change_cipher_spec_under_another_id", unexpected, Reason::unexpected_message,
          [](AgainstClient12& c) {
            c.server.session_id[0] ^= 1;
            c.say_hello();
            c.server.put_change_cipher_spec();
          });
  return out;
}

// ---- a server that knows sessions ----

// What is offered is refused by the full handshake, silently; what RFC 7627 has end, ends.
std::vector<Variant> on_a_server() {
  std::vector<Variant> out;
  for (const bool by_ticket : {false, true}) {
    const std::string by = by_ticket ? "resumption_by_ticket_" : "resumption_by_id_";
    const auto offer = [&](std::string name, Alert alert, Reason reason, auto spoil) {
      out.push_back(to_server12(
          by + name, alert, reason,
          [=](AgainstServer12& c) {
            if (by_ticket)
              c.give_tickets();
            else
              c.options.tickets.issuer = std::make_shared<SessionCache>();
            c.hold_session();
            spoil(c);
          },
          ecdsa));
    };
    // Section 5.3: the session had it.
    offer("without_extended_master_secret", Alert::handshake_failure, Reason::extended_master_secret_missing,
          [](AgainstServer12& c) {
            c.client.extensions.erase(T::extended_master_secret);
            c.say_hello();
          });
    offer("with_finished_wrong", Alert::decrypt_error, Reason::finished_mismatch, [](AgainstServer12& c) {
      c.up_to_done();
      ASSERT_TRUE(c.client.resumed);
      c.client.change_keys();
      Octets finished = c.client.finished12();
      finished.back() ^= 1;
      c.client.put_message(finished);
    });
    offer("under_another_secret", Alert::bad_record_mac, Reason::record_mac_wrong, [](AgainstServer12& c) {
      c.up_to_done();
      c.client.master = repeat(48, 1);
      c.client.make_keys();
      c.client.send_finish();
    });
    offer("and_a_key_exchange", unexpected, Reason::unexpected_message, [](AgainstServer12& c) {
      c.up_to_done();
      ASSERT_TRUE(c.client.resumed);
      c.client.put_message(
          ScriptPeer::message(message::HandshakeType::client_key_exchange, vec8(repeat(32, 9))));
    });
    offer("and_finished_without_change_cipher_spec", unexpected, Reason::unexpected_message,
          [](AgainstServer12& c) {
            c.up_to_done();
            c.client.send_finished12();
          });
    offer("and_change_cipher_spec_alone_twice", unexpected, Reason::unexpected_message,
          [](AgainstServer12& c) {
            c.up_to_done();
            c.client.change_keys();
            c.client.put_record(record::ContentType::change_cipher_spec, Octets{1});
          });
  }
  return out;
}

// A full handshake, though a session was offered.
void expect_full(AgainstServer12& c) {
  EXPECT_FALSE(c.client.resumed);
  EXPECT_FALSE(c.subject().connection.resumed());
}

}  // namespace

std::vector<Variant> resumption12_variants() {
  std::vector<Variant> out = on_a_client();
  append_all(out, on_a_server());
  return out;
}

std::vector<Tolerated> tolerated_resumptions12() {
  std::vector<Tolerated> out;
  for (const Kind& k : kinds()) {
    if (k.suite == CipherSuite::TLS_DH_anon_WITH_AES_128_CBC_SHA) continue;  // nobody to know again
    const bool resumable = k.suite != CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256;
    for (const bool by_ticket : {false, true}) {
      if (by_ticket && !k.extensions) continue;
      const std::string name = "resumption_by_" + std::string(by_ticket ? "ticket" : "id") + "_of_" + k.name;
      out.push_back(borne_by_server(
          name,
          [=](AgainstServer12& c) {
            if (by_ticket)
              c.give_tickets();
            else
              c.options.tickets.issuer = std::make_shared<SessionCache>();
            c.options.tickets.after_external_psk = true;
            c.hold_session();
            c.up_to_connected();
            EXPECT_TRUE(c.client.resumed);
            EXPECT_TRUE(c.subject().connection.resumed());
          },
          k.name));
      if (!resumable) continue;
      out.push_back(borne_by_client(
          name,
          [=](AgainstClient12& c) {
            c.hold_session(by_ticket);
            c.up_to_hello();
            c.server.session_id = c.server.offered_session_id;
            resume(c);
            c.server.send_finish();
            c.exchange();
            ASSERT_TRUE(c.server.take_finished12());
            EXPECT_TRUE(c.subject().connection.resumed());
          },
          k.name));
      out.push_back(borne_by_client(
          name + "_refused",
          [=](AgainstClient12& c) {
            c.hold_session(by_ticket);
            c.server.session_id = repeat(32, 9);  // another session's
            c.up_to_connected();
            EXPECT_FALSE(c.subject().connection.resumed());
          },
          k.name));
    }
  }
  // What a server does not take, it refuses by the full handshake.
  const auto full = [&](std::string name, auto spoil, std::string_view which = ecdsa) {
    for (const bool by_ticket : {false, true}) {
      out.push_back(borne_by_server(
          "resumption_by_" + std::string(by_ticket ? "ticket_" : "id_") + name,
          [=](AgainstServer12& c) {
            if (by_ticket)
              c.give_tickets();
            else
              c.options.tickets.issuer = std::make_shared<SessionCache>();
            spoil(c, by_ticket);
            c.up_to_connected();
            expect_full(c);
          },
          which));
    }
  };
  full("altered", [](AgainstServer12& c, bool by_ticket) {
    c.hold_session();
    Octets& octets = by_ticket ? c.client.extensions[T::session_ticket] : c.client.offered_session_id;
    octets.back() ^= 1;
  });
  full("altered_in_front", [](AgainstServer12& c, bool by_ticket) {
    c.hold_session();
    Octets& octets = by_ticket ? c.client.extensions[T::session_ticket] : c.client.offered_session_id;
    octets.front() ^= 0x80;
  });
  full("cut", [](AgainstServer12& c, bool by_ticket) {
    c.hold_session();
    (by_ticket ? c.client.extensions[T::session_ticket] : c.client.offered_session_id).pop_back();
  });
  full("of_another_server", [](AgainstServer12& c, bool by_ticket) {
    AgainstServer12 other(kind(ecdsa));
    if (by_ticket)
      other.give_tickets();
    else
      other.options.tickets.issuer = std::make_shared<SessionCache>();
    other.hold_session();
    c.client.offered_session_id = other.client.offered_session_id;
    if (by_ticket) c.client.extensions[T::session_ticket] = other.client.extensions[T::session_ticket];
  });
  full("of_another_name", [](AgainstServer12& c, bool) {
    c.hold_session();
    c.client.extensions[T::server_name] = vec16(join({u8(0), vec16(text("other.example"))}));
  });
  full("whose_suite_is_not_offered", [](AgainstServer12& c, bool) {
    c.options.cipher_suites.push_back(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384);
    c.hold_session();
    c.client.cipher_suites[0] = 0xc02c;
  });
  return out;
}

}  // namespace sesame::test
