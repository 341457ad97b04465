#include "certificate/certified_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>

#include "support/authority.h"
#include "support/octets.h"

namespace sesame::test {
namespace {

using certificate::CertifiedKeyAccess;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CertifiedKeys : public testing::Test {
 protected:
  ~CertifiedKeys() override {
    EXPECT_EQ(ERR_peek_error(), 0u) << "libcrypto's error queue is the application's";
  }
  const Authority root;
  const Authority middle = root.intermediate();
  const Issued server = middle.server();
};

Reason reason_of(const Expected<CertifiedKey>& made) {
  return made ? Reason::internal_error : made.error().reason();
}

std::vector<Octets> octets_of(const std::vector<Bytes>& chain) {
  std::vector<Octets> out;
  for (const Bytes one : chain) out.emplace_back(one.begin(), one.end());
  return out;
}

class NoSigner : public Signer {
  void sign(const SignatureQuery&, SignatureAnswer&) override {}
};

TEST_F(CertifiedKeys, AreMadeOfPem) {
  const auto made = CertifiedKey::from_pem(server.chain_pem(), server.key_pem());
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->type(), CertificateType::x509);
  EXPECT_EQ(octets_of(made->chain()), server.chain());
  EXPECT_EQ(made->chain().size(), 2u);
  EXPECT_EQ(Octets(made->subject_public_key_info().begin(), made->subject_public_key_info().end()),
            server.public_key());
  EXPECT_THAT(made->schemes(), ElementsAre(SignatureScheme::ecdsa_secp256r1_sha256));
}

TEST_F(CertifiedKeys, AreMadeForEveryKindOfKey) {
  for (const KeyType type : usable_key_types) {
    const Issued issued = root.server("server.example", type);
    const auto made = CertifiedKey::from_pem(issued.pem(), issued.key_pem());
    ASSERT_TRUE(made) << name(type) << ": " << made.error().message();
    EXPECT_FALSE(made->schemes().empty()) << name(type);
  }
}

TEST_F(CertifiedKeys, PassOverWhatElseStandsInThePem) {
  const std::string all = server.key_pem() + "a comment\n" + server.chain_pem();
  const auto made = CertifiedKey::from_pem(all, all);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->chain().size(), 2u);
}

TEST_F(CertifiedKeys, RefuseWhatIsNoCertificate) {
  for (const std::string& text : {std::string(), std::string("nothing"), server.key_pem()}) {
    const auto made = CertifiedKey::from_pem(text, server.key_pem());
    EXPECT_EQ(reason_of(made), Reason::certificate_unreadable) << text;
    EXPECT_EQ(made.error().alert(), Alert::none);
  }
}

TEST_F(CertifiedKeys, RefuseADamagedCertificateAndSayWhich) {
  std::string damaged = server.pem();
  damaged[damaged.size() / 2] = '!';
  auto made = CertifiedKey::from_pem(damaged, server.key_pem());
  EXPECT_EQ(reason_of(made), Reason::certificate_unreadable);
  EXPECT_THAT(std::string(made.error().detail()), HasSubstr("certificate 1"));
  made = CertifiedKey::from_pem(server.pem() + damaged, server.key_pem());
  EXPECT_EQ(reason_of(made), Reason::certificate_unreadable);
  EXPECT_THAT(std::string(made.error().detail()), HasSubstr("certificate 2"));
}

TEST_F(CertifiedKeys, RefuseACertificateThatIsCutOff) {
  const std::string pem = server.pem();
  EXPECT_EQ(reason_of(CertifiedKey::from_pem(pem.substr(0, pem.size() / 2), server.key_pem())),
            Reason::certificate_unreadable);
}

TEST_F(CertifiedKeys, RefuseAKeyThatIsNone) {
  for (const std::string& text : {std::string(), std::string("nothing"), server.pem()}) {
    EXPECT_EQ(reason_of(CertifiedKey::from_pem(server.pem(), text)), Reason::private_key_unreadable) << text;
  }
}

TEST_F(CertifiedKeys, RefuseTheKeyOfAnotherCertificate) {
  EXPECT_EQ(reason_of(CertifiedKey::from_pem(server.pem(), middle.own().key_pem())),
            Reason::private_key_mismatch);
  const Issued rsa = root.server("server.example", KeyType::rsa2048);
  EXPECT_EQ(reason_of(CertifiedKey::from_pem(server.pem(), rsa.key_pem())), Reason::private_key_mismatch);
}

