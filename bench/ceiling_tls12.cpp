#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "ceiling.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/public_random.h"
#include "secret/secret_bytes.h"

namespace bench {
namespace {

using sesame::Bytes;
using sesame::MutableBytes;
using sesame::crypto::Aead;
using sesame::crypto::HmacKey;
using sesame::crypto::RunningHash;

// Sizes of this library's messages with the identity of peer.h, headers included.
constexpr std::size_t client_hello = 94, server_hello = 58, server_hello_done = 4, client_key_exchange = 18,
                      finished = 16;

constexpr std::uint8_t octets[256] = {};
Bytes some(std::size_t size) { return {octets, size}; }

// P_SHA256 of RFC 5246 section 5 with as few HMACs as `out` needs. `seed` has the label in it.
void p_hash(const HmacKey& key, Bytes seed, MutableBytes out) noexcept {
  std::uint8_t a[32], block[32];
  key.mac({seed}, a);
  while (true) {
    key.mac({a, seed}, block);
    const std::size_t n = std::min(sizeof block, out.size());
    std::memcpy(out.data(), block, n);
    out = out.subspan(n);
    if (out.empty()) break;
    key.mac({a}, a);
  }
  sesame::secret::wipe(a, sizeof a);
  sesame::secret::wipe(block, sizeof block);
}

constexpr std::size_t seed_of(std::string_view label, std::size_t rest) { return label.size() + rest; }

struct Side {
  Aead read, write;
  RunningHash transcript;
  HmacKey master;
};

void finish(const Side& side) noexcept {
  std::uint8_t verify_data[12];
  p_hash(side.master, some(seed_of("client finished", 32)), verify_data);
}

void move_record(Aead& writer, Aead& reader) noexcept {
  std::uint8_t record[finished + 16];
  const std::uint8_t nonce[12] = {}, additional_data[13] = {};
  require(writer.seal(nonce, additional_data, some(finished), {}, record) &&
              reader.open(nonce, additional_data, record),
          "the ceiling's record does not open");
}

}  // namespace

Tls12Ceiling::Tls12Ceiling() {
  auto provider = sesame::crypto::Provider::system();
  require(provider.has_value(), "no provider");
  provider_ = *provider;
  premaster_ = HmacKey(provider_->hash(sesame::HashAlgorithm::sha256), some(68));
}

void Tls12Ceiling::handshake() noexcept {
  const auto& hash = provider_->hash(sesame::HashAlgorithm::sha256);
  const auto& aes = *provider_->aead(sesame::crypto::AeadId::aes_128_gcm);
  Side client, server;
  std::uint8_t random[32];
  for (int i = 0; i < 2; ++i)
    require(sesame::crypto::public_random(*provider_, random).has_value(), "no random octets");

  for (Side* side : {&client, &server}) {
    side->transcript.begin(hash);
    for (const std::size_t size : {client_hello, server_hello, server_hello_done, client_key_exchange})
      side->transcript.update(some(size));
    // The session hash (RFC 7627 section 3) is what the client's Finished is made of, too.
    side->transcript.value();
    std::uint8_t master[48], block[40];
    p_hash(premaster_, some(seed_of("extended master secret", 32)), master);
    side->master = HmacKey(hash, master);
    p_hash(side->master, some(seed_of("key expansion", 64)), block);
    Aead& of_client = side == &client ? side->write : side->read;
    Aead& of_server = side == &client ? side->read : side->write;
    require(of_client.set_key(aes, side == &client ? Aead::Direction::seal : Aead::Direction::open,
                              Bytes(block, 16)) &&
                of_server.set_key(aes, side == &client ? Aead::Direction::open : Aead::Direction::seal,
                                  Bytes(block + 16, 16)),
            "no AEAD");
    finish(*side);
  }
  move_record(client.write, server.read);
  for (Side* side : {&client, &server}) {
    side->transcript.update(some(finished));
    side->transcript.value();
    finish(*side);
  }
  move_record(server.write, client.read);
}

}  // namespace bench
