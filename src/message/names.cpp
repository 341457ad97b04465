#include "message/handshake_type.h"

namespace sesame::message {

std::string_view name(HandshakeType type) noexcept {
  switch (type) {
    case HandshakeType::client_hello:
      return "ClientHello";
    case HandshakeType::hello_request:
      return "HelloRequest";
    case HandshakeType::server_hello:
      return "ServerHello";
    case HandshakeType::new_session_ticket:
      return "NewSessionTicket";
    case HandshakeType::end_of_early_data:
      return "EndOfEarlyData";
    case HandshakeType::encrypted_extensions:
      return "EncryptedExtensions";
    case HandshakeType::certificate:
      return "Certificate";
    case HandshakeType::server_key_exchange:
      return "ServerKeyExchange";
    case HandshakeType::certificate_request:
      return "CertificateRequest";
    case HandshakeType::server_hello_done:
      return "ServerHelloDone";
    case HandshakeType::certificate_verify:
      return "CertificateVerify";
    case HandshakeType::client_key_exchange:
      return "ClientKeyExchange";
    case HandshakeType::finished:
      return "Finished";
    case HandshakeType::certificate_status:
      return "CertificateStatus";
    case HandshakeType::key_update:
      return "KeyUpdate";
    case HandshakeType::compressed_certificate:
      return "CompressedCertificate";
    case HandshakeType::message_hash:
      return "message_hash";
    case HandshakeType::change_cipher_spec:
      return "ChangeCipherSpec";
  }
  return "unknown message";
}

}  // namespace sesame::message
