// An unknown identity costs a server that has keys only what a wrong key costs it: step by step here, and in
// time by bench/timing.
#include <gtest/gtest.h>
#include <sesame/keyring.h>

#include "engine/context_body.h"
#include "message/handshake_type.h"
#include "record/record.h"
#include "session/session_body.h"
#include "support/certificates.h"
#include "support/pair.h"
#include "tls13/negotiate.h"

namespace sesame::tls13 {
namespace {

using test::default_key;
using test::make_credential;
using test::source_of;

struct Outcome {
  Reason reason = Reason::internal_error;
  Alert alert = Alert::none;
  std::size_t binders = 0;     ///< that were computed
  std::size_t hashes = 0;      ///< of the truncated ClientHello
  std::size_t candidates = 0;  ///< that the last answer had
  bool certificate = false;    ///< it would go on by a certificate
};

Credential credential(std::string_view identity, PskUsage usage, HashAlgorithm hash,
                      std::string_view key = default_key) {
  return *Credential::create(
      {.identity = as_bytes(identity), .key = as_bytes(key), .hash = hash, .usage = usage});
}

Outcome choose(const Context& server, const std::vector<Credential>& offered) {
  const auto client = Connection::client(test::client_context({}, offered));
  EXPECT_TRUE(client);
  const std::vector<std::uint8_t> hello(client->output().begin() + record::header_size,
                                        client->output().end());
  const auto offer = read_offer(hello);
  EXPECT_TRUE(offer);
  transcript::Transcript transcript;
  PskLookup lookup;
  Negotiated negotiated;
  const auto chosen = choose_psk(server.body().settings, *offer, std::chrono::system_clock::now(), nullptr,
                                 transcript, lookup, negotiated);
  Outcome out;
  out.binders = lookup.binders;
  out.hashes = (lookup.has_hash[0] ? 1u : 0u) + (lookup.has_hash[1] ? 1u : 0u);
  out.candidates = lookup.answer.size();
  if (chosen) {
    EXPECT_EQ(*chosen, PskChoice::none);
    out.certificate = true;
  } else {
    out.reason = chosen.error().reason();
    out.alert = chosen.error().alert();
  }
  return out;
}

class UnknownIdentity : public testing::TestWithParam<std::tuple<PskUsage, HashAlgorithm, bool>> {
 protected:
  PskUsage usage() const { return std::get<0>(GetParam()); }
  HashAlgorithm hash() const { return std::get<1>(GetParam()); }
  std::shared_ptr<const Context> server(ContextOptions options = {}) const {
    const Credential alice = credential("alice", usage(), hash());
    if (std::get<2>(GetParam())) {
      const auto keyring = std::make_shared<Keyring>();
      EXPECT_TRUE(keyring->replace_all({&alice, 1}));
      options.psk_source = keyring;
    } else {
      options.psk_source = source_of({alice});
    }
    return *Context::create(test::of_tls13(std::move(options)));
  }
  Outcome wrong_key() const { return choose(*server(), {credential("alice", usage(), hash(), "wrong")}); }
  Outcome unknown() const { return choose(*server(), {credential("ecila", usage(), hash(), "wrong")}); }
};

TEST_P(UnknownIdentity, CostsWhatAWrongKeyCosts) {
  const Outcome a = wrong_key(), b = unknown();
  EXPECT_EQ(a.reason, Reason::psk_binder_mismatch);
  EXPECT_EQ(b.reason, Reason::psk_identity_unknown);
  EXPECT_EQ(a.alert, b.alert);
  EXPECT_EQ(a.candidates, 1u);
  EXPECT_EQ(b.candidates, 1u);
  // An imported key comes for two hashes. The wrong one fails at the first; a keyring is asked for the second
  // all the same.
  const std::size_t identities = usage() == PskUsage::tls13_imported ? 2 : 1;
  EXPECT_EQ(b.binders, identities);
  EXPECT_EQ(b.hashes, identities);
  const bool is_keyring = std::get<2>(GetParam());
  EXPECT_EQ(a.binders, is_keyring ? identities : 1);
  EXPECT_EQ(a.hashes, is_keyring ? identities : 1);
}

TEST_P(UnknownIdentity, GoesOnWithoutAnyOfItWhereThereIsACertificate) {
  ContextOptions options;
  options.certificates = {test::server_certificate().certified_key()};
  const auto context = server(std::move(options));
  const Outcome outcome = choose(*context, {credential("ecila", usage(), hash())});
  EXPECT_TRUE(outcome.certificate);
  EXPECT_EQ(outcome.binders, 0u);
}

// A stand-in is nobody's key: it is never chosen, whoever comes behind it.
TEST_P(UnknownIdentity, DoesNotKeepTheNextOneFromBeingTaken) {
  test::Pair pair(
      test::client_context({}, {credential("ecila", usage(), hash()), credential("alice", usage(), hash())}),
      server());
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(as_text(pair.server.connection.psk_identity()), "alice");
}

INSTANTIATE_TEST_SUITE_P(All, UnknownIdentity,
                         testing::Combine(testing::Values(PskUsage::tls13, PskUsage::tls13_imported),
                                          testing::Values(HashAlgorithm::sha256, HashAlgorithm::sha384),
                                          testing::Bool()));

// ---- sessions of other versions ----

// What would be resumed in TLS 1.3, or in the version that is said: authenticated by the key of "alice".
session::SessionBody session_of(ProtocolVersion version, CipherSuite suite) {
  session::SessionBody body;
  body.version = version;
  body.cipher_suite = suite;
  body.psk.assign(std::vector<std::uint8_t>(48, 0x5a));
  body.issued = body.authenticated = std::chrono::system_clock::now();
  body.lifetime = std::chrono::hours(1);
  body.authentication = Authentication::external_psk;
  body.psk_identity = "alice";
  return body;
}

// Whether a server takes the ticket of `sealed`, which the client has as one of TLS 1.3. The binder is right:
// both have the same secret, and the hash is the same.
bool resumes(TicketIssuer& issuer, std::shared_ptr<TicketIssuer> shared, session::SessionBody sealed) {
  const auto now = std::chrono::system_clock::now();
  session::SessionBody own = session_of(ProtocolVersion::tls13, CipherSuite::TLS_AES_256_GCM_SHA384);
  own.ticket = issuer.issue(session::SessionAccess::make(std::move(sealed)), now).value();
  ContextOptions options;
  options.tickets = {.issuer = std::move(shared), .count = 0};
  const ClientOptions how{.session = session::SessionAccess::make(std::move(own))};
  test::Pair pair(test::client_context(), test::server_context(std::move(options)), how);
  EXPECT_TRUE(pair.handshake());
  EXPECT_EQ(as_text(pair.server.connection.psk_identity()), "alice");
  EXPECT_EQ(pair.client.connection.resumed(), pair.server.connection.resumed());
  return pair.server.connection.resumed();
}

TEST(SessionOfTls12, IsNeverResumedInTls13) {
  for (const bool is_cache : {false, true}) {
    std::shared_ptr<TicketIssuer> issuer;
    if (is_cache) {
      issuer = std::make_shared<SessionCache>();
    } else {
      issuer = std::make_shared<TicketKeys>();
    }
    EXPECT_TRUE(
        resumes(*issuer, issuer, session_of(ProtocolVersion::tls13, CipherSuite::TLS_AES_256_GCM_SHA384)));
    EXPECT_FALSE(resumes(*issuer, issuer,
                         session_of(ProtocolVersion::tls12, CipherSuite::TLS_PSK_WITH_AES_256_GCM_SHA384)));
  }
}

TEST(SessionOfTls12, IsNotOfferedInTls13) {
  session::SessionBody body =
      session_of(ProtocolVersion::tls12, CipherSuite::TLS_PSK_WITH_AES_256_GCM_SHA384);
  body.ticket.assign(100, 1);
  const auto client = Connection::client(test::client_context({}, {}),
                                         {.session = session::SessionAccess::make(std::move(body))});
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::no_credential_usable) << "there is nothing else to offer";
}

// A key of TLS 1.2 is not offered, and one that a source answers with is refused as if it were wrong.
TEST(KeyOfTls12, IsNotOfferedInTls13) {
  const auto client = Connection::client(
      test::client_context({}, {credential("alice", PskUsage::tls12, HashAlgorithm::sha256)}));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::no_credential_usable);
}

TEST(KeyOfTls12, IsRefusedByAServerOfTls13) {
  for (const bool is_keyring : {false, true}) {
    const Credential alice = credential("alice", PskUsage::tls12, HashAlgorithm::sha256);
    ContextOptions options;
    const auto keyring = std::make_shared<Keyring>();
    EXPECT_TRUE(keyring->replace_all({&alice, 1}));
    options.psk_source = keyring;
    if (!is_keyring) options.psk_source = source_of({alice});
    const auto server = test::server_context(std::move(options));
    const Outcome outcome = choose(*server, {credential("alice", PskUsage::tls13, HashAlgorithm::sha256)});
    EXPECT_EQ(outcome.reason, Reason::psk_wrong_usage);
    EXPECT_EQ(outcome.alert,
              choose(*server, {credential("eve", PskUsage::tls13, HashAlgorithm::sha256)}).alert)
        << "as for an unknown one";
  }
}

}  // namespace
}  // namespace sesame::tls13
