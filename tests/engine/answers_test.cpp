// Signatures and verdicts that come from elsewhere, or later.
#include "crypto/provider.h"
#include "crypto/signature.h"
#include "support/certificates.h"

namespace sesame::test {
namespace {

// Holds a private key, and gives signatures as it is told.
class TestSigner final : public Signer {
 public:
  enum class Mood { give, later, refuse, spoil };
  explicit TestSigner(const Issued& of, Mood m = Mood::give) : key(of.key), mood(m) {}
  std::vector<std::uint8_t> make(const SignatureQuery& query) const {
    const auto& provider = **crypto::Provider::system();
    return *crypto::sign(provider, key.get(), query.scheme, query.input);
  }
  void sign(const SignatureQuery& query, SignatureAnswer& answer) override {
    ++asked;
    if (mood == Mood::later) return answer.later();
    if (mood == Mood::refuse) return;
    auto signature = make(query);
    if (mood == Mood::spoil) signature.back() ^= 1;
    answer.give(signature);
  }
  KeyPointer key;
  Mood mood;
  int asked = 0;
};

CertifiedKey held_by(const Issued& issued, std::shared_ptr<Signer> signer) {
  X509* const chain[] = {issued.certificate.get()};
  auto key = CertifiedKey::from_signer(chain, std::move(signer));
  EXPECT_TRUE(key) << key.error().message();
  return *key;
}

TEST(Signer, SignsForBothSides) {
  ContextOptions client = verifying(), server;
  client.certificates = {held_by(client_certificate(), std::make_shared<TestSigner>(client_certificate()))};
  server.certificates = {held_by(server_certificate(), std::make_shared<TestSigner>(server_certificate()))};
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  Pair pair(make_context(client), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
}

TEST(Signer, ThatRefusesEndsTheHandshake) {
  const auto signer = std::make_shared<TestSigner>(server_certificate(), TestSigner::Mood::refuse);
  Pair pair(make_context(verifying()),
            make_context({.certificates = {held_by(server_certificate(), signer)}}), to_server);
  expect_failure(pair, Side::server, Reason::signature_failed, Alert::internal_error);
}

TEST(Signer, ThatSignsWrongIsFoundOut) {
  const auto signer =
      std::make_shared<TestSigner>(server_certificate(KeyType::ed25519), TestSigner::Mood::spoil);
  Pair pair(make_context(verifying()),
            make_context({.certificates = {held_by(server_certificate(KeyType::ed25519), signer)}}),
            to_server);
  expect_failure(pair, Side::client, Reason::signature_invalid, Alert::decrypt_error);
}

TEST(Signer, MayTakeItsTimeOnAServer) {
  const auto signer = std::make_shared<TestSigner>(server_certificate(), TestSigner::Mood::later);
  Pair pair(make_context(verifying()),
            make_context({.certificates = {held_by(server_certificate(), signer)}}), to_server);
  pair.pump();
  Connection& server = pair.server.connection;
  ASSERT_EQ(server.wait(), Wait::signature);
  EXPECT_EQ(server.state(), "NEGOTIATED");
  const auto query = server.pending_signature();
  ASSERT_TRUE(query);
  EXPECT_TRUE(std::ranges::equal(query->public_key, server_certificate().public_key()));
  EXPECT_EQ(server.supply_verdict(std::nullopt).error().reason(), Reason::nothing_pending);
  ASSERT_TRUE(server.supply_signature(signer->make(*query)));
  EXPECT_EQ(server.supply_signature(Octets{1}).error().reason(), Reason::nothing_pending);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(signer->asked, 1);
}

TEST(Signer, MayTakeItsTimeOnAClient) {
  const auto signer = std::make_shared<TestSigner>(client_certificate(), TestSigner::Mood::later);
  ContextOptions client = verifying(), server = showing();
  client.certificates = {held_by(client_certificate(), signer)};
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  Pair pair(make_context(client), make_context(server), to_server);
  pair.pump();
  ASSERT_EQ(pair.client.connection.wait(), Wait::signature);
  EXPECT_EQ(pair.client.connection.state(), "SIGNING");
  EXPECT_FALSE(pair.client.connection.handshake_done());
  EXPECT_EQ(pair.client.connection.send(as_bytes("early")).error().reason(), Reason::not_connected);
  ASSERT_TRUE(
      pair.client.connection.supply_signature(signer->make(*pair.client.connection.pending_signature())));
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::certificate);
}

TEST(Signer, MayRefuseLater) {
  const auto signer = std::make_shared<TestSigner>(server_certificate(), TestSigner::Mood::later);
  Pair pair(make_context(verifying()),
            make_context({.certificates = {held_by(server_certificate(), signer)}}), to_server);
  pair.pump();
  const auto refused = pair.server.connection.supply_signature({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::signature_failed);
  pair.pump();
  ASSERT_TRUE(pair.client.failure);
  EXPECT_EQ(pair.client.failure->alert(), Alert::internal_error);
}

// ---- verdicts ----

ContextOptions asking(std::function<void(const VerificationQuery&, Verdict&)> verify) {
  ContextOptions options = verifying();
  options.verification->verify = std::move(verify);
  return options;
}

TEST(Verdict, SeesWhatWasFound) {
  int asked = 0;
  const auto verify = [&](const VerificationQuery& query, Verdict&) {
    ++asked;
    EXPECT_EQ(query.name, "other.example");
    EXPECT_EQ(query.side, Side::client);
    EXPECT_EQ(query.chain.size(), 1u);
    ASSERT_NE(query.problem, nullptr);
    EXPECT_EQ(query.problem->reason(), Reason::certificate_name_mismatch);
  };
  Pair pair(make_context(asking(verify)), make_context(showing()), {.server_name = "other.example"});
  expect_failure(pair, Side::client, Reason::certificate_name_mismatch, Alert::bad_certificate);
  EXPECT_EQ(asked, 1);
}

TEST(Verdict, MayOverruleInEitherDirection) {
  Pair accepted(make_context(asking([](const auto&, Verdict& verdict) { verdict.accept(); })),
                make_context(showing()), {.server_name = "other.example"});
  EXPECT_TRUE(accepted.handshake());
  Pair refused(make_context(asking([](const auto&, Verdict& v) { v.refuse(Alert::access_denied); })),
               make_context(showing()), to_server);
  expect_failure(refused, Side::client, Reason::certificate_refused, Alert::access_denied);
}

TEST(Verdict, MayComeLater) {
  for (const bool accept : {true, false}) {
    Pair pair(make_context(asking([](const auto&, Verdict& verdict) { verdict.later(); })),
              make_context(showing()), to_server);
    pair.pump();
    Connection& client = pair.client.connection;
    ASSERT_EQ(client.wait(), Wait::verification);
    EXPECT_EQ(client.state(), "VERIFYING");
    EXPECT_EQ(client.supply_signature(Octets{1}).error().reason(), Reason::nothing_pending);
    // The server's Finished waits behind it, and is read with the answer.
    const auto answered =
        client.supply_verdict(accept ? std::nullopt : std::optional(Alert::certificate_unknown));
    EXPECT_EQ(answered.has_value(), accept);
    EXPECT_EQ(pair.handshake(), accept);
    EXPECT_EQ(client.supply_verdict(std::nullopt).has_value(), false);
    if (accept) continue;
    ASSERT_TRUE(pair.server.failure);
    EXPECT_EQ(pair.server.failure->alert(), Alert::certificate_unknown);
  }
}

TEST(Verdict, MayComeLaterOnAServer) {
  ContextOptions client = verifying(), server = showing();
  client.certificates = {client_certificate().certified_key()};
  server.verification = asking([](const auto&, Verdict& verdict) { verdict.later(); }).verification;
  server.client_certificates = ClientCertificates::require;
  for (const std::size_t octets : {SIZE_MAX, std::size_t{1}}) {
    Pair pair(make_context(client), make_context(server), to_server);
    pair.in = octets;
    pair.pump();
    ASSERT_EQ(pair.server.connection.wait(), Wait::verification);
    ASSERT_TRUE(pair.server.connection.supply_verdict(std::nullopt));
    pair.server.receive({});
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.server.connection.authentication(), Authentication::certificate);
    expect_transfer(pair, pair.client, pair.server, "up");
  }
}

// ---- after the handshake ----

struct Late {
  ContextOptions client = verifying(), server = showing();
  Late() {
    client.certificates = {client_certificate().certified_key()};
    client.post_handshake_auth = true;
    server.verification = trusting();
  }
};

TEST(PostHandshakeAuth, AuthenticatesAClient) {
  Late late;
  Pair pair(make_context(late.client), make_context(late.server), to_server);
  ASSERT_TRUE(pair.handshake());
  Connection& server = pair.server.connection;
  EXPECT_EQ(server.authentication(), Authentication::anonymous);
  for (int again = 0; again < 3; ++again) {
    ASSERT_TRUE(server.request_certificate(true));
    EXPECT_TRUE(server.post_handshake_auth_pending());
    EXPECT_EQ(server.request_certificate().error().reason(), Reason::invalid_argument);
    // Both sides go on meanwhile, with new keys.
    ASSERT_TRUE(pair.client.connection.update_keys());
    expect_transfer(pair, pair.client, pair.server, "meanwhile");
    EXPECT_FALSE(server.post_handshake_auth_pending());
    EXPECT_EQ(server.authentication(), Authentication::certificate);
    EXPECT_TRUE(std::ranges::equal(server.peer_certificates()[0], client_certificate().der()));
    expect_transfer(pair, pair.client, pair.server, "up");
    expect_transfer(pair, pair.server, pair.client, "down");
  }
}

TEST(PostHandshakeAuth, OfAClientWithoutACertificate) {
  for (const bool require : {false, true}) {
    Late late;
    late.server.certificate_authorities = {Authority(KeyType::p256, "Stranger").subject_name()};
    late.client.certificates = {client_certificate(KeyType::ed25519).certified_key()};
    late.server.signature_schemes = {SignatureScheme::ecdsa_secp256r1_sha256};
    Pair pair(make_context(late.client), make_context(late.server), to_server);
    ASSERT_TRUE(pair.handshake());
    ASSERT_TRUE(pair.server.connection.request_certificate(require));
    pair.pump();
    EXPECT_EQ(pair.server.failure.has_value(), require);
    if (require) {
      EXPECT_EQ(pair.server.failure->reason(), Reason::certificate_required);
    } else {
      EXPECT_EQ(pair.server.connection.authentication(), Authentication::anonymous);
      expect_transfer(pair, pair.client, pair.server, "goes on");
    }
  }
}

TEST(PostHandshakeAuth, IsNotAskedOfAClientThatDidNotOfferIt) {
  Late late;
  late.client.post_handshake_auth = false;
  Pair pair(make_context(late.client), make_context(late.server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.connection.request_certificate().error().reason(),
            Reason::post_handshake_auth_not_offered);
  EXPECT_EQ(pair.client.connection.request_certificate().error().reason(), Reason::invalid_argument);
  expect_transfer(pair, pair.server, pair.client, "goes on");
}

TEST(PostHandshakeAuth, WithASignatureThatComesLater) {
  Late late;
  const auto signer = std::make_shared<TestSigner>(client_certificate(), TestSigner::Mood::later);
  late.client.certificates = {held_by(client_certificate(), signer)};
  Pair pair(make_context(late.client), make_context(late.server), to_server);
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.server.connection.request_certificate(true));
  pair.pump();
  Connection& client = pair.client.connection;
  ASSERT_EQ(client.wait(), Wait::signature);
  expect_transfer(pair, pair.client, pair.server, "up");  // nothing of the answer has gone
  expect_transfer(pair, pair.server, pair.client, "down");
  ASSERT_TRUE(client.supply_signature(signer->make(*client.pending_signature())));
  pair.pump();
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::certificate);
  EXPECT_EQ(client.wait(), Wait::nothing);
}

TEST(PostHandshakeAuth, OfAnUnknownAuthorityEndsTheConnection) {
  Late late;
  const Authority stranger;
  late.client.certificates = {stranger.client().certified_key()};
  Pair pair(make_context(late.client), make_context(late.server), to_server);
  ASSERT_TRUE(pair.handshake());
  ASSERT_TRUE(pair.server.connection.request_certificate());
  pair.pump();
  ASSERT_TRUE(pair.server.failure);
  EXPECT_EQ(pair.server.failure->reason(), Reason::certificate_issuer_unknown);
  ASSERT_TRUE(pair.client.failure);
  EXPECT_EQ(pair.client.failure->alert(), Alert::unknown_ca);
}

TEST(PostHandshakeAuth, BesideAnExternalKeyAddsTheCertificate) {
  Late late;
  late.client.credentials = {make_credential()};
  late.server.psk_source = source_of({make_credential()});
  Pair pair(make_context(late.client), make_context(late.server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::external_psk);
  ASSERT_TRUE(pair.server.connection.request_certificate());
  pair.pump();
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::certificate_with_external_psk);
}

}  // namespace
}  // namespace sesame::test
