// What is odd but has to be borne.
#include "hostile12/variants.h"
#include "message/server_hello.h"

namespace sesame::test {

namespace {

using T = Script12Peer::Type;
using record::ContentType;
using P = Script12Peer;

// Whatever the side, behind the handshake.
template <class Script>
void connected(std::vector<Tolerated>& out, std::string_view which, const std::string& name, Script script) {
  const std::string whole = name + "_of_" + std::string(which);
  out.push_back(borne_by_server(
      whole,
      [=](AgainstServer12& c) {
        c.up_to_connected();
        script(static_cast<P&>(c.client));
      },
      which));
  out.push_back(borne_by_client(
      whole,
      [=](AgainstClient12& c) {
        c.up_to_connected();
        script(static_cast<P&>(c.server));
      },
      which));
}

void grease(AgainstServer12& c) {
  c.client.cipher_suites.insert(c.client.cipher_suites.begin(), 0x0a0a);
  auto& list = c.client.extensions.list;
  list.insert(list.begin(), {0x1a1a, {}});
  c.client.extensions.add(0x2a2a, {0});
  if (has(c.client.extensions, T::supported_groups))
    c.client.extensions[T::supported_groups] = vec16(join({u16(0x4a4a), u16(0x001d), u16(0x0017)}));
  if (has(c.client.extensions, T::signature_algorithms))
    c.client.extensions[T::signature_algorithms] = vec16(join({u16(0x5a5a), u16(0x0403), u16(0x0401)}));
  c.client.extensions.add(T::application_layer_protocol_negotiation,
                          vec16(join({vec8(text("\x6a\x6a")), vec8(text("h2"))})));
  c.options.alpn = {"h2"};
}

}  // namespace

std::vector<Tolerated> tolerated_hellos12() {
  std::vector<Tolerated> out;
  const auto hello = [&](std::string name, auto spoil, std::string_view which = "psk",
                         Above above = Above::tls13) {
    out.push_back(borne_by_server(
        "hello_" + name,
        [=](AgainstServer12& c) {
          spoil(c);
          c.up_to_connected();
        },
        which, above));
  };
  for (const Kind& k : kinds()) {
    hello("as_it_should_be_of_" + k.name, [](AgainstServer12&) {}, k.name);
    hello("of_a_server_of_that_alone_of_" + k.name, [](AgainstServer12&) {}, k.name, Above::nothing);
    if (k.extensions) hello("with_grease_of_" + k.name, grease, k.name);
    out.push_back(borne_by_server(
        "hello_and_flight_in_pieces_of_one_octet_of_" + k.name,
        [](AgainstServer12& c) {
          c.client.send_client_hello(1);
          c.exchange();
          ASSERT_TRUE(c.client.take_server_flight());
          const bool asked = !c.client.certificate_request.empty();
          if (asked) c.client.put_message(certificate12(c.client.issued->chain()), 1);
          c.client.put_message(c.client.client_key_exchange(), 1);
          c.client.make_master();
          c.client.make_keys();
          if (asked) c.client.put_message(c.client.certificate_verify(), 1);
          c.client.change_keys();
          c.client.put_message(c.client.finished12(), 1);
          c.exchange();
          ASSERT_TRUE(c.client.take_server_finish());
        },
        k.name));
  }
  hello("without_extensions", [](AgainstServer12& c) { c.client.has_extensions = false; });
  hello("with_no_extension", [](AgainstServer12& c) { c.client.extensions.list.clear(); });
  hello("without_the_signalling_value", [](AgainstServer12& c) { c.client.cipher_suites = {0x00a8}; });
  hello("with_the_signalling_value_and_the_extension",
        [](AgainstServer12& c) { c.client.extensions[T::renegotiation_info] = vec8({}); });
  hello("with_session_id_of_32", [](AgainstServer12& c) { c.client.offered_session_id = repeat(32, 1); });
  hello("with_session_id_of_1", [](AgainstServer12& c) { c.client.offered_session_id = {1}; });
  hello("with_compressions", [](AgainstServer12& c) { c.client.compression_methods = {1, 64, 0}; });
  hello("of_version_tls13", [](AgainstServer12& c) { c.client.legacy_version = 0x0304; });
  hello("of_version_65535", [](AgainstServer12& c) { c.client.legacy_version = 0xffff; });
  hello("with_supported_versions", [](AgainstServer12& c) {
    c.client.extensions[T::supported_versions] = vec8(join({u16(0x7a7a), u16(0x0303), u16(0x0302)}));
  });
  hello(
      "with_fallback_scsv_to_a_server_of_tls12",
      [](AgainstServer12& c) { c.client.cipher_suites.push_back(0x5600); }, "psk", Above::nothing);
  hello("with_30000_suites", [](AgainstServer12& c) {
    for (unsigned i = 0; i < 30000; ++i)
      c.client.cipher_suites.insert(c.client.cipher_suites.begin(), 0x6000 + i % 1000);
  });
  hello("with_the_suite_many_times", [](AgainstServer12& c) { c.client.cipher_suites.assign(1000, 0x00a8); });
  hello("with_10000_extensions", [](AgainstServer12& c) {
    for (unsigned i = 0; i < 10000; ++i) c.client.extensions.add(0x2000 + i);
  });
  hello("with_60000_octets_of_padding",
        [](AgainstServer12& c) { c.client.extensions.add(T::padding, repeat(60000, 0)); });
  hello("with_what_only_tls13_has", [](AgainstServer12& c) {
    c.client.extensions.add(T::key_share, vec16({}));
    c.client.extensions.add(T::psk_key_exchange_modes, vec8({1}));
    c.client.extensions.add(T::cookie, vec16({1}));
    c.client.extensions.add(T::early_data);
    c.client.extensions.add(T::post_handshake_auth);
  });
  hello("with_heartbeat", [](AgainstServer12& c) { c.client.extensions.add(T::heartbeat, {1}); });
  hello("with_a_ticket_that_is_none", [](AgainstServer12& c) {
    c.give_tickets();
    c.client.extensions[T::session_ticket] = repeat(200, 3);
  });
  hello("with_an_empty_ticket_to_a_server_that_has_none",
        [](AgainstServer12& c) { c.client.extensions[T::session_ticket]; });
  // RFC 8422 section 5.1: then any curve will do.
  hello(
      "without_groups", [](AgainstServer12& c) { c.client.extensions.erase(T::supported_groups); },
      "ecdhe_psk");
  hello(
      "without_point_formats", [](AgainstServer12& c) { c.client.extensions.erase(T::ec_point_formats); },
      "ecdhe_psk");
  hello(
      "with_point_formats_of_all",
      [](AgainstServer12& c) { c.client.extensions[T::ec_point_formats] = vec8({2, 1, 0}); }, "ecdhe_psk");
  hello(
      "with_10000_groups",
      [](AgainstServer12& c) {
        Octets list;
        for (unsigned i = 0; i < 10000; ++i) append(list, u16(0x2000 + i));
        c.client.extensions[T::supported_groups] = vec16(join({list, u16(0x0017)}));
      },
      "ecdhe_psk");
  // RFC 5246 section 7.4.1.4.1: not of these versions.
  hello(
      "with_signature_algorithms_of_nothing_in_tls10",
      [](AgainstServer12& c) { c.client.extensions[T::signature_algorithms] = vec16(u16(0xfefe)); },
      "ecdhe_ecdsa_tls10");
  hello("with_an_identity_of_65535", [](AgainstServer12& c) {
    c.client.key.identity = std::string(65535, 'a');
    c.keys = {credential12(c.client.key.identity)};
  });
  hello("with_an_identity_of_all_octets", [](AgainstServer12& c) {
    c.client.key.identity.clear();
    for (int i = 0; i < 256; ++i) c.client.key.identity.push_back(static_cast<char>(i));
    c.keys = {credential12(c.client.key.identity), credential12(std::string(1, '\0'), "another")};
  });
  hello("with_an_identity_of_nul", [](AgainstServer12& c) {
    c.client.key.identity = std::string(1, '\0');
    c.keys = {credential12(c.client.key.identity)};
  });
  hello("of_the_older_of_two_keys",
        [](AgainstServer12& c) { c.keys = {credential12("alice", "the newer key"), credential12()}; });
  hello(
      "of_the_older_of_two_keys_of_cbc",
      [](AgainstServer12& c) { c.keys = {credential12("alice", "the newer key"), credential12()}; },
      "psk_cbc");
  hello("of_the_newer_of_two_keys",
        [](AgainstServer12& c) { c.keys = {credential12(), credential12("alice", "the older key")}; });
  for (const unsigned version : {0x0300u, 0x0302u, 0x0303u, 0x0304u, 0x03ffu}) {
    out.push_back(borne_by_server("hello_in_a_record_of_" + std::to_string(version), [=](AgainstServer12& c) {
      c.client.record_version = version;
      c.client.send_client_hello();
      c.client.record_version.reset();
      c.exchange();
      ASSERT_TRUE(c.client.take_server_flight());
      c.client.send_flight();
      c.exchange();
      ASSERT_TRUE(c.client.take_server_finish());
    }));
  }
  return out;
}

std::vector<Tolerated> tolerated_flights12() {
  std::vector<Tolerated> out;
  const auto flight = [&](std::string name, auto spoil, std::string_view which = "psk",
                          Above above = Above::tls13) {
    out.push_back(borne_by_client(
        "flight_" + name,
        [=](AgainstClient12& c) {
          spoil(c);
          c.up_to_connected();
        },
        which, above));
  };
  // Once the ClientHello was taken.
  const auto hello = [&](
                         std::string name, auto spoil, std::string_view which = "psk",
                         std::function<void(AgainstClient12&)> before = [](AgainstClient12&) {}) {
    out.push_back(borne_by_client(
        "server_hello_" + name,
        [=](AgainstClient12& c) {
          before(c);
          c.up_to_hello();
          spoil(c.server);
          c.server.send_flight();
          c.exchange();
          ASSERT_TRUE(c.server.take_client_flight());
          c.server.send_finish();
        },
        which));
  };
  for (const Kind& k : kinds()) {
    flight("as_it_should_be_of_" + k.name, [](AgainstClient12&) {}, k.name);
    flight("to_a_client_of_that_alone_of_" + k.name, [](AgainstClient12&) {}, k.name, Above::nothing);
    flight("in_pieces_of_one_octet_of_" + k.name, [](AgainstClient12& c) { c.server.fragment = 1; }, k.name);
    flight(
        "with_a_ticket_of_" + k.name,
        [](AgainstClient12& c) {
          c.options.session_store = c.store;
          c.client_options.session_key = "the server";
          c.server.gives_ticket = c.server.has_extensions;
        },
        k.name);
    flight(
        "with_an_empty_ticket_of_" + k.name,
        [](AgainstClient12& c) {
          c.options.session_store = c.store;
          c.client_options.session_key = "the server";
          c.server.gives_ticket = c.server.has_extensions;
          c.server.ticket.clear();
        },
        k.name);
    flight(
        "without_a_session_id_of_" + k.name, [](AgainstClient12& c) { c.server.session_id.clear(); }, k.name);
    // RFC 5246 section 7.4.1.1.
    out.push_back(borne_by_client(
        "flight_with_hello_requests_of_" + k.name,
        [](AgainstClient12& c) {
          const auto request = [&] {
            c.server.put_late(ScriptPeer::message(message::HandshakeType::hello_request, {}));
          };
          c.up_to_hello();
          c.server.send_server_hello();
          request();
          if (c.server.issued) c.server.send_certificate();
          request();
          if (c.server.has_key_exchange()) c.server.send_key_exchange();
          request();
          if (c.server.asks_for_certificate) c.server.put(c.server.certificate_request());
          request();
          c.server.send_done();
          c.exchange();
          ASSERT_TRUE(c.server.take_client_flight());
          request();
          c.server.send_finish();
        },
        k.name));
  }
  flight("with_a_hint", [](AgainstClient12& c) { c.server.hint = "a hint"; });
  flight("with_an_empty_hint", [](AgainstClient12& c) { c.server.hint = ""; });
  flight("with_a_hint_of_65535", [](AgainstClient12& c) { c.server.hint = std::string(65535, 'h'); });
  flight("with_a_hint_of_nul", [](AgainstClient12& c) { c.server.hint = std::string("a\0b", 3); });
  flight("with_a_hint_of_rsa_psk", [](AgainstClient12& c) { c.server.hint = "a hint"; }, "rsa_psk");
  flight("with_a_hint_of_dhe_psk", [](AgainstClient12& c) { c.server.hint = "a hint"; }, "dhe_psk");
  flight(
      "with_a_prime_of_3072_bits", [](AgainstClient12& c) { c.server.dh_p = prime_of_bits(3072); },
      "dhe_psk");
  flight(
      "with_a_prime_of_8192_bits", [](AgainstClient12& c) { c.server.dh_p = prime_of_bits(8192); },
      "dhe_psk");
  flight(
      "with_zeros_in_front_of_the_prime",
      [](AgainstClient12& c) { c.server.dh_p = join({Octets(3), prime_of_bits(2048)}); }, "dhe_psk");
  for (const unsigned curve : {0x17u, 0x18u, 0x19u, 0x1du, 0x1eu}) {
    for (const std::string_view which : {"ecdhe_psk", "ecdhe_ecdsa"})
      flight(
          "on_curve_" + std::to_string(curve) + "_of_" + std::string(which),
          [=](AgainstClient12& c) { c.server.curve = curve; }, which);
  }
  // A certificate's request that this client has nothing for.
  flight(
      "with_a_request_of_a_client_without_certificates",
      [](AgainstClient12& c) { c.server.asks_for_certificate = true; }, "ecdhe_ecdsa");
  hello(
      "with_supported_groups",
      [](Script12Server& s) { s.extensions.add(T::supported_groups, vec16(u16(0x1d))); }, "ecdhe_psk");
  hello(
      "with_point_formats", [](Script12Server& s) { s.extensions.add(T::ec_point_formats, vec8({0, 1, 2})); },
      "ecdhe_psk");
  hello("with_server_name", [](Script12Server& s) { s.extensions.add(T::server_name); }, "ecdhe_ecdsa");
  hello(
      "without_encrypt_then_mac",
      [](Script12Server& s) {
        s.extensions.erase(T::encrypt_then_mac);
        s.encrypt_then_mac = false;
      },
      "psk_cbc");
  hello("without_extended_master_secret", [](Script12Server& s) {
    s.extensions.erase(T::extended_master_secret);
    s.extended_master_secret = false;
  });
  hello("without_alpn", [](Script12Server&) {}, "psk", [](AgainstClient12& c) { c.options.alpn = {"h2"}; });
  // RFC 8446 section 4.1.3: only who offered TLS 1.3 looks for this one.
  out.push_back(borne_by_client(
      "server_hello_with_the_sentinel_of_tls12_to_a_client_of_tls12",
      [](AgainstClient12& c) {
        std::ranges::copy(from_hex("444f574e47524401"), c.server.random.end() - 8);
        c.up_to_connected();
      },
      "psk", Above::nothing));
  out.push_back(borne_by_client(
      "server_hello_with_the_sentinel_of_tls11_in_tls12_to_a_client_of_tls12",
      [](AgainstClient12& c) {
        std::ranges::copy(from_hex("444f574e47524400"), c.server.random.end() - 8);
        c.up_to_connected();
      },
      "psk", Above::nothing));
  out.push_back(borne_by_client(
      "server_hello_with_the_random_of_a_retry",
      [](AgainstClient12& c) {
        c.server.random = octets_of(message::hello_retry_request_random);
        c.up_to_connected();
      },
      "psk", Above::nothing));
  return out;
}

std::vector<Tolerated> tolerated_records12() {
  std::vector<Tolerated> out;
  for (const std::string_view which : {"psk", "psk_ccm_8", "ecdhe_psk", "psk_cbc",
                                       "psk_cbc_without_extensions", "psk_tls11", "psk_tls10", "psk_null"}) {
    connected(out, which, "empty_data_32_times", [](P& p) {
      for (int i = 0; i < 32; ++i) p.put_data("");
    });
    // What OpenSSL did against BEAST, again and again.
    connected(out, which, "empty_data_in_front_of_data", [](P& p) {
      for (int i = 0; i < 100; ++i) {
        p.put_data("");
        p.put_data("x");
      }
    });
    connected(out, which, "data_of_one_octet", [](P& p) {
      for (int i = 0; i < 300; ++i) p.put_data("x");
    });
    connected(out, which, "data_of_16384", [](P& p) {
      for (int i = 0; i < 3; ++i) p.put_record(ContentType::application_data, repeat(16384, 'y'));
    });
    // A warning says so (RFC 5246 section 7.2).
    connected(out, which, "warnings_five_times", [](P& p) {
      for (const unsigned description : {41u, 90u, 100u, 112u, 255u}) p.put_alert(1, description);
    });
    connected(out, which, "warnings_between_data", [](P& p) {
      for (int i = 0; i < 50; ++i) {
        p.put_alert(1, 112);
        p.put_data("x");
      }
    });
  }
  // RFC 5246 section 6.2.3.2: as much padding as its length can say.
  for (const std::string_view which : {"psk_cbc", "psk_cbc_without_extensions", "psk_tls11", "psk_tls10"}) {
    connected(out, which, "most_padding", [](P& p) {
      for (std::size_t size = 0; size < 20; ++size) {
        p.write12.spoil_inner = [](Octets& b) {
          const std::size_t old = b.back() + std::size_t{1};
          b.resize(b.size() - old);
          const std::size_t more = 256 - (b.size() + 256) % 16;
          append(b, repeat(more, static_cast<std::uint8_t>(more - 1)));
        };
        p.put_record(ContentType::application_data, repeat(size, 'x'));
      }
    });
  }
  // Warnings in the handshake.
  out.push_back(borne_by_server("warnings_in_the_handshake", [](AgainstServer12& c) {
    c.up_to_done();
    c.client.put_alert(1, 112);
    c.client.send_client_key_exchange();
    c.client.put_alert(1, 41);
    c.client.change_keys();
    c.client.put_alert(1, 90);
    c.client.send_finished12();
    c.exchange();
    ASSERT_TRUE(c.client.take_server_finish());
  }));
  out.push_back(borne_by_client(
      "warnings_in_the_handshake",
      [](AgainstClient12& c) {
        // RFC 6066 section 3: before the ServerHello too.
        c.up_to_hello();
        c.server.put_alert(1, 112);
        c.server.send_flight();
        c.server.put_alert(1, 90);
        c.exchange();
        ASSERT_TRUE(c.server.take_client_flight());
        c.server.put_alert(1, 90);
        c.server.send_finish();
      },
      "psk", Above::nothing));
  return out;
}

std::vector<Tolerated> all_tolerated12() {
  std::vector<Tolerated> out = tolerated_hellos12();
  append_all(out, tolerated_flights12());
  append_all(out, tolerated_records12());
  append_all(out, tolerated_renegotiations());
  append_all(out, tolerated_session_secrets());
  append_all(out, tolerated_resumptions12());
  return out;
}

}  // namespace sesame::test
