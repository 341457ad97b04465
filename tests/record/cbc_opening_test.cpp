// What may be wrong inside a record that is encrypted after its MAC, and that all of it looks the same.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "record/below13.h"
#include "support/octets.h"

namespace sesame::test {
namespace {

using crypto::Aead;
using record::ContentType;
using record::Protection;

std::vector<Below13> cbc_forms() {
  std::vector<Below13> out = all_forms();
  std::erase_if(out, [](const Below13& form) { return !form.has_cbc(); });
  return out;
}

/// What comes of it, and of what was there.
struct Outcome {
  bool opened;
  std::string text;
  bool operator==(const Outcome&) const = default;
};

/// Makes records octet by octet, and opens them.
struct Maker {
  const Below13 form;
  const BelowKeys keys{form};
  const std::uint16_t version = static_cast<std::uint16_t>(form.version);
  const bool has_iv = form.version != ProtocolVersion::tls10;
  const std::size_t mac_size = keys.suite().hmac->size();

  Octets mac(Bytes octets, std::size_t claimed) const {
    const Octets message =
        join({number(0, 8), u8(23), u16(version), u16(claimed), Octets(octets.begin(), octets.end())});
    Octets out(mac_size);
    HMAC(keys.suite().hmac->evp(), keys.mac_key().data(), static_cast<int>(keys.mac_key().size()),
         message.data(), message.size(), out.data(), nullptr);
    return out;
  }
  Octets mac(Bytes octets) const { return mac(octets, octets.size()); }

  Octets encrypted(const Octets& inside) const {
    const Octets iv = has_iv ? pattern(16, 77) : keys.iv();
    Octets out(inside.size());
    int n = 0;
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    EXPECT_EQ(EVP_EncryptInit_ex(context, keys.suite().cbc->evp(), nullptr, keys.key().data(), iv.data()), 1);
    EXPECT_EQ(EVP_CIPHER_CTX_set_padding(context, 0), 1);
    EXPECT_EQ(EVP_EncryptUpdate(context, out.data(), &n, inside.data(), static_cast<int>(inside.size())), 1);
    EXPECT_EQ(static_cast<std::size_t>(n), inside.size());
    EVP_CIPHER_CTX_free(context);
    return has_iv ? join({iv, out}) : out;
  }

  /// The record whose plaintext is `content`, `mac` and `padding`; with EtM a right MAC is around it.
  Octets record(const Octets& content, const Octets& mac_of_content, const Octets& padding) const {
    Octets body;
    if (form.encrypt_then_mac) {
      body = encrypted(join({content, padding}));
      append(body, mac(body));
    } else {
      body = encrypted(join({content, mac_of_content, padding}));
    }
    return join({u8(23), u16(version), u16(body.size()), body});
  }

  static Octets padding(std::size_t size) { return Octets(size, static_cast<std::uint8_t>(size - 1)); }
  /// The least padding that fills the block, and `more` blocks of it.
  std::size_t padding_size(std::size_t content, std::size_t more = 0) const {
    const std::size_t inside = content + (form.encrypt_then_mac ? 0 : mac_size);
    return 16 - inside % 16 + more * 16;
  }

