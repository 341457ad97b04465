// Identities and keys of sizes that other stacks refuse, between our own ends over sockets.
#include <gtest/gtest.h>

#include <future>

#include "interop/programs.h"

namespace interop {
namespace {

using sesame::HashAlgorithm;
using sesame::PskKeyExchangeMode;
using sesame::Reason;

struct Size {
  std::size_t identity, key;
};

class SizesOverSockets : public testing::TestWithParam<std::tuple<PskKeyExchangeMode, HashAlgorithm, Size>> {
};

TEST_P(SizesOverSockets, Connect) {
  const auto [mode, hash, size] = GetParam();
  const std::string id = pattern(size.identity), psk = pattern(size.key);
  auto server_side = server_options(mode);
  server_side.psk_source = make_keyring(id, psk, hash);
  auto client_side = client_options(mode);
  client_side.credentials = {make_credential(id, psk, hash)};

  Listener listener;
  auto serving = std::async(std::launch::async, [&]() -> std::string {
    Peer peer(listener.accept(), make_server(server_side));
    if (const auto done = peer.handshake(); !done) return why(done);
    if (sesame::as_text(peer.connection().psk_identity()) != id) return "another identity";
    const auto got = peer.receive(20'000);
    if (!got) return why(got);
    if (const auto sent = peer.send(*got); !sent) return why(sent);
    const auto rest = peer.receive_to_end();
    return rest ? *rest : why(rest);
  });
  Peer peer(connect_to(listener.port()), make_client(client_side));
  const auto done = peer.handshake();
  ASSERT_TRUE(done) << why(done);
  EXPECT_TRUE(sesame::as_text(peer.connection().psk_identity()) == id);
  const std::string data = pattern(20'000);
  ASSERT_TRUE(peer.send(data));
  const auto got = peer.receive(data.size());
  ASSERT_TRUE(got) << why(got);
  EXPECT_TRUE(*got == data);
  EXPECT_TRUE(peer.close());
  EXPECT_EQ(serving.get(), "");
}

INSTANTIATE_TEST_SUITE_P(All, SizesOverSockets,
                         testing::Combine(testing::ValuesIn(all_modes),
                                          testing::Values(HashAlgorithm::sha256, HashAlgorithm::sha384),
                                          testing::Values(Size{1, 1}, Size{255, 64}, Size{256, 65},
                                                          Size{257, 127}, Size{1000, 128}, Size{16'000, 129},
                                                          Size{17'000, 513}, Size{40'000, 1024},
                                                          Size{65'000, 4095}, Size{65'200, 4096})));

// How many octets an identity may have, by asking.
std::size_t greatest_identity(sesame::ContextOptions options) {
  std::size_t good = 1, bad = sesame::max_identity_size + 1;
  while (bad - good > 1) {
    const std::size_t size = (good + bad) / 2;
    options.credentials = {make_credential(std::string(size, 'x'), key)};
    (sesame::Connection::client(make_context(options)) ? good : bad) = size;
  }
  return good;
}

TEST(Sizes, TheGreatestIdentityThatAClientTakesIsTakenByAServer) {
  for (const auto mode : all_modes) {
    auto client_side = client_options(mode);
    const std::size_t size = greatest_identity(client_side);
    EXPECT_GE(size, mode == PskKeyExchangeMode::psk_ke ? 65'400U : 65'300U);
    const std::string id = pattern(size);
    client_side.credentials = {make_credential(id, key)};
    auto server_side = server_options(mode);
    server_side.psk_source = make_keyring(id, key);
    Listener listener;
    auto serving = std::async(std::launch::async, [&] {
      Peer peer(listener.accept(), make_server(server_side));
      return why(peer.handshake());
    });
    Peer peer(connect_to(listener.port()), make_client(client_side));
    const auto done = peer.handshake();
    EXPECT_TRUE(done) << why(done);
    EXPECT_EQ(serving.get(), "no error");
  }
}

TEST(Sizes, AnIdentityThatFitsNoClientHelloIsRefusedBeforeAnythingIsSent) {
  auto options = client_options(PskKeyExchangeMode::psk_dhe_ke);
  options.credentials = {make_credential(std::string(65'535, 'x'), key)};
  const auto client = sesame::Connection::client(make_context(options));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::identity_too_long);
}

TEST(Sizes, AreRefusedBeyondTheirLimits) {
  const std::string long_identity(65'536, 'x'), long_key(4097, 'k');
  const auto create = [](std::string_view id, std::string_view psk) {
    return sesame::Credential::create({.identity = sesame::as_bytes(id),
                                       .key = sesame::as_bytes(psk),
                                       .usage = sesame::PskUsage::tls13})
        .error()
        .reason();
  };
  EXPECT_EQ(create(long_identity, key), Reason::identity_too_long);
  EXPECT_EQ(create(identity, long_key), Reason::key_too_long);
  EXPECT_EQ(create("", key), Reason::identity_empty);
  EXPECT_EQ(create(identity, ""), Reason::key_empty);
}

}  // namespace
}  // namespace interop
