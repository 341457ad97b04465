// Tickets (RFC 8446 sections 2.2, 4.2.11 and 4.6.1): offered to a server, chosen by one, given by one.
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using message::HandshakeType;
using record::ContentType;
using T = ScriptExtensions::Type;

// A ticket that the server does not take, and nothing else that it could go on with.
template <class Spoil>
Variant refused(std::string name, Alert alert, Reason reason, Spoil spoil) {
  return to_certificate_server("ticket_" + std::move(name), alert, reason, [=](CertificateServer& c) {
    c.offer_ticket();
    spoil(c);
    c.say_hello();
  });
}
template <class Spoil>
Variant unknown(std::string name, Spoil spoil) {
  return refused(std::move(name), Alert::decrypt_error, Reason::psk_identity_unknown, spoil);
}
template <class Spoil>
Variant unfit(std::string name, Spoil spoil) {
  return refused(std::move(name), Alert::decrypt_error, Reason::psk_wrong_usage, spoil);
}
template <class Spoil>
Variant wrong_binder(std::string name, Spoil spoil) {
  return refused(std::move(name), Alert::decrypt_error, Reason::psk_binder_mismatch, spoil);
}

// At an octet of a ticket of TicketKeys: the key's name, the nonce, the sealed session.
Variant spoiled_at(std::string name, std::size_t at) {
  return unknown(std::move(name), [=](CertificateServer& c) {
    std::string& identity = c.client.keys[0].identity;
    identity[at < identity.size() ? at : identity.size() - 1] ^= 1;
  });
}

