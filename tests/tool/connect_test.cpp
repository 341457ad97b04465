// sesame connect against sesame serve: what works, and every way of failing, on both sides.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "command.h"

namespace sesame::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view alice = "alice:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
constexpr std::string_view other_alice =
    "alice:ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
constexpr std::string_view bob = "bob:0123456789abcdef0123456789abcdef\n";

struct Keys : Folder {
  Keys() { write("keys.psk", alice); }
};

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 1;
  for (char& c : out) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return out;
}

// The one event of its kind in a server's JSON log.
nlohmann::json connection_event(const Finished& server) {
  for (const auto& event : server.events()) {
    if (event.value("event", "") == "connection") return event;
  }
  ADD_FAILURE() << "no connection in " << server.err;
  return nlohmann::json::object();
}

TEST(Connect, EchoesAndShowsWhatWasNegotiated) {
  const Keys folder;
  Server server(folder);
  const Finished client = sesame(folder, {"connect", server.target()}, "hello\n");
  EXPECT_EQ(client.code, 0);
  EXPECT_EQ(client.out, "hello\n");
  EXPECT_THAT(client.err, AllOf(HasSubstr("TLS_AES_128_GCM_SHA256"), HasSubstr("psk_dhe_ke"),
                                HasSubstr("x25519"), HasSubstr("alice")));
  const Finished served = server.stop();
  EXPECT_EQ(served.code, 0);
  EXPECT_THAT(served.err,
              AllOf(HasSubstr(" ok "), HasSubstr("identity=\"alice\""), HasSubstr("received=6 sent=6")));
}

TEST(Connect, SpeaksJson) {
  const Keys folder;
  Server server(folder, {"--json", "--psk-mode", "any", "--alpn", "echo"});
  const Finished client = sesame(
      folder,
      {"connect", "--json", "--psk-mode", "ke", "--sni", "a.example", "--alpn", "x,echo", server.target()},
      "hi");
  const auto events = client.events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["event"], "connected");
  EXPECT_EQ(events[0]["version"], "TLS 1.3");
  EXPECT_EQ(events[0]["psk_mode"], "psk_ke");
  EXPECT_TRUE(events[0]["group"].is_null());
  EXPECT_EQ(events[0]["identity"], "alice");
  EXPECT_EQ(events[0]["alpn"], "echo");
  EXPECT_EQ(events[0]["server_name"], "a.example");
  EXPECT_EQ(events[1], nlohmann::json({{"event", "closed"}, {"sent", 2}, {"received", 2}, {"exit_code", 0}}));

  const auto event = connection_event(server.stop());
  EXPECT_EQ(event["outcome"], "ok");
  EXPECT_EQ(event["psk_mode"], "psk_ke");
  EXPECT_EQ(event["server_name"], "a.example");
  EXPECT_EQ(event["received"], 2);
}

TEST(Connect, QuietSaysNothingWhereNothingFails) {
  const Keys folder;
  Server server(folder);
  EXPECT_EQ(sesame(folder, {"connect", "-q", server.target()}, "x").err, "");
}

// ---- why it fails, on both sides ----

struct Failure {
  std::string name;
  Arguments client;
  Arguments server;
  std::string server_reason;
  std::string client_alert;
};

void PrintTo(const Failure& failure, std::ostream* out) { *out << failure.name; }

class ConnectFails : public ::testing::TestWithParam<Failure> {};

