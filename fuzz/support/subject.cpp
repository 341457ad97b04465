#include "support/subject.h"

#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "record/record.h"
#include "secret/key_schedule.h"
#include "support/script.h"

namespace sesame::fuzz {

using message::HandshakeType;
using record::ContentType;

namespace {

const crypto::Provider& provider() {
  static const auto system = crypto::Provider::system();
  return **system;
}

// What a connection may hold beside what was sent to it: the handshake's state, some key shares, a table of
// unknown extensions, buffers that have doubled.
constexpr std::size_t memory_of_its_own = 160 * 1024;
constexpr std::size_t memory_for_an_octet = 8;
// Chains as libcrypto has them, what a message expands to, and what libcrypto keeps of its first use.
constexpr std::size_t memory_for_certificates = 1024 * 1024;

}  // namespace

std::optional<policy::Suite> suite_of(CipherSuite id) { return policy::find_suite(provider(), id); }

HashAlgorithm hash_of_secret(Bytes secret) {
  return secret.size() == 48 ? HashAlgorithm::sha384 : HashAlgorithm::sha256;
}

bool Direction::enter(Epoch epoch, const Secrets& secrets, CipherSuite suite) {
  const bool client = sender_ == Side::client;
  const Octets& secret = epoch == Epoch::early ? secrets.client_early
                         : epoch == Epoch::handshake
                             ? (client ? secrets.client_handshake : secrets.server_handshake)
                             : (client ? secrets.client_application : secrets.server_application);
  suite_ = suite_of(suite);
  if (secret.empty() || !suite_) return false;
  epoch_ = epoch;
  set(secret);
  return true;
}

void Direction::set(Bytes secret) {
  secret_.assign(secret.begin(), secret.end());
  const crypto::HmacKey key(provider().hash(hash_of_secret(secret)), secret_);
  const secret::TrafficKeys keys = secret::traffic_keys(key, suite_->aead->key_size());
  FUZZ_CHECK(protection_.set_keys(*suite_->aead, direction_, keys.key.bytes(), keys.iv.bytes()));
}

void Direction::update() {
  const crypto::HmacKey key(provider().hash(hash_of_secret(secret_)), secret_);
  set(secret::next_traffic_secret(key).bytes());
}

Subject::Subject(Side side, std::size_t configuration)
    : configuration_(configuration % configurations), sent_(side, crypto::Aead::Direction::open) {
  const auto context = side == Side::client ? client_context(configuration, Key::right, true)
                                            : server_context(configuration, Key::right, true);
  watch(this);
  memory_before_ = __sanitizer_get_current_allocated_bytes();
  auto made = side == Side::client ? Connection::client(context, client_options(configuration))
                                   : Connection::server(context);
  FUZZ_CHECK(made);
  connection_ = std::move(*made);
}

Subject::~Subject() {
  watch(nullptr);
  // For who wonders how far an input comes.
  if (!std::getenv("SESAME_FUZZ_VERBOSE")) return;
  const std::string state(connection_->state());
  std::fprintf(stderr, "%s%s: %s\n", state.c_str(), connection_->handshake_done() ? ", done" : "",
               dead() ? connection_->error()->message().c_str() : "alive");
}

void Subject::on_secret(std::string_view label, Bytes secret) {
  Octets* const place = label == "CLIENT_EARLY_TRAFFIC_SECRET"       ? &secrets_.client_early
                        : label == "CLIENT_HANDSHAKE_TRAFFIC_SECRET" ? &secrets_.client_handshake
                        : label == "SERVER_HANDSHAKE_TRAFFIC_SECRET" ? &secrets_.server_handshake
                        : label == "CLIENT_TRAFFIC_SECRET_0"         ? &secrets_.client_application
                        : label == "SERVER_TRAFFIC_SECRET_0"         ? &secrets_.server_application
                                                                     : nullptr;
  if (place) place->assign(secret.begin(), secret.end());
}

void Subject::receive(Bytes octets, std::size_t piece) {
  while (!octets.empty()) {
    const Bytes next = octets.first(std::min(piece ? piece : octets.size(), octets.size()));
    octets = octets.subspan(next.size());
    received_ += next.size();
    unread_.insert(unread_.end(), next.begin(), next.end());
    for (;;) {
      // A copy of just this size: who reads on is caught.
      const auto exact = std::make_unique<std::uint8_t[]>(unread_.size());
      const MutableBytes input(exact.get(), unread_.size());
      std::copy(unread_.begin(), unread_.end(), exact.get());
      const auto result = connection_->receive(input);
      if (!result) {
        FUZZ_CHECK(dead());
        unread_.clear();
        check();
        break;
      }
      FUZZ_CHECK(!dead() && result->consumed <= input.size());
      if (!result->data.empty()) {
        FUZZ_CHECK((connection_->handshake_done() || result->early) &&
                   result->data.size() <= record::max_plaintext);
        FUZZ_CHECK(result->data.data() >= input.data() &&
                   result->data.data() + result->data.size() <= input.data() + result->consumed);
      }
      unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(result->consumed));
      check();
      if (result->consumed == 0) {
        // It waits for more, and says for how much; or for a key.
        if (connection_->wait() != Wait::psk_lookup) FUZZ_CHECK(connection_->wanted(unread_) > 0);
        break;
      }
      if (dead()) break;
    }
  }
}

