#include "ceiling.h"

#include <array>
#include <cstring>
#include <optional>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/key_exchange.h"
#include "crypto/public_random.h"
#include "secret/hkdf.h"

namespace bench {
namespace {

using sesame::Bytes;
using sesame::MutableBytes;
using sesame::crypto::Aead;
using sesame::crypto::HmacKey;
using sesame::crypto::RunningHash;

EVP_CIPHER_CTX* keyed(bool sealing) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  require(cipher && context && EVP_CipherInit_ex2(context, cipher, key, nullptr, sealing, nullptr) == 1,
          "no AES-128-GCM");
  EVP_CIPHER_free(cipher);
  return context;
}

// Sizes of this library's messages with the identity of peer.h, headers included.
struct Sizes {
  std::size_t client_hello;  // up to the binders
  std::size_t binders = 35;
  std::size_t server_hello;
  std::size_t encrypted_extensions = 6;
  std::size_t finished = 36;
};
constexpr Sizes psk_ke_sizes{.client_hello = 142, .server_hello = 90};
constexpr Sizes psk_dhe_ke_sizes{.client_hello = 190, .server_hello = 130};

constexpr std::uint8_t octets[512] = {};
Bytes some(std::size_t size) { return {octets, size}; }

// One side of the connection: RFC 8446 section 7.1 from the ServerHello on, and the records of section 4.4.
struct Side {
  Aead read, write;
  RunningHash transcript;
  std::array<HmacKey, 2> finished;  // of the server, of the client

  void key_by(const sesame::crypto::Provider& provider, const HmacKey& traffic, Aead& aead,
              bool sealing) noexcept {
    std::uint8_t k[16], iv[12];
    sesame::secret::hkdf_expand_label(traffic, "key", {}, k);
    sesame::secret::hkdf_expand_label(traffic, "iv", {}, iv);
    require(aead.set_key(*provider.aead(sesame::crypto::AeadId::aes_128_gcm),
                         sealing ? Aead::Direction::seal : Aead::Direction::open, k)
                .has_value(),
            "no AEAD");
  }

  // Both traffic secrets of an epoch; `server` tells which of them this side writes with.
  void epoch(const sesame::crypto::Provider& provider, const HmacKey& stage, bool server,
             bool handshake) noexcept {
    const auto hash = transcript.value();
    const HmacKey c(stage.hash(), sesame::secret::derive_secret(
                                      stage, handshake ? "c hs traffic" : "c ap traffic", hash.bytes())
                                      .bytes());
    const HmacKey s(stage.hash(), sesame::secret::derive_secret(
                                      stage, handshake ? "s hs traffic" : "s ap traffic", hash.bytes())
                                      .bytes());
    key_by(provider, c, server ? read : write, !server);
    key_by(provider, s, server ? write : read, server);
    if (handshake) {
      finished[0] = HmacKey(stage.hash(), sesame::secret::derive_secret(s, "finished", {}).bytes());
      finished[1] = HmacKey(stage.hash(), sesame::secret::derive_secret(c, "finished", {}).bytes());
    } else {
      sesame::secret::derive_secret(stage, "exp master", hash.bytes());
    }
  }
};

void move_record(Aead& writer, Aead& reader, std::size_t size) noexcept {
  std::uint8_t record[256];
  const std::uint8_t nonce[12] = {}, header[5] = {}, type[1] = {22};
  require(writer.seal(nonce, header, some(size), type, record) &&
              reader.open(nonce, header, MutableBytes(record, size + 1 + 16)),
          "the ceiling's record does not open");
}

}  // namespace

BareAead::BareAead() : seal_(keyed(true)), open_(keyed(false)) {}