TEST_P(ConnectFails, WithTheReasonOnBothSides) {
  Keys folder;
  folder.write("other.psk", other_alice);
  folder.write("bob.psk", bob);
  Server server(folder, [] {
    Arguments all = {"--json"};
    all.insert(all.end(), GetParam().server.begin(), GetParam().server.end());
    return all;
  }());
  Arguments arguments = {"connect", "--json", server.target()};
  arguments.insert(arguments.end(), GetParam().client.begin(), GetParam().client.end());
  const Finished client = sesame(folder, arguments, "x");
  EXPECT_EQ(client.code, 4);
  EXPECT_EQ(client.out, "");
  const auto failed = client.events().back();
  EXPECT_EQ(failed["event"], "failed");
  EXPECT_EQ(failed["reason"], "alert_received");
  EXPECT_EQ(failed["alert"], GetParam().client_alert);
  EXPECT_EQ(failed["alert_from"], "peer");
  EXPECT_EQ(failed["exit_code"], 4);
  EXPECT_FALSE(failed["advice"].get<std::string>().empty());

  const auto event = connection_event(server.stop());
  EXPECT_EQ(event["outcome"], "handshake_failed");
  EXPECT_EQ(event["reason"], GetParam().server_reason);
  EXPECT_EQ(event["alert"], GetParam().client_alert);
  EXPECT_EQ(event["alert_from"], "self");
  EXPECT_FALSE(event["message"].get<std::string>().empty());
  EXPECT_FALSE(event["advice"].get<std::string>().empty());
}

