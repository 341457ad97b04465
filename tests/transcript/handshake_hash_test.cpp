#include "transcript/handshake_hash.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "support/octets.h"

namespace sesame::test {
namespace {

using crypto::Provider;
using secret::Prf;
using transcript::HandshakeHash;

const Provider& provider() { return **Provider::system(); }

Octets by_evp(const char* name, Bytes octets) {
  Octets out(EVP_MAX_MD_SIZE);
  std::size_t size = 0;
  EXPECT_EQ(EVP_Q_digest(nullptr, name, nullptr, octets.data(), octets.size(), out.data(), &size), 1);
  out.resize(size);
  return out;
}
// What the hash of a PRF is over `octets`.
Octets expected(Prf which, const Octets& octets) {
  switch (which) {
    case Prf::md5_sha1:
      return join({by_evp("MD5", octets), by_evp("SHA1", octets)});
    case Prf::sha256:
      return by_evp("SHA256", octets);
    case Prf::sha384:
      break;
  }
  return by_evp("SHA384", octets);
}
Octets value_of(const HandshakeHash& hash) { return octets_of(hash.value().bytes()); }

class EveryHandshakeHash : public testing::TestWithParam<Prf> {
 protected:
  void SetUp() override { ASSERT_TRUE(hash.begin(provider(), GetParam(), true)); }
  HandshakeHash hash;
};
INSTANTIATE_TEST_SUITE_P(Each, EveryHandshakeHash, testing::Values(Prf::md5_sha1, Prf::sha256, Prf::sha384),
                         [](const auto& p) {
                           return p.param == Prf::md5_sha1 ? "Md5Sha1"
                                  : p.param == Prf::sha256 ? "Sha256"
                                                           : "Sha384";
                         });

TEST_P(EveryHandshakeHash, IsOfAllThatWasAddedSoFar) {
  Octets all;
  for (std::size_t i = 0; i < 70; ++i) {
    EXPECT_EQ(value_of(hash), expected(GetParam(), all)) << i;
    const Octets message = repeat(i * 3, static_cast<std::uint8_t>(i));
    hash.add(message);
    append(all, message);
  }
  EXPECT_EQ(value_of(hash), expected(GetParam(), all));
  EXPECT_EQ(value_of(hash), expected(GetParam(), all)) << "asking does not change it";
  EXPECT_EQ(octets_of(hash.messages()), all);
}

TEST_P(EveryHandshakeHash, GoesOnWhenTheMessagesAreForgotten) {
  hash.add(as_bytes("one"));
  EXPECT_TRUE(hash.keeps_messages());
  hash.forget_messages();
  EXPECT_FALSE(hash.keeps_messages());
  hash.add(as_bytes("two"));
  EXPECT_TRUE(hash.messages().empty());
  EXPECT_EQ(value_of(hash), expected(GetParam(), text("onetwo")));
}

// A renegotiation begins one anew, perhaps by another hash.
TEST_P(EveryHandshakeHash, KeepsNothingOfTheHandshakeBefore) {
  hash.add(as_bytes("the one before"));
  for (const Prf next : {Prf::sha256, Prf::md5_sha1, Prf::sha384}) {
    ASSERT_TRUE(hash.begin(provider(), next, true));
    EXPECT_TRUE(hash.messages().empty());
    hash.add(as_bytes("abc"));
    EXPECT_EQ(value_of(hash), expected(next, text("abc")));
    EXPECT_EQ(octets_of(hash.messages()), text("abc"));
  }
  hash.end();
  EXPECT_FALSE(hash.begun());
  EXPECT_FALSE(hash.keeps_messages());
  EXPECT_TRUE(hash.messages().empty());
}

TEST_P(EveryHandshakeHash, KeepsMessagesOnlyWhereItIsTold) {
  ASSERT_TRUE(hash.begin(provider(), GetParam(), false));
  hash.add(as_bytes("message"));
  EXPECT_TRUE(hash.messages().empty());
  EXPECT_FALSE(hash.keeps_messages());
}

TEST_P(EveryHandshakeHash, IsMoved) {
  hash.add(as_bytes("one"));
  HandshakeHash other = std::move(hash);
  other.add(as_bytes("two"));
  EXPECT_EQ(value_of(other), expected(GetParam(), text("onetwo")));
}

TEST(HandshakeHash, HasNotBegunAtFirst) {
  HandshakeHash hash;
  EXPECT_FALSE(hash.begun());
  hash.end();
  EXPECT_FALSE(hash.begun());
}

}  // namespace
}  // namespace sesame::test
