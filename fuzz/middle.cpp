// Somebody between two of our ends who delays, cuts, repeats, reflects, drops and changes what they say to
// each other.
//
// What has to hold: an end that is connected is connected to the other one, both see the handshake alike, and
// what is received is the beginning of what was sent.
#include <algorithm>
#include <deque>
#include <vector>

#include "support/contexts.h"
#include "support/script.h"

using namespace sesame;
using namespace sesame::fuzz;
using Octets = std::vector<std::uint8_t>;

namespace {

struct End {
  Connection connection;
  std::deque<std::uint8_t> on_the_way;  // to this end
  Octets unread;
  Octets sent;  // application data
  Octets received;

  void receive(std::size_t size) {
    size = std::min(size, on_the_way.size());
    unread.insert(unread.end(), on_the_way.begin(), on_the_way.begin() + static_cast<std::ptrdiff_t>(size));
    on_the_way.erase(on_the_way.begin(), on_the_way.begin() + static_cast<std::ptrdiff_t>(size));
    std::size_t done = 0;
    while (true) {
      const auto result = connection.receive(MutableBytes(unread).subspan(done));
      if (!result) return unread.clear();
      received.insert(received.end(), result->data.begin(), result->data.end());
      done += result->consumed;
      if (result->consumed == 0) break;
    }
    unread.erase(unread.begin(), unread.begin() + static_cast<std::ptrdiff_t>(done));
  }
  void send(std::size_t size) {
    Octets data(size);
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(sent.size() + i);
    if (!connection.send(data)) return;
    sent.insert(sent.end(), data.begin(), data.end());
  }
};

void collect(End& from, End& to) {
  const Bytes output = from.connection.output();
  to.on_the_way.insert(to.on_the_way.end(), output.begin(), output.end());
  from.connection.output_sent(output.size());
}

std::string exported(const Connection& connection) {
  std::string out(32, 0);
  FUZZ_CHECK(connection.export_keying_material("middle", {},
                                               {reinterpret_cast<std::uint8_t*>(out.data()), out.size()}));
  return out;
}

bool is_beginning(const Octets& part, const Octets& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

void check(const End& client, const End& server, bool same_key, bool certified) {
  const Connection &c = client.connection, &s = server.connection;
  FUZZ_CHECK(is_beginning(client.received, server.sent) && is_beginning(server.received, client.sent));
  for (const Connection* end : {&c, &s}) {
    FUZZ_CHECK(end->handshake_done() == (end->authentication() != Authentication::none));
    if (end->error()) FUZZ_CHECK(end->wait() == Wait::closed || end->wait() == Wait::output);
    // By the key, unless there were certificates.
    const bool by_key = end->authentication() == Authentication::external_psk ||
                        end->authentication() == Authentication::certificate_with_external_psk;
    if (by_key) FUZZ_CHECK(same_key && !end->psk_identity().empty());
    if (end->handshake_done()) FUZZ_CHECK(by_key || certified);
  }
  if (s.handshake_done()) FUZZ_CHECK(c.handshake_done());
  if (!c.handshake_done()) return;
  // The server has sent its Finished at least, so that it has chosen all of this.
  FUZZ_CHECK(c.cipher_suite() == s.cipher_suite() && c.group() == s.group() && c.psk_mode() == s.psk_mode());
  FUZZ_CHECK(c.retried() == s.retried() && c.alpn() == s.alpn() && s.server_name() == "example.org");
  if (!s.handshake_done()) return;
  FUZZ_CHECK(std::ranges::equal(c.psk_identity(), s.psk_identity()));
  if (!c.error() && !s.error()) FUZZ_CHECK(exported(c) == exported(s));
}

void disturb(Script& script, End& to, const End& other) {
  auto& way = to.on_the_way;
  const std::uint8_t kind = script.octet() % 7;
  const std::size_t at = script.word();
  const auto place = [&] {
    return way.begin() + static_cast<std::ptrdiff_t>(way.empty() ? 0 : at % way.size());
  };
  switch (kind) {
    case 0:
      if (!way.empty()) *place() ^= script.octet();
      return;
    case 1:
      if (!way.empty()) way.erase(place());
      return;
    case 2: {
      const Bytes block = script.block();
      way.insert(place(), block.begin(), block.end());
      return;
    }
    case 3:
      way.resize(std::min(at, way.size()));
      return;
    case 4: {  // what is on the way comes twice
      const Octets copy(way.begin(), way.end());
      if (way.size() < 100'000) way.insert(way.end(), copy.begin(), copy.end());
      return;
    }
    case 5:  // what was meant for the other
      way.insert(way.end(), other.on_the_way.begin(), other.on_the_way.end());
      return;
    default: {  // the first record goes behind the others
      if (way.size() < 5) return;
      const auto size =
          static_cast<std::ptrdiff_t>(std::min<std::size_t>(way.size(), 5u + (way[3] << 8 | way[4])));
      std::rotate(way.begin(), way.begin() + size, way.end());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t octet_count) {
  Script script({octets, octet_count});
  const std::uint8_t mode = script.octet(), other = script.octet();
  const std::size_t client_number = mode & 15, server_number = other & 128 ? other & 15 : client_number;
  const Key key = mode & 128 ? Key::wrong : Key::right;
  seed_random(5);
  auto client_made =
      Connection::client(client_context(client_number, key, false), client_options(client_number));
  auto server_made = Connection::server(server_context(server_number, Key::right, false));
  FUZZ_CHECK(client_made && server_made);
  End client{std::move(*client_made), {}, {}, {}, {}}, server{std::move(*server_made), {}, {}, {}, {}};
  // A server in a rotation knows the other key as well; one that asks later is told both.
  const bool same_key =
      key == Key::right || server_number % configurations == 2 || server_number % configurations == 10;

  const bool certified = by_certificate(client_number) && by_certificate(server_number);

  for (int steps = 0; steps < 300; ++steps) {
    collect(client, server);
    collect(server, client);
    if (const auto query = server.connection.pending_psk()) {
      std::vector<Credential> answer;
      if (const Credential* const known = find_credential(key, query->identity)) answer.push_back(*known);
      (void)server.connection.supply_psk(answer);
      continue;
    }
    if (script.empty()) {
      // From here on nobody is in the way.
      if (client.on_the_way.empty() && server.on_the_way.empty()) break;
      client.receive(SIZE_MAX);
      server.receive(SIZE_MAX);
      check(client, server, same_key, certified);
      continue;
    }
    const std::uint8_t what = script.octet();
    End& end = what & 1 ? client : server;
    End& far = what & 1 ? server : client;
    switch (what >> 1 & 7) {
      case 0:
      case 1:
        end.receive(SIZE_MAX);
        break;
      case 2:
        end.receive(script.octet());
        break;
      case 3:
        end.send(script.word() % 20'000);
        break;
      case 4:
        (void)end.connection.update_keys((what & 128) != 0);
        break;
      case 5:
        if (what & 128) (void)end.connection.close();
        break;
      default:
        disturb(script, end, far);
    }
    check(client, server, same_key, certified);
  }
  check(client, server, same_key, certified);
  return 0;
}
