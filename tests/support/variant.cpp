#include "support/variant.h"

namespace sesame::test {

void expect_refused(const Variant& variant, Case& c) {
  ASSERT_TRUE(c.subject().failure) << "it was accepted, in state " << c.subject().connection.state();
  const Error& error = *c.subject().failure;
  EXPECT_EQ(name(error.reason()), name(variant.reason)) << error.message();
  if (variant.reason != Reason::alert_received) {
    EXPECT_EQ(name(error.alert()), name(variant.alert)) << error.message();
  }
  expect_told(c, variant.alert);
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
  // In TLS 1.0 the first octet may have a record of its own.
  std::string last;
  while (auto record = c.peer().next_record()) {
    if (record->type == record::ContentType::application_data) {
      last += as_text(record->content);
    } else {
      last.clear();
    }
  }
  EXPECT_EQ(last, "from the connection");
  EXPECT_EQ(c.subject().connection.error(), nullptr);
}

}  // namespace sesame::test
