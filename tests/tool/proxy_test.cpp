// sesame proxy: octets both ways and back, ends and breaks, keys and signals, clients that are slow or
// hostile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
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
constexpr std::string_view bob = "bob:0123456789abcdef0123456789abcdef\n";

struct Keys : Folder {
  Keys() { write("keys.psk", alice); }
};

std::string receive_all(int socket) {
  std::string out;
  char part[16'384];
  for (;;) {
    const ssize_t size = ::recv(socket, part, sizeof part, 0);
    if (size <= 0) return out;
    out.append(part, static_cast<std::size_t>(size));
  }
}
bool send_all(int socket, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t size = ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

// Sends back what comes, at once.
void echo(int socket) {
  char part[16'384];
  for (;;) {
    const ssize_t size = ::recv(socket, part, sizeof part, 0);
    if (size <= 0 || !send_all(socket, {part, static_cast<std::size_t>(size)})) return;
  }
}
// Answers only when the client has ended its direction.
void answer_behind_the_end(int socket) {
  const std::string request = receive_all(socket);
  send_all(socket, "got " + std::to_string(request.size()) + " octets: " + request);
}

std::string many_octets(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 1;
  for (char& c : out) {
    state = state * 1'664'525 + 1'013'904'223;
    c = static_cast<char>(state >> 24);
  }
  return out;
}

// ---- octets, both ways ----

TEST(Proxy, PutsTlsInFrontOfAPlainService) {
  const Keys folder;
  const Backend backend(echo);
  Proxy proxy(folder, backend.target());
  const Finished client = sesame(folder, {"connect", proxy.target()}, "through TLS and back");
  EXPECT_EQ(client.out, "through TLS and back");
  EXPECT_EQ(client.code, 0) << client.err;
  EXPECT_TRUE(proxy.logs(R"( ok identity="alice" TLS 1.3)"));
  EXPECT_TRUE(proxy.logs("received=20 sent=20"));
}

TEST(Proxy, GoesOutWithTlsForPlainClients) {
  const Keys folder;
  Server server(folder);
  Proxy proxy(folder, server.target(), {"--client"});
  const RawClient client(proxy.port());
  client.write("in plain");
  EXPECT_EQ(client.read(8), "in plain");
  client.end_output();
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(server.logs(R"( ok identity="alice")"));
}

struct Chain {
  Chain(const Folder& folder, const std::string& to, Arguments outer = {}, Arguments inner = {})
      : server(folder, to, std::move(inner)),
        client(folder, server.target(), with_client(std::move(outer))) {}
  static Arguments with_client(Arguments arguments) {
    arguments.push_back("--client");
    return arguments;
  }
  Proxy server;
  Proxy client;
};

TEST(Proxy, PassesOnTheEndOfEachDirectionByItself) {
  const Keys folder;
  const Backend backend(answer_behind_the_end);
  Chain chain(folder, backend.target());
  const RawClient client(chain.client.port());
  client.write("half a connection");
  client.end_output();
  EXPECT_EQ(client.read_to_end(), "got 17 octets: half a connection");
  EXPECT_TRUE(chain.client.logs(" ok "));
  EXPECT_TRUE(chain.server.logs(" ok "));
}

TEST(Proxy, PassesOnTheEndOfTheServiceByItself) {
  const Keys folder;
  std::atomic<std::size_t> received = 0;
  const Backend backend([&](int socket) {
    send_all(socket, "I speak first, and only once");
    ::shutdown(socket, SHUT_WR);
    received = receive_all(socket).size();
  });
  {
    Chain chain(folder, backend.target());
    const RawClient client(chain.client.port());
    EXPECT_EQ(client.read_to_end(), "I speak first, and only once");
    const std::string much = many_octets(300'000);
    EXPECT_TRUE(send_all(client.socket(), much));
    client.end_output();
    EXPECT_TRUE(chain.server.logs(" ok "));
  }
  EXPECT_EQ(received, 300'000U);
}

TEST(Proxy, LosesAndMixesNothing) {
  const Keys folder;
  const Backend backend(echo);
  Chain chain(folder, backend.target(), {"--threads", "2"}, {"--threads", "2"});
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&, i] {
      const RawClient client(chain.client.port());
      std::string much = many_octets(1'000'000 + static_cast<std::size_t>(i));
      much[0] = static_cast<char>(i);
      std::thread writer([&] {
        EXPECT_TRUE(send_all(client.socket(), much));
        client.end_output();
      });
      EXPECT_TRUE(receive_all(client.socket()) == much);
      writer.join();
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(chain.server.metric("sesame_handshakes_total"), 16);
  EXPECT_EQ(chain.server.metric("sesame_received_bytes_total"), 16 * 1'000'000 + 120);
  EXPECT_EQ(chain.server.metric("sesame_sent_bytes_total"), 16 * 1'000'000 + 120);
}

// Who reads slowly is sent to slowly: what is under way is what sockets hold, and no more.
TEST(Proxy, HoldsNoMoreThanItsBuffersForWhoReadsSlowly) {
  const Keys folder;
  const std::string part = many_octets(1'048'576);
  constexpr std::size_t parts = 200;
  std::atomic<std::size_t> sent = 0;
  const Backend backend([&](int socket) {
    while (sent < parts && send_all(socket, part)) ++sent;
  });
  Chain chain(folder, backend.target());
  const RawClient client(chain.client.port());
  EXPECT_EQ(client.read(1).size(), 1U);
  std::size_t before = 0;
  do {
    before = sent;
    std::this_thread::sleep_for(500ms);
  } while (sent != before);
  EXPECT_LT(sent, 100U) << "MiB, though nobody reads";
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(chain.server.metric("process_resident_memory_bytes").value_or(1e9), 32e6);
  EXPECT_LT(chain.client.metric("process_resident_memory_bytes").value_or(1e9), 32e6);
#endif
  std::size_t received = 1;
  bool same = true;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::string got = client.read(i == 0 ? part.size() - 1 : part.size());
    received += got.size();
    same = same && (i == 0 ? part.substr(1) : part) == got;
  }
  EXPECT_EQ(received, parts * part.size());
  EXPECT_TRUE(same);
}

// ---- breaks are not ends ----

TEST(Proxy, DoesNotTurnAResetOfTheServiceIntoAnEnd) {
  const Keys folder;
  const Backend backend([](int socket) {
    send_all(socket, "cut");
    char one = 0;
    ::recv(socket, &one, 1, 0);
    const linger at_once{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  });
  Proxy proxy(folder, backend.target());
  Process client(folder, {SESAME_COMMAND, "connect", proxy.target()});
  ASSERT_TRUE(client.wait_for_output("cut"));
  client.write("x");
  for (int i = 0; i < 500 && client.running(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(client.finish().code, 5);
  EXPECT_TRUE(proxy.logs(" broken "));
}

TEST(Proxy, DoesNotTurnATruncatedTlsConnectionIntoAnEnd) {
  const Keys folder;
  Server server(folder);
  Cutter cutter(server.port(), 4'000);
  Proxy proxy(folder, cutter.target(), {"--client"});
  const RawClient client(proxy.port());
  client.write(many_octets(20'000));
  char part[4'096];
  ssize_t size = 0;
  while ((size = ::recv(client.socket(), part, sizeof part, 0)) > 0) {
  }
  EXPECT_EQ(size, -1) << "a reset";
  EXPECT_TRUE(proxy.logs("truncated"));
}

TEST(Proxy, SaysThatTheServiceCannotBeReached) {
  const Keys folder;
  Proxy proxy(folder, "127.0.0.1:" + closed_port(), {"--json"});
  EXPECT_EQ(sesame(folder, {"connect", proxy.target()}).code, 5) << "no close_notify: it is no end";
  ASSERT_TRUE(proxy.logs(R"("outcome":"unreachable")"));
  EXPECT_EQ(proxy.metric("sesame_backend_failures_total"), 1);
  EXPECT_EQ(proxy.metric("sesame_handshakes_total"), 1);

  Proxy nobody(folder, "127.0.0.1:" + closed_port(), {"--client"});
  const RawClient client(nobody.port());
  char one = 0;
  EXPECT_EQ(::recv(client.socket(), &one, 1, 0), -1) << "a reset";
  EXPECT_TRUE(nobody.logs("unreachable"));
}

// ---- who is not let in ----

TEST(Proxy, LetsNobodyThroughWithoutAKey) {
  const Keys folder;
  folder.write("bob.psk", bob);
  folder.write("wrong.psk", "alice:0123456789abcdef0123456789abcdef\n");
  std::atomic<int> reached = 0;
  const Backend backend([&](int) { ++reached; });
  Proxy proxy(folder, backend.target());
  EXPECT_EQ(sesame(folder, {"connect", proxy.target(), "-k", "bob.psk"}).code, 4);
  EXPECT_EQ(sesame(folder, {"connect", proxy.target(), "-k", "wrong.psk"}).code, 4);
  const RawClient client(proxy.port());
  client.write("GET / HTTP/1.0\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_EQ(answer.size(), 7U) << "one alert";
  EXPECT_THAT(answer, StartsWith("\x15"));
  EXPECT_TRUE(proxy.reaches(R"(sesame_handshake_failures_total{reason="psk_identity_unknown"})", 1));
  EXPECT_TRUE(proxy.reaches(R"(sesame_handshake_failures_total{reason="psk_binder_mismatch"})", 1));
  EXPECT_TRUE(proxy.reaches(R"(sesame_handshake_failures_total{reason="unexpected_record"})", 1));
  EXPECT_EQ(reached, 0);
}

TEST(Proxy, ShedsWhoStalls) {
  const Keys folder;
  const Backend backend(echo);
  Proxy proxy(folder, backend.target(), {"--handshake-timeout", "1", "--idle-timeout", "1"});
  const RawClient silent(proxy.port());
  const RawClient slow(proxy.port());
  slow.write("\x16\x03\x01");
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_EQ(slow.read_to_end(), "");
  EXPECT_TRUE(proxy.logs("handshake_timeout"));
  EXPECT_TRUE(proxy.reaches(R"(sesame_handshake_failures_total{reason="timeout"})", 2));
  Process idle(folder, {SESAME_COMMAND, "connect", proxy.target()});
  ASSERT_TRUE(idle.wait_for_error("alice"));
  EXPECT_TRUE(proxy.logs(" idle "));
  EXPECT_TRUE(proxy.reaches(R"(sesame_connections_ended_total{outcome="broken"})", 1));
  // They were counted as ended; their sockets go a moment later.
  for (int i = 0; i < 300 && proxy.metric("sesame_connections_open") != 0; ++i)
    std::this_thread::sleep_for(10ms);
  EXPECT_EQ(proxy.metric("sesame_connections_open"), 0);
}

TEST(Proxy, LetsClientsWaitWhereItHasNoRoom) {
  const Keys folder;
  const Backend backend(echo);
  Proxy proxy(folder, backend.target(), {"--max-connections", "1"});
  Process first(folder, {SESAME_COMMAND, "connect", proxy.target()});
  ASSERT_TRUE(first.wait_for_error("alice"));
  Process second(folder, {SESAME_COMMAND, "connect", proxy.target()});
  EXPECT_FALSE(second.wait_for_error("alice", 300ms));
  EXPECT_EQ(first.finish().code, 0);
  EXPECT_TRUE(second.wait_for_error("alice"));
}

// ---- keys ----

TEST(Proxy, ReadsItsKeysAnewWithSighup) {
  const Keys folder;
  const Backend backend(echo);
  Proxy proxy(folder, backend.target());
  EXPECT_EQ(proxy.metric("sesame_keys"), 1);
  proxy.process().signal(SIGHUP);
  EXPECT_TRUE(proxy.logs("keys loaded: 1 key for 1 identity")) << "although the file is the same";
  folder.write("new.psk", std::string(alice) + std::string(bob));
  std::filesystem::rename(folder.path("new.psk"), folder.path("keys.psk"));
  proxy.process().signal(SIGHUP);
  EXPECT_TRUE(proxy.logs("keys loaded: 2 keys"));
  EXPECT_EQ(proxy.metric("sesame_keys"), 2);
  folder.write("bob.psk", bob);
  EXPECT_EQ(sesame(folder, {"connect", proxy.target(), "-k", "bob.psk"}, "x").out, "x");

  folder.write("keys.psk", "nonsense\n");
  proxy.process().signal(SIGHUP);
  EXPECT_TRUE(proxy.logs("the old ones stay"));
  EXPECT_EQ(proxy.metric(R"(sesame_key_loads_total{outcome="failed"})"), 1);
  EXPECT_EQ(sesame(folder, {"connect", proxy.target(), "-k", "bob.psk"}, "x").out, "x");
}

TEST(Proxy, OffersItsKeysOfNow) {
  const Keys folder;
  Server server(folder);
  folder.write("client.psk", bob);
  Proxy proxy(folder, server.target(), {"--client", "--keys", "client.psk"});
  {
    const RawClient client(proxy.port());
    client.write("x");
    EXPECT_EQ(client.read_to_end(), "");
  }
  ASSERT_TRUE(proxy.logs("handshake_failed"));
  EXPECT_TRUE(proxy.logs("decrypt_error"));
  folder.write("new.psk", alice);
  std::filesystem::rename(folder.path("new.psk"), folder.path("client.psk"));
  ASSERT_TRUE(proxy.logs("keys loaded"));
  const RawClient client(proxy.port());
  client.write("x");
  EXPECT_EQ(client.read(1), "x");
}

TEST(Proxy, OffersTheKeyOfOneIdentity) {
  const Keys folder;
  folder.write("both.psk", std::string(bob) + std::string(alice));
  Server server(folder, {"--json"});
  Proxy proxy(folder, server.target(), {"--client", "--keys", "both.psk", "--identity", "alice"});
  const RawClient client(proxy.port());
  client.write("x");
  EXPECT_EQ(client.read(1), "x");
  EXPECT_EQ(sesame(folder, {"proxy", "--client", "-a", "0", "-t", "x:1", "--identity", "eve"}).code, 2);
}

TEST(Proxy, TakesKeysOfAStore) {
  const Folder folder;
  ASSERT_EQ(sesame(folder, {"keys", "add", "alice", "--out", "alice.psk"}).code, 0);
  const Backend backend(echo);
  Proxy proxy(folder, backend.target(), {"--keys", "keys.db"});
  EXPECT_EQ(sesame(folder, {"connect", proxy.target(), "-k", "alice.psk"}, "x").out, "x");
  ASSERT_EQ(sesame(folder, {"keys", "remove", "alice"}).code, 0);
  ASSERT_TRUE(proxy.logs("keys loaded: 0 keys"));
  EXPECT_EQ(sesame(folder, {"connect", proxy.target(), "-k", "alice.psk"}).code, 4);
}

// ---- the end ----

TEST(Proxy, LetsOpenConnectionsEndAfterSigterm) {
  const Keys folder;
  const Backend backend(echo);
  Proxy proxy(folder, backend.target());
  Process client(folder, {SESAME_COMMAND, "connect", "-q", proxy.target()});
  client.write("before");
  ASSERT_TRUE(client.wait_for_output("before"));
  proxy.process().signal(SIGTERM);
  ASSERT_TRUE(proxy.logs("draining: 1 open connection"));
  client.write("after");
  EXPECT_TRUE(client.wait_for_output("after"));
  EXPECT_EQ(sesame(folder, {"connect", proxy.target()}).code, 3) << "nobody listens any more";
  EXPECT_EQ(proxy.metric("sesame_draining"), 1);
  EXPECT_TRUE(proxy.process().running());
  EXPECT_EQ(client.finish().code, 0);
  const Finished ended = proxy.process().finish();
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("1 ended while draining, 0 were cut"));
}

TEST(Proxy, CutsWhatIsOpenWhenTheTimeForDrainingIsOver) {
  const Keys folder;
  const Backend backend(echo);
  Proxy proxy(folder, backend.target(), {"--drain-timeout", "1", "--json"});
  Process client(folder, {SESAME_COMMAND, "connect", "-q", proxy.target()});
  client.write("x");
  ASSERT_TRUE(client.wait_for_output("x"));
  const RawClient stalled(proxy.port());
  stalled.write("\x16");
  ASSERT_TRUE(proxy.reaches("sesame_connections_open", 2));
  const auto begin = std::chrono::steady_clock::now();
  const Finished ended = proxy.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr(R"("drained":0,"cut":2)"));
  EXPECT_EQ(client.finish().code, 5) << "a cut, not an end";
}

TEST(Proxy, EndsAtOnceWithASecondSignal) {
  const Keys folder;
  const Backend backend(echo);
  Proxy proxy(folder, backend.target());
  Process client(folder, {SESAME_COMMAND, "connect", "-q", proxy.target()});
  client.write("x");
  ASSERT_TRUE(client.wait_for_output("x"));
  proxy.process().signal(SIGTERM);
  ASSERT_TRUE(proxy.logs("draining"));
  proxy.process().signal(SIGTERM);
  EXPECT_EQ(proxy.process().finish().code, 128 + SIGTERM);
}

// ---- metrics ----

TEST(Proxy, CountsForPrometheus) {
  const Keys folder;
  const Backend backend(echo);
  Proxy proxy(folder, backend.target());
  EXPECT_EQ(sesame(folder, {"connect", proxy.target()}, "five!").code, 0);
  ASSERT_TRUE(proxy.reaches(R"(sesame_connections_ended_total{outcome="ok"})", 1));
  const std::string text = http_get(proxy.metrics_port(), "/metrics");
  EXPECT_THAT(
      text, AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("text/plain; version=0.0.4"),
                  HasSubstr("# TYPE sesame_connections_accepted_total counter\n"
                            "sesame_connections_accepted_total 1\n"),
                  HasSubstr("\nsesame_received_bytes_total 5\n"), HasSubstr("\nsesame_sent_bytes_total 5\n"),
                  HasSubstr("# TYPE sesame_connections_open gauge\n")));
  EXPECT_THAT(http_get(proxy.metrics_port(), "/"), StartsWith("HTTP/1.1 404 "));
  // Who does not speak HTTP there harms nobody.
  const RawClient garbage(proxy.metrics_port());
  garbage.write(std::string(5'000, 'x'));
  EXPECT_THAT(garbage.read_to_end(), StartsWith("HTTP/1.1 404 "));
}

TEST(Serve, CountsForPrometheus) {
  const Keys folder;
  Process server(folder, {SESAME_COMMAND, "serve", "-l", "127.0.0.1", "-p", "0", "--metrics", "0"});
  ASSERT_TRUE(server.wait_for_output("metrics on 127.0.0.1:"));
  ASSERT_TRUE(server.wait_for_output("\n"));
  const auto port = [&](std::string_view text) {
    const std::size_t colon = server.out.find(':', server.out.find(text));
    return server.out.substr(colon + 1, server.out.find('\n', colon) - colon - 1);
  };
  EXPECT_EQ(sesame(folder, {"connect", "127.0.0.1:" + port("listening on")}, "five!").out, "five!");
  ASSERT_TRUE(server.wait_for_error(" ok "));
  EXPECT_THAT(http_get(port("metrics on"), "/metrics"),
              AllOf(HasSubstr("\nsesame_handshakes_total 1\n"),
                    HasSubstr("\nsesame_received_bytes_total 5\n"), HasSubstr("\nsesame_keys 1\n")));
}

// ---- the command line ----

TEST(Proxy, NeedsACommandLineThatMakesSense) {
  const Keys folder;
  const auto code = [&](Arguments arguments) {
    arguments.insert(arguments.begin(), "proxy");
    return sesame(folder, arguments).code;
  };
  EXPECT_EQ(code({}), 1);
  EXPECT_EQ(code({"-a", "0"}), 1);
  EXPECT_EQ(code({"-a", "0", "-t", "localhost"}), 1) << "no port";
  EXPECT_EQ(code({"-a", "localhost", "-t", "localhost:1"}), 1);
  EXPECT_EQ(code({"-a", "99999", "-t", "localhost:1"}), 1);
  EXPECT_EQ(code({"-a", "0", "-t", "localhost:1", "--threads", "0"}), 1);
  EXPECT_EQ(code({"-a", "0", "-t", "localhost:1", "--metrics", "nowhere"}), 1);
  EXPECT_EQ(code({"-a", "0", "-t", "localhost:1", "-k", "none.psk"}), 2);
  const Server server(folder);
  EXPECT_EQ(code({"-a", "127.0.0.1:" + server.port(), "-t", "localhost:1"}), 3);
}

}  // namespace
}  // namespace sesame::test
