// Protection in the forms of TLS 1.2 and below.
#include "record/below13.h"

#include <openssl/err.h>

#include <limits>
#include <memory>

#include "record/keyed.h"
#include "support/octets.h"

namespace sesame::test {
namespace {

using crypto::Aead;
using record::ContentType;
using record::Protection;
using record::ProtectionTestAccess;
using enum ContentType;

struct Ends {
  explicit Ends(const Below13& of) : form(of) {
    key(sealer, form, Aead::Direction::seal);
    key(opener, form, Aead::Direction::open);
  }

  /// By keys of its own, at `sequence`.
  void expect_refused(Octets record, const std::string& what, std::uint64_t sequence = 0) const {
    Protection other;
    key(other, form, Aead::Direction::open);
    ProtectionTestAccess::set_sequence(other, sequence);
    const Octets header(record.begin(), record.begin() + record::header_size);
    const auto opened = other.open(record);
    ASSERT_FALSE(opened) << what;
    EXPECT_EQ(opened.error().reason(), Reason::record_mac_wrong) << what;
    EXPECT_EQ(opened.error().alert(), Alert::bad_record_mac) << what;
    EXPECT_TRUE(opened.error().detail().empty()) << what << ": " << opened.error().detail();
    EXPECT_EQ(to_hex(record), to_hex(join({header, Octets(record.size() - header.size())}))) << what;
  }

