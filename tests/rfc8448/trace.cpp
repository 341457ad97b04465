#include "rfc8448/trace.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "message/handshake_type.h"
#include "message/server_hello.h"
#include "support/key_exchange_access.h"

namespace sesame::test {
namespace {

constexpr HashAlgorithm sha256 = HashAlgorithm::sha256;

std::string hex(const secret::SecretBytes& secret) { return to_hex(secret.bytes()); }
std::string hex(const crypto::HashValue& value) { return to_hex(value.bytes()); }

Octets joined(const Octets& a, const Octets& b) {
  Octets out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

/// What the four octets of a handshake header say about the rest.
std::size_t body_size(const Octets& message) {
  return static_cast<std::size_t>(message[1]) << 16 | static_cast<std::size_t>(message[2]) << 8 | message[3];
}

bool is_hello_retry_request(const Octets& message) {
  const auto& random = message::hello_retry_request_random;
  return message[0] == static_cast<std::uint8_t>(message::HandshakeType::server_hello) &&
         std::equal(random.begin(), random.end(), message.begin() + 6);
}

}  // namespace

Trace::Trace(Route route, Octets psk)
    : provider_(provider_by(route)),
      hash_(provider_->hash(sha256)),
      psk_(psk.empty() ? Octets(hash_.size()) : std::move(psk)),
      secrets_(psk::derive_psk_secrets(hash_, psk_, psk::PskKind::resumption)) {
  transcript_.begin(hash_);
}

void Trace::walk(const Vectors& vectors) {
  for (const Block& block : vectors.blocks()) {
    SCOPED_TRACE(block.title);
    const std::size_t first = block.title.find(' '), second = block.title.find(' ', first + 1);
    const std::string who = block.title.substr(0, first);
    ASSERT_TRUE(who == "client" || who == "server");
    step(who == "client" ? Role::client : Role::server, block.title.substr(first + 1, second - first - 1),
         second == std::string::npos ? "" : block.title.substr(second + 1), block);
    if (testing::Test::HasFatalFailure()) return;
  }
}

void Trace::step(Role role, const std::string& what, const std::string& which, const Block& block) {
  if (what == "key_pair") return key_pair(role, which, block);
  if (what == "message") return message(role, which, block);
  if (what == "record") return record(role, which, block);
  if (what == "extract") return extract(which, block);
  if (what == "salt") return salt(which, block);
  if (what == "derive") return derive(which, block);
  if (what == "keys") return keys(role, which, block);
  if (what == "finished") return finished(role, block);
  if (what == "binder") return binder(block);
  if (what == "resumption") return resumption(block);
  FAIL() << "no rule for this step";
}

// ---- messages ----

void Trace::message(Role role, const std::string& type, const Block& block) {
  const Octets& octets = block["octets"];
  if (body_size(octets) + message::handshake_header_size > octets.size()) {
    truncated_hello_ = octets;  // the binders are still to come
    return;
  }
  if (type == "Finished") {
    EXPECT_EQ(to_hex(octets), to_hex(joined({20, 0, 0, 32}, party(role).finished)));
  }
  add_message(role, octets);
}

void Trace::add_message(Role role, const Octets& octets) {
  EXPECT_EQ(body_size(octets) + message::handshake_header_size, octets.size());
  if (is_hello_retry_request(octets)) transcript_.replace_by_message_hash();
  Octets& unsent = party(role).unsent;
  unsent = joined(unsent, octets);
  transcript_.add(octets);
}

// RFC 8446 section 4.2.11.2.
void Trace::binder(const Block& block) {
  EXPECT_EQ(to_hex(block["prefix"]), to_hex(truncated_hello_));
  const crypto::HashValue hash = transcript_.value_with(sha256, truncated_hello_);
  EXPECT_EQ(to_hex(block["binder_hash"]), hex(hash));
  EXPECT_EQ(to_hex(block["prk"]),
            hex(secret::derive_secret(secrets_.early, "res binder", secret::empty_hash(hash_))));
  check_expansion(block["prk"], block["info"], block["expanded"]);
  EXPECT_EQ(to_hex(block["expanded"]), hex(secret::derive_secret(key_of(block["prk"]), "finished", {})));
  EXPECT_EQ(to_hex(block["finished"]), hex(secrets_.binder.mac({hash.bytes()})));
  // One binder of 32 octets completes the ClientHello.
  add_message(Role::client, joined(joined(truncated_hello_, {0, 33, 32}), block["finished"]));
}

void Trace::finished(Role role, const Block& block) {
  const char* const label = role == Role::client ? "c hs traffic" : "s hs traffic";
  EXPECT_EQ(to_hex(block["prk"]), to_hex(known_[label]));
  check_expansion(block["prk"], block["info"], block["expanded"]);
  const crypto::HmacKey traffic = key_of(known_[label]);
  EXPECT_EQ(to_hex(block["expanded"]), hex(secret::derive_secret(traffic, "finished", {})));
  const crypto::HashValue value = secret::finished_verify_data(traffic, transcript_.value(sha256).bytes());
  EXPECT_EQ(to_hex(block["finished"]), hex(value));
  party(role).finished = octets_of(value.bytes());
}

// ---- records ----

void Trace::record(Role role, const std::string& type, const Block& block) {
  using enum record::ContentType;
  const std::map<std::string, record::ContentType> types = {{"handshake", handshake},
                                                            {"application_data", application_data},
                                                            {"alert", alert},
                                                            {"change_cipher_spec", change_cipher_spec}};
  ASSERT_TRUE(types.contains(type));
  const record::ContentType content_type = types.at(type);
  Party& sender = party(role);
  if (content_type == handshake) {
    EXPECT_EQ(to_hex(block["payload"]), to_hex(sender.unsent));
    sender.unsent.clear();
  }
  if (sender.seals.active() && content_type != change_cipher_spec) {
    return protected_record(sender, content_type, block);
  }
  Octets header = octets_of(Bytes(block["record"]).first(record::header_size));
  EXPECT_EQ(record::Header::read(header).type, content_type);
  EXPECT_EQ(record::Header::read(header).length, block["payload"].size());
  EXPECT_EQ(to_hex(joined(header, block["payload"])), to_hex(block["record"]));
  Octets ours(record::header_size);
  record::Header{content_type, block["payload"].size()}.write(ours);
  header[2] = 3;  // the first ClientHello says 0x0301, as RFC 8446 section 5.1 allows
  EXPECT_EQ(to_hex(ours), to_hex(header));
}

void Trace::protected_record(Party& sender, record::ContentType type, const Block& block) {
  const Octets& payload = block["payload"];
  Octets sealed(sender.seals.overhead() + payload.size());
  ASSERT_TRUE(sender.seals.seal(type, payload, 0, sealed.data()));
  EXPECT_EQ(to_hex(sealed), to_hex(block["record"]));
  Octets received = block["record"];
  const Expected<record::Opened> opened = sender.opens.open(received);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->type, type);
  EXPECT_EQ(to_hex(opened->content), to_hex(payload));
}

void Trace::keys(Role role, const std::string& which, const Block& block) {
  const bool writes = which.starts_with("write ");
  const std::string epoch = which.substr(which.find(' ') + 1);
  const Role sender = writes ? role : role == Role::client ? Role::server : Role::client;
  const std::string side = sender == Role::client ? "c " : "s ";
  const std::string label = side +
                            (epoch == "application" ? "ap"
                             : epoch == "handshake" ? "hs"
                                                    : "e") +
                            " traffic";
  ASSERT_TRUE(known_.contains(label)) << label;
  EXPECT_EQ(to_hex(block["prk"]), to_hex(known_[label]));
  check_expansion(block["prk"], block["key_info"], block["key"]);
  check_expansion(block["prk"], block["iv_info"], block["iv"]);
  const secret::TrafficKeys keys = secret::traffic_keys(key_of(known_[label]), block["key"].size());
  EXPECT_EQ(to_hex(block["key"]), to_hex(keys.key.bytes()));
  EXPECT_EQ(to_hex(block["iv"]), to_hex(keys.iv.bytes()));
  const crypto::AeadAlgorithm& aead = *provider_->aead(crypto::AeadId::aes_128_gcm);
  using enum crypto::Aead::Direction;
  ASSERT_TRUE(party(sender).seals.set_keys(aead, seal, keys.key.bytes(), keys.iv.bytes()));
  ASSERT_TRUE(party(sender).opens.set_keys(aead, open, keys.key.bytes(), keys.iv.bytes()));
}

// ---- secrets: the diagram of RFC 8446 section 7.1 ----

void Trace::key_pair(Role role, const std::string& group, const Block& block) {
  Party& self = party(role);
  self.share = block["public"];
  if (group == "x25519") {
    Expected<crypto::KeyExchange> made =
        crypto::KeyExchange::generate(*provider_, NamedGroup::x25519, [&](MutableBytes out) {
          ASSERT_EQ(out.size(), block["private"].size());
          std::ranges::copy(block["private"], out.begin());
        });
    ASSERT_TRUE(made);
    self.key.emplace(std::move(*made));
  } else {
    ASSERT_EQ(group, "P-256");
    self.key.emplace(crypto::KeyExchangeTestAccess::with_private_key(*provider_, NamedGroup::secp256r1,
                                                                     block["private"], block["public"]));
  }
  Octets share(self.share.size());
  ASSERT_TRUE(self.key->write_share(share));
  EXPECT_EQ(to_hex(share), to_hex(block["public"]));
}

void Trace::derive_shared_secret() {
  Party &client = party(Role::client), &server = party(Role::server);
  secret::SharedSecret other;
  ASSERT_TRUE(client.key && server.key);
  ASSERT_TRUE(client.key->finish(server.share, shared_secret_));
  ASSERT_TRUE(server.key->finish(client.share, other));
  EXPECT_TRUE(secret::equal_in_constant_time(shared_secret_.bytes(), other.bytes()));
}

void Trace::salt(const std::string& secret, const Block& block) {
  EXPECT_EQ(to_hex(block["prk"]), to_hex(known_[secret == "handshake" ? "early" : "handshake"]));
  EXPECT_EQ(to_hex(block["hash"]), to_hex(secret::empty_hash(hash_)));
  check_expansion(block["prk"], block["info"], block["expanded"]);
  const secret::SecretBytes derived =
      secret::derive_secret(key_of(block["prk"]), "derived", secret::empty_hash(hash_));
  EXPECT_EQ(to_hex(block["expanded"]), hex(derived));
  known_["salt"] = octets_of(derived.bytes());
}

void Trace::extract(const std::string& secret, const Block& block) {
  const Octets zeros(hash_.size());
  if (secret == "early") {
    EXPECT_EQ(to_hex(block["ikm"]), to_hex(psk_));
    known_["salt"] = zeros;
  } else {
    EXPECT_EQ(to_hex(block["salt"]), to_hex(known_["salt"]));
  }
  Octets ikm = secret == "early" ? psk_ : zeros;
  if (secret == "handshake") {
    derive_shared_secret();
    ikm = octets_of(shared_secret_.bytes());
    handshake_.emplace(secret::EarlyStage(secrets_.copy()).with_shared_secret(shared_secret_.bytes()));
  } else if (secret == "master") {
    ASSERT_TRUE(handshake_);
    master_.emplace(std::move(*handshake_).master());
  }
  EXPECT_EQ(to_hex(block["ikm"]), to_hex(ikm));
  const secret::SecretBytes extracted = secret::hkdf_extract(key_of(known_["salt"]), ikm);
  EXPECT_EQ(to_hex(block["secret"]), hex(extracted));
  known_[secret] = octets_of(extracted.bytes());
}

void Trace::derive(const std::string& label, const Block& block) {
  const crypto::HashValue hash = transcript_.value(sha256);
  EXPECT_EQ(to_hex(block["hash"]), hex(hash));
  check_expansion(block["prk"], block["info"], block["expanded"]);
  secret::SecretBytes derived;
  const char* from = "master";
  if (label == "c e traffic" || label == "e exp master") {
    from = "early";
    derived = secret::derive_secret(secrets_.early, label, hash.bytes());
  } else if (label == "c hs traffic" || label == "s hs traffic") {
    from = "handshake";
    ASSERT_TRUE(handshake_);
    derived = label[0] == 'c' ? handshake_->client_handshake_traffic(hash.bytes())
                              : handshake_->server_handshake_traffic(hash.bytes());
  } else {
    ASSERT_TRUE(master_);
    if (label == "c ap traffic") derived = master_->client_application_traffic(hash.bytes());
    if (label == "s ap traffic") derived = master_->server_application_traffic(hash.bytes());
    if (label == "exp master") derived = master_->exporter(hash.bytes());
    if (label == "res master") derived = master_->resumption(hash.bytes());
  }
  EXPECT_EQ(to_hex(block["prk"]), to_hex(known_[from]));
  EXPECT_EQ(to_hex(block["expanded"]), hex(derived));
  known_[label] = octets_of(derived.bytes());
}

// RFC 8446 section 4.6.1.
void Trace::resumption(const Block& block) {
  EXPECT_EQ(to_hex(block["prk"]), to_hex(known_["res master"]));
  check_expansion(block["prk"], block["info"], block["expanded"]);
  const secret::SecretBytes psk =
      secret::derive_secret(key_of(known_["res master"]), "resumption", block["hash"]);
  EXPECT_EQ(to_hex(block["expanded"]), hex(psk));
  resumption_psk_ = octets_of(psk.bytes());
}

void Trace::check_expansion(const Octets& prk, const Octets& info, const Octets& expanded) const {
  const Octets first_block = joined(info, {1});
  std::uint8_t out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ASSERT_NE(HMAC(EVP_sha256(), prk.data(), static_cast<int>(prk.size()), first_block.data(),
                 first_block.size(), out, &size),
            nullptr);
  ASSERT_LE(expanded.size(), size);
  EXPECT_EQ(to_hex({out, expanded.size()}), to_hex(expanded));
}

}  // namespace sesame::test
