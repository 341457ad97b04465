// A client or a server over mbedTLS, for tests with another stack than OpenSSL's and GnuTLS's.
//
//   mbedtls_peer suites                 the suites that it has: value, lowest and highest minor version, name
//   mbedtls_peer server PORT [options]  accepts on 127.0.0.1, and sends back what comes
//   mbedtls_peer client PORT [options]  sends the lines of its standard input, and prints what comes
//
// A line "R" of the standard input renegotiates, "Q" says close_notify. What was negotiated is a line on the
// standard error for each handshake, and so is a failure: "failed -0x7780" with mbedTLS's own number.
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "options.h"

namespace mbedtls_peer {
namespace {

const unsigned char* octets(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

[[noreturn]] void give_up(const char* doing, int result) {
  std::fprintf(stderr, "mbedtls_peer: %s: -0x%04x\n", doing, static_cast<unsigned>(-result));
  std::exit(3);
}
void must(const char* doing, int result) {
  if (result != 0) give_up(doing, result);
}

class Peer {
 public:
  explicit Peer(const Options& options);
  int run();

 private:
  void configure_sessions();
  void configure_certificates();
  bool converse();  // one connection; false: it failed
  template <class Step>
  int finish(Step step);
  bool handshake();
  void report(const char* what);
  bool renegotiate();
  bool take_input();
  bool read_record();
  bool fail(int result);
  bool send(const std::string& text);

  Options options_;
  mbedtls_entropy_context entropy_;
  mbedtls_ctr_drbg_context random_;
  mbedtls_ssl_config config_;
  mbedtls_x509_crt own_, trusted_;
  mbedtls_pk_context key_;
  mbedtls_ssl_ticket_context tickets_;
  mbedtls_ssl_cache_context cache_;
  mbedtls_net_context listener_, socket_;
  mbedtls_ssl_context ssl_;
  mbedtls_ssl_session session_;
  std::array<const char*, 2> alpn_ = {};
  std::string input_;
  bool has_session_ = false, input_over_ = false, ended_ = false;
};

Peer::Peer(const Options& options) : options_(options) {
  mbedtls_entropy_init(&entropy_);
  mbedtls_ctr_drbg_init(&random_);
  mbedtls_ssl_config_init(&config_);
  mbedtls_x509_crt_init(&own_);
  mbedtls_x509_crt_init(&trusted_);
  mbedtls_pk_init(&key_);
  mbedtls_ssl_ticket_init(&tickets_);
  mbedtls_ssl_cache_init(&cache_);
  mbedtls_net_init(&listener_);
  mbedtls_net_init(&socket_);
  mbedtls_ssl_session_init(&session_);
  must("random", mbedtls_ctr_drbg_seed(&random_, mbedtls_entropy_func, &entropy_, nullptr, 0));
  must("defaults", mbedtls_ssl_config_defaults(
                       &config_, options_.is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                       MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT));
  mbedtls_ssl_conf_rng(&config_, mbedtls_ctr_drbg_random, &random_);
  mbedtls_ssl_conf_min_version(&config_, MBEDTLS_SSL_MAJOR_VERSION_3, options_.min_version);
  mbedtls_ssl_conf_max_version(&config_, MBEDTLS_SSL_MAJOR_VERSION_3, options_.max_version);
  if (!options_.suites.empty()) mbedtls_ssl_conf_ciphersuites(&config_, options_.suites.data());
  if (!options_.psk.empty()) {
    must("key", mbedtls_ssl_conf_psk(&config_, octets(options_.psk), options_.psk.size(),
                                     octets(options_.identity), options_.identity.size()));
  }
  mbedtls_ssl_conf_encrypt_then_mac(&config_,
                                    options_.etm ? MBEDTLS_SSL_ETM_ENABLED : MBEDTLS_SSL_ETM_DISABLED);
  mbedtls_ssl_conf_extended_master_secret(
      &config_, options_.ems ? MBEDTLS_SSL_EXTENDED_MS_ENABLED : MBEDTLS_SSL_EXTENDED_MS_DISABLED);
  mbedtls_ssl_conf_renegotiation(&config_, options_.renegotiation ? MBEDTLS_SSL_RENEGOTIATION_ENABLED
                                                                  : MBEDTLS_SSL_RENEGOTIATION_DISABLED);
  if (!options_.is_server)
    mbedtls_ssl_conf_fallback(&config_,
                              options_.fallback ? MBEDTLS_SSL_IS_FALLBACK : MBEDTLS_SSL_IS_NOT_FALLBACK);
  if (options_.fragment != 0) {
    const int code = options_.fragment == 512    ? MBEDTLS_SSL_MAX_FRAG_LEN_512
                     : options_.fragment == 1024 ? MBEDTLS_SSL_MAX_FRAG_LEN_1024
                     : options_.fragment == 2048 ? MBEDTLS_SSL_MAX_FRAG_LEN_2048
                                                 : MBEDTLS_SSL_MAX_FRAG_LEN_4096;
    must("fragment length", mbedtls_ssl_conf_max_frag_len(&config_, static_cast<unsigned char>(code)));
  }
  if (!options_.alpn.empty()) {
    alpn_[0] = options_.alpn.c_str();
    must("alpn", mbedtls_ssl_conf_alpn_protocols(&config_, alpn_.data()));
  }
  configure_certificates();
  configure_sessions();
}

void Peer::configure_certificates() {
  if (!options_.authorities.empty()) {
    must("authorities", mbedtls_x509_crt_parse_file(&trusted_, options_.authorities.c_str()));
    mbedtls_ssl_conf_ca_chain(&config_, &trusted_, nullptr);
  }
  const bool verifies =
      !options_.authorities.empty() && (!options_.is_server || options_.requires_certificate);
  mbedtls_ssl_conf_authmode(&config_, verifies ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE);
  if (options_.certificate.empty()) return;
  must("certificate", mbedtls_x509_crt_parse_file(&own_, options_.certificate.c_str()));
  must("private key", mbedtls_pk_parse_keyfile(&key_, options_.private_key.c_str(), nullptr));
  must("certificate and key", mbedtls_ssl_conf_own_cert(&config_, &own_, &key_));
}

void Peer::configure_sessions() {
  if (!options_.is_server) {
    mbedtls_ssl_conf_session_tickets(&config_, options_.tickets ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
                                                                : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    return;
  }
  if (options_.tickets) {
    must("tickets", mbedtls_ssl_ticket_setup(&tickets_, mbedtls_ctr_drbg_random, &random_,
                                             MBEDTLS_CIPHER_AES_256_GCM, 3600));
    mbedtls_ssl_conf_session_tickets_cb(&config_, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse,
                                        &tickets_);
  }
  if (options_.cache)
    mbedtls_ssl_conf_session_cache(&config_, &cache_, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
}

int Peer::run() {
  if (options_.is_server) {
    must("listen", mbedtls_net_bind(&listener_, "127.0.0.1", options_.port.c_str(), MBEDTLS_NET_PROTO_TCP));
    std::fprintf(stderr, "listening\n");
  }
  int failures = 0;
  for (unsigned i = 0; i < options_.connections; ++i) {
    if (options_.is_server) {
      must("accept", mbedtls_net_accept(&listener_, &socket_, nullptr, 0, nullptr));
    } else {
      must("connect",
           mbedtls_net_connect(&socket_, "127.0.0.1", options_.port.c_str(), MBEDTLS_NET_PROTO_TCP));
    }
    must("socket", mbedtls_net_set_nonblock(&socket_));
    mbedtls_ssl_init(&ssl_);
    must("setup", mbedtls_ssl_setup(&ssl_, &config_));
    mbedtls_ssl_set_bio(&ssl_, &socket_, mbedtls_net_send, mbedtls_net_recv, nullptr);
    if (!options_.server_name.empty())
      must("name", mbedtls_ssl_set_hostname(&ssl_, options_.server_name.c_str()));
    if (has_session_) must("session", mbedtls_ssl_set_session(&ssl_, &session_));
    ended_ = false;
    if (!converse()) ++failures;
    mbedtls_net_free(&socket_);
    mbedtls_ssl_free(&ssl_);
  }
  return failures == 0 ? 0 : 1;
}

bool Peer::fail(int result) {
  std::array<char, 200> text;
  mbedtls_strerror(result, text.data(), text.size());
  std::fprintf(stderr, "failed -0x%04x %s\n", static_cast<unsigned>(-result), text.data());
  return false;
}

void Peer::report(const char* what) {
  const mbedtls_ssl_session* session = mbedtls_ssl_get_session_pointer(&ssl_);
  const char* alpn = mbedtls_ssl_get_alpn_protocol(&ssl_);
  std::fprintf(stderr, "%s %s %s id=%zu alpn=%s\n", what, mbedtls_ssl_get_version(&ssl_),
               mbedtls_ssl_get_ciphersuite(&ssl_), session == nullptr ? 0 : session->id_len,
               alpn == nullptr ? "none" : alpn);
}

// The socket does not block, since a renegotiation within mbedtls_ssl_read would go on to wait for data.
// Calls `step` until it wants no more octets.
template <class Step>
int Peer::finish(Step step) {
  for (;;) {
    const int result = step();
    if (result != MBEDTLS_ERR_SSL_WANT_READ && result != MBEDTLS_ERR_SSL_WANT_WRITE) return result;
    pollfd entry{socket_.fd, static_cast<short>(result == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT), 0};
    if (poll(&entry, 1, -1) < 0) return MBEDTLS_ERR_NET_POLL_FAILED;
  }
}

bool Peer::handshake() {
  const int result = finish([&] { return mbedtls_ssl_handshake(&ssl_); });
  if (result != 0) return fail(result);
  report("connected");
  return true;
}

bool Peer::renegotiate() {
  const int result = finish([&] { return mbedtls_ssl_renegotiate(&ssl_); });
  if (result != 0) return fail(result);
  // A server has only asked; the handshake is done where it reads.
  if (!options_.is_server) report("renegotiated");
  return true;
}

bool Peer::send(const std::string& text) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const int result =
        finish([&] { return mbedtls_ssl_write(&ssl_, octets(text) + sent, text.size() - sent); });
    if (result < 0) return fail(result);
    sent += static_cast<std::size_t>(result);
  }
  return true;
}

// Lines of the standard input; false: the connection failed.
bool Peer::take_input() {
  std::array<char, 4096> buffer;
  const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (size <= 0) {
    input_over_ = true;
    return true;
  }
  input_.append(buffer.data(), static_cast<std::size_t>(size));
  for (std::size_t end; !ended_ && (end = input_.find('\n')) != std::string::npos;) {
    const std::string line = input_.substr(0, end + 1);
    input_.erase(0, end + 1);
    if (line == "R\n") {
      if (!renegotiate()) return false;
    } else if (line == "Q\n") {
      mbedtls_ssl_close_notify(&ssl_);
      ended_ = true;
    } else if (!send(line)) {
      return false;
    }
  }
  return true;
}

bool Peer::read_record() {
  std::array<unsigned char, 20'000> buffer;
  const int size = mbedtls_ssl_read(&ssl_, buffer.data(), buffer.size());
  if (size == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
    mbedtls_ssl_close_notify(&ssl_);
    ended_ = true;
    return true;
  }
  if (size == 0) {
    ended_ = true;
    return true;
  }
  if (size == MBEDTLS_ERR_SSL_WANT_READ || size == MBEDTLS_ERR_SSL_WANT_WRITE) return true;
  if (size < 0) return fail(size);
  if (options_.is_server)
    return send(std::string(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(size)));
  std::fwrite(buffer.data(), 1, static_cast<std::size_t>(size), stdout);
  std::fflush(stdout);
  return true;
}

bool Peer::converse() {
  if (!handshake()) return false;
  while (!ended_) {
    std::array<pollfd, 2> entries = {pollfd{socket_.fd, POLLIN, 0},
                                     pollfd{input_over_ ? -1 : STDIN_FILENO, POLLIN, 0}};
    const bool buffered = mbedtls_ssl_check_pending(&ssl_) != 0;
    if (poll(entries.data(), entries.size(), buffered ? 0 : -1) < 0) return false;
    if (entries[1].revents != 0 && !take_input()) return false;
    if (!ended_ && (buffered || entries[0].revents != 0) && !read_record()) return false;
  }
  if (!options_.is_server && options_.connections > 1) {
    // With the ticket, which came in the handshake.
    mbedtls_ssl_session_free(&session_);
    mbedtls_ssl_session_init(&session_);
    must("session", mbedtls_ssl_get_session(&ssl_, &session_));
    has_session_ = true;
  }
  return true;
}

}  // namespace
}  // namespace mbedtls_peer

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);
  return mbedtls_peer::Peer(mbedtls_peer::parse(count, words)).run();
}
