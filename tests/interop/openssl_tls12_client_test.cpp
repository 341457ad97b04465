// OpenSSL's s_client of TLS 1.2 and below against our server.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <list>
#include <sstream>

#include "interop/tls12.h"

namespace interop {
namespace {

using sesame::Alert;
using sesame::Authentication;
using sesame::CipherSuite;
using sesame::ClientCertificates;
using sesame::ProtocolVersion;
using sesame::Reason;
using sesame::Side;
using sesame::UnknownIdentityAlert;

constexpr auto psk_suite = CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256;
constexpr auto psk_cbc_suite = CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA;
constexpr auto ecdsa_suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
constexpr std::string_view psk_name = "PSK-AES128-GCM-SHA256";
constexpr std::string_view psk_cbc_name = "PSK-AES128-CBC-SHA";

class OpenSslTls12Client : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("openssl")) GTEST_SKIP() << "there is no openssl command here";
  }
  Peer serve(sesame::ContextOptions options) { return {listener_.accept(), make_server(std::move(options))}; }
  Arguments command(const Arguments& more = {}, std::string_view ciphers = psk_name,
                    ProtocolVersion version = tls12) const {
    return s_client_of(listener_.port(), version, std::string(ciphers), more);
  }
  Arguments with_key(const Arguments& more = {}, std::string_view ciphers = psk_name,
                     ProtocolVersion version = tls12) const {
    return command(psk_arguments() + more, ciphers, version);
  }
  Arguments trusting_us(const Arguments& more = {}, ProtocolVersion version = tls12) const {
    return s_client_of(
        listener_.port(), version, "ALL",
        Arguments{"-CAfile", roots_.path(), "-verify_return_error", "-servername", std::string(server_name)} +
            more);
  }
  sesame::ContextOptions showing_one(KeyType type = KeyType::p256) const {
    auto options = showing(root_.server(std::string(server_name), type));
    options.max_version = tls12;
    return options;
  }
  static void talk(Peer& peer, Process& client) {
    client.write("from the client\n");
    const auto got = peer.receive(16);
    ASSERT_TRUE(got) << why(got) << client.all();
    EXPECT_EQ(*got, "from the client\n");
    const auto sent = peer.send("from our server\n");
    ASSERT_TRUE(sent) << why(sent);
    client.wait_for("from our server\n");
  }
  // A connection that works; how it went is for the caller to ask.
  void connect(sesame::ContextOptions options, const Arguments& run,
               const std::function<void(Peer&, Process&)>& then = {}) {
    Process client(run);
    Peer peer = serve(std::move(options));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    talk(peer, client);
    if (then) then(peer, client);
  }

  Listener listener_;
  const Authority root_;
  const TemporaryFile roots_{root_.pem()};
};

// ---- identities and hints ----

TEST_F(OpenSslTls12Client, SeesTheHintOrNone) {
  for (const auto suite : {psk_suite, CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256,
                           CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256}) {
    auto options = psk_server(suite);
    connect(options, with_key({}, "PSK:kDHEPSK:kECDHEPSK"),
            [](Peer&, Process& client) { client.wait_for("PSK identity hint: None"); });
    options.psk_identity_hint = "ask for bob";
    connect(options, with_key({}, "PSK:kDHEPSK:kECDHEPSK"),
            [](Peer&, Process& client) { client.wait_for("PSK identity hint: ask for bob"); });
    options.psk_identity_hint = "";
    connect(options, with_key({}, "PSK:kDHEPSK:kECDHEPSK"));
    // OpenSSL takes hints of 128 octets, and refuses more (PSK_MAX_IDENTITY_LEN in the versions that had it).
    options.psk_identity_hint = std::string(128, 'h');
    connect(options, with_key({}, "PSK:kDHEPSK:kECDHEPSK"),
            [](Peer&, Process& client) { client.wait_for("PSK identity hint: " + std::string(128, 'h')); });
  }
}

TEST_F(OpenSslTls12Client, SendsIdentitiesOfManyOctetsAndOfAnyValue) {
  for (const std::string& id :
       {std::string("x"), std::string(128, 'x'), std::string(255, 'x'),
        std::string("\x01\x7f\x80\xff\xfe: \\#\n"), std::string("gr\xc3\xbc\xc3\x9f")}) {
    auto options = psk_server(psk_suite);
    options.psk_source = tls12_keyring(id, key);
    connect(options, command(psk_arguments(key, id)), [&](Peer& peer, Process&) {
      EXPECT_TRUE(sesame::as_text(peer.connection().psk_identity()) == id);
      EXPECT_EQ(peer.connection().authentication(), Authentication::external_psk);
    });
  }
}

