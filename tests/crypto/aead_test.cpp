#include "crypto/aead.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>

#include "support/hex.h"
#include "support/routes.h"

namespace sesame::crypto {
namespace {

using test::from_hex;
using test::Octets;
using test::octets_of;
using test::Route;
using test::to_hex;

struct Case {
  AeadId id;
  Route route;
};

std::string case_name(const testing::TestParamInfo<Case>& info) {
  constexpr const char* names[] = {"Aes128Gcm", "Aes256Gcm",  "ChaCha20Poly1305", "Aes128Ccm", "Aes128Ccm8",
                                   "Aes256Ccm", "Aes256Ccm8", "Aria128Gcm",       "Aria256Gcm"};
  return std::string(names[static_cast<std::size_t>(info.param.id)]) +
         (info.param.route == Route::direct ? "Direct" : "Evp");
}

std::vector<Case> all_cases() {
  std::vector<Case> out;
  for (std::size_t i = 0; i < aead_count; ++i) {
    for (Route route : {Route::direct, Route::evp}) out.push_back({static_cast<AeadId>(i), route});
  }
  return out;
}

Octets pattern(std::size_t size, int start) {
  Octets out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::uint8_t>(static_cast<std::size_t>(start) + i * 7);
  return out;
}

class Aeads : public testing::TestWithParam<Case> {
 protected:
  std::shared_ptr<const Provider> provider_ = test::provider_by(GetParam().route);
  const AeadAlgorithm& algorithm_ = *provider_->aead(GetParam().id);
  const Octets key_ = pattern(algorithm_.key_size(), 3), other_key_ = pattern(algorithm_.key_size(), 4);
  const Octets nonce_ = pattern(aead_nonce_size, 100), additional_ = pattern(5, 23);

  Aead keyed(Aead::Direction direction, const Octets& key) const {
    Aead aead;
    EXPECT_TRUE(aead.set_key(algorithm_, direction, key));
    return aead;
  }
  Octets seal(Aead& aead, const Octets& nonce, Bytes additional, Bytes content, Bytes tail = {}) const {
    Octets out(content.size() + tail.size() + algorithm_.tag_size());
    EXPECT_TRUE(aead.seal(nonce, additional, content, tail, out.data()));
    return out;
  }

  /// The same by the way that EVP_EncryptInit(3) shows, with a cipher looked up by name and a context of its
  /// own.
  Octets by_evp(const Octets& key, const Octets& nonce, Bytes additional, Bytes content) const {
    constexpr const char* names[] = {"AES-128-GCM", "AES-256-GCM",  "ChaCha20-Poly1305",
                                     "AES-128-CCM", "AES-128-CCM",  "AES-256-CCM",
                                     "AES-256-CCM", "ARIA-128-GCM", "ARIA-256-GCM"};
    EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, names[static_cast<std::size_t>(GetParam().id)], nullptr);
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    const bool short_tag = GetParam().id == AeadId::aes_128_ccm_8 || GetParam().id == AeadId::aes_256_ccm_8;
    const int tag_size = short_tag ? 8 : 16;
    const bool ccm = algorithm_.is_ccm();
    const int size = static_cast<int>(content.size());
    Octets out(content.size() + static_cast<std::size_t>(tag_size));
    std::uint8_t* const end = out.data() + content.size();
    const std::uint8_t none = 0;
    int n = 0;
    EXPECT_EQ(EVP_EncryptInit_ex(context, cipher, nullptr, nullptr, nullptr), 1);
    EXPECT_EQ(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, 12, nullptr), 1);
    if (ccm) {
      EXPECT_EQ(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_size, nullptr), 1);
    }
    EXPECT_EQ(EVP_EncryptInit_ex(context, nullptr, nullptr, key.data(), nonce.data()), 1);
    if (ccm) {
      EXPECT_EQ(EVP_EncryptUpdate(context, nullptr, &n, nullptr, size), 1);
    }
    if (!additional.empty()) {
      EXPECT_EQ(
          EVP_EncryptUpdate(context, nullptr, &n, additional.data(), static_cast<int>(additional.size())), 1);
    }
    if (ccm || size > 0) {
      EXPECT_EQ(EVP_EncryptUpdate(context, out.data(), &n, size > 0 ? content.data() : &none, size), 1);
    }
    EXPECT_EQ(EVP_EncryptFinal_ex(context, end, &n), 1);
    EXPECT_EQ(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_size, end), 1);
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(All, Aeads, testing::ValuesIn(all_cases()), case_name);

