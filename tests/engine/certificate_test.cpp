// Handshakes by certificate (RFC 8446 sections 4.3.2 and 4.4), end to end.
#include "support/certificates.h"

namespace sesame::test {
namespace {

class EachKeyType : public testing::TestWithParam<KeyType> {};

TEST_P(EachKeyType, AuthenticatesAServer) {
  Pair pair(make_context(verifying()), make_context(showing(GetParam())), to_server);
  ASSERT_TRUE(pair.handshake()) << pair.client.failure->message();
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::certificate);
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::anonymous);
  const auto chain = pair.client.connection.peer_certificates();
  ASSERT_EQ(chain.size(), 1u);
  EXPECT_TRUE(std::ranges::equal(chain[0], server_certificate(GetParam()).der()));
  ASSERT_TRUE(pair.client.connection.peer_signature_scheme());
  EXPECT_EQ(*pair.client.connection.peer_signature_scheme(),
            server_certificate(GetParam()).certified_key().schemes()[0]);
  EXPECT_TRUE(pair.client.connection.psk_identity().empty());
  EXPECT_FALSE(pair.client.connection.resumed());
  expect_transfer(pair, pair.client, pair.server, "up");
  expect_transfer(pair, pair.server, pair.client, "down");
}

TEST_P(EachKeyType, AuthenticatesAClient) {
  ContextOptions client = verifying(), server = showing();
  client.certificates = {client_certificate(GetParam()).certified_key()};
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  Pair pair(make_context(client), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::certificate);
  ASSERT_EQ(pair.server.connection.peer_certificates().size(), 1u);
  EXPECT_TRUE(std::ranges::equal(pair.server.connection.peer_certificates()[0],
                                 client_certificate(GetParam()).der()));
  expect_transfer(pair, pair.client, pair.server, "up");
  expect_transfer(pair, pair.server, pair.client, "down");
}

INSTANTIATE_TEST_SUITE_P(Certificate, EachKeyType, testing::ValuesIn(usable_key_types),
                         [](const auto& c) { return std::string(name(c.param)); });

TEST(Certificate, WorksOneOctetAtATime) {
  ContextOptions client = verifying(), server = showing();
  client.certificates = {client_certificate().certified_key()};
  server.verification = trusting();
  server.client_certificates = ClientCertificates::request;
  Pair pair(make_context(client), make_context(server), to_server);
  pair.in = pair.out = 1;
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::certificate);
}

TEST(Certificate, WorksBehindAHelloRetryRequest) {
  ContextOptions client = verifying();
  client.key_shares = 0;
  for (const HashAlgorithm hash : {HashAlgorithm::sha256, HashAlgorithm::sha384}) {
    ContextOptions server = showing();
    server.cipher_suites = {hash == HashAlgorithm::sha256 ? CipherSuite::TLS_AES_128_GCM_SHA256
                                                          : CipherSuite::TLS_AES_256_GCM_SHA384};
    server.always_retry_with_cookie = true;
    Pair pair(make_context(client), make_context(server), to_server);
    ASSERT_TRUE(pair.handshake());
    EXPECT_TRUE(pair.client.connection.retried());
    EXPECT_EQ(pair.client.connection.authentication(), Authentication::certificate);
  }
}

TEST(Certificate, SendsTheWholeChain) {
  const Authority below = authority().intermediate();
  ContextOptions server{.certificates = {below.server().certified_key()}};
  Pair pair(make_context(verifying()), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake()) << pair.client.failure->message();
  EXPECT_EQ(pair.client.connection.peer_certificates().size(), 2u);
}

TEST(Certificate, OfAnotherNameIsRefused) {
  Pair pair(make_context(verifying()), make_context(showing()), {.server_name = "other.example"});
  expect_failure(pair, Side::client, Reason::certificate_name_mismatch, Alert::bad_certificate);
}

TEST(Certificate, IsHeldAgainstTheNameToVerify) {
  Pair right(make_context(verifying()), make_context(showing()),
             {.server_name = "front.example", .verify_name = "server.example"});
  EXPECT_TRUE(right.handshake());
  Pair wrong(make_context(verifying()), make_context(showing()),
             {.server_name = "server.example", .verify_name = "back.example"});
  expect_failure(wrong, Side::client, Reason::certificate_name_mismatch, Alert::bad_certificate);
}

