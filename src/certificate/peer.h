// The peer's certificate: read, and judged.
#pragma once

#include <sesame/certificate.h>
#include <sesame/credential.h>

#include <optional>
#include <string>

#include "crypto/provider.h"
#include "crypto/signature.h"

namespace sesame::certificate {

/// The certificates of a chain as libcrypto's objects.
struct ParsedChain;
class KnownCertificates;

/// What the peer showed: octets of its own, and the public key.
struct Peer {
  CertificateType type = CertificateType::x509;
  std::vector<std::uint8_t> octets;         ///< the chain, one behind the other
  std::vector<std::uint32_t> ends;          ///< where each certificate ends in `octets`
  std::vector<std::uint8_t> ocsp_response;  ///< stapled to the end entity; empty: none
  crypto::KeyHandle public_key;
  /// What read_peer has parsed, so that judge need not do it again; without it judge parses anew.
  std::shared_ptr<const ParsedChain> parsed;

  std::vector<Bytes> chain() const;
  /// Drops libcrypto's objects, which are several times as large as the octets: for a connection that goes
  /// on.
  void keep_octets_only() noexcept {
    parsed.reset();
    public_key.reset();
  }
};

/// Certificates of a chain, at most: each costs a tenth of a millisecond to parse.
inline constexpr std::size_t max_certificates = 32;

/// Reads the chain (not verified yet): every certificate has to be well formed, the public key of the end
/// entity of a kind that libcrypto knows. `chain` is not empty. `known`: the context's, if it has some.
/// Errors: certificate_malformed.
Expected<Peer> read_peer(const crypto::Provider& provider, CertificateType type, std::span<const Bytes> chain,
                         Bytes ocsp_response, KnownCertificates* known = nullptr);

/// What the verification is about.
struct Judgement {
  const VerificationOptions& options;
  Side side;              ///< this one: a client verifies servers
  std::string_view name;  ///< DNS name or address literal to find in the certificate; empty: none. A server
                          ///< looks for none.
  TimePoint now;
  KnownCertificates* known = nullptr;  ///< keeps the chain, if libcrypto finds it trusted
};

/// Verdicts of the application. The engine makes one, and keeps it while it is later.
class VerdictBody {
 public:
  enum class Kind : std::uint8_t { none, accepted, refused, later };
  Kind kind = Kind::none;
  Alert alert = Alert::bad_certificate;
};
struct VerdictAccess {
  static Verdict handle(VerdictBody& body) noexcept { return Verdict(body); }
};

/// Judges the peer, and asks the application. Where the verdict is later nothing is decided yet: it returns
/// without an error, with verdict.kind == later. Everything that is neither trusted nor accepted by the
/// application is an error (it fails closed, also where libcrypto itself fails). Errors: those of the section
/// "the certificate of the peer was not accepted", the detail with what libcrypto says and the subject.
Expected<> judge(const crypto::Provider& provider, const Judgement& judgement, const Peer& peer,
                 VerdictBody& verdict);

}  // namespace sesame::certificate
