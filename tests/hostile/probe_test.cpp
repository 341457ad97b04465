// What a peer without the key can find out: nothing by the alert (RFC 8446 appendix E.6, RFC 9257 section 8).
#include <map>

#include "hostile/variant.h"

namespace sesame::test {
namespace {

using T = ScriptClient::Type;

struct Probe {
  std::string name;
  Reason reason;  ///< that the server is told
  std::function<void(AgainstServer&)> script;
};

// A server that has keys of all sorts, and a client that holds none of them.
void configure(AgainstServer& c) {
  const auto key = [&](std::string_view identity, auto restrict) {
    CredentialParameters parameters{
        .identity = as_bytes(identity), .key = as_bytes(default_key), .usage = PskUsage::tls13};
    restrict(parameters);
    c.keys.push_back(*Credential::create(parameters));
  };
  key("expired", [](auto& p) { p.not_after = TimePoint(std::chrono::hours(1)); });
  key("not yet", [](auto& p) { p.not_before = TimePoint(std::chrono::hours(1'000'000)); });
  key("other name", [](auto& p) { p.server_name = "other.example"; });
  key("other protocol", [](auto& p) { p.alpn = "mqtt"; });
  key("rotated", [](auto&) {});
  key("rotated", [](auto& p) { p.key = as_bytes("the older key"); });
  key("rotated over hashes", [](auto& p) { p.hash = HashAlgorithm::sha384; });
  key("rotated over hashes", [](auto& p) { p.key = as_bytes("the older key"); });
  c.options.alpn = {"h2", "mqtt"};
  c.client.extensions[T::application_layer_protocol_negotiation] = vec16(vec8(text("h2")));
  c.client.keys[0].key = "not the key";
}

std::vector<Probe> probes() {
  const auto named = [](std::string name, Reason reason, std::string identity) {
    return Probe{name, reason, [identity](AgainstServer& c) { c.client.keys[0].identity = identity; }};
  };
  const Reason wrong = Reason::psk_binder_mismatch;
  return {
      named("unknown", Reason::psk_identity_unknown, "nobody"),
      named("known", wrong, "alice"),
      named("known_for_sha384", wrong, "anna"),
      named("rotated", wrong, "rotated"),
      named("rotated_over_hashes", wrong, "rotated over hashes"),
      named("expired", Reason::psk_expired, "expired"),
      named("not_yet_valid", Reason::psk_not_yet_valid, "not yet"),
      named("for_another_name", Reason::psk_wrong_usage, "other name"),
      named("for_another_protocol", Reason::psk_wrong_usage, "other protocol"),
      {"unknown_then_known", wrong,
       [](AgainstServer& c) { c.client.keys.insert(c.client.keys.begin(), {"nobody"}); }},
      {"no_suite_of_its_hash", Reason::psk_hash_mismatch,
       [](AgainstServer& c) { c.client.cipher_suites = {0x1302}; }},
      {"binder_of_33", wrong,
       [](AgainstServer& c) {
         c.client.pre_shared_key = join({c.client.identities(), vec16(vec8(repeat(33, 1)))});
       }},
      {"binder_of_48_for_sha256", wrong,
       [](AgainstServer& c) { c.client.keys[0].hash = HashAlgorithm::sha384; }},
      // With what would need a HelloRetryRequest, or could not be agreed on: the key is judged first.
      {"known_without_share", wrong, [](AgainstServer& c) { c.client.extensions[T::key_share] = vec16({}); }},
      {"known_with_another_group", wrong,
       [](AgainstServer& c) { c.client.extensions[T::supported_groups] = vec16(u16(0xfe00)); }},
      {"known_with_an_invalid_share", wrong,
       [](AgainstServer& c) {
         c.client.extensions[T::key_share] = vec16(join({u16(0x001d), vec16(repeat(32, 0))}));
       }},
      {"known_with_another_mode", wrong,
       [](AgainstServer& c) { c.client.extensions[T::psk_key_exchange_modes] = vec8(u8(7)); }},
  };
}

Octets answer_to(const Probe& probe, bool with_cookie) {
  AgainstServer c;
  configure(c);
  c.options.always_retry_with_cookie = with_cookie;
  probe.script(c);
  c.client.put(Bytes());
  c.client.send_client_hello();
  End& server = c.subject();
  server.receive(std::exchange(c.client.out, {}));
  EXPECT_TRUE(server.failure) << probe.name;
  if (server.failure) {
    EXPECT_EQ(name(server.failure->reason()), name(probe.reason)) << probe.name;
  }
  return octets_of(server.connection.output());
}

TEST(Probing, GetsTheSameOctetsForEachCause) {
  const Octets decrypt_error = from_hex("15 0303 0002 0233");
  for (const bool with_cookie : {false, true}) {
    for (const Probe& probe : probes()) EXPECT_EQ(answer_to(probe, with_cookie), decrypt_error) << probe.name;
  }
}

// Where the look-up is answered later, the same.
TEST(Probing, GetsTheSameOctetsWhenTheAnswerComesLater) {
  for (const bool known : {false, true}) {
    AgainstServer c;
    configure(c);
    c.options.psk_source = make_psk_source([](const PskQuery&, PskAnswer& answer) { answer.later(); });
    c.client.send_client_hello();
    End& server = c.subject();
    server.receive(std::exchange(c.client.out, {}));
    ASSERT_EQ(server.connection.wait(), Wait::psk_lookup);
    EXPECT_TRUE(server.connection.output().empty());
    const Credential alice = make_credential();
    const auto supplied =
        server.connection.supply_psk(known ? std::span(&alice, 1) : std::span<const Credential>());
    ASSERT_FALSE(supplied);
    EXPECT_EQ(supplied.error().reason(), known ? Reason::psk_binder_mismatch : Reason::psk_identity_unknown);
    EXPECT_EQ(octets_of(server.connection.output()), from_hex("15 0303 0002 0233"));
  }
}

}  // namespace
}  // namespace sesame::test
