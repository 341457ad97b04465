#include "openssl_peer.h"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "certificates.h"

namespace bench::openssl {
namespace {

const SSL_CIPHER* find_suite(SSL* ssl, sesame::CipherSuite suite) {
  const auto value = static_cast<std::uint16_t>(suite);
  const unsigned char octets[] = {static_cast<unsigned char>(value >> 8), static_cast<unsigned char>(value)};
  const SSL_CIPHER* cipher = SSL_CIPHER_find(ssl, octets);
  require(cipher != nullptr, "libssl does not know the suite");
  return cipher;
}

// ---- keys in TLS 1.3 ----

// A session that carries the external PSK, made for each handshake as the manual's page and s_client do it:
// libssl takes it over and writes to it, so that it cannot be shared.
SSL_SESSION* psk_session(SSL* ssl) {
  SSL_SESSION* session = SSL_SESSION_new();
  const SSL_CIPHER* cipher = find_suite(ssl, sesame::CipherSuite::TLS_AES_128_GCM_SHA256);
  require(session != nullptr && SSL_SESSION_set1_master_key(session, key, sizeof key) == 1 &&
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

// ---- keys in TLS 1.2 and below ----

unsigned psk_client(SSL*, const char*, char* id, unsigned room_for_id, unsigned char* psk, unsigned room) {
  if (identity.size() >= room_for_id || sizeof key > room) return 0;
  *std::copy(identity.begin(), identity.end(), id) = '\0';
  std::copy(std::begin(key), std::end(key), psk);
  return sizeof key;
}

unsigned psk_server(SSL*, const char* id, unsigned char* psk, unsigned room) {
  if (id != identity || sizeof key > room) return 0;
  std::copy(std::begin(key), std::end(key), psk);
  return sizeof key;
}

// ---- the session secret ----

int give_secret(SSL*, void* secret, int* size, STACK_OF(SSL_CIPHER) *, const SSL_CIPHER**, void*) {
  if (*size < static_cast<int>(sizeof session_secret)) return 0;
  std::memcpy(secret, session_secret, sizeof session_secret);
  *size = sizeof session_secret;
  return 1;
}

// ---- contexts ----

void set_suite(SSL_CTX* context, sesame::CipherSuite suite, bool tls13) {
  SSL* ssl = SSL_new(context);
  const std::string suite_name = SSL_CIPHER_get_name(find_suite(ssl, suite));
  SSL_free(ssl);
  // Security level 0: TLS 1.0 and 1.1 need it.
  require(tls13 ? SSL_CTX_set_ciphersuites(context, suite_name.c_str()) == 1
                : SSL_CTX_set_cipher_list(context, (suite_name + ":@SECLEVEL=0").c_str()) == 1,
          "libssl refuses the suite");
}

SSL_CTX* make_context(const SSL_METHOD* method, const Setting& setting, bool release_buffers) {
  SSL_CTX* context = SSL_CTX_new(method);
  require(context != nullptr, "no SSL_CTX");
  set_suite(context, setting.suite, setting.is_tls13());
  const int version = static_cast<int>(setting.version);
  require(SSL_CTX_set_min_proto_version(context, version) == 1 &&
              SSL_CTX_set_max_proto_version(context, version) == 1,
          "libssl refuses the version");
  // P-256 is for the certificate, whose curve TLS 1.2 names among the groups (RFC 8422 section 5.1).
  require(SSL_CTX_set1_groups_list(context, setting.is_tls13() ? "X25519" : "X25519:P-256") == 1,
          "libssl refuses a group");
  if (setting.by == By::key) SSL_CTX_set_options(context, SSL_OP_ALLOW_NO_DHE_KEX);
  if (!setting.encrypt_then_mac) SSL_CTX_set_options(context, SSL_OP_NO_ENCRYPT_THEN_MAC);
  if (!setting.resumes && setting.by != By::session_secret) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_quiet_shutdown(context,
                             1);  // what is freed here was never shut down, and that is no concern of anybody
  if (release_buffers) SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

Contexts::Contexts(const Setting& setting, bool release_buffers)
    : setting_(setting),
      client_(make_context(TLS_client_method(), setting, release_buffers)),
      server_(make_context(TLS_server_method(), setting, release_buffers)) {
  if (setting.has_certificates()) {
    const Certificates& ours = certificates(setting.by);
    X509_STORE_up_ref(ours.store);
    SSL_CTX_set_cert_store(client_, ours.store);
    SSL_CTX_set_verify(client_, SSL_VERIFY_PEER, nullptr);
    require(SSL_CTX_use_certificate(server_, ours.leaf) == 1 &&
                SSL_CTX_use_PrivateKey(server_, ours.key) == 1 && SSL_CTX_set_dh_auto(server_, 1) == 1,
            "libssl refuses the certificate");
  } else if (setting.is_tls13()) {
    SSL_CTX_set_psk_use_session_callback(client_, use_session);
    SSL_CTX_set_psk_find_session_callback(server_, find_session);
    // A libssl that shares a group with its peer chooses psk_dhe_ke; psk_ke is what it does where they share
    // none.
    if (setting.mode == Mode::psk_ke)
      require(SSL_CTX_set1_groups_list(server_, "P-256") == 1, "libssl refuses a group");
  } else {
    SSL_CTX_set_psk_client_callback(client_, psk_client);
    SSL_CTX_set_psk_server_callback(server_, psk_server);
  }
  if (!setting.resumes) return;
  SSL_CTX_set_num_tickets(server_, 1);
  SSL_CTX_set_session_cache_mode(client_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_app_data(client_, &session_);
  SSL_CTX_sess_set_new_cb(client_, [](SSL* ssl, SSL_SESSION* session) {
    auto* kept = static_cast<SSL_SESSION**>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    if (*kept) return 0;
    *kept = session;
    return 1;
  });
  {
    const Pair first = connect();
    std::uint8_t none;
    SSL_read(first.client(), &none, 1);  // TLS 1.3 gives the ticket behind the handshake
  }
  require(session_ != nullptr, "libssl gives no ticket");
  SSL_CTX_set_num_tickets(server_, 0);
}

Contexts::~Contexts() {
  SSL_SESSION_free(session_);
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
  if (setting_.has_certificates()) {
    std::string server_to_call = server_name;
    require(SSL_ctrl(client, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                     server_to_call.data()) == 1 &&
                SSL_set1_host(client, server_name) == 1,
            "libssl takes no name");
  }
  if (setting_.by == By::session_secret) {
    std::uint8_t ticket[sizeof session_ticket];
    std::copy(std::begin(session_ticket), std::end(session_ticket), ticket);
    require(SSL_set_session_ticket_ext(client, ticket, sizeof ticket) == 1 &&
                SSL_set_session_secret_cb(client, give_secret, nullptr) == 1 &&
                SSL_set_session_secret_cb(server, give_secret, nullptr) == 1,
            "libssl takes no session secret");
  }
  if (session_) {
    // libssl marks a session of TLS 1.3 that was used once: each handshake has a copy.
    SSL_SESSION* copy = setting_.is_tls13() ? SSL_SESSION_dup(session_) : nullptr;
    SSL_set_session(client, copy ? copy : session_);
    SSL_SESSION_free(copy);
  }
  const bool resumes = session_ != nullptr;
  for (int turn = 0; turn < 4 && !(SSL_is_init_finished(client) && SSL_is_init_finished(server)); ++turn) {
    SSL_do_handshake(client);
    SSL_do_handshake(server);
  }
  const bool done = SSL_is_init_finished(client) && SSL_is_init_finished(server);
  if (!done) ERR_print_errors_fp(stderr);
  require(done, "libssl's handshake failed");
  check(client, server);
  const bool reused =
      resumes || setting_.by == By::session_secret || (setting_.by == By::key && setting_.is_tls13());
  require((SSL_session_reused(client) == 1) == reused && (SSL_session_reused(server) == 1) == reused,
          "libssl did not resume what was to be measured");
  if (setting_.resumes) {
    // libssl forgets the session of a connection that was not shut down.
    SSL_set_shutdown(client, SSL_SENT_SHUTDOWN);
    SSL_set_shutdown(server, SSL_SENT_SHUTDOWN);
  }
  return {client, server};
}

void Contexts::check(SSL* client, SSL* server) const {
  require(SSL_version(client) == static_cast<int>(setting_.version) &&
              SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(client)) ==
                  static_cast<std::uint16_t>(setting_.suite),
          "libssl did not negotiate what was to be measured");
  if (!setting_.is_tls13()) return;
  const bool exchanged = SSL_get_negotiated_group(server) == NID_X25519;
  require(exchanged == (setting_.mode == Mode::psk_dhe_ke),
          "libssl did not negotiate the mode that was to be measured");
}

void Pair::free_client() noexcept { SSL_free(std::exchange(client_, nullptr)); }
void Pair::free_server() noexcept { SSL_free(std::exchange(server_, nullptr)); }

void Pair::transfer(const std::uint8_t* data, std::size_t size, std::uint8_t* into) noexcept {
  const int n = static_cast<int>(size);
  require(SSL_write(client_, data, n) == n && SSL_read(server_, into, n) == n,
          "libssl's record did not arrive");
}

}  // namespace bench::openssl
