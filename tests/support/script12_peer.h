// One end of a connection of TLS 1.2, 1.1 or 1.0 that does as a test says: it sends anything, at any time,
// under the right keys, and refuses nothing.
//
// What it computes it computes by itself (script12_crypto.h). Here: records, messages, secrets. What a client
// or a server says stands in script12_client.h and script12_server.h.
#pragma once

#include "support/script12_crypto.h"
#include "support/script_extensions.h"
#include "support/script_peer.h"

namespace sesame::test {

/// What a handshake leaves for another one, as a script knows it.
struct Script12Session {
  Octets id, ticket, master;
  CipherSuite suite{};
  unsigned version = 0x0303;
  bool extended_master_secret = false;
};

class Script12Peer : public ScriptPeer {
 public:
  using Type = extension::ExtensionType;
  explicit Script12Peer(Side own_side) : side(own_side) {}

  const Side side;
  unsigned version = 0x0303;               ///< of the connection: of its records and its PRF
  std::optional<unsigned> record_version;  ///< that records have instead
  bool extended_master_secret = false;     ///< agreed on
  bool encrypt_then_mac = false;           ///< likewise
  Octets client_random, server_random;     ///< as they were sent
  Octets premaster, master;
  Octets client_verify_data, server_verify_data;  ///< of the last handshake, for renegotiation_info

  // ---- records ----

  /// Protected, as soon as there are keys to write with; there is no padding to choose.
  void put_record(ContentType type, Bytes content, std::size_t padding = 0) override;
  std::optional<Record> next_record() override;
  /// A fragment as it is, of the connection's version.
  void put_raw(unsigned type, Bytes fragment);
  Protection12 write12, read12;

  // ---- secrets ----

  SuiteParts parts() const { return parts_of(suite); }
  Octets prf(Bytes secret, std::string_view label, Bytes seed, std::size_t size) const;
  Octets transcript_hash() const;
  /// The master secret of `premaster`; the transcript ends with ClientKeyExchange.
  void make_master();
  /// Both directions' keys are ready: those to read with are used from the peer's ChangeCipherSpec on, those
  /// to write with from the own one.
  void make_keys();
  void use_write_keys();
  void use_read_keys();
  Octets verify_data(Side sender) const;
  /// The own Finished over the transcript so far.
  Octets finished12() const { return message(HandshakeType::finished, verify_data(side)); }

  /// A ChangeCipherSpec, and the keys behind it.
  void change_keys(const Octets& content = {1});
  void send_finished12();
  /// Expects ChangeCipherSpec and Finished of the other side, and verifies it.
  bool take_finished12();

  /// What is signed in a ServerKeyExchange (RFC 5246 section 7.4.3).
  Octets signed_parameters(const Octets& parameters) const {
    return join({client_random, server_random, parameters});
  }
  /// A DigitallySigned of this version; `scheme` says what TLS 1.2 writes.
  Octets digitally_signed(EVP_PKEY* key, unsigned scheme, const Octets& input) const;

  Script12Session session() const {
    return {session_id, session_ticket, master, suite, version, extended_master_secret};
  }
  Octets session_id;      ///< that the server gave
  Octets session_ticket;  ///< likewise

  std::size_t change_cipher_specs_taken = 0;

  /// RFC 4279 section 2.
  static Octets psk_premaster(const Octets& other_secret, std::string_view psk) {
    return join({vec16(other_secret), vec16(text(psk))});
  }

 private:
  DirectionKeys next_write_, next_read_;
  bool read_is_due_ = false;
};

/// The scheme that a key of this kind signs by where a test does not care.
unsigned usual_scheme(EVP_PKEY* key);

/// A Certificate of TLS 1.2 and below.
Octets certificate12(const std::vector<Octets>& chain);

/// Walks over the octets of a message that was honest: for scripts that read what the library wrote.
class Walk {
 public:
  explicit Walk(Bytes octets) : rest_(octets) {}
  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }
  Octets take(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const Octets out = octets_of(rest_.first(size));
    rest_ = rest_.subspan(size);
    return out;
  }
  std::size_t uint(std::size_t size) {
    std::size_t out = 0;
    for (const std::uint8_t octet : take(size)) out = out << 8 | octet;
    return out;
  }
  Octets vec(std::size_t length_size) { return take(uint(length_size)); }
  Bytes rest() const { return rest_; }

 private:
  Bytes rest_;
  bool ok_ = true;
};

/// The list in an extension block.
ScriptExtensions extensions_of(Bytes block);
bool has(const ScriptExtensions& extensions, extension::ExtensionType type);

}  // namespace sesame::test
