#include "tls12/resumption.h"

#include <gtest/gtest.h>

#include "engine/context_body.h"
#include "support/certificates.h"
#include "support/hex.h"
#include "support/pair.h"

namespace sesame::tls12 {
namespace {

using namespace std::chrono_literals;
using enum ProtocolVersion;
using test::Octets;
using test::octets_of;

constexpr auto ecdhe_psk = CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256;
constexpr auto psk_cbc = CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA;
constexpr auto ecdhe_ecdsa = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
constexpr auto anonymous_suite = CipherSuite::TLS_ECDH_anon_WITH_AES_128_CBC_SHA;

constexpr TimePoint begin{std::chrono::duration_cast<TimePoint::duration>(std::chrono::hours(500'000))};

// Nothing is sent here.
class NoPort final : public handshake::MessagePort {
 public:
  wire::Buffer& messages() override { return buffer_; }
  Expected<> send_flight() override { return {}; }
  Expected<> send_change_cipher_spec() override { return {}; }
  Expected<> set_read_keys(const policy::Suite&, const crypto::HmacKey&) override { return {}; }
  Expected<> set_write_keys(const policy::Suite&, const crypto::HmacKey&) override { return {}; }
  void set_version(ProtocolVersion) override {}
  Expected<> set_read_keys(const record::BlockKeys&) override { return {}; }
  Expected<> set_write_keys(const record::BlockKeys&) override { return {}; }
  Expected<> set_read_keys(const record::BlockKeys&, const record::BlockKeys&) override { return {}; }
  bool reads_by_older_keys() const noexcept override { return false; }
  Expected<> send_warning(Alert) override { return {}; }
  const policy::Settings& use_context(std::shared_ptr<const Context>) override { std::abort(); }
  void limit_sent_content(std::size_t) override {}
  void limit_received_content(std::size_t) override {}
  void limit_plain_content(std::size_t) override {}
  void clear_write_keys() override {}
  void accept_early_data(std::uint32_t) override {}
  void pass_over_early_data() override {}

 private:
  wire::Buffer buffer_;
};

// A connection as its handshake leaves it: by the key of "alice".
class Side12 {
 public:
  explicit Side12(ContextOptions options) {
    options.min_version = tls10;
    options.cipher_suites = {CipherSuite::TLS_AES_128_GCM_SHA256, ecdhe_psk, psk_cbc, ecdhe_ecdsa,
                             anonymous_suite};
    auto made = Context::create(std::move(options));
    EXPECT_TRUE(made) << made.error().message();
    context_ = *made;
    established.version = tls12;
    established.suite = settings().suite_below(ecdhe_psk);
    established.authentication = Authentication::external_psk;
    established.server_name = "server.example";
    established.psk_identity = "alice";
    established.alpn = &protocol_;
    established.below = std::make_unique<handshake::Below13>();
    established.below->master_secret.assign(Octets(48, 0x4d));
    established.below->extended_master_secret = true;
  }
  const policy::Settings& settings() const { return context_->body().settings; }
  Endpoint endpoint() { return Endpoint{&settings(), port_, established}; }
  session::SessionBody make(TimePoint now = begin, std::chrono::seconds lifetime = 2h) {
    return make_session(endpoint(), now, lifetime);
  }

  handshake::Established established;

 private:
  std::shared_ptr<const Context> context_;
  NoPort port_;
  std::string protocol_ = "mqtt";
};

ContextOptions with_keys() {
  ContextOptions options;
  options.psk_source = test::source_of({test::make_credential()});
  return options;
}

// ---- what is kept ----

TEST(MakeSession, HasAllThatTheHandshakeCameTo) {
  Side12 side(with_keys());
  const session::SessionBody body = side.make();
  EXPECT_EQ(body.version, tls12);
  EXPECT_EQ(body.cipher_suite, ecdhe_psk);
  EXPECT_EQ(octets_of(body.psk.bytes()), Octets(48, 0x4d));
  EXPECT_EQ(body.issued, begin);
  EXPECT_EQ(body.authenticated, begin);
  EXPECT_EQ(body.lifetime, 2h);
  EXPECT_EQ(body.authentication, Authentication::external_psk);
  EXPECT_EQ(body.server_name, "server.example");
  EXPECT_EQ(body.alpn, "mqtt");
  EXPECT_EQ(body.psk_identity, "alice");
  EXPECT_TRUE(body.extended_master_secret);
  EXPECT_FALSE(body.encrypt_then_mac);
  EXPECT_TRUE(body.ticket.empty() && body.session_id.empty());
  EXPECT_EQ(body.age_add, 0u);
  EXPECT_EQ(body.max_early_data, 0u);
  side.established.below->extended_master_secret = false;
  side.established.below->encrypt_then_mac = true;
  EXPECT_FALSE(side.make().extended_master_secret);
  EXPECT_TRUE(side.make().encrypt_then_mac);
}

TEST(MakeSession, HasTheChainAndTheNameThatWasVerified) {
  Side12 side(with_keys());
  side.established.authentication = Authentication::certificate;
  side.established.suite = side.settings().suite_below(ecdhe_ecdsa);
  handshake::Extras& extras = side.established.extras();
  extras.peer.octets = Octets{1, 1, 2, 2, 2};
  extras.peer.ends = {2, 5};
  extras.session_name = "192.0.2.1";
  const session::SessionBody body = side.make();
  EXPECT_EQ(body.server_name, "192.0.2.1");
  EXPECT_EQ(body.peer_chain, (std::vector<Octets>{{1, 1}, {2, 2, 2}}));
  EXPECT_EQ(body.peer_type, CertificateType::x509);
  EXPECT_EQ(body.lifetime, 2h);
}

TEST(MakeSession, EndsSevenDaysAfterTheHandshakeThatItGoesBackTo) {
  Side12 side(with_keys());
  side.established.resumed = true;
  side.established.extras().authenticated = begin - 167h;
  EXPECT_EQ(side.make().lifetime, 1h);
  EXPECT_EQ(side.make().authenticated, begin - 167h);
  EXPECT_EQ(side.make(begin, 30min).lifetime, 30min);
  EXPECT_EQ(side.make(begin + 1h).lifetime, 0s);
  EXPECT_EQ(side.make(begin + 100h).lifetime, 0s);
  EXPECT_EQ(side.make(begin, -5s).lifetime, 0s);
  side.established.more->authenticated = TimePoint();
  EXPECT_EQ(side.make().lifetime, 0s) << "resumed, and nobody knows from what";
}

TEST(MakeSession, IsOfNobodyWhereNobodyWasAuthenticated) {
  const auto lives = [](Authentication authentication, CipherSuite suite) {
    Side12 side(with_keys());
    side.established.authentication = authentication;
    side.established.suite = side.settings().suite_below(suite);
    return side.make().lifetime > 0s;
  };
  EXPECT_TRUE(lives(Authentication::external_psk, psk_cbc));
  EXPECT_TRUE(lives(Authentication::certificate, ecdhe_ecdsa));
  EXPECT_TRUE(lives(Authentication::certificate_with_external_psk, ecdhe_ecdsa));
  EXPECT_TRUE(lives(Authentication::anonymous, ecdhe_ecdsa)) << "a client that showed nothing";
  EXPECT_FALSE(lives(Authentication::anonymous, anonymous_suite));
  EXPECT_FALSE(lives(Authentication::session_secret, ecdhe_psk));
  EXPECT_FALSE(lives(Authentication::none, ecdhe_psk));
}

TEST(MakeSession, NeedsAMasterSecretOf48Octets) {
  for (const std::size_t size : {0u, 1u, 47u, 49u, 512u}) {
    Side12 side(with_keys());
    side.established.below->master_secret.assign(Octets(size, 1));
    EXPECT_EQ(side.make().lifetime, 0s) << size;
    EXPECT_TRUE(side.make().psk.empty());
  }
  Side12 side(with_keys());
  side.established.below.reset();
  EXPECT_EQ(side.make().lifetime, 0s);
}

// ---- what is resumed ----

// A client's ClientHello, as far as it is looked at.
struct Client12 {
  std::vector<CipherSuite> suites = {ecdhe_psk, psk_cbc, ecdhe_ecdsa, anonymous_suite};
  ProtocolVersion version = tls12;
  std::string server_name = "server.example";
  std::string alpn = "mqtt";  // empty: none
  bool extended_master_secret = true;
  TimePoint now = begin + 1h;
};

std::string ask(Side12& side, const Client12& client, const session::SessionBody& session) {
  wire::Buffer octets;
  wire::Writer w(octets);
  for (const CipherSuite suite : client.suites) write(w, suite);
  handshake::Hello hello{};
  hello.hello.cipher_suites = {octets.bytes()};
  const ResumptionOffer offer{client.version,
                              client.server_name,
                              client.alpn.empty() ? nullptr : &client.alpn,
                              client.extended_master_secret,
                              client.now,
                              hello};
  const auto may = may_resume(side.endpoint(), offer, session);
  if (!may) return std::string(name(may.error().reason()));
  return *may ? "resumed" : "full handshake";
}

class MayResume : public testing::Test {
 protected:
  explicit MayResume(ContextOptions options = with_keys()) : side_(options) { session_ = side_.make(); }
  std::string ask() { return tls12::ask(side_, client_, session_); }
  // On a server with other options.
  std::string ask(ContextOptions options) {
    Side12 other(std::move(options));
    return tls12::ask(other, client_, session_);
  }

  Side12 side_;
  Client12 client_;
  session::SessionBody session_;
};

TEST_F(MayResume, WhatWouldBeTheSameToday) {
  EXPECT_EQ(ask(), "resumed");
  session_.encrypt_then_mac = true;
  EXPECT_EQ(ask(), "resumed") << "that is negotiated anew";
}

// RFC 7627 section 5.3, row by row.
TEST_F(MayResume, AsRfc7627Says) {
  struct Row {
    bool session, hello, required;
    std::string_view then;
  };
  for (const auto& [session, hello, required, then] : std::initializer_list<Row>{
           {true, true, false, "resumed"},
           {true, true, true, "resumed"},
           {true, false, false, "extended_master_secret_missing"},
           {true, false, true, "extended_master_secret_missing"},
           {false, true, false, "full handshake"},
           {false, true, true, "full handshake"},
           {false, false, false, "resumed"},
           {false, false, true, "full handshake"},
       }) {
    session_.extended_master_secret = session;
    client_.extended_master_secret = hello;
    ContextOptions options = with_keys();
    options.require_extended_master_secret = required;
    EXPECT_EQ(ask(options), then) << session << hello << required;
  }
}

TEST_F(MayResume, EndsTheHandshakeOnlyForASessionThatIsOne) {
  client_.extended_master_secret = false;
  client_.now = begin + 2h;
  EXPECT_EQ(ask(), "full handshake") << "it has expired";
}

TEST_F(MayResume, InItsVersionOnly) {
  for (const auto version : {tls10, tls11, tls13}) {
    client_.version = version;
    EXPECT_EQ(ask(), "full handshake");
  }
  for (const auto version : {tls10, tls11, tls12}) {
    client_.version = version;
    session_.version = version;
    session_.cipher_suite = psk_cbc;
    EXPECT_EQ(ask(), "resumed");
    session_.cipher_suite = ecdhe_psk;
    EXPECT_EQ(ask(), version == tls12 ? "resumed" : "full handshake") << "a suite of another version";
  }
}

// Its secret would be a pre-shared key there.
TEST_F(MayResume, NothingOfTls13) {
  session_.version = tls13;
  session_.cipher_suite = CipherSuite::TLS_AES_128_GCM_SHA256;
  for (const auto version : {tls10, tls11, tls12, tls13}) {
    client_.version = version;
    EXPECT_EQ(ask(), "full handshake");
  }
  session_ = side_.make();
  client_.version = tls12;
  session_.psk.assign(Octets(32, 1));
  EXPECT_EQ(ask(), "full handshake") << "a secret that is no master secret";
}

TEST_F(MayResume, BySuitesThatBothHave) {
  client_.suites = {psk_cbc};
  EXPECT_EQ(ask(), "full handshake") << "the client does not offer it any more";
  client_.suites = {psk_cbc, ecdhe_psk};
  EXPECT_EQ(ask(), "resumed");
  session_.cipher_suite = CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256;
  client_.suites = {session_.cipher_suite};
  EXPECT_EQ(ask(), "full handshake") << "this server does not have it any more";
}

TEST_F(MayResume, ForAsLongAsItLives) {
  const auto at = [&](TimePoint now) {
    client_.now = now;
    return ask();
  };
  EXPECT_EQ(at(begin + 2h - 1ns), "resumed");
  EXPECT_EQ(at(begin + 2h), "full handshake");
  EXPECT_EQ(at(begin - 5min), "resumed");
  EXPECT_EQ(at(begin - 5min - 1ns), "full handshake") << "it comes from the future";
  session_.authenticated = begin - 167h - 30min;
  EXPECT_EQ(at(begin + 30min - 1ns), "resumed");
  EXPECT_EQ(at(begin + 30min), "full handshake") << "7 days after the handshake";
}

TEST_F(MayResume, UnderItsNameAndProtocol) {
  for (const std::string_view name : {"", "other.example", "server.exampl", "server.example."}) {
    client_.server_name = name;
    EXPECT_EQ(ask(), "full handshake") << name;
  }
  client_ = {};
  for (const std::string_view protocol : {"", "h2", "mqt"}) {
    client_.alpn = protocol;
    EXPECT_EQ(ask(), "full handshake") << protocol;
  }
  client_ = {.server_name = "", .alpn = ""};
  session_.server_name.clear();
  session_.alpn.clear();
  EXPECT_EQ(ask(), "resumed");
}

TEST_F(MayResume, OfAKeyOnlyWithASourceOfKeys) {
  ContextOptions options;
  options.certificates = {test::server_certificate().certified_key()};
  EXPECT_EQ(ask(options), "full handshake");
  options.psk_source = test::source_of({});
  EXPECT_EQ(ask(options), "resumed");
  session_.cipher_suite = ecdhe_ecdsa;
  EXPECT_EQ(ask(options), "full handshake") << "no key has to do with that suite";
}

TEST_F(MayResume, OfACertificateOnlyWhereOneIsAskedFor) {
  session_.authentication = Authentication::certificate;
  session_.cipher_suite = ecdhe_ecdsa;
  ContextOptions options;
  options.certificates = {test::server_certificate().certified_key()};
  options.verification = test::trusting();
  EXPECT_EQ(ask(options), "full handshake");
  for (const auto asked : {ClientCertificates::request, ClientCertificates::require}) {
    options.client_certificates = asked;
    EXPECT_EQ(ask(options), "resumed");
  }
  options.verification.reset();
  options.client_certificates = ClientCertificates::none;
  EXPECT_EQ(ask(options), "full handshake");
}

TEST_F(MayResume, OfAClientThatShowedNothingUnlessItHasToNow) {
  session_.authentication = Authentication::anonymous;
  session_.cipher_suite = ecdhe_ecdsa;
  ContextOptions options;
  options.certificates = {test::server_certificate().certified_key()};
  EXPECT_EQ(ask(options), "resumed");
  options.verification = test::trusting();
  options.client_certificates = ClientCertificates::request;
  EXPECT_EQ(ask(options), "resumed");
  options.client_certificates = ClientCertificates::require;
  EXPECT_EQ(ask(options), "full handshake");
  EXPECT_EQ(ask(with_keys()), "full handshake") << "this server shows no certificate any more";
  options = with_keys();
  options.certificates = {test::server_certificate().certified_key()};
  session_.cipher_suite = anonymous_suite;
  EXPECT_EQ(ask(options), "full handshake");
}

TEST_F(MayResume, OfNobodyNothing) {
  for (const auto authentication :
       {Authentication::none, Authentication::session_secret, Authentication::raw_public_key}) {
    session_.authentication = authentication;
    EXPECT_EQ(ask(), "full handshake");
  }
}

// What a ticket or a cache gives back is what was made.
TEST_F(MayResume, WhatAnIssuerGivesBack) {
  TicketKeys keys;
  SessionCache cache;
  const Session made = session::SessionAccess::make(side_.make());
  const auto ticket = keys.issue(made, begin).value();
  const auto id = cache.new_session_id().value();
  cache.keep(id, made, begin);
  for (const auto& given : {keys.open(ticket, begin), cache.find(id, begin)}) {
    ASSERT_TRUE(given);
    EXPECT_EQ(tls12::ask(side_, client_, session::SessionAccess::body(*given)), "resumed");
  }
}

// ---- what a client keeps ----

class KeepSession : public testing::Test {
 protected:
  KeepSession() {
    ContextOptions options = with_keys();
    options.session_store = store_;
    options.on_session = [this](const Session& s) { told_.push_back(s); };
    side_.emplace(std::move(options));
    side_->established.extras().session_key = "server";
    body_ = side_->make();
  }
  void keep() { keep_session(side_->endpoint(), std::move(body_)); }
  const session::SessionBody& kept() { return session::SessionAccess::body(told_.at(0)); }

  std::shared_ptr<MemorySessionStore> store_ = std::make_shared<MemorySessionStore>();
  std::vector<Session> told_;
  std::optional<Side12> side_;
  session::SessionBody body_;
};

TEST_F(KeepSession, TellsTheApplicationAndTheStore) {
  body_.session_id = Octets(32, 1);
  keep();
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(octets_of(kept().session_id), Octets(32, 1));
  const auto taken = store_->take("server", begin);
  ASSERT_TRUE(taken);
  EXPECT_EQ(octets_of(session::SessionAccess::body(*taken).session_id), Octets(32, 1));
}

TEST_F(KeepSession, DropsTheIdentifierForATicket) {
  body_.session_id = Octets(32, 1);
  body_.ticket = Octets(100, 2);
  keep();
  EXPECT_EQ(octets_of(kept().ticket), Octets(100, 2));
  EXPECT_TRUE(kept().session_id.empty());
  EXPECT_TRUE(Session::deserialize(told_[0].serialize()));
}

TEST_F(KeepSession, LetsAnIdentifierLiveForADay) {
  body_.session_id = Octets(32, 1);
  body_.lifetime = 100h;
  keep();
  EXPECT_EQ(kept().lifetime, 24h);
}

TEST_F(KeepSession, LetsATicketLiveAsLongAsItIsSaidTo) {
  body_.ticket = Octets(32, 1);
  body_.lifetime = 100h;
  keep();
  EXPECT_EQ(kept().lifetime, 100h);
}

TEST_F(KeepSession, KeepsNothingThatTheServerCouldNotKnow) {
  keep();
  EXPECT_TRUE(told_.empty());
  EXPECT_EQ(store_->size(), 0u);
}

TEST_F(KeepSession, KeepsNothingThatIsOver) {
  body_.ticket = Octets(32, 1);
  body_.lifetime = 0s;
  keep();
  EXPECT_TRUE(told_.empty());
  EXPECT_EQ(store_->size(), 0u);
}

TEST_F(KeepSession, KeepsNothingWithoutAKeyForTheStore) {
  side_->established.more->session_key.clear();
  body_.ticket = Octets(32, 1);
  keep();
  EXPECT_EQ(told_.size(), 1u);
  EXPECT_EQ(store_->size(), 0u);
}

}  // namespace
}  // namespace sesame::tls12
