// The port between a handshake and its records. Nothing above it may assume a stream: datagrams will be a
// second port.
#pragma once

#include <sesame/context.h>

#include "crypto/hash.h"
#include "policy/settings.h"
#include "policy/suites.h"
#include "record/block_keys.h"
#include "wire/buffer.h"

namespace sesame::handshake {

class MessagePort {
 public:
  /// Messages are appended here, whole and with their headers, until send_flight().
  virtual wire::Buffer& messages() = 0;
  virtual Expected<> send_flight() = 0;
  /// The record that RFC 8446 appendix D.4 sends for middleboxes.
  virtual Expected<> send_change_cipher_spec() = 0;

  /// The keys of the next epoch. Reading fails with message_across_key_change where octets of a message are
  /// waiting that were protected by the present keys (section 5.1).
  virtual Expected<> set_read_keys(const policy::Suite& suite, const crypto::HmacKey& traffic_secret) = 0;
  virtual Expected<> set_write_keys(const policy::Suite& suite, const crypto::HmacKey& traffic_secret) = 0;

  // ---- TLS 1.2 and below ----

  /// What records say their version is, from now on, and what they are held against.
  virtual void set_version(ProtocolVersion version) = 0;
  /// The pending state becomes the current one (RFC 5246 section 7.1): to be called behind the
  /// ChangeCipherSpec. Errors: as set_read_keys.
  virtual Expected<> set_read_keys(const record::BlockKeys& keys) = 0;
  virtual Expected<> set_write_keys(const record::BlockKeys& keys) = 0;
  /// The peer may have either key: the first record is opened by both, always, and what opens it stays. For
  /// the two keys of an identity.
  virtual Expected<> set_read_keys(const record::BlockKeys& keys, const record::BlockKeys& older) = 0;
  virtual bool reads_by_older_keys() const noexcept = 0;
  /// A warning: the connection goes on.
  virtual Expected<> send_warning(Alert alert) = 0;

  /// The connection goes on with another context, whose settings are returned; it keeps the context.
  virtual const policy::Settings& use_context(std::shared_ptr<const Context> context) = 0;

  /// The most content that a protected record may have, to the peer and from it.
  virtual void limit_sent_content(std::size_t octets) = 0;
  virtual void limit_received_content(std::size_t octets) = 0;
  /// The same for what is sent unprotected: RFC 6066 section 4 counts the handshake too, RFC 8449 does not.
  virtual void limit_plain_content(std::size_t octets) = 0;

  /// What follows is sent in plaintext again: the second ClientHello behind early data.
  virtual void clear_write_keys() = 0;

  /// Application data of at most `octets` is taken until the next set_read_keys() (section 4.2.10).
  virtual void accept_early_data(std::uint32_t octets) = 0;
  /// The client sends early data, which is not taken: records of it are passed over (section 4.2.10).
  virtual void pass_over_early_data() = 0;

 protected:
  ~MessagePort() = default;
};

}  // namespace sesame::handshake
