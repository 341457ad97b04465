// status_request has another form in each direction (RFC 8446 section 4.4.2.1).
#include <gtest/gtest.h>

#include "support/octets.h"
#include "tls13/authentication.h"

namespace sesame::test {
namespace {

using extension::Extensions;
using extension::ExtensionType;
using extension::In;

Octets written(Side side) {
  ContextOptions options;
  options.credentials = {
      *Credential::create({.identity = as_bytes("a"), .key = as_bytes("0123456789abcdef")})};
  options.request_ocsp_response = true;
  const auto settings = policy::resolve(options);
  EXPECT_TRUE(settings);
  wire::Buffer out;
  wire::Writer w(out);
  Octets body = {0xff};
  tls13::write_wanted(*settings, side, w, [&](ExtensionType type, auto&& write_body) {
    const std::size_t before = out.size();
    write_body();
    if (type == ExtensionType::status_request) body = octets_of(out.bytes().subspan(before));
  });
  return body;
}

// Whether the peer asks for a response, by the body of its extension.
Expected<bool> read(Side peer, const Octets& body) {
  const Octets block = join({u16(5), vec16(body)});
  const auto extensions = Extensions::parse({block}, peer == Side::client ? In::CH : In::CR, {});
  if (!extensions) return std::unexpected(extensions.error());
  return tls13::read_status_request(*extensions, peer);
}

const Octets from_a_client = {1, 0, 0, 0, 0};

TEST(StatusRequest, OfAClientNamesTheTypeAndOfAServerIsEmpty) {
  EXPECT_EQ(written(Side::client), from_a_client);
  EXPECT_EQ(written(Side::server), Octets());
}

TEST(StatusRequest, IsUnderstoodAsItHasToBe) {
  EXPECT_TRUE(read(Side::client, from_a_client).value());
  EXPECT_TRUE(read(Side::server, {}).value());
  EXPECT_TRUE(read(Side::server, from_a_client).value()) << "more than there should be, but clear";
}

TEST(StatusRequest, OfAnUnknownTypeAsksForNothing) { EXPECT_FALSE(read(Side::client, {2, 1, 2, 3}).value()); }

TEST(StatusRequest, OfAClientMayNotBeEmpty) {
  for (const Octets& body : {Octets(), Octets{1}, Octets{1, 0, 0, 0}, Octets{1, 0, 0, 0, 0, 0}}) {
    const auto result = read(Side::client, body);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().alert(), Alert::decode_error) << result.error().message();
  }
}

}  // namespace
}  // namespace sesame::test