std::vector<Variant> offered_variants() {
  return {
      spoiled_at("spoiled_in_the_name", 3),
      spoiled_at("spoiled_in_the_nonce", 20),
      spoiled_at("spoiled_in_the_session", 60),
      spoiled_at("spoiled_in_the_tag", SIZE_MAX),
      unknown("cut", [](CertificateServer& c) { c.client.keys[0].identity.pop_back(); }),
      unknown("with_more_behind", [](CertificateServer& c) { c.client.keys[0].identity += '\0'; }),
      unknown("of_the_name_alone", [](CertificateServer& c) { c.client.keys[0].identity.resize(16); }),
      unknown("of_the_name_and_zeros",
              [](CertificateServer& c) {
                std::string& identity = c.client.keys[0].identity;
                identity.resize(16);
                identity.resize(60'000);
              }),
      unknown("of_another_issuer",
              [](CertificateServer& c) { c.options.tickets.issuer = std::make_shared<TicketKeys>(); }),
      unknown("of_an_issuer_that_has_gone", [](CertificateServer& c) { c.options.tickets.issuer = nullptr; }),
      // Section 4.2.11.2: the two kinds of keys have binders of their own.
      wrong_binder("with_the_binder_of_an_external_key",
                   [](CertificateServer& c) { c.client.keys[0].of_ticket = false; }),
      wrong_binder("with_another_key", [](CertificateServer& c) { c.client.keys[0].key[0] ^= 1; }),
      wrong_binder("with_the_binder_of_another_hash",
                   [](CertificateServer& c) { c.client.keys[0].hash = HashAlgorithm::sha384; }),
      wrong_binder("that_somebody_else_has_read",
                   [](CertificateServer& c) { c.client.keys[0].key.assign(32, '\0'); }),
      refused("beside_two_binders", Alert::illegal_parameter, Reason::psk_binder_count,
              [](CertificateServer& c) {
                c.client.pre_shared_key =
                    join({c.client.identities(), vec16(join({vec8(repeat(32, 1)), vec8(repeat(32, 1))}))});
              }),
      refused("without_modes", Alert::missing_extension, Reason::extension_missing,
              [](CertificateServer& c) { c.client.extensions.erase(T::psk_key_exchange_modes); }),
      unfit("with_suites_of_another_hash", [](CertificateServer& c) { c.client.cipher_suites = {0x1302}; }),
      unfit("for_another_server_name",
            [](CertificateServer& c) {
              c.client.extensions[T::server_name] = vec16(join({u8(0), vec16(text("a.example"))}));
            }),
      unfit("for_another_protocol",
            [](CertificateServer& c) {
              c.options.alpn = {"h2"};
              c.client.extensions[T::application_layer_protocol_negotiation] = vec16(vec8(text("h2")));
            }),
      unfit("of_a_client_that_showed_nothing_where_a_certificate_is_required",
            [](CertificateServer& c) { c.ask(); }),
      unknown("too_old",
              [](CertificateServer& c) {
                c.options.clock = [] { return std::chrono::system_clock::now() + hours(24); };
              }),
      unfit("of_the_future",
            [](CertificateServer& c) {
              c.options.clock = [] { return std::chrono::system_clock::now() - hours(1); };
            }),
      // SessionCache gives each session once.
      to_certificate_server("ticket_twice", Alert::decrypt_error, Reason::psk_identity_unknown,
                            [](CertificateServer& c) {
                              c.options.tickets.issuer = std::make_shared<SessionCache>();
                              c.offer_ticket();
                              CertificateServer first;
                              first.options = c.options;
                              first.client.keys = c.client.keys;
                              first.client.extensions = c.client.extensions;
                              first.client.extensions[T::key_share] = vec16(first.client.share(0));
                              first.AgainstServer::up_to_connected();
                              c.say_hello();
                            }),
      to_certificate_server("ticket_that_a_session_cache_never_gave", Alert::decrypt_error,
                            Reason::psk_identity_unknown,
                            [](CertificateServer& c) {
                              c.options.tickets.issuer = std::make_shared<SessionCache>();
                              c.offer_ticket();
                              c.client.keys[0].identity.back() ^= 1;
                              c.say_hello();
                            }),
  };
}

// What a server makes of the session that the client offers.
template <class Script>
Variant chosen(std::string name, Alert alert, Reason reason, Script script) {
  return to_certificate_client("session_" + std::move(name), alert, reason, [=](CertificateClient& c) {
    c.hold_session();
    c.up_to_hello();
    script(c);
    c.say_hello();
  });
}

std::vector<Variant> chosen_variants() {
  return {
      chosen("out_of_range", Alert::illegal_parameter, Reason::psk_selected_out_of_range,
             [](CertificateClient& c) { c.server.extensions[T::pre_shared_key] = u16(1); }),
      chosen("65535", Alert::illegal_parameter, Reason::psk_selected_out_of_range,
             [](CertificateClient& c) { c.server.extensions[T::pre_shared_key] = u16(0xffff); }),
      chosen("under_a_suite_of_another_hash", Alert::illegal_parameter, Reason::psk_hash_mismatch,
             [](CertificateClient& c) { c.server.suite = CipherSuite::TLS_AES_256_GCM_SHA384; }),
      chosen("with_tls_cert_with_extern_psk", Alert::unsupported_extension, Reason::extension_unsolicited,
             [](CertificateClient& c) { c.server.extensions[T::tls_cert_with_extern_psk]; }),
      to_certificate_client("session_without_dhe", Alert::illegal_parameter, Reason::psk_mode_mismatch,
                            [](CertificateClient& c) {
                              c.options.psk_modes = {PskKeyExchangeMode::psk_dhe_ke};
                              c.hold_session();
                              c.up_to_hello();
                              c.server.choose_psk_ke();
                              c.say_hello();
                            }),
      to_certificate_client("session_that_the_server_does_not_hold", Alert::bad_record_mac,
                            Reason::record_mac_wrong,
                            [](CertificateClient& c) {
                              c.hold_session();
                              c.up_to_wait_ee();
                              c.server.use_write_secret(repeat(32, 7));
                              c.say_encrypted_extensions();
                            }),
      to_certificate_client("session_and_certificate_verify", Alert::unexpected_message,
                            Reason::unexpected_message,
                            [](CertificateClient& c) {
                              c.hold_session();
                              c.up_to_wait_cert_cr();
                              c.server.send_certificate_verify();
                            }),
      to_client("session_chosen_where_none_was_offered", Alert::unsupported_extension,
                Reason::extension_unsolicited,
                [](AgainstClient& c) {
                  c.options.verification = trusting();
                  c.keys.clear();
                  c.up_to_wait_ee();
                }),
  };
}

// A NewSessionTicket to a client that keeps sessions.
template <class Spoil>
Variant given(std::string name, Alert alert, Reason reason, const Spoil& spoil) {
  return to_certificate_client("new_ticket_" + std::move(name), alert, reason, [=](CertificateClient& c) {
    c.options.session_store = c.store;
    c.up_to_connected();
    ScriptTicket ticket;
    spoil(ticket);
    c.server.put_late(ticket.message());
  });
}

std::vector<Variant> given_variants() {
  const auto extension = [](std::string name, Alert alert, Reason reason, T type, const Octets& data,
                            int times = 1) {
    return given(std::move(name), alert, reason, [=](ScriptTicket& t) {
      for (int i = 0; i < times; ++i) t.extensions.add(type, data);
    });
  };
  const auto misplaced = [&](std::string name, T type, const Octets& data = {}) {
    return extension(std::move(name), Alert::illegal_parameter, Reason::extension_misplaced, type, data);
  };
  return {
      given("of_no_octets", Alert::decode_error, Reason::malformed_message,
            [](ScriptTicket& t) { t.ticket.clear(); }),
      given("longer_than_the_limit", Alert::decode_error, Reason::message_too_long,
            [](ScriptTicket& t) { t.ticket.assign(35'000, 1); }),
      extension("early_data_empty", Alert::decode_error, Reason::malformed_message, T::early_data, {}),
      extension("early_data_of_five_octets", Alert::decode_error, Reason::malformed_message, T::early_data,
                repeat(5, 0)),
      extension("early_data_twice", Alert::illegal_parameter, Reason::extension_duplicate, T::early_data,
                u32(100), 2),
      misplaced("server_name", T::server_name),
      misplaced("key_share", T::key_share),
      misplaced("pre_shared_key", T::pre_shared_key, u16(0)),
      misplaced("tls_cert_with_extern_psk", T::tls_cert_with_extern_psk),
      misplaced("status_request", T::status_request),
      to_certificate_client("new_ticket_unknown_extension_twice", Alert::illegal_parameter,
                            Reason::extension_duplicate,
                            [](CertificateClient& c) {
                              c.up_to_connected();
                              ScriptTicket ticket;
                              ticket.extensions.add(0x1a1a);
                              ticket.extensions.add(0x1a1a);
                              c.server.put_record(ContentType::handshake, ticket.message());
                            }),
      to_certificate_client("new_ticket_for_the_65th_time", Alert::unexpected_message,
                            Reason::too_many_tickets,
                            [](CertificateClient& c) {
                              c.options.session_store = c.store;
                              c.up_to_connected();
                              for (int i = 0; i < 65; ++i)
                                c.server.put_record(ContentType::handshake, ScriptTicket().message());
                            }),
      to_certificate_client("new_ticket_before_finished", Alert::unexpected_message,
                            Reason::unexpected_message,
                            [](CertificateClient& c) {
                              c.up_to_wait_finished();
                              c.server.put_record(ContentType::handshake, ScriptTicket().message());
                            }),
      to_certificate_client("new_ticket_behind_finished_in_its_record", Alert::unexpected_message,
                            Reason::message_across_key_change,
                            [](CertificateClient& c) {
                              c.up_to_wait_finished();
                              c.server.put_record(ContentType::handshake,
                                                  join({c.server.finished(), ScriptTicket().message()}));
                            }),
      to_certificate_client("new_ticket_in_plaintext", Alert::unexpected_message, Reason::record_unprotected,
                            [](CertificateClient& c) {
                              c.up_to_connected();
                              c.server.put_plain(ContentType::handshake, ScriptTicket().message());
                            }),
      to_certificate_server("new_ticket_to_a_server", Alert::unexpected_message, Reason::unexpected_message,
                            [](CertificateServer& c) {
                              c.AgainstServer::up_to_connected();
                              c.client.put_record(ContentType::handshake, ScriptTicket().message());
                            }),
  };
}

}  // namespace

std::vector<Variant> resumption_variants() {
  std::vector<Variant> out;
  for (const auto& table : {offered_variants(), chosen_variants(), given_variants()})
    out.insert(out.end(), table.begin(), table.end());
  return out;
}

}  // namespace sesame::test