  const Below13 form;
  Protection sealer, opener;
};

void for_each_form(void (*test)(Ends&)) {
  for (const Below13& form : all_forms()) {
    SCOPED_TRACE(form_name(form));
    ERR_clear_error();
    Ends ends(form);
    test(ends);
    EXPECT_EQ(ERR_peek_error(), 0u) << "the application's error queue is its own";
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Records, OpenToWhatWasSealedOfEverySize) {
  for_each_form([](Ends& ends) {
    EXPECT_TRUE(ends.sealer.active());
    EXPECT_FALSE(ends.sealer.hides_type());
    std::vector<std::size_t> sizes;
    for (std::size_t size = 0; size <= 300; ++size) sizes.push_back(size);
    for (const int less : {17, 16, 15, 1, 0})
      sizes.push_back(record::max_plaintext - static_cast<std::size_t>(less));
    for (const std::size_t size : sizes) {
      const Octets content = pattern(size, size);
      const auto type = std::array{handshake, alert, application_data, change_cipher_spec}[size % 4];
      // In place, every other time.
      Octets record(ends.sealer.sealed_size(size));
      MutableBytes where = MutableBytes(record).subspan(ends.sealer.content_offset(), size);
      std::ranges::copy(content, where.begin());
      ASSERT_TRUE(ends.sealer.seal(type, size % 2 ? Bytes(where) : Bytes(content), 0, record.data()));
      const record::Header header = record::Header::read(record);
      ASSERT_EQ(header.type, type);
      ASSERT_EQ(header.version, static_cast<std::uint16_t>(ends.form.version));
      ASSERT_EQ(header.length, record.size() - record::header_size);
      ASSERT_GE(header.length, ends.opener.least_fragment());
      ASSERT_LE(header.length, size + ends.opener.most_expansion());
      const auto opened = ends.opener.open(record);
      ASSERT_TRUE(opened) << size << " " << opened.error().message();
      ASSERT_EQ(opened->type, type);
      ASSERT_TRUE(std::ranges::equal(opened->content, content)) << size;
      ASSERT_EQ(ends.sealer.records(), ends.opener.records());
    }
  });
}

TEST(Records, HaveTheSizesThatAreToldBeforehand) {
  for_each_form([](Ends& ends) {
    EXPECT_EQ(ends.sealer.sealed_size(0), record::header_size + ends.sealer.least_fragment());
    for (std::size_t room = 0; room < 400; ++room) {
      const std::size_t most = ends.sealer.most_content(room);
      if (room < ends.sealer.sealed_size(1)) {
        EXPECT_EQ(most, 0u) << room;
      } else {
        EXPECT_LE(ends.sealer.sealed_size(most), room);
        EXPECT_GT(ends.sealer.sealed_size(most + 1), room);
      }
    }
  });
}

TEST(Records, AreRefusedIfABitWasChanged) {
  for_each_form([](Ends& ends) {
    const Octets sealed_record = sealed(ends.sealer, application_data, pattern(37, 1));
    for (std::size_t i = 0; i < sealed_record.size(); ++i) {
      // What the version and the length are is for the connection to judge.
      if (i > 0 && i < record::header_size) continue;
      for (int bit = 0; bit < 8; bit += ends.form.route == Route::direct ? 1 : 7) {
        Octets record = sealed_record;
        record[i] = static_cast<std::uint8_t>(record[i] ^ 1 << bit);
        ends.expect_refused(record, "octet " + std::to_string(i) + " bit " + std::to_string(bit));
        if (testing::Test::HasFailure()) return;
      }
    }
  });
}

TEST(Records, AreRefusedIfTheyWereCutOrMadeLonger) {
  for_each_form([](Ends& ends) {
    const Octets whole = sealed(ends.sealer, application_data, pattern(70, 1));
    for (std::size_t size = record::header_size; size < whole.size() + 33; ++size) {
      if (size == whole.size()) continue;
      Octets record = whole;
      record.resize(size);
      const record::Header header{application_data, size - record::header_size,
                                  static_cast<std::uint16_t>(ends.form.version)};
      header.write(MutableBytes(record).first(record::header_size));
      ends.expect_refused(record, "of " + std::to_string(size));
      if (size >= 16 + record::header_size) {  // from the front
        record = whole;
        const auto begin = record.begin() + record::header_size;
        if (size < whole.size()) {
          record.erase(begin, begin + static_cast<std::ptrdiff_t>(whole.size() - size));
        } else {
          record.insert(begin, size - whole.size(), 0);
        }
        header.write(MutableBytes(record).first(record::header_size));
        ends.expect_refused(record, "the end of " + std::to_string(size));
      }
    }
  });
}

TEST(Records, AreRefusedOutOfOrder) {
  for_each_form([](Ends& ends) {
    std::vector<Octets> records;
    for (std::size_t i = 0; i < 3; ++i)
      records.push_back(sealed(ends.sealer, application_data, pattern(20, i)));
    ends.expect_refused(records[1], "the second first");
    ends.expect_refused(records[0], "again", 1);
    ends.expect_refused(records[2], "the third second", 1);
  });
}

TEST(Records, AreRefusedUnderOtherKeysOrAnotherType) {
  for_each_form([](Ends& ends) {
    Octets record = sealed(ends.sealer, handshake, pattern(20, 1));
    record[0] = static_cast<std::uint8_t>(application_data);
    ends.expect_refused(record, "another type");
    Protection other;
    key(other, ends.form, Aead::Direction::seal, 100);
    ends.expect_refused(sealed(other, handshake, pattern(20, 1)), "other keys");
  });
}

TEST(Records, EndWithTheSequenceNumbers) {
  for_each_form([](Ends& ends) {
    const std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
    ProtectionTestAccess::set_sequence(ends.sealer, last - 1);
    ProtectionTestAccess::set_sequence(ends.opener, last - 1);
    Octets record = sealed(ends.sealer, application_data, pattern(20, 1));
    EXPECT_TRUE(ends.opener.open(record));
    const auto none = ends.sealer.seal(application_data, {}, 0, record.data());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().reason(), Reason::sequence_exhausted);
    const auto opened = ends.opener.open(record);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().reason(), Reason::sequence_exhausted);
  });
}

TEST(Records, BringANonceOrAnIvThatIsNew) {
  for_each_form([](Ends& ends) {
    const std::size_t size = ends.sealer.content_offset() - record::header_size;
    const Below13& form = ends.form;
    if (form.has_cbc()) {
      EXPECT_EQ(size, form.version == ProtocolVersion::tls10 ? 0u : 16u);
      EXPECT_EQ(ends.sealer.chains_iv(), form.version == ProtocolVersion::tls10);
    } else {
      const auto* aead = form.suite().aead;
      EXPECT_EQ(size, aead && !aead->is_chacha20_poly1305() ? 8u : 0u);
      EXPECT_FALSE(ends.sealer.chains_iv());
    }
    std::vector<std::string> seen;
    for (std::uint64_t i = 0; i < 100; ++i) {
      const Octets record = sealed(ends.sealer, application_data, pattern(20, 1));
      const std::string front = to_hex(Bytes(record).subspan(record::header_size, size));
      if (size == 8) {
        EXPECT_EQ(front, to_hex(number(i, 8)));
      }
      if (size > 0) {
        EXPECT_EQ(std::ranges::count(seen, front), 0);
      }
      seen.push_back(front);
    }
  });
}

TEST(Records, OfTheSameContentDiffer) {
  for_each_form([](Ends& ends) {
    if (!ends.form.suite().aead && !ends.form.has_cbc()) return;  // NULL: all but the MAC is the same
    const Octets one = sealed(ends.sealer, application_data, pattern(48, 1));
    const Octets two = sealed(ends.sealer, application_data, pattern(48, 1));
    const std::size_t at = ends.sealer.content_offset();
    EXPECT_NE(to_hex(Bytes(one).subspan(at, 16)), to_hex(Bytes(two).subspan(at, 16)));
  });
}

// TLS 1.0: the last block of a record is the IV of the next. With EtM no MAC is over that.
TEST(Records, DependOnTheOneBeforeOnlyWhereTheIvIsChained) {
  for_each_form([](Ends& ends) {
    if (!ends.form.has_cbc()) return;
    (void)sealed(ends.sealer, application_data, pattern(20, 1));
    Octets second = sealed(ends.sealer, application_data, pattern(20, 2));
    ProtectionTestAccess::set_sequence(ends.opener, 1);
    const auto opened = ends.opener.open(second);
    const bool is_right = opened && to_hex(opened->content) == to_hex(pattern(20, 2));
    EXPECT_EQ(is_right, ends.form.version != ProtocolVersion::tls10);
  });
}

TEST(Records, AreKeyedAnew) {
  for_each_form([](Ends& ends) {
    (void)sealed(ends.sealer, application_data, pattern(20, 1));
    key(ends.sealer, ends.form, Aead::Direction::seal, 50);
    EXPECT_EQ(ends.sealer.records(), 0u);
    Octets record = sealed(ends.sealer, application_data, pattern(20, 1));
    const Octets copy = record;
    EXPECT_FALSE(ends.opener.open(record));
    key(ends.opener, ends.form, Aead::Direction::open, 50);
    record = copy;
    EXPECT_TRUE(ends.opener.open(record)) << "what came before is forgotten";
  });
}

TEST(Records, ChangeToOtherForms) {
  for_each_form([](Ends& ends) {
    using enum CipherSuite;
    const auto tls10 = ProtocolVersion::tls10, tls12 = ProtocolVersion::tls12;
    for (const Below13& other : {Below13{TLS_PSK_WITH_AES_256_GCM_SHA384, tls12},
                                 {TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, tls12, false, Route::evp},
                                 {TLS_PSK_WITH_NULL_SHA, tls10},
                                 {TLS_PSK_WITH_AES_128_CBC_SHA, tls12},
                                 {TLS_PSK_WITH_AES_128_CBC_SHA, tls10, true},
                                 {TLS_PSK_WITH_AES_128_CBC_SHA, tls10, false, Route::evp},
                                 {TLS_PSK_WITH_AES_256_CBC_SHA384, tls12, true}}) {
      key(ends.sealer, other, Aead::Direction::seal);
      key(ends.opener, other, Aead::Direction::open);
      Octets record = sealed(ends.sealer, application_data, pattern(20, 1));
      ASSERT_TRUE(ends.opener.open(record)) << form_name(other);
      key(ends.sealer, ends.form, Aead::Direction::seal);
      key(ends.opener, ends.form, Aead::Direction::open);
      record = sealed(ends.sealer, application_data, pattern(20, 1));
      ASSERT_TRUE(ends.opener.open(record)) << form_name(other);
    }
    key(ends.sealer, crypto::AeadId::aes_128_gcm, Aead::Direction::seal);
    key(ends.opener, crypto::AeadId::aes_128_gcm, Aead::Direction::open);
    EXPECT_TRUE(ends.sealer.hides_type());
    Octets record = sealed(ends.sealer, application_data, pattern(20, 1));
    EXPECT_TRUE(ends.opener.open(record));
  });
}

TEST(Records, AreMovedInTheMiddle) {
  for_each_form([](Ends& ends) {
    const Octets first = sealed(ends.sealer, application_data, pattern(20, 1));
    Protection moved;
    moved = std::move(ends.sealer);
    EXPECT_FALSE(ends.sealer.active());
    const Octets second = sealed(moved, application_data, pattern(20, 2));
    Octets record = first;
    ASSERT_TRUE(ends.opener.open(record));
    Protection opener;
    opener = std::move(ends.opener);
    EXPECT_FALSE(ends.opener.active());
    record = second;
    EXPECT_TRUE(opener.open(record));
    opener.clear();
    EXPECT_FALSE(opener.active());
  });
}

TEST(Records, TakeNoKeysOfAWrongSize) {
  for_each_form([](Ends& ends) {
    const BelowKeys good(ends.form);
    const auto expect_refused_keys = [&](Octets mac_key, Octets key, Octets iv) {
      const record::BlockKeys keys{
          good.suite(), ends.form.version, ends.form.encrypt_then_mac, mac_key, key, iv};
      for (const auto direction : {Aead::Direction::seal, Aead::Direction::open}) {
        Protection protection;
        test::key(protection, ends.form, direction);
        const auto ok = protection.set_keys(keys, direction);
        ASSERT_FALSE(ok);
        EXPECT_EQ(ok.error().reason(), Reason::internal_error);
        EXPECT_FALSE(protection.active());
      }
    };
    const auto longer = [](Octets octets) {
      octets.push_back(0);
      return octets;
    };
    if (!good.suite().aead) expect_refused_keys(longer(good.mac_key()), good.key(), good.iv());
    if (good.suite().aead || good.suite().cbc)
      expect_refused_keys(good.mac_key(), longer(good.key()), good.iv());
    if (!good.iv().empty()) {
      expect_refused_keys(good.mac_key(), good.key(), longer(good.iv()));
      expect_refused_keys(good.mac_key(), good.key(), {});
    }
  });
}

TEST(Protection, NeitherSealsNorOpensWithoutKeys) {
  Protection protection;
  Octets record(64);
  const auto sealed_record = protection.seal(application_data, {}, 0, record.data());
  ASSERT_FALSE(sealed_record);
  EXPECT_EQ(sealed_record.error().reason(), Reason::internal_error);
  EXPECT_FALSE(protection.open(record));
}

// An idle connection has two.
TEST(Protection, IsSmall) { EXPECT_LE(sizeof(Protection), 48u); }

}  // namespace
}  // namespace sesame::test
