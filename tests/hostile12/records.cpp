// Records: their types, versions, sizes and protection (RFC 5246 section 6.2).
#include "hostile12/variants.h"

namespace sesame::test {

namespace {

using record::ContentType;
using P = Script12Peer;
constexpr Alert unexpected = Alert::unexpected_message;
constexpr Alert mac = Alert::bad_record_mac;
constexpr Alert overflow = Alert::record_overflow;

const std::string_view aead_kinds[] = {"psk", "psk_ccm_8", "ecdhe_psk"};
const std::string_view cbc_kinds[] = {"psk_cbc",   "psk_cbc_sha384", "psk_cbc_without_extensions",
                                      "psk_tls11", "psk_tls10",      "psk_tls10_without_extensions"};
const std::string_view some_kinds[] = {"psk",       "ecdhe_psk", "psk_cbc", "psk_cbc_without_extensions",
                                       "psk_tls10", "psk_null"};

// Behind the handshake, whatever the side.
template <class Script>
void connected(std::vector<Variant>& out, std::string_view which, const std::string& name, Alert alert,
               Reason reason, Script script) {
  const std::string whole = "record_" + name + "_of_" + std::string(which);
  out.push_back(to_server12(
      whole, alert, reason,
      [=](AgainstServer12& c) {
        c.up_to_connected();
        script(static_cast<P&>(c.client));
      },
      which));
  out.push_back(to_client12(
      whole, alert, reason,
      [=](AgainstClient12& c) {
        c.up_to_connected();
        script(static_cast<P&>(c.server));
      },
      which));
}
template <class Script>
void connected(std::vector<Variant>& out, std::span<const std::string_view> kinds, const std::string& name,
               Alert alert, Reason reason, Script script) {
  for (const std::string_view which : kinds) connected(out, which, name, alert, reason, script);
}
void put_header(P& p, unsigned type, std::size_t length) {
  p.put(join({u8(type), u16(p.version), u16(length)}));
}

void types_and_versions(std::vector<Variant>& out) {
  for (const unsigned type : {0u, 19u, 24u, 128u, 255u}) {
    connected(out, "psk", "of_type_" + std::to_string(type), unexpected, Reason::unexpected_record,
              [=](P& p) { put_header(p, type, 40); });
    out.push_back(to_server12("record_of_type_" + std::to_string(type) + "_for_key_exchange", unexpected,
                              Reason::unexpected_record, [=](AgainstServer12& c) {
                                c.up_to_done();
                                put_header(c.client, type, 40);
                              }));
  }
  // Appendix E.1: from the ServerHello on it is the one that was agreed on.
  for (const unsigned version : {0x0000u, 0x0300u, 0x0301u, 0x0302u, 0x0304u, 0x0403u, 0xfefdu}) {
    const std::string name = "of_version_" + std::to_string(version);
    connected(out, "psk", name, Alert::protocol_version, Reason::record_version_wrong, [=](P& p) {
      p.record_version = version;
      p.put_data("data");
    });
    out.push_back(to_server12("record_" + name + "_for_key_exchange", Alert::protocol_version,
                              Reason::record_version_wrong, [=](AgainstServer12& c) {
                                c.up_to_done();
                                c.client.record_version = version;
                                c.client.send_client_key_exchange();
                              }));
  }
  connected(out, "psk_tls10", "of_version_tls12", Alert::protocol_version, Reason::record_version_wrong,
            [](P& p) {
              p.record_version = 0x0303;
              p.put_data("data");
            });
  const auto early = [&](std::string name, Alert alert, Reason reason, auto script) {
    out.push_back(to_server12("record_" + name + "_for_key_exchange", alert, reason, [=](AgainstServer12& c) {
      c.up_to_done();
      script(static_cast<P&>(c.client));
    }));
    out.push_back(
        to_client12("record_" + name + "_behind_server_hello", alert, reason, [=](AgainstClient12& c) {
          c.up_to_hello_said();
          script(static_cast<P&>(c.server));
        }));
  };
  early("of_data", unexpected, Reason::unexpected_record, [](P& p) { p.put_data("data"); });
  early("of_empty_data", unexpected, Reason::unexpected_record, [](P& p) { p.put_data(""); });
  early("of_an_empty_handshake", unexpected, Reason::record_content_empty,
        [](P& p) { p.put_record(ContentType::handshake, {}); });
  early("of_16385_octets", overflow, Reason::record_too_long, [](P& p) { put_header(p, 22, 16385); });
  early("of_65535_octets", overflow, Reason::record_too_long, [](P& p) { put_header(p, 22, 65535); });
  early("of_data_within_a_message", unexpected, Reason::unexpected_record, [](P& p) {
    p.put_record(ContentType::handshake, join({u8(p.side == Side::client ? 16 : 12), u24(100), u16(98)}));
    p.put_data("data");
  });
  early("of_an_empty_handshake_within_a_message", unexpected, Reason::record_content_empty, [](P& p) {
    p.put_record(ContentType::handshake, join({u8(p.side == Side::client ? 16 : 12), u24(100), u16(98)}));
    p.put_record(ContentType::handshake, {});
  });
  early("of_a_warning_within_a_message", unexpected, Reason::unexpected_record, [](P& p) {
    p.put_record(ContentType::handshake, join({u8(p.side == Side::client ? 16 : 12), u24(100), u16(98)}));
    p.put_alert(1, 90);
  });
  // Between ChangeCipherSpec and Finished a client might be anybody.
  out.push_back(to_server12("record_of_data_behind_finished_of_wrong_keys", mac, Reason::psk_key_mismatch,
                            [](AgainstServer12& c) {
                              c.client.key.key = "another";
                              c.up_to_exchange();
                              c.client.change_keys();
                              c.client.put_data("data");
                            }));
}

void sizes(std::vector<Variant>& out) {
  connected(out, some_kinds, "of_16385", overflow, Reason::record_too_long,
            [](P& p) { p.put_record(ContentType::application_data, repeat(16385, 1)); });
  // RFC 5246 section 6.2.3: 2^14 + 2048 at most.
  connected(out, some_kinds, "header_of_18433", overflow, Reason::record_too_long,
            [](P& p) { put_header(p, 23, 18433); });
  connected(out, some_kinds, "header_of_65535", overflow, Reason::record_too_long,
            [](P& p) { put_header(p, 23, 65535); });
  connected(out, some_kinds, "of_no_octets", mac, Reason::record_mac_wrong,
            [](P& p) { put_header(p, 23, 0); });
  connected(out, some_kinds, "of_one_octet", mac, Reason::record_mac_wrong, [](P& p) {
    put_header(p, 23, 1);
    p.put(repeat(1, 1));
  });
  connected(out, some_kinds, "of_15_octets", mac, Reason::record_mac_wrong, [](P& p) {
    put_header(p, 23, 15);
    p.put(repeat(15, 1));
  });
  connected(out, some_kinds, "empty_33_times", unexpected, Reason::too_many_empty_records, [](P& p) {
    for (int i = 0; i < 33; ++i) p.put_record(ContentType::application_data, {});
  });
  connected(out, some_kinds, "of_an_empty_handshake", unexpected, Reason::record_content_empty,
            [](P& p) { p.put_record(ContentType::handshake, {}); });
  connected(out, "psk", "of_a_change_cipher_spec", unexpected, Reason::unexpected_message,
            [](P& p) { p.put_record(ContentType::change_cipher_spec, Octets{1}); });
  connected(out, "psk", "of_an_empty_change_cipher_spec", unexpected, Reason::change_cipher_spec_wrong,
            [](P& p) { p.put_record(ContentType::change_cipher_spec, {}); });
  out.push_back(to_server12("record_above_max_fragment_length", overflow, Reason::record_too_long,
                            [](AgainstServer12& c) {
                              c.client.extensions.add(Script12Client::Type::max_fragment_length, u8(1));
                              c.up_to_connected();
                              c.client.put_record(ContentType::application_data, repeat(513, 1));
                            }));
  out.push_back(to_client12("record_above_max_fragment_length", overflow, Reason::record_too_long,
                            [](AgainstClient12& c) {
                              c.options.max_fragment_length = 512;
                              c.up_to_hello();
                              c.server.extensions.add(Script12Client::Type::max_fragment_length, u8(1));
                              c.server.send_flight();
                              c.exchange();
                              ASSERT_TRUE(c.server.take_client_flight());
                              c.server.send_finish();
                              c.exchange();
                              ASSERT_TRUE(c.connected());
                              c.server.put_record(ContentType::application_data, repeat(513, 1));
                            }));
  out.push_back(to_server12("record_above_record_size_limit", overflow, Reason::record_too_long,
                            [](AgainstServer12& c) {
                              c.options.record_size_limit = 64;
                              c.client.extensions.add(Script12Client::Type::record_size_limit, u16(16384));
                              c.up_to_connected();
                              c.client.put_record(ContentType::application_data, repeat(65, 1));
                            }));
}

void protection(std::vector<Variant>& out) {
  const auto spoiled = [&](std::span<const std::string_view> kinds, const std::string& name, auto spoil) {
    connected(out, kinds, name, mac, Reason::record_mac_wrong, [=](P& p) {
      p.put_data("some application data");
      spoil(p.out);
    });
  };
  spoiled(some_kinds, "first_octet_flipped", [](Octets& r) { r[5] ^= 1; });
  spoiled(some_kinds, "last_octet_flipped", [](Octets& r) { r.back() ^= 0x80; });
  spoiled(some_kinds, "middle_octet_flipped", [](Octets& r) { r[r.size() / 2] ^= 0x10; });
  spoiled(some_kinds, "type_changed", [](Octets& r) { r[0] = 22; });
  spoiled(some_kinds, "cut_by_one", [](Octets& r) {
    r.pop_back();
    --r[4];
  });
  spoiled(some_kinds, "one_octet_more", [](Octets& r) {
    r.push_back(0);
    ++r[4];
  });
  spoiled(some_kinds, "replayed", [](Octets& r) { r = join({r, r}); });
  spoiled(cbc_kinds, "cut_by_a_block", [](Octets& r) {
    r.resize(r.size() - 16);
    r[4] -= 16;
  });
  connected(out, some_kinds, "out_of_order", mac, Reason::record_mac_wrong, [](P& p) {
    p.put_data("first");
    const Octets one = std::exchange(p.out, {});
    p.put_data("second");
    append(p.out, one);
  });
  connected(out, some_kinds, "lost", mac, Reason::record_mac_wrong, [](P& p) {
    p.put_data("first");
    p.out.clear();
    p.put_data("second");
  });
  connected(out, some_kinds, "unprotected", mac, Reason::record_mac_wrong,
            [](P& p) { p.put_plain(ContentType::application_data, repeat(100, 1), p.version); });
  connected(out, some_kinds, "under_the_other_directions_keys", mac, Reason::record_mac_wrong, [](P& p) {
    auto [client, server] = key_block_of(p.parts(), p.version, p.master, p.client_random, p.server_random);
    p.write12.set(p.parts(), p.version, p.encrypt_then_mac, p.side == Side::client ? server : client);
    p.put_data("data");
  });
  spoiled(aead_kinds, "nonce_flipped", [](Octets& r) { r[6] ^= 1; });
}

// RFC 5246 section 6.2.3.2, RFC 7366: one alert for whatever is wrong within.
void padding(std::vector<Variant>& out) {
  const auto inner = [&](const std::string& name, auto spoil, std::size_t size = 21) {
    for (const std::string_view which : cbc_kinds) {
      // By encrypt-then-MAC only who has the keys can pad wrongly, and gets the same.
      connected(out, which, "padding_" + name, mac, Reason::record_mac_wrong, [=](P& p) {
        p.write12.spoil_inner = spoil;
        p.put_record(ContentType::application_data, repeat(size, 'x'));
      });
    }
  };
  inner("length_255", [](Octets& b) { b.back() = 255; });
  inner("length_beyond_the_record", [](Octets& b) { b.back() = static_cast<std::uint8_t>(b.size()); });
  inner("length_of_the_whole_record", [](Octets& b) {
    const auto length = static_cast<std::uint8_t>(b.size() - 1);
    std::ranges::fill(b, length);
    b.back() = static_cast<std::uint8_t>(length + 1);
  });
  // POODLE: all but the length may be anything in SSL 3.0.
  inner("octets_of_another_value", [](Octets& b) {
    const std::size_t size = b.back() + std::size_t{1};
    if (size < 2) {  // a whole block of it
      b.back() ^= 1;
      return;
    }
    b[b.size() - 2] ^= 1;
  });
  inner("first_octet_of_another_value", [](Octets& b) {
    const std::size_t size = b.back() + std::size_t{1};
    b[b.size() - size] ^= 0x40;
    if (size == 1) b.back() ^= 0x40;
  });
  inner("of_zeros", [](Octets& b) {
    const std::size_t size = b.back() + std::size_t{1};
    for (std::size_t i = 2; i <= size; ++i) b[b.size() - i] = static_cast<std::uint8_t>(b.back() ^ 0xff);
    if (size == 1) b.back() = 0xf0;
  });
  // Padding that leaves no room for the MAC.
  inner("over_the_mac", [](Octets& b) {
    b.assign(b.size(), static_cast<std::uint8_t>(b.size() - 1));
    b[0] ^= 1;
  });
  // Lucky 13: padding that is right, and a MAC that is not; with little of it, and with much.
  for (const std::string_view which : {"psk_cbc_without_extensions", "psk_tls10_without_extensions"}) {
    const auto wrong_mac = [&](const std::string& name, std::size_t extra) {
      connected(out, which, "mac_wrong_with_" + name, mac, Reason::record_mac_wrong, [=](P& p) {
        p.write12.spoil_inner = [extra](Octets& b) {
          const std::size_t size = b.back() + std::size_t{1};
          b[b.size() - size - 1] ^= 1;
          const auto length = static_cast<std::uint8_t>(size + extra - 1);
          b.resize(b.size() - size);
          append(b, repeat(size + extra, length));
        };
        p.put_record(ContentType::application_data, repeat(21, 'x'));
      });
    };
    wrong_mac("least_padding", 0);
    wrong_mac("a_block_of_padding", 16);
    wrong_mac("most_padding", 224);
  }
  // RFC 7366 section 3: the MAC of encrypt-then-MAC covers the IV.
  connected(out, "psk_cbc", "iv_flipped", mac, Reason::record_mac_wrong, [](P& p) {
    p.put_data("data");
    p.out[5] ^= 1;
  });
}

}  // namespace

std::vector<Variant> record12_variants() {
  std::vector<Variant> out;
  types_and_versions(out);
  sizes(out);
  protection(out);
  padding(out);
  return out;
}

}  // namespace sesame::test
