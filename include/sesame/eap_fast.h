// What EAP-FAST (RFC 4851) and its provisioning (RFC 5422) derive and carry, so that who implements EAP needs
// no arithmetic: keys, protected access credentials, and their TLVs. Nothing of EAP's own framing.
//
//   PAC-Key, randoms -> master_secret() -> the TLS handshake, abbreviated (RFC 4851 section 5.1)
//   master secret, randoms -> session_key_seed() -> CompoundKeys, one step for each inner method
//   CompoundKeys -> compound_mac(), msk(), emsk()
#pragma once

#include <sesame/bytes.h>
#include <sesame/credential.h>
#include <sesame/error.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sesame {
class Connection;
}

namespace sesame::eap_fast {

inline constexpr std::size_t pac_key_size = 32;           ///< octets (RFC 5422 section 4.2.2)
inline constexpr std::size_t random_size = 32;            ///< of ServerHello and ClientHello
inline constexpr std::size_t master_secret_size = 48;     ///< octets
inline constexpr std::size_t session_key_seed_size = 40;  ///< octets
inline constexpr std::size_t session_key_size = 64;       ///< of MSK and EMSK (RFC 4851 section 5.4)
inline constexpr std::size_t compound_mac_size = 20;      ///< octets (RFC 4851 section 4.2.8)

/// RFC 4851 section 5.5: fills `out`, of at most 5,100 octets, by T-PRF(key, label, seed, size of out).
/// Errors: invalid_argument, algorithm_unavailable.
Expected<> t_prf(Bytes key, std::string_view label, Bytes seed, MutableBytes out);

/// RFC 4851 section 5.1: the master secret of a tunnel by a PAC; `out` of 48 octets, the randoms of 32 each.
/// Errors: invalid_argument (a size), algorithm_unavailable.
Expected<> master_secret(Bytes pac_key, Bytes server_random, Bytes client_random, MutableBytes out);

/// By what TLS expands keys: RFC 4346 section 5 and RFC 5246 section 5.
enum class KeyExpansion : std::uint8_t { tls10_and_tls11, tls12_sha256, tls12_sha384 };

/// RFC 4851 section 5.1: the 40 octets of the key block behind the `key_block_size` that TLS itself uses
/// (both MAC keys, both keys, both IVs of the suite; for AES-128-CBC with SHA-1 in TLS 1.0 that is 104).
/// Errors: invalid_argument (a size), algorithm_unavailable.
Expected<> session_key_seed(KeyExpansion expansion, Bytes master_secret, Bytes server_random,
                            Bytes client_random, std::size_t key_block_size, MutableBytes out);

/// The same of a connection of TLS 1.2 or below, whose handshake is done; `out` of 40 octets. Errors:
/// invalid_argument (the size), exporter_not_ready (TLS 1.3 has none), algorithm_unavailable.
Expected<> session_key_seed(const Connection& connection, MutableBytes out);

/// The compound keys of RFC 4851 sections 5.2 to 5.4. They are wiped when they go.
class CompoundKeys {
 public:
  /// `session_key_seed` of 40 octets. Error: invalid_argument.
  static Expected<CompoundKeys> create(Bytes session_key_seed);
  CompoundKeys(CompoundKeys&&) noexcept;
  CompoundKeys& operator=(CompoundKeys&&) noexcept;
  ~CompoundKeys();

  /// An inner method has succeeded. `msk` of any size: its first 32 octets count, zeros make up for less. One
  /// that gives no key counts as zeros. Error: algorithm_unavailable.
  Expected<> add(Bytes msk);
  unsigned methods() const noexcept;  ///< how many were added

  /// HMAC-SHA1 over the Crypto-Binding TLV, of 60 octets with its MAC field; that field is taken as zeros.
  /// Errors: invalid_argument (a size, or nothing was added), algorithm_unavailable.
  Expected<> compound_mac(Bytes crypto_binding_tlv, MutableBytes out) const;
  /// Whether the MAC in the TLV is the right one, in constant time. Errors: as compound_mac.
  Expected<bool> verify(Bytes crypto_binding_tlv) const;

