#include "session/serialize.h"

#include "session/example.h"

namespace sesame::session::test {
namespace {

void expect_refused(const Octets& octets, const std::string& why) {
  const auto read = Session::deserialize(octets);
  ASSERT_FALSE(read) << why;
  EXPECT_EQ(read.error().reason(), Reason::session_malformed) << why;
}

// Where the fields of fixed size stand.
constexpr std::size_t version_at = 1, suite_at = 3, authentication_at = 5, type_at = 6, issued_at = 7,
                      authenticated_at = 15, lifetime_at = 23, psk_size_at = 35;

TEST(Serialize, GivesBackWhatAServerHas) {
  const Session s = server_session();
  const auto read = Session::deserialize(s.serialize());
  ASSERT_TRUE(read);
  expect_same(*read, s);
}

TEST(Serialize, GivesBackWhatAClientHas) {
  const Session s = session(client_body());
  const auto read = Session::deserialize(s.serialize());
  ASSERT_TRUE(read);
  expect_same(*read, s);
}

TEST(Serialize, GivesBackTheLeastAndTheMost) {
  SessionBody least = server_body();
  least.server_name.clear();
  least.alpn.clear();
  least.psk_identity.clear();
  least.lifetime = 0s;
  least.issued = least.authenticated = TimePoint();
  SessionBody most = client_body();
  most.server_name.assign(0xffff, 'a');
  most.alpn.assign(0xff, 'b');
  most.psk_identity.assign(0xffff, '\0');
  most.ticket.assign(0xffff, 1);
  most.peer_chain = {Octets(100'000, 1)};
  most.lifetime = max_ticket_lifetime;
  most.issued = TimePoint::max() - max_ticket_lifetime;
  most.age_add = most.max_early_data = 0xffffffff;
  for (auto* body : {&least, &most}) {
    const Session s = session(std::move(*body));
    const auto read = Session::deserialize(s.serialize());
    ASSERT_TRUE(read) << read.error().message();
    expect_same(*read, s);
  }
}

TEST(Serialize, IsCanonical) {
  for (const Session& s : {server_session(), session(client_body())}) {
    const Octets octets = s.serialize();
    const auto read = Session::deserialize(octets);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->serialize(), octets);
  }
}

// The form is kept in files: a change of it needs another number.
TEST(Serialize, WritesTheFormThatItWroteBefore) {
  SessionBody body = server_body();
  body.peer_chain = {{0xaa, 0xbb}};
  body.ticket = {0xcc};
  const std::string expected =
      "01 0304 1301 01 00 1886caf2450d67f2 1886ca669243f7f2 00001c20 fedcba98 00004000"
      "20 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
      "000e 7365727665722e6578616d706c65 04 6d717474 0008 6465766963650031"
      "000005 000002 aabb 0001 cc";
  EXPECT_EQ(session(std::move(body)).serialize(), sesame::test::from_hex(expected));
}

TEST(Serialize, RefusesWhatIsCutShortOrTooLong) {
  for (const Session& s : {session(client_body()), session(below_body())}) {
    const Octets whole = s.serialize();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      expect_refused({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)},
                     std::to_string(size));
    }
    Octets longer = whole;
    longer.push_back(0);
    expect_refused(longer, "an octet more");
  }
}

TEST(Serialize, RefusesValuesThatCannotBe) {
  const Octets good = server_session().serialize();
  ASSERT_TRUE(Session::deserialize(good));
  const auto with = [&](std::size_t at, const Octets& octets) {
    Octets bad = good;
    std::copy(octets.begin(), octets.end(), bad.begin() + static_cast<std::ptrdiff_t>(at));
    return bad;
  };
  expect_refused(with(0, {0}), "form 0");
  expect_refused(with(0, {2}), "form 2");
  expect_refused(with(version_at, {3, 3}), "TLS 1.2");
  expect_refused(with(suite_at, {0x13, 0x00}), "no suite");
  expect_refused(with(suite_at, {0x13, 0x06}), "no suite");
  expect_refused(with(suite_at, {0x13, 0x02}), "a suite of SHA-384 with a secret of 32 octets");
  expect_refused(with(authentication_at, {0}), "Authentication::none");
  expect_refused(with(authentication_at, {6}), "no Authentication");
  expect_refused(with(type_at, {1}), "CertificateType 1");
  expect_refused(with(issued_at, {0x80}), "issued before 1970");
  expect_refused(with(issued_at, {0x7f, 0xff}), "issued in 2262");
  expect_refused(with(authenticated_at, {0xff}), "authenticated before 1970");
  expect_refused(with(lifetime_at, {0x00, 0x09, 0x3a, 0x81}), "a lifetime of 7 days and a second");
  ASSERT_EQ(good[psk_size_at], 32);
  expect_refused(with(psk_size_at, {31}), "a secret of 31 octets");
  expect_refused(with(psk_size_at, {48}), "a secret of 48 octets for SHA-256");
}

// Whatever is read again writes the same, and nothing else is read: no octet is looked over.
TEST(Serialize, ReadsNothingThatItWouldNotWrite) {
  for (const Octets& good : {server_session().serialize(), session(below_body()).serialize()}) {
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (unsigned change : {0x01u, 0x02u, 0x03u, 0x80u, 0xffu}) {
        Octets bad = good;
        bad[at] = static_cast<std::uint8_t>(bad[at] ^ change);
        const auto read = Session::deserialize(bad);
        if (read) {
          EXPECT_EQ(read->serialize(), bad) << at;
        }
      }
    }
  }
}

