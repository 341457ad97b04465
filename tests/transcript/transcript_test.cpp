#include "transcript/transcript.h"

#include <gtest/gtest.h>

#include "support/hex.h"

namespace sesame::test {
namespace {

using crypto::Provider;
using enum HashAlgorithm;

const Provider& provider() {
  static const auto system = Provider::system();
  return **system;
}

Octets hash(HashAlgorithm algorithm, std::string_view text) {
  return octets_of(crypto::hash_of(provider().hash(algorithm), {as_bytes(text)}).bytes());
}

class Transcript : public testing::TestWithParam<HashAlgorithm> {
 protected:
  HashAlgorithm algorithm() const { return GetParam(); }
  HashAlgorithm other() const { return GetParam() == sha256 ? sha384 : sha256; }
  Octets value() const { return octets_of(transcript.value(algorithm()).bytes()); }
  transcript::Transcript transcript;
};
INSTANTIATE_TEST_SUITE_P(Each, Transcript, testing::Values(sha256, sha384),
                         [](const auto& p) { return p.param == sha256 ? "Sha256" : "Sha384"; });

TEST_P(Transcript, IsTheHashOfAllThatWasAdded) {
  EXPECT_TRUE(transcript.begin(provider().hash(algorithm())));
  EXPECT_EQ(value(), hash(algorithm(), ""));
  transcript.add(as_bytes("one"));
  transcript.add({});
  transcript.add(as_bytes("two"));
  EXPECT_EQ(value(), hash(algorithm(), "onetwo"));
  EXPECT_EQ(value(), hash(algorithm(), "onetwo")) << "asking does not change it";
}

TEST_P(Transcript, BeginsAHashOnlyOnce) {
  EXPECT_TRUE(transcript.begin(provider().hash(algorithm())));
  transcript.add(as_bytes("kept"));
  EXPECT_FALSE(transcript.begin(provider().hash(algorithm())));
  EXPECT_EQ(value(), hash(algorithm(), "kept"));
}

TEST_P(Transcript, KeepsBothHashesUntilOneIsChosen) {
  transcript.begin(provider().hash(sha256));
  transcript.begin(provider().hash(sha384));
  transcript.add(as_bytes("both"));
  EXPECT_EQ(octets_of(transcript.value(sha256).bytes()), hash(sha256, "both"));
  EXPECT_EQ(octets_of(transcript.value(sha384).bytes()), hash(sha384, "both"));
  transcript.choose(algorithm());
  transcript.add(as_bytes(" one"));
  EXPECT_EQ(value(), hash(algorithm(), "both one"));
  EXPECT_TRUE(transcript.begin(provider().hash(other()))) << "the other one runs no more";
}

TEST_P(Transcript, AddsToOneHashAlone) {
  transcript.begin(provider().hash(sha256));
  transcript.begin(provider().hash(sha384));
  transcript.add(algorithm(), as_bytes("x"));
  EXPECT_EQ(value(), hash(algorithm(), "x"));
  EXPECT_EQ(octets_of(transcript.value(other()).bytes()), hash(other(), ""));
}

TEST_P(Transcript, LooksAheadWithoutGoingThere) {
  transcript.begin(provider().hash(algorithm()));
  transcript.add(as_bytes("so far"));
  EXPECT_EQ(octets_of(transcript.value_with(algorithm(), as_bytes(" and more")).bytes()),
            hash(algorithm(), "so far and more"));
  EXPECT_EQ(octets_of(transcript.value_with(algorithm(), {}).bytes()), value());
  EXPECT_EQ(value(), hash(algorithm(), "so far"));
}

// RFC 8446 section 4.4.1: Hash(message_hash || 00 00 Hash.length || Hash(ClientHello1) || HelloRetryRequest
// || ...).
TEST_P(Transcript, PutsAMessageHashInPlaceOfTheFirstClientHello) {
  transcript.begin(provider().hash(algorithm()));
  transcript.add(as_bytes("ClientHello1"));
  transcript.replace_by_message_hash();
  transcript.add(as_bytes("HelloRetryRequest"));
  const Octets first = hash(algorithm(), "ClientHello1");
  std::string expected = {'\xfe', '\0', '\0', static_cast<char>(algorithm() == sha256 ? 32 : 48)};
  expected += as_text(first);
  expected += "HelloRetryRequest";
  EXPECT_EQ(value(), hash(algorithm(), expected));
}

TEST(TranscriptOfBoth, PutsEachHashesOwnMessageHash) {
  transcript::Transcript transcript;
  transcript.begin(provider().hash(sha256));
  transcript.begin(provider().hash(sha384));
  transcript.add(as_bytes("ClientHello1"));
  transcript.replace_by_message_hash();
  for (const auto algorithm : {sha256, sha384}) {
    const Octets first = hash(algorithm, "ClientHello1");
    std::string expected = {'\xfe', '\0', '\0', static_cast<char>(first.size())};
    expected += as_text(first);
    EXPECT_EQ(octets_of(transcript.value(algorithm).bytes()), hash(algorithm, expected));
  }
}

}  // namespace
}  // namespace sesame::test
