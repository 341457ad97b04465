// ClientHello and ServerHello: key_share, and shares that are no values of their group.
#include "crypto/group_table.h"
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using T = ScriptClient::Type;

Octets entry(NamedGroup group, const Octets& share) {
  return join({u16(static_cast<unsigned>(group)), vec16(share)});
}

// What is wrong with a share, for groups of one kind.
struct Spoiled {
  std::string name;
  Octets share;
};

// Small multiples of the subgroup of order 8, and values that are no canonical field element (RFC 7748
// section 6.1).
std::vector<Spoiled> spoiled_x25519() {
  return {
      {"zero", repeat(32, 0)},
      {"one", join({{1}, repeat(31, 0)})},
      {"order_8", from_hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")},
      {"order_8_too", from_hex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")},
      {"p_minus_1", from_hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")},
      {"p", from_hex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")},
  };
}

std::vector<Spoiled> spoiled_point(std::size_t size) {
  const Octets zero(size, 0);
  Octets off_curve = join({{4}, Octets(size - 1, 0x11)}), compressed = join({{2}, Octets(size - 1, 0x11)});
  return {
      {"off_the_curve", off_curve},
      {"at_infinity", zero},
      {"at_0_0", join({{4}, Octets(size - 1, 0)})},
      {"compressed", compressed},
      {"beyond_the_field", join({{4}, Octets(size - 1, 0xff)})},
      {"hybrid_form", join({{6}, Octets(size - 1, 0x11)})},
  };
}

std::vector<Spoiled> spoiled_number(std::size_t size) {
  return {
      {"zero", Octets(size, 0)},
      {"one", join({Octets(size - 1, 0), {1}})},
      {"beyond_p", Octets(size, 0xff)},
  };
}

std::vector<Spoiled> spoiled(NamedGroup group) {
  const std::size_t size = crypto::key_share_size(group, Side::client);
  std::vector<Spoiled> out = {
      {"one_octet", {1}}, {"one_less", Octets(size - 1, 0x11)}, {"one_more", Octets(size + 1, 0x11)}};
  std::vector<Spoiled> more;
  switch (group) {
    case NamedGroup::x25519:
      more = spoiled_x25519();
      break;
    case NamedGroup::x448:
      more = {{"zero", repeat(56, 0)}, {"one", join({{1}, repeat(55, 0)})}};
      break;
    case NamedGroup::secp256r1:
    case NamedGroup::secp384r1:
    case NamedGroup::secp521r1:
      more = spoiled_point(size);
      break;
    default:
      more = spoiled_number(size);
      break;
  }
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

const NamedGroup groups[] = {NamedGroup::x25519,    NamedGroup::x448,      NamedGroup::secp256r1,
                             NamedGroup::secp384r1, NamedGroup::secp521r1, NamedGroup::ffdhe2048,
                             NamedGroup::ffdhe3072};

std::vector<Variant> spoiled_share_variants() {
  std::vector<Variant> out;
  for (const NamedGroup group : groups) {
    for (const Spoiled& s : spoiled(group)) {
      const std::string what = std::string(name(group)) + "_" + s.name;
      out.push_back(to_server(
          "client_share_" + what, Alert::illegal_parameter, Reason::key_share_invalid, [=](AgainstServer& c) {
            c.options.groups = {group};
            c.client.extensions[T::supported_groups] = vec16(u16(static_cast<unsigned>(group)));
            c.client.extensions[T::key_share] = vec16(entry(group, s.share));
            c.say_hello();
          }));
      out.push_back(to_client("server_share_" + what, Alert::illegal_parameter, Reason::key_share_invalid,
                              [=](AgainstClient& c) {
                                c.options.groups = {group};
                                c.up_to_hello();
                                c.server.extensions[T::key_share] = entry(group, s.share);
                                c.say_hello();
                              }));
    }
  }
  return out;
}

Variant malformed(std::string name, Octets data) {
  return to_server(std::move(name), Alert::decode_error, Reason::malformed_message, [=](AgainstServer& c) {
    c.client.extensions[T::key_share] = data;
    c.say_hello();
  });
}

}  // namespace

std::vector<Variant> key_share_variants() {
  const Octets share = entry(NamedGroup::x25519, repeat(32, 9));
  std::vector<Variant> out = {
      malformed("client_shares_empty", {}),
      malformed("client_shares_end_in_the_group", vec16(u16(0x001d))),
      malformed("client_shares_entry_of_no_octets", vec16(entry(NamedGroup::x25519, {}))),
      malformed("client_shares_entry_beyond_the_end", vec16(join({u16(0x001d), u16(33), repeat(32, 9)}))),
      malformed("client_shares_with_an_octet_behind", join({vec16(share), {0}})),
      malformed("client_shares_with_an_octet_within", vec16(join({share, {0}}))),
      malformed("client_shares_as_a_retry_has_it", u16(0x001d)),
      to_server("client_shares_two_of_a_group", Alert::illegal_parameter, Reason::key_share_invalid,
                [=](AgainstServer& c) {
                  c.client.extensions[T::key_share] = vec16(join({share, share}));
                  c.say_hello();
                }),
      to_server("client_shares_three_of_a_group", Alert::illegal_parameter, Reason::key_share_invalid,
                [=](AgainstServer& c) {
                  c.client.extensions[T::key_share] = vec16(join({share, share, share}));
                  c.say_hello();
                }),
      to_server("client_groups_unknown_only", Alert::handshake_failure, Reason::no_common_group,
                [](AgainstServer& c) {
                  c.client.extensions[T::supported_groups] = vec16(join({u16(0x0a0a), u16(0xfe00)}));
                  c.client.extensions[T::key_share] = vec16(entry(NamedGroup(0x0a0a), {0}));
                  c.say_hello();
                }),
      to_server("client_groups_known_but_not_configured", Alert::handshake_failure, Reason::no_common_group,
                [](AgainstServer& c) {
                  c.options.groups = {NamedGroup::secp256r1};
                  c.say_hello();
                }),
      to_server("client_share_of_a_group_that_is_not_offered", Alert::handshake_failure,
                Reason::no_common_group,
                [](AgainstServer& c) {
                  c.client.extensions[T::supported_groups] = vec16(u16(0xfe00));  // the share is of x25519
                  c.say_hello();
                }),
  };
  const auto more = spoiled_share_variants();
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace sesame::test
