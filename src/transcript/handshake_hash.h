// The hash of the handshake messages in TLS 1.2 and below (RFC 5246 section 7.4.9, RFC 4346 section 7.4.9),
// and the messages themselves as long as somebody may sign them (RFC 5246 section 7.4.8).
#pragma once

#include "crypto/provider.h"
#include "secret/prf.h"
#include "wire/buffer.h"

namespace sesame::transcript {

class HandshakeHash {
 public:
  /// By the hash of the PRF: SHA-256, SHA-384, or MD5 and SHA-1 one behind the other. With `keep_messages`
  /// the messages are kept too, until forget_messages(). Error: algorithm_unavailable.
  Expected<> begin(const crypto::Provider& provider, secret::Prf which, bool keep_messages);
  bool begun() const noexcept { return begun_; }

  /// A handshake message, header included, as it was sent or received.
  void add(Bytes message);
  /// The hash of all so far: 32, 48 or (MD5 and SHA-1) 36 octets. Asked for again it costs nothing: the
  /// session hash (RFC 7627 section 3) and the client's Finished mostly have the same messages.
  const crypto::HashValue& value() const;

  /// All messages so far, where they are kept. A CertificateVerify signs them.
  Bytes messages() const noexcept { return messages_.bytes(); }
  bool keeps_messages() const noexcept { return keeps_; }
  void forget_messages() noexcept {
    keeps_ = false;
    messages_.release();
  }
  void end() noexcept;

 private:
  crypto::RunningHash hash_;
  struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, FreeDigest> md5_sha1_;
  wire::Buffer messages_;
  mutable crypto::HashValue value_;
  mutable bool is_value_known_ = false;
  bool begun_ = false;
  bool keeps_ = false;
};

}  // namespace sesame::transcript
