// Certificates with serve, connect and proxy, and with curl.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>

#include "command.h"

namespace sesame::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Finished shell(const Folder& folder, const std::string& script) {
  Process process(folder, {"sh", "-ec", script});
  return process.finish();
}

// An authority, a certificate of a server for localhost and 127.0.0.1, one of a client, and an authority that
// nobody knows.
struct Certificates : Folder {
  Certificates() {
    const Finished made = shell(*this, R"(
      new="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
      for ca in ca other; do
        openssl req -x509 $new -keyout $ca.key -out $ca.pem -subj "/CN=$ca" -days 2
      done
      openssl req $new -keyout server.key -out server.csr -subj /CN=server \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1
      openssl req $new -keyout client.key -out client.csr -subj /CN=client
      for who in server client; do
        openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $who.pem -days 2 \
          -copy_extensions copy
      done
      cat server.pem server.key > both.pem)");
    EXPECT_EQ(made.code, 0) << made.err;
  }
  Finished connect(const Server& server, Arguments arguments, std::string_view input = {}) const {
    arguments.insert(arguments.begin(), {"connect", server.target()});
    return sesame(*this, arguments, input);
  }
};

const Arguments with_certificate = {"--cert", "server.pem", "--private-key", "server.key"};

Arguments operator+(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Certificate, IsServedAndVerified) {
  const Certificates folder;
  Server server(folder, with_certificate);
  const Finished client = folder.connect(server, {"--ca", "ca.pem"}, "by certificate");
  EXPECT_EQ(client.code, 0) << client.err;
  EXPECT_EQ(client.out, "by certificate");
  EXPECT_THAT(client.err, HasSubstr("certificate: verified for 127.0.0.1"));
  EXPECT_TRUE(server.logs(" ok TLS 1.3 TLS_AES_128_GCM_SHA256 certificate x25519"));
  EXPECT_EQ(folder.connect(server, {"--ca", "ca.pem", "--sni", "localhost"}).code, 0);
}

TEST(Certificate, AndKeyMayBeInOneFile) {
  const Certificates folder;
  Server server(folder, {"--cert", "both.pem"});
  EXPECT_EQ(folder.connect(server, {"--ca", "ca.pem"}).code, 0);
}

TEST(Certificate, ForAnotherNameOrOfAnotherAuthorityIsRefused) {
  const Certificates folder;
  Server server(folder, with_certificate);
  const Finished name = folder.connect(server, {"--ca", "ca.pem", "--sni", "other.example", "--json"});
  EXPECT_EQ(name.code, 4);
  EXPECT_EQ(name.events().at(0)["reason"], "certificate_name_mismatch") << name.err;
  EXPECT_EQ(folder.connect(server, {"--ca", "other.pem"}).code, 4);
  EXPECT_EQ(folder.connect(server, {"--ca", "ca.pem", "--no-sni"}).code, 0);
  EXPECT_EQ(sesame(folder, {"connect", "localhost:" + server.port(), "--ca", "other.pem", "--no-sni"}).code,
            4);
  EXPECT_TRUE(server.logs("handshake_failed"));
}

TEST(Certificate, OfAClientIsAskedForAndVerified) {
  const Certificates folder;
  Server server(folder, with_certificate + Arguments{"--ca", "ca.pem", "--verify", "require"});
  const Arguments trust = {"--ca", "ca.pem"};
  EXPECT_NE(folder.connect(server, trust, "x").code, 0) << "it has none";
  EXPECT_TRUE(server.logs("certificate_required"));
  const Finished client =
      folder.connect(server, trust + Arguments{"--cert", "client.pem", "--private-key", "client.key"}, "x");
  EXPECT_EQ(client.code, 0) << client.err;
  EXPECT_EQ(client.out, "x");
  EXPECT_TRUE(server.logs(" ok client_certificate "));

  Server asks(folder, with_certificate + Arguments{"--ca", "ca.pem", "--json"});
  EXPECT_EQ(folder.connect(asks, trust, "x").out, "x");
  EXPECT_TRUE(asks.logs(R"("authentication":"anonymous")"));
}

TEST(Certificate, AndKeysGoTogether) {
  const Certificates folder;
  folder.write("keys.psk", "alice:00112233445566778899aabbccddeeff\n");
  Server server(folder, with_certificate + Arguments{"--keys", "keys.psk", "--json"});
  EXPECT_EQ(folder.connect(server, {"--ca", "ca.pem"}, "x").out, "x");
  EXPECT_TRUE(server.logs(R"("authentication":"anonymous")"));
  EXPECT_EQ(folder.connect(server, {"--keys", "keys.psk"}, "y").out, "y");
  EXPECT_TRUE(server.logs(R"("identity":"alice")"));
}

