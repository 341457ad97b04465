#include "support/contexts.h"

#include <algorithm>
#include <array>
#include <utility>

#include "support/certificates.h"
#include "support/script.h"

namespace sesame::fuzz {
namespace {

std::uint64_t random_state;
SecretSink* sink;

// SplitMix64: public, and enough for what need not be secret here.
void random(MutableBytes out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint64_t z = random_state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    out[i] = static_cast<std::uint8_t>(z ^ z >> 31);
  }
}

void on_key_log(std::string_view line) {
  if (!sink) return;
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  std::array<std::uint8_t, 48> secret{};
  std::size_t size = 0;
  for (std::size_t i = last + 1; i + 1 < line.size(); i += 2) {
    secret[size++] = static_cast<std::uint8_t>(digit(line[i]) << 4 | digit(line[i + 1]));
  }
  sink->on_secret(line.substr(0, first), Bytes(secret).first(size));
}

Credential credential(std::string_view identity, char key, HashAlgorithm hash) {
  const std::string octets(32, key);
  auto made = Credential::create(
      {.identity = as_bytes(identity), .key = as_bytes(octets), .hash = hash, .usage = PskUsage::tls13});
  FUZZ_CHECK(made);
  return *made;
}

// The groups whose keys come from the injected randomness; the others are not repeatable.
constexpr NamedGroup x25519 = NamedGroup::x25519;
constexpr NamedGroup x448 = NamedGroup::x448;
constexpr auto ke = PskKeyExchangeMode::psk_ke;
constexpr auto dhe = PskKeyExchangeMode::psk_dhe_ke;
constexpr TimePoint now{std::chrono::seconds(1'700'000'000)};

ContextOptions common(bool watched) {
  ContextOptions options;
  options.min_version = ProtocolVersion::tls13;  // what is below has a target of its own
  options.clock = [] { return now; };
  options.random = random;
  if (watched) options.key_log = on_key_log;
  options.groups = {x25519, x448};
  return options;
}

// Client and server of a number get on with each other, but for number 11. From 12 on they have
// certificates: alone, with an external key (RFC 8773), with tickets and early data, or raw public keys.
ContextOptions options_of(std::size_t number, bool watched) {
  ContextOptions options = common(watched);
  using enum CipherSuite;
  switch (number) {
    case 0:
      options.psk_modes = {ke};
      break;
    case 1:
      break;
    case 2:
      options.psk_modes = {dhe, ke};
      break;
    case 3:
      options.cipher_suites = {TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256};
      break;
    case 4:
      options.cipher_suites = {TLS_AES_128_CCM_SHA256, TLS_AES_128_CCM_8_SHA256};
      options.psk_modes = {ke};
      break;
    case 5:
      options.middlebox_compatibility = false;
      options.psk_modes = {ke};
      break;
    case 6:
      options.record_size_limit = 64;
      options.padding.block = 48;
      break;
    case 7:
      options.alpn = {"h2", "http/1.1"};
      options.padding.block = 100;
      break;
    case 8:
      options.psk_modes = {ke};
      options.limits.records_per_key = 3;
      break;
    case 9:
      options.key_shares = 0;
      break;
    case 10:
      options.psk_modes = {ke, dhe};
      break;
    case 12:
      options.certificate_compression = {CertificateCompressionAlgorithm::zlib};
      options.request_ocsp_response = true;
      break;
    case 13:
      options.cert_with_extern_psk = CertWithExternPsk::allow;
      break;
    case 14:
    case 15:
      break;
    default:
      options.limits = {.handshake_message = 600,
                        .handshake_octets = 900,
                        .empty_records = 2,
                        .warnings = 1,
                        .key_updates = 2,
                        .tickets = 1,
                        .psk_identities = 1,
                        .change_cipher_specs = 1};
      break;
  }
  return options;
}

std::shared_ptr<const Context> make(ContextOptions options) {
  auto context = Context::create(std::move(options));
  FUZZ_CHECK(context);
  return *context;
}

void add_certificates(ContextOptions& options, std::size_t number, Side side) {
  const Certificates& known = certificates();
  options.verification = VerificationOptions{.trust = known.trust};
  options.certificates = {side == Side::client ? known.of_client : known.of_server};
  if (side == Side::client) {
    options.post_handshake_auth = number == 12;
  } else if (number != 14) {
    options.client_certificates = ClientCertificates::require;
  }
  if (number != 15) return;
  if (side == Side::server) {
    options.certificates = {known.raw_of_server};
  } else {
    options.peer_certificate_types = {CertificateType::raw_public_key};
    options.verification->raw_public_keys = {known.public_key};
  }
}

// One key for all tickets, so that a session is good in every server of the process.
std::shared_ptr<TicketIssuer> issuer() {
  static const auto made = [] {
    auto keys = std::make_shared<TicketKeys>();
    const TicketKeys::Key key{{'n', 'a', 'm', 'e'}, {'k', 'e', 'y'}};
    FUZZ_CHECK(keys->set({&key, 1}));
    return keys;
  }();
  return made;
}

// Of a handshake of configuration 14.
const Session& session() {
  static const Session made = [] {
    const std::uint64_t before = std::exchange(random_state, 99);
    std::optional<Session> got;
    ContextOptions options = options_of(14, false);
    add_certificates(options, 14, Side::client);
    options.on_session = [&](const Session& session) { got = session; };
    auto client = Connection::client(make(std::move(options)),
                                     {.server_name = "example.org", .verify_name = "server.example"});
    auto server = Connection::server(server_context(14, Key::right, false));
    FUZZ_CHECK(client && server);
    for (int round = 0; round < 4; ++round) {
      for (const auto [from, to] : {std::pair(&*client, &*server), std::pair(&*server, &*client)}) {
        std::vector<std::uint8_t> octets(from->output().begin(), from->output().end());
        from->output_sent(octets.size());
        for (MutableBytes rest = octets; !rest.empty();) {
          const auto received = to->receive(rest);
          FUZZ_CHECK(received && received->consumed > 0);
          rest = rest.subspan(received->consumed);
        }
      }
    }
    FUZZ_CHECK(got && got->max_early_data() > 0);
    random_state = before;
    return *got;
  }();
  return made;
}

template <class Make>
std::shared_ptr<const Context> once(std::size_t number, Key key, bool watched, Make make_it) {
  static std::shared_ptr<const Context> made[configurations][2][2];
  auto& place = made[number % configurations][static_cast<std::size_t>(key)][watched];
  if (!place) place = make_it(number % configurations);
  return place;
}

}  // namespace

const std::vector<Credential>& credentials(Key key) {
  static const std::vector<Credential> right = {
      credential("alice", 'a', HashAlgorithm::sha256), credential("bob", 'b', HashAlgorithm::sha384),
      credential(std::string("\0\xff", 2), 'c', HashAlgorithm::sha256)};
  static const std::vector<Credential> wrong = {credential("alice", 'x', HashAlgorithm::sha256),
                                                credential("bob", 'y', HashAlgorithm::sha384)};
  return key == Key::right ? right : wrong;
}

const Credential* find_credential(Key key, Bytes identity) {
  for (const Credential& c : credentials(key)) {
    if (std::ranges::equal(c.identity(), identity)) return &c;
  }
  return nullptr;
}

std::shared_ptr<const Context> client_context(std::size_t number, Key key, bool watched) {
  return once(number, key, watched, [&](std::size_t n) {
    ContextOptions options = options_of(n, watched);
    if (n < 12 || n == 13) options.credentials = credentials(key);
    if (n >= 12) add_certificates(options, n, Side::client);
    if (n == 14) options.on_session = [](const Session&) {};
    if (n == 2) options.max_fragment_length = 512;
    return make(std::move(options));
  });
}

ClientOptions client_options(std::size_t number) {
  ClientOptions options{.server_name = "example.org", .verify_name = "server.example"};
  if (number % configurations != 14) return options;
  options.session = session();
  options.early_data = true;
  return options;
}

std::shared_ptr<const Context> server_context(std::size_t number, Key key, bool watched) {
  const auto make_it = [&](std::size_t n) {
    ContextOptions options = options_of(n, watched);
    if (n >= 12) add_certificates(options, n, Side::server);
    if (n == 14) {
      options.tickets.issuer = issuer();
      options.early_data = {.limit = 2000, .guard = std::make_shared<ReplayGuard>(ReplayGuardOptions{}, now)};
    }
    if (n >= 12 && n != 13) return make(std::move(options));
    if (n == 1) options.groups = {x448, x25519};
    if (n == 3) options.groups = {x448};  // a HelloRetryRequest
    if (n == 5) options.always_retry_with_cookie = true;
    if (n == 7) options.unknown_identity_alert = UnknownIdentityAlert::unknown_psk_identity;
    options.psk_source = make_psk_source([key, n](const PskQuery& query, PskAnswer& answer) {
      if (n == 10) return answer.later();
      // During a rotation the newest key is first, and the client has the older one.
      const Credential* const known = find_credential(key, query.identity);
      if (n == 2 && known) {
        if (const Credential* const newer = find_credential(Key::wrong, query.identity)) answer.add(*newer);
      }
      if (known) answer.add(*known);
    });
    return make(std::move(options));
  };
  // The record of early data is new for each connection: all say the same.
  if (number % configurations == 14) return make_it(14);
  return once(number, key, watched, make_it);
}

void seed_random(std::uint64_t seed) { random_state = seed; }
void watch(SecretSink* to) { sink = to; }

}  // namespace sesame::fuzz