TEST_F(CertifiedKeys, OpenAnEncryptedKeyByItsPassphrase) {
  const std::string key = server.key_pem("secret");
  EXPECT_TRUE(CertifiedKey::from_pem(server.pem(), key, "secret"));
  auto made = CertifiedKey::from_pem(server.pem(), key);
  EXPECT_EQ(reason_of(made), Reason::private_key_unreadable);
  EXPECT_THAT(std::string(made.error().detail()), HasSubstr("no passphrase"));
  made = CertifiedKey::from_pem(server.pem(), key, "wrong");
  EXPECT_EQ(reason_of(made), Reason::private_key_unreadable);
  EXPECT_THAT(std::string(made.error().detail()), HasSubstr("passphrase is wrong"));
  EXPECT_EQ(reason_of(CertifiedKey::from_pem(server.pem(), key, std::string(5000, 'x'))),
            Reason::private_key_unreadable);
}

TEST_F(CertifiedKeys, RefuseAChainInAnotherOrder) {
  const Authority low = middle.intermediate(KeyType::p256, "Low");
  const Issued deep = low.server();
  ASSERT_EQ(deep.intermediates.size(), 2u);
  const auto of = [&](std::vector<std::string> parts) {
    std::string text;
    for (const std::string& part : parts) text += part;
    return CertifiedKey::from_pem(text, deep.key_pem());
  };
  EXPECT_TRUE(of({deep.pem(), low.pem(), middle.pem()}));
  EXPECT_TRUE(of({deep.pem(), low.pem(), middle.pem(), root.pem()})) << "the root may stand at the end";
  const auto swapped = of({deep.pem(), middle.pem(), low.pem()});
  EXPECT_EQ(reason_of(swapped), Reason::certificate_chain_disordered);
  EXPECT_EQ(swapped.error().detail(), "certificate 1 was not issued by certificate 2");
  EXPECT_EQ(reason_of(of({deep.pem(), low.pem(), root.pem()})), Reason::certificate_chain_disordered);
  EXPECT_EQ(reason_of(of({deep.pem(), deep.pem()})), Reason::certificate_chain_disordered);
  EXPECT_EQ(reason_of(of({low.pem(), deep.pem()})), Reason::certificate_chain_disordered);
}

// RFC 8422 section 5.4: below TLS 1.3 ECDSA signs with any curve.
TEST_F(CertifiedKeys, TakeAKeyThatOnlyTls12HasASchemeFor) {
  const Issued other = root.server("server.example", KeyType::secp256k1);
  const auto key = CertifiedKey::from_pem(other.pem(), other.key_pem());
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->schemes().empty());
}

