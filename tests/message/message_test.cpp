#include <gtest/gtest.h>

#include <algorithm>

#include "message/client_hello.h"
#include "message/encrypted_extensions.h"
#include "message/handshake_type.h"
#include "message/key_update.h"
#include "message/new_session_ticket.h"
#include "message/server_hello.h"
#include "support/codec_properties.h"

namespace sesame::test {

using namespace message;

using Messages =
    testing::Types<ClientHello, ServerHello, EncryptedExtensions, NewSessionTicket, KeyUpdate, Extension>;
INSTANTIATE_TYPED_TEST_SUITE_P(Message, CodecProperties, Messages);

namespace {

using wire::Fault;

template <class T>
Fault fault_of(const Octets& octets) {
  const auto decoded = wire::decode<T>(octets);
  return decoded ? Fault::none : decoded.error();
}

const std::string random_hex(64, '5');

// The parts of a ClientHello, so that each can be made wrong on its own.
struct Parts {
  std::string version = "0303";
  std::string session_id = "00";
  std::string suites = "0002 1301";
  std::string compression = "01 00";
  std::string extensions = "0000";
  Octets octets() const {
    return from_hex(version + random_hex + session_id + suites + compression + extensions);
  }
};

TEST(ClientHello, DecodesToItsFields) {
  Parts parts;
  parts.session_id = "02 abcd";
  parts.suites = "0004 1301 0a0a";
  parts.extensions = "0008 0010 0000 0a0a 0000";
  const Octets octets = parts.octets();
  const auto hello = wire::decode<ClientHello>(octets);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->legacy_version, 0x0303);
  EXPECT_EQ(to_hex(hello->random), random_hex);
  EXPECT_EQ(to_hex(hello->legacy_session_id.data), "abcd");
  EXPECT_EQ(hello->cipher_suites.count(), 2u);
  EXPECT_EQ(to_hex(hello->legacy_compression_methods.data), "00");
  EXPECT_EQ(hello->extensions.count(), 2u);
}

TEST(ClientHello, KeepsTheBoundsOfEachVector) {
  const auto with = [](std::string Parts::* part, std::string value) {
    Parts parts;
    parts.*part = std::move(value);
    return fault_of<ClientHello>(parts.octets());
  };
  EXPECT_EQ(with(&Parts::session_id, "20" + random_hex), Fault::none);
  EXPECT_EQ(with(&Parts::session_id, "21" + random_hex + "00"), Fault::length)
      << "a session identifier of 33 octets";
  EXPECT_EQ(with(&Parts::suites, "0000"), Fault::length) << "no cipher suite";
  EXPECT_EQ(with(&Parts::suites, "0003 130113"), Fault::length) << "one and a half cipher suites";
  EXPECT_EQ(with(&Parts::compression, "00"), Fault::length) << "no compression method";
  EXPECT_EQ(with(&Parts::extensions, "0003 001000"), Fault::truncated) << "an extension without its length";
  EXPECT_EQ(with(&Parts::extensions, "0005 0010 0002 00"), Fault::truncated)
      << "an extension beyond the block";
  EXPECT_EQ(with(&Parts::extensions, "0001"), Fault::truncated) << "a block beyond the message";
  EXPECT_EQ(with(&Parts::extensions, "0000 00"), Fault::trailing);
  EXPECT_EQ(with(&Parts::extensions, "00"), Fault::truncated) << "half the length of the block";
}

// RFC 8446 section 4.1.2: from prior versions of TLS the field may be missing; they are refused for their
// version.
TEST(ClientHello, MayLackTheExtensionBlock) {
  Parts parts;
  parts.extensions = "";
  const Octets octets = parts.octets();
  const auto hello = wire::decode<ClientHello>(octets);
  ASSERT_TRUE(hello);
  EXPECT_FALSE(hello->extensions.present);
  EXPECT_TRUE(hello->extensions.raw.empty());
}

TEST(ClientHello, HoldsTheMostThatAClientMaySay) {
  const Octets suites(0xfffe), session_id(32), compression(255), data(0xffff - 4);
  wire::Buffer extensions;
  ASSERT_TRUE(wire::encode(extensions, Extension{extension::ExtensionType::padding, {data}}));
  ClientHello hello;
  hello.legacy_session_id.data = session_id;
  hello.cipher_suites.raw = suites;
  hello.legacy_compression_methods.data = compression;
  hello.extensions.raw = extensions.bytes();
  const Octets octets = encoded(hello);
  EXPECT_EQ(octets.size(), 131'396u) << "Limits::handshake_message";
  EXPECT_EQ(fault_of<ClientHello>(octets), Fault::none);
  const Octets too_many(0x10000);
  hello.cipher_suites.raw = too_many;
  wire::Buffer out;
  EXPECT_FALSE(wire::encode(out, hello));
  EXPECT_TRUE(out.empty());
}

TEST(ServerHello, MayLackTheExtensionBlock) {
  const Octets octets = from_hex("0303" + random_hex + "00 c02f 00");
  const auto hello = wire::decode<ServerHello>(octets);
  ASSERT_TRUE(hello);
  EXPECT_FALSE(hello->extensions.present);
  EXPECT_EQ(fault_of<ServerHello>(from_hex("0303" + random_hex + "00 c02f")), Fault::truncated);
}

TEST(ServerHello, RefusesASessionIdOver32Octets) {
  EXPECT_EQ(fault_of<ServerHello>(from_hex("0303" + random_hex + "20" + random_hex + "1301 00 0000")),
            Fault::none);
  EXPECT_EQ(fault_of<ServerHello>(from_hex("0303" + random_hex + "21" + random_hex + "00 1301 00 0000")),
            Fault::length);
}

TEST(EncryptedExtensions, MustHaveTheBlock) {
  EXPECT_EQ(fault_of<EncryptedExtensions>({}), Fault::truncated);
  EXPECT_EQ(fault_of<EncryptedExtensions>(from_hex("0000")), Fault::none);
}

TEST(NewSessionTicket, RefusesAnEmptyTicket) {
  const std::string times = "00093a80 01020304";
  EXPECT_EQ(fault_of<NewSessionTicket>(from_hex(times + "00 0001 aa 0000")), Fault::none);
  EXPECT_EQ(fault_of<NewSessionTicket>(from_hex(times + "00 0000 0000")), Fault::length);
  EXPECT_EQ(fault_of<NewSessionTicket>(from_hex(times + "00 0001 aa")), Fault::truncated);
}

TEST(NewSessionTicket, RefusesExtensionsOfMoreThan65534Octets) {
  NewSessionTicket ticket;
  const Octets one(1), data(0xffff - 4);
  ticket.ticket.data = one;
  wire::Buffer extensions;
  ASSERT_TRUE(wire::encode(extensions, Extension{extension::ExtensionType::early_data, {data}}));
  ticket.extensions.raw = extensions.bytes();
  wire::Buffer out;
  EXPECT_FALSE(wire::encode(out, ticket));
}

TEST(KeyUpdate, IsOneOctet) {
  EXPECT_EQ(fault_of<KeyUpdate>({}), Fault::truncated);
  EXPECT_EQ(fault_of<KeyUpdate>({1}), Fault::none);
  EXPECT_EQ(fault_of<KeyUpdate>({2}), Fault::none)
      << "what an unknown value means is not the syntax's business";
  EXPECT_EQ(fault_of<KeyUpdate>({0, 0}), Fault::trailing);
}

TEST(HelloRetryRequest, HasTheRandomOfTheStandard) {
  // SHA-256 of "HelloRetryRequest", RFC 8446 section 4.1.3.
  EXPECT_EQ(to_hex(hello_retry_request_random),
            "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");
  EXPECT_EQ(to_hex(downgrade_to_tls12), "444f574e47524401");
  EXPECT_EQ(to_hex(downgrade_to_tls11), "444f574e47524400");
}

TEST(Names, AreTheStandardsAndUnknownOnesSaySo) {
  const std::pair<int, std::string_view> names[] = {{0, "HelloRequest"},        {1, "ClientHello"},
                                                    {2, "ServerHello"},         {4, "NewSessionTicket"},
                                                    {5, "EndOfEarlyData"},      {8, "EncryptedExtensions"},
                                                    {11, "Certificate"},        {12, "ServerKeyExchange"},
                                                    {13, "CertificateRequest"}, {14, "ServerHelloDone"},
                                                    {15, "CertificateVerify"},  {16, "ClientKeyExchange"},
                                                    {20, "Finished"},           {22, "CertificateStatus"},
                                                    {24, "KeyUpdate"},          {25, "CompressedCertificate"},
                                                    {254, "message_hash"},      {255, "ChangeCipherSpec"}};
  for (int i = 0; i < 256; ++i) {
    const auto* const row = std::ranges::find(names, i, &std::pair<int, std::string_view>::first);
    EXPECT_EQ(message::name(static_cast<HandshakeType>(i)),
              row == std::end(names) ? "unknown message" : row->second)
        << i;
  }
}

}  // namespace
}  // namespace sesame::test