TEST_P(Aeads, GiveTheKnownAnswers) {
  // In the order of AeadId: the test cases 4 and 16 of the GCM specification; RFC 8439 section 2.8.2; the
  // key, nonce and message of NIST SP 800-38C example 3 with a tag of 16 octets, and with its own tag of 8.
  const struct {
    const char *key, *nonce, *additional, *content, *sealed;
  } answers[aead_count] = {
      {"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
       "feedfacedeadbeeffeedfacedeadbeefabaddad2",
       "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16ae"
       "df5"
       "aa0de657ba637b39",
       "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30"
       "b39"
       "6a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
      {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
       "feedfacedeadbeeffeedfacedeadbeefabaddad2",
       "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16ae"
       "df5"
       "aa0de657ba637b39",
       "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61"
       "e63"
       "93ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
      {"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
       "50515253c0c1c2c3c4c5c6c7",
       "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756"
       "c64"
       "206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e207"
       "76f"
       "756c642062652069742e",
       "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71d"
       "e0a"
       "9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7"
       "a9d"
       "e576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"},
      {"404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b",
       "000102030405060708090a0b0c0d0e0f10111213", "202122232425262728292a2b2c2d2e2f3031323334353637",
       "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5c87ae488918de93f17dd3e4934347f44"},
      {"404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b",
       "000102030405060708090a0b0c0d0e0f10111213", "202122232425262728292a2b2c2d2e2f3031323334353637",
       "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951"},
      // The same with a longer key, by mbedTLS.
      {"404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f", "101112131415161718191a1b",
       "000102030405060708090a0b0c0d0e0f10111213", "202122232425262728292a2b2c2d2e2f3031323334353637",
       "04f883aeb3bd0730eaf50bb6de4fa2212034e4e41b0e75e59bba3f3a107f3239bd63902923f80371"},
      {"404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f", "101112131415161718191a1b",
       "000102030405060708090a0b0c0d0e0f10111213", "202122232425262728292a2b2c2d2e2f3031323334353637",
       "04f883aeb3bd0730eaf50bb6de4fa2212034e4e41b0e75e52b48c8766f7e7649"},
      // RFC 8269 appendix A, cut to 48 octets; the tag computed by the formulas of the GCM specification.
      {"e91e5e75da65554a48181f3846349562", "000020e8f5eb00000000315e", "8040f17b8041f8d35501a0b2",
       "f57af5fd4ae19562976ec57a5a7ad55a5af5c5e5c5fdf5c55ad57a4a7272d57262e9729566ed66e97ac54a4a5a7ad5e1",
       "4d8a9a0675550c704b17d8c9ddc81a5cd6f7da34f2fe1b3db7cb3dfb9697102ea0f3c1fc2dbc873d44bceeae8e444297"
       "cfa73fe81b96e7d177c892dc44b00f33"},
      {"0c5ffd37a11edc42c325287fc0604f2e3e8cd5671a00fe3216aa5eb105783b54", "000020e8f5eb00000000315e",
       "8040f17b8041f8d35501a0b2",
       "f57af5fd4ae19562976ec57a5a7ad55a5af5c5e5c5fdf5c55ad57a4a7272d57262e9729566ed66e97ac54a4a5a7ad5e1",
       "6f9e4bcbc8c85fc0128fb1e4a0a20cb9932ff74581f54fc013dd054b19f99371425b352d97d3f337b90b63d1b082adee"
       "cb10c1abb7a779c5ab2d5123163ae7c3"},
  };
  const auto& answer = answers[static_cast<std::size_t>(GetParam().id)];
  Aead sealing = keyed(Aead::Direction::seal, from_hex(answer.key));
  Aead opening = keyed(Aead::Direction::open, from_hex(answer.key));
  Octets octets =
      seal(sealing, from_hex(answer.nonce), from_hex(answer.additional), from_hex(answer.content));
  EXPECT_EQ(to_hex(octets), answer.sealed);
  ASSERT_TRUE(opening.open(from_hex(answer.nonce), from_hex(answer.additional), octets));
  octets.resize(octets.size() - algorithm_.tag_size());
  EXPECT_EQ(to_hex(octets), answer.content);
}

TEST_P(Aeads, SealAndOpenEverySizeAsEvpDoes) {
  Aead sealing = keyed(Aead::Direction::seal, key_), opening = keyed(Aead::Direction::open, key_);
  Octets nonce = nonce_;
  std::vector<std::size_t> sizes = {16384, 16385, 16384 + 256};
  for (std::size_t size = 0; size < 200; ++size) sizes.push_back(size);
  for (std::size_t size : sizes) {
    ++nonce[11];
    const Octets content = pattern(size, 9);
    const Octets expected = by_evp(key_, nonce, additional_, content);
    Octets octets = seal(sealing, nonce, additional_, content);
    ASSERT_EQ(to_hex(octets), to_hex(expected)) << size;
    ASSERT_TRUE(opening.open(nonce, additional_, octets)) << size;
    octets.resize(size);
    ASSERT_EQ(to_hex(octets), to_hex(content)) << size;
  }
}

TEST_P(Aeads, SealContentAndTailAsOne) {
  Aead sealing = keyed(Aead::Direction::seal, key_);
  const Octets whole = pattern(1400, 1);
  std::vector<std::size_t> sizes = {511, 512, 513, 1024, 1400};
  for (std::size_t size = 0; size <= 120; ++size) sizes.push_back(size);
  for (std::size_t size : sizes) {
    const std::string expected = to_hex(by_evp(key_, nonce_, additional_, Bytes(whole).first(size)));
    for (std::size_t cut : {std::size_t{0}, size / 2, size - std::min<std::size_t>(size, 1), size}) {
      const Bytes content = Bytes(whole).first(cut), tail = Bytes(whole).subspan(cut, size - cut);
      ASSERT_EQ(to_hex(seal(sealing, nonce_, additional_, content, tail)), expected) << size << " " << cut;
      // In place, as a record that is built where it will be sent.
      Octets room(size + algorithm_.tag_size());
      std::ranges::copy(content, room.begin());
      ASSERT_TRUE(sealing.seal(nonce_, additional_, Bytes(room).first(cut), tail, room.data()));
      ASSERT_EQ(to_hex(room), expected) << size << " " << cut;
    }
  }
}

TEST_P(Aeads, TakeAnySizeOfAdditionalData) {
  Aead sealing = keyed(Aead::Direction::seal, key_), opening = keyed(Aead::Direction::open, key_);
  const Octets content = pattern(33, 2);
  for (std::size_t size : {0, 1, 13, 15, 16, 17, 32, 300}) {
    const Octets additional = pattern(size, 77);
    Octets octets = seal(sealing, nonce_, additional, content);
    ASSERT_EQ(to_hex(octets), to_hex(by_evp(key_, nonce_, additional, content))) << size;
    ASSERT_TRUE(opening.open(nonce_, additional, octets)) << size;
  }
}

TEST_P(Aeads, RefuseWhateverWasChanged) {
  ERR_clear_error();
  Aead sealing = keyed(Aead::Direction::seal, key_), opening = keyed(Aead::Direction::open, key_);
  const Octets content = pattern(40, 5);
  const Octets sealed = seal(sealing, nonce_, additional_, content);
  const auto opens = [&](const Octets& nonce, const Octets& additional, Octets octets) {
    const std::size_t size = octets.size() - std::min(octets.size(), algorithm_.tag_size());
    const bool opened = opening.open(nonce, additional, octets);
    if (!opened && size > 0) {
      EXPECT_EQ(to_hex(Bytes(octets).first(size)), to_hex(Octets(size))) << "nothing is left of it";
    }
    return opened;
  };
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (std::uint8_t bit : {std::uint8_t{0x01}, std::uint8_t{0x80}}) {
      Octets octets = sealed;
      octets[i] = static_cast<std::uint8_t>(octets[i] ^ bit);
      EXPECT_FALSE(opens(nonce_, additional_, octets)) << i;
    }
  }
  for (std::size_t i = 0; i < nonce_.size(); ++i) {
    Octets nonce = nonce_;
    nonce[i] ^= 1;
    EXPECT_FALSE(opens(nonce, additional_, sealed)) << i;
  }
  for (std::size_t i = 0; i < additional_.size(); ++i) {
    Octets additional = additional_;
    additional[i] ^= 1;
    EXPECT_FALSE(opens(nonce_, additional, sealed)) << i;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(opens(nonce_, additional_, Octets(sealed.begin(), sealed.begin() + static_cast<long>(size))))
        << size;
  }
  Octets longer = sealed;
  longer.push_back(0);
  EXPECT_FALSE(opens(nonce_, additional_, longer));
  EXPECT_EQ(ERR_peek_error(), 0u) << "the application's error queue is its own";
  // None of this spoils the key.
  EXPECT_TRUE(opens(nonce_, additional_, sealed));
}

TEST_P(Aeads, ProtectEmptyContent) {
  Aead sealing = keyed(Aead::Direction::seal, key_), opening = keyed(Aead::Direction::open, key_);
  const Octets sealed = seal(sealing, nonce_, additional_, {});
  ASSERT_EQ(sealed.size(), algorithm_.tag_size());
  Octets octets = sealed;
  EXPECT_TRUE(opening.open(nonce_, additional_, octets));
  octets = sealed;
  octets[0] ^= 1;
  EXPECT_FALSE(opening.open(nonce_, additional_, octets));
}

TEST_P(Aeads, AreKeyedAnew) {
  Aead sealing = keyed(Aead::Direction::seal, key_), opening = keyed(Aead::Direction::open, key_);
  const Octets content = pattern(50, 8);
  Octets sealed = seal(sealing, nonce_, additional_, content);
  ASSERT_TRUE(sealing.set_key(algorithm_, Aead::Direction::seal, other_key_));
  EXPECT_EQ(to_hex(seal(sealing, nonce_, additional_, content)),
            to_hex(by_evp(other_key_, nonce_, additional_, content)));
  ASSERT_TRUE(opening.set_key(algorithm_, Aead::Direction::open, other_key_));
  EXPECT_FALSE(opening.open(nonce_, additional_, sealed)) << "that was under the old key";
  sealed = seal(sealing, nonce_, additional_, content);
  EXPECT_TRUE(opening.open(nonce_, additional_, sealed));
  // And after a record that was refused.
  sealed = seal(sealing, nonce_, additional_, content);
  sealed.back() ^= 1;
  EXPECT_FALSE(opening.open(nonce_, additional_, sealed));
  ASSERT_TRUE(opening.set_key(algorithm_, Aead::Direction::open, key_));
  sealed = by_evp(key_, nonce_, additional_, content);
  EXPECT_TRUE(opening.open(nonce_, additional_, sealed));
}

TEST_P(Aeads, ChangeTheirDirectionAndAlgorithm) {
  Aead aead = keyed(Aead::Direction::seal, key_);
  const Octets content = pattern(50, 8);
  Octets sealed = seal(aead, nonce_, additional_, content);
  ASSERT_TRUE(aead.set_key(algorithm_, Aead::Direction::open, key_));
  EXPECT_TRUE(aead.open(nonce_, additional_, sealed));
  for (std::size_t i = 0; i < aead_count; ++i) {
    const AeadAlgorithm& other = *provider_->aead(static_cast<AeadId>(i));
    ASSERT_TRUE(aead.set_key(other, Aead::Direction::seal, pattern(other.key_size(), 1)));
    EXPECT_EQ(&aead.algorithm(), &other);
    Octets out(content.size() + other.tag_size());
    ASSERT_TRUE(aead.seal(nonce_, additional_, content, {}, out.data()));
    ASSERT_TRUE(aead.set_key(other, Aead::Direction::open, pattern(other.key_size(), 1)));
    ASSERT_TRUE(aead.open(nonce_, additional_, out));
  }
}

TEST_P(Aeads, RefuseKeysOfAWrongSizeAndAreNotKeyedThen) {
  for (std::size_t size : {std::size_t{0}, algorithm_.key_size() - 1, algorithm_.key_size() + 1}) {
    Aead aead = keyed(Aead::Direction::seal, key_);
    EXPECT_TRUE(aead.keyed());
    const Expected<> done = aead.set_key(algorithm_, Aead::Direction::seal, Octets(size));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason(), Reason::internal_error);
    EXPECT_FALSE(aead.keyed());
  }
}

TEST_P(Aeads, AreMoved) {
  Aead one = keyed(Aead::Direction::seal, key_);
  const std::string expected = to_hex(by_evp(key_, nonce_, additional_, key_));
  Aead two = std::move(one);
  EXPECT_FALSE(one.keyed());
  EXPECT_EQ(to_hex(seal(two, nonce_, additional_, key_)), expected);
  Aead three = keyed(Aead::Direction::seal, other_key_);
  three = std::move(two);
  EXPECT_FALSE(two.keyed());
  EXPECT_EQ(to_hex(seal(three, nonce_, additional_, key_)), expected);
  Aead& same = three;
  three = std::move(same);
  EXPECT_TRUE(three.keyed());
  three.clear();
  EXPECT_FALSE(three.keyed());
  three.clear();
}

}  // namespace
}  // namespace sesame::crypto
