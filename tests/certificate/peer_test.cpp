#include "certificate/peer.h"

#include "judging.h"
#include "support/heap.h"

namespace sesame::test {
namespace {

using certificate::Peer;
using certificate::read_peer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReadingAPeer : public testing::Test {
 protected:
  ~ReadingAPeer() override { EXPECT_EQ(ERR_peek_error(), 0u); }
  const Authority root;
  const Authority middle = root.intermediate();
  const Issued server = middle.server();

  static Expected<Peer> read(const std::vector<Octets>& chain, CertificateType type = CertificateType::x509,
                             Bytes ocsp = {}) {
    const std::vector<Bytes> views(chain.begin(), chain.end());
    return read_peer(system_provider(), type, views, ocsp);
  }
  static void expect_malformed(const Expected<Peer>& peer, std::string_view detail) {
    ASSERT_FALSE(peer);
    EXPECT_EQ(peer.error().reason(), Reason::certificate_malformed);
    EXPECT_EQ(peer.error().alert(), Alert::bad_certificate);
    EXPECT_THAT(std::string(peer.error().detail()), HasSubstr(std::string(detail)));
  }
};

TEST_F(ReadingAPeer, KeepsOctetsOfItsOwn) {
  std::optional<Peer> kept;
  {
    std::vector<Octets> chain = server.chain();
    Octets response = text("stapled");
    auto peer = read(chain, CertificateType::x509, response);
    ASSERT_TRUE(peer);
    kept = std::move(*peer);
    for (Octets& one : chain) one.assign(one.size(), 0);
    response.assign(response.size(), 0);
  }
  const std::vector<Bytes> views = kept->chain();
  std::vector<Octets> octets;
  for (const Bytes view : views) octets.emplace_back(view.begin(), view.end());
  EXPECT_EQ(octets, server.chain());
  EXPECT_EQ(kept->ocsp_response, text("stapled"));
  EXPECT_EQ(kept->type, CertificateType::x509);
  EXPECT_EQ(crypto::subject_public_key_info(kept->public_key.get()), server.public_key());
}

TEST_F(ReadingAPeer, TakesEveryKindOfKey) {
  for (const KeyType type : usable_key_types) {
    const Issued issued = root.server("server.example", type);
    const auto peer = read(issued.chain());
    ASSERT_TRUE(peer) << name(type);
    EXPECT_FALSE(crypto::schemes_of(peer->public_key.get()).empty()) << name(type);
  }
}

TEST_F(ReadingAPeer, RefusesAChainThatIsEmpty) { expect_malformed(read({}), "there is none"); }

TEST_F(ReadingAPeer, RefusesACertificateThatIsCutOff) {
  const Octets whole = server.der();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto peer = read({Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))});
    expect_malformed(peer, "certificate 1 of the chain");
    if (HasFailure()) FAIL() << "at " << size;
  }
}

TEST_F(ReadingAPeer, RefusesOctetsBehindACertificate) {
  expect_malformed(read({join({server.der(), u8(0)})}), "certificate 1");
}

TEST_F(ReadingAPeer, RefusesADamagedCertificateFurtherUp) {
  std::vector<Octets> chain = server.chain();
  chain[1].pop_back();
  expect_malformed(read(chain), "certificate 2 of the chain");
}

TEST_F(ReadingAPeer, NeverFailsOtherwiseForAnOctetThatIsChanged) {
  const Octets whole = server.der();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Octets changed = whole;
    changed[i] ^= 0x04;
    const auto peer = read({changed});
    if (!peer) {
      EXPECT_EQ(peer.error().reason(), Reason::certificate_malformed);
      continue;
    }
    Judge judge{.options = {.trust = root.trust()}};
    EXPECT_FALSE(judge.of_chain({changed, middle.own().der()})) << "octet " << i << " is signed";
  }
}

// Every certificate costs time before anything is known of the peer.
TEST_F(ReadingAPeer, BoundsTheNumberOfCertificates) {
  const std::vector<Octets> most(certificate::max_certificates, server.der());
  EXPECT_TRUE(read(most));
  const std::vector<Octets> more(certificate::max_certificates + 1, server.der());
  expect_malformed(read(more), "more than 32");
}

TEST_F(ReadingAPeer, TakesARawPublicKey) {
  const auto peer = read({server.public_key()}, CertificateType::raw_public_key);
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->type, CertificateType::raw_public_key);
  EXPECT_EQ(peer->octets, server.public_key());
  EXPECT_EQ(crypto::subject_public_key_info(peer->public_key.get()), server.public_key());
}

// RFC 8446 section 4.4.2: no more than one CertificateEntry.
TEST_F(ReadingAPeer, RefusesTwoRawPublicKeys) {
  expect_malformed(read({server.public_key(), server.public_key()}, CertificateType::raw_public_key),
                   "more than one");
}

TEST_F(ReadingAPeer, RefusesACertificateInThePlaceOfARawPublicKeyAndTheReverse) {
  expect_malformed(read({server.der()}, CertificateType::raw_public_key), "cannot be read");
  expect_malformed(read({server.public_key()}), "certificate 1");
}

TEST_F(ReadingAPeer, KeepsOctetsOnlyIfItIsTold) {
  const std::vector<Octets> chain = server.chain();
  {
    auto warm = read(chain);
  }  // what libcrypto keeps for itself
  const std::size_t before = heap().live;
  auto peer = read(chain);
  ASSERT_TRUE(peer);
  const std::size_t whole = heap().live - before;
  peer->keep_octets_only();
  const std::size_t kept = heap().live - before;
  EXPECT_EQ(peer->chain().size(), 2u);
  EXPECT_FALSE(peer->parsed || peer->public_key);
  if (!heap_is_counted()) return;
  RecordProperty("octets", std::to_string(whole) + " and " + std::to_string(kept));
  EXPECT_LT(kept, peer->octets.size() + 200);
  EXPECT_GT(whole, 4 * kept);
}

TEST_F(ReadingAPeer, TheChainOfNobodyIsEmpty) { EXPECT_THAT(Peer().chain(), IsEmpty()); }

}  // namespace
}  // namespace sesame::test
