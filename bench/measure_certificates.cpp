// Handshakes by certificate, and resumptions. Both sides verify and sign by the same libcrypto; both have one
// certificate of the server's, issued by an authority that the client trusts, and check its name.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sesame/sesame.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "measure.h"
#include "peer.h"

namespace bench {
namespace {

constexpr const char* server_name = "server.example";

// ---- the certificates ----

X509* certificate(EVP_PKEY* key, const char* name, EVP_PKEY* issuer_key, const char* issuer, bool authority) {
  X509* x = X509_new();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), authority ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 86'400);
  const auto set_name = [](X509_NAME* n, const char* text) {
    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1,
                               0);
  };
  set_name(X509_get_subject_name(x), name);
  set_name(X509_get_issuer_name(x), issuer);
  X509_set_pubkey(x, key);
  const auto add = [&](int nid, const char* value) {
    X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    require(e != nullptr, "no X.509 extension");
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
  };
  if (authority) {
    add(NID_basic_constraints, "critical,CA:TRUE");
    add(NID_key_usage, "critical,keyCertSign");
  } else {
    add(NID_subject_alt_name, "DNS:server.example");
    add(NID_ext_key_usage, "serverAuth");
  }
  require(X509_sign(x, issuer_key, EVP_sha256()) > 0, "a certificate cannot be signed");
  return x;
}

struct Certificates {
  EVP_PKEY* root_key = EVP_EC_gen("P-256");
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* root = certificate(root_key, "Root", root_key, "Root", true);
  X509* leaf = certificate(key, server_name, root_key, "Root", false);
  X509_STORE* store = X509_STORE_new();
  Certificates() { X509_STORE_add_cert(store, root); }
};
const Certificates& certificates() {
  static const Certificates made;
  return made;
}

// ---- libssl ----

