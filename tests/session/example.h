// Sessions to be kept, sealed and read again.
#pragma once

#include <gtest/gtest.h>

#include "session/session_body.h"
#include "support/hex.h"

namespace sesame::session::test {

using sesame::test::Octets;
using sesame::test::octets_of;
using namespace std::chrono_literals;

/// A time to begin at: 2026-01-02 03:04:05.678901234 UTC.
inline constexpr TimePoint begin{
    std::chrono::duration_cast<TimePoint::duration>(std::chrono::nanoseconds(1'767'323'045'678'901'234))};

/// As a server has it, after a handshake with an external key.
inline SessionBody server_body() {
  SessionBody body;
  body.cipher_suite = CipherSuite::TLS_AES_128_GCM_SHA256;
  body.psk.assign(Octets(32, 0x5a));
  body.issued = begin;
  body.authenticated = begin - 10min;
  body.lifetime = 2h;
  body.age_add = 0xfedcba98;
  body.max_early_data = 16384;
  body.authentication = Authentication::external_psk;
  body.server_name = "server.example";
  body.alpn = "mqtt";
  body.psk_identity = std::string("device\0001", 8);
  return body;
}

/// As a client has it, after a handshake with certificates.
inline SessionBody client_body() {
  SessionBody body = server_body();
  body.cipher_suite = CipherSuite::TLS_AES_256_GCM_SHA384;
  body.psk.assign(Octets(48, 0xa5));
  body.authentication = Authentication::certificate;
  body.psk_identity.clear();
  body.peer_chain = {Octets(700, 1), Octets(900, 2)};
  body.ticket = Octets(200, 3);
  return body;
}

/// Of TLS 1.2, as a server has it.
inline SessionBody below_body() {
  SessionBody body = server_body();
  body.version = ProtocolVersion::tls12;
  body.cipher_suite = CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256;
  body.psk.assign(Octets(48, 0x3c));
  body.age_add = body.max_early_data = 0;
  body.extended_master_secret = true;
  return body;
}

inline Session session(SessionBody body) { return SessionAccess::make(std::move(body)); }
inline Session server_session() { return session(server_body()); }

/// One that tells itself from others by its age_add.
inline Session numbered(std::uint32_t number, std::chrono::seconds lifetime = 2h) {
  SessionBody body = server_body();
  body.age_add = number;
  body.lifetime = lifetime;
  return session(std::move(body));
}
inline std::uint32_t number(const Session& s) { return SessionAccess::body(s).age_add; }

inline void expect_same(const Session& a, const Session& b) {
  const SessionBody &x = SessionAccess::body(a), &y = SessionAccess::body(b);
  EXPECT_EQ(x.version, y.version);
  EXPECT_EQ(x.cipher_suite, y.cipher_suite);
  EXPECT_EQ(octets_of(x.psk.bytes()), octets_of(y.psk.bytes()));
  EXPECT_EQ(x.issued, y.issued);
  EXPECT_EQ(x.authenticated, y.authenticated);
  EXPECT_EQ(x.lifetime, y.lifetime);
  EXPECT_EQ(x.age_add, y.age_add);
  EXPECT_EQ(x.max_early_data, y.max_early_data);
  EXPECT_EQ(x.authentication, y.authentication);
  EXPECT_EQ(x.peer_type, y.peer_type);
  EXPECT_EQ(x.server_name, y.server_name);
  EXPECT_EQ(x.alpn, y.alpn);
  EXPECT_EQ(x.psk_identity, y.psk_identity);
  EXPECT_EQ(x.peer_chain, y.peer_chain);
  EXPECT_EQ(x.ticket, y.ticket);
  EXPECT_EQ(x.session_id, y.session_id);
  EXPECT_EQ(x.extended_master_secret, y.extended_master_secret);
  EXPECT_EQ(x.encrypt_then_mac, y.encrypt_then_mac);
}

}  // namespace sesame::session::test