  /// `out` of 64 octets. Without an inner method they come from the session_key_seed. Error: as add,
  /// invalid_argument.
  Expected<> msk(MutableBytes out) const;
  Expected<> emsk(MutableBytes out) const;

 private:
  struct Keys;
  explicit CompoundKeys(std::unique_ptr<Keys> keys) noexcept;
  std::unique_ptr<Keys> keys_;
};

// ---- protected access credentials ----

/// RFC 5422 section 4.2.6.
enum class PacType : std::uint16_t { tunnel = 1, machine_authentication = 2, user_authorization = 3 };

/// RFC 5422 section 4.2.4: what a peer is told about its PAC.
struct PacInfo {
  std::vector<std::uint8_t> a_id;                      ///< of the authority, best of 16 octets
  std::string a_id_info;                               ///< for a person, UTF-8
  std::optional<std::vector<std::uint8_t>> i_id = {};  ///< whose it is; nullopt: anybody's
  std::optional<TimePoint> lifetime = {};              ///< until when; whole seconds
  PacType type = PacType::tunnel;
};

/// What a PAC TLV carries, from server to peer (RFC 5422 section 4.2). The key is wiped when it goes.
struct Pac {
  Pac() = default;
  Pac(Pac&&) = default;
  Pac& operator=(Pac&&) = default;
  Pac(const Pac&) = delete;
  Pac& operator=(const Pac&) = delete;
  ~Pac();

  std::array<std::uint8_t, pac_key_size> key{};
  std::vector<std::uint8_t> opaque;  ///< 1..65535 octets
  PacInfo info;
};

/// The PAC TLV (type 11) with PAC-Key, PAC-Opaque and PAC-Info. The result holds the key: wipe it. Error:
/// invalid_argument (a field that is too long, or missing).
Expected<std::vector<std::uint8_t>> encode_pac_tlv(const Pac& pac);
/// Attributes that are not known are passed over. Errors: malformed_message (cut short, an attribute twice,
/// or one that has to be there and is not).
Expected<Pac> decode_pac_tlv(Bytes tlv);

/// What a peer sends in the SessionTicket extension: the PAC-Opaque attribute with its header. Error:
/// invalid_argument.
Expected<std::vector<std::uint8_t>> encode_pac_opaque(Bytes opaque);
/// A view of the PAC-Opaque in it. Error: malformed_message.
Expected<Bytes> decode_pac_opaque(Bytes session_ticket);

/// What a server seals into a PAC-Opaque, and finds in it.
struct PacContents {
  PacContents() = default;
  PacContents(PacContents&&) = default;
  PacContents& operator=(PacContents&&) = default;
  PacContents(const PacContents&) = delete;
  PacContents& operator=(const PacContents&) = delete;
  ~PacContents();

  std::array<std::uint8_t, pac_key_size> key{};
  std::vector<std::uint8_t> i_id;  ///< at most 1,024 octets; empty: anybody's
  TimePoint expires;               ///< whole seconds
};

/// A server's key for PAC-Opaques, with the ones before it: AES-256-GCM, so that the server keeps no list of
/// what it gave. Safe for concurrent calls.
class PacSealer {
 public:
  struct Key {
    std::array<std::uint8_t, 16> name;  ///< stands in front of each PAC-Opaque
    std::array<std::uint8_t, 32> key;
  };
  /// With a key of its own making.
  PacSealer();
  /// With the application's keys, newest first: the first seals, all of them open. Errors: invalid_argument
  /// (none, over 16, two of one name).
  static Expected<PacSealer> with_keys(std::span<const Key> keys);
  PacSealer(PacSealer&&) noexcept;
  PacSealer& operator=(PacSealer&&) noexcept;
  ~PacSealer();

  /// A new key seals from now on; up to fifteen older ones go on opening. Error: internal_error.
  Expected<> rotate();
  /// Errors: invalid_argument (i_id too long), internal_error.
  Expected<std::vector<std::uint8_t>> seal(const PacContents& contents) const;
  /// nullopt: not one of ours, tampered with, or over. The handshake then is a full one (RFC 4851
  /// section 3.2.2).
  std::optional<PacContents> open(Bytes opaque, TimePoint now) const;

 private:
  struct Impl;
  explicit PacSealer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sesame::eap_fast
