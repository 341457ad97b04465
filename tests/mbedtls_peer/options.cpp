#include "options.h"

#include <mbedtls/ssl_ciphersuites.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

namespace mbedtls_peer {
namespace {

[[noreturn]] void misuse(const std::string& why) {
  std::fprintf(stderr, "mbedtls_peer: %s\n", why.c_str());
  std::exit(2);
}

std::string from_hex(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return out;
}

// By the registered value, in hexadecimal: mbedTLS has names of its own.
int suite(const std::string& text) {
  const int id = std::stoi(text, nullptr, 16);
  if (mbedtls_ssl_ciphersuite_from_id(id) == nullptr) misuse("no such suite: " + text);
  return id;
}

[[noreturn]] void list_suites() {
  for (const int* id = mbedtls_ssl_list_ciphersuites(); *id != 0; ++id) {
    const mbedtls_ssl_ciphersuite_t* info = mbedtls_ssl_ciphersuite_from_id(*id);
    std::printf("%04x %d %d %s\n", static_cast<unsigned>(*id), info->min_minor_ver, info->max_minor_ver,
                info->name);
  }
  std::exit(0);
}

}  // namespace

Options parse(int count, char** words) {
  if (count > 1 && std::string(words[1]) == "suites") list_suites();
  if (count < 3) misuse("suites, or client|server PORT and options");
  Options out;
  out.is_server = std::string(words[1]) == "server";
  out.port = words[2];
  using Text = const std::string&;
  const std::map<std::string, std::function<void(Text)>> with_value = {
      {"--psk", [&](Text v) { out.psk = from_hex(v); }},
      {"--identity", [&](Text v) { out.identity = v; }},
      {"--identity-hex", [&](Text v) { out.identity = from_hex(v); }},
      {"--suite", [&](Text v) { out.suites.push_back(suite(v)); }},
      {"--min", [&](Text v) { out.min_version = std::stoi(v) + 1; }},
      {"--max", [&](Text v) { out.max_version = std::stoi(v) + 1; }},
      {"--connections", [&](Text v) { out.connections = static_cast<unsigned>(std::stoul(v)); }},
      {"--fragment", [&](Text v) { out.fragment = std::stoi(v); }},
      {"--cert", [&](Text v) { out.certificate = v; }},
      {"--key", [&](Text v) { out.private_key = v; }},
      {"--ca", [&](Text v) { out.authorities = v; }},
      {"--name", [&](Text v) { out.server_name = v; }},
      {"--alpn", [&](Text v) { out.alpn = v; }},
  };
  const std::map<std::string, bool*> flags = {{"--tickets", &out.tickets},
                                              {"--cache", &out.cache},
                                              {"--fallback", &out.fallback},
                                              {"--renegotiation", &out.renegotiation},
                                              {"--require-certificate", &out.requires_certificate}};
  for (int i = 3; i < count; ++i) {
    const std::string word = words[i];
    if (const auto flag = flags.find(word); flag != flags.end()) {
      *flag->second = true;
    } else if (word == "--no-etm") {
      out.etm = false;
    } else if (word == "--no-ems") {
      out.ems = false;
    } else if (const auto option = with_value.find(word); option != with_value.end() && i + 1 < count) {
      option->second(words[++i]);
    } else {
      misuse("what is '" + word + "'?");
    }
  }
  if (!out.suites.empty()) out.suites.push_back(0);
  return out;
}

}  // namespace mbedtls_peer
