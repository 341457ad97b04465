#include <gtest/gtest.h>
#include <openssl/err.h>

#include "certificate/certified_key.h"
#include "crypto/provider.h"
#include "support/authority.h"
#include "support/octets.h"

namespace sesame::test {
namespace {

using certificate::CertifiedKeyAccess;
using certificate::SignatureAnswerBody;

const crypto::Provider& provider() { return **crypto::Provider::system(); }
const Octets input = text("what has to be signed");

class Scripted : public Signer {
 public:
  std::function<void(const SignatureQuery&, SignatureAnswer&)> script;
  void sign(const SignatureQuery& query, SignatureAnswer& answer) override { script(query, answer); }
};

class Signing : public testing::Test {
 protected:
  const Authority root;
  const Issued server = root.server();
  const std::shared_ptr<Scripted> signer = std::make_shared<Scripted>();
  SignatureAnswerBody answer;

  Expected<> sign(const CertifiedKey& key, SignatureScheme scheme = SignatureScheme::ecdsa_secp256r1_sha256) {
    auto done = certificate::sign(provider(), CertifiedKeyAccess::body(key), scheme, input, answer);
    EXPECT_EQ(ERR_peek_error(), 0u);
    return done;
  }
  CertifiedKey elsewhere() { return *CertifiedKey::from_signer(server.handles(), signer); }
  bool verifies(Bytes signature) {
    return crypto::verify(provider(), server.key.get(), SignatureScheme::ecdsa_secp256r1_sha256, input,
                          signature)
        .has_value();
  }
};

TEST_F(Signing, IsDoneByThePrivateKey) {
  ASSERT_TRUE(sign(server.certified_key()));
  EXPECT_FALSE(answer.is_later);
  EXPECT_TRUE(verifies(answer.signature));
}

TEST_F(Signing, IsDoneByARawKey) {
  ASSERT_TRUE(sign(server.raw_public_key()));
  EXPECT_TRUE(verifies(answer.signature));
}

TEST_F(Signing, ForgetsAnEarlierAnswer) {
  answer.is_later = true;
  answer.signature = text("old");
  ASSERT_TRUE(sign(server.certified_key()));
  EXPECT_FALSE(answer.is_later);
  EXPECT_TRUE(verifies(answer.signature));
  answer.signature = text("old");
  EXPECT_FALSE(sign(server.certified_key(), SignatureScheme::ed25519));
  EXPECT_TRUE(answer.signature.empty());
}

TEST_F(Signing, ByASchemeThatDoesNotFitFails) {
  const auto done = sign(server.certified_key(), SignatureScheme::ed25519);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::signature_failed);
  EXPECT_EQ(done.error().alert(), Alert::internal_error);
}

TEST_F(Signing, AsksTheSigner) {
  int asked = 0;
  signer->script = [&](const SignatureQuery& query, SignatureAnswer& to) {
    ++asked;
    EXPECT_EQ(query.scheme, SignatureScheme::ecdsa_secp256r1_sha256);
    EXPECT_EQ(Octets(query.input.begin(), query.input.end()), input);
    EXPECT_EQ(Octets(query.public_key.begin(), query.public_key.end()), server.public_key());
    Octets brief = text("a signature");
    to.give(brief);
    brief.assign(brief.size(), 0);  // it was copied
  };
  ASSERT_TRUE(sign(elsewhere()));
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(answer.signature, text("a signature"));
  EXPECT_FALSE(answer.is_later);
}

TEST_F(Signing, ASignerMayAnswerLater) {
  signer->script = [](const SignatureQuery&, SignatureAnswer& to) { to.later(); };
  ASSERT_TRUE(sign(elsewhere()));
  EXPECT_TRUE(answer.is_later);
  EXPECT_TRUE(answer.signature.empty());
}

TEST_F(Signing, ASignerThatSaysNothingRefuses) {
  for (const bool gives_nothing : {false, true}) {
    signer->script = [&](const SignatureQuery&, SignatureAnswer& to) {
      if (gives_nothing) to.give({});
    };
    const auto done = sign(elsewhere());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason(), Reason::signature_failed);
  }
}

TEST_F(Signing, TheLastAnswerOfASignerCounts) {
  signer->script = [](const SignatureQuery&, SignatureAnswer& to) {
    to.later();
    to.give(text("after all"));
  };
  ASSERT_TRUE(sign(elsewhere()));
  EXPECT_FALSE(answer.is_later);
  EXPECT_EQ(answer.signature, text("after all"));
  signer->script = [](const SignatureQuery&, SignatureAnswer& to) {
    to.give(text("not yet"));
    to.later();
  };
  ASSERT_TRUE(sign(elsewhere()));
  EXPECT_TRUE(answer.is_later);
  EXPECT_TRUE(answer.signature.empty());
}

}  // namespace
}  // namespace sesame::test
