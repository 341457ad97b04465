// TLS 1.2 and below with serve, connect, proxy and keys, and with OpenSSL's programs as devices' stand-ins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command.h"

namespace sesame::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view alice_key = "00112233445566778899aabbccddeeff";

struct Keys : Folder {
  Keys() { write("keys.psk", "alice:" + std::string(alice_key) + "\n"); }
};

Finished connect(const Folder& folder, const std::string& target, Arguments arguments,
                 std::string_view input = {}) {
  arguments.insert(arguments.begin(), {"connect", target});
  return sesame(folder, arguments, input);
}

Finished connect(const Folder& folder, const Server& server, const Arguments& arguments,
                 std::string_view input = {}) {
  return connect(folder, server.target(), arguments, input);
}

nlohmann::json connected(const Finished& client) {
  for (const auto& event : client.events()) {
    if (event.value("event", "") == "connected") return event;
  }
  ADD_FAILURE() << client.err;
  return nlohmann::json::object();
}

TEST(Tls12, IsOffForKeysUnlessItIsAskedFor) {
  const Keys folder;
  Server plain(folder);
  EXPECT_EQ(connected(connect(folder, plain, {"--json", "--tls12"}))["version"], "TLS 1.3");
  const Finished refused = connect(folder, plain, {"--json", "--tls12", "--max-version", "1.2"});
  EXPECT_EQ(refused.code, 4) << refused.err;
  Server server(folder, {"--max-version", "1.2"});
  EXPECT_EQ(connect(folder, server, {}).code, 4) << "the client's key is for TLS 1.3 alone";
}

TEST(Tls12, IsOneOption) {
  const Keys folder;
  Server server(folder, {"--tls12", "--json"});
  EXPECT_EQ(connected(connect(folder, server, {"--json"}))["version"], "TLS 1.3") << "where both have it";
  const Finished client = connect(folder, server, {"--max-version", "1.2"}, "by an older version");
  EXPECT_EQ(client.out, "by an older version");
  EXPECT_THAT(client.err, AllOf(HasSubstr("TLS 1.2 TLS_ECDHE_PSK_WITH_"), HasSubstr(" ECDHE_PSK x25519"),
                                HasSubstr("alice")));
  const auto events = server.stop().events();
  const auto& last = events[events.size() - 2];
  EXPECT_EQ(last["version"], "TLS 1.2") << last;
  EXPECT_EQ(last["key_exchange"], "ECDHE_PSK");
  EXPECT_TRUE(last["psk_mode"].is_null());
  EXPECT_EQ(last["identity"], "alice");
}

TEST(Tls12, SuitesAreNamedSinglyOrByTheirKeyExchange) {
  const Keys folder;
  Server server(folder, {"--tls12", "--min-version", "1.0"});
  const struct {
    std::string suites, suite, key_exchange;
  } rows[] = {
      {"psk", "TLS_PSK_WITH_", "PSK"},
      {"dhe_psk", "TLS_DHE_PSK_WITH_", "DHE_PSK"},
      {"ECDHE_PSK", "TLS_ECDHE_PSK_WITH_", "ECDHE_PSK"},
      {"TLS_PSK_WITH_AES_128_CCM_8", "TLS_PSK_WITH_AES_128_CCM_8", "PSK"},
      {"tls_psk_with_aes_128_cbc_sha,tls_psk_with_aes_256_cbc_sha", "TLS_PSK_WITH_AES_", "PSK"},
  };
  for (const auto& row : rows) {
    const auto event = connected(connect(folder, server, {"--json", "--suites", row.suites}));
    EXPECT_EQ(event["version"], "TLS 1.2") << row.suites;
    EXPECT_THAT(event["cipher_suite"].get<std::string>(), HasSubstr(row.suite));
    EXPECT_EQ(event["key_exchange"], row.key_exchange);
  }
  for (const std::string version : {"1.0", "1.1", "1.2", "1.3"}) {
    const auto event = connected(
        connect(folder, server, {"--json", "--tls12", "--min-version", version, "--max-version", version}));
    EXPECT_EQ(event["version"], "TLS " + version);
  }
}

TEST(Tls12, SuitesThatNobodyKnowsAreWrongUsage) {
  const Keys folder;
  const Finished unknown = connect(folder, "localhost", {"--suites", "TLS_PSK_WITH_RC4_128_SHA"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("TLS_PSK_WITH_RC4_128_SHA"), HasSubstr("ecdhe_psk")));
  EXPECT_EQ(connect(folder, "localhost", {"--suites", ","}).code, 1);
  EXPECT_EQ(connect(folder, "localhost", {"--min-version", "1.4"}).code, 1);
  EXPECT_EQ(connect(folder, "localhost", {"--min-version", "1.3", "--max-version", "1.2"}).code, 1);
}

TEST(Tls12, HintIsSentAndShown) {
  const Keys folder;
  Server server(folder, {"--tls12", "--psk-hint", "garden"});
  const auto event = connected(connect(folder, server, {"--json", "--suites", "psk"}));
  EXPECT_EQ(event["psk_identity_hint"], "garden");
  Server silent(folder, {"--tls12"});
  EXPECT_TRUE(
      connected(connect(folder, silent, {"--json", "--suites", "psk"}))["psk_identity_hint"].is_null());
}