TEST_F(OpenSslTls12Client, HasKeysOfManySizes) {
  // s_client takes 256 octets (PSK_MAX_PSK_LEN is 512 in libssl, its own buffer is smaller).
  for (const std::size_t size : {1, 15, 16, 17, 64, 65, 256}) {
    const std::string long_key = pattern(size);
    auto options = psk_server(psk_suite);
    options.psk_source = tls12_keyring(identity, long_key);
    connect(options, command(psk_arguments(long_key)));
  }
}

TEST_F(OpenSslTls12Client, CannotTellAWrongKeyFromAnUnknownIdentity) {
  for (const auto& [suite, ciphers] :
       {std::pair(psk_suite, psk_name), std::pair(psk_cbc_suite, psk_cbc_name)}) {
    std::vector<Alert> alerts;
    for (const Arguments& who : {psk_arguments(wrong_key), psk_arguments(key, "mallory")}) {
      Process client(command(who, ciphers));
      Peer peer = serve(psk_server(suite));
      const auto done = peer.handshake();
      ASSERT_FALSE(done) << client.all();
      EXPECT_FALSE(done.error().from_peer());
      alerts.push_back(done.error().alert());
      client.wait_for("SSL alert number " + std::to_string(static_cast<int>(done.error().alert())));
      EXPECT_NE(client.wait(), 0);
    }
    EXPECT_EQ(alerts[0], alerts[1]);
    EXPECT_NE(alerts[0], Alert::unknown_psk_identity);
  }
}

TEST_F(OpenSslTls12Client, IsToldOfAnUnknownIdentityWhereThatIsWanted) {
  auto options = psk_server(psk_suite);
  options.unknown_identity_alert = UnknownIdentityAlert::unknown_psk_identity;
  Process client(command(psk_arguments(key, "mallory")));
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::psk_identity_unknown) << why(done);
  client.wait_for("SSL alert number 115");
}

TEST_F(OpenSslTls12Client, IsNotServedByAKeyOfTls13) {
  auto options = psk_server(psk_suite);
  options.psk_source = make_keyring(identity, key);
  Process client(with_key());
  Peer peer = serve(options);
  EXPECT_FALSE(peer.handshake());
}

// ---- sessions ----

TEST_F(OpenSslTls12Client, ResumesByTicketAndByIdentifier) {
  for (const bool tickets : {true, false}) {
    SCOPED_TRACE(tickets ? "ticket" : "identifier");
    const TemporaryFile session("");
    auto options = showing_one();
    if (tickets)
      options.tickets.issuer = std::make_shared<sesame::TicketKeys>();
    else
      options.tickets.issuer = std::make_shared<sesame::SessionCache>();
    connect(options, trusting_us({"-sess_out", session.path()}), [](Peer& peer, Process& client) {
      EXPECT_FALSE(peer.connection().resumed());
      client.write("Q\n");
      client.wait();
    });
    // As often as the client likes.
    for (int i = 0; i < 3; ++i) {
      connect(options, trusting_us({"-sess_in", session.path()}), [](Peer& peer, Process& client) {
        EXPECT_TRUE(peer.connection().resumed());
        EXPECT_TRUE(peer.connection().extended_master_secret());
        client.wait_for("Reused, TLSv1.2, Cipher is ");
      });
    }
  }
}

TEST_F(OpenSslTls12Client, ResumesWithoutTicketsByTheCache) {
  const TemporaryFile session("");
  auto options = showing_one();
  options.tickets.issuer = std::make_shared<sesame::SessionCache>();
  connect(options, trusting_us({"-no_ticket", "-sess_out", session.path()}), [](Peer&, Process& client) {
    client.write("Q\n");
    client.wait();
  });
  connect(options, trusting_us({"-no_ticket", "-sess_in", session.path()}), [](Peer& peer, Process& client) {
    EXPECT_TRUE(peer.connection().resumed());
    client.wait_for("Reused, TLSv1.2");
  });
}