class Libssl {
 public:
  explicit Libssl(bool resume) : resume_(resume) {
    client_ = context(TLS_client_method());
    server_ = context(TLS_server_method());
    X509_STORE_up_ref(certificates().store);
    SSL_CTX_set_cert_store(client_, certificates().store);
    SSL_CTX_set_verify(client_, SSL_VERIFY_PEER, nullptr);
    require(SSL_CTX_use_certificate(server_, certificates().leaf) == 1 &&
                SSL_CTX_use_PrivateKey(server_, certificates().key) == 1,
            "libssl refuses the certificate");
    if (!resume) return;
    SSL_CTX_set_session_cache_mode(client_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(client_, this);
    SSL_CTX_sess_set_new_cb(client_, [](SSL* ssl, SSL_SESSION* session) {
      auto* self = static_cast<Libssl*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
      if (self->session_) return 0;
      self->session_ = session;
      return 1;
    });
    handshake();
    require(session_ != nullptr, "libssl gives no ticket");
  }
  ~Libssl() {
    SSL_SESSION_free(session_);
    SSL_CTX_free(client_);
    SSL_CTX_free(server_);
  }
  Libssl(const Libssl&) = delete;
  Libssl& operator=(const Libssl&) = delete;

  void handshake() {
    std::string name = server_name;
    SSL* client = SSL_new(client_);
    SSL* server = SSL_new(server_);
    BIO* to_server = BIO_new(BIO_s_mem());
    BIO* to_client = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(to_server, -1);
    BIO_set_mem_eof_return(to_client, -1);
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(client, to_client, to_server);
    SSL_set_bio(server, to_server, to_client);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    require(SSL_ctrl(client, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1,
            "no SNI");
    SSL_set1_host(client, server_name);
    const bool first = session_ == nullptr;
    SSL_set_num_tickets(server, resume_ && first ? 1 : 0);  // what is measured gives none
    // libssl marks a session of TLS 1.3 that was used once: each handshake has a copy.
    SSL_SESSION* copy = first ? nullptr : SSL_SESSION_dup(session_);
    if (copy) SSL_set_session(client, copy);
    SSL_SESSION_free(copy);
    for (int turn = 0; turn < 4 && !(SSL_is_init_finished(client) && SSL_is_init_finished(server)); ++turn) {
      SSL_do_handshake(client);
      SSL_do_handshake(server);
    }
    std::uint8_t none;
    if (resume_ && first) SSL_read(client, &none, 1);
    const bool done = SSL_is_init_finished(client) && SSL_is_init_finished(server);
    if (!done) ERR_print_errors_fp(stderr);
    require(done, "libssl's handshake failed");
    require((SSL_session_reused(client) == 1) == !first, "libssl did not do what was to be measured");
    // libssl forgets the session of a connection that was not shut down.
    SSL_set_shutdown(client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_set_shutdown(server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(client);
    SSL_free(server);
  }

 private:
  static SSL_CTX* context(const SSL_METHOD* method) {
    SSL_CTX* context = SSL_CTX_new(method);
    require(context != nullptr, "no SSL_CTX");
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(context, "X25519");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_quiet_shutdown(context, 1);
    return context;
  }
  SSL_CTX* client_;
  SSL_CTX* server_;
  SSL_SESSION* session_ = nullptr;
  bool resume_;
};

// ---- Sesame ----

template <class T>
T unwrap(sesame::Expected<T>&& result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message().c_str());
  require(result.has_value(), "sesame refuses");
  return std::move(*result);
}

class Native {
 public:
  explicit Native(bool resume) {
    sesame::ContextOptions client, server;
    client.cipher_suites = server.cipher_suites = {sesame::CipherSuite::TLS_AES_128_GCM_SHA256};
    client.groups = server.groups = {sesame::NamedGroup::x25519};
    client.verification =
        sesame::VerificationOptions{.trust = unwrap(sesame::TrustStore::from_handle(certificates().store))};
    X509* const chain[] = {certificates().leaf};
    server.certificates = {unwrap(sesame::CertifiedKey::from_handles(chain, certificates().key))};
    if (resume) {
      client.on_session = [this](const sesame::Session& session) { session_ = session; };
      server.tickets = {.issuer = std::make_shared<sesame::TicketKeys>(), .count = 1};
    }
    client_ = unwrap(sesame::Context::create(client));
    server_ = unwrap(sesame::Context::create(server));
    if (!resume) return;
    handshake();
    require(session_.has_value(), "sesame gives no ticket");
    server.tickets.count = 0;
    client.on_session = {};
    client_ = unwrap(sesame::Context::create(client));
    server_ = unwrap(sesame::Context::create(server));
  }

  void handshake() {
    sesame::ClientOptions options{.server_name = server_name};
    const bool resumes = session_.has_value();
    options.session = session_;
    auto client = unwrap(sesame::Connection::client(client_, options));
    auto server = unwrap(sesame::Connection::server(server_));
    for (bool moved = true; moved;) {
      moved = deliver(client, server);
      moved = deliver(server, client) || moved;
    }
    require(client.handshake_done() && server.handshake_done(), "sesame's handshake does not end");
    require(client.resumed() == resumes, "sesame did not do what was to be measured");
  }

 private:
  static bool deliver(sesame::Connection& from, sesame::Connection& to) {
    static std::array<std::uint8_t, 8192> buffer;
    const sesame::Bytes out = from.output();
    if (out.empty()) return false;
    require(out.size() <= buffer.size(), "a flight is larger than expected");
    std::memcpy(buffer.data(), out.data(), out.size());
    from.output_sent(out.size());
    sesame::MutableBytes rest(buffer.data(), out.size());
    while (!rest.empty()) {
      const auto received = to.receive(rest);
      if (!received) std::fprintf(stderr, "%s\n", received.error().message().c_str());
      require(received && received->consumed > 0, "sesame's handshake failed");
      rest = rest.subspan(received->consumed);
    }
    return true;
  }

  std::shared_ptr<const sesame::Context> client_, server_;
  std::optional<sesame::Session> session_;
};

}  // namespace

void measure_certificates(std::vector<Row>& rows, const RoundOptions& options) {
  for (const bool resume : {false, true}) {
    Libssl libssl(resume);
    Native native(resume);
    const auto repeat = [](auto& contexts) {
      return [&contexts](std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) contexts.handshake();
      };
    };
    const Rounds rounds({{"libssl", repeat(libssl)}, {"sesame", repeat(native)}}, options);
    rows.push_back(
        {.id = resume ? "resumption_handshakes" : "ecdsa_p256_handshakes",
         .what = resume ? "resumptions by a ticket (psk_dhe_ke, x25519)" : "ECDSA P-256 handshakes (x25519)",
         .unit = "pairs/s",
         .sesame = rounds.rate(1).median,
         .peer = rounds.rate(0).median,
         .ratio = rounds.ratio(1, 0),
         .goal = Row::Goal{Row::Goal::Kind::ratio_at_least, resume ? 1.5 : 1.3}});
  }
}

}  // namespace bench
