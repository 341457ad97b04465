// The handshake messages that RFC 8448 prints, decoded and encoded again.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "extension/bodies.h"
#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "extension/table.h"
#include "message/client_hello.h"
#include "message/encrypted_extensions.h"
#include "message/handshake_type.h"
#include "message/new_session_ticket.h"
#include "message/server_hello.h"
#include "support/vectors.h"

namespace sesame::test {
namespace {

using extension::ExtensionType;
using extension::In;

/// Decodes `octets` as a T, which encodes to the same octets.
template <class T>
T round_trip(Bytes octets) {
  const auto decoded = wire::decode<T>(octets);
  if (!decoded) {
    ADD_FAILURE() << "it does not decode";
    return {};
  }
  wire::Buffer out;
  EXPECT_TRUE(wire::encode(out, *decoded));
  EXPECT_EQ(to_hex(out.bytes()), to_hex(octets));
  EXPECT_EQ(wire::encoded_size(*decoded), octets.size());
  return *decoded;
}

template <class T>
void body(Bytes octets) {
  round_trip<T>(octets);
}

/// Checks the block by the table, and the bodies of those extensions that have a struct.
template <class List>
void check_extensions(const List& list, In in, int& bodies) {
  using namespace extension;
  using Body = std::function<void(Bytes)>;
  const bool hello = in == In::CH;
  const std::map<ExtensionType, Body> known = {
      {ExtensionType::supported_versions,
       hello ? Body(body<SupportedVersionsOffer>) : body<SupportedVersionsChoice>},
      {ExtensionType::supported_groups, body<NamedGroupList>},
      {ExtensionType::psk_key_exchange_modes, body<PskKeyExchangeModes>},
      {ExtensionType::record_size_limit, body<RecordSizeLimit>},
      {ExtensionType::cookie, body<Cookie>},
      {ExtensionType::key_share, hello           ? Body(body<KeyShareClientHello>)
                                 : in == In::HRR ? Body(body<KeyShareHelloRetryRequest>)
                                                 : body<KeyShareServerHello>},
      {ExtensionType::pre_shared_key, hello ? Body(body<OfferedPsks>) : body<SelectedPsk>},
  };
  TypeSet requested;
  wire::list<message::Extension, 0, 0xffff> block{list.raw};
  block.for_each([&](const message::Extension& extension) {
    SCOPED_TRACE(extension::name(extension.extension_type));
    requested.add(extension.extension_type);
    if (extension.extension_type == ExtensionType::server_name && hello) {
      round_trip<ServerNameList>(extension.extension_data.data);
      ++bodies;
    } else if (const auto found = known.find(extension.extension_type); found != known.end()) {
      found->second(extension.extension_data.data);
      ++bodies;
    }
  });
  EXPECT_TRUE(Extensions::parse(block, in, requested));
}

struct Counts {
  int messages = 0, bodies = 0, later = 0;
};

void check_message(const Octets& octets, Counts& counts) {
  using enum message::HandshakeType;
  const Bytes rest = Bytes(octets).subspan(message::handshake_header_size);
  ++counts.messages;
  switch (static_cast<message::HandshakeType>(octets[0])) {
    case client_hello:
      return check_extensions(round_trip<message::ClientHello>(rest).extensions, In::CH, counts.bodies);
    case server_hello: {
      const auto hello = round_trip<message::ServerHello>(rest);
      const bool retry = hello.random == message::hello_retry_request_random;
      return check_extensions(hello.extensions, retry ? In::HRR : In::SH, counts.bodies);
    }
    case encrypted_extensions:
      return check_extensions(round_trip<message::EncryptedExtensions>(rest).extensions, In::EE,
                              counts.bodies);
    case new_session_ticket:
      return check_extensions(round_trip<message::NewSessionTicket>(rest).extensions, In::NST, counts.bodies);
    case end_of_early_data:
      EXPECT_TRUE(rest.empty());
      return;
    case finished:  // its octets are compared where the trace is walked
      EXPECT_EQ(rest.size(), 32u);
      return;
    case certificate:
    case certificate_request:
    case certificate_verify:
      ++counts.later;  // these come with certificates
      return;
    default:
      ADD_FAILURE() << "not a message of these traces";
  }
}

TEST(Rfc8448Messages, DecodeAndEncodeToTheSameOctets) {
  Counts counts;
  for (const char* section : {"3", "4", "5", "6", "7"}) {
    const Vectors vectors = Vectors::read(std::string("rfc8448/section") + section + ".txt");
    for (const auto& block : vectors.blocks()) {
      SCOPED_TRACE(std::string("section ") + section + ": " + block.title);
      if (block.title.find(" message ") != std::string::npos) {
        const Octets& octets = block["octets"];
        const std::size_t size = static_cast<std::size_t>(octets[2] << 8 | octets[3]) + 4;
        if (size == octets.size()) check_message(octets, counts);
      } else if (block.has("payload") && block["payload"][0] == 1 && block["payload"].size() > 100) {
        check_message(block["payload"], counts);  // the ClientHello again, with the binder of section 4
      }
    }
  }
  EXPECT_EQ(counts.messages, 39 + 6);
  EXPECT_EQ(counts.later, 11);
  EXPECT_GT(counts.bodies, 60);
}

}  // namespace
}  // namespace sesame::test
