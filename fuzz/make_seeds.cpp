// Writes what the fuzzer begins with: make_seeds FOLDER makes FOLDER/TARGET/NAME for each target, from real
// handshakes and generated values, and FOLDER/dictionary.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "certificate/compression.h"
#include "extension/bodies.h"
#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "extension/table.h"
#include "message/client_hello.h"
#include "message/encrypted_extensions.h"
#include "message/key_update.h"
#include "message/new_session_ticket.h"
#include "message/server_hello.h"
#include "support/certificates.h"
#include "support/generate.h"
#include "support/peer.h"

namespace sesame::fuzz {

// The scripts of support/peer.h by name.
struct SeedWriter {
  using Step = Peer::Step;
  Octets octets;
  SeedWriter& add(std::initializer_list<int> values) {
    for (const int value : values) octets.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  SeedWriter& step(Step step, std::initializer_list<int> values = {}) {
    add({static_cast<int>(step)});
    return add(values);
  }

  static Octets server(std::size_t number, bool right_key) {
    SeedWriter w;
    const int n = static_cast<int>(number);
    w.add({0x80 | (right_key ? 0 : 0x40) | n, n});
    w.step(Step::hello, {0, 0});
    if (number == 10) w.step(Step::use, {5, 0, 1});
    if (!by_certificate(number)) w.step(Step::hello, {0, 0});
    w.step(Step::change_cipher_spec);
    if (by_certificate(number) && number != 14) w.shown();
    w.step(Step::finished, {0});
    return w.connected().octets;
  }
  // A server that asked for nothing more.
  static Octets server_at_once(std::size_t number) {
    SeedWriter w;
    const int n = static_cast<int>(number);
    w.add({0x80 | n, n}).step(Step::hello, {0, 0});
    if (number == 10) w.step(Step::use, {5, 0, 1});
    w.step(Step::change_cipher_spec);
    if (number == 14) w.step(Step::early_data, {0, 100}).step(Step::end_of_early_data, {0});
    if (by_certificate(number) && number != 14) w.shown();
    w.step(Step::finished, {0});
    return w.connected().octets;
  }
  static Octets client(std::size_t number, bool retry) {
    SeedWriter w;
    w.add({0x80 | static_cast<int>(number)});
    const int choice = retry ? 12 : 0;  // with a cookie, for x448
    if (retry) w.step(Step::retry, {0, choice, 0});
    w.step(Step::hello, {0, choice, 0}).step(Step::change_cipher_spec);
    if (number == 15) {  // server_certificate_type: a raw public key
      w.step(Step::extensions, {1, 3, 0, 20, 1, 2});
    } else {
      w.step(Step::extensions, {0});
    }
    if (number == 12) {  // CertificateRequest: no context; signature_algorithms: ed25519
      w.step(Step::message, {13, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 7});
    }
    if (by_certificate(number)) w.shown();
    w.step(Step::finished, {0});
    w.connected();
    // NewSessionTicket: lifetime, age_add, nonce, ticket, extensions
    return w.step(Step::message, {4, 14, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9, 0, 0}).octets;
  }
  // A certificate and the key (RFC 8773); a ticket, with early data.
  static Octets client_by_both() {
    SeedWriter w;
    w.add({0x80 | 13}).step(Step::hello, {0, 66, 1, 3, 0, 0, 33, 0}).step(Step::extensions, {0});
    return w.shown().step(Step::finished, {0}).connected().octets;
  }
  static Octets client_early() {
    SeedWriter w;
    w.add({0x80 | 14}).step(Step::use, {9, 0, 50}).step(Step::hello, {0, 66, 0});
    return w.step(Step::extensions, {1, 3, 0, 42, 0}).step(Step::finished, {0}).connected().octets;
  }
  SeedWriter& shown() { return step(Step::certificate, {0}).step(Step::verify, {0}); }
  SeedWriter& connected() {
    step(Step::use, {0, 0, 100})
        .step(Step::data, {0, 100})
        .step(Step::key_update, {1})
        .step(Step::use, {2, 0, 1});
    return step(Step::data, {1, 0})
        .step(Step::use, {7, 0, 4})
        .step(Step::use, {1, 1, 0})
        .step(Step::alert, {1, 0});
  }
};

namespace {

std::filesystem::path folder;

void write(std::string_view target, std::string_view name, Bytes octets) {
  const auto path = folder / target;
  std::filesystem::create_directories(path);
  std::ofstream(path / name, std::ios::binary)
      .write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
}

// What each side of a real handshake sends.
struct Recorded {
  Octets client, server;
};
Recorded record(std::size_t number) {
  seed_random(77);
  auto client = Connection::client(client_context(number, Key::right, false), client_options(number));
  auto server = Connection::server(server_context(number, Key::right, false));
  FUZZ_CHECK(client && server);
  Recorded out;
  const auto move = [](Connection& from, Connection& to, Octets& kept) {
    Octets octets(from.output().begin(), from.output().end());
    from.output_sent(octets.size());
    kept.insert(kept.end(), octets.begin(), octets.end());
    for (MutableBytes rest = octets; !rest.empty();) {
      const auto received = to.receive(rest);
      if (!received || received->consumed == 0) return;
      rest = rest.subspan(received->consumed);
    }
  };
  for (int round = 0; round < 8; ++round) {
    move(*client, *server, out.client);
    if (const auto query = server->pending_psk()) {
      const Credential* const known = find_credential(Key::right, query->identity);
      (void)server->supply_psk({known, known ? 1u : 0u});
    }
    move(*server, *client, out.server);
    if (round == 5) {
      (void)client->send(as_bytes("hello"));
      (void)server->update_keys(true);
      (void)server->send(as_bytes("world"));
    }
  }
  for (const Connection* const end : {&*client, &*server}) {
    if (number != 11 && end->error()) std::cerr << number << ": " << end->error()->message() << '\n';
    FUZZ_CHECK(number == 11 || end->handshake_done());
  }
  return out;
}

Octets behind(std::initializer_list<int> first, Bytes rest) {
  Octets out;
  for (const int value : first) out.push_back(static_cast<std::uint8_t>(value));
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

template <class... T>
void write_values() {
  test::Generator generator(1);
  int type = 0;
  const auto some = [&]<class One>(const One*) {
    for (int i = 0; i < 6; ++i) {
      wire::Buffer out;
      (void)wire::encode(out, generator.make<One>());
      if (out.size() > 3000) continue;
      write("decoders", std::to_string(type) + "-" + std::to_string(i), behind({type}, out.bytes()));
    }
    ++type;
  };
  (some(static_cast<const T*>(nullptr)), ...);
}

void write_certificates() {
  const Certificates& known = certificates();
  const Octets* const shown[] = {&known.server, &known.intermediate, &known.root};
  for (int i = 0; i < 3; ++i)
    write("certificates", "end-entity-" + std::to_string(i), behind({0}, *shown[i]));
  const int size = static_cast<int>(known.intermediate.size());
  write("certificates", "chain", behind({1, size >> 8, size & 255}, known.intermediate));
  const Octets* const responses[] = {&known.good, &known.revoked, &known.delegated};
  for (int i = 0; i < 3; ++i) write("certificates", "ocsp-" + std::to_string(i), behind({2}, *responses[i]));
  write("certificates", "raw-public-key", behind({3}, known.public_key));
  Octets twice = known.server;  // so that there is something to compress
  twice.insert(twice.end(), known.server.begin(), known.server.end());
  for (int algorithm = 0; algorithm < 3; ++algorithm) {
    const auto small =
        certificate::compress(static_cast<CertificateCompressionAlgorithm>(algorithm + 1), twice);
    const int length = static_cast<int>(twice.size());
    write("certificates", "compressed-" + std::to_string(algorithm),
          behind({4, algorithm, length >> 8, length & 255}, small));
  }
}

void write_dictionary() {
  std::ofstream out(folder / "dictionary");
  const auto entry = [&](std::string_view name, unsigned value) {
    constexpr std::string_view digits = "0123456789abcdef";
    out << name << "=\"";
    for (int shift = 12; shift >= 0; shift -= 8)
      out << "\\x" << digits[value >> shift & 15] << digits[value >> (shift - 4) & 15];
    out << "\"\n";
  };
  for (const auto& row : extension::rows) entry(row.name, static_cast<unsigned>(row.type));
  for (const unsigned suite : {0x1301, 0x1302, 0x1303, 0x1304, 0x1305})
    entry("suite" + std::to_string(suite), suite);
  for (const unsigned group : {0x17, 0x1d, 0x1e, 0x100, 0x11ec})
    entry("group" + std::to_string(group), group);
  for (const unsigned version : {0x0300, 0x0303, 0x0304, 0x0a0a})
    entry("version" + std::to_string(version), version);
}

void write_all() {
  for (std::size_t n = 0; n < configurations; ++n) {
    const std::string name = std::to_string(n);
    const int number = static_cast<int>(n);
    const Recorded recorded = record(n);
    write("server", "octets-" + name, behind({number, 0}, recorded.client));
    write("client", "octets-" + name, behind({number, 0}, recorded.server));
    write("server", "script-" + name, SeedWriter::server(n, true));
    write("server", "at-once-" + name, SeedWriter::server_at_once(n));
    write("server", "wrong-key-" + name, SeedWriter::server(n, false));
    write("client", "script-" + name, SeedWriter::client(n, false));
    write("client", "retry-" + name, SeedWriter::client(n, true));
    // Flights in turns, data both ways, keys updated, the end; then the same with something changed on the
    // way.
    const Octets quiet = {
        std::uint8_t(n), 0, 0, 1, 0, 1, 0, 1, 6, 0, 10, 7, 1, 0, 0, 1, 0x88, 6, 0, 9, 1, 0, 0x8a, 1};
    write("middle", "quiet-" + name, quiet);
    for (int kind = 0; kind < 7; ++kind) {
      write("middle", "disturbed-" + name + "-" + std::to_string(kind),
            behind({number, 0, 0, 13, kind, 0, 30, 1, 1, 0, 12, kind, 0, 40, 1, 0}, {}));
    }
    // The extensions of a real ClientHello, for all messages.
    const std::size_t at = record::header_size + message::handshake_header_size;
    const std::size_t size = record::Header::read(recorded.client).length - message::handshake_header_size;
    const auto hello = wire::decode<message::ClientHello>(Bytes(recorded.client).subspan(at, size));
    FUZZ_CHECK(hello);
    for (int in = 0; in < 7; ++in) {
      write("extensions", name + "-" + std::to_string(in),
            behind({in, 255, 255, 255, 255}, hello->extensions.raw));
    }
  }
  using namespace message;
  using namespace extension;
  write_values<ClientHello, ServerHello, EncryptedExtensions, NewSessionTicket, KeyUpdate, Extension,
               SupportedVersionsOffer, SupportedVersionsChoice, Cookie, NamedGroupList, PskKeyExchangeModes,
               ProtocolNameList, RecordSizeLimit, MaxFragmentLength, ServerNameList, KeyShareClientHello,
               KeyShareHelloRetryRequest, KeyShareServerHello, OfferedPsks, SelectedPsk>();
  for (int aead = 0; aead < 6; ++aead) {
    write("records", "script-" + std::to_string(aead),
          behind({1, aead, 1, 1, 0, 1, 0, 100, 0, 0, 50, 1, 0, 0, 4, 90, 0, 0, 3, 3, 3, 0, 0, 0, 9, 2, 0, 0},
                 {}));
    write("records", "forged-" + std::to_string(aead),
          behind({0, aead}, as_bytes("no peer has sealed these octets")));
  }
  const std::string_view keys =
      "alice:00112233445566778899aabbccddeeff\n# a "
      "comment\n\n\\x00\\xff:0123456789abcdef\n#626f62:00ff\nalice:ff\n";
  write("key_file", "file", behind({2}, as_bytes(keys)));
  write("key_file", "identity", behind({1}, as_bytes("a\\\\b\\x3a")));
  write("key_file", "octets", behind({0}, as_bytes("#\\:\n\xff ")));
  write("client", "both", SeedWriter::client_by_both());
  write("client", "early", SeedWriter::client_early());
  write_certificates();
  write_dictionary();
}

}  // namespace
}  // namespace sesame::fuzz

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: " << arguments[0] << " FOLDER\n";
    return 2;
  }
  sesame::fuzz::folder = arguments[1];
  sesame::fuzz::write_all();
  return 0;
}
