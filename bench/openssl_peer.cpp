#include "openssl_peer.h"

#include <openssl/err.h>

#include <cstring>
#include <utility>

namespace bench::openssl {
namespace {

const unsigned char tls_aes_128_gcm_sha256[] = {0x13, 0x01};

// A session that carries the external PSK, made for each handshake as the manual's page and s_client do it:
// libssl takes it over and writes to it, so that it cannot be shared.
SSL_SESSION* psk_session(SSL* ssl) {
  SSL_SESSION* session = SSL_SESSION_new();
  const SSL_CIPHER* cipher = SSL_CIPHER_find(ssl, tls_aes_128_gcm_sha256);
  require(session != nullptr && cipher != nullptr &&
              SSL_SESSION_set1_master_key(session, key, sizeof key) == 1 &&
              SSL_SESSION_set_cipher(session, cipher) == 1 &&
              SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1,
          "libssl makes no session of the PSK");
  return session;
}

int use_session(SSL* ssl, const EVP_MD*, const unsigned char** id, std::size_t* id_size,
                SSL_SESSION** session) {
  *session = psk_session(ssl);
  *id = reinterpret_cast<const unsigned char*>(identity.data());
  *id_size = identity.size();
  return 1;
}

int find_session(SSL* ssl, const unsigned char* id, std::size_t id_size, SSL_SESSION** session) {
  const bool known = id_size == identity.size() && std::memcmp(id, identity.data(), id_size) == 0;
  *session = known ? psk_session(ssl) : nullptr;
  return 1;
}

SSL_CTX* make_context(const SSL_METHOD* method, bool release_buffers) {
  SSL_CTX* context = SSL_CTX_new(method);
  require(context != nullptr, "no SSL_CTX");
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  require(SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") == 1, "libssl refuses the suite");
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_ALLOW_NO_DHE_KEX);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_quiet_shutdown(context,
                             1);  // what is freed here was never shut down, and that is no concern of anybody
  if (release_buffers) SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

Contexts::Contexts(Mode mode, bool release_buffers)
    : client_(make_context(TLS_client_method(), release_buffers)),
      server_(make_context(TLS_server_method(), release_buffers)),
      mode_(mode) {
  SSL_CTX_set_psk_use_session_callback(client_, use_session);
  SSL_CTX_set_psk_find_session_callback(server_, find_session);
  // A libssl that shares a group with its peer chooses psk_dhe_ke; psk_ke is what it does where they share
  // none.
  const char* server_groups = mode == Mode::psk_ke ? "P-256" : "X25519";
  require(SSL_CTX_set1_groups_list(client_, "X25519") == 1 &&
              SSL_CTX_set1_groups_list(server_, server_groups) == 1,
          "libssl refuses a group");
}

Contexts::~Contexts() {
  SSL_CTX_free(client_);
  SSL_CTX_free(server_);
}

Pair Contexts::connect() {
  SSL* client = SSL_new(client_);
  SSL* server = SSL_new(server_);
  BIO* to_server = BIO_new(BIO_s_mem());
  BIO* to_client = BIO_new(BIO_s_mem());
  require(client && server && to_server && to_client, "no SSL objects");
  BIO_set_mem_eof_return(to_server, -1);
  BIO_set_mem_eof_return(to_client, -1);
  BIO_up_ref(to_server);
  BIO_up_ref(to_client);
  SSL_set_bio(client, to_client, to_server);
  SSL_set_bio(server, to_server, to_client);
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  for (int turn = 0; turn < 4 && !(SSL_is_init_finished(client) && SSL_is_init_finished(server)); ++turn) {
    SSL_do_handshake(client);
    SSL_do_handshake(server);
  }
  if (!SSL_is_init_finished(client) || !SSL_is_init_finished(server) || SSL_session_reused(server) != 1) {
    ERR_print_errors_fp(stderr);
    give_up("libssl's handshake failed");
  }
  const bool exchanged = SSL_get_negotiated_group(server) == NID_X25519;
  require(exchanged == (mode_ == Mode::psk_dhe_ke),
          "libssl did not negotiate the mode that was to be measured");
  return {client, server};
}

void Pair::free_client() noexcept { SSL_free(std::exchange(client_, nullptr)); }
void Pair::free_server() noexcept { SSL_free(std::exchange(server_, nullptr)); }

void Pair::transfer(const std::uint8_t* data, std::size_t size, std::uint8_t* into) noexcept {
  const int n = static_cast<int>(size);
  require(SSL_write(client_, data, n) == n && SSL_read(server_, into, n) == n,
          "libssl's record did not arrive");
}

}  // namespace bench::openssl