TEST(Certificate, ThatCannotBeUsedIsSaid) {
  const Certificates folder;
  const auto serve = [&](const Arguments& arguments) {
    return sesame(folder, Arguments{"serve", "-l", "127.0.0.1", "-p", "0"} + arguments);
  };
  EXPECT_EQ(serve({"--cert", "none.pem"}).code, 2);
  EXPECT_EQ(serve({"--cert", "server.pem"}).code, 2) << "there is no private key in it";
  EXPECT_EQ(serve({"--cert", "server.pem", "--private-key", "client.key"}).code, 2);
  EXPECT_EQ(serve(with_certificate + Arguments{"--verify", "require"}).code, 1) << "no authorities";
  EXPECT_EQ(serve(with_certificate + Arguments{"--ca", "none.pem"}).code, 2);
  EXPECT_EQ(sesame(folder, {"connect", "localhost:1", "--ca", "ca.pem", "--identity", "alice"}).code, 1);
}

TEST(Certificate, IsReadAnewWithSighup) {
  const Certificates folder;
  const Backend backend([](int socket) { ::send(socket, "x", 1, MSG_NOSIGNAL); });
  Server server(folder, {"--cert", "both.pem"});
  Proxy proxy(folder, backend.target(), {"--cert", "both.pem"});
  ASSERT_EQ(shell(folder, "cat other.pem other.key > new.pem").code, 0);
  std::filesystem::copy(folder.path("both.pem"), folder.path("first.pem"));
  std::filesystem::rename(folder.path("new.pem"), folder.path("both.pem"));
  EXPECT_EQ(folder.connect(server, {"--ca", "ca.pem"}).code, 0) << "not before it is asked to";
  server.process().signal(SIGHUP);
  proxy.process().signal(SIGHUP);
  ASSERT_TRUE(server.logs("certificates loaded"));
  ASSERT_TRUE(proxy.logs("certificates loaded"));
  EXPECT_EQ(folder.connect(server, {"--ca", "ca.pem"}).code, 4);
  EXPECT_EQ(sesame(folder, {"connect", proxy.target(), "--ca", "ca.pem"}).code, 4);

  folder.write("both.pem", "nothing of use");
  server.process().signal(SIGHUP);
  ASSERT_TRUE(server.logs("certificates not loaded, the old ones stay"));
  std::filesystem::rename(folder.path("first.pem"), folder.path("both.pem"));
  proxy.process().signal(SIGHUP);
  for (int i = 0; i < 100 && sesame(folder, {"connect", proxy.target(), "--ca", "ca.pem"}).code != 0; ++i) {
  }
  EXPECT_EQ(sesame(folder, {"connect", proxy.target(), "--ca", "ca.pem"}).out, "x");
}

TEST(Certificate, IsTakenByCurl) {
  const Certificates folder;
  if (shell(folder, "curl --version").code != 0) GTEST_SKIP() << "there is no curl";
  Server server(folder, with_certificate + Arguments{"--http"});
  const std::string url = "https://localhost:" + server.port();
  const std::string curl = "curl -sS --tlsv1.3 --resolve localhost:" + server.port() + ":127.0.0.1 ";
  const Finished page = shell(folder, curl + "--cacert ca.pem " + url + "/");
  EXPECT_EQ(page.code, 0) << page.err;
  EXPECT_THAT(page.out, AllOf(HasSubstr("protected with a certificate"), Not(HasSubstr("Your identity"))));
  const Finished json = shell(folder, curl + "--cacert ca.pem " + url + "/status.json");
  ASSERT_EQ(json.code, 0) << json.err;
  EXPECT_EQ(nlohmann::json::parse(json.out)["server_name"], "localhost");
  EXPECT_EQ(shell(folder, curl + "--cacert other.pem " + url + "/").code, 60) << "curl's code for that";

  Server strict(folder, with_certificate + Arguments{"--http", "--ca", "ca.pem", "--verify", "require"});
  const std::string there = "--resolve localhost:" + strict.port() +
                            ":127.0.0.1 https://localhost:" + strict.port() + "/status.json";
  EXPECT_NE(shell(folder, "curl -sS --cacert ca.pem " + there).code, 0);
  const Finished known =
      shell(folder, "curl -sS --cacert ca.pem --cert client.pem --key client.key " + there);
  ASSERT_EQ(known.code, 0) << known.err;
  EXPECT_EQ(nlohmann::json::parse(known.out)["authentication"], "certificate");
}

TEST(Certificate, GoesThroughTheProxy) {
  const Certificates folder;
  const Backend backend([](int socket) {
    char part[64];
    ssize_t size = 0;
    while ((size = ::recv(socket, part, sizeof part, 0)) > 0)
      ::send(socket, part, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  });
  Proxy server(folder, backend.target(),
               with_certificate + Arguments{"--ca", "ca.pem", "--verify", "require"});
  Proxy client(folder, server.target(),
               {"--client", "--ca", "ca.pem", "--cert", "client.pem", "--private-key", "client.key"});
  const RawClient plain(client.port());
  plain.write("in plain");
  EXPECT_EQ(plain.read(8), "in plain");
  plain.end_output();
  EXPECT_EQ(plain.read_to_end(), "");
  EXPECT_TRUE(server.logs(" ok client_certificate "));

  Proxy stranger(folder, server.target(), {"--client", "--ca", "other.pem"});
  const RawClient refused(stranger.port());
  EXPECT_EQ(refused.read_to_end(), "");
  EXPECT_TRUE(stranger.logs("handshake_failed"));
}

}  // namespace
}  // namespace sesame::test
