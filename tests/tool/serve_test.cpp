// sesame serve: its keys while it runs, its limits, hostile clients, its page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <thread>

#include "command.h"

namespace sesame::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view alice = "alice:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
constexpr std::string_view newer_alice =
    "alice:ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
constexpr std::string_view bob = "bob:0123456789abcdef0123456789abcdef\n";

struct Keys : Folder {
  Keys() { write("keys.psk", alice); }
};

// ---- keys that change ----

TEST(Serve, FollowsItsKeyFile) {
  const Keys folder;
  folder.write("bob.psk", bob);
  Server server(folder);
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "bob.psk"}).code, 4);
  folder.write("keys.psk", std::string(alice) + std::string(bob));
  ASSERT_TRUE(server.logs("keys loaded: 2 keys"));
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "bob.psk"}).code, 0);
  folder.write("keys.psk", bob);
  ASSERT_TRUE(server.logs("keys loaded: 1 key for 1 identity"));
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "bob.psk"}).code, 0);
  folder.write("alice.psk", alice);
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "alice.psk"}).code, 4);
}

TEST(Serve, KeepsItsKeysWhereTheNewFileIsBad) {
  const Keys folder;
  folder.write("alice.psk", alice);
  Server server(folder);
  folder.write("keys.psk", std::string(alice) + "bob:5ec2e7-not-hexadecimal\n");
  ASSERT_TRUE(server.logs("the old ones stay"));
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "alice.psk"}).code, 0);
  std::filesystem::remove(folder.path("keys.psk"));
  ASSERT_TRUE(server.logs("file_unreadable") || server.process().err.find("keys.psk") != std::string::npos);
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "alice.psk"}).code, 0);
  folder.write("keys.psk", std::string(alice) + std::string(bob));
  ASSERT_TRUE(server.logs("keys loaded: 2 keys"));
  EXPECT_THAT(server.stop().err, Not(HasSubstr("5ec2e7")));
}

TEST(Serve, TakesBothKeysDuringARotation) {
  const Keys folder;
  folder.write("old.psk", alice);
  folder.write("new.psk", newer_alice);
  Server server(folder, {"--json"});
  folder.write("keys.psk", std::string(newer_alice) + std::string(alice));
  ASSERT_TRUE(server.logs("keys_loaded"));
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "new.psk"}).code, 0);
  ASSERT_TRUE(server.logs(R"("used_older_key":false)"));
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "old.psk"}).code, 0);
  ASSERT_TRUE(server.logs(R"("used_older_key":true)"));
}

TEST(Serve, FollowsSesameKeygen) {
  const Keys folder;
  folder.write("old.psk", alice);
  Server server(folder);
  ASSERT_EQ(sesame(folder, {"keygen", "--rotate", "alice"}).code, 0);
  ASSERT_TRUE(server.logs("keys loaded: 2 keys for 1 identity"));
  EXPECT_EQ(sesame(folder, {"connect", server.target()}).code, 0);
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "old.psk"}).code, 0);
  ASSERT_EQ(sesame(folder, {"keygen", "--retire", "alice"}).code, 0);
  ASSERT_TRUE(server.logs("keys loaded: 1 key for 1 identity"));
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "-k", "old.psk"}).code, 4);
}

TEST(Serve, LogsToAFile) {
  const Keys folder;
  Server server(folder, {"--log", "log", "--json"});
  EXPECT_EQ(sesame(folder, {"connect", server.target()}).code, 0);
  EXPECT_EQ(server.stop().err, "");
  EXPECT_THAT(folder.read("log"), HasSubstr(R"("event":"connection")"));
}

// ---- many clients, hostile clients ----

TEST(Serve, ServesClientsAtTheSameTime) {
  const Keys folder;
  Server server(folder);
  Process idle(folder, {SESAME_COMMAND, "connect", server.target()});
  ASSERT_TRUE(idle.wait_for_error("alice"));
  EXPECT_EQ(sesame(folder, {"connect", server.target()}, "second").out, "second");
  idle.write("first");
  EXPECT_EQ(idle.finish().out, "first");

  std::list<Process> many;
  for (int i = 0; i < 20; ++i)
    many.emplace_back(folder, Arguments{SESAME_COMMAND, "connect", "-q", server.target()});
  for (auto& client : many) client.write("one of many");
  for (auto& client : many) EXPECT_EQ(client.finish().out, "one of many");
}

