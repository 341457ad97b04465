// An unknown identity costs a server that has keys only what a wrong key costs it: step by step here, and in
// time by bench/timing.
#include <gtest/gtest.h>
#include <sesame/keyring.h>

#include "engine/context_body.h"
#include "message/handshake_type.h"
#include "record/record.h"
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
    return *Context::create(std::move(options));
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

}  // namespace
}  // namespace sesame::tls13
