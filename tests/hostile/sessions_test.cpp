// Tickets and sessions over many connections: what a peer can make a cache hold, and what it can learn.
#include "hostile/variant.h"

namespace sesame::test {
namespace {

using record::ContentType;
using T = ScriptExtensions::Type;

TEST(Sessions, ACacheHoldsNoMoreThanItsSessionsHoweverManyClientsComeForTickets) {
  const auto cache = std::make_shared<SessionCache>(10);
  for (int i = 0; i < 30; ++i) {
    CertificateServer c;
    c.options.tickets = {.issuer = cache, .count = 3};
    c.client.extensions[T::psk_key_exchange_modes] = vec8(u8(1));
    c.AgainstServer::up_to_connected();
    EXPECT_LE(cache->size(), 10u);
  }
  EXPECT_EQ(cache->size(), 10u);
}

TEST(Sessions, ACacheHoldsNothingForClientsThatCannotResume) {
  const auto cache = std::make_shared<SessionCache>(10);
  for (const Octets& modes : {Octets{}, vec8(u8(7)), vec8(u8(0))}) {
    CertificateServer c;
    c.options.tickets.issuer = cache;
    c.options.psk_modes = {PskKeyExchangeMode::psk_dhe_ke};
    if (!modes.empty()) c.client.extensions[T::psk_key_exchange_modes] = modes;
    c.AgainstServer::up_to_connected();
  }
  EXPECT_EQ(cache->size(), 0u);
}

TEST(Sessions, ACacheHoldsNothingForAHandshakeThatWasNotFinished) {
  const auto cache = std::make_shared<SessionCache>(10);
  CertificateServer c;
  c.options.tickets.issuer = cache;
  c.client.extensions[T::psk_key_exchange_modes] = vec8(u8(1));
  c.AgainstServer::up_to_wait_finished();
  Octets finished = c.client.finished();
  finished.back() ^= 1;
  c.client.put_message(finished);
  c.exchange();
  EXPECT_TRUE(c.subject().failure);
  EXPECT_EQ(cache->size(), 0u);
}

TEST(Sessions, AStoreHoldsNoMoreThanItsBoundUnderServersThatGiveTicketsForEver) {
  const auto store = std::make_shared<MemorySessionStore>(20, 4);
  for (int server = 0; server < 12; ++server) {
    const std::string key = server % 2 == 0 ? "even" : "server " + std::to_string(server);
    CertificateClient c;
    c.options.session_store = store;
    c.client_options.session_key = key;
    c.up_to_connected();
    for (int i = 0; i < 64; ++i) {
      c.server.put_record(ContentType::handshake, ScriptTicket().message());
      c.exchange();
    }
    ASSERT_FALSE(c.subject().failure);
    EXPECT_LE(store->size(), 20u);
  }
  EXPECT_EQ(store->size(), 20u);
}

TEST(Sessions, OfATicketWithoutALifetimeAreNotKept) {
  CertificateClient c;
  c.first_ticket.lifetime = 0;
  c.options.session_store = c.store;
  c.up_to_connected();
  c.server.put_record(ContentType::handshake, c.first_ticket.message());
  c.exchange();
  EXPECT_FALSE(c.subject().failure);
  EXPECT_EQ(c.store->size(), 0u);
}

// Section 4.6.1: whatever a server says.
TEST(Sessions, LiveNoLongerThanSevenDays) {
  CertificateClient c;
  std::vector<Session> kept;
  c.options.on_session = [&](const Session& session) { kept.push_back(session); };
  c.up_to_connected();
  for (const std::uint32_t lifetime : {604'800u, 604'801u, 0xffffffffu}) {
    ScriptTicket ticket;
    ticket.lifetime = lifetime;
    c.server.put_record(ContentType::handshake, ticket.message());
  }
  c.exchange();
  ASSERT_EQ(kept.size(), 3u);
  for (const Session& session : kept) EXPECT_LE(session.expires() - session.issued(), max_ticket_lifetime);
}

// What has the form of a ticket is asked of the issuer alone, and what has it not of the source alone.
TEST(Sessions, TicketsAndExternalIdentitiesAreToldApartBeforeAnybodyIsAsked) {
  struct Issuer final : TicketIssuer {
    Expected<std::vector<std::uint8_t>> issue(const Session&, TimePoint) override { return {}; }
    bool recognises(Bytes identity) const noexcept override { return as_text(identity).starts_with("T"); }
    std::optional<Session> open(Bytes ticket, TimePoint) override {
      opened.emplace_back(as_text(ticket));
      return std::nullopt;
    }
    bool is_single_use() const noexcept override { return false; }
    std::vector<std::string> opened;
  };
  const auto issuer = std::make_shared<Issuer>();
  std::vector<std::string> asked;
  AgainstServer c;
  c.options.tickets.issuer = issuer;
  c.options.psk_source = make_psk_source([&](const PskQuery& query, PskAnswer& answer) {
    asked.emplace_back(as_text(query.identity));
    if (asked.back() == "alice") answer.add(make_credential());
  });
  c.client.keys = {{"Ticket"}, {"nobody"}, {"Talice"}, {"alice"}, {"T"}};
  c.up_to_connected();
  EXPECT_EQ(issuer->opened, (std::vector<std::string>{"Ticket", "Talice"}));
  EXPECT_EQ(asked, (std::vector<std::string>{"nobody", "alice"}));
}

// The same ClientHello with early data, as somebody recorded it: taken once.
TEST(Sessions, EarlyDataIsTakenOnceHoweverOftenItIsReplayed) {
  CertificateServer first;
  first.offer_early_data();
  first.client.send_client_hello();
  first.client.begin_early_data();
  first.client.put_data("pay");
  const Octets recorded = first.client.out;
  std::string taken;
  for (int i = 0; i < 5; ++i) {
    CertificateServer again;
    again.options = first.options;
    again.client.put(recorded);
    again.exchange();
    EXPECT_FALSE(again.subject().failure);
    taken += again.subject().early_data;
  }
  EXPECT_EQ(taken, "pay");
}

}  // namespace
}  // namespace sesame::test