TEST_F(OpenSslTls12Client, ResumesInOlderVersionsToo) {
  for (const auto version : {tls10, tls11}) {
    const TemporaryFile session("");
    auto options = only(version, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA);
    options.certificates = showing_one().certificates;
    options.tickets.issuer = std::make_shared<sesame::TicketKeys>();
    connect(options, trusting_us({"-sess_out", session.path()}, version), [](Peer&, Process& client) {
      client.write("Q\n");
      client.wait();
    });
    connect(options, trusting_us({"-sess_in", session.path()}, version), [&](Peer& peer, Process& client) {
      EXPECT_TRUE(peer.connection().resumed());
      client.wait_for("Reused, TLSv1.0, Cipher is ");  // since when there is the suite
    });
  }
}

TEST_F(OpenSslTls12Client, ResumesAfterAKeyWhereThatIsWanted) {
  for (const bool wanted : {false, true}) {
    const TemporaryFile session("");
    auto options = psk_server(CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256);
    options.tickets.issuer = std::make_shared<sesame::TicketKeys>();
    options.tickets.after_external_psk = wanted;
    connect(options, with_key({"-sess_out", session.path()}, "ALL"), [](Peer&, Process& client) {
      client.write("Q\n");
      client.wait();
    });
    if (!wanted) {
      EXPECT_EQ(std::ifstream(session.path()).peek(), std::ifstream::traits_type::eof()) << "no session";
      continue;
    }
    connect(options, with_key({"-sess_in", session.path()}, "ALL"), [&](Peer& peer, Process&) {
      EXPECT_TRUE(peer.connection().resumed());
      EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
      EXPECT_EQ(peer.connection().authentication(), Authentication::external_psk);
    });
  }
}

TEST_F(OpenSslTls12Client, WithAnotherServersTicketGetsAFullHandshake) {
  const TemporaryFile session("");
  auto options = showing_one();
  options.tickets.issuer = std::make_shared<sesame::TicketKeys>();
  connect(options, trusting_us({"-sess_out", session.path()}), [](Peer&, Process& client) {
    client.write("Q\n");
    client.wait();
  });
  options.tickets.issuer = std::make_shared<sesame::TicketKeys>();
  connect(options, trusting_us({"-sess_in", session.path()}),
          [](Peer& peer, Process&) { EXPECT_FALSE(peer.connection().resumed()); });
}

// ---- renegotiation ----

TEST_F(OpenSslTls12Client, MayRenegotiateWhereThatIsAllowed) {
  auto options = psk_server(psk_suite);
  options.renegotiation = sesame::Renegotiation::allow;
  connect(options, with_key(), [](Peer& peer, Process& client) {
    for (int i = 0; i < 2; ++i) {
      client.write("R\n");
      const auto done = peer.be_renegotiated();
      ASSERT_TRUE(done) << why(done) << client.all();
      client.wait_for("RENEGOTIATING");
      talk(peer, client);
    }
  });
}

TEST_F(OpenSslTls12Client, MayNotRenegotiateByDefault) {
  connect(psk_server(psk_suite), with_key(), [](Peer& peer, Process& client) {
    client.write("R\n");
    // We say no_renegotiation and would go on; s_client does not.
    const auto error = peer.receive_alert();
    EXPECT_EQ(error.alert(), Alert::handshake_failure) << error.message();
    EXPECT_TRUE(error.from_peer());
    client.wait_for("no renegotiation");
  });
}

TEST_F(OpenSslTls12Client, RenegotiatesNoMoreOftenThanTheLimitHasIt) {
  auto options = psk_server(psk_suite);
  options.renegotiation = sesame::Renegotiation::allow;
  options.limits.renegotiations = 1;
  connect(options, with_key(), [](Peer& peer, Process& client) {
    client.write("R\n");
    ASSERT_TRUE(peer.be_renegotiated());
    client.write("R\n");
    EXPECT_FALSE(peer.be_renegotiated());
  });
}

TEST_F(OpenSslTls12Client, RenegotiatesWhenWeAskForIt) {
  for (const auto& [suite, ciphers, version] :
       {std::tuple(psk_suite, psk_name, tls12), std::tuple(psk_cbc_suite, psk_cbc_name, tls12),
        std::tuple(psk_cbc_suite, psk_cbc_name, tls10)}) {
    connect(psk_server(suite, version), with_key({}, ciphers, version), [](Peer& peer, Process& client) {
      const auto done = peer.renegotiate();
      ASSERT_TRUE(done) << why(done) << client.all();
      talk(peer, client);
    });
  }
}