void BareAead::transfer(const std::uint8_t* data, std::size_t size, std::uint8_t* record) noexcept {
  std::uint8_t nonce[12] = {}, header[5] = {23, 3, 3, 0, 0};
  ++sequence_;
  std::memcpy(nonce + 4, &sequence_, sizeof sequence_);
  int n = 0;
  const int count = static_cast<int>(size);
  std::uint8_t* tag = record + size;
  require(EVP_EncryptInit_ex2(seal_.get(), nullptr, nullptr, nonce, nullptr) == 1 &&
              EVP_EncryptUpdate(seal_.get(), nullptr, &n, header, sizeof header) == 1 &&
              EVP_EncryptUpdate(seal_.get(), record, &n, data, count) == 1 &&
              EVP_EncryptFinal_ex(seal_.get(), tag, &n) == 1 &&
              EVP_CIPHER_CTX_ctrl(seal_.get(), EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1 &&
              EVP_DecryptInit_ex2(open_.get(), nullptr, nullptr, nonce, nullptr) == 1 &&
              EVP_CIPHER_CTX_ctrl(open_.get(), EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1 &&
              EVP_DecryptUpdate(open_.get(), nullptr, &n, header, sizeof header) == 1 &&
              EVP_DecryptUpdate(open_.get(), record, &n, record, count) == 1 &&
              EVP_DecryptFinal_ex(open_.get(), tag, &n) == 1,
          "the bare AEAD failed");
}

HandshakeCeiling::HandshakeCeiling(Mode mode) : mode_(mode) {
  auto provider = sesame::crypto::Provider::system();
  require(provider.has_value(), "no provider");
  provider_ = *provider;
  secrets_ = sesame::psk::derive_psk_secrets(provider_->hash(sesame::HashAlgorithm::sha256), key,
                                             sesame::psk::PskKind::external);
}

void HandshakeCeiling::handshake() noexcept {
  const auto& provider = *provider_;
  const auto& hash = provider.hash(sesame::HashAlgorithm::sha256);
  const Sizes& sizes = mode_ == Mode::psk_ke ? psk_ke_sizes : psk_dhe_ke_sizes;
  Side client, server;
  std::uint8_t random[64], share[32];

  // ClientHello: a random and a session identifier; the binder, made and checked.
  require(sesame::crypto::public_random(provider, random).has_value(), "no random octets");
  std::optional<sesame::crypto::KeyExchange> exchange;
  if (mode_ == Mode::psk_dhe_ke) {
    auto made = sesame::crypto::KeyExchange::generate(provider, sesame::NamedGroup::x25519);
    require(made && made->write_share(share), "no key share");
    exchange.emplace(std::move(*made));
  }
  for (Side* side : {&client, &server}) {
    side->transcript.begin(hash);
    side->transcript.update(some(sizes.client_hello));
    secrets_.binder.mac({side->transcript.value().bytes()});
    side->transcript.update(some(sizes.binders));
  }

  // ServerHello, and the handshake traffic keys.
  require(sesame::crypto::public_random(provider, MutableBytes(random, 32)).has_value(), "no random octets");
  sesame::secret::SharedSecret shared[2];
  if (exchange) {
    std::uint8_t answer[32];
    require(sesame::crypto::respond(provider, sesame::NamedGroup::x25519, share, answer, shared[1]) &&
                exchange->finish(answer, shared[0]),
            "no shared secret");
  }
  HmacKey master[2];
  for (int i = 0; i < 2; ++i) {
    Side& side = i == 0 ? client : server;
    side.transcript.update(some(sizes.server_hello));
    if (!exchange) {
      side.epoch(provider, secrets_.handshake_ke, i == 1, true);
      continue;
    }
    const HmacKey handshake(hash, sesame::secret::hkdf_extract(secrets_.derived, shared[i].bytes()).bytes());
    side.epoch(provider, handshake, i == 1, true);
    const HmacKey salt(
        hash, sesame::secret::derive_secret(handshake, "derived", sesame::secret::empty_hash(hash)).bytes());
    master[i] = HmacKey(hash, sesame::secret::hkdf_extract(salt, some(hash.size())).bytes());
  }

  // EncryptedExtensions and the server's Finished, in one record; the application traffic keys; the client's
  // Finished, which still goes under the handshake keys.
  move_record(server.write, client.read, sizes.encrypted_extensions + sizes.finished);
  for (int i = 0; i < 2; ++i) {
    Side& side = i == 0 ? client : server;
    side.transcript.update(some(sizes.encrypted_extensions));
    side.finished[0].mac({side.transcript.value().bytes()});
    side.transcript.update(some(sizes.finished));
    side.finished[1].mac({side.transcript.value().bytes()});
  }
  move_record(client.write, server.read, sizes.finished);
  for (int i = 0; i < 2; ++i) {
    Side& side = i == 0 ? client : server;
    side.epoch(provider, exchange ? master[i] : secrets_.master_ke, i == 1, false);
  }
}

}  // namespace bench
