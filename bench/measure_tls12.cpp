// TLS 1.2 and below. The suites have libssl's names here, which say in which the goals are.
#include <memory>

#include "ceiling.h"
#include "measure.h"

namespace bench {
namespace {

using sesame::CipherSuite;
using sesame::ProtocolVersion;

constexpr Setting tls12(CipherSuite suite, By by) {
  return {.version = ProtocolVersion::tls12, .suite = suite, .by = by};
}

constexpr Setting psk_gcm = tls12(CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256, By::key);
constexpr Setting psk_cbc = tls12(CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, By::key);
constexpr Setting ecdhe_psk = tls12(CipherSuite::TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, By::key);
constexpr Setting ecdsa = tls12(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, By::ecdsa);
constexpr Setting rsa = tls12(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, By::rsa);
constexpr Setting dhe = tls12(CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, By::rsa);

Setting resumed(Setting setting) {
  setting.resumes = true;
  return setting;
}
Setting session_secret_in(ProtocolVersion version) {
  return {.version = version, .suite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA, .by = By::session_secret};
}
Setting mac_then_encrypt(Setting setting) {
  setting.encrypt_then_mac = false;
  return setting;
}

void handshakes(std::vector<Row>& rows, const RoundOptions& options) {
  const auto ceiling = std::make_shared<Tls12Ceiling>();
  const HandshakeRow all[] = {
      {"tls12_psk_gcm", "PSK-AES128-GCM-SHA256 handshakes", psk_gcm, 4.5,
       [ceiling] { ceiling->handshake(); }},
      {"tls12_psk_cbc", "PSK-AES128-CBC-SHA handshakes", psk_cbc, 5.0},
      {"tls12_ecdhe_psk", "ECDHE-PSK-CHACHA20-POLY1305 (x25519)", ecdhe_psk, 1.4},
      {"tls12_ecdsa", "ECDHE-ECDSA-AES128-GCM-SHA256 (x25519)", ecdsa, 1.3},
      {"tls12_rsa", "ECDHE-RSA-AES128-GCM-SHA256 (2048, x25519)", rsa},
      {"tls12_dhe", "DHE-RSA-AES128-GCM-SHA256 (2048, 2048)", dhe},
      {"tls12_ticket", "resumptions by a ticket (RFC 5077)", resumed(ecdsa)},
      {"tls12_session_secret", "by a session secret (RFC 4851), AES128-SHA",
       session_secret_in(ProtocolVersion::tls12)},
      {"tls10_session_secret", "  the same in TLS 1.0", session_secret_in(ProtocolVersion::tls10)},
  };
  for (const HandshakeRow& row : all) measure_handshake(rows, options, row);
}

void records(std::vector<Row>& rows, const RoundOptions& options) {
  const struct {
    const char* id;
    const char* what;
    Setting setting;
  } forms[] = {{"gcm", "AES128-GCM", psk_gcm},
               {"cbc_etm", "AES128-CBC-SHA, encrypt-then-MAC", psk_cbc},
               {"cbc_mte", "AES128-CBC-SHA, MAC-then-encrypt", mac_then_encrypt(psk_cbc)}};
  for (const auto& form : forms) {
    for (const bool small : {true, false}) {
      measure_record(rows, options,
                     {.id = std::string("tls12_records_") + form.id + (small ? "_64" : "_16k"),
                      .what = (small ? "64-octet records, " : "16 KiB records, ") + std::string(form.what),
                      .setting = form.setting,
                      .size = small ? std::size_t{64} : std::size_t{16384}});
    }
  }
}

}  // namespace

void measure_tls12(std::vector<Row>& rows, const RoundOptions& options) {
  handshakes(rows, options);
  measure_heap_of(rows, "tls12_psk_gcm", psk_gcm, {});
  records(rows, options);
}

}  // namespace bench