TEST_F(OpenSslTls12Client, RenegotiatesWithACertificate) {
  auto options = showing_one(KeyType::rsa2048);
  options.renegotiation = sesame::Renegotiation::allow;
  connect(options, trusting_us(), [](Peer& peer, Process& client) {
    client.write("R\n");
    const auto done = peer.be_renegotiated();
    ASSERT_TRUE(done) << why(done) << client.all();
    talk(peer, client);
    const auto again = peer.renegotiate();
    ASSERT_TRUE(again) << why(again) << client.all();
    talk(peer, client);
  });
}

// ---- certificates ----

class OpenSslTls12ClientKey : public OpenSslTls12Client, public testing::WithParamInterface<KeyType> {};

TEST_P(OpenSslTls12ClientKey, OfOurServerIsVerified) {
  connect(showing_one(GetParam()), trusting_us(), [](Peer& peer, Process& client) {
    EXPECT_EQ(peer.connection().version(), tls12);
    client.wait_for("Verification: OK");
  });
}

TEST_P(OpenSslTls12ClientKey, IsVerified) {
  const Issued own = root_.client("s_client", GetParam());
  const CertificateFiles files(own);
  auto options = showing_one();
  options.client_certificates = ClientCertificates::require;
  options.verification = sesame::VerificationOptions{.trust = root_.trust()};
  connect(options, trusting_us(files.openssl()), [&](Peer& peer, Process&) {
    EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
    ASSERT_FALSE(peer.connection().peer_certificates().empty());
    // s_client adds the root, which it finds in -CAfile.
    EXPECT_EQ(octets_of(peer.connection().peer_certificates()).front(), octets_of(own).front());
  });
}

INSTANTIATE_TEST_SUITE_P(All, OpenSslTls12ClientKey, testing::ValuesIn(usable_key_types),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_F(OpenSslTls12Client, IsVerifiedInOlderVersions) {
  for (const auto version : {tls10, tls11}) {
    for (const auto type : {KeyType::rsa2048, KeyType::p256}) {
      const Issued own = root_.client("s_client", type);
      const CertificateFiles files(own);
      auto options = showing_one(type);
      options.min_version = options.max_version = version;
      options.cipher_suites = {CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
                               CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA};
      options.client_certificates = ClientCertificates::require;
      options.verification = sesame::VerificationOptions{.trust = root_.trust()};
      connect(options, trusting_us(files.openssl(), version), [&](Peer& peer, Process&) {
        EXPECT_EQ(peer.connection().version(), version);
        EXPECT_EQ(peer.connection().authentication(), Authentication::certificate);
      });
    }
  }
}

TEST_F(OpenSslTls12Client, WithoutACertificateIsRefusedOnlyWhereOneIsRequired) {
  auto options = showing_one();
  options.client_certificates = ClientCertificates::request;
  options.verification = sesame::VerificationOptions{.trust = root_.trust()};
  connect(options, trusting_us(), [](Peer& peer, Process&) {
    EXPECT_EQ(peer.connection().authentication(), Authentication::anonymous);
  });
  options.client_certificates = ClientCertificates::require;
  Process client(trusting_us());
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::certificate_required) << why(done);
  client.wait_for("SSL alert number ");
}

TEST_F(OpenSslTls12Client, GetsAStapledResponse) {
  const Issued own = root_.server(std::string(server_name));
  auto options = showing_one();
  options.certificates = {*own.certified_key().with_ocsp_response(root_.ocsp(own))};
  connect(options, trusting_us({"-status"}), [](Peer&, Process& client) {
    client.wait_for("OCSP Response Status: successful");
    client.wait_for("Cert Status: good");
  });
}

// ---- extensions ----

TEST_F(OpenSslTls12Client, AgreesOnAlpnServerNameAndExporter) {
  auto options = showing_one();
  options.alpn = {"http/1.1", "mqtt"};
  connect(
      options,
      trusting_us({"-alpn", "mqtt,h2", "-keymatexport", "EXPORTER-sesame-test", "-keymatexportlen", "40"}),
      [](Peer& peer, Process& client) {
        EXPECT_EQ(peer.connection().alpn(), "mqtt");
        EXPECT_EQ(peer.connection().server_name(), server_name);
        client.wait_for("ALPN protocol: mqtt");
        std::string exported(40, '\0');
        const auto ok = peer.connection().export_keying_material(
            "EXPORTER-sesame-test", {}, {reinterpret_cast<std::uint8_t*>(exported.data()), exported.size()});
        ASSERT_TRUE(ok) << why(ok);
        std::string upper = hex(exported);
        for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        client.wait_for("Keying material: " + upper);
      });
}

