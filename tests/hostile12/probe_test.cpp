// What a peer without the key can find out by what it is told, and when: nothing (RFC 4279 section 7.2, RFC
// 5246 section 7.4.7.1).
#include "hostile12/variants.h"

namespace sesame::test {

std::vector<std::pair<std::string, std::function<Octets(Script12Client&)>>> bleichenbacher_messages();

namespace {

// What the server says behind ClientKeyExchange, behind ChangeCipherSpec, and behind Finished.
struct Answers {
  Octets to_exchange, to_change, to_finished;
  bool operator==(const Answers&) const = default;
};

template <class Spoil>
Answers answers_of(const Kind& k, Spoil spoil) {
  AgainstServer12 c(k);
  spoil(c);
  c.up_to_done();
  Answers out;
  End& server = c.subject();
  const auto say = [&](Octets& to) {
    server.receive(std::exchange(c.client.out, {}));
    to = octets_of(server.connection.output());
    server.connection.output_sent(to.size());
  };
  c.client.send_client_key_exchange();
  say(out.to_exchange);
  c.client.change_keys();
  say(out.to_change);
  c.client.send_finished12();
  say(out.to_finished);
  return out;
}

Octets plain_alert(const Kind& k, unsigned alert) {
  return join({u8(21), u16(k.version), u16(2), u8(2), u8(alert)});
}

TEST(Probing12, GetsTheSameOctetsForEachIdentityAndEachKey) {
  for (const std::string_view which :
       {"psk", "psk_cbc", "psk_null", "dhe_psk", "ecdhe_psk", "rsa_psk", "psk_tls11", "psk_tls10"}) {
    const Kind& k = kind(which);
    const Answers expected{{}, {}, plain_alert(k, 20)};
    const auto probe = [&](std::string name, auto spoil) {
      SCOPED_TRACE(k.name + ": " + name);
      EXPECT_EQ(answers_of(k, spoil), expected);
    };
    const auto key = [](std::string_view identity, auto restrict) {
      CredentialParameters parameters{
          .identity = as_bytes(identity), .key = as_bytes(default_key), .usage = PskUsage::tls12};
      restrict(parameters);
      return *Credential::create(parameters);
    };
    const auto with = [&](std::string name, auto restrict) {
      probe(std::move(name), [&](AgainstServer12& c) { c.keys = {key("alice", restrict)}; });
    };
    probe("unknown", [](AgainstServer12& c) { c.client.key.identity = "nobody"; });
    probe("empty", [](AgainstServer12& c) { c.client.key.identity = ""; });
    probe("wrong key", [](AgainstServer12& c) { c.client.key.key = "another"; });
    probe("neither of two keys", [](AgainstServer12& c) {
      c.client.key.key = "another";
      c.keys = {credential12(), credential12("alice", "the older key")};
    });
    with("expired", [](auto& p) { p.not_after = TimePoint(std::chrono::hours(1)); });
    with("not yet", [](auto& p) { p.not_before = TimePoint(std::chrono::hours(1'000'000)); });
    with("another name", [](auto& p) { p.server_name = "other.example"; });
    with("for TLS 1.3", [](auto& p) { p.usage = PskUsage::tls13; });
    with("imported", [](auto& p) { p.usage = PskUsage::tls13_imported; });
  }
}

TEST(Probing12, GetsTheSameOctetsForWhateverIsWrongWithWhatWasEncrypted) {
  for (const std::string_view which : {"rsa", "rsa_psk"}) {
    const Kind& k = kind(which);
    const Answers expected{{}, {}, plain_alert(k, 20)};
    for (const auto& [name, make] : bleichenbacher_messages()) {
      SCOPED_TRACE(k.name + ": " + name);
      AgainstServer12 c(k);
      c.up_to_done();
      c.client.exchange_value = make(c.client);
      Answers got;
      End& server = c.subject();
      const auto say = [&](Octets& to) {
        server.receive(std::exchange(c.client.out, {}));
        to = octets_of(server.connection.output());
        server.connection.output_sent(to.size());
      };
      c.client.send_client_key_exchange();
      say(got.to_exchange);
      c.client.change_keys();
      say(got.to_change);
      c.client.send_finished12();
      say(got.to_finished);
      EXPECT_EQ(got, expected);
    }
  }
}

// The version in the premaster secret is that of the ClientHello, which need not be the one that is spoken
// (RFC 5246 section 7.4.7.1). That it is right is not an oracle either.
TEST(Probing12, GetsThroughWithTheVersionOfItsHelloAlone) {
  for (const unsigned version : {0x0301u, 0x0302u, 0x0303u, 0x0304u}) {
    AgainstServer12 c(kind("rsa"));
    c.options.min_version = ProtocolVersion::tls10;
    c.options.max_version = ProtocolVersion::tls11;
    c.client.legacy_version = 0x0303;  // more than is spoken
    c.client.premaster_version = version;
    c.up_to_done();
    c.client.send_flight();
    c.exchange();
    EXPECT_EQ(c.connected(), version == 0x0303) << version;
  }
}

// A record that does not open says the same whatever is wrong with it.
TEST(Probing12, GetsTheSameAlertForEachRecordThatDoesNotOpen) {
  // Not with encrypt-then-MAC, where what is inside is the sender's own: tests/record has that.
  for (const std::string_view which : {"psk_cbc_without_extensions", "psk_tls10_without_extensions"}) {
    std::vector<std::function<void(Octets&)>> spoils;
    for (unsigned length = 0; length < 256; length += 5)
      spoils.emplace_back(
          [=](Octets& b) { b.back() = static_cast<std::uint8_t>(b.back() == length ? length + 1 : length); });
    for (std::size_t at = 0; at < 64; ++at) spoils.emplace_back([=](Octets& b) { b[at % b.size()] ^= 1; });
    std::optional<std::size_t> size;
    for (const auto& spoil : spoils) {
      AgainstServer12 c(kind(which));
      c.up_to_connected();
      c.client.write12.spoil_inner = spoil;
      c.client.put_record(record::ContentType::application_data, repeat(30, 'x'));
      c.exchange();
      ASSERT_TRUE(c.subject().failure);
      EXPECT_EQ(name(c.subject().failure->reason()), "record_mac_wrong");
      const auto alert = c.client.next_record();
      ASSERT_TRUE(alert);
      EXPECT_EQ(alert->content, (Octets{2, 20}));
      if (!size) size = alert->size;
      EXPECT_EQ(alert->size, *size);
    }
  }
}

}  // namespace
}  // namespace sesame::test
