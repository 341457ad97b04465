// RFC 8446 sections 4.4.2.2 and 4.4.2.3: which certificate is shown, and what it is signed by.
#include <gtest/gtest.h>

#include "certificate/certified_key.h"
#include "support/authority.h"
#include "support/octets.h"

namespace sesame::test {
namespace {

using certificate::choose;
using certificate::Chosen;
using certificate::Wanted;
using enum SignatureScheme;

const std::vector<SignatureScheme> any_scheme = {ecdsa_secp256r1_sha256,
                                                 ed25519,
                                                 ecdsa_secp384r1_sha384,
                                                 ecdsa_secp521r1_sha512,
                                                 ed448,
                                                 rsa_pss_pss_sha256,
                                                 rsa_pss_rsae_sha256,
                                                 rsa_pss_pss_sha384,
                                                 rsa_pss_rsae_sha384,
                                                 rsa_pss_pss_sha512,
                                                 rsa_pss_rsae_sha512,
                                                 rsa_pkcs1_sha256};

Octets encoded(const std::vector<SignatureScheme>& schemes) {
  Octets out;
  for (const SignatureScheme scheme : schemes) append(out, u16(static_cast<std::uint16_t>(scheme)));
  return out;
}

// What a peer asks for, with the octets that the views are of.
struct Peer {
  std::vector<SignatureScheme> schemes = any_scheme;
  std::vector<SignatureScheme> certificate_schemes = {};
  std::vector<Octets> authorities = {};
  std::string server_name = {};
  CertificateType type = CertificateType::x509;
};

struct Choice {
  int index = -1;
  SignatureScheme scheme{};
  Reason reason{};
  bool operator==(const Choice&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Choice& choice) {
  return out << "key " << choice.index << " by " << name(choice.scheme);
}

Choice chosen(const std::vector<CertifiedKey>& keys, const Peer& peer,
              const std::vector<SignatureScheme>& ours = any_scheme) {
  const Octets schemes = encoded(peer.schemes), certificate_schemes = encoded(peer.certificate_schemes);
  Octets authorities;
  for (const Octets& authority : peer.authorities) append(authorities, vec16(authority));
  Wanted wanted;
  wanted.signature_algorithms.raw = schemes;
  wanted.signature_algorithms_cert.raw = certificate_schemes;
  wanted.certificate_authorities.raw = authorities;
  wanted.server_name = peer.server_name;
  wanted.type = peer.type;
  const Expected<Chosen> made = choose(keys, ours, wanted);
  if (!made) return {.reason = made.error().reason()};
  return {.index = static_cast<int>(made->key - keys.data()), .scheme = made->scheme};
}

int index(const std::vector<CertifiedKey>& keys, const Peer& peer) { return chosen(keys, peer).index; }

class Choosing : public testing::Test {
 protected:
  const Authority root;
  CertifiedKey key(KeyType type, std::vector<std::string> names = {}) const {
    return root.issue(type, {.dns = std::move(names)}).certified_key();
  }
};

TEST_F(Choosing, TakesTheFirstThatFits) {
  const std::vector keys = {key(KeyType::p256), key(KeyType::ed25519)};
  EXPECT_EQ(chosen(keys, {}), (Choice{.index = 0, .scheme = ecdsa_secp256r1_sha256}));
  const std::vector reverse = {keys[1], keys[0]};
  EXPECT_EQ(chosen(reverse, {}), (Choice{.index = 0, .scheme = ed25519}));
}

TEST_F(Choosing, TakesTheOneThatThePeerCanVerify) {
  const std::vector keys = {key(KeyType::rsa2048), key(KeyType::rsa_pss), key(KeyType::p256),
                            key(KeyType::p384),    key(KeyType::p521),    key(KeyType::ed25519),
                            key(KeyType::ed448)};
  EXPECT_EQ(chosen(keys, {.schemes = {rsa_pss_rsae_sha384}}),
            (Choice{.index = 0, .scheme = rsa_pss_rsae_sha384}));
  EXPECT_EQ(chosen(keys, {.schemes = {rsa_pss_pss_sha512}}),
            (Choice{.index = 1, .scheme = rsa_pss_pss_sha512}));
  EXPECT_EQ(chosen(keys, {.schemes = {ecdsa_secp256r1_sha256}}),
            (Choice{.index = 2, .scheme = ecdsa_secp256r1_sha256}));
  EXPECT_EQ(chosen(keys, {.schemes = {ecdsa_secp384r1_sha384}}),
            (Choice{.index = 3, .scheme = ecdsa_secp384r1_sha384}));
  EXPECT_EQ(chosen(keys, {.schemes = {ecdsa_secp521r1_sha512}}),
            (Choice{.index = 4, .scheme = ecdsa_secp521r1_sha512}));
  EXPECT_EQ(chosen(keys, {.schemes = {ed25519}}), (Choice{.index = 5, .scheme = ed25519}));
  EXPECT_EQ(chosen(keys, {.schemes = {ed448}}), (Choice{.index = 6, .scheme = ed448}));
}

TEST_F(Choosing, TheOrderOfThisSideDecidesTheScheme) {
  const std::vector keys = {key(KeyType::rsa2048)};
  const Peer peer{.schemes = {rsa_pss_rsae_sha512, rsa_pss_rsae_sha256}};
  EXPECT_EQ(chosen(keys, peer).scheme, rsa_pss_rsae_sha256);
  EXPECT_EQ(chosen(keys, peer, {rsa_pss_rsae_sha384, rsa_pss_rsae_sha512, rsa_pss_rsae_sha256}).scheme,
            rsa_pss_rsae_sha512);
}

// Section 4.2.3: RSASSA-PKCS1-v1_5 "refer solely to signatures which appear in certificates".
TEST_F(Choosing, NeverSignsByPkcs1) {
  const std::vector keys = {key(KeyType::rsa2048)};
  const std::vector<SignatureScheme> pkcs1 = {rsa_pkcs1_sha256, rsa_pkcs1_sha384, rsa_pkcs1_sha512,
                                              rsa_pkcs1_sha1};
  EXPECT_EQ(chosen(keys, {.schemes = pkcs1}, pkcs1).reason, Reason::no_common_signature_scheme);
}

TEST_F(Choosing, FailsWhereNothingIsInCommon) {
  const std::vector keys = {key(KeyType::p256)};
  EXPECT_EQ(chosen(keys, {.schemes = {ed25519}}).reason, Reason::no_common_signature_scheme);
  EXPECT_EQ(chosen(keys, {}, {ed25519}).reason, Reason::no_common_signature_scheme);
  EXPECT_EQ(chosen(keys, {.schemes = {}}).reason, Reason::no_common_signature_scheme);
  EXPECT_EQ(chosen({}, {}).reason, Reason::no_certificate_usable);
  EXPECT_EQ(Error(Reason::no_common_signature_scheme).alert(), Alert::handshake_failure);
  EXPECT_EQ(Error(Reason::no_certificate_usable).alert(), Alert::handshake_failure);
}

TEST_F(Choosing, KeepsToTheType) {
  const Issued issued = root.issue({});
  const std::vector both = {issued.certified_key(), issued.raw_public_key()};
  EXPECT_EQ(index(both, {}), 0);
  EXPECT_EQ(index(both, {.type = CertificateType::raw_public_key}), 1);
  const std::vector one = {issued.certified_key()};
  EXPECT_EQ(chosen(one, {.type = CertificateType::raw_public_key}).reason, Reason::no_certificate_usable);
  EXPECT_EQ(chosen({both[1]}, {}).reason, Reason::no_certificate_usable);
}

TEST_F(Choosing, ARawPublicKeyIsForAnyName) {
  const Issued issued = root.issue({});
  EXPECT_EQ(
      index({issued.raw_public_key()}, {.server_name = "a.example", .type = CertificateType::raw_public_key}),
      0);
}

TEST_F(Choosing, GoesByTheServerName) {
  const std::vector keys = {key(KeyType::p256, {"a.example"}), key(KeyType::p256, {"b.example", "c.example"}),
                            key(KeyType::p256, {"*.wild.example"})};
  EXPECT_EQ(index(keys, {.server_name = "a.example"}), 0);
  EXPECT_EQ(index(keys, {.server_name = "b.example"}), 1);
  EXPECT_EQ(index(keys, {.server_name = "c.example"}), 1);
  EXPECT_EQ(index(keys, {.server_name = "C.eXample"}), 1) << "names have no case";
  EXPECT_EQ(index(keys, {.server_name = "c.example."}), 1);
  EXPECT_EQ(index(keys, {.server_name = "x.wild.example"}), 2);
  EXPECT_EQ(index(keys, {.server_name = "X.Wild.Example"}), 2);
  EXPECT_EQ(index(keys, {}), 0);
}

// RFC 6125 section 6.4.3: one label, the leftmost, and a whole one.
TEST_F(Choosing, AWildcardIsOneLabel) {
  const std::vector keys = {key(KeyType::p256, {"none.example"}), key(KeyType::p256, {"*.wild.example"}),
                            key(KeyType::p256, {"p*.part.example"})};
  EXPECT_EQ(index(keys, {.server_name = "a.wild.example"}), 1);
  for (const char* other : {"wild.example", "a.b.wild.example", ".wild.example", "awild.example",
                            "a.wild.example.org", "pa.part.example"}) {
    EXPECT_EQ(index(keys, {.server_name = other}), 0) << other;
  }
}

TEST_F(Choosing, ShowsTheFirstWhereNoNameMatches) {
  const std::vector keys = {key(KeyType::p256, {"a.example"}), key(KeyType::p256, {"b.example"})};
  EXPECT_EQ(index(keys, {.server_name = "c.example"}), 0);
}

// Section 4.4.2.2: a certificate of another key does not help, however well it is named.
TEST_F(Choosing, ASchemeComesBeforeTheName) {
  const std::vector keys = {key(KeyType::p256, {"a.example"}), key(KeyType::ed25519, {"b.example"})};
  EXPECT_EQ(chosen(keys, {.schemes = {ed25519}, .server_name = "a.example"}),
            (Choice{.index = 1, .scheme = ed25519}));
}

// "All certificates provided by the server MUST be signed by a signature algorithm advertised by the client
// if it is able to provide such a chain"
TEST_F(Choosing, PrefersAChainThatThePeerCanVerify) {
  const Authority rsa(KeyType::rsa2048);
  const std::vector keys = {rsa.issue({}).certified_key(), root.issue({}).certified_key()};
  EXPECT_EQ(index(keys, {.schemes = {ecdsa_secp256r1_sha256}}), 1);
  EXPECT_EQ(index(keys, {.schemes = {ecdsa_secp256r1_sha256, rsa_pkcs1_sha256}}), 0);
}

// "If the server cannot produce a certificate chain that is signed only via the indicated supported
// algorithms, then it SHOULD continue the handshake by sending the client a certificate chain of its choice"
TEST_F(Choosing, ShowsAChainThatDoesNotFitWhereNoneDoes) {
  const Authority rsa(KeyType::rsa2048);
  EXPECT_EQ(index({rsa.issue({}).certified_key()}, {.schemes = {ecdsa_secp256r1_sha256}}), 0);
}

TEST_F(Choosing, SignatureAlgorithmsCertIsWhatCountsForTheChain) {
  const Authority rsa(KeyType::rsa2048);
  const std::vector keys = {rsa.issue({}).certified_key(), root.issue({}).certified_key()};
  EXPECT_EQ(index(keys, {.schemes = {ecdsa_secp256r1_sha256}, .certificate_schemes = {rsa_pkcs1_sha256}}), 0);
  EXPECT_EQ(index(keys, {.schemes = {ecdsa_secp256r1_sha256, rsa_pkcs1_sha256},
                         .certificate_schemes = {ecdsa_secp256r1_sha256}}),
            1);
  EXPECT_EQ(chosen(keys, {.schemes = {ed25519}, .certificate_schemes = any_scheme}).reason,
            Reason::no_common_signature_scheme)
      << "it says nothing of the CertificateVerify";
}

TEST_F(Choosing, LooksAtTheWholeChain) {
  const Authority rsa(KeyType::rsa2048);
  const Authority below_rsa = rsa.intermediate(KeyType::p256);
  const Authority below_root = root.intermediate(KeyType::p256);
  const std::vector keys = {below_rsa.issue({}).certified_key(), below_root.issue({}).certified_key()};
  EXPECT_EQ(index(keys, {.schemes = {ecdsa_secp256r1_sha256}}), 1);
}

TEST_F(Choosing, PrefersAnAuthorityThatIsAskedFor) {
  const Authority other(KeyType::p256, "Other Root");
  const Authority middle = other.intermediate();
  const std::vector keys = {root.issue({}).certified_key(), other.issue({}).certified_key(),
                            middle.issue({}).certified_key()};
  EXPECT_EQ(index(keys, {.authorities = {other.subject_name()}}), 1);
  EXPECT_EQ(index(keys, {.authorities = {middle.subject_name()}}), 2);
  EXPECT_EQ(index(keys, {.authorities = {text("nobody"), root.subject_name()}}), 0);
  EXPECT_EQ(index({keys[0], keys[2]}, {.authorities = {other.subject_name()}}), 1) << "further up the chain";
  EXPECT_EQ(index(keys, {.authorities = {text("nobody")}}), 0) << "the peer may know more than it says";
}

TEST_F(Choosing, TheNameComesBeforeTheChainAndTheChainBeforeTheAuthority) {
  const Authority rsa(KeyType::rsa2048, "RSA Root");
  const Peer peer{
      .schemes = {ecdsa_secp256r1_sha256}, .authorities = {rsa.subject_name()}, .server_name = "a.example"};
  const CertifiedKey named = rsa.issue({.dns = {"a.example"}}).certified_key();
  const CertifiedKey verifiable = root.issue({.dns = {"b.example"}}).certified_key();
  const CertifiedKey of_authority = rsa.issue({.dns = {"b.example"}}).certified_key();
  EXPECT_EQ(index({of_authority, verifiable, named}, peer), 2);
  EXPECT_EQ(index({of_authority, verifiable}, peer), 1);
}

}  // namespace
}  // namespace sesame::test