TEST_F(OpenSslTls12Client, MayLeaveEncryptThenMacOut) {
  for (const auto version : {tls10, tls11, tls12}) {
    connect(psk_server(psk_cbc_suite, version), with_key({"-no_etm"}, psk_cbc_name, version),
            [](Peer& peer, Process&) { EXPECT_FALSE(peer.connection().encrypt_then_mac()); });
    auto options = psk_server(psk_cbc_suite, version);
    options.encrypt_then_mac = false;
    connect(options, with_key({}, psk_cbc_name, version),
            [](Peer& peer, Process&) { EXPECT_FALSE(peer.connection().encrypt_then_mac()); });
  }
}

TEST_F(OpenSslTls12Client, MayLeaveTheExtendedMasterSecretOut) {
  const TemporaryFile configuration(
      "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nOptions = -ExtendedMasterSecret\n");
  const Arguments without = Arguments{"env", "OPENSSL_CONF=" + configuration.path()} + with_key();
  connect(psk_server(psk_suite), without, [](Peer& peer, Process& client) {
    EXPECT_FALSE(peer.connection().extended_master_secret());
    client.wait_for("Extended master secret: no");
  });
  auto options = psk_server(psk_suite);
  options.require_extended_master_secret = true;
  connect(options, with_key());
  Process client(without);
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::extended_master_secret_missing) << why(done);
}

TEST_F(OpenSslTls12Client, GetsRecordsOfTheLengthThatItAskedFor) {
  for (const auto& [suite, ciphers] :
       {std::pair(psk_suite, psk_name), std::pair(psk_cbc_suite, psk_cbc_name)}) {
    Process client(with_key({"-quiet", "-maxfraglen", "512"}, ciphers));
    Peer peer = serve(psk_server(suite));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    EXPECT_GT(peer.connection().sealed_size(1024), peer.connection().sealed_size(512) + 512)
        << "two records for 1024 octets";
    const std::string data = pattern(5000);
    ASSERT_TRUE(peer.send(data));
    client.wait_for_output(data.size());
    EXPECT_TRUE(client.output() == data);
  }
}

TEST_F(OpenSslTls12Client, MovesMuchEachWay) {
  for (const auto& [suite, ciphers, version] :
       {std::tuple(psk_suite, psk_name, tls12), std::tuple(psk_cbc_suite, psk_cbc_name, tls12),
        std::tuple(psk_cbc_suite, psk_cbc_name, tls11), std::tuple(psk_cbc_suite, psk_cbc_name, tls10),
        std::tuple(CipherSuite::TLS_PSK_WITH_CHACHA20_POLY1305_SHA256,
                   std::string_view("PSK-CHACHA20-POLY1305"), tls12),
        std::tuple(CipherSuite::TLS_PSK_WITH_AES_128_CCM_8, std::string_view("PSK-AES128-CCM8"), tls12),
        std::tuple(CipherSuite::TLS_PSK_WITH_NULL_SHA256, std::string_view("PSK-NULL-SHA256"), tls12)}) {
    Process client(with_key({"-quiet"}, ciphers, version));
    Peer peer = serve(psk_server(suite, version));
    const auto done = peer.handshake();
    ASSERT_TRUE(done) << why(done) << client.all();
    const std::string there = pattern(300'003), back = pattern(300'001);
    ASSERT_TRUE(peer.send(there));
    client.wait_for_output(there.size());
    EXPECT_TRUE(client.output() == there);
    client.write(back);
    const auto got = peer.receive(back.size());
    ASSERT_TRUE(got) << why(got);
    EXPECT_TRUE(*got == back);
  }
}

// ---- versions ----