// What depends on the key looks the same to the client as a wrong key: who probes does not learn which
// identities exist.
INSTANTIATE_TEST_SUITE_P(
    Each, ConnectFails,
    ::testing::Values(
        Failure{"WrongKey", {"--keys", "other.psk"}, {}, "psk_binder_mismatch", "decrypt_error"},
        Failure{"UnknownIdentity", {"--keys", "bob.psk"}, {}, "psk_identity_unknown", "decrypt_error"},
        Failure{"UnknownIdentityTold",
                {"--keys", "bob.psk"},
                {"--tell-unknown"},
                "psk_identity_unknown",
                "unknown_psk_identity"},
        Failure{"HashOfTheKey", {"--hash", "sha384"}, {}, "psk_hash_mismatch", "decrypt_error"},
        Failure{"Mode", {"--psk-mode", "ke"}, {}, "psk_mode_mismatch", "handshake_failure"},
        Failure{"Suite", {"--suites", "TLS_AES_128_CCM_SHA256"}, {}, "no_common_suite", "handshake_failure"},
        Failure{
            "Group", {"--groups", "x25519"}, {"--groups", "P-256"}, "no_common_group", "handshake_failure"},
        Failure{"Alpn", {"--alpn", "a"}, {"--alpn", "b"}, "no_common_alpn", "no_application_protocol"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Connect, TellsAPersonWhatToDo) {
  Keys folder;
  folder.write("other.psk", other_alice);
  Server server(folder);
  const Finished client = sesame(folder, {"connect", server.target(), "--keys", "other.psk"});
  EXPECT_EQ(client.code, 4);
  EXPECT_THAT(client.err, AllOf(HasSubstr("decrypt_error"), HasSubstr("what to do: ")));
  EXPECT_TRUE(server.logs("psk_binder_mismatch"));
  EXPECT_THAT(server.stop().err, Not(HasSubstr("00112233")));
}

TEST(Connect, SaysThatNobodyListens) {
  const Keys folder;
  std::string port;
  {
    Server server(folder);
    port = server.port();
    server.stop();
  }
  const Finished client = sesame(folder, {"connect", "--json", "127.0.0.1", port});
  EXPECT_EQ(client.code, 3);
  EXPECT_EQ(client.events().back()["reason"], "network");
}

TEST(Connect, GivesUpOnAServerThatSaysNothing) {
  const Keys folder;
  Server server(folder);
  server.process().signal(SIGSTOP);
  const Finished client = sesame(folder, {"connect", server.target(), "--timeout", "0.3"});
  server.process().signal(SIGCONT);
  EXPECT_EQ(client.code, 4);
  EXPECT_THAT(client.err, HasSubstr("--timeout"));
}

// A cut at any octet is noticed: in the handshake, in the data, and right before the close_notify.
TEST(Connect, NoticesWhereTheConnectionIsCut) {
  const Keys folder;
  Server server(folder);
  for (const std::size_t octets : {0, 40, 1000, 5000}) {
    const Cutter cutter(server.port(), octets);
    const Finished client = sesame(folder, {"connect", "--json", cutter.target()}, std::string(4900, 'x'));
    const auto last = client.events().back();
    EXPECT_EQ(client.code, octets < 100 ? 4 : 5) << octets;
    EXPECT_EQ(last["reason"], "truncated") << octets;
  }
}

// ---- the command line ----

TEST(Connect, RefusesACommandLineThatMakesNoSense) {
  const Keys folder;
  const std::vector<Arguments> wrong = {
      {},
      {"nonsense"},
      {"connect"},
      {"connect", "localhost", "--psk-mode", "none"},
      {"connect", "localhost", "--suites", "TLS_RSA_WITH_RC4_128_MD5"},
      {"connect", "localhost", "--groups", "x25519,nonsense"},
      {"connect", "localhost:1", "2"},
      {"connect", "[::1"},
      {"connect", "localhost:"},
      {"connect", "localhost", "--key", "xyz", "--identity", "alice"},
      {"connect", "localhost", "--key", "00112233445566778899aabbccddeeff"},
      {"connect", "localhost", "--timeout", "0"},
      {"serve", "--port", "65536"},
  };
  for (const auto& arguments : wrong) {
    const Finished run = sesame(folder, arguments);
    EXPECT_EQ(run.code, 1) << ::testing::PrintToString(arguments);
    EXPECT_NE(run.err, "");
  }
}

TEST(Connect, HelpsWithExamplesAndExitCodes) {
  const Folder folder;
  for (const Arguments& arguments :
       {Arguments{"--help"}, {"keygen", "--help"}, {"serve", "--help"}, {"connect", "--help"}}) {
    const Finished help = sesame(folder, arguments);
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, AllOf(HasSubstr("\n  sesame "), HasSubstr("Exit codes: 0")))
        << ::testing::PrintToString(arguments);
  }
  EXPECT_EQ(sesame(folder, {"--version"}).code, 0);
}

TEST(Connect, NeedsKeys) {
  const Folder folder;
  EXPECT_EQ(sesame(folder, {"connect", "localhost:1"}).code, 2);
  EXPECT_EQ(sesame(folder, {"serve", "--port", "0"}).code, 2);
  folder.write("keys.psk", "alice=0011\n");
  const Finished broken = sesame(folder, {"connect", "localhost:1"});
  EXPECT_EQ(broken.code, 2);
  EXPECT_THAT(broken.err, HasSubstr("keys.psk"));
}

TEST(Connect, ChoosesTheKeyOfAnIdentity) {
  Keys folder;
  folder.write("keys.psk", std::string(alice) + std::string(bob));
  Server server(folder, {"--json"});
  EXPECT_EQ(sesame(folder, {"connect", server.target(), "--identity", "bob"}).code, 0);
  EXPECT_EQ(connection_event(server.stop())["identity"], "bob");
  const Finished unknown = sesame(folder, {"connect", "127.0.0.1:1", "--identity", "carol"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("carol"));
}

TEST(Connect, OffersSeveralKeysUntilOneIsKnown) {
  Keys folder;
  folder.write("bob.psk", bob);
  Server server(folder);
  const Finished client =
      sesame(folder, {"connect", "--json", server.target(), "-k", "bob.psk", "-k", "keys.psk"});
  EXPECT_EQ(client.code, 0) << client.err;
  EXPECT_EQ(client.events().front()["identity"], "alice");
}

TEST(Connect, TakesAKeyOfTheEnvironmentAndWarnsOfOneOnTheCommandLine) {
  const Keys folder;
  Server server(folder);
  const std::string key(alice.substr(6, 64));
  const Finished environment = sesame(folder, {"connect", server.target(), "--identity", "alice"}, "x",
                                      {.environment = {{"SESAME_KEY", key}}});
  EXPECT_EQ(environment.code, 0) << environment.err;
  EXPECT_THAT(environment.err, Not(HasSubstr("warning")));
  const Finished line =
      sesame(folder, {"connect", server.target(), "--identity", "alice", "--key", key}, "x");
  EXPECT_EQ(line.code, 0);
  EXPECT_THAT(line.err, HasSubstr("warning"));
}

TEST(Connect, WritesAKeyLogThatOnlyItsOwnerReads) {
  const Keys folder;
  Server server(folder, {"--keylog", "server.log"});
  const Finished client =
      sesame(folder, {"connect", server.target()}, "x", {.environment = {{"SSLKEYLOGFILE", "client.log"}}});
  EXPECT_EQ(client.code, 0);
  server.stop();
  const std::string log = folder.read("client.log");
  EXPECT_THAT(log, AllOf(HasSubstr("CLIENT_HANDSHAKE_TRAFFIC_SECRET "), HasSubstr("EXPORTER_SECRET ")));
  EXPECT_EQ(folder.read("server.log"), log);
  EXPECT_EQ(folder.mode("client.log"), 0600U);
}

// ---- data ----

TEST(Connect, CarriesALargeTransferWithKeyUpdates) {
  const Keys folder;
  Server server(folder);
  const std::string data = pattern(20'000'000);
  const Finished client =
      sesame(folder, {"connect", server.target(), "--update-keys-every", "1000000"}, data);
  EXPECT_EQ(client.code, 0) << client.err;
  EXPECT_TRUE(client.out == data) << client.out.size();
}

TEST(Connect, ReadsAndWritesFiles) {
  const Keys folder;
  Server server(folder);
  const std::string data = pattern(300'000);
  folder.write("in", data);
  const Finished client = sesame(folder, {"connect", server.target()}, {},
                                 {.input_file = folder.path("in"), .output_file = folder.path("out")});
  EXPECT_EQ(client.code, 0) << client.err;
  EXPECT_TRUE(folder.read("out") == data);
  EXPECT_EQ(sesame(folder, {"connect", server.target()}, {}, {.input_file = "/dev/null"}).code, 0);
}

TEST(Connect, GoesOnToPrintAfterTheEndOfItsInput) {
  const Keys folder;
  Server server(folder);
  const std::string data = pattern(500'000);
  Process client(folder, {SESAME_COMMAND, "connect", "-q", server.target()});
  client.write(data);
  client.end_input();
  const Finished ended = client.finish();
  EXPECT_EQ(ended.code, 0);
  EXPECT_TRUE(ended.out == data);
}

TEST(Connect, EndsWhereNobodyReadsItsOutput) {
  const Keys folder;
  Server server(folder);
  const std::string command =
      "yes | '" SESAME_COMMAND "' connect -q " + server.target() + " | head -n 3; exit ${PIPESTATUS[1]}";
  Process shell(folder, {"bash", "-c", command});
  const Finished ended = shell.finish();
  EXPECT_EQ(ended.out, "y\ny\ny\n");
  EXPECT_EQ(ended.code, 0) << ended.err;
}

TEST(Connect, EndsWithASignal) {
  const Keys folder;
  Server server(folder);
  Process client(folder, {SESAME_COMMAND, "connect", server.target()});
  ASSERT_TRUE(client.wait_for_error("alice"));
  client.signal(SIGTERM);
  EXPECT_EQ(client.finish().code, 143);
}

// The terminal, or the pipe, is the shell's as well: it must not be left as one that does not block.
TEST(Connect, LeavesTheStandardStreamsAsTheyWere) {
  const Keys folder;
  Server server(folder);
  const std::string command =
      "{ '" SESAME_COMMAND "' connect -q " + server.target() +
      " </dev/null; python3 -c 'import fcntl,os; print(fcntl.fcntl(1, fcntl.F_GETFL) & "
      "os.O_NONBLOCK)'; } | cat";
  Process shell(folder, {"bash", "-c", command});
  EXPECT_EQ(shell.finish().out, "0\n");
}

}  // namespace
}  // namespace sesame::test
