#include "extension/table.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "extension/bodies.h"
#include "support/codec_properties.h"

namespace sesame::test {
namespace {

using namespace extension;
using enum ExtensionType;

constexpr In all_messages[] = {In::CH, In::SH, In::EE, In::CT, In::CR, In::NST, In::HRR, In::SH12};

// RFC 8446 section 4.2, copied row by row from the standard's table, as text; and RFC 8449 section 4.
const std::map<ExtensionType, std::string_view> standard = {
    {server_name, "CH, EE, SH12"},
    {max_fragment_length, "CH, EE, SH12"},
    {status_request, "CH, CR, CT, SH12"},
    {supported_groups, "CH, EE, SH12"},
    {signature_algorithms, "CH, CR"},
    {use_srtp, "CH, EE, SH12"},
    {heartbeat, "CH, EE, SH12"},
    {application_layer_protocol_negotiation, "CH, EE, SH12"},
    {signed_certificate_timestamp, "CH, CR, CT, SH12"},
    {client_certificate_type, "CH, EE, SH12"},
    {server_certificate_type, "CH, EE, SH12"},
    {padding, "CH"},
    {key_share, "CH, SH, HRR"},
    {pre_shared_key, "CH, SH"},
    {psk_key_exchange_modes, "CH"},
    {early_data, "CH, EE, NST"},
    {cookie, "CH, HRR"},
    {supported_versions, "CH, SH, HRR"},
    {certificate_authorities, "CH, CR"},
    {oid_filters, "CR"},
    {post_handshake_auth, "CH"},
    {signature_algorithms_cert, "CH, CR"},
    {record_size_limit, "CH, EE, SH12"},
    {compress_certificate, "CH, CR"},      // RFC 8879 section 3
    {tls_cert_with_extern_psk, "CH, SH"},  // RFC 8773 section 5
    // Of TLS 1.2 and below, known as well so that they are refused in the messages of TLS 1.3.
    {ec_point_formats, "CH, SH12"},
    {encrypt_then_mac, "CH, SH12"},
    {extended_master_secret, "CH, SH12"},
    {session_ticket, "CH, SH12"},
    {renegotiation_info, "CH, SH12"},
};

std::string_view abbreviation(In in) {
  switch (in) {
    case In::CH:
      return "CH";
    case In::SH:
      return "SH";
    case In::EE:
      return "EE";
    case In::CT:
      return "CT";
    case In::CR:
      return "CR";
    case In::NST:
      return "NST";
    case In::HRR:
      return "HRR";
    case In::SH12:
      return "SH12";
  }
  return "";
}

bool standard_allows(ExtensionType type, In in) {
  const std::string_view messages = standard.at(type);
  return (", " + std::string(messages) + ",").find(", " + std::string(abbreviation(in)) + ",") !=
         std::string::npos;
}

// An extension block, built as it stands on the wire.
class Block {
 public:
  Block& add(ExtensionType type, Bytes data = {}) { return add(static_cast<std::uint16_t>(type), data); }
  Block& add(std::uint16_t type, Bytes data = {}) {
    EXPECT_TRUE(wire::encode(raw_, message::Extension{static_cast<ExtensionType>(type), {data}}));
    return *this;
  }
  Expected<Extensions> parse(In in, const TypeSet& requested) const {
    return Extensions::parse({raw_.bytes()}, in, requested);
  }
  Expected<Extensions> parse(In in) const { return parse(in, everything()); }
  static TypeSet everything() {
    TypeSet set;
    for (const Row& row : rows) set.add(row.type);
    return set;
  }

