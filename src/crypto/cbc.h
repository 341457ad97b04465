// CBC ciphers, for TLS 1.2 and below (RFC 5246 section 6.2.3.2), with a context that is keyed anew rather
// than made anew.
//
// Two routes, as provider_functions.h says. Records whose MAC is inside are opened by the part of libcrypto's
// ciphers that was made for them: it takes padding and MAC off in constant time.
#pragma once

#include <openssl/evp.h>
#include <sesame/bytes.h>
#include <sesame/error.h>

#include "crypto/aead.h"
#include "crypto/mac.h"

namespace sesame::crypto {

class Provider;

enum class CbcId : std::uint8_t { aes_128, aes_256, camellia_128, camellia_256 };
inline constexpr std::size_t cbc_count = 4;
inline constexpr std::size_t cbc_block_size = 16;  // of all four

/// One CBC cipher, as a provider has it. Lives in a Provider.
class CbcAlgorithm {
 public:
  std::size_t key_size() const noexcept { return key_size_; }
  const EVP_CIPHER* evp() const noexcept { return evp_; }
  bool is_direct() const noexcept { return direct_; }
  const CipherFunctions& functions() const noexcept { return functions_; }  ///< if it is direct
  /// Whether it can take padding and MAC off in constant time.
  bool opens_records() const noexcept { return opens_records_; }
  const Provider& provider() const noexcept { return *provider_; }

 private:
  friend class Provider;
  friend struct CbcTestAccess;
  void find(const Provider& provider) noexcept;

  EVP_CIPHER* evp_ = nullptr;  // owned by the Provider; nullptr: not available
  const Provider* provider_ = nullptr;
  CipherFunctions functions_;
  std::uint8_t key_size_ = 0;
  bool direct_ = false;
  bool opens_records_ = false;
};

/// A CBC cipher with a key, for one direction.
class Cbc {
 public:
  enum class Use : std::uint8_t {
    encrypt,
    decrypt,
    open_records,  ///< decrypt, and take off padding and MAC
  };
  /// Of open_records: what the records are.
  struct RecordForm {
    std::uint16_t version;  ///< 0x0301 has no IV in front; later ones have
    std::size_t mac_size;
  };

  Cbc() noexcept = default;
  Cbc(const Cbc&) = delete;
  Cbc& operator=(const Cbc&) = delete;
  ~Cbc() { clear(); }

  /// `iv` has cbc_block_size octets. `form` is of open_records only. Errors: algorithm_unavailable (the
  /// provider does not open records), internal_error; it is then not keyed.
  Expected<> set_key(const CbcAlgorithm& algorithm, Use use, Bytes key, Bytes iv, RecordForm form = {});
  bool keyed() const noexcept { return context_ != nullptr; }
  void clear() noexcept;  ///< frees the context and cleanses the key in it

  /// The IV of what follows. Otherwise the last block of what went before is.
  bool set_iv(Bytes iv) noexcept;
  /// Encrypts or decrypts whole blocks in place. False: libcrypto failed.
  bool process(MutableBytes blocks) noexcept;

  /// What is left of a record. Both are secrets until the MAC has been compared: with wrong padding they are
  /// a made-up size and random octets.
  struct Inside {
    std::size_t size;         ///< of the content
    const std::uint8_t* mac;  ///< that came with it; valid until the next call
  };
  /// Opens the body of a record in place: content, MAC and padding, from the second block on where there is
  /// an IV in front. The time does not depend on what the padding is. False: its size is impossible, whatever
  /// it holds, or libcrypto failed.
  bool open_record(MutableBytes body, Inside& inside) noexcept;

 private:
  void* context_ = nullptr;  // of the algorithm's route: the provider's, or an EVP_CIPHER_CTX
  const CbcAlgorithm* algorithm_ = nullptr;
  Use use_ = Use::encrypt;
  std::uint8_t mac_size_ = 0;
};

}  // namespace sesame::crypto
