#include "psk/importer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "psk/offers.h"
#include "support/hex.h"

namespace sesame::psk {
namespace {

using namespace std::string_view_literals;
using test::from_hex;
using test::Octets;
using test::octets_of;
using test::to_hex;

constexpr auto sha256 = HashAlgorithm::sha256, sha384 = HashAlgorithm::sha384;

const crypto::Provider& provider() { return **crypto::Provider::system(); }

std::string mac(const crypto::HmacKey& key) { return to_hex(key.mac({}).bytes()); }
std::string mac_by(HashAlgorithm hash, std::string_view key_in_hex) {
  return mac(crypto::HmacKey(provider().hash(hash), from_hex(key_in_hex)));
}

// RFC 9258 has no test vectors. These come from hmac and hashlib of Python, by sections 5.1 and 5.2 and RFC
// 8446 section 7.1:
//
//   def extract(h, salt, ikm): return hmac.new(salt, ikm, h).digest()
//   def expand_label(h, secret, label, context, n):
//     info = pack('>H', n) + bytes([6 + len(label)]) + b'tls13 ' + label + bytes([len(context)]) + context
//     out, block, i = b'', b'', 1
//     while len(out) < n:
//       block = hmac.new(secret, block + info + bytes([i]), h).digest(); out += block; i += 1
//     return out[:n]
//   imported = (pack('>H', len(external)) + external + pack('>H', len(context)) + context
//               + bytes([3, 4, 0, kdf]))
//   epskx = extract(importing, bytes(hash_size), epsk)
//   ipskx = expand_label(importing, epskx, b'derived psk', importing(imported).digest(), L)
//   early = extract(target, bytes(L), ipskx)
//   binder_key = expand_label(target, early, b'imp binder', target(b'').digest(), L)
//   finished = expand_label(target, binder_key, b'finished', b'', L)
struct KnownAnswer {
  HashAlgorithm hash, target;
  std::string_view external_identity, context;
  std::string_view identity, early, finished;
};
constexpr KnownAnswer known_answers[] = {
    {sha256, sha256, "device 1", "", "00086465766963652031000003040001",
     "fc2f47c6b54fdae4d2dba7f6655d29eead9cf08373e5a3b81a11ca63e1a56df8",
     "08a2eeb5354a5caac7db24e1097b41c2d0c5ffe9a58f7c5baafbbc99daf9b013"},
    {sha256, sha384, "device 1", "client\0server"sv,
     "00086465766963652031000d636c69656e740073657276657203040002",
     "3e5398f63a62562352b32967efb75c6c56c4df09b94a89391964fa4129205c6528fe2fe65e087156f152addfc549c7c3",
     "cdf9155f0a5120a91d1d1841842b01f6016b67a7a2d15f13a6a2ed09ca60167174f364d7c4cd004e753eb2d2dcf5075f"},
    {sha384, sha256, "device 1", "client\0server"sv,
     "00086465766963652031000d636c69656e740073657276657203040001",
     "54cab6175f5fe68c4b7df225ba71c1934fa974ff8ee65a1f5c93f2a34afb84db",
     "f431f8b2caf77caa12fab05acd1602026baa84c6be53d8455791667fb2a4aad1"},
    {sha384, sha384, "\xff", "", "0001ff000003040002",
     "214c9f2af1069f2e28dadfd4a64253c5bac73517a8125ffe466f6b7a4c79d49272d9419ad751a35dd57c220277aa4c8c",
     "4b613f013c72b4b60667118f27af3f4c0924fae136f81be8cd9e5b3e8758291f6a986a7107c3d80db8b9524b23339397"},
};

Octets key_of_the_answers() {
  Octets key(32);
  for (std::uint8_t i = 0; i < 32; ++i) key[i] = i;
  return key;
}

TEST(Importer, ComputesTheKnownAnswers) {
  for (const KnownAnswer& k : known_answers) {
    const ImportedIdentity identity =
        imported_identity(as_bytes(k.external_identity), as_bytes(k.context), k.target);
    wire::Buffer serialized;
    ASSERT_TRUE(wire::encode(serialized, identity));
    EXPECT_EQ(to_hex(serialized.bytes()), k.identity);
    const PskSecrets secrets = derive_imported_secrets(provider(), k.hash, key_of_the_answers(), identity);
    EXPECT_EQ(secrets.hash(), k.target);
    EXPECT_EQ(mac(secrets.early), mac_by(k.target, k.early));
    EXPECT_EQ(mac(secrets.binder), mac_by(k.target, k.finished));
  }
}

TEST(Importer, ReadsTheIdentityThatAClientSends) {
  for (const KnownAnswer& k : known_answers) {
    const Octets octets = from_hex(k.identity);
    const auto import = read_imported_identity(octets);
    ASSERT_TRUE(import);
    EXPECT_EQ(as_text(import->external_identity), k.external_identity);
    EXPECT_EQ(as_text(import->context), k.context);
    EXPECT_EQ(import->target, k.target);
  }
}

TEST(Importer, ReadsNothingElse) {
  const std::string_view others[] = {
      "",
      "626f62",                // "bob"
      "0000000003040001",      // no external identity
      "000162000003040000",    // a reserved KDF
      "000162000003040003",    // an unknown one
      "000162000003030001",    // TLS 1.2
      "00016200000304",        // cut short
      "00016200000304000100",  // an octet more
      "000162000103040001",    // the context goes beyond the end
      "00ff62000003040001",    // so does the identity
      "0001620000fefc0001",    // DTLS 1.3
  };
  for (const std::string_view other : others) {
    EXPECT_FALSE(read_imported_identity(from_hex(other))) << other;
  }
  ASSERT_TRUE(read_imported_identity(from_hex("000162000003040001")));
}

Credential make(const CredentialParameters& parameters) {
  auto made = Credential::create(parameters);
  EXPECT_TRUE(made) << made.error().message();
  return *made;
}

Credential imported(std::string_view identity, std::string_view context = {},
                    HashAlgorithm hash = HashAlgorithm::sha256) {
  static const Octets key = key_of_the_answers();
  return make({.identity = as_bytes(identity),
               .key = key,
               .hash = hash,
               .usage = PskUsage::tls13_imported,
               .context = as_bytes(context)});
}

Credential raw(std::string_view identity, HashAlgorithm hash = HashAlgorithm::sha256) {
  static const Octets key = key_of_the_answers();
  return make({.identity = as_bytes(identity), .key = key, .hash = hash, .usage = PskUsage::tls13});
}

TEST(ImportedCredential, KeepsWhatItWasMadeFrom) {
  const Credential credential = imported("device 1", "client\0server"sv, sha384);
  EXPECT_EQ(as_text(credential.identity()), "device 1");
  EXPECT_EQ(as_text(credential.context()), "client\0server"sv);
  EXPECT_EQ(credential.usage(), PskUsage::tls13_imported);
  EXPECT_EQ(credential.hash(), sha384);
}

TEST(ImportedCredential, HasSecretsAndAnIdentityForEachHash) {
  for (const KnownAnswer& k : known_answers) {
    const Credential credential = imported(k.external_identity, k.context, k.hash);
    const CredentialBody& body = CredentialAccess::body(credential);
    ASSERT_TRUE(body.fits(k.target));
    EXPECT_EQ(to_hex(body.wire_identity(k.target)), k.identity);
    EXPECT_EQ(mac(body.secrets(k.target).binder), mac_by(k.target, k.finished));
    EXPECT_EQ(&body.secrets(k.target), &body.secrets(k.target));
    EXPECT_NE(&body.secrets(sha256), &body.secrets(sha384));
    EXPECT_EQ(mac(body.secrets_by(provider(), k.target).early), mac_by(k.target, k.early));
    crypto::HashValue binder(provider().hash(k.target).size());
    body.write_binder(provider(), k.target, as_bytes("transcript"), binder.bytes());
    EXPECT_EQ(to_hex(binder.bytes()),
              to_hex(body.secrets(k.target).binder.mac({as_bytes("transcript")}).bytes()));
  }
}

// Section 8: what is derived for one hash or context says nothing of another.
TEST(ImportedCredential, IsAnotherKeyForEveryHashContextAndIdentity) {
  std::vector<std::string> macs;
  for (const Credential& c :
       {imported("a"), imported("b"), imported("a", "c"), imported("a", {}, sha384), raw("a")}) {
    macs.push_back(mac(CredentialAccess::body(c).secrets(sha256).binder));
    if (c.usage() == PskUsage::tls13_imported) {
      macs.push_back(mac(CredentialAccess::body(c).secrets(sha384).binder));
    }
  }
  std::sort(macs.begin(), macs.end());
  EXPECT_EQ(std::adjacent_find(macs.begin(), macs.end()), macs.end());
}

TEST(ImportedCredential, HasLoudLimits) {
  const Octets octets(65536, 'x'), key = key_of_the_answers();
  const Bytes all(octets);
  const auto reason = [&](std::size_t identity, std::size_t context, PskUsage usage) {
    auto made = Credential::create(
        {.identity = all.first(identity), .key = key, .usage = usage, .context = all.first(context)});
    return made ? std::nullopt : std::optional(made.error().reason());
  };
  EXPECT_FALSE(reason(65527, 0, PskUsage::tls13_imported));
  EXPECT_EQ(reason(65528, 0, PskUsage::tls13_imported), Reason::identity_too_long);
  EXPECT_FALSE(reason(1, 65526, PskUsage::tls13_imported));
  EXPECT_EQ(reason(1, 65527, PskUsage::tls13_imported), Reason::identity_too_long);
  EXPECT_EQ(reason(1, 65536, PskUsage::tls13_imported), Reason::identity_too_long);
  EXPECT_EQ(reason(1, 1, PskUsage::tls13), Reason::invalid_argument);
}

TEST(EarlyData, OfAKeyNeedsASuiteOfItsHash) {
  const Octets key = key_of_the_answers();
  const auto works = [&](PskUsage usage, HashAlgorithm hash, CipherSuite suite, std::uint32_t limit = 100) {
    auto made = Credential::create(
        {.identity = as_bytes("a"), .key = key, .hash = hash, .usage = usage, .early_data = {limit, suite}});
    if (!made) {
      EXPECT_EQ(made.error().reason(), Reason::invalid_argument);
      return false;
    }
    EXPECT_EQ(made->early_data().limit, limit);
    EXPECT_EQ(made->early_data().cipher_suite, suite);
    return true;
  };
  using enum CipherSuite;
  EXPECT_TRUE(works(PskUsage::tls13, sha256, TLS_CHACHA20_POLY1305_SHA256));
  EXPECT_FALSE(works(PskUsage::tls13, sha256, TLS_AES_256_GCM_SHA384));
  EXPECT_FALSE(works(PskUsage::tls13, sha384, TLS_AES_128_GCM_SHA256));
  EXPECT_TRUE(works(PskUsage::tls13, sha384, TLS_AES_256_GCM_SHA384));
  EXPECT_TRUE(works(PskUsage::tls13_imported, sha256, TLS_AES_256_GCM_SHA384));
  EXPECT_FALSE(works(PskUsage::tls13_imported, sha256, CipherSuite{0xc02b}));
  EXPECT_TRUE(works(PskUsage::tls13, sha384, TLS_AES_128_GCM_SHA256, 0)) << "no early data, no suite";
}

std::vector<std::string> offers(std::span<const Credential> credentials,
                                std::span<const HashAlgorithm> hashes) {
  std::vector<std::string> all;
  for_each_offer(credentials, hashes, [&](const KeyOffer& offer) {
    all.push_back(escaped(offer.credential->identity()) + (offer.hash == sha256 ? " 256" : " 384"));
    EXPECT_EQ(offer.secrets_by(provider()).hash(), offer.hash);
    const auto import = read_imported_identity(offer.identity());
    EXPECT_EQ(import.has_value(), offer.credential->usage() == PskUsage::tls13_imported);
    if (import) {
      EXPECT_EQ(import->target, offer.hash);
    }
  });
  return all;
}

TEST(Offers, AreOneForARawKeyAndOneForEachHashForAnImportedOne) {
  const Credential keys[] = {raw("raw"), imported("imported"), raw("raw384", sha384)};
  using List = std::vector<std::string>;
  const HashAlgorithm both[] = {sha384, sha256}, one[] = {sha256};
  EXPECT_EQ(offers(keys, both), (List{"raw 256", "imported 384", "imported 256", "raw384 384"}));
  EXPECT_EQ(offers(keys, one), (List{"raw 256", "imported 256"}));
  EXPECT_EQ(offers(keys, {}), List{});
}

TEST(Offers, BeginWithTheHashOfTheEarlyData) {
  const Octets key = key_of_the_answers();
  const Credential keys[] = {make({.identity = as_bytes("a"),
                                   .key = key,
                                   .usage = PskUsage::tls13_imported,
                                   .early_data = {100, CipherSuite::TLS_AES_256_GCM_SHA384}})};
  const HashAlgorithm both[] = {sha256, sha384};
  EXPECT_EQ(offers(keys, both), (std::vector<std::string>{"a 384", "a 256"}));
}

TEST(Offers, EndWhenTheyAreToldTo) {
  const Credential keys[] = {raw("a"), raw("b"), raw("c")};
  const HashAlgorithm both[] = {sha256, sha384};
  int seen = 0;
  for_each_offer(keys, both, [&](const KeyOffer&) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace sesame::psk
