// Chains: RFC 5280 by libcrypto, and what it is asked.
#include <openssl/x509v3.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "judging.h"

namespace sesame::test {
namespace {

class Judging : public testing::Test {
 protected:
  const Authority root;
  const Authority middle = root.intermediate();
  const Issued server = middle.server();
  Judge judge{.options = {.trust = root.trust()}};
};

TEST_F(Judging, AcceptsAChainThatLeadsToATrustAnchor) { expect_accepted(judge(server)); }

TEST_F(Judging, AcceptsEveryKindOfKeyAtEveryPlace) {
  for (const KeyType type : usable_key_types) {
    const Authority own_root(type), below = own_root.intermediate(type);
    judge.options.trust = own_root.trust();
    const Issued issued = below.server("server.example", type);
    const auto result = judge(issued);
    EXPECT_TRUE(result) << name(type) << ": " << (result ? "" : result.error().message());
  }
}

TEST_F(Judging, DoesNotNeedWhatReadingHasParsed) {
  const std::vector<Octets> chain = server.chain();
  const std::vector<Bytes> views(chain.begin(), chain.end());
  auto peer = certificate::read_peer(system_provider(), CertificateType::x509, views, {});
  ASSERT_TRUE(peer);
  peer->parsed.reset();
  expect_accepted(judge.of_peer(*peer));
  judge.name = "other.example";
  expect_failure(judge.of_peer(*peer), Reason::certificate_name_mismatch, Alert::bad_certificate);
}

TEST_F(Judging, AcceptsMoreThanIsNeededInAnyOrder) {
  const Authority other(KeyType::p256, "Other Root");
  expect_accepted(
      judge.of_chain({server.der(), other.own().der(), root.own().der(), middle.own().der(), server.der()}));
}

TEST_F(Judging, RefusesAnUnknownAuthority) {
  const Authority other(KeyType::p256, "Other Root");
  judge.options.trust = other.trust();
  expect_failure(judge(server), Reason::certificate_issuer_unknown, Alert::unknown_ca, "Test Intermediate");
}

TEST_F(Judging, RefusesAnAuthorityThatOnlyHasTheName) {
  judge.options.trust = Authority().trust();  // another "Test Root"
  EXPECT_FALSE(judge(server));
}

TEST_F(Judging, RefusesAChainWithoutItsIntermediate) {
  expect_failure(judge(server.alone()), Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST_F(Judging, RefusesASelfSignedCertificateThatIsNotTrusted) {
  const Authority self(KeyType::p256, "Self", {.dns = {"server.example"}});
  expect_failure(judge(self.own()), Reason::certificate_issuer_unknown, Alert::unknown_ca, "self");
  judge.options.trust = self.trust();
  expect_accepted(judge(self.own()));
}

TEST_F(Judging, RefusesARootThatThePeerBrings) {
  const Authority other(KeyType::p256, "Other Root");
  expect_failure(judge.of_chain({other.server().der(), other.own().der()}),
                 Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST_F(Judging, RefusesASignatureThatIsNotTheIssuers) {
  const Authority impostor = root.intermediate();  // the same name, another key
  Octets forged = impostor.server().der();
  const auto result = judge.of_chain({forged, middle.own().der()});
  ASSERT_FALSE(result);
  Octets changed = server.der();
  changed.back() ^= 1;
  expect_failure(judge.of_chain({changed, middle.own().der()}), Reason::certificate_not_trusted,
                 Alert::bad_certificate, "signature failure");
}

// ---- Time ----

TEST_F(Judging, RefusesACertificateThatHasExpired) {
  const Issued expired = middle.issue({.dns = {"server.example"}, .not_after = -hours(1)});
  expect_failure(judge(expired), Reason::certificate_expired, Alert::certificate_expired, "certificate 1");
}

TEST_F(Judging, RefusesACertificateThatIsNotYetValid) {
  const Issued early = middle.issue({.dns = {"server.example"}, .not_before = hours(1)});
  expect_failure(judge(early), Reason::certificate_not_yet_valid, Alert::bad_certificate, "certificate 1");
}

TEST_F(Judging, RefusesAnIntermediateThatHasExpired) {
  const Authority expired = root.intermediate(KeyType::p256, "Old", {.not_after = -hours(1)});
  expect_failure(judge(expired.server()), Reason::certificate_expired, Alert::certificate_expired,
                 "certificate 2 of the chain (CN = Old)");
}

TEST_F(Judging, GoesByTheClockOfTheConnection) {
  judge.later = hours(24 * 40);
  expect_failure(judge(server), Reason::certificate_expired, Alert::certificate_expired);
  judge.later = -hours(48);
  expect_failure(judge(server), Reason::certificate_not_yet_valid, Alert::bad_certificate);
  judge.later = hours(1);
  expect_accepted(judge(server));
}

// ---- Names ----

TEST_F(Judging, RefusesACertificateForAnotherName) {
  judge.name = "other.example";
  expect_failure(judge(server), Reason::certificate_name_mismatch, Alert::bad_certificate,
                 "expected other.example, it is for server.example");
}

TEST_F(Judging, FindsANameAmongSeveral) {
  const Issued issued = middle.issue({.dns = {"a.example", "server.example"}, .ip = {"192.0.2.7"}});
  expect_accepted(judge(issued));
  judge.name = "SERVER.Example";
  expect_accepted(judge(issued));
  judge.name = "server.example.";
  expect_accepted(judge(issued));
  judge.name = "b.example";
  expect_failure(judge(issued), Reason::certificate_name_mismatch, Alert::bad_certificate,
                 "a.example, server.example, 192.0.2.7");
}

TEST_F(Judging, AWildcardIsOneWholeLabel) {
  const Issued wild = middle.issue({.dns = {"*.wild.example", "p*.part.example"}});
  judge.name = "a.wild.example";
  expect_accepted(judge(wild));
  for (const char* other : {"wild.example", "a.b.wild.example", "pa.part.example", "p.part.example"}) {
    judge.name = other;
    expect_failure(judge(wild), Reason::certificate_name_mismatch, Alert::bad_certificate);
  }
}

TEST_F(Judging, ACommonNameIsNoName) {
  const Issued old = middle.issue({.subject = "server.example"});
  expect_failure(judge(old), Reason::certificate_name_mismatch, Alert::bad_certificate,
                 "it is for no name at all");
}

TEST_F(Judging, FindsAddresses) {
  const Issued issued = middle.issue({.dns = {"192.0.2.8"}, .ip = {"192.0.2.7", "2001:db8::7"}});
  for (const char* address : {"192.0.2.7", "2001:db8::7", "2001:DB8:0:0::7", "[2001:db8::7]"}) {
    judge.name = address;
    expect_accepted(judge(issued));
  }
  for (const char* address : {"192.0.2.8", "192.0.2.9", "2001:db8::8"}) {
    judge.name = address;  // 192.0.2.8 stands there as a DNS name only, which is no address
    expect_failure(judge(issued), Reason::certificate_name_mismatch, Alert::bad_certificate, "2001:db8::7");
  }
}

TEST_F(Judging, AnAddressIsNotFoundInADnsName) {
  const Issued issued = middle.issue({.dns = {"*.0.2.7", "*"}});
  judge.name = "192.0.2.7";
  expect_failure(judge(issued), Reason::certificate_name_mismatch, Alert::bad_certificate);
}

TEST_F(Judging, RefusesANameThatIsNone) {
  const Issued issued = middle.issue({.dns = {"server.example"}, .ip = {"192.0.2.7"}});
  for (const std::string& none : {std::string("server.example\0.evil", 20),
                                  std::string("192.0.2.7\0.evil", 15), std::string("."), std::string("[]")}) {
    judge.name = none;
    expect_failure(judge(issued), Reason::certificate_name_mismatch, Alert::bad_certificate);
  }
}

TEST_F(Judging, WithoutANameAnyWillDo) {
  judge.name.clear();
  expect_accepted(judge(server));
}

TEST_F(Judging, AServerLooksForNoName) {
  judge.side = Side::server;
  expect_accepted(judge(middle.client()));
}

// ---- Purpose ----

TEST_F(Judging, RefusesACertificateForSomethingElse) {
  const Issued client = middle.issue({.dns = {"server.example"}, .extended_key_usage = "clientAuth"});
  expect_failure(judge(client), Reason::certificate_purpose_wrong, Alert::unsupported_certificate,
                 "certificate 1");
  const Issued mail = middle.issue({.dns = {"server.example"}, .extended_key_usage = "emailProtection"});
  expect_failure(judge(mail), Reason::certificate_purpose_wrong, Alert::unsupported_certificate);
  judge.side = Side::server;
  expect_failure(judge(server), Reason::certificate_purpose_wrong, Alert::unsupported_certificate);
}

TEST_F(Judging, AcceptsACertificateForBothOrForAnything) {
  for (const char* usage : {"serverAuth,clientAuth", ""}) {
    const Issued issued = middle.issue({.dns = {"server.example"}, .extended_key_usage = usage});
    for (const Side side : {Side::client, Side::server}) {
      judge.side = side;
      expect_accepted(judge(issued));
    }
  }
}

TEST_F(Judging, RefusesAnIssuerThatIsNoAuthority) {
  const Authority not_one = root.intermediate(
      KeyType::p256, "No CA", {.key_usage = "digitalSignature", .basic_constraints = "critical,CA:FALSE"});
  expect_failure(judge(not_one.server()), Reason::certificate_purpose_wrong, Alert::unsupported_certificate);
}

TEST_F(Judging, RefusesAPathThatIsLongerThanAnAuthorityAllows) {
  const Authority last =
      root.intermediate(KeyType::p256, "Last", {.basic_constraints = "critical,CA:TRUE,pathlen:0"});
  expect_accepted(judge(last.server()));
  const Authority below = last.intermediate(KeyType::p256, "Below");
  expect_failure(judge(below.server()), Reason::certificate_purpose_wrong, Alert::unsupported_certificate,
                 "path length");
}

// ---- What the options say ----

TEST_F(Judging, BoundsTheDepth) {
  const Authority low = middle.intermediate(KeyType::p256, "Low");
  const Issued deep = low.server();
  judge.options.depth = 2;
  expect_accepted(judge(deep));
  judge.options.depth = 1;
  EXPECT_FALSE(judge(deep));
  expect_accepted(judge(server));
  judge.options.depth = 0;
  EXPECT_FALSE(judge(server));
  expect_accepted(judge(root.server()));
  judge.options.depth = 0xffff'ffff;
  expect_accepted(judge(deep));
}

TEST_F(Judging, RefusesKeysBelowTheSecurityLevel) {
  const Issued weak = middle.issue(KeyType::rsa1024, {.dns = {"server.example"}});
  judge.options.security_level = 1;
  expect_accepted(judge(weak));  // 80 bits
  judge.options.security_level = 2;
  expect_failure(judge(weak), Reason::certificate_key_unsuitable, Alert::bad_certificate, "too weak");
  const Authority weak_root(KeyType::rsa1024);
  judge.options.trust = weak_root.trust();
  expect_failure(judge(weak_root.server()), Reason::certificate_key_unsuitable, Alert::bad_certificate);
  judge.options.security_level = 0;
  expect_accepted(judge(weak_root.server()));
}

TEST_F(Judging, RefusesDigestsBelowTheSecurityLevel) {
  const Issued weak = middle.issue({.dns = {"server.example"}, .digest = "SHA1"});
  expect_failure(judge(weak), Reason::certificate_key_unsuitable, Alert::bad_certificate, "too weak");
  judge.options.security_level = 0;
  expect_accepted(judge(weak));
}

TEST_F(Judging, TakesAnIntermediateAsAnAnchorOnlyWhereThatIsAllowed) {
  judge.options.trust = middle.trust();
  expect_failure(judge(server.alone()), Reason::certificate_issuer_unknown, Alert::unknown_ca);
  judge.options.partial_chain = true;
  expect_accepted(judge(server.alone()));
  judge.options.trust = trust_of(server.pem());
  expect_accepted(judge(server));
  judge.options.partial_chain = false;
  EXPECT_FALSE(judge(server));
}

TEST_F(Judging, AServerThatSaysNothingTrustsNobody) {
  judge.options.trust.reset();
  judge.side = Side::server;
  expect_failure(judge(middle.client()), Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

TEST_F(Judging, AClientThatSaysNothingAsksTheSystem) {
  judge.options.trust.reset();
  expect_failure(judge(server), Reason::certificate_issuer_unknown, Alert::unknown_ca);
}

// ---- Stores ----

TEST_F(Judging, TakesTrustAnchorsFromAFile) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "sesame-trust.pem";
  std::ofstream(file) << Authority().pem() << "a comment\n" << root.pem() << root.pem();
  const auto trust = TrustStore::from_file(file);
  ASSERT_TRUE(trust) << trust.error().message();
  judge.options.trust = *trust;
  expect_accepted(judge(server));
  std::filesystem::remove(file);
  const auto gone = TrustStore::from_file(file);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().reason(), Reason::file_unreadable);
}

TEST_F(Judging, RefusesAStoreWithoutACertificate) {
  std::string damaged = root.pem();
  damaged[damaged.size() / 2] = '!';
  for (const std::string& text : {std::string(), std::string("nothing"), damaged, root.pem() + damaged,
                                  root.crl(), root.own().key_pem()}) {
    const auto trust = TrustStore::from_pem(text);
    ASSERT_FALSE(trust) << text;
    EXPECT_EQ(trust.error().reason(), Reason::certificate_unreadable);
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
}

class Handle {
 public:
  ~Handle() { X509_STORE_free(store); }
  X509_STORE* const store = X509_STORE_new();
};

TEST_F(Judging, TakesAStoreOfTheApplications) {
  {
    const Handle own;
    X509_STORE_add_cert(own.store, root.own().certificate.get());
    judge.options.trust = *TrustStore::from_handle(own.store);
  }
  expect_accepted(judge(server));
  const auto none = TrustStore::from_handle(nullptr);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason(), Reason::invalid_argument);
}

TEST_F(Judging, AStoreDoesNotDecideThePurpose) {
  const Handle own;
  X509_STORE_add_cert(own.store, root.own().certificate.get());
  X509_STORE_set_purpose(own.store, X509_PURPOSE_SSL_CLIENT);
  judge.options.trust = *TrustStore::from_handle(own.store);
  expect_accepted(judge(server));
  expect_failure(judge(middle.issue({.dns = {"server.example"}, .extended_key_usage = "clientAuth"})),
                 Reason::certificate_purpose_wrong, Alert::unsupported_certificate);
}

// It would say "trusted" of a chain that is not: that is for VerificationOptions::verify to say.
TEST_F(Judging, ACallbackOfAStoreOverrulesNothing) {
  const Handle own;
  X509_STORE_set_verify_cb(own.store, [](int, X509_STORE_CTX*) { return 1; });
  judge.options.trust = *TrustStore::from_handle(own.store);
  EXPECT_FALSE(judge(server));
}

TEST_F(Judging, ThreadsShareAStoreAndWhatWasParsed) {
  const std::vector<Octets> chain = server.chain();
  const std::vector<Bytes> views(chain.begin(), chain.end());
  const auto shared = certificate::read_peer(system_provider(), CertificateType::x509, views, {});
  ASSERT_TRUE(shared);
  std::atomic<int> accepted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, own = judge]() mutable {
      for (int round = 0; round < 25; ++round) {
        if (own(server)) ++accepted;
        if (own.of_peer(*shared)) ++accepted;
        own.name = round % 2 == 0 ? "server.example" : "SERVER.example";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, 200);
}

TEST_F(Judging, TheSystemsStoreIsThere) { EXPECT_TRUE(TrustStore::system()); }

}  // namespace
}  // namespace sesame::test