  Outcome open(Octets record) const {
    Protection opener;
    key(opener, form, Aead::Direction::open);
    ERR_clear_error();
    const auto opened = opener.open(record);
    EXPECT_EQ(ERR_peek_error(), 0u);
    if (opened) return {true, to_hex(opened->content)};
    EXPECT_EQ(to_hex(Bytes(record).subspan(record::header_size)),
              to_hex(Octets(record.size() - record::header_size)))
        << "nothing is left of it";
    return {false, opened.error().message() + std::to_string(static_cast<int>(opened.error().alert()))};
  }
};

void for_each_form(void (*test)(const Maker&)) {
  for (const Below13& form : cbc_forms()) {
    SCOPED_TRACE(form_name(form));
    test(Maker{form});
    if (testing::Test::HasFailure()) return;
  }
}

TEST(CbcRecords, AreOpenedWithAnyPaddingThatIsRight) {
  for_each_form([](const Maker& maker) {
    for (const std::size_t size : {0, 1, 15, 16, 17, 40, 255, 256, 1000}) {
      const Octets content = pattern(size, 1);
      for (std::size_t more = 0; maker.padding_size(size, more) <= 256; ++more) {
        const Outcome outcome = maker.open(
            maker.record(content, maker.mac(content), maker.padding(maker.padding_size(size, more))));
        ASSERT_TRUE(outcome.opened) << size << " " << more;
        ASSERT_EQ(outcome.text, to_hex(content)) << size << " " << more;
      }
    }
  });
}

TEST(CbcRecords, AreRefusedInOneWayWhateverIsWrong) {
  for_each_form([](const Maker& maker) {
    std::vector<Outcome> outcomes;
    for (const std::size_t size : {0, 1, 20, 60, 300}) {
      const Octets content = pattern(size, 1);
      const Octets right = maker.mac(content);
      const auto try_padding = [&](const Octets& wrong) {
        outcomes.push_back(maker.open(maker.record(content, right, wrong)));
      };
      for (std::size_t more : {0, 1, 3, 14}) {
        const std::size_t n = maker.padding_size(size, more);
        if (n > 256) continue;
        // Any octet of it, above all the last.
        for (std::size_t i = 0; i < n; ++i) {
          if (more > 1 && i > 1 && i + 2 < n && i % 37 != 0) continue;
          Octets wrong = maker.padding(n);
          wrong[i] ^= i + 1 == n ? 0x80 : 0x01;
          // Of a length that is shorter than the padding and still fits, the rest would be MAC.
          try_padding(wrong);
        }
        // As much as the record has, and more.
        Octets longest = maker.padding(n);
        longest.back() = 255;
        try_padding(longest);
        const std::size_t whole = size + n + (maker.form.encrypt_then_mac ? 0 : maker.mac_size);
        if (size > 0 && whole <= 256) try_padding(Octets(n, static_cast<std::uint8_t>(whole - 1)));
        // With EtM the MAC is around it, and right.
        if (maker.form.encrypt_then_mac) continue;
        for (std::size_t i : {std::size_t{0}, maker.mac_size / 2, maker.mac_size - 1}) {
          Octets wrong = right;
          wrong[i] ^= 0x10;
          outcomes.push_back(maker.open(maker.record(content, wrong, maker.padding(n))));
          Octets both = maker.padding(n);
          both[0] ^= 1;
          outcomes.push_back(maker.open(maker.record(content, wrong, both)));
        }
        outcomes.push_back(maker.open(maker.record(content, maker.mac(content, size + 1), maker.padding(n))));
      }
      if (maker.form.encrypt_then_mac) {
        Octets wrong = maker.record(content, right, maker.padding(maker.padding_size(size)));
        wrong.back() ^= 1;
        outcomes.push_back(maker.open(wrong));
      }
    }
    for (const Outcome& outcome : outcomes) {
      ASSERT_FALSE(outcome.opened);
      ASSERT_EQ(outcome.text, outcomes.front().text);
    }
  });
}

// The whole record is padding, or as good as: no room for a MAC.
TEST(CbcRecords, WithNothingButPaddingAreRefused) {
  for_each_form([](const Maker& maker) {
    for (std::size_t blocks = 1; blocks <= 17; ++blocks) {
      for (const std::uint8_t value :
           {std::uint8_t{0}, static_cast<std::uint8_t>(blocks * 16 - 1), std::uint8_t{255}}) {
        Octets body = maker.encrypted(Octets(blocks * 16, value));
        if (maker.form.encrypt_then_mac) {
          // Behind the MAC these are right: an empty content, and padding of an octet, or of a block or more.
          if (value != 255 || blocks >= 16) continue;
          append(body, maker.mac(body));
        }
        EXPECT_FALSE(maker.open(join({u8(23), u16(maker.version), u16(body.size()), body})).opened)
            << blocks << " " << static_cast<int>(value);
      }
    }
  });
}

// RFC 7366: with EtM the padding is looked at behind the MAC only.
TEST(CbcProtection, IsRefusedWhereLibcryptoCannotHideWhatItTakesOff) {
  const auto provider = provider_by(Route::direct);
  for (const bool etm : {false, true}) {
    const auto suite = policy::find_suite(*provider, CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA);
    ASSERT_TRUE(suite);
    const Octets mac_key = pattern(20, 1), key = pattern(16, 2);
    const record::BlockKeys keys{*suite, ProtocolVersion::tls12, etm, mac_key, key, {}};
    const auto expect = [&](bool works) {
      Protection opener, sealer;
      const auto ok = opener.set_keys(keys, Aead::Direction::open);
      EXPECT_EQ(ok.has_value(), works || etm);
      EXPECT_EQ(opener.active(), works || etm);
      if (!ok) {
        EXPECT_EQ(ok.error().reason(), Reason::algorithm_unavailable);
      }
      EXPECT_TRUE(sealer.set_keys(keys, Aead::Direction::seal)) << "what is sealed is no secret to us";
    };
    expect(true);
    crypto::CbcTestAccess::open_records(*suite->cbc, false);
    expect(false);
    crypto::CbcTestAccess::open_records(*suite->cbc, true);
    EVP_MAC_CTX* const kept = crypto::MacTestAccess::hide_length_by(*suite->hmac, nullptr);
    EXPECT_NE(kept, nullptr);
    expect(false);
    crypto::MacTestAccess::hide_length_by(*suite->hmac, kept);
    expect(true);
  }
}

// The MAC is over a NULL cipher's content as it is, whether EtM was agreed on or not.
TEST(CbcProtection, NullCiphersHaveNoEncryptThenMac) {
  for (const ProtocolVersion version : {ProtocolVersion::tls10, ProtocolVersion::tls12}) {
    Protection with, without;
    key(with, {CipherSuite::TLS_PSK_WITH_NULL_SHA, version, true}, Aead::Direction::seal);
    key(without, {CipherSuite::TLS_PSK_WITH_NULL_SHA, version, false}, Aead::Direction::seal);
    const Octets content = pattern(33, 1);
    EXPECT_EQ(to_hex(sealed(with, ContentType::application_data, content)),
              to_hex(sealed(without, ContentType::application_data, content)));
  }
}

}  // namespace
}  // namespace sesame::test
