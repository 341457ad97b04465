// A peer's certificate, read and judged, as a connection does it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "certificate/peer.h"
#include "support/authority.h"
#include "support/octets.h"

namespace sesame::test {

inline const crypto::Provider& system_provider() { return **crypto::Provider::system(); }

/// By default a client that looks for server.example.
struct Judge {
  VerificationOptions options = {};
  Side side = Side::client;
  std::string name = "server.example";
  std::chrono::seconds later{0};  ///< than now, by the clock of the judge
  Octets ocsp_response = {};
  certificate::VerdictBody verdict = {};

  Expected<> of_peer(const certificate::Peer& peer) {
    auto done = certificate::judge(
        system_provider(),
        {.options = options, .side = side, .name = name, .now = std::chrono::system_clock::now() + later},
        peer, verdict);
    EXPECT_EQ(ERR_peek_error(), 0u) << "libcrypto's error queue is the application's";
    return done;
  }
  Expected<> of_chain(const std::vector<Octets>& chain, CertificateType type = CertificateType::x509) {
    const std::vector<Bytes> views(chain.begin(), chain.end());
    auto peer = certificate::read_peer(system_provider(), type, views, ocsp_response);
    if (!peer) return std::unexpected(peer.error());
    return of_peer(*peer);
  }
  Expected<> operator()(const Issued& issued) { return of_chain(issued.chain()); }
};

/// `result` is this failure, with this alert; its detail has `detail` in it.
inline void expect_failure(const Expected<>& result, Reason reason, Alert alert,
                           std::string_view detail = {}) {
  ASSERT_FALSE(result) << "expected " << name(reason);
  EXPECT_EQ(result.error().reason(), reason) << result.error().message();
  EXPECT_EQ(result.error().alert(), alert) << name(result.error().alert());
  EXPECT_THAT(std::string(result.error().detail()), testing::HasSubstr(std::string(detail)));
}
inline void expect_accepted(const Expected<>& result) {
  EXPECT_TRUE(result) << (result ? "" : result.error().message());
}

}  // namespace sesame::test
