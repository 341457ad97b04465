#include "support/pair.h"

#include <algorithm>

namespace sesame::test {

Credential make_credential(std::string_view identity, std::string_view key, HashAlgorithm hash) {
  auto credential = Credential::create(
      {.identity = as_bytes(identity), .key = as_bytes(key), .hash = hash, .usage = PskUsage::tls13});
  EXPECT_TRUE(credential) << credential.error().message();
  return *credential;
}

std::shared_ptr<PskSource> source_of(std::vector<Credential> credentials) {
  return make_psk_source([keys = std::move(credentials)](const PskQuery& query, PskAnswer& answer) {
    for (const Credential& c : keys) {
      if (std::ranges::equal(c.identity(), query.identity)) answer.add(c);
    }
  });
}

ContextOptions of_tls13(ContextOptions options) {
  const ContextOptions unsaid;
  if (options.min_version == unsaid.min_version && options.max_version == unsaid.max_version)
    options.min_version = ProtocolVersion::tls13;
  return options;
}

std::shared_ptr<const Context> client_context(ContextOptions options, std::vector<Credential> keys) {
  return client_context_of_both(of_tls13(std::move(options)), std::move(keys));
}

std::shared_ptr<const Context> server_context(ContextOptions options, std::vector<Credential> keys) {
  return server_context_of_both(of_tls13(std::move(options)), std::move(keys));
}

std::shared_ptr<const Context> client_context_of_both(ContextOptions options, std::vector<Credential> keys) {
  options.credentials = std::move(keys);
  auto context = Context::create(std::move(options));
  EXPECT_TRUE(context) << context.error().message();
  return *context;
}

std::shared_ptr<const Context> server_context_of_both(ContextOptions options, std::vector<Credential> keys) {
  if (!options.psk_source) options.psk_source = source_of(std::move(keys));
  auto context = Context::create(std::move(options));
  EXPECT_TRUE(context) << context.error().message();
  return *context;
}

void End::receive(Bytes octets) {
  unread.insert(unread.end(), octets.begin(), octets.end());
  std::size_t done = 0;
  while (!failure) {
    const MutableBytes rest = MutableBytes(unread).subspan(done);
    auto received = connection.receive(rest);
    if (!received) {
      failure = received.error();
      break;
    }
    done += received->consumed;
    (received->early ? early_data : data) += as_text(received->data);
    if (received->consumed == 0) break;
  }
  unread.erase(unread.begin(), unread.begin() + static_cast<std::ptrdiff_t>(done));
}

namespace {

Connection take(Expected<Connection> connection) {
  EXPECT_TRUE(connection) << connection.error().message();
  return std::move(*connection);
}

}  // namespace

Pair::Pair(std::shared_ptr<const Context> cc, std::shared_ptr<const Context> sc, const ClientOptions& options)
    : client(take(Connection::client(std::move(cc), options))),
      server(take(Connection::server(std::move(sc)))) {}

bool Pair::move(End& from, End& to, Side side) {
  const Bytes output = from.connection.output();
  if (output.empty()) return false;
  std::vector<std::uint8_t> octets(
      output.begin(), output.begin() + static_cast<std::ptrdiff_t>(std::min(out, output.size())));
  from.connection.output_sent(octets.size());
  if (on_wire) on_wire(side, octets);
  for (Bytes rest = octets; !rest.empty();) {
    const Bytes piece = rest.first(std::min(in, rest.size()));
    to.receive(piece);
    rest = rest.subspan(piece.size());
  }
  return true;
}

bool Pair::pump() {
  for (int round = 0; round < 1'000'000; ++round) {
    const bool a = move(client, server, Side::client);
    const bool b = move(server, client, Side::server);
    if (!a && !b) return true;
    ++steps;
  }
  return false;
}

bool Pair::handshake() {
  return pump() && client.connection.handshake_done() && server.connection.handshake_done();
}

void expect_transfer(Pair& pair, End& from, End& to, const std::string& text) {
  const std::size_t before = to.data.size();
  auto sent = from.connection.send(as_bytes(text));
  ASSERT_TRUE(sent) << sent.error().message();
  ASSERT_TRUE(pair.pump());
  EXPECT_FALSE(to.failure) << to.failure->message();
  EXPECT_TRUE(to.data.compare(before, std::string::npos, text) == 0);
}

}  // namespace sesame::test
