// Signatures and verdicts that come later, and early data, over streams.
#include <thread>

#include "asio/rig.h"
#include "crypto/provider.h"
#include "crypto/signature.h"
#include "support/authority.h"

namespace sesame::test {
namespace {

class Later final : public Signer {
 public:
  void sign(const SignatureQuery&, SignatureAnswer& answer) override { answer.later(); }
};

// A server whose signature comes later, and a client whose verdict does.
struct Slow {
  Authority authority;
  Issued server = authority.server("server.example");
  std::shared_ptr<const Context> client_side, server_side;
  Slow() {
    X509* const chain[] = {server.certificate.get()};
    ContextOptions s{.certificates = {*CertifiedKey::from_signer(chain, std::make_shared<Later>())}};
    server_side = *Context::create(s);
    ContextOptions c{.verification = VerificationOptions{.trust = authority.trust()}};
    c.verification->verify = [](const VerificationQuery&, Verdict& verdict) { verdict.later(); };
    client_side = *Context::create(c);
  }
  Octets sign(const SignatureQuery& query) const {
    return *crypto::sign(**crypto::Provider::system(), server.key.get(), query.scheme, query.input);
  }
};

TEST(AsioStreamAnswers, ComeFromOtherThreads) {
  Slow slow;
  Rig rig(slow.client_side, slow.server_side);
  std::vector<std::thread> others;
  rig.server.set_pending_answer([&](const Connection& connection, const AnswerReply& reply) {
    ASSERT_EQ(connection.wait(), Wait::signature);
    others.emplace_back([reply, signature = slow.sign(*connection.pending_signature())] {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      reply([signature](Connection& c) { return c.supply_signature(signature); });
    });
  });
  rig.client.set_pending_answer([&](const Connection& connection, const AnswerReply& reply) {
    ASSERT_EQ(connection.wait(), Wait::verification);
    others.emplace_back([reply] {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      reply([](Connection& c) { return c.supply_verdict(std::nullopt); });
    });
  });
  rig.connect();
  for (std::thread& other : others) other.join();
  EXPECT_EQ(others.size(), 2u);
  EXPECT_EQ(rig.client.connection().authentication(), Authentication::certificate);
}

TEST(AsioStreamAnswers, ThatNeverComeAreNo) {
  Slow slow;
  {
    Rig rig(slow.client_side, slow.server_side);
    rig.server.set_pending_answer([](const Connection&, const AnswerReply&) {});
    const auto [client_error, server_error] = rig.shake_hands();
    EXPECT_EQ(server_error, Reason::signature_failed);
    EXPECT_EQ(client_error, Reason::alert_received);
  }
  Rig rig(slow.client_side, slow.server_side);
  rig.server.set_pending_answer([&](const Connection& connection, const AnswerReply& reply) {
    reply([signature = slow.sign(*connection.pending_signature())](Connection& c) {
      return c.supply_signature(signature);
    });
  });
  rig.client.set_pending_answer([](const Connection&, const AnswerReply&) {});
  const auto [client_error, server_error] = rig.shake_hands();
  EXPECT_EQ(client_error, Reason::certificate_refused);
  EXPECT_EQ(server_error, Reason::alert_received);
}

TEST(AsioStreamAnswers, WithoutAnybodyToAskEndTheHandshake) {
  Slow slow;
  Rig rig(slow.client_side, slow.server_side);
  const auto [client_error, server_error] = rig.shake_hands();
  EXPECT_TRUE(server_error);
  ASSERT_NE(rig.server.last_error(), nullptr);
  EXPECT_NE(rig.server.last_error()->message().find("set_pending_answer"), std::string::npos);
  EXPECT_EQ(client_error, Reason::alert_received);
}

TEST(AsioStreamEarlyData, IsReadOnItsOwn) {
  const Credential key = *Credential::create({.identity = as_bytes("alice"),
                                              .key = as_bytes("an octet string of 32 octets ..."),
                                              .usage = PskUsage::tls13,
                                              .early_data = {.limit = 100'000}});
  ContextOptions server;
  server.early_data.guard = std::make_shared<ReplayGuard>(ReplayGuardOptions{.external_keys_are_new = true});
  const auto server_side = server_context(source_of({key}), server);
  asio::io_context io;
  AsioStream<Socket> c(Socket(io), Connection::client(client_context({key}), {.early_data = true}).value());
  AsioStream<Socket> s(Socket(io), Connection::server(server_side).value());
  asio::local::connect_pair(c.next_layer(), s.next_layer());
  const std::string early = pattern(50'000);
  ASSERT_EQ(c.connection().send_early(as_bytes(early)), early.size());
  std::string got, rest;
  c.async_handshake([&](std::error_code error) {
    ASSERT_FALSE(error) << error.message();
    EXPECT_EQ(c.connection().early_data_status(), EarlyDataStatus::accepted);
    asio::async_write(c, asio::buffer("later", 5), [](std::error_code e, std::size_t) { EXPECT_FALSE(e); });
  });
  std::vector<char> buffer(20'000);
  std::function<void()> read = [&] {
    s.async_read_some(asio::buffer(buffer), [&](std::error_code error, std::size_t size) {
      ASSERT_FALSE(error) << error.message();
      (got.size() < early.size() ? got : rest).append(buffer.data(), size);
      EXPECT_EQ(s.early_data(), early.size() - got.size());
      if (rest.size() < 5) read();
    });
  };
  s.async_handshake([&](std::error_code error) {
    ASSERT_FALSE(error) << error.message();
    EXPECT_EQ(s.early_data(), early.size());
    read();
  });
  io.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(got == early);
  EXPECT_EQ(rest, "later");
  EXPECT_EQ(s.early_data(), 0u);
}

}  // namespace
}  // namespace sesame::test
