// What a server of TLS 1.2 and below makes of a ClientHello, as a table of cases.
#include "tls12/negotiate.h"

#include <gtest/gtest.h>

#include "extension/extension_type.h"
#include "message/tls12.h"
#include "support/authority.h"
#include "support/octets.h"
#include "support/pair.h"

namespace sesame::tls12 {
namespace {

using namespace test;
using enum CipherSuite;
using enum NamedGroup;
using enum ProtocolVersion;
using enum SignatureScheme;
using extension::ExtensionType;

struct Hello {
  std::uint16_t version = 0x0303;
  std::vector<CipherSuite> suites = {};
  std::vector<std::pair<ExtensionType, Octets>> extensions = {};
  Octets compression = {0};

  Hello& with(ExtensionType type, Octets body = {}) {
    extensions.emplace_back(type, std::move(body));
    return *this;
  }
  Hello& with_groups(std::initializer_list<NamedGroup> groups) {
    Octets list;
    for (const NamedGroup group : groups) append(list, u16(static_cast<unsigned>(group)));
    return with(ExtensionType::supported_groups, vec16(list));
  }
  Hello& with_schemes(std::initializer_list<SignatureScheme> schemes) {
    Octets list;
    for (const SignatureScheme scheme : schemes) append(list, u16(static_cast<unsigned>(scheme)));
    return with(ExtensionType::signature_algorithms, vec16(list));
  }
  Octets octets() const {
    Octets list, block;
    for (const CipherSuite suite : suites) append(list, u16(static_cast<unsigned>(suite)));
    for (const auto& [type, body] : extensions)
      append(block, join({u16(static_cast<unsigned>(type)), vec16(body)}));
    Octets body = join({u16(version), repeat(32, 1), vec8({}), vec16(list), vec8(compression)});
    if (!extensions.empty()) append(body, vec16(block));
    return join({u8(1), vec24(body)});
  }
};

const Authority& authority() {
  static const Authority made;
  return made;
}
CertifiedKey key(KeyType type, std::string usage = {}) {
  return authority().issue(type, {.dns = {"server.example"}, .key_usage = std::move(usage)}).certified_key();
}

// A server with everything but what a case takes away.
ContextOptions everything() {
  ContextOptions options;
  options.min_version = tls10;
  options.max_version = tls12;
  options.cipher_suites = {
      TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
      TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256,   TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
      TLS_DHE_PSK_WITH_AES_128_GCM_SHA256,     TLS_RSA_PSK_WITH_AES_128_GCM_SHA256,
      TLS_RSA_WITH_AES_128_GCM_SHA256,         TLS_PSK_WITH_AES_128_GCM_SHA256,
      TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
      TLS_DHE_RSA_WITH_AES_128_CBC_SHA,        TLS_PSK_WITH_AES_128_CBC_SHA,
      TLS_DH_anon_WITH_AES_128_GCM_SHA256,
  };
  options.certificates = {key(KeyType::p256), key(KeyType::rsa2048)};
  options.psk_source = source_of({});
  return options;
}

struct Outcome {
  CipherSuite suite{};
  std::optional<NamedGroup> group;
  std::optional<SignatureScheme> scheme;
  std::optional<Reason> reason;
  Alert alert = Alert::none;
  std::string detail;
};

Outcome outcome(const Hello& hello, ContextOptions options = everything()) {
  auto settings = policy::resolve(std::move(options));
  EXPECT_TRUE(settings);
  const Octets octets = hello.octets();
  const auto failed = [](const Error& error) {
    Outcome out;
    out.reason = error.reason();
    out.alert = error.alert();
    out.detail = error.detail();
    return out;
  };
  const auto offer = read_offer(*settings, octets, std::nullopt);
  if (!offer) return failed(offer.error());
  Negotiated negotiated;
  if (const auto ok = choose_suite(*settings, *offer, negotiated); !ok) return failed(ok.error());
  Outcome out;
  out.suite = negotiated.suite->id;
  out.group = negotiated.group;
  if (negotiated.certificate.key) out.scheme = negotiated.certificate.scheme;
  return out;
}

void expect_suite(const Outcome& found, CipherSuite suite) {
  EXPECT_FALSE(found.reason) << name(*found.reason) << ": " << found.detail;
  EXPECT_EQ(name(found.suite), name(suite));
}
void expect_refused(const Outcome& found, Reason reason, Alert alert = Alert::handshake_failure) {
  ASSERT_TRUE(found.reason) << name(found.suite);
  EXPECT_EQ(name(*found.reason), name(reason)) << found.detail;
  EXPECT_EQ(name(found.alert), name(alert));
}

Hello usual(std::initializer_list<CipherSuite> suites) {
  Hello hello{.suites = suites};
  hello.with_groups({x25519, secp256r1}).with_schemes({ecdsa_secp256r1_sha256, rsa_pkcs1_sha256});
  return hello;
}

TEST(Negotiate, TheSuiteIsTheFirstOfTheServersThatTheClientHas) {
  const Outcome found = outcome(usual({TLS_PSK_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_GCM_SHA256,
                                       TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}));
  expect_suite(found, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
  EXPECT_EQ(found.group, x25519);
  EXPECT_EQ(found.scheme, rsa_pkcs1_sha256);
}

TEST(Negotiate, EachKeyExchangeIsChosenWhereAllThatItNeedsIsThere) {
  const struct {
    CipherSuite suite;
    std::optional<NamedGroup> group;
    bool certificate;
  } rows[] = {
      {TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, x25519, true},
      {TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256, x25519, false},
      {TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, ffdhe2048, true},
      {TLS_DHE_PSK_WITH_AES_128_GCM_SHA256, ffdhe2048, false},
      {TLS_RSA_PSK_WITH_AES_128_GCM_SHA256, std::nullopt, true},
      {TLS_RSA_WITH_AES_128_GCM_SHA256, std::nullopt, true},
      {TLS_PSK_WITH_AES_128_GCM_SHA256, std::nullopt, false},
      {TLS_DH_anon_WITH_AES_128_GCM_SHA256, ffdhe2048, false},
  };
  for (const auto& row : rows) {
    const Outcome found = outcome(usual({row.suite}));
    expect_suite(found, row.suite);
    EXPECT_EQ(found.group, row.group);
    EXPECT_EQ(found.scheme.has_value(), row.certificate);
  }
}

TEST(Negotiate, ASuiteThatCouldOnlyFailIsPassedOver) {
  const auto hello = [] {
    return usual({TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                  TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256, TLS_PSK_WITH_AES_128_GCM_SHA256,
                  TLS_RSA_WITH_AES_128_GCM_SHA256});
  };
  ContextOptions options = everything();
  options.certificates = {key(KeyType::rsa2048)};
  expect_suite(outcome(hello(), options), TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
  options.certificates = {};
  expect_suite(outcome(hello(), options), TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256);
  options.groups = {ffdhe2048};
  expect_suite(outcome(hello(), options), TLS_PSK_WITH_AES_128_GCM_SHA256);
  options.psk_source = nullptr;
  options.certificates = {key(KeyType::rsa2048)};
  expect_suite(outcome(hello(), options), TLS_RSA_WITH_AES_128_GCM_SHA256);
  // RFC 5246 section 7.4.2: a key that may only sign does not decrypt, and the reverse.
  options.certificates = {key(KeyType::rsa2048, "digitalSignature")};
  expect_refused(outcome(hello(), options), Reason::no_common_group);
  options.groups = {secp256r1};
  options.certificates = {key(KeyType::rsa2048, "keyEncipherment")};
  expect_suite(outcome(hello(), options), TLS_RSA_WITH_AES_128_GCM_SHA256);
}

TEST(Negotiate, TheReasonSaysWhatTheBestCommonSuiteLacks) {
  const struct {
    CipherSuite suite;
    void (*take_away)(ContextOptions&);
    Reason reason;
    std::string_view detail;
  } rows[] = {
      {TLS_PSK_WITH_AES_128_GCM_SHA256, [](ContextOptions& o) { o.psk_source = nullptr; },
       Reason::no_common_suite, "no source"},
      {TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, [](ContextOptions& o) { o.certificates.clear(); },
       Reason::no_certificate_usable, "TLS_ECDHE_RSA"},
      {TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, [](ContextOptions& o) { o.groups = {secp384r1}; },
       Reason::no_common_group, "elliptic curve"},
      {TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, [](ContextOptions& o) { o.groups = {x25519}; },
       Reason::no_common_group, "RFC 7919"},
      {TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
       [](ContextOptions& o) { o.signature_schemes = {rsa_pkcs1_sha256}; },
       Reason::no_common_signature_scheme, "TLS_ECDHE_ECDSA"},
      {TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
       [](ContextOptions& o) { o.certificates = {key(KeyType::p384)}; }, Reason::no_certificate_usable,
       "curve"},
      {TLS_AES_128_GCM_SHA256, [](ContextOptions&) {}, Reason::no_common_suite, "TLS 1.2"},
      {TLS_DH_anon_WITH_AES_128_GCM_SHA256,
       [](ContextOptions& o) {
         o.verification = VerificationOptions{};
         o.client_certificates = ClientCertificates::require;
       },
       Reason::no_common_suite, "client certificate"},
  };
  for (const auto& row : rows) {
    ContextOptions options = everything();
    row.take_away(options);
    const Outcome found = outcome(usual({row.suite}), options);
    expect_refused(found, row.reason);
    EXPECT_NE(found.detail.find(row.detail), std::string::npos) << found.detail;
  }
}

// RFC 8422 section 5.1.
TEST(Negotiate, AClientThatNamesNoCurvesGetsTheFirstOfNist) {
  Hello hello{.suites = {TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256}};
  EXPECT_EQ(outcome(hello).group, secp256r1);
  ContextOptions options = everything();
  options.groups = {x448, x25519};
  EXPECT_EQ(outcome(hello, options).group, x448);
}

// RFC 7919 section 4.
TEST(Negotiate, AClientThatNamesPrimesGetsOneOfThem) {
  const auto with = [](std::initializer_list<NamedGroup> groups) {
    Hello hello{.suites = {TLS_DHE_PSK_WITH_AES_128_GCM_SHA256}};
    hello.with_groups(groups);
    return hello;
  };
  EXPECT_EQ(outcome(with({ffdhe3072, x25519})).group, ffdhe3072);
  EXPECT_EQ(outcome(with({x25519})).group, ffdhe2048);
  expect_refused(outcome(with({ffdhe8192})), Reason::no_common_group, Alert::insufficient_security);
  expect_refused(outcome(with({NamedGroup(0x01fe)})), Reason::no_common_group, Alert::insufficient_security);
}

// RFC 5246 section 7.4.1.4.1, where nothing is said of signatures.
TEST(Negotiate, WithoutSignatureAlgorithmsAClientOfTls12TakesSha1) {
  Hello hello{.suites = {TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}};
  hello.with_groups({x25519});
  expect_refused(outcome(hello), Reason::no_common_signature_scheme);
  ContextOptions options = everything();
  options.signature_schemes.push_back(rsa_pkcs1_sha1);
  EXPECT_EQ(outcome(hello, options).scheme, rsa_pkcs1_sha1);
}

TEST(Negotiate, BelowTls12TheKeySaysHowItSigns) {
  Hello hello{.version = 0x0302, .suites = {TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}};
  expect_suite(outcome(hello), TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA);
  hello.suites = {TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA};
  EXPECT_EQ(outcome(hello).scheme, ecdsa_sha1);
  // What is for TLS 1.2 only: an AEAD, and keys that cannot sign by SHA-1.
  hello.suites = {TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256};
  expect_refused(outcome(hello), Reason::no_common_suite);
  ContextOptions options = everything();
  options.certificates = {key(KeyType::rsa_pss), key(KeyType::ed25519)};
  hello.suites = {TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA};
  expect_refused(outcome(hello, options), Reason::no_common_signature_scheme);
  hello.suites = {TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA};
  expect_refused(outcome(hello, options), Reason::no_common_signature_scheme);
}

// RFC 8422 section 5.10.
TEST(Negotiate, EddsaGoesByTheSuitesOfEcdsa) {
  ContextOptions options = everything();
  options.certificates = {key(KeyType::ed25519)};
  Hello hello{.suites = {TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}};
  hello.with_groups({x25519}).with_schemes({ed25519});
  EXPECT_EQ(outcome(hello, options).scheme, ed25519);
}

TEST(Negotiate, FormIsChecked) {
  using enum ExtensionType;
  const auto hello = [](ExtensionType type, Octets body) {
    Hello made{.suites = {TLS_PSK_WITH_AES_128_GCM_SHA256}};
    made.with(type, std::move(body));
    return made;
  };
  const Alert illegal = Alert::illegal_parameter, decode = Alert::decode_error;
  expect_refused(outcome(hello(ec_point_formats, {1, 1})), Reason::point_format_missing, illegal);
  expect_suite(outcome(hello(ec_point_formats, {2, 1, 0})), TLS_PSK_WITH_AES_128_GCM_SHA256);
  expect_refused(outcome(hello(ec_point_formats, {})), Reason::malformed_message, decode);
  expect_refused(outcome(hello(extended_master_secret, {0})), Reason::malformed_message, decode);
  expect_refused(outcome(hello(encrypt_then_mac, {0})), Reason::malformed_message, decode);
  expect_refused(outcome(hello(renegotiation_info, {})), Reason::malformed_message, decode);
  expect_refused(outcome(hello(signature_algorithms, {0, 1, 4})), Reason::malformed_message, decode);
  expect_refused(outcome(hello(supported_groups, {0, 0})), Reason::malformed_message, decode);
  Hello compressing{.suites = {TLS_PSK_WITH_AES_128_GCM_SHA256}, .compression = {1}};
  expect_refused(outcome(compressing), Reason::compression_not_null, illegal);
  compressing.compression = {1, 0};
  expect_suite(outcome(compressing), TLS_PSK_WITH_AES_128_GCM_SHA256);
}

// RFC 5746 sections 3.6 and 3.7.
TEST(Negotiate, RenegotiationInfoHasToBeOfThisConnection) {
  const auto settings = policy::resolve(everything());
  const Octets verify_data = repeat(12, 9), other = repeat(12, 8);
  const std::vector<CipherSuite> plain = {TLS_PSK_WITH_AES_128_GCM_SHA256};
  const std::vector<CipherSuite> signalling = {plain[0], message::empty_renegotiation_info_scsv};
  const std::optional<Octets> none, empty{Octets()};
  const struct {
    std::vector<CipherSuite> suites;
    std::optional<Octets> info;
    Octets expected;
    std::optional<bool> secure;  // nullopt: refused
  } rows[] = {
      {plain, none, {}, false},
      {signalling, none, {}, true},
      {plain, empty, {}, true},
      {signalling, empty, {}, true},
      {plain, verify_data, {}, std::nullopt},
      {plain, verify_data, verify_data, true},
      {plain, other, verify_data, std::nullopt},
      {plain, empty, verify_data, std::nullopt},
      {plain, none, verify_data, std::nullopt},
      {signalling, verify_data, verify_data, std::nullopt},
      {signalling, none, verify_data, std::nullopt},
  };
  for (const auto& row : rows) {
    Hello hello{.suites = row.suites};
    if (row.info) hello.with(ExtensionType::renegotiation_info, vec8(*row.info));
    const Octets octets = hello.octets();
    const auto offer = read_offer(*settings, octets, std::nullopt);
    ASSERT_TRUE(offer);
    const auto secure = check_renegotiation_info(*offer, row.expected);
    ASSERT_EQ(secure.has_value(), row.secure.has_value());
    if (secure) {
      EXPECT_EQ(*secure, *row.secure);
    } else {
      EXPECT_EQ(secure.error().reason(), Reason::renegotiation_info_wrong);
    }
  }
}

// RFC 8446 section 4.1.2: TLS 1.3 never comes by a renegotiation.
TEST(Negotiate, WithinAConnectionTheVersionStays) {
  ContextOptions options = everything();
  options.max_version = tls13;
  options.cipher_suites.push_back(TLS_AES_128_GCM_SHA256);
  const auto settings = policy::resolve(options);
  Hello hello{.suites = {TLS_PSK_WITH_AES_128_GCM_SHA256}};
  hello.with(ExtensionType::supported_versions, vec8(join({u16(0x0304), u16(0x0303)})));
  const Octets both = hello.octets();
  const auto offer = read_offer(*settings, both, tls12);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->version, tls12);
  const auto other = read_offer(*settings, both, tls11);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().reason(), Reason::renegotiation_changed);
  const Octets old = Hello{.version = 0x0301, .suites = {TLS_PSK_WITH_AES_128_CBC_SHA}}.octets();
  EXPECT_FALSE(read_offer(*settings, old, tls12));
}

// RFC 7366 section 3.
TEST(Negotiate, EncryptThenMacIsForBlockCiphersOnly) {
  const auto settings = policy::resolve(everything());
  for (const CipherSuite suite : {TLS_PSK_WITH_AES_128_CBC_SHA, TLS_PSK_WITH_AES_128_GCM_SHA256}) {
    Hello hello{.suites = {suite}};
    hello.with(ExtensionType::encrypt_then_mac).with(ExtensionType::extended_master_secret);
    const Octets octets = hello.octets();
    const auto offer = read_offer(*settings, octets, std::nullopt);
    ASSERT_TRUE(offer);
    Negotiated negotiated;
    ASSERT_TRUE(choose_suite(*settings, *offer, negotiated));
    choose_extensions(*settings, *offer, negotiated);
    EXPECT_EQ(negotiated.encrypt_then_mac, suite == TLS_PSK_WITH_AES_128_CBC_SHA);
    EXPECT_TRUE(negotiated.extended_master_secret);
  }
}

}  // namespace
}  // namespace sesame::tls12
