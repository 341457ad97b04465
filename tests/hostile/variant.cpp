#include "hostile/variant.h"

namespace sesame::test {

namespace {

// What came behind the last octets that the script took: the alerts, and how many records of another kind
// behind one.
struct Last {
  std::vector<Octets> alerts;
  int behind_alert = 0;
};

Last drain(ScriptPeer& peer) {
  Last last;
  while (const auto record = peer.next_record()) {
    if (record->type == record::ContentType::alert) {
      last.alerts.push_back(record->content);
    } else if (!last.alerts.empty()) {
      ++last.behind_alert;
    }
  }
  EXPECT_FALSE(peer.has_more()) << "octets that are no record, or that do not open";
  return last;
}

void expect_same(const Expected<>& got, Reason reason, std::string_view call) {
  ASSERT_FALSE(got) << call;
  EXPECT_EQ(name(got.error().reason()), name(reason)) << call;
}

}  // namespace

void expect_dead(Case& c) {
  Connection& connection = c.subject().connection;
  ASSERT_NE(connection.error(), nullptr);
  const Reason reason = connection.error()->reason();
  EXPECT_EQ(connection.wait(), Wait::closed);
  EXPECT_FALSE(connection.pending_psk());
  Octets input = repeat(100, 22), room(1000);
  const auto received = connection.receive(input);
  ASSERT_FALSE(received);
  EXPECT_EQ(name(received.error().reason()), name(reason));
  expect_same(connection.send(input), reason, "send");
  const auto sealed = connection.seal(input, room);
  ASSERT_FALSE(sealed);
  EXPECT_EQ(name(sealed.error().reason()), name(reason));
  expect_same(connection.update_keys(), reason, "update_keys");
  expect_same(connection.supply_psk({}), reason, "supply_psk");
  expect_same(connection.close(), reason, "close");
  expect_same(connection.transport_closed(), reason, "transport_closed");
  EXPECT_TRUE(connection.read_closed() && connection.write_closed());
  EXPECT_FALSE(connection.export_keying_material("label", {}, room));
  EXPECT_TRUE(connection.output().empty());
  EXPECT_FALSE(connection.error()->message().empty());
  EXPECT_FALSE(connection.error()->state().empty());
}

void expect_refused(const Variant& variant, Case& c) {
  ASSERT_TRUE(c.subject().failure) << "it was accepted, in state " << c.subject().connection.state();
  const Error& error = *c.subject().failure;
  EXPECT_EQ(name(error.reason()), name(variant.reason)) << error.message();
  if (variant.reason != Reason::alert_received) {
    EXPECT_EQ(name(error.alert()), name(variant.alert)) << error.message();
  }
  const Last last = drain(c.peer());
  EXPECT_EQ(last.behind_alert, 0);
  if (variant.alert == Alert::none) {
    EXPECT_TRUE(last.alerts.empty());
  } else {
    ASSERT_EQ(last.alerts.size(), 1u) << error.message();
    EXPECT_EQ(last.alerts[0], join({u8(2), u8(static_cast<unsigned>(variant.alert))}));
  }
  expect_dead(c);
}

void expect_open(Case& c) {
  ASSERT_FALSE(c.subject().failure) << c.subject().failure->message();
  ASSERT_TRUE(c.connected()) << c.subject().connection.state();
  const std::string before = c.subject().data;
  c.peer().put_data("from the script");
  c.exchange();
  EXPECT_EQ(c.subject().data, before + "from the script");
  ASSERT_TRUE(c.subject().connection.send(as_bytes("from the connection")));
  c.exchange();
  std::optional<ScriptPeer::Record> last;
  while (auto record = c.peer().next_record()) last = std::move(record);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->type, record::ContentType::application_data);
  EXPECT_EQ(as_text(last->content), "from the connection");
  EXPECT_EQ(c.subject().connection.error(), nullptr);
}

}  // namespace sesame::test
