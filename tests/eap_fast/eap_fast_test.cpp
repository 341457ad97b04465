// EAP-FAST's keys by the values of RFC 4851 appendix B, octet for octet, and its PACs.
#include <gtest/gtest.h>
#include <sesame/eap_fast.h>

#include "support/hex.h"
#include "support/pair.h"

namespace sesame::test {
namespace {

using namespace eap_fast;

// Appendix B.1.
const Octets pac_key = from_hex("0b97390f37517809811efd9c6e65942b632ce953893808ba360b037cd185e414");
const Octets server_random = from_hex("3ffb11c46cbfa57a5440dae822d311d3f76de41dd933e5937097eba9b366f42a");
const Octets client_random = from_hex("000000026a66432a8d14432cec582d2fc79c3364ba04ad3a5254d6a579ad1e00");
const Octets expected_master = from_hex(
    "4a1a512c0160bc023ccfbc833f03bc6488c1312f0ba9a27716a8d8e8bdc9d229384b7a85be164d2733d5247987b1c5a2");
const Octets seed =
    from_hex("d64b7d7217592805aff9b7ff666da1968f0b5e06467a448464c1c80c96440998ff92a8b4c6422871");

TEST(EapFastKeys, MasterSecretOfAppendixB) {
  Octets out(48);
  ASSERT_TRUE(master_secret(pac_key, server_random, client_random, out));
  EXPECT_EQ(to_hex(out), to_hex(expected_master));
}

TEST(EapFastKeys, SessionKeySeedOfAppendixB) {
  // RC4-128 with SHA-1: two MAC keys of 20 octets, two keys of 16, no IVs.
  Octets out(40);
  ASSERT_TRUE(session_key_seed(KeyExpansion::tls10_and_tls11, expected_master, server_random, client_random,
                               72, out));
  EXPECT_EQ(to_hex(out), to_hex(seed));
}

TEST(EapFastKeys, CompoundKeysOfAppendixB) {
  auto keys = CompoundKeys::create(seed);
  ASSERT_TRUE(keys);
  ASSERT_TRUE(keys->add({}));  // "ISK is 32 octets 0's"
  EXPECT_EQ(keys->methods(), 1u);
  Octets out(64);
  ASSERT_TRUE(keys->msk(out));
  EXPECT_EQ(to_hex(out),
            "4d83a9be6f8a74ed6a02660a634d2c33c2da6015c6370451903863da543e14b9"
            "2799181e07bf0f5a5e3c3293808c6c4967ed24fe4540a0595e37c2e9d05d0ae3");
  ASSERT_TRUE(keys->emsk(out));
  EXPECT_EQ(to_hex(out),
            "3ad4abdb76b27f3bea322c2b74f42855ef2dba78c9572f0d06cd517c209398a9"
            "76ea7021d70e255497edb28af6edfd0a2ae7a15890105044b38285db0614d2f9");
}

// Appendix B.2.
const Octets binding = from_hex(
    "800c003800010100d86a8c683c3231a85663b64021fe21144ee75420792d4262c9bf537f54fdac5843246e3092176dcfe6e069eb"
    "33616acc05c5"
    "5bb7");

TEST(EapFastKeys, CompoundMacOfAppendixB) {
  auto keys = CompoundKeys::create(seed);
  ASSERT_TRUE(keys);
  ASSERT_TRUE(keys->add(Octets(32, 0)));
  Octets mac(20);
  ASSERT_TRUE(keys->compound_mac(binding, mac));
  EXPECT_EQ(to_hex(mac), "43246e3092176dcfe6e069eb33616acc05c55bb7");
  EXPECT_EQ(keys->verify(binding).value(), true);
  for (std::size_t i = 0; i < binding.size(); ++i) {
    Octets spoiled = binding;
    spoiled[i] ^= 1;
    EXPECT_EQ(keys->verify(spoiled).value(), false) << i;
  }
}

TEST(EapFastKeys, AnInnerKeyCountsWithItsFirst32Octets) {
  const auto msk_by = [](const Octets& inner) {
    auto keys = CompoundKeys::create(seed);
    EXPECT_TRUE(keys->add(inner));
    Octets out(64);
    EXPECT_TRUE(keys->msk(out));
    return to_hex(out);
  };
  Octets key(64, 7);
  const std::string whole = msk_by(key);
  key[32] ^= 1;
  EXPECT_EQ(msk_by(key), whole);
  key[31] ^= 1;
  EXPECT_NE(msk_by(key), whole);
  Octets padded = {1, 2, 3};
  const std::string short_one = msk_by(padded);
  padded.resize(32, 0);
  EXPECT_EQ(msk_by(padded), short_one);
  EXPECT_NE(short_one, msk_by({}));
}

TEST(EapFastKeys, WithoutAnInnerMethodTheSeedStandsForItself) {
  auto keys = CompoundKeys::create(seed);
  Octets out(64), expected(64);
  ASSERT_TRUE(keys->msk(out));
  ASSERT_TRUE(t_prf(seed, "Session Key Generating Function", {}, expected));
  EXPECT_EQ(out, expected);
  Octets mac(20);
  EXPECT_EQ(keys->compound_mac(binding, mac).error().reason(), Reason::invalid_argument);
}

TEST(EapFastKeys, RefuseSizesThatAreNotTheirs) {
  Octets out(48), short_key(31), random(33), large(5101), largest(5100);
  EXPECT_EQ(master_secret(short_key, server_random, client_random, out).error().reason(),
            Reason::invalid_argument);
  EXPECT_EQ(master_secret(pac_key, random, client_random, out).error().reason(), Reason::invalid_argument);
  EXPECT_EQ(master_secret(pac_key, server_random, client_random, largest).error().reason(),
            Reason::invalid_argument);
  EXPECT_EQ(t_prf(pac_key, "x", {}, large).error().reason(), Reason::invalid_argument);
  EXPECT_TRUE(t_prf(pac_key, "x", {}, largest));
  EXPECT_TRUE(t_prf({}, "", {}, out));
  Octets s(40);
  EXPECT_EQ(
      session_key_seed(KeyExpansion::tls12_sha256, {}, server_random, client_random, 0, s).error().reason(),
      Reason::invalid_argument);
  EXPECT_EQ(session_key_seed(KeyExpansion::tls12_sha256, out, server_random, client_random, 193, s)
                .error()
                .reason(),
            Reason::invalid_argument);
  for (const auto which :
       {KeyExpansion::tls10_and_tls11, KeyExpansion::tls12_sha256, KeyExpansion::tls12_sha384})
    EXPECT_TRUE(session_key_seed(which, out, server_random, client_random, 192, s));
  EXPECT_EQ(CompoundKeys::create(short_key).error().reason(), Reason::invalid_argument);
}

// Where there is no key block: TLS 1.3, and a handshake that is not done.
TEST(EapFastKeys, AreNotThoseOfAConnectionOfTls13) {
  Pair pair(client_context(), server_context());
  Octets out(40), other(39);
  const auto refusal = [](const Expected<>& given) { return given ? Reason{} : given.error().reason(); };
  EXPECT_EQ(refusal(session_key_seed(pair.client.connection, out)), Reason::exporter_not_ready);
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(refusal(session_key_seed(pair.client.connection, out)), Reason::exporter_not_ready);
  ASSERT_FALSE(session_key_seed(pair.client.connection, other));
}

// ---- PACs ----

Pac example() {
  Pac pac;
  std::copy_n(pac_key.begin(), 32, pac.key.begin());
  pac.opaque = from_hex("aabbcc");
  pac.info.a_id = Octets(16, 9);
  pac.info.a_id_info = "the authority";
  pac.info.i_id = from_hex("616c696365");
  pac.info.lifetime = TimePoint(std::chrono::seconds(2'000'000'000));
  return pac;
}

TEST(PacTlv, GoesThereAndBack) {
  const Pac pac = example();
  const auto tlv = encode_pac_tlv(pac);
  ASSERT_TRUE(tlv);
  EXPECT_EQ(to_hex(Bytes(*tlv).first(8)),
            "800b006b"
            "00010020");
  const auto back = decode_pac_tlv(*tlv);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->key, pac.key);
  EXPECT_EQ(back->opaque, pac.opaque);
  EXPECT_EQ(back->info.a_id, pac.info.a_id);
  EXPECT_EQ(back->info.a_id_info, pac.info.a_id_info);
  EXPECT_EQ(back->info.i_id, pac.info.i_id);
  EXPECT_EQ(back->info.lifetime, pac.info.lifetime);
  EXPECT_EQ(back->info.type, PacType::tunnel);
}

TEST(PacTlv, CutShortAnywhereIsRefused) {
  const auto tlv = encode_pac_tlv(example());
  ASSERT_TRUE(tlv);
  for (std::size_t size = 0; size < tlv->size(); ++size) {
    Octets cut(tlv->begin(), tlv->begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(decode_pac_tlv(cut)) << size;
    if (size < 4) continue;
    cut[2] = static_cast<std::uint8_t>((size - 4) >> 8);
    cut[3] = static_cast<std::uint8_t>(size - 4);
    EXPECT_FALSE(decode_pac_tlv(cut)) << size;  // its own length right, an attribute's not
  }
  Octets longer = *tlv;
  longer.push_back(0);
  EXPECT_FALSE(decode_pac_tlv(longer));
}

TEST(PacTlv, HasEachAttributeOnceAndAllThatItNeeds) {
  const std::string key = "00010020" + to_hex(pac_key), opaque = "00020001ff", info = "0009000600040002abcd";
  const auto tlv = [](const std::string& attributes) {
    const std::size_t size = attributes.size() / 2;
    const Octets header = {0x80, 11, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
    return from_hex(to_hex(header) + attributes);
  };
  EXPECT_TRUE(decode_pac_tlv(tlv(key + opaque + info)));
  EXPECT_TRUE(decode_pac_tlv(tlv(info + "00630001aa" + opaque + key)));  // in any order, unknown ones between
  EXPECT_FALSE(decode_pac_tlv(tlv(opaque + info)));
  EXPECT_FALSE(decode_pac_tlv(tlv(key + info)));
  EXPECT_FALSE(decode_pac_tlv(tlv(key + opaque)));
  EXPECT_FALSE(decode_pac_tlv(tlv(key + key + opaque + info)));
  EXPECT_FALSE(decode_pac_tlv(tlv("0001001f" + to_hex(Octets(31, 1)) + opaque + info)));
  EXPECT_FALSE(decode_pac_tlv(tlv(key + opaque + "00090005000a00020001")));  // no A-ID, and cut short
  EXPECT_FALSE(
      decode_pac_tlv(tlv(key + opaque + "0009000b00040002abcd00020001ff")));  // a PAC-Opaque in PAC-Info
}

TEST(PacTlv, RefusesToWriteWhatCannotBe) {
  Pac pac = example();
  pac.opaque.clear();
  EXPECT_EQ(encode_pac_tlv(pac).error().reason(), Reason::invalid_argument);
  pac.opaque.resize(70'000);
  EXPECT_EQ(encode_pac_tlv(pac).error().reason(), Reason::invalid_argument);
  pac = example();
  pac.info.a_id.clear();
  EXPECT_EQ(encode_pac_tlv(pac).error().reason(), Reason::invalid_argument);
}

TEST(PacOpaque, InASessionTicketHasItsHeader) {
  const auto ticket = encode_pac_opaque(from_hex("aabbcc"));
  ASSERT_TRUE(ticket);
  EXPECT_EQ(to_hex(*ticket), "00020003aabbcc");
  const auto opaque = decode_pac_opaque(*ticket);
  ASSERT_TRUE(opaque);
  EXPECT_EQ(to_hex(*opaque), "aabbcc");
  for (const char* wrong : {"", "0002", "00020003aabb", "00020003aabbccdd", "00010003aabbcc", "00020000"})
    EXPECT_FALSE(decode_pac_opaque(from_hex(wrong))) << wrong;
  EXPECT_FALSE(encode_pac_opaque({}));
}

const TimePoint now = TimePoint(std::chrono::seconds(1'800'000'000));

PacContents contents() {
  PacContents out;
  std::copy_n(pac_key.begin(), 32, out.key.begin());
  out.i_id = from_hex("616c696365");
  out.expires = now + std::chrono::hours(24);
  return out;
}

TEST(PacSealer, OpensWhatItSealed) {
  PacSealer sealer;
  const auto opaque = sealer.seal(contents());
  ASSERT_TRUE(opaque);
  const auto opened = sealer.open(*opaque, now);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->key, contents().key);
  EXPECT_EQ(opened->i_id, contents().i_id);
  EXPECT_EQ(opened->expires, contents().expires);
  EXPECT_NE(*sealer.seal(contents()), *opaque);  // another nonce
  // The key is not in it.
  EXPECT_EQ(std::search(opaque->begin(), opaque->end(), pac_key.begin(), pac_key.begin() + 8), opaque->end());
}

TEST(PacSealer, RefusesWhatIsTamperedWithForeignOrOver) {
  PacSealer sealer, other;
  const auto opaque = sealer.seal(contents());
  ASSERT_TRUE(opaque);
  for (std::size_t i = 0; i < opaque->size(); ++i) {
    Octets spoiled = *opaque;
    spoiled[i] ^= 0x80;
    EXPECT_FALSE(sealer.open(spoiled, now)) << i;
    EXPECT_FALSE(sealer.open(Bytes(*opaque).first(i), now)) << i;
  }
  EXPECT_FALSE(other.open(*opaque, now));
  EXPECT_FALSE(sealer.open(*opaque, now + std::chrono::hours(24)));
  EXPECT_FALSE(sealer.open(Octets(70'000, 1), now));
  PacContents large = contents();
  large.i_id.resize(1025);
  EXPECT_EQ(sealer.seal(large).error().reason(), Reason::invalid_argument);
}

TEST(PacSealer, OpensThroughFifteenRotations) {
  PacSealer sealer;
  const auto opaque = sealer.seal(contents());
  ASSERT_TRUE(opaque);
  for (int i = 0; i < 15; ++i) {
    ASSERT_TRUE(sealer.rotate());
    ASSERT_TRUE(sealer.open(*opaque, now)) << i;
  }
  ASSERT_TRUE(sealer.rotate());
  EXPECT_FALSE(sealer.open(*opaque, now));
}

TEST(PacSealer, SharesKeysThatAreGivenToIt) {
  PacSealer::Key one, two;
  one.name.fill(1), one.key.fill(2);
  two.name.fill(3), two.key.fill(4);
  const PacSealer::Key old_first[] = {one}, new_first[] = {two, one}, twice[] = {one, one};
  const auto before = PacSealer::with_keys(old_first), after = PacSealer::with_keys(new_first);
  ASSERT_TRUE(before && after);
  EXPECT_TRUE(after->open(*before->seal(contents()), now));
  EXPECT_FALSE(before->open(*after->seal(contents()), now));
  EXPECT_EQ(PacSealer::with_keys(twice).error().reason(), Reason::invalid_argument);
  EXPECT_EQ(PacSealer::with_keys({}).error().reason(), Reason::invalid_argument);
}

}  // namespace
}  // namespace sesame::test
