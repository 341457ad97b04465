// Early data that nobody asked for: a server that takes none passes over it (RFC 8446 section 4.2.10).
#include <gtest/gtest.h>

#include "support/pair.h"
#include "support/script_client.h"

namespace sesame::test {
namespace {

using T = ScriptClient::Type;
using record::ContentType;

class EarlyData : public testing::Test {
 protected:
  EarlyData() { client_.extensions.add(T::early_data); }

  // Records as a client would send them under keys that the server does not have.
  void put_early_data(std::size_t records = 3, std::size_t size = 500) {
    for (std::size_t i = 0; i < records; ++i)
      client_.put_plain(ContentType::application_data, repeat(size, 0xed));
  }
  End& server() {
    if (!server_) server_.emplace(*Connection::server(server_context(options_)));
    return *server_;
  }
  void exchange() {
    server().receive(std::exchange(client_.out, {}));
    Connection& connection = server().connection;
    client_.take(connection.output());
    connection.output_sent(connection.output().size());
  }
  void expect_connected() {
    ASSERT_TRUE(client_.take_server_flight());
    client_.send_finished();
    client_.put_data("later");
    exchange();
    ASSERT_TRUE(server().connection.handshake_done())
        << (server().failure ? server().failure->message() : std::string("waiting"));
    EXPECT_EQ(server().data, "later");
  }
  void expect_failure(Reason reason) {
    ASSERT_TRUE(server().failure);
    EXPECT_EQ(server().failure->reason(), reason) << server().failure->message();
  }

  ContextOptions options_;
  ScriptClient client_;
  std::optional<End> server_;
};

TEST_F(EarlyData, IsPassedOverUnderTheHandshakeKeys) {
  client_.send_client_hello();
  put_early_data();
  exchange();
  put_early_data(1, 1);  // and some that comes later
  put_early_data(1, 16'640);
  expect_connected();
}

TEST_F(EarlyData, IsPassedOverInFrontOfASecondClientHello) {
  options_.always_retry_with_cookie = true;
  client_.send_client_hello();
  put_early_data();
  exchange();
  ASSERT_TRUE(client_.take_hello_retry_request());
  put_early_data();
  client_.extensions.erase(T::early_data);
  client_.send_client_hello();
  exchange();
  expect_connected();
}

TEST_F(EarlyData, IsNotPassedOverWhereNoneWasAnnounced) {
  client_.extensions.erase(T::early_data);
  client_.send_client_hello();
  exchange();
  put_early_data(1);
  exchange();
  expect_failure(Reason::record_mac_wrong);
}

TEST_F(EarlyData, IsNotPassedOverBehindASecondClientHello) {
  options_.always_retry_with_cookie = true;
  client_.send_client_hello();
  exchange();
  ASSERT_TRUE(client_.take_hello_retry_request());
  client_.extensions.erase(T::early_data);
  client_.send_client_hello();
  put_early_data(1);
  exchange();
  expect_failure(Reason::record_mac_wrong);
}

TEST_F(EarlyData, IsNotPassedOverBehindARecordThatIsAuthentic) {
  client_.send_client_hello();
  put_early_data(1);
  exchange();
  ASSERT_TRUE(client_.take_server_flight());
  client_.send_finished();
  put_early_data(1);
  exchange();
  expect_failure(Reason::record_mac_wrong);
}

TEST_F(EarlyData, IsPassedOverToALimit) {
  options_.limits.early_data = 3 * 505;
  client_.send_client_hello();
  put_early_data(3);
  exchange();
  EXPECT_FALSE(server().failure);
  put_early_data(1);
  exchange();
  expect_failure(Reason::record_mac_wrong);
}

TEST_F(EarlyData, IsPassedOverToALimitInFrontOfASecondClientHello) {
  options_.limits.early_data = 3 * 505 + 1;
  options_.always_retry_with_cookie = true;
  client_.send_client_hello();
  put_early_data(3);
  exchange();
  EXPECT_FALSE(server().failure);
  put_early_data(1);
  exchange();
  expect_failure(Reason::unexpected_record);
}

TEST_F(EarlyData, EndsNoFragmentOfASecondClientHello) {
  options_.always_retry_with_cookie = true;
  client_.send_client_hello();
  exchange();
  ASSERT_TRUE(client_.take_hello_retry_request());
  client_.extensions.erase(T::early_data);
  const Octets hello = client_.client_hello();
  client_.put_plain(ContentType::handshake, Bytes(hello).first(20));
  put_early_data(1);
  exchange();
  expect_failure(Reason::unexpected_record);
}

TEST_F(EarlyData, LeavesTheRecordLimitOfTheHandshakeAsItIs) {
  options_.record_size_limit = 100;
  client_.extensions.add(T::record_size_limit, u16(101));
  client_.send_client_hello();
  put_early_data(1, 16'640);
  exchange();
  ASSERT_TRUE(client_.take_server_flight());
  client_.put_record(ContentType::handshake, client_.finished(),
                     100);  // authentic, and padded beyond the limit
  exchange();
  expect_failure(Reason::record_too_long);
}

}  // namespace
}  // namespace sesame::test
