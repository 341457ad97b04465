#include "crypto/aead.h"

#include <gtest/gtest.h>

#include <vector>

#include "crypto/provider.h"

namespace sesame::crypto {
namespace {

constexpr AeadId all[] = {AeadId::aes_128_gcm, AeadId::aes_256_gcm, AeadId::chacha20_poly1305,
                          AeadId::aes_128_ccm, AeadId::aes_128_ccm_8};
constexpr std::uint8_t nonce[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
constexpr std::uint8_t header[5] = {23, 3, 3, 0, 42};
// No content, less than a block, around what is copied in one piece, and long.
constexpr std::size_t sizes[] = {0, 1, 15, 16, 64, 511, 512, 513, 16384};
constexpr std::uint8_t type[1] = {23};

std::vector<std::uint8_t> octets(std::size_t size) {
  std::vector<std::uint8_t> result(size);
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<std::uint8_t>(i * 7 + 1);
  return result;
}

class AeadOf : public testing::TestWithParam<AeadId> {
 protected:
  void SetUp() override {
    provider_ = *Provider::system();
    algorithm_ = provider_->aead(GetParam());
    ASSERT_NE(algorithm_, nullptr);
    key_ = octets(algorithm_->key_size());
    ASSERT_TRUE(seal_.set_key(*algorithm_, Aead::Direction::seal, key_));
    ASSERT_TRUE(open_.set_key(*algorithm_, Aead::Direction::open, key_));
  }

  // By the calls that EVP's manual gives for an AEAD, on a context of its own.
  std::vector<std::uint8_t> reference(const std::vector<std::uint8_t>& message) const {
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    const int tag_size = static_cast<int>(algorithm_->tag_size());
    std::vector<std::uint8_t> out(message.size() + algorithm_->tag_size());
    int n = 0;
    EXPECT_EQ(EVP_EncryptInit_ex(context, algorithm_->evp(), nullptr, nullptr, nullptr), 1);
    EXPECT_EQ(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, sizeof nonce, nullptr), 1);
    if (algorithm_->is_ccm()) EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_size, nullptr);
    EXPECT_EQ(EVP_EncryptInit_ex(context, nullptr, nullptr, key_.data(), nonce), 1);
    if (algorithm_->is_ccm())
      EVP_EncryptUpdate(context, nullptr, &n, nullptr, static_cast<int>(message.size()));
    EXPECT_EQ(EVP_EncryptUpdate(context, nullptr, &n, header, sizeof header), 1);
    EXPECT_EQ(EVP_EncryptUpdate(context, out.data(), &n, message.data(), static_cast<int>(message.size())),
              1);
    EXPECT_EQ(EVP_EncryptFinal_ex(context, out.data() + message.size(), &n), 1);
    EXPECT_EQ(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_size, out.data() + message.size()), 1);
    EVP_CIPHER_CTX_free(context);
    return out;
  }
  std::vector<std::uint8_t> sealed(const std::vector<std::uint8_t>& content) {
    std::vector<std::uint8_t> out(content.size() + 1 + algorithm_->tag_size());
    EXPECT_TRUE(seal_.seal(nonce, header, content, type, out.data()));
    return out;
  }

  std::shared_ptr<const Provider> provider_;
  const AeadAlgorithm* algorithm_ = nullptr;
  std::vector<std::uint8_t> key_;
  Aead seal_, open_;
};

TEST_P(AeadOf, SealsContentAndTailAsOneMessage) {
  for (const std::size_t size : sizes) {
    const auto content = octets(size);
    auto message = content;
    message.push_back(type[0]);
    EXPECT_EQ(sealed(content), reference(message)) << size;
  }
}

TEST_P(AeadOf, SealsInPlaceWhatItSealsElsewhere) {
  for (const std::size_t size : sizes) {
    const auto content = octets(size);
    auto in_place = content;
    in_place.resize(size + 1 + algorithm_->tag_size());
    ASSERT_TRUE(seal_.seal(nonce, header, Bytes(in_place).first(size), type, in_place.data()));
    EXPECT_EQ(in_place, sealed(content)) << size;
  }
}

TEST_P(AeadOf, OpensInPlaceWhatWasSealed) {
  for (const std::size_t size : sizes) {
    const auto content = octets(size);
    auto record = sealed(content);
    ASSERT_TRUE(open_.open(nonce, header, record)) << size;
    EXPECT_TRUE(std::equal(content.begin(), content.end(), record.begin())) << size;
    EXPECT_EQ(record[size], type[0]);
  }
}

TEST_P(AeadOf, OpensNothingThatWasChanged) {
  const auto record = sealed(octets(20));
  for (std::size_t i = 0; i < record.size(); ++i) {
    auto changed = record;
    changed[i] ^= 0x80;
    EXPECT_FALSE(open_.open(nonce, header, changed)) << i;
  }
  auto same = record;
  std::uint8_t other[12] = {9};
  EXPECT_FALSE(open_.open(other, header, same));
  same = record;
  EXPECT_FALSE(open_.open(nonce, {header, 4}, same));
  same = record;
  EXPECT_FALSE(open_.open(nonce, header, MutableBytes(same).first(algorithm_->tag_size() - 1)));
  same = record;
  EXPECT_TRUE(open_.open(nonce, header, same)) << "a context that refused a record opens the next one";
}

TEST_P(AeadOf, UsesTheNewKeyWhenItIsKeyedAgain) {
  const auto content = octets(64);
  const auto before = sealed(content);
  key_[0] ^= 1;
  ASSERT_TRUE(seal_.set_key(*algorithm_, Aead::Direction::seal, key_));
  const auto after = sealed(content);
  EXPECT_NE(before, after);
  auto message = content;
  message.push_back(type[0]);
  EXPECT_EQ(after, reference(message));
  auto record = after;
  EXPECT_FALSE(open_.open(nonce, header, record));
  record = after;
  ASSERT_TRUE(open_.set_key(*algorithm_, Aead::Direction::open, key_));
  EXPECT_TRUE(open_.open(nonce, header, record));
}

TEST_P(AeadOf, RefusesAKeyOfAnotherSize) {
  Aead aead;
  EXPECT_FALSE(aead.set_key(*algorithm_, Aead::Direction::seal, Bytes(key_).first(key_.size() - 1)));
  EXPECT_FALSE(aead.keyed());
}

INSTANTIATE_TEST_SUITE_P(All, AeadOf, testing::ValuesIn(all));

}  // namespace
}  // namespace sesame::crypto