TEST_F(OpenSslTls12Client, AgreesOnTheHighestVersionOfBothOrOnNone) {
  const auto all = {tls10, tls11, tls12, tls13};
  auto keyring = std::make_shared<sesame::Keyring>();
  ASSERT_TRUE(keyring->add({.identity = sesame::as_bytes(identity),
                            .key = sesame::as_bytes(key),
                            .usage = sesame::PskUsage::tls13_and_tls12}));
  for (const auto their_min : all) {
    for (const auto their_max : all) {
      for (const auto our_min : all) {
        for (const auto our_max : all) {
          // Whole ranges from 1.0 on, and single versions: all others are between these.
          const bool ours = our_min == our_max || our_min == tls10;
          const bool theirs = their_min == their_max || their_min == tls10;
          if (!ours || !theirs || our_min > our_max || their_min > their_max) continue;
          SCOPED_TRACE(openssl_name(their_min) + ".." + openssl_name(their_max) + " and ours " +
                       openssl_name(our_min) + ".." + openssl_name(our_max));
          Process client(Arguments{"openssl", "s_client", "-connect", listener_.address(), "-min_protocol",
                                   openssl_name(their_min), "-max_protocol", openssl_name(their_max),
                                   "-cipher", "PSK:@SECLEVEL=0"} +
                         psk_arguments());
          sesame::ContextOptions options;
          options.min_version = our_min;
          options.max_version = our_max;
          options.cipher_suites.push_back(psk_cbc_suite);
          options.psk_source = keyring;
          Peer peer = serve(options);
          const auto done = peer.handshake();
          if (std::max(their_min, our_min) <= std::min(their_max, our_max)) {
            ASSERT_TRUE(done) << why(done) << client.all();
            EXPECT_EQ(peer.connection().version(), std::min(their_max, our_max));
            EXPECT_EQ(sesame::as_text(peer.connection().psk_identity()), identity);
            talk(peer, client);
          } else {
            ASSERT_FALSE(done) << client.all();
            EXPECT_EQ(done.error().alert(), Alert::protocol_version) << why(done);
          }
        }
      }
    }
  }
}

TEST_F(OpenSslTls12Client, ThatFallsBackWithoutNeedIsRefused) {
  auto options = psk_server(psk_cbc_suite);
  options.min_version = tls10;
  Process client(with_key({"-fallback_scsv"}, psk_cbc_name, tls11));
  Peer peer = serve(options);
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::inappropriate_fallback) << why(done);
  client.wait_for("SSL alert number 86");
  options.max_version = tls11;
  connect(options, with_key({"-fallback_scsv"}, psk_cbc_name, tls11));
}

TEST_F(OpenSslTls12Client, HasNoSuiteInCommon) {
  Process client(with_key({}, psk_cbc_name));
  Peer peer = serve(psk_server(psk_suite));
  const auto done = peer.handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason(), Reason::no_common_suite) << why(done);
  client.wait_for("SSL alert number 40");
}

// ---- secrets, and the end ----

TEST_F(OpenSslTls12Client, LogsTheSameSecrets) {
  for (const auto version : {tls10, tls12}) {
    const TemporaryFile log("");
    std::vector<std::string> lines;
    auto options = psk_server(psk_cbc_suite, version);
    options.key_log = [&](std::string_view line) { lines.emplace_back(line); };
    connect(options, with_key({"-keylogfile", log.path()}, psk_cbc_name, version));
    std::ifstream file(log.path());
    std::vector<std::string> theirs;
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("#")) theirs.push_back(line);
    }
    EXPECT_EQ(lines, theirs);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].starts_with("CLIENT_RANDOM "));
  }
}

TEST_F(OpenSslTls12Client, ClosesProperly) {
  connect(psk_server(psk_suite), with_key(), [](Peer& peer, Process& client) {
    client.write("Q\n");
    const auto rest = peer.receive_to_end();
    EXPECT_TRUE(rest) << why(rest);
    EXPECT_TRUE(peer.close());
    EXPECT_EQ(client.wait(), 0);
  });
  connect(psk_server(psk_suite), with_key(), [](Peer& peer, Process& client) {
    ASSERT_TRUE(peer.close());
    EXPECT_EQ(client.wait(), 0) << client.all();
  });
}

TEST_F(OpenSslTls12Client, ThatDiesIsReportedAsTruncation) {
  connect(psk_server(psk_suite), with_key(), [](Peer& peer, Process& client) {
    client.kill();
    const auto rest = peer.receive_to_end();
    ASSERT_FALSE(rest);
    EXPECT_EQ(rest.error().reason(), Reason::truncated);
  });
}

}  // namespace
}  // namespace interop
