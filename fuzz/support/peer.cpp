#include "support/peer.h"

#include <algorithm>

#include "certificate/compression.h"
#include "crypto/key_exchange.h"
#include "extension/extension_type.h"
#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "message/encrypted_extensions.h"
#include "message/server_hello.h"
#include "psk/credential_body.h"
#include "secret/key_schedule.h"
#include "support/certificates.h"

namespace sesame::fuzz {

using extension::ExtensionType;
using message::HandshakeType;
using record::ContentType;

namespace {

constexpr std::size_t header_size = message::handshake_header_size;

const crypto::Provider& provider() {
  static const auto system = crypto::Provider::system();
  return **system;
}

Octets octets_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
void append(Octets& out, Bytes more) { out.insert(out.end(), more.begin(), more.end()); }

template <class T>
Octets encoded(const T& value) {
  wire::Buffer out;
  (void)wire::encode(out, value);  // what does not fit is left out: the script asked for it
  return octets_of(out.bytes());
}

bool is_retry(Bytes message) {
  const auto random = message.size() >= header_size + 34 ? message.subspan(header_size + 2, 32) : Bytes();
  return static_cast<HandshakeType>(message[0]) == HandshakeType::server_hello &&
         std::ranges::equal(random, message::hello_retry_request_random);
}

}  // namespace

Peer::Peer(Subject& subject, Side own_side, std::size_t configuration, Key key)
    : subject_(subject),
      side_(own_side),
      configuration_(configuration),
      key_(key),
      sent_(own_side, crypto::Aead::Direction::seal) {
  if (own_side == Side::client) {
    auto made = Connection::client(client_context(configuration, key, false), client_options(configuration));
    FUZZ_CHECK(made);
    partner_ = std::move(*made);
  }
  subject_.on_message = [this](Bytes message) {
    messages_.push_back(octets_of(message));
    if (static_cast<HandshakeType>(message[0]) == HandshakeType::client_hello)
      last_hello_ = octets_of(message);
    if (partner_ && is_retry(message)) {
      // The pattern of the second ClientHello.
      Octets record = {22, 3, 3, static_cast<std::uint8_t>(message.size() >> 8),
                       static_cast<std::uint8_t>(message.size())};
      append(record, message);
      (void)partner_->receive(record);
    }
  };
  subject_.check();  // a client has spoken already
}

void Peer::run(Script& script) {
  for (int steps = 0; !script.empty() && steps < 200; ++steps) {
    step(script);
    subject_.check();
    subject_.take_output();
  }
  flush_messages();
  subject_.check();
}

void Peer::step(Script& script) {
  switch (static_cast<Step>(script.octet() % static_cast<unsigned>(Step::count))) {
    case Step::hello:
      return side_ == Side::client ? send_client_hello(script) : send_server_hello(script, false);
    case Step::retry:
      return side_ == Side::client ? send_client_hello(script) : send_server_hello(script, true);
    case Step::extensions:
      return send_encrypted_extensions(script);
    case Step::finished:
      return send_finished(script);
    case Step::change_cipher_spec: {
      const std::uint8_t one[] = {1};
      return send_record(ContentType::change_cipher_spec, one, 0, false);
    }
    case Step::message: {
      const auto type = static_cast<HandshakeType>(script.octet());
      return send_message(type, script.block());
    }
    case Step::record: {
      const auto type = static_cast<ContentType>(script.octet());
      const bool is_protected = script.octet() % 4 != 0;
      return send_record(type, script.block(), padding_, is_protected);
    }
    case Step::key_update:
      return send_key_update(script);
    case Step::data: {
      const Octets data(std::min<std::size_t>(script.word(), record::max_plaintext), 'p');
      return send_record(ContentType::application_data, data, padding_, true);
    }
    case Step::alert: {
      const std::uint8_t alert[] = {script.octet(), script.octet()};
      return send_record(ContentType::alert, alert, 0, true);
    }
    case Step::raw:
      return deliver(script.block());
    case Step::use: {
      const std::uint8_t what = script.octet();
      return subject_.use(what, script.word());
    }
    case Step::mode:
      flush_messages();
      coalesce_ = script.octet() % 2 != 0;
      piece_ = script.octet();
      padding_ = script.octet();
      fragment_ = 1 + script.word() % record::max_plaintext;
      return;
    case Step::certificate:
      return send_certificate(script);
    case Step::verify:
      return send_certificate_verify(script);
    case Step::early_data: {
      const Octets data(std::min<std::size_t>(script.word(), 4000), 'e');
      if (sent_.epoch() == Direction::Epoch::plain)
        (void)sent_.enter(Direction::Epoch::early, subject_.secrets(), subject_.suite());
      return send_record(ContentType::application_data, data, padding_, true);
    }
    case Step::end_of_early_data:
      send_message(HandshakeType::end_of_early_data, script.block());
      flush_messages();
      (void)sent_.enter(Direction::Epoch::handshake, subject_.secrets(), subject_.suite());
      return;
    default:
      (void)sent_.enter(sent_.is_protected() ? Direction::Epoch::application : Direction::Epoch::handshake,
                        subject_.secrets(), subject_.suite());
  }
}

// ---- extension blocks, edited ----

Octets Peer::block_of(const Items& items) {
  wire::Buffer out;
  for (const Item& item : items) {
    (void)wire::encode(out, message::Extension{static_cast<ExtensionType>(item.type), {item.data}});
  }
  return octets_of(out.bytes().first(std::min<std::size_t>(out.size(), 0xffff)));
}

Peer::Items Peer::items_of(Bytes block) {
  Items out;
  wire::list<message::Extension, 0, 0xffff>{block}.for_each([&](const message::Extension& e) {
    out.push_back({static_cast<std::uint16_t>(e.extension_type), octets_of(e.extension_data.data)});
  });
  return out;
}

void Peer::edit(Script& script, Items& items) const {
  for (unsigned edits = script.octet() % 8; edits > 0; --edits) {
    const unsigned kind = script.octet() % 7;
    const std::size_t at = items.empty() ? 0 : script.octet() % items.size();
    if (items.empty() && kind != 3) continue;
    switch (kind) {
      case 0:
        items.erase(items.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 1:
        items.push_back(Item(items[at]));
        break;
      case 2:
        items[at].data = octets_of(script.block());
        break;
      case 3: {
        const std::uint16_t type = script.word();
        items.insert(items.begin() + static_cast<std::ptrdiff_t>(at), {type, octets_of(script.block())});
        break;
      }
      case 4:
        std::swap(items[at], items[script.octet() % items.size()]);
        break;
      case 5: {
        Octets& data = items[at].data;
        const std::size_t offset = script.word();
        const std::uint8_t change = script.octet();
        if (!data.empty()) data[offset % data.size()] ^= change;
        break;
      }
      default:
        items[at].data.resize(script.octet());
        break;
    }
  }
}

// ---- hellos ----

void Peer::send_client_hello(Script& script) {
  // The partner's: the first, or the second after a HelloRetryRequest; or the last one again.
  const Bytes output = partner_->output();
  if (output.size() > record::header_size && output[0] == 22) {
    last_hello_ = octets_of(output.subspan(record::header_size, record::Header::read(output).length));
    partner_->output_sent(output.size());
  } else if (output.size() > record::header_size + 1 && output[0] == 20) {
    const Bytes behind = output.subspan(record::header_size + 1);
    if (behind.size() > record::header_size)
      last_hello_ = octets_of(behind.subspan(record::header_size, record::Header::read(behind).length));
    partner_->output_sent(output.size());
  }
  if (last_hello_.size() < header_size) return;
  auto hello = wire::decode<message::ClientHello>(Bytes(last_hello_).subspan(header_size));
  if (!hello) return;
  const std::uint8_t what = script.octet();
  if (what & 1) hello->legacy_version = script.word();
  if (what & 2) hello->legacy_session_id.data = script.block();
  if (what & 4) hello->cipher_suites.raw = script.block();
  if (what & 8) hello->legacy_compression_methods.data = script.block();
  if (what & 16) hello->random[script.octet() % 32] ^= script.octet();
  Items items = items_of(hello->extensions.raw);
  edit(script, items);
  const Octets block = block_of(items);
  hello->extensions.raw = block;
  hello->extensions.present = what != 255;
  if (!hello->extensions.present) hello->extensions.raw = {};
  Octets body = encoded(*hello);
  if (body.empty()) return;
  if ((what & 64) == 0) fix_binders(body);
  send_message(HandshakeType::client_hello, body);
}

// RFC 8446 section 4.2.11.2, for whatever the extension has become, as long as it can be read and is the last
// one.
void Peer::fix_binders(Octets& body) const {
  const auto hello = wire::decode<message::ClientHello>(body);
  if (!hello) return;
  const Items items = items_of(hello->extensions.raw);
  if (items.empty() || items.back().type != static_cast<std::uint16_t>(ExtensionType::pre_shared_key)) return;
  const auto psks = wire::decode<extension::OfferedPsks>(items.back().data);
  if (!psks || psks->binders.raw.size() > body.size()) return;
  Octets whole = {static_cast<std::uint8_t>(HandshakeType::client_hello),
                  static_cast<std::uint8_t>(body.size() >> 16), static_cast<std::uint8_t>(body.size() >> 8),
                  static_cast<std::uint8_t>(body.size())};
  append(whole, body);
  const std::size_t binders_at = body.size() - psks->binders.raw.size();
  const Bytes truncated = Bytes(whole).first(header_size + binders_at - 2);
  wire::Reader identities(psks->identities.raw), binders(psks->binders.raw);
  std::size_t at = binders_at;
  while (!identities.empty() && !binders.empty()) {
    extension::PskIdentity identity;
    extension::PskBinderEntry binder;
    read(identities, identity);
    read(binders, binder);
    const Credential* const credential = find_credential(key_, identity.identity.data);
    if (credential && binder.data.size() == provider().hash(credential->hash()).size()) {
      const crypto::HashValue hash = transcript(credential->hash(), truncated);
      psk::CredentialAccess::body(*credential)
          .secrets()
          .binder.mac({hash.bytes()}, MutableBytes(body).subspan(at + 1, hash.size()));
    }
    at += 1 + binder.data.size();
  }
}

void Peer::send_server_hello(Script& script, bool retry) {
  const auto client = wire::decode<message::ClientHello>(Bytes(last_hello_).subspan(header_size));
  FUZZ_CHECK(client);  // the subject's own
  message::ServerHello hello;
  if (retry) {
    hello.random = message::hello_retry_request_random;
  } else {
    hello.random.fill(7);
  }
  hello.legacy_session_id_echo.data = client->legacy_session_id.data;
  const std::uint8_t what = script.octet();
  const std::uint8_t choice = script.octet();
  const std::size_t suites = client->cipher_suites.count();
  std::size_t i = 0;
  client->cipher_suites.for_each([&](CipherSuite id) {
    if (i++ == choice % suites) hello.cipher_suite = id;
  });

  const Items offered = items_of(client->extensions.raw);
  const auto find = [&](ExtensionType type) -> const Octets* {
    for (const Item& item : offered) {
      if (item.type == static_cast<std::uint16_t>(type)) return &item.data;
    }
    return nullptr;
  };
  const auto item = [](ExtensionType type, Bytes data) {
    return Item{static_cast<std::uint16_t>(type), octets_of(data)};
  };
  const std::uint8_t tls13[] = {3, 4};
  Items items = {item(ExtensionType::supported_versions, tls13)};
  if (const Octets* const shares = find(ExtensionType::key_share); shares && retry) {
    const auto group = choice & 16 ? NamedGroup::x25519 : NamedGroup::x448;
    items.push_back(item(ExtensionType::key_share, encoded(extension::KeyShareHelloRetryRequest{group})));
  } else if (shares && (choice & 32) == 0) {
    const auto list = wire::decode<extension::KeyShareClientHello>(*shares);
    if (list) {
      bool done = false;
      list->client_shares.for_each([&](const extension::KeyShareEntry& theirs) {
        if (done) return;
        Octets share(crypto::key_share_size(theirs.group, Side::server));
        secret::SharedSecret secret;
        const auto random = [](MutableBytes out) { std::fill(out.begin(), out.end(), std::uint8_t{9}); };
        if (!crypto::respond(provider(), theirs.group, theirs.key_exchange.data, share, secret, random))
          return;
        items.push_back(
            item(ExtensionType::key_share, encoded(extension::KeyShareServerHello{{theirs.group, {share}}})));
        done = true;
      });
    }
  }
  if (retry && (choice & 8) != 0) {
    const std::uint8_t cookie[] = {0, 3, 'c', 'o', 'o'};
    items.push_back(item(ExtensionType::cookie, cookie));
  }
  // Where there are certificates, 0 is no key.
  const unsigned chosen = choice >> 6, none = by_certificate(subject_.configuration()) ? 1 : 0;
  if (!retry && chosen >= none)
    items.push_back(item(ExtensionType::pre_shared_key,
                         encoded(extension::SelectedPsk{static_cast<std::uint16_t>(chosen - none)})));

  if (what & 1) hello.legacy_version = script.word();
  if (what & 2) hello.legacy_session_id_echo.data = script.block();
  if (what & 4) hello.cipher_suite = static_cast<CipherSuite>(script.word());
  if (what & 8) hello.legacy_compression_method = script.octet();
  if (what & 16) hello.random[script.octet() % 32] ^= script.octet();
  edit(script, items);
  const Octets block = block_of(items);
  hello.extensions.raw = block;
  hello.extensions.present = what != 255;
  if (!hello.extensions.present) hello.extensions.raw = {};
  const Octets body = encoded(hello);
  if (body.empty()) return;
  send_message(HandshakeType::server_hello, body);
  if (!sent_.is_protected()) {
    if (!coalesce_) (void)sent_.enter(Direction::Epoch::handshake, subject_.secrets(), subject_.suite());
  }
}

void Peer::send_encrypted_extensions(Script& script) {
  Items items;
  edit(script, items);
  const Octets block = block_of(items);
  send_message(HandshakeType::encrypted_extensions, encoded(message::EncryptedExtensions{{block}}));
}

// ---- the rest of the handshake ----

void Peer::send_finished(Script& script) {
  const Secrets& secrets = subject_.secrets();
  const Octets& secret = side_ == Side::client ? secrets.client_handshake : secrets.server_handshake;
  const std::uint8_t change = script.octet();
  if (secret.empty()) return;
  if (!sent_.is_protected()) (void)sent_.enter(Direction::Epoch::handshake, secrets, subject_.suite());
  const HashAlgorithm hash = hash_of_secret(secret);
  const crypto::HmacKey key(provider().hash(hash), secret);
  const crypto::HashValue verify_data = secret::finished_verify_data(key, transcript(hash, {}).bytes());
  Octets body = octets_of(verify_data.bytes());
  if (change != 0) body[change % body.size()] ^= change;
  if (change == 255) body.pop_back();
  // In these two nothing but a signature by the right key will do.
  const bool by_signature = subject_.configuration() == 12 || subject_.configuration() == 15;
  if (change == 0 && (proved_ || !by_signature)) subject_.may_be_done();
  send_message(HandshakeType::finished, body);
  flush_messages();
  (void)sent_.enter(Direction::Epoch::application, secrets, subject_.suite());
}

// ---- certificates ----

void Peer::send_certificate(Script& script) {
  if (!sent_.is_protected())
    (void)sent_.enter(Direction::Epoch::handshake, subject_.secrets(), subject_.suite());
  const Certificates& known = certificates();
  const std::uint8_t what = script.octet();
  std::vector<const Octets*> chain = {side_ == Side::client ? &known.client : &known.server,
                                      &known.intermediate};
  if (side_ == Side::server && subject_.configuration() == 15) chain = {&known.public_key};
  if (what & 1) chain.clear();
  wire::Buffer body;
  wire::Writer w(body);
  w.prefixed(1, [&] {
    if (what & 2) w.put(script.block());
  });
  w.prefixed(3, [&] {
    for (const Octets* const one : chain) {
      w.prefixed(3, [&] { w.put(*one); });
      Items items;
      if (what & 4) edit(script, items);
      w.prefixed(2, [&] { w.put(block_of(items)); });
    }
  });
  Octets octets = octets_of(body.bytes());
  if (what & 8) {
    const std::size_t at = script.word();
    octets[at % octets.size()] ^= script.octet();
  }
  if ((what & 16) == 0) return send_message(HandshakeType::certificate, octets);
  const auto algorithm = static_cast<CertificateCompressionAlgorithm>(1 + (what >> 5) % 3);
  const std::size_t size = octets.size();
  const Octets small = certificate::compress(algorithm, octets);
  Octets message = {0, static_cast<std::uint8_t>(algorithm), static_cast<std::uint8_t>(size >> 16),
                    static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
  const std::size_t length = small.size();
  append(message, Octets{static_cast<std::uint8_t>(length >> 16), static_cast<std::uint8_t>(length >> 8),
                         static_cast<std::uint8_t>(length)});
  append(message, small);
  send_message(HandshakeType::compressed_certificate, message);
}

void Peer::send_certificate_verify(Script& script) {
  const std::uint8_t change = script.octet();
  const Secrets& secrets = subject_.secrets();
  if (secrets.client_handshake.empty()) return;
  const HashAlgorithm hash = hash_of_secret(secrets.client_handshake);
  Octets input(64, 0x20);
  append(input, as_bytes(side_ == Side::server ? "TLS 1.3, server CertificateVerify"
                                               : "TLS 1.3, client CertificateVerify"));
  input.push_back(0);
  append(input, transcript(hash, {}).bytes());
  const Octets signature = signature_by(side_, input);
  Octets body = {8, 7, 0, static_cast<std::uint8_t>(signature.size())};  // ed25519
  append(body, signature);
  if (change != 0) body[change % body.size()] ^= change;
  proved_ = proved_ || change == 0;
  send_message(HandshakeType::certificate_verify, body);
}

void Peer::send_key_update(Script& script) {
  const std::uint8_t request[] = {script.octet()};
  send_message(HandshakeType::key_update, Bytes(request).first(1));
  flush_messages();
  if (sent_.epoch() == Direction::Epoch::application) sent_.update();
}

crypto::HashValue Peer::transcript(HashAlgorithm algorithm, Bytes more) const {
  transcript::Transcript out;
  out.begin(provider().hash(algorithm));
  bool retried = false;
  for (const Octets& message : messages_) {
    if (is_retry(message) && !retried) {
      retried = true;
      out.replace_by_message_hash();
    }
    out.add(message);
  }
  return out.value_with(algorithm, more);
}

// ---- records ----

void Peer::send_message(HandshakeType type, Bytes body) {
  Octets message = {static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(body.size() >> 16),
                    static_cast<std::uint8_t>(body.size() >> 8), static_cast<std::uint8_t>(body.size())};
  append(message, body);
  append(waiting_, message);
  messages_.push_back(std::move(message));
  if (!coalesce_) flush_messages();
}

void Peer::flush_messages() {
  Octets all = std::exchange(waiting_, {});
  for (Bytes rest = all; !rest.empty();) {
    // Pieces of a few octets each would only be slow: no more than a hundred of them.
    const std::size_t n = std::min(rest.size(), std::max(fragment_, all.size() / 100));
    send_record(ContentType::handshake, rest.first(n), padding_, true);
    rest = rest.subspan(n);
  }
}

void Peer::send_record(ContentType type, Bytes content, std::size_t padding, bool is_protected) {
  content = content.first(std::min<std::size_t>(content.size(), record::max_plaintext));
  padding = std::min(padding, record::max_plaintext - content.size());
  if (!is_protected || !sent_.is_protected()) {
    Octets record(record::header_size);
    record::Header{type, content.size()}.write(record);
    append(record, content);
    return deliver(record);
  }
  Octets record(sent_.protection().overhead() + content.size() + padding);
  FUZZ_CHECK(sent_.protection().seal(type, content, padding, record.data()));
  deliver(record);
}

void Peer::deliver(Bytes octets) {
  if (octets.size() > 600 && piece_ != 0 && piece_ < 16) return subject_.receive(octets, 16);
  subject_.receive(octets, piece_);
}

}  // namespace sesame::fuzz