// ---- TLS 1.2 and below ----

TEST(SerializeBelow, GivesBackWhatThereIs) {
  for (const auto version : {ProtocolVersion::tls10, ProtocolVersion::tls11, ProtocolVersion::tls12}) {
    for (int variant = 0; variant < 16; ++variant) {
      SessionBody body = below_body();
      body.version = version;
      body.cipher_suite = CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA;
      body.extended_master_secret = (variant & 1) != 0;
      body.encrypt_then_mac = (variant & 2) != 0;
      if ((variant & 12) == 4) body.ticket = Octets(200, 3);
      if ((variant & 12) == 8) body.session_id = Octets(32, 4);
      if ((variant & 12) == 12) body.session_id = Octets(1, 5);
      const Session s = session(std::move(body));
      const auto read = Session::deserialize(s.serialize());
      ASSERT_TRUE(read) << read.error().message();
      expect_same(*read, s);
    }
  }
}

TEST(SerializeBelow, WritesTheFormThatItWroteBefore) {
  SessionBody body = below_body();
  body.encrypt_then_mac = true;
  body.peer_chain = {{0xaa, 0xbb}};
  body.session_id = {0xcc, 0xdd};
  const std::string secret = "3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c";
  const std::string expected =
      "02 0303 d001 01 00 1886caf2450d67f2 1886ca669243f7f2 00001c20 00000000 00000000 30" + secret + secret +
      secret +
      "000e 7365727665722e6578616d706c65 04 6d717474 0008 6465766963650031"
      "000005 000002 aabb 0000 02ccdd 03";
  EXPECT_EQ(session(std::move(body)).serialize(), sesame::test::from_hex(expected));
}

TEST(SerializeBelow, RefusesValuesThatCannotBe) {
  const Octets good = session(below_body()).serialize();
  ASSERT_TRUE(Session::deserialize(good));
  const auto with = [&](std::size_t at, const Octets& octets) {
    Octets bad = good;
    std::copy(octets.begin(), octets.end(), bad.begin() + static_cast<std::ptrdiff_t>(at));
    return bad;
  };
  expect_refused(with(0, {1}), "the form of TLS 1.3");
  expect_refused(with(0, {3}), "form 3");
  expect_refused(with(version_at, {3, 0}), "SSL 3.0");
  expect_refused(with(version_at, {3, 4}), "TLS 1.3");
  expect_refused(with(version_at, {3, 2}), "a suite of TLS 1.2 in 1.1");
  expect_refused(with(suite_at, {0x13, 0x01}), "a suite of TLS 1.3");
  expect_refused(with(suite_at, {0x00, 0x00}), "no suite");
  expect_refused(with(authentication_at, {0}), "Authentication::none");
  expect_refused(with(authentication_at, {6}), "Authentication::session_secret");
  expect_refused(with(lifetime_at + 4, {0, 0, 0, 1}), "an age_add");
  expect_refused(with(lifetime_at + 8, {0, 0, 0, 1}), "early data");
  expect_refused(with(lifetime_at, {0x00, 0x09, 0x3a, 0x81}), "a lifetime of 7 days and a second");
  expect_refused(with(good.size() - 1, {4}), "an unknown flag");

  for (const std::size_t size : {32u, 47u}) {
    SessionBody body = below_body();
    body.psk.assign(Octets(size, 1));
    expect_refused(session(std::move(body)).serialize(), "a master secret of " + std::to_string(size));
  }
  SessionBody both = below_body();
  both.ticket = Octets(10, 1);
  both.session_id = Octets(10, 2);
  expect_refused(session(std::move(both)).serialize(), "a ticket and an identifier");
  SessionBody longer = below_body();
  longer.session_id = Octets(33, 1);
  EXPECT_TRUE(session(std::move(longer)).serialize().empty()) << "an identifier of 33 octets";
}

TEST(Session, TellsWhatItHolds) {
  const Session s = session(client_body());
  EXPECT_EQ(s.version(), ProtocolVersion::tls13);
  EXPECT_EQ(s.cipher_suite(), CipherSuite::TLS_AES_256_GCM_SHA384);
  EXPECT_EQ(s.server_name(), "server.example");
  EXPECT_EQ(s.alpn(), "mqtt");
  EXPECT_EQ(s.authentication(), Authentication::certificate);
  EXPECT_EQ(as_text(server_session().psk_identity()), std::string("device\0001", 8));
  ASSERT_EQ(s.peer_certificates().size(), 2u);
  EXPECT_EQ(octets_of(s.peer_certificates()[1]), Octets(900, 2));
  EXPECT_EQ(s.issued(), begin);
  EXPECT_EQ(s.expires(), begin + 2h);
  EXPECT_EQ(s.max_early_data(), 16384u);
  EXPECT_EQ(octets_of(s.ticket()), Octets(200, 3));
}

}  // namespace
}  // namespace sesame::session::test