TEST_F(CertifiedKeys, AreReadFromFiles) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "sesame-certified-key";
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* file, const std::string& text) {
    std::ofstream(folder / file) << text;
    return folder / file;
  };
  // Longer than one read, so that the buffer has to grow.
  const auto both =
      write("both.pem", std::string(40'000, '#') + "\n" + server.chain_pem() + server.key_pem());
  const auto certificate = write("certificate.pem", server.chain_pem());
  const auto key = write("key.pem", server.key_pem("secret"));
  EXPECT_TRUE(CertifiedKey::from_files(both, both));
  EXPECT_TRUE(CertifiedKey::from_files(certificate, key, "secret"));

  auto made = CertifiedKey::from_files(certificate, key);
  EXPECT_EQ(reason_of(made), Reason::private_key_unreadable);
  EXPECT_THAT(std::string(made.error().detail()), HasSubstr(key.string()));
  made = CertifiedKey::from_files(key, key, "secret");
  EXPECT_EQ(reason_of(made), Reason::certificate_unreadable);
  for (const auto& [c, k] :
       {std::pair(folder / "none", key), std::pair(certificate, folder / "none"), std::pair(folder, key)}) {
    made = CertifiedKey::from_files(c, k);
    EXPECT_EQ(reason_of(made), Reason::file_unreadable);
    EXPECT_THAT(std::string(made.error().detail()), HasSubstr(folder.string()));
  }
  std::filesystem::remove_all(folder);
}

TEST_F(CertifiedKeys, KeepTheirHandles) {
  std::optional<CertifiedKey> kept;
  {
    const Issued brief = root.server("brief.example");
    kept = brief.certified_key();
  }
  EXPECT_THAT(CertifiedKeyAccess::body(*kept).names, ElementsAre("brief.example"));
  EXPECT_TRUE(CertifiedKeyAccess::body(*kept).private_key);
}

TEST_F(CertifiedKeys, AreNotMadeOfNothing) {
  EXPECT_EQ(reason_of(CertifiedKey::from_handles({}, server.key.get())), Reason::certificate_unreadable);
  EXPECT_EQ(reason_of(CertifiedKey::from_handles(server.handles(), nullptr)), Reason::private_key_unreadable);
  EXPECT_EQ(reason_of(CertifiedKey::from_signer(server.handles(), nullptr)), Reason::private_key_unreadable);
  EXPECT_EQ(reason_of(CertifiedKey::raw_public_key(nullptr)), Reason::algorithm_unavailable);
  EXPECT_EQ(reason_of(CertifiedKey::raw_public_key(text("none"), std::make_shared<NoSigner>())),
            Reason::algorithm_unavailable);
  EXPECT_EQ(reason_of(CertifiedKey::raw_public_key(server.public_key(), nullptr)),
            Reason::private_key_unreadable);
}

TEST_F(CertifiedKeys, WithASignerKnowWhatTheCertificateSays) {
  const auto made = CertifiedKey::from_signer(server.handles(), std::make_shared<NoSigner>());
  ASSERT_TRUE(made);
  EXPECT_EQ(octets_of(made->chain()), server.chain());
  EXPECT_THAT(made->schemes(), ElementsAre(SignatureScheme::ecdsa_secp256r1_sha256));
  EXPECT_FALSE(CertifiedKeyAccess::body(*made).private_key);
}

TEST_F(CertifiedKeys, WithARawPublicKeyAreItsSubjectPublicKeyInfo) {
  for (const auto& made : {CertifiedKey::raw_public_key(server.key.get()),
                           CertifiedKey::raw_public_key(server.public_key(), std::make_shared<NoSigner>())}) {
    ASSERT_TRUE(made);
    EXPECT_EQ(made->type(), CertificateType::raw_public_key);
    EXPECT_THAT(octets_of(made->chain()), ElementsAre(server.public_key()));
    EXPECT_THAT(made->schemes(), ElementsAre(SignatureScheme::ecdsa_secp256r1_sha256));
  }
}

// ---- What choosing needs ----

TEST_F(CertifiedKeys, KnowTheirNamesInLowerCase) {
  const Issued issued =
      root.issue({.subject = "not.a.name", .dns = {"WWW.Example.COM", "*.example.org"}, .ip = {"192.0.2.1"}});
  EXPECT_THAT(CertifiedKeyAccess::body(issued.certified_key()).names,
              ElementsAre("www.example.com", "*.example.org"));
  const Issued nameless = root.issue({.subject = "www.example.com"});
  EXPECT_THAT(CertifiedKeyAccess::body(nameless.certified_key()).names, IsEmpty());
}

TEST_F(CertifiedKeys, KnowTheIssuersOfTheirChain) {
  EXPECT_THAT(CertifiedKeyAccess::body(server.certified_key()).issuers,
              ElementsAre(middle.subject_name(), root.subject_name()));
}

TEST_F(CertifiedKeys, KnowWhatTheirChainIsSignedBy) {
  using enum SignatureScheme;
  const auto of = [](const Issued& issued) {
    return CertifiedKeyAccess::body(issued.certified_key()).chain_schemes;
  };
  const auto by = [&](KeyType type, const char* digest, bool pss = false) {
    return of(Authority(type).issue({.digest = digest, .pss_signature = pss}));
  };
  EXPECT_THAT(by(KeyType::p256, "SHA256"), ElementsAre(ecdsa_secp256r1_sha256));
  EXPECT_THAT(by(KeyType::p384, "SHA384"), ElementsAre(ecdsa_secp384r1_sha384));
  EXPECT_THAT(by(KeyType::p521, "SHA512"), ElementsAre(ecdsa_secp521r1_sha512));
  EXPECT_THAT(by(KeyType::p256, "SHA1"), ElementsAre(ecdsa_sha1));
  EXPECT_THAT(by(KeyType::ed25519, ""), ElementsAre(ed25519));
  EXPECT_THAT(by(KeyType::ed448, ""), ElementsAre(ed448));
  EXPECT_THAT(by(KeyType::rsa2048, "SHA256"), ElementsAre(rsa_pkcs1_sha256));
  EXPECT_THAT(by(KeyType::rsa2048, "SHA384"), ElementsAre(rsa_pkcs1_sha384));
  EXPECT_THAT(by(KeyType::rsa2048, "SHA512"), ElementsAre(rsa_pkcs1_sha512));
  EXPECT_THAT(by(KeyType::rsa2048, "SHA1"), ElementsAre(rsa_pkcs1_sha1));
  EXPECT_THAT(by(KeyType::rsa2048, "SHA256", true), ElementsAre(rsa_pss_rsae_sha256));
  EXPECT_THAT(by(KeyType::rsa2048, "SHA512", true), ElementsAre(rsa_pss_rsae_sha512));
  EXPECT_THAT(by(KeyType::p256, "SHA224"), ElementsAre(SignatureScheme{})) << "TLS has no scheme for it";

  // The issuer's key decides between rsae and pss; it is known where the issuer is in the chain.
  const Authority pss = root.intermediate(KeyType::rsa_pss, "PSS");
  EXPECT_THAT(of(pss.issue({.digest = "SHA384", .pss_signature = true})),
              ElementsAre(rsa_pss_pss_sha384, ecdsa_secp256r1_sha256));
}

// RFC 8446 section 4.2.3: self-signed certificates are trusted for another reason than their signature.
TEST_F(CertifiedKeys, DoNotCountTheSignatureOfASelfSignedCertificate) {
  const Authority weak(KeyType::p256, "Weak Root", {.digest = "SHA1"});
  const Issued issued = weak.issue({});
  const auto with_root = CertifiedKey::from_handles(
      std::vector{issued.certificate.get(), weak.own().certificate.get()}, issued.key.get());
  ASSERT_TRUE(with_root);
  EXPECT_THAT(CertifiedKeyAccess::body(*with_root).chain_schemes,
              ElementsAre(SignatureScheme::ecdsa_secp256r1_sha256));
  EXPECT_THAT(CertifiedKeyAccess::body(weak.own().certified_key()).chain_schemes, IsEmpty());
}

// ---- OCSP responses of one's own ----

TEST_F(CertifiedKeys, CarryAnOcspResponseAsItIs) {
  const CertifiedKey bare = server.certified_key();
  const Octets response = middle.ocsp(server);
  const auto with = bare.with_ocsp_response(response);
  ASSERT_TRUE(with) << with.error().message();
  EXPECT_EQ(CertifiedKeyAccess::body(*with).ocsp_response, response);
  EXPECT_THAT(CertifiedKeyAccess::body(bare).ocsp_response, IsEmpty()) << "the first is another one still";
  EXPECT_EQ(octets_of(with->chain()), server.chain());
  EXPECT_EQ(CertifiedKeyAccess::body(*with).names, CertifiedKeyAccess::body(bare).names);
  EXPECT_EQ(CertifiedKeyAccess::body(*with).issuers, CertifiedKeyAccess::body(bare).issuers);
  EXPECT_EQ(CertifiedKeyAccess::body(*with).chain_schemes, CertifiedKeyAccess::body(bare).chain_schemes);
  EXPECT_EQ(CertifiedKeyAccess::body(*with).private_key.get(), server.key.get());
  EXPECT_THAT(with->schemes(), ElementsAre(SignatureScheme::ecdsa_secp256r1_sha256));
}

TEST_F(CertifiedKeys, RefuseAnOcspResponseThatIsNone) {
  const CertifiedKey bare = server.certified_key();
  const Octets response = middle.ocsp(server);
  for (std::size_t size = 0; size < response.size(); ++size) {
    EXPECT_EQ(reason_of(bare.with_ocsp_response(Bytes(response).first(size))),
              Reason::ocsp_response_malformed)
        << size;
  }
  EXPECT_EQ(reason_of(bare.with_ocsp_response(join({response, u8(0)}))), Reason::ocsp_response_malformed);
  EXPECT_EQ(reason_of(bare.with_ocsp_response(middle.ocsp_error(OCSP_RESPONSE_STATUS_TRYLATER))),
            Reason::ocsp_response_malformed);
}

}  // namespace
}  // namespace sesame::test