TEST(Serve, SurvivesWhatIsNotTls) {
  const Keys folder;
  Server server(folder);
  for (const std::string_view garbage :
       {std::string_view("GET / HTTP/1.0\r\n\r\n"), std::string_view("\x16\x03\x01\xff\xff garbage", 13),
        std::string_view("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10),
        std::string_view("\x80\x2e\x01\x00\x02", 5)}) {
    const RawClient client(server.port());
    client.write(garbage);
    const std::string answer = client.read_to_end();
    EXPECT_EQ(answer.size(), 7U) << "one alert";
    EXPECT_THAT(answer, StartsWith("\x15"));
  }
  {
    const RawClient leaves_at_once(server.port());
  }
  EXPECT_EQ(sesame(folder, {"connect", server.target()}, "still there").out, "still there");
  EXPECT_TRUE(server.logs("unexpected_record"));
  EXPECT_TRUE(server.logs("truncated"));
}

TEST(Serve, GivesUpOnAClientThatDoesNotFinishItsHandshake) {
  const Keys folder;
  Server server(folder, {"--handshake-timeout", "1"});
  const RawClient client(server.port());
  client.write("\x16");
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(server.logs("handshake_timeout"));
}

TEST(Serve, EndsAnIdleConnectionProperly) {
  const Keys folder;
  Server server(folder, {"--idle-timeout", "1"});
  Process client(folder, {SESAME_COMMAND, "connect", server.target()});
  ASSERT_TRUE(client.wait_for_error("alice"));
  ASSERT_TRUE(server.logs(" idle "));
  for (int i = 0; i < 500 && client.running(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(client.running()) << "although its input is still open";
  EXPECT_EQ(client.finish().code, 0);
}

TEST(Serve, LetsClientsWaitWhereItHasNoRoom) {
  const Keys folder;
  Server server(folder, {"--max-connections", "1"});
  Process first(folder, {SESAME_COMMAND, "connect", server.target()});
  ASSERT_TRUE(first.wait_for_error("alice"));
  Process second(folder, {SESAME_COMMAND, "connect", server.target()});
  EXPECT_FALSE(second.wait_for_error("alice", 300ms));
  EXPECT_EQ(first.finish().code, 0);
  EXPECT_TRUE(second.wait_for_error("alice"));
}

// ---- listening, ending ----

TEST(Serve, SaysThatItsPortIsTaken) {
  const Keys folder;
  Server server(folder);
  const Finished second = sesame(folder, {"serve", "--listen", "127.0.0.1", "--port", server.port()});
  EXPECT_EQ(second.code, 3);
  EXPECT_THAT(second.err, HasSubstr("--port"));
}

TEST(Serve, ListensOnIpv6) {
  const Keys folder;
  Process server(folder, {SESAME_COMMAND, "serve", "--listen", "::1", "--port", "0"});
  if (!server.wait_for_output("listening on [::1]:")) GTEST_SKIP() << "no IPv6 here: " << server.err;
  std::string target = server.out.substr(server.out.find('['));
  target.resize(target.find('\n'));
  const Finished client = sesame(folder, {"connect", target}, "six");
  EXPECT_EQ(client.out, "six") << client.err;
}

TEST(Serve, EndsItsConnectionsProperlyWithASignal) {
  const Keys folder;
  Server server(folder);
  Process client(folder, {SESAME_COMMAND, "connect", "-q", server.target()});
  client.write("x");
  ASSERT_TRUE(client.wait_for_output("x"));
  const auto begin = std::chrono::steady_clock::now();
  const Finished served = server.stop();
  EXPECT_EQ(served.code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  EXPECT_THAT(served.err, AllOf(HasSubstr(" stopped "), HasSubstr("stopped after 1 connection")));
  EXPECT_EQ(client.finish().code, 0) << "close_notify, not a cut";
}

TEST(Serve, WarnsOfShortKeysAndOpenFiles) {
  const Keys folder;
  folder.write("keys.psk", "alice:0011\n");
  std::filesystem::permissions(folder.path("keys.psk"), std::filesystem::perms(0644));
  Server server(folder);
  EXPECT_THAT(server.stop().err, AllOf(HasSubstr("under 16 octets"), HasSubstr("chmod 600")));
}

// ---- the page ----

std::string get(const Folder& folder, const Server& server, const std::string& request) {
  const Finished client = sesame(folder, {"connect", "-q", server.target()}, request);
  EXPECT_EQ(client.code, 0) << client.err;
  return client.out;
}

TEST(Serve, ShowsAPage) {
  const Keys folder;
  Server server(folder, {"--http"});
  EXPECT_THAT(get(folder, server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("TLS_AES_128_GCM_SHA256"),
                    HasSubstr("alice"), HasSubstr("</html>")));
  const std::string json = get(folder, server, "GET /status.json HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto body = nlohmann::json::parse(json.substr(json.find("\r\n\r\n")));
  EXPECT_EQ(body["identity"], "alice");
  EXPECT_EQ(body["connections_accepted"], 2);
  EXPECT_THAT(get(folder, server, "GET /other HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(get(folder, server, "POST / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(get(folder, server, "nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(get(folder, server, "GET / HTTP/1.1\r\n" + std::string(9000, 'x')),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(get(folder, server, "HEAD / HTTP/1.0\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 "), Not(HasSubstr("<html"))));
}

// An identity is the client's choice only as far as there is a key for it, but it must not become markup.
TEST(Serve, EscapesTheIdentityOnThePage) {
  const Folder folder;
  folder.write("keys.psk", "<b>&:00112233445566778899aabbccddeeff\n");
  Server server(folder, {"--http"});
  EXPECT_THAT(get(folder, server, "GET / HTTP/1.1\r\n\r\n"),
              AllOf(HasSubstr("&lt;b&gt;&amp;"), Not(HasSubstr("<b>"))));
}

}  // namespace
}  // namespace sesame::test
