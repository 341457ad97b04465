#include "status_page.h"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "report.h"
#include "text.h"

namespace sesame::tool {

namespace {

std::string response(std::string_view status, std::string_view type, std::string_view body,
                     bool with_body = true, std::string_view more = {}) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n{}Connection: "
      "close\r\n\r\n{}",
      status, type, body.size(), more, with_body ? body : std::string_view());
}

std::string json_body(const Connection& connection, const ServerStatus& status) {
  Json json;
  add_negotiated(json, connection);
  json.add("used_older_key", connection.used_older_key())
      .add("uptime_seconds", seconds(status.up))
      .add("connections_open", status.open)
      .add("connections_accepted", status.accepted)
      .add("connections_failed", status.failed)
      .add("identities", status.identities)
      .add("keys", status.keys);
  return json.object() + "\n";
}

std::string html_body(const Connection& connection, const ServerStatus& status) {
  std::string rows;
  const auto row = [&rows](std::string_view title, std::string_view value) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", title, html_escaped(value));
  };
  const auto group = connection.group();
  row("Version", name(connection.version()));
  row("Cipher suite", name(connection.cipher_suite()));
  const bool by_key = !connection.psk_identity().empty();
  row("Authenticated by", name(connection.authentication()));
  const std::string_view exchange = key_exchange_text(connection);
  if (by_key || connection.version() < ProtocolVersion::tls13) row("Key exchange", exchange);
  const bool own_prime = !group && exchange.starts_with("DH");
  row("Group", group ? name(*group) : own_prime ? "a prime of the server" : "none: no forward secrecy");
  if (by_key) row("Your identity", escaped(connection.psk_identity(), 256));
  if (connection.used_older_key()) row("Your key", "the older of two: change to the newer one");
  if (!connection.alpn().empty()) row("ALPN", escaped(as_bytes(connection.alpn())));
  if (!connection.server_name().empty()) row("Server name", escaped(as_bytes(connection.server_name())));
  row("Connections",
      fmt::format("{} open, {} accepted, {} failed", status.open, status.accepted, status.failed));
  row("Keys",
      fmt::format("{} for {}", counted(status.keys, "key"),
                  status.identities == 1 ? "1 identity" : fmt::format("{} identities", status.identities)));
  row("Up for", fmt::format("{:.0f} s", seconds(status.up)));
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sesame</title>\n"
         "<style>body{font:1rem/1.5 sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}"
         "th{text-align:left;padding-right:2rem;font-weight:normal;color:#555}</style></head>\n"
         "<body><h1>Sesame</h1>\n<p>This connection is protected with " +
         std::string(by_key ? "a shared key" : "a certificate") + ".</p>\n<table>\n" + rows +
         "</table>\n<p><a href=\"/status.json\">The same as JSON</a></p></body></html>\n";
}

}  // namespace

bool request_complete(std::string_view request) {
  return request.find("\r\n\r\n") != std::string_view::npos || request.find("\n\n") != std::string_view::npos;
}

std::string respond(std::string_view request, const Connection& connection, const ServerStatus& status) {
  if (!request_complete(request)) {
    return response("431 Request Header Fields Too Large", "text/plain", "The request is too long.\n");
  }
  const std::string_view line = request.substr(0, request.find_first_of("\r\n"));
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || !line.substr(second + 1).starts_with("HTTP/1.")) {
    return response("400 Bad Request", "text/plain", "This is not an HTTP request.\n");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view path = line.substr(first + 1, second - first - 1);
  const bool head = method == "HEAD";
  if (method != "GET" && !head) {
    return response("405 Method Not Allowed", "text/plain", "Only GET and HEAD.\n", true,
                    "Allow: GET, HEAD\r\n");
  }
  const std::string_view name = path.substr(0, path.find('?'));
  if (name == "/")
    return response("200 OK", "text/html; charset=utf-8", html_body(connection, status), !head);
  if (name == "/status.json")
    return response("200 OK", "application/json", json_body(connection, status), !head);
  return response("404 Not Found", "text/plain", "There are / and /status.json.\n", !head);
}

}  // namespace sesame::tool