TEST(Tls12, WrongKeyAndUnknownIdentityAreToldApartByTheServerOnly) {
  const Keys folder;
  folder.write("wrong.psk", "alice:ff112233445566778899aabbccddeeff\n");
  folder.write("mallory.psk", "mallory:" + std::string(alice_key) + "\n");
  Server server(folder, {"--tls12", "--json"});
  std::vector<std::string> alerts;
  for (const char* file : {"wrong.psk", "mallory.psk"}) {
    const Finished client = connect(folder, server, {"--json", "-k", file, "--suites", "psk"});
    EXPECT_EQ(client.code, 4);
    alerts.push_back(client.events().back()["alert"]);
  }
  EXPECT_EQ(alerts[0], alerts[1]);
  EXPECT_TRUE(server.logs("psk_key_mismatch"));
  EXPECT_TRUE(server.logs("psk_identity_unknown"));
}

TEST(Tls12, StatusPageShowsTheKeyExchange) {
  const Keys folder;
  Server server(folder, {"--tls12", "--http"});
  const auto page = [&](const std::string& suites) {
    return connect(folder, server, {"-q", "--suites", suites}, "GET / HTTP/1.0\r\n\r\n").out;
  };
  EXPECT_THAT(page("psk"), AllOf(HasSubstr("TLS 1.2"), HasSubstr("<td>PSK</td>"),
                                 HasSubstr("no forward secrecy"), HasSubstr("a shared key")));
  EXPECT_THAT(page("ecdhe_psk"), AllOf(HasSubstr("<td>ECDHE_PSK</td>"), HasSubstr("x25519")));
  EXPECT_THAT(page("dhe_psk"), AllOf(HasSubstr("<td>DHE_PSK</td>"), Not(HasSubstr("no forward secrecy"))));
}

TEST(Tls12, KeysOfAStoreSayForThemselves) {
  const Folder folder;
  ASSERT_EQ(sesame(folder, {"keys", "add", "new", "--out", "new.psk"}).code, 0);
  ASSERT_EQ(sesame(folder, {"keys", "add", "old", "--tls12", "--out", "old.psk"}).code, 0);
  const Finished list = sesame(folder, {"keys", "list"});
  EXPECT_THAT(list.out, HasSubstr("tls12"));
  Server server(folder, {"-k", "keys.db", "--tls12"});
  EXPECT_EQ(connect(folder, server, {"-k", "new.psk"}).code, 0);
  EXPECT_EQ(connect(folder, server, {"-k", "old.psk"}).code, 0);
  EXPECT_EQ(connect(folder, server, {"-k", "old.psk", "--max-version", "1.2"}).code, 0);
  EXPECT_EQ(connect(folder, server, {"-k", "new.psk", "--max-version", "1.2"}).code, 4);
}

// ---- with OpenSSL as the device ----

TEST(Tls12, ServesADevice) {
  const Keys folder;
  Server server(folder, {"--tls12"});
  for (const char* suite : {"PSK-AES128-CBC-SHA", "PSK-AES128-CCM8", "ECDHE-PSK-CHACHA20-POLY1305"}) {
    Process device(folder, {"openssl", "s_client", "-connect", server.target(), "-tls1_2", "-psk_identity",
                            "alice", "-psk", std::string(alice_key), "-cipher", suite, "-quiet"});
    device.write("from a device\n");
    EXPECT_TRUE(device.wait_for_output("from a device\n")) << device.err;
  }
}

TEST(Tls12, ReachesADevice) {
  const Keys folder;
  Process device(folder, {"openssl", "s_server", "-accept", "127.0.0.1:0", "-tls1_2", "-nocert",
                          "-psk_identity", "alice", "-psk", std::string(alice_key), "-psk_hint", "garden",
                          "-cipher", "PSK-AES128-CBC-SHA", "-rev"});
  ASSERT_TRUE(device.wait_for_output("ACCEPT 127.0.0.1:")) << device.err;
  std::string port = device.out.substr(device.out.find("127.0.0.1:") + 10);
  port.resize(port.find('\n'));
  const Finished client = connect(folder, "127.0.0.1:" + port, {"--tls12", "--json"}, "abc\n");
  EXPECT_EQ(client.out, "cba\n") << client.err;
  const auto event = connected(client);
  EXPECT_EQ(event["cipher_suite"], "TLS_PSK_WITH_AES_128_CBC_SHA");
  EXPECT_EQ(event["psk_identity_hint"], "garden");
}

TEST(Tls12, ProxyStandsBetween) {
  const Keys folder;
  Server echo(folder, {"--tls12"});
  Proxy out(folder, echo.target(), {"--client", "--max-version", "1.2"});
  const RawClient plain(out.port());
  plain.write("through TLS 1.2");
  EXPECT_EQ(plain.read(15), "through TLS 1.2");
  plain.end_output();
  EXPECT_EQ(plain.read_to_end(), "");
  EXPECT_TRUE(out.logs("TLS 1.2"));
}

}  // namespace
}  // namespace sesame::test