 private:
  wire::Buffer raw_;
};

std::optional<Reason> reason(const Expected<Extensions>& parsed) {
  return parsed ? std::nullopt : std::optional(parsed.error().reason());
}

TEST(ExtensionTable, HasTheRowsOfTheStandardAndNoOther) {
  EXPECT_EQ(rows.size(), standard.size());
  for (const Row& row : rows) {
    ASSERT_TRUE(standard.contains(row.type)) << row.name;
    for (const In in : all_messages) {
      EXPECT_EQ((row.in & static_cast<int>(in)) != 0, standard_allows(row.type, in))
          << row.name << " in " << abbreviation(in);
    }
  }
}

TEST(ExtensionTable, FindsEachRowByItsTypeAndNothingElse) {
  std::set<std::uint16_t> types;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(row_of(rows[i].type), static_cast<int>(i)) << rows[i].name;
    types.insert(static_cast<std::uint16_t>(rows[i].type));
  }
  EXPECT_EQ(types.size(), rows.size()) << "a type has two rows";
  for (unsigned type = 0; type < 0x10000; ++type) {
    EXPECT_EQ(row_of(static_cast<ExtensionType>(type)) >= 0, types.contains(static_cast<std::uint16_t>(type)))
        << type;
  }
}

TEST(ExtensionTable, NamesAreRegisteredOnesAndNumbersOtherwise) {
  EXPECT_EQ(name(pre_shared_key), "pre_shared_key");
  EXPECT_EQ(name(renegotiation_info), "renegotiation_info");
  EXPECT_EQ(name(static_cast<ExtensionType>(0x0a0a)), "extension 2570");
  std::set<std::string> names;
  for (const Row& row : rows) names.insert(name(row.type));
  EXPECT_EQ(names.size(), rows.size());
}

// Every pair, on its own: taken where the standard has it, illegal_parameter where it has not.
TEST(Extensions, AreTakenInTheirMessagesAndRefusedInAllOthers) {
  for (const Row& row : rows) {
    for (const In in : all_messages) {
      const auto parsed = Block().add(row.type).parse(in);
      if (standard_allows(row.type, in)) {
        ASSERT_TRUE(parsed) << row.name << " in " << abbreviation(in);
        EXPECT_TRUE(parsed->has(row.type));
      } else {
        ASSERT_FALSE(parsed) << row.name << " in " << abbreviation(in);
        EXPECT_EQ(parsed.error().reason(), Reason::extension_misplaced);
        EXPECT_EQ(parsed.error().alert(), Alert::illegal_parameter);
      }
    }
  }
}

// Section 4.2: "unsupported_extension"; the cookie of a HelloRetryRequest is the one exception, and what
// older servers say of their groups.
TEST(Extensions, OfAnAnswerHaveToBeAskedFor) {
  for (const Row& row : rows) {
    for (const In in : {In::SH, In::EE, In::CT, In::HRR, In::SH12}) {
      if (!standard_allows(row.type, in)) continue;
      TypeSet without;
      for (const Row& other : rows) {
        if (other.type != row.type) without.add(other.type);
      }
      EXPECT_TRUE(Block().add(row.type).parse(in, Block::everything()));
      const auto parsed = Block().add(row.type).parse(in, without);
      const bool is_unasked_groups = row.type == supported_groups && in == In::SH12;
      if ((row.type == cookie && in == In::HRR) || is_unasked_groups) {
        EXPECT_TRUE(parsed);
        continue;
      }
      ASSERT_FALSE(parsed) << row.name << " in " << abbreviation(in);
      EXPECT_EQ(parsed.error().reason(), Reason::extension_unsolicited);
      EXPECT_EQ(parsed.error().alert(), Alert::unsupported_extension);
    }
  }
}

TEST(Extensions, OfAMessageThatAsksNeedNoRequest) {
  EXPECT_TRUE(Block().add(server_name).parse(In::CH, {}));
  EXPECT_TRUE(Block().add(early_data).parse(In::NST, {}));
  EXPECT_TRUE(Block().add(signature_algorithms).parse(In::CR, {}));
}

TEST(Extensions, WithoutARowAreIgnoredInQuestionsAndRefusedInAnswers) {
  constexpr std::uint16_t types[] = {0x0a0a, 0xfafa, 4, 63, 64, 0xfe0d, 0xffff};
  for (const std::uint16_t type : types) {
    for (const In in : {In::CH, In::CR, In::NST}) {
      const auto parsed = Block().add(type).parse(in);
      ASSERT_TRUE(parsed) << type << " in " << abbreviation(in);
      EXPECT_FALSE(parsed->has(static_cast<ExtensionType>(type)));
      EXPECT_TRUE((*parsed)[static_cast<ExtensionType>(type)].empty());
    }
    for (const In in : {In::SH, In::EE, In::CT, In::HRR, In::SH12}) {
      EXPECT_EQ(reason(Block().add(type).parse(in)), Reason::extension_unsolicited)
          << type << " in " << abbreviation(in);
    }
  }
}

TEST(Extensions, MayStandOnlyOnce) {
  for (const Row& row : rows) {
    for (const In in : all_messages) {
      if (!standard_allows(row.type, in)) continue;
      EXPECT_EQ(reason(Block().add(row.type).add(row.type).parse(in)), Reason::extension_duplicate)
          << row.name;
    }
  }
}

TEST(Extensions, MayStandOnlyOnceAlsoWhereOthersStandBetween) {
  const auto parsed = Block().add(server_name).add(0x0a0a).add(padding).add(server_name).parse(In::CH);
  EXPECT_EQ(reason(parsed), Reason::extension_duplicate);
  EXPECT_EQ(parsed.error().alert(), Alert::illegal_parameter);
}

TEST(Extensions, WithoutARowMayStandOnlyOnceToo) {
  for (const In in : {In::CH, In::CR, In::NST}) {
    EXPECT_TRUE(Block().add(0x0a0a).add(0x1a1a).parse(in));
    EXPECT_EQ(reason(Block().add(0x0a0a).add(0x1a1a).add(0x0a0a).parse(in)), Reason::extension_duplicate);
  }
}

// 16 thousand is what an extension block has room for. Whatever their number, a repeated one is found
// wherever it stands.
TEST(Extensions, AFloodOfUnknownOnesIsTakenAndADuplicateInItFound) {
  std::vector<std::uint16_t> types;
  for (unsigned type = 0x1000; types.size() < 0xffff / 4 - 1; ++type)
    types.push_back(static_cast<std::uint16_t>(type));
  for (const std::size_t count : {15u, 16u, 17u, 18u, 100u, static_cast<unsigned>(types.size())}) {
    Block block;
    for (std::size_t i = 0; i < count; ++i) block.add(types[i]);
    EXPECT_TRUE(block.parse(In::CH)) << count;
    for (const std::size_t repeated : {std::size_t{0}, count / 2, count - 1}) {
      Block with_duplicate;
      for (std::size_t i = 0; i < count; ++i) with_duplicate.add(types[i]);
      with_duplicate.add(types[repeated]);
      EXPECT_EQ(reason(with_duplicate.parse(In::CH)), Reason::extension_duplicate)
          << count << " " << repeated;
    }
  }
}

TEST(Extensions, PreSharedKeyIsTheLastOfAClientHello) {
  const Octets data = from_hex("0001");
  EXPECT_TRUE(Block().add(server_name).add(pre_shared_key, data).parse(In::CH));
  EXPECT_TRUE(Block().add(0x0a0a).add(pre_shared_key).parse(In::CH));
  for (const auto type : {static_cast<std::uint16_t>(server_name), static_cast<std::uint16_t>(padding),
                          std::uint16_t{0x0a0a}}) {
    EXPECT_EQ(reason(Block().add(pre_shared_key, data).add(type).parse(In::CH)),
              Reason::psk_extension_not_last)
        << type;
    EXPECT_EQ(reason(Block().add(pre_shared_key).add(type, data).parse(In::CH)),
              Reason::psk_extension_not_last)
        << type;
  }
  EXPECT_TRUE(Block().add(pre_shared_key, data).add(supported_versions).parse(In::SH))
      << "a ServerHello has no such rule";
}

TEST(Extensions, GiveTheirData) {
  const Octets data = from_hex("0304");
  Block block;
  const auto parsed = block.add(supported_versions, data).add(padding).parse(In::CH);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(octets_of((*parsed)[supported_versions]), data);
  EXPECT_TRUE(parsed->has(padding));
  EXPECT_TRUE((*parsed)[padding].empty());
  EXPECT_FALSE(parsed->has(cookie));
  EXPECT_TRUE((*parsed)[cookie].empty());
  TypeSet present;
  present.add(padding);
  present.add(supported_versions);
  EXPECT_EQ(parsed->present(), present);
}

TEST(Extensions, AreReadWithTheReasonForWhatIsWrong) {
  const Octets good = from_hex("0304"), cut = from_hex("03"), longer = from_hex("030400");
  const auto read = [](const Octets& data) {
    Block block;
    const auto parsed = block.add(supported_versions, data).parse(In::SH);
    EXPECT_TRUE(parsed);
    return parsed->read<SupportedVersionsChoice>(supported_versions);
  };
  EXPECT_EQ(read(good)->selected_version, 0x0304);
  for (const Octets& bad : {cut, longer, Octets{}}) {
    const auto value = read(bad);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().reason(), Reason::malformed_message);
    EXPECT_NE(value.error().detail().find("supported_versions"), std::string_view::npos);
  }
  const auto missing = Block().parse(In::SH)->read<SupportedVersionsChoice>(supported_versions);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason(), Reason::extension_missing);
  EXPECT_EQ(missing.error().detail(), "supported_versions");
}

TEST(TypeSet, HoldsOnlyWhatHasARow) {
  TypeSet set;
  set.add(static_cast<ExtensionType>(0x0a0a));
  EXPECT_EQ(set, TypeSet());
  EXPECT_FALSE(set.has(static_cast<ExtensionType>(0x0a0a)));
  set.add(renegotiation_info);
  EXPECT_TRUE(set.has(renegotiation_info));
  EXPECT_FALSE(set.has(server_name));
}

}  // namespace
}  // namespace sesame::test