TEST(Certificate, ForAnAddressIsVerifiedByIt) {
  const Issued server = authority().issue({.ip = {"192.0.2.1"}, .extended_key_usage = "serverAuth"});
  const auto context = make_context({.certificates = {server.certified_key()}});
  Pair right(make_context(verifying()), context, {.server_name = "192.0.2.1"});
  EXPECT_TRUE(right.handshake());
  EXPECT_TRUE(right.server.connection.server_name().empty());  // RFC 6066 section 3
  Pair wrong(make_context(verifying()), context, {.server_name = "192.0.2.2"});
  expect_failure(wrong, Side::client, Reason::certificate_name_mismatch, Alert::bad_certificate);
}

TEST(Certificate, OfAnUnknownAuthorityIsRefused) {
  const Authority stranger;
  Pair pair(make_context(verifying()), make_context({.certificates = {stranger.server().certified_key()}}),
            to_server);
  expect_failure(pair, Side::client, Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST(Certificate, ThatHasExpiredIsRefusedByTheContextsClock) {
  ContextOptions late = verifying();
  late.clock = [] { return std::chrono::system_clock::now() + hours(24 * 365); };
  Pair pair(make_context(late), make_context(showing()), to_server);
  expect_failure(pair, Side::client, Reason::certificate_expired, Alert::certificate_expired);
}

TEST(Certificate, OfAClientForAServerIsRefused) {
  Pair pair(make_context(verifying()),
            make_context(
                {.certificates = {authority()
                                      .issue({.dns = {"server.example"}, .extended_key_usage = "clientAuth"})
                                      .certified_key()}}),
            to_server);
  expect_failure(pair, Side::client, Reason::certificate_purpose_wrong, Alert::unsupported_certificate);
}

TEST(Certificate, IsChosenByWhatTheClientVerifies) {
  ContextOptions server = showing(KeyType::ed448);
  server.certificates.push_back(server_certificate(KeyType::p384).certified_key());
  ContextOptions client = verifying();
  client.signature_schemes = {SignatureScheme::ecdsa_secp384r1_sha384,
                              SignatureScheme::ecdsa_secp256r1_sha256};
  Pair pair(make_context(client), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.peer_signature_scheme(), SignatureScheme::ecdsa_secp384r1_sha384);
}

TEST(Certificate, IsChosenByName) {
  const Issued other = authority().server("other.example");
  ContextOptions server = showing();
  server.certificates.push_back(other.certified_key());
  for (const std::string_view name : {"server.example", "other.example", "OTHER.Example"}) {
    Pair pair(make_context(verifying()), make_context(server), {.server_name = name});
    ASSERT_TRUE(pair.handshake()) << name;
    const Octets expected = name == "server.example" ? server_certificate().der() : other.der();
    EXPECT_TRUE(std::ranges::equal(pair.client.connection.peer_certificates()[0], expected)) << name;
  }
}

TEST(Certificate, WithoutACommonSchemeThereIsNoHandshake) {
  ContextOptions client = verifying();
  client.signature_schemes = {SignatureScheme::ed25519};
  Pair pair(make_context(client), make_context(showing()), to_server);
  expect_failure(pair, Side::server, Reason::no_common_signature_scheme, Alert::handshake_failure);
}

TEST(Certificate, IsNotTakenByAClientThatHasKeysOnly) {
  Pair pair(client_context(), make_context(showing()));
  expect_failure(pair, Side::server, Reason::psk_identity_unknown, Alert::decrypt_error);
}

TEST(Certificate, StandsInForAKeyThatIsUnknown) {
  ContextOptions client = verifying(), server = showing();
  client.credentials = {make_credential("alice")};
  server.psk_source = source_of({make_credential("bob")});
  Pair pair(make_context(client), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::certificate);
  EXPECT_TRUE(pair.client.connection.psk_identity().empty());
}

TEST(Certificate, GivesWayToAKeyThatIsKnown) {
  ContextOptions client = verifying(), server = showing();
  client.credentials = {make_credential("alice")};
  server.psk_source = source_of({make_credential("alice")});
  Pair pair(make_context(client), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::external_psk);
  EXPECT_TRUE(pair.client.connection.peer_certificates().empty());
}

TEST(Certificate, DoesNotExcuseAWrongKey) {
  ContextOptions client = verifying(), server = showing();
  client.credentials = {make_credential("alice", std::string(32, 'x'))};
  server.psk_source = source_of({make_credential("alice")});
  Pair pair(make_context(client), make_context(server), to_server);
  expect_failure(pair, Side::server, Reason::psk_binder_mismatch, Alert::decrypt_error);
}

// ---- clients ----

TEST(ClientCertificate, MayBeMissingWhereItIsRequested) {
  ContextOptions server = showing();
  server.verification = trusting();
  server.client_certificates = ClientCertificates::request;
  Pair pair(make_context(verifying()), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::anonymous);
  EXPECT_TRUE(pair.server.connection.peer_certificates().empty());
}

TEST(ClientCertificate, MustNotBeMissingWhereItIsRequired) {
  ContextOptions server = showing();
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  Pair pair(make_context(verifying()), make_context(server), to_server);
  pair.pump();
  ASSERT_TRUE(pair.server.failure);
  EXPECT_EQ(pair.server.failure->reason(), Reason::certificate_required);
  EXPECT_EQ(pair.server.failure->alert(), Alert::certificate_required);
  ASSERT_TRUE(pair.client.failure);  // which was connected already
  EXPECT_EQ(pair.client.failure->alert(), Alert::certificate_required);
}

TEST(ClientCertificate, OfAnUnknownAuthorityIsRefused) {
  const Authority stranger;
  ContextOptions client = verifying(), server = showing();
  client.certificates = {stranger.client().certified_key()};
  server.verification = trusting();
  server.client_certificates = ClientCertificates::request;
  Pair pair(make_context(client), make_context(server), to_server);
  pair.pump();
  ASSERT_TRUE(pair.server.failure);
  EXPECT_EQ(pair.server.failure->reason(), Reason::certificate_issuer_unknown);
  EXPECT_FALSE(pair.server.connection.handshake_done());
}

TEST(ClientCertificate, ThatTheServersAuthoritiesHaveNotIssuedIsLeftForOneThatTheyHave) {
  const Authority stranger(KeyType::p256, "Stranger");
  ContextOptions client = verifying(), server = showing();
  client.certificates = {stranger.client().certified_key(), client_certificate().certified_key()};
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  server.certificate_authorities = {authority().subject_name()};
  Pair pair(make_context(client), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(std::ranges::equal(pair.server.connection.peer_certificates()[0], client_certificate().der()));
}

TEST(ClientCertificate, NeedsAWayToBeJudged) {
  ContextOptions server = showing();
  server.client_certificates = ClientCertificates::request;
  EXPECT_EQ(Context::create(server).error().reason(), Reason::invalid_argument);
}

// ---- OCSP, raw public keys, compression ----

TEST(Stapling, GivesTheResponseToWhoAsks) {
  const Octets response = authority().ocsp(server_certificate());
  ContextOptions server{.certificates = {*server_certificate().certified_key().with_ocsp_response(response)}};
  for (const bool asks : {true, false}) {
    ContextOptions client = verifying();
    client.request_ocsp_response = asks;
    Pair pair(make_context(client), make_context(server), to_server);
    ASSERT_TRUE(pair.handshake());
    EXPECT_TRUE(std::ranges::equal(pair.client.connection.peer_ocsp_response(), asks ? response : Octets()));
  }
}

TEST(Stapling, OfARevokedCertificateIsRefused) {
  const Octets response = authority().ocsp(server_certificate(), {.status = OcspStatus::revoked});
  ContextOptions client = verifying();
  client.request_ocsp_response = true;
  Pair pair(
      make_context(client),
      make_context({.certificates = {*server_certificate().certified_key().with_ocsp_response(response)}}),
      to_server);
  expect_failure(pair, Side::client, Reason::certificate_revoked, Alert::certificate_revoked);
}

TEST(Stapling, ThatIsRequiredAndMissingIsRefused) {
  ContextOptions client = verifying();
  client.request_ocsp_response = client.verification->require_ocsp_response = true;
  Pair pair(make_context(client), make_context(showing()), to_server);
  expect_failure(pair, Side::client, Reason::ocsp_response_missing, Alert::bad_certificate_status_response);
}

TEST(Stapling, WorksForClientsAsWell) {
  const Octets response = authority().ocsp(client_certificate());
  ContextOptions client = verifying(), server = showing();
  client.certificates = {*client_certificate().certified_key().with_ocsp_response(response)};
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  server.request_ocsp_response = true;
  Pair pair(make_context(client), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_TRUE(std::ranges::equal(pair.server.connection.peer_ocsp_response(), response));
}

ContextOptions trusting_raw(const Issued& peer) {
  ContextOptions options;
  options.verification = VerificationOptions{.raw_public_keys = {peer.public_key()}};
  options.peer_certificate_types = {CertificateType::raw_public_key};
  return options;
}

TEST(RawPublicKey, AuthenticatesBothSides) {
  ContextOptions client = trusting_raw(server_certificate()), server = trusting_raw(client_certificate());
  client.certificates = {client_certificate().raw_public_key()};
  server.certificates = {server_certificate().raw_public_key()};
  server.client_certificates = ClientCertificates::require;
  Pair pair(make_context(client), make_context(server), to_server);
  ASSERT_TRUE(pair.handshake()) << (pair.client.failure ? pair.client.failure->message() : "");
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::raw_public_key);
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::raw_public_key);
  EXPECT_EQ(pair.client.connection.peer_certificate_type(), CertificateType::raw_public_key);
  EXPECT_TRUE(
      std::ranges::equal(pair.client.connection.peer_certificates()[0], server_certificate().public_key()));
}

TEST(RawPublicKey, ThatIsNotExpectedIsRefused) {
  ContextOptions client = trusting_raw(client_certificate());
  Pair pair(make_context(client), make_context({.certificates = {server_certificate().raw_public_key()}}),
            to_server);
  expect_failure(pair, Side::client, Reason::raw_public_key_unknown, Alert::bad_certificate);
}

TEST(RawPublicKey, IsNotSentToWhoDidNotAsk) {
  Pair pair(make_context(verifying()),
            make_context({.certificates = {server_certificate().raw_public_key()}}), to_server);
  expect_failure(pair, Side::server, Reason::no_certificate_usable, Alert::handshake_failure);
}

TEST(RawPublicKey, FallsBackToX509WhereBothHaveIt) {
  ContextOptions client = verifying();
  client.verification->raw_public_keys = {server_certificate().public_key()};
  client.peer_certificate_types = {CertificateType::raw_public_key, CertificateType::x509};
  Pair pair(make_context(client), make_context(showing()), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::certificate);
}

class EachCompression : public testing::TestWithParam<CertificateCompressionAlgorithm> {};

TEST_P(EachCompression, CarriesTheChainsOfBothSides) {
  // Certificates with much that repeats: a compressed message is a shorter one.
  CertificateOptions long_one{.subject = "client", .extended_key_usage = "clientAuth"};
  for (int i = 0; i < 100; ++i)
    long_one.dns.push_back("a-long-name-that-repeats-" + std::to_string(i) + ".example");
  ContextOptions client = verifying(), server = showing();
  client.certificates = {authority().issue(long_one).certified_key()};
  server.verification = trusting();
  server.client_certificates = ClientCertificates::require;
  std::size_t sizes[2] = {};
  for (const bool compressed : {false, true}) {
    if (compressed) client.certificate_compression = server.certificate_compression = {GetParam()};
    Pair pair(make_context(client), make_context(server), to_server);
    pair.on_wire = [&](Side from, std::vector<std::uint8_t>& octets) {
      if (from == Side::client) sizes[compressed] += octets.size();
    };
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.server.connection.peer_certificates().size(), 1u);
  }
  EXPECT_LT(sizes[true] + 1000, sizes[false]);
}

INSTANTIATE_TEST_SUITE_P(Compression, EachCompression,
                         testing::Values(CertificateCompressionAlgorithm::zlib,
                                         CertificateCompressionAlgorithm::brotli,
                                         CertificateCompressionAlgorithm::zstd),
                         [](const auto& c) { return std::string(name(c.param)); });

// ---- together with an external key (RFC 8773) ----

struct Both {
  ContextOptions client = verifying(), server = showing();
  Both() {
    client.credentials = {make_credential()};
    server.psk_source = source_of({make_credential()});
    client.cert_with_extern_psk = server.cert_with_extern_psk = CertWithExternPsk::allow;
  }
};

TEST(CertWithExternPsk, AuthenticatesByBoth) {
  for (const bool retry : {false, true}) {
    Both both;
    both.server.always_retry_with_cookie = retry;
    both.client.key_shares = retry ? 0 : 1;
    Pair pair(make_context(both.client), make_context(both.server), to_server);
    ASSERT_TRUE(pair.handshake()) << (pair.client.failure ? pair.client.failure->message() : "");
    EXPECT_EQ(pair.client.connection.authentication(), Authentication::certificate_with_external_psk);
    EXPECT_EQ(pair.server.connection.authentication(),
              Authentication::external_psk);  // the client showed none
    EXPECT_EQ(as_text(pair.client.connection.psk_identity()), "alice");
    EXPECT_EQ(pair.client.connection.peer_certificates().size(), 1u);
    EXPECT_TRUE(pair.client.connection.group());
    expect_transfer(pair, pair.client, pair.server, "up");
  }
}

TEST(CertWithExternPsk, AsksTheClientForACertificateAsWell) {
  Both both;
  both.client.certificates = {client_certificate().certified_key()};
  both.server.verification = trusting();
  both.server.client_certificates = ClientCertificates::require;
  Pair pair(make_context(both.client), make_context(both.server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.server.connection.authentication(), Authentication::certificate_with_external_psk);
}

TEST(CertWithExternPsk, GoesOnByTheCertificateWhereTheKeyIsUnknown) {
  Both both;
  both.server.psk_source = source_of({make_credential("bob")});
  Pair pair(make_context(both.client), make_context(both.server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::certificate);
}

TEST(CertWithExternPsk, GoesOnByTheKeyAloneWhereTheServerDoesNotKnowIt) {
  Both both;
  both.server.cert_with_extern_psk = CertWithExternPsk::off;
  Pair pair(make_context(both.client), make_context(both.server), to_server);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(pair.client.connection.authentication(), Authentication::external_psk);
}

TEST(CertWithExternPsk, RequiredByTheClientIsNothingLess) {
  Both both;
  both.client.cert_with_extern_psk = CertWithExternPsk::require;
  both.server.cert_with_extern_psk = CertWithExternPsk::off;
  Pair by_key(make_context(both.client), make_context(both.server), to_server);
  expect_failure(by_key, Side::client, Reason::certificate_with_psk_required, Alert::handshake_failure);
  both.server.psk_source = nullptr;
  Pair by_certificate(make_context(both.client), make_context(both.server), to_server);
  expect_failure(by_certificate, Side::client, Reason::certificate_with_psk_required,
                 Alert::handshake_failure);
}

TEST(CertWithExternPsk, RequiredByTheServerIsNothingLess) {
  Both both;
  both.server.cert_with_extern_psk = CertWithExternPsk::require;
  both.client.cert_with_extern_psk = CertWithExternPsk::off;
  Pair pair(make_context(both.client), make_context(both.server), to_server);
  expect_failure(pair, Side::server, Reason::certificate_with_psk_required, Alert::handshake_failure);
}

TEST(CertWithExternPsk, AWrongKeyIsRefused) {
  Both both;
  both.client.credentials = {make_credential("alice", std::string(32, 'x'))};
  Pair pair(make_context(both.client), make_context(both.server), to_server);
  expect_failure(pair, Side::server, Reason::psk_binder_mismatch, Alert::decrypt_error);
}

TEST(CertWithExternPsk, TheKeyDoesNotExcuseAWrongCertificate) {
  Both both;
  const Authority stranger;
  both.server.certificates = {stranger.server().certified_key()};
  Pair pair(make_context(both.client), make_context(both.server), to_server);
  expect_failure(pair, Side::client, Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

// ---- contexts by name ----

TEST(SelectedContext, TakesThePlaceOfTheFirst) {
  const auto inner = make_context(showing());
  ContextOptions outer;
  std::vector<std::string> seen;
  outer.select = [&](const ClientHelloInfo& hello, ContextChoice& choice) {
    seen.emplace_back(hello.server_name);
    if (hello.server_name == "server.example") choice.use(inner);
    if (hello.server_name == "refused.example") choice.refuse(Alert::unrecognized_name);
  };
  for (const bool retry : {false, true}) {
    ContextOptions client = verifying();
    if (retry) client.key_shares = 0;
    Pair pair(make_context(client), make_context(outer), to_server);
    ASSERT_TRUE(pair.handshake());
    EXPECT_EQ(pair.client.connection.retried(), retry);
  }
  EXPECT_EQ(seen,
            (std::vector<std::string>{"server.example", "server.example"}));  // once for each connection
  Pair refused(make_context(verifying()), make_context(outer), {.server_name = "refused.example"});
  expect_failure(refused, Side::server, Reason::context_refused, Alert::unrecognized_name);
  Pair none(make_context(verifying()), make_context(outer), {.server_name = "none.example"});
  none.pump();
  ASSERT_TRUE(none.server.failure);
}

TEST(SelectedContext, MayComeLater) {
  ContextOptions outer;
  outer.select = [](const ClientHelloInfo&, ContextChoice& choice) { choice.later(); };
  Pair pair(make_context(verifying()), make_context(outer), to_server);
  pair.pump();
  Connection& server = pair.server.connection;
  ASSERT_EQ(server.wait(), Wait::context);
  ASSERT_TRUE(server.pending_context());
  EXPECT_EQ(server.pending_context()->server_name, "server.example");
  EXPECT_EQ(server.supply_psk({}).error().reason(), Reason::nothing_pending);
  ASSERT_TRUE(server.supply_context(make_context(showing())));
  EXPECT_EQ(server.supply_context(nullptr).error().reason(), Reason::nothing_pending);
  ASSERT_TRUE(pair.handshake());
}

}  // namespace
}  // namespace sesame::test
