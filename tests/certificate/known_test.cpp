#include "certificate/known.h"

#include <atomic>
#include <thread>

#include "certificate/parsed_chain.h"
#include "judging.h"

namespace sesame::test {
namespace {

using certificate::KnownCertificates;
using certificate::Peer;

class Known : public testing::Test {
 protected:
  Known() { options.trust = root.trust(); }

  Peer read(const Issued& issued) {
    const std::vector<Octets> chain = issued.chain();
    const std::vector<Bytes> views(chain.begin(), chain.end());
    auto peer = certificate::read_peer(system_provider(), CertificateType::x509, views, {}, &known);
    EXPECT_TRUE(peer);
    return std::move(*peer);
  }
  Expected<> judge(const Peer& peer, std::string_view name = "server.example",
                   std::chrono::seconds later = {}) {
    certificate::VerdictBody verdict;
    return certificate::judge(system_provider(),
                              {.options = options,
                               .side = Side::client,
                               .name = name,
                               .now = std::chrono::system_clock::now() + later,
                               .known = &known},
                              peer, verdict);
  }

  const Authority root;
  const Authority middle = root.intermediate();
  const Issued server = middle.server("server.example");
  VerificationOptions options;
  KnownCertificates known;
};

TEST_F(Known, WhatWasTrustedIsNotDecodedAgain) {
  const Peer first = read(server);
  EXPECT_FALSE(first.parsed->is_known);
  expect_accepted(judge(first));
  const Peer second = read(server);
  EXPECT_TRUE(second.parsed->is_known);
  ASSERT_EQ(second.parsed->certificates.size(), first.parsed->certificates.size());
  for (std::size_t i = 0; i < first.parsed->certificates.size(); ++i)
    EXPECT_EQ(second.parsed->certificates[i], first.parsed->certificates[i]) << i;
  expect_accepted(judge(second));
}

TEST_F(Known, WhatWasNotTrustedIsNotKept) {
  options.trust = Authority(KeyType::p256, "Other Root").trust();
  EXPECT_FALSE(judge(read(server)));
  EXPECT_FALSE(known.find(server.der()));
}

TEST_F(Known, AnApplicationThatAcceptsMakesNothingTrusted) {
  options.trust = Authority(KeyType::p256, "Other Root").trust();
  options.verify = [](const VerificationQuery&, Verdict& verdict) { verdict.accept(); };
  expect_accepted(judge(read(server)));
  EXPECT_FALSE(known.find(server.der()));
}

TEST_F(Known, IsNoVerdict) {
  expect_accepted(judge(read(server)));
  const Peer again = read(server);
  ASSERT_TRUE(again.parsed->is_known);
  expect_failure(judge(again, "other.example"), Reason::certificate_name_mismatch, Alert::bad_certificate);
  EXPECT_FALSE(judge(again, "server.example", std::chrono::hours(24) * 36'500));
  options.trust = Authority(KeyType::p256, "Other Root").trust();
  EXPECT_FALSE(judge(again));
}

TEST_F(Known, ADifferenceInOneOctetIsAnotherCertificate) {
  expect_accepted(judge(read(server)));
  Octets other = server.der();
  other.back() ^= 1;
  EXPECT_TRUE(known.find(server.der()));
  EXPECT_FALSE(known.find(other));
  other.pop_back();
  EXPECT_FALSE(known.find(other));
}

TEST_F(Known, IsBounded) {
  const Peer peer = read(server);
  X509* const any = peer.parsed->certificates[0].get();
  const auto octets = [](int i) {
    return Octets{static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
  };
  for (int i = 0; i < 1000; ++i) known.keep(octets(i), any);
  int found = 0;
  for (int i = 0; i < 1000; ++i) found += known.find(octets(i)) ? 1 : 0;
  EXPECT_GT(found, 0);
  EXPECT_LE(found, 64);
  EXPECT_TRUE(known.find(octets(999))) << "the newest pushes out an older one";
  known.keep(Octets(4097), any);
  EXPECT_FALSE(known.find(Octets(4097)));
}

TEST_F(Known, ThreadsShareIt) {
  std::atomic<int> accepted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 25; ++round) {
        if (judge(read(server))) ++accepted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, 100);
}

}  // namespace
}  // namespace sesame::test