void Subject::use(std::uint8_t what, std::size_t size) {
  Connection& c = *connection_;
  const Octets data(std::min<std::size_t>(size, 40'000), 'd');
  switch (what % 14) {
    case 0: {
      const bool done = c.handshake_done() && !c.write_closed() && !dead();
      const auto sent = c.send(data);
      FUZZ_CHECK(sent.has_value() == done);
      break;
    }
    case 1: {
      Octets into(std::min<std::size_t>(size, 40'000));
      const auto sealed = c.seal(Octets(500, 's'), into);
      if (sealed) {
        FUZZ_CHECK(sealed->written <= into.size() && sealed->consumed <= 500);
        judge_output(Bytes(into).first(sealed->written));
      }
      break;
    }
    case 2:
      (void)c.update_keys(size % 2 != 0);
      break;
    case 3:
      closed_here_ = true;
      (void)c.close();
      break;
    case 4:
      (void)c.transport_closed();
      break;
    case 5:
    case 6: {
      const bool pending = c.wait() == Wait::psk_lookup;
      const auto query = c.pending_psk();
      FUZZ_CHECK(query.has_value() || !pending);
      std::vector<Credential> answer;
      if (query) {
        const Credential* const right = find_credential(Key::right, query->identity);
        const Credential* const wrong = find_credential(Key::wrong, query->identity);
        if (wrong && size % 4 >= 2) answer.push_back(*wrong);
        if (right && size % 2 == 1) answer.push_back(*right);
      }
      const auto supplied = c.supply_psk(answer);
      FUZZ_CHECK(query || !supplied);
      break;
    }
    case 7: {
      std::uint8_t out[40];
      const auto exported = c.export_keying_material("label", data, out);
      FUZZ_CHECK(exported.has_value() == (c.handshake_done() && !dead()));
      break;
    }
    case 9: {
      const auto sent = c.send_early(data);
      FUZZ_CHECK(!sent || (*sent <= data.size() && !c.handshake_done()));
      break;
    }
    case 10:
      (void)c.request_certificate(size % 2 != 0);
      break;
    case 11:
      (void)c.send_ticket();
      break;
    case 12: {
      std::uint8_t out[40];
      (void)c.export_early_keying_material("label", data, out);
      FUZZ_CHECK(!c.supply_verdict(std::nullopt) && !c.supply_signature(data));
      break;
    }
    default:
      // All that can be asked at any time.
      (void)c.version(), (void)c.cipher_suite(), (void)c.psk_mode(), (void)c.group(), (void)c.alpn(),
          (void)c.server_name();
      (void)c.psk_identity(), (void)c.used_older_key(), (void)c.retried(), (void)c.state(),
          (void)c.sealed_size(size);
  }
  check();
}

Octets Subject::take_output() { return std::exchange(output_, {}); }

void Subject::check() {
  const Bytes output = connection_->output();
  const Octets octets(output.begin(), output.end());
  connection_->output_sent(octets.size());
  FUZZ_CHECK(connection_->output().empty());
  judge_output(octets);
  // Nobody who lacks the key gets here.
  if (connection_->handshake_done()) FUZZ_CHECK(may_be_done_);
  if (connection_->authentication() != Authentication::none) FUZZ_CHECK(may_be_done_);
  if (connection_->wait() == Wait::nothing) FUZZ_CHECK(connection_->handshake_done() && !dead());
  check_death();
  check_memory();
}

void Subject::check_death() {
  if (!dead()) return;
  Connection& c = *connection_;
  const Error& error = *c.error();
  if (!was_dead_) {
    was_dead_ = true;
    FUZZ_CHECK(!error.message().empty() && !error.advice().empty() && !name(error.reason()).empty());
    // The peer is told, unless it was itself that said so, or this side had closed already.
    if (!error.from_peer() && error.alert() != Alert::none && !closed_here_) FUZZ_CHECK(alerted_);
    if (error.from_peer()) FUZZ_CHECK(!alerted_ || closed_here_);
  }
  FUZZ_CHECK(c.wait() == Wait::closed && c.read_closed() && c.write_closed());
  std::uint8_t octet[6] = {23, 3, 3, 0, 1, 0};
  FUZZ_CHECK(!c.receive(octet) && !c.send(octet) && !c.update_keys() && !c.close() && !c.supply_psk({}) &&
             !c.transport_closed());
  FUZZ_CHECK(!c.seal(octet, MutableBytes(octet)) && !c.export_keying_material("x", {}, MutableBytes(octet)));
  FUZZ_CHECK(c.output().empty() && !c.pending_psk() && c.error() == &error);
}

void Subject::check_memory() const {
  const std::size_t now = __sanitizer_get_current_allocated_bytes();
  const std::size_t certificates = by_certificate(configuration_) ? memory_for_certificates : 0;
  const std::size_t own =
      memory_of_its_own + certificates + memory_for_an_octet * (received_ + output_.size());
  FUZZ_CHECK(now < memory_before_ + own);
}

// ---- what the subject sends ----

void Subject::judge_output(Bytes octets) {
  output_.insert(output_.end(), octets.begin(), octets.end());
  while (!octets.empty()) {
    FUZZ_CHECK(octets.size() >= record::header_size);  // whole records at a time
    const record::Header header = record::Header::read(octets);
    const std::size_t size = record::header_size + header.length;
    FUZZ_CHECK(octets[1] == 3 && octets[2] == 3 && octets.size() >= size && header.length > 0);
    judge_record(Octets(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size)));
    octets = octets.subspan(size);
  }
}

void Subject::judge_record(Octets record) {
  FUZZ_CHECK(!alerted_);  // nothing goes out behind an alert, be it close_notify
  const auto type = static_cast<ContentType>(record[0]);
  const Bytes content = Bytes(record).subspan(record::header_size);
  if (sent_.epoch() == Direction::Epoch::early &&
      (type == ContentType::handshake || type == ContentType::alert)) {
    FUZZ_CHECK(connection_->retried() || dead());  // a HelloRetryRequest ends it
    sent_.leave();
    secrets_.client_early.clear();
  }
  switch (type) {
    case ContentType::change_cipher_spec:
      FUZZ_CHECK(content.size() == 1 && content[0] == 1 && ++change_cipher_specs_ <= 1);
      return;
    case ContentType::alert:
      FUZZ_CHECK(!sent_.is_protected());
      return judge_alert(content);
    case ContentType::handshake:
      FUZZ_CHECK(!sent_.is_protected() && content.size() <= record::max_plaintext);
      return judge_messages(content);
    default:
      FUZZ_CHECK(type == ContentType::application_data);
  }
  // A server's keys begin behind its ServerHello; a client's when it is the first time that it protects
  // anything: with those of early data, if it has offered any.
  if (!sent_.is_protected()) {
    const bool early = sent_.sender() == Side::client && !secrets_.client_early.empty();
    FUZZ_CHECK(early ? sent_.enter(Direction::Epoch::early, secrets_, CipherSuite::TLS_AES_128_GCM_SHA256)
                     : sent_.enter(Direction::Epoch::handshake, secrets_, suite()));
  }
  FUZZ_CHECK(content.size() <= record::max_plaintext + 1 + sent_.protection().tag_size());
  Octets again = record;
  auto opened = sent_.protection().open(record);
  if (!opened && sent_.epoch() == Direction::Epoch::early) {  // the server has rejected it
    FUZZ_CHECK(sent_.enter(Direction::Epoch::handshake, secrets_, suite()));
    opened = sent_.protection().open(again);
  }
  FUZZ_CHECK(opened);
  switch (opened->type) {
    case ContentType::alert:
      return judge_alert(opened->content);
    case ContentType::handshake:
      return judge_messages(opened->content);
    default:
      FUZZ_CHECK(opened->type == ContentType::application_data);
      if (sent_.epoch() == Direction::Epoch::early) return;
      FUZZ_CHECK(sent_.epoch() == Direction::Epoch::application);
      FUZZ_CHECK(connection_->handshake_done() && may_be_done_);
  }
}

void Subject::judge_alert(Bytes content) {
  FUZZ_CHECK(content.size() == 2 && message_.empty());
  alerted_ = true;
  const auto alert = static_cast<Alert>(content[1]);
  if (alert == Alert::close_notify) {
    FUZZ_CHECK(content[0] == 1 && closed_here_);
    return;
  }
  FUZZ_CHECK(content[0] == 2 && dead() && connection_->error()->alert() == alert &&
             !connection_->error()->from_peer());
}

void Subject::judge_messages(Bytes content) {
  message_.insert(message_.end(), content.begin(), content.end());
  while (message_.size() >= message::handshake_header_size) {
    const std::size_t size = message::handshake_header_size +
                             (std::size_t{message_[1]} << 16 | std::size_t{message_[2]} << 8 | message_[3]);
    if (message_.size() < size) return;
    const auto type = static_cast<HandshakeType>(message_[0]);
    const bool plain = type == HandshakeType::client_hello || type == HandshakeType::server_hello;
    FUZZ_CHECK(plain == !sent_.is_protected());
    if (on_message) on_message(Bytes(message_).first(size));
    if (type == HandshakeType::finished && sent_.epoch() == Direction::Epoch::handshake) {
      FUZZ_CHECK(message_.size() == size && sent_.enter(Direction::Epoch::application, secrets_, suite()));
    } else if (type == HandshakeType::key_update) {
      FUZZ_CHECK(message_.size() == size && sent_.epoch() == Direction::Epoch::application);
      sent_.update();
    } else if (type == HandshakeType::end_of_early_data) {
      FUZZ_CHECK(message_.size() == size && sent_.epoch() == Direction::Epoch::early);
      FUZZ_CHECK(sent_.enter(Direction::Epoch::handshake, secrets_, suite()));
    } else if (type == HandshakeType::certificate || type == HandshakeType::compressed_certificate ||
               type == HandshakeType::certificate_verify || type == HandshakeType::certificate_request ||
               type == HandshakeType::new_session_ticket || type == HandshakeType::finished) {
      FUZZ_CHECK(by_certificate(configuration_));
    } else {
      FUZZ_CHECK(plain || type == HandshakeType::encrypted_extensions);
    }
    message_.erase(message_.begin(), message_.begin() + static_cast<std::ptrdiff_t>(size));
  }
}

}  // namespace sesame::fuzz
