// What a peer can make a connection hold, and do.
#include "hostile/variant.h"
#include "support/heap.h"

namespace sesame::test {
namespace {

using record::ContentType;

#define SKIP_UNLESS_COUNTED() \
  if (!heap_is_counted()) GTEST_SKIP() << "the sanitizers have a heap of their own"

// Record header, message header, two octets: the message's length is 131,396.
TEST(Memory, ElevenOctetsThatPromise131KilobytesHoldNone) {
  SKIP_UNLESS_COUNTED();
  AgainstServer c;
  End& server = c.subject();
  Octets promise = join({u8(22), u16(0x0303), u16(6), u8(1), u24(131'396), u16(0x0303)});
  ASSERT_EQ(promise.size(), 11u);
  watch_heap();
  const std::size_t before = heap().live;
  auto received = server.connection.receive(promise);
  ASSERT_TRUE(received) << received.error().message();
  EXPECT_EQ(received->consumed, promise.size());
  EXPECT_LT(heap().live - before, 256u);
}

// What comes is held once, however small its pieces: a copy with each of them would be quadratic.
TEST(Memory, AMessageInPiecesOfOneOctetIsGatheredOnce) {
  SKIP_UNLESS_COUNTED();
  AgainstServer c;
  End& server = c.subject();
  constexpr std::size_t size = 100'000;
  Octets header = join({u8(1), u24(size)});
  watch_heap();
  const std::size_t before = heap().live;
  for (std::size_t i = 0; i < size; ++i) {
    std::uint8_t record[] = {22, 3, 3, 0, 1, i < header.size() ? header[i] : std::uint8_t{0}};
    ASSERT_TRUE(server.connection.receive(record));
  }
  EXPECT_LT(heap().peak - before, 4 * size);
  EXPECT_LT(heap().calls, 100u);
}

TEST(Memory, AMessageThatIsNotExpectedIsNotGathered) {
  SKIP_UNLESS_COUNTED();
  AgainstServer c;
  End& server = c.subject();
  Octets certificate = join({u8(22), u16(0x0303), u16(6), u8(11), u24(131'000), u16(0)});
  const auto received = server.connection.receive(certificate);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().reason(), Reason::unexpected_message);
  EXPECT_EQ(received.error().handshake_message(), "Certificate");
}

// A peer that asks for KeyUpdates and reads nothing: the answer is owed once, not sent for each.
template <class Which>
void ask_and_do_not_read() {
  Which c;
  c.up_to_connected();
  End& end = c.subject();
  const auto ask = [&] {
    c.peer().put_key_update(1);
    c.peer().put_data("x");
    end.receive(std::exchange(c.peer().out, {}));
    ASSERT_FALSE(end.failure) << end.failure->message();
  };
  ask();
  const std::size_t one_answer = end.connection.output().size();
  EXPECT_EQ(one_answer, 27u);
  for (int i = 0; i < 1000; ++i) ask();
  EXPECT_EQ(end.connection.output().size(), one_answer);
  // The answer that is owed goes out before the next data.
  ASSERT_TRUE(end.connection.send(as_bytes("data")));
  c.exchange();
  std::vector<ContentType> types;
  for (int i = 0; i < 3; ++i) {
    const auto record = c.peer().next_record();
    ASSERT_TRUE(record);
    types.push_back(record->type);
    if (record->type == ContentType::handshake) c.peer().take_key_update();
  }
  EXPECT_EQ(types,
            (std::vector{ContentType::handshake, ContentType::handshake, ContentType::application_data}));
}

TEST(Memory, KeyUpdatesThatNobodyReadsDoNotPileUpInAServer) { ask_and_do_not_read<AgainstServer>(); }
TEST(Memory, KeyUpdatesThatNobodyReadsDoNotPileUpInAClient) { ask_and_do_not_read<AgainstClient>(); }

// A connection that failed holds its error and its negotiated values, but no handshake, key or buffer.
TEST(Memory, AFailedConnectionHoldsNoHandshake) {
  SKIP_UNLESS_COUNTED();
  for (const Variant& v : all_variants()) {
    const auto c = v.play();
    if (!c->has_subject()) continue;
    End& end = c->subject();
    end.connection.output_sent(end.connection.output().size());
    // The body and its Error; who the peer was, where certificates or tickets are used. A handshake alone has
    // more than this.
    std::size_t most = 1000;
    if (dynamic_cast<CertificateServer*>(c.get()) || dynamic_cast<CertificateClient*>(c.get())) {
      most += 1500;
      for (const Bytes certificate : end.connection.peer_certificates()) most += 4 + certificate.size();
    }
    std::optional<Connection> held(std::move(end.connection));
    const std::size_t with = heap().live;
    held.reset();
    EXPECT_LT(with - heap().live, most) << v.name;
  }
}

TEST(Memory, AHandshakeGivenUpHoldsNoHandshake) {
  SKIP_UNLESS_COUNTED();
  AgainstServer server;
  server.up_to_wait_finished();
  AgainstClient client;
  client.up_to_wait_ee();
  for (Case* c : {static_cast<Case*>(&server), static_cast<Case*>(&client)}) {
    Connection& connection = c->subject().connection;
    ASSERT_TRUE(connection.close());
    connection.output_sent(connection.output().size());
    std::optional<Connection> held(std::move(connection));
    const std::size_t with = heap().live;
    held.reset();
    EXPECT_LT(with - heap().live, 1000u);
  }
}

// All the look-ups that one ClientHello can cause.
TEST(Memory, IdentitiesAreLookedUpOnlySoOften) {
  AgainstServer c;
  unsigned asked = 0;
  c.options.psk_source = make_psk_source([&](const PskQuery&, PskAnswer&) { ++asked; });
  c.client.keys.assign(1500, {"a"});
  c.say_hello();
  EXPECT_TRUE(c.subject().failure);
  EXPECT_EQ(asked, c.options.limits.psk_identities);
}

// ---- certificates, tickets, authentication after the handshake ----

// A message that never ends, in a state that waits for it.
struct Unfinished {
  std::string name;
  std::function<std::unique_ptr<Case>()> go;
  unsigned type;
  std::size_t size;  ///< as much as is let begin
};

std::vector<Unfinished> unfinished() {
  constexpr std::size_t message = 131'396, certificate = 65'536, late = 34'816;
  const auto client = [](void (CertificateClient::*go)()) {
    return player<CertificateClient>([go](CertificateClient& c) {
      c.options.post_handshake_auth = true;
      c.options.certificates = {client_certificate().certified_key()};
      (c.*go)();
    });
  };
  const auto server = [](auto go) { return player<CertificateServer>(go); };
  return {
      {"certificate_of_a_server", client(&CertificateClient::up_to_wait_cert_cr), 11, certificate},
      {"compressed_certificate_of_a_server", client(&CertificateClient::up_to_wait_cert_cr), 25, certificate},
      {"certificate_request", client(&CertificateClient::up_to_wait_cert_cr), 13, message},
      {"certificate_behind_a_request", client(&CertificateClient::up_to_wait_cert), 11, certificate},
      {"certificate_verify_of_a_server", client(&CertificateClient::up_to_wait_cv), 15, message},
      {"finished_of_a_server", client(&CertificateClient::up_to_wait_finished), 20, 48},
      {"ticket", client(&CertificateClient::up_to_connected), 4, late},
      {"late_request", client(&CertificateClient::up_to_connected), 13, late},
      {"certificate_of_a_client", server([](CertificateServer& c) { c.up_to_wait_cert(); }), 11, certificate},
      {"certificate_verify_of_a_client", server([](CertificateServer& c) { c.up_to_wait_cv(); }), 15,
       message},
      {"finished_of_a_client", server([](CertificateServer& c) { c.up_to_certified(); }), 20, 48},
      {"late_certificate", server([](CertificateServer& c) { c.up_to_asked(); }), 11, certificate},
      {"late_certificate_verify", server([](CertificateServer& c) { c.up_to_post_wait_cv(); }), 15, late},
      {"late_finished", server([](CertificateServer& c) { c.up_to_post_wait_finished(); }), 20, 48},
  };
}

Octets all_but_the_end_of(ScriptPeer& peer, unsigned type, std::size_t size) {
  Octets message = join({u8(type), u24(size), repeat(size, 1)});
  message.pop_back();
  for (Bytes rest = message; !rest.empty();) {
    const Bytes piece = rest.first(std::min<std::size_t>(16'000, rest.size()));
    peer.put_record(ContentType::handshake, piece);
    rest = rest.subspan(piece.size());
  }
  return std::exchange(peer.out, {});
}

// What has come of it is held, in a buffer that doubles, and nothing else.
TEST(Memory, AMessageThatNeverEndsIsBoundedInEachStateThatWaitsForOne) {
  for (const Unfinished& u : unfinished()) {
    SCOPED_TRACE(u.name);
    const auto c = u.go();
    Connection& subject = c->subject().connection;
    Octets octets = all_but_the_end_of(c->peer(), u.type, u.size);
    const std::size_t before = heap().live;
    std::size_t done = 0;
    while (done < octets.size()) {
      const auto received = subject.receive(MutableBytes(octets).subspan(done));
      ASSERT_TRUE(received) << received.error().message();
      ASSERT_GT(received->consumed, 0u);
      done += received->consumed;
    }
    EXPECT_EQ(subject.error(), nullptr);
    if (heap_is_counted()) EXPECT_LE(heap().live - before, 2 * u.size + 256);
  }
}

TEST(Memory, AMessageThatIsDeclaredLongerIsRefusedByItsHeader) {
  for (const Unfinished& u : unfinished()) {
    SCOPED_TRACE(u.name);
    const auto c = u.go();
    c->peer().put_record(ContentType::handshake, join({u8(u.type), u24(u.size + 1)}));
    const std::size_t before = heap().live;
    c->exchange();
    ASSERT_TRUE(c->subject().failure);
    const Reason reason = c->subject().failure->reason();
    EXPECT_TRUE(reason == Reason::message_too_long || reason == Reason::certificate_too_long ||
                (u.type == 20 && reason == Reason::malformed_message))
        << name(reason);
    if (heap_is_counted()) EXPECT_LT(heap().live, before + 1000);
  }
}

// A server that asks again and again and does not read the answers.
TEST(Memory, AnswersThatNobodyReadsAreBoundedByTheRequests) {
  CertificateClient c;
  c.options.post_handshake_auth = true;
  c.options.certificates = {client_certificate().certified_key()};
  c.up_to_connected();
  c.server.certificate_request.context = {1};
  for (int i = 0; i < 100; ++i)
    c.server.put_record(ContentType::handshake, c.server.certificate_request.message());
  End& client = c.subject();
  client.receive(std::exchange(c.server.out, {}));
  ASSERT_TRUE(client.failure);
  const std::size_t one_answer = client_certificate().der().size() + 300;
  EXPECT_GT(client.connection.output().size(), 16 * client_certificate().der().size());
  EXPECT_LT(client.connection.output().size(), 16 * one_answer);
}

// RFC 8879: what a message expands to is held up to what it declares, and the limit.
TEST(Memory, ABombHoldsNoMoreThanItDeclares) {
  SKIP_UNLESS_COUNTED();
  for (const Variant& v : compressed_certificate_variants()) {
    if (v.name.find("bomb") == std::string::npos) continue;
    const auto c = v.play();  // libcrypto and the library of the algorithm keep what they make at first
    watch_heap();
    const std::size_t before = heap().live;
    const auto again = v.play();
    EXPECT_LT(heap().peak - before, 2'500'000u) << v.name;
  }
}

// An idle connection has the octets of the peer's chain, for who asks for them, and nothing that was parsed.
TEST(Memory, AConnectionThatJudgedAChainHoldsItsOctetsOnly) {
  SKIP_UNLESS_COUNTED();
  CertificateClient c;
  c.up_to_wait_cert_cr();
  auto& entries = c.server.certificate.entries;
  entries.assign(20, entries[0]);
  c.server.send_certificate();
  c.server.send_certificate_verify();
  c.server.send_finished();
  c.exchange();
  ASSERT_TRUE(c.connected());
  std::optional<Connection> held(std::move(c.subject().connection));
  const std::size_t with = heap().live;
  held.reset();
  EXPECT_LT(with - heap().live, 20 * (entries[0].cert_data.size() + 4) + 6000);
}

}  // namespace
}  // namespace sesame::test
