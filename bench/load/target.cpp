#include "target.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace sesame::load {

namespace {

constexpr const char* key = "load:5f0d7c3e9a1b48d2b6e4c8f01a2d3e4f5f0d7c3e9a1b48d2b6e4c8f01a2d3e4f\n";

std::vector<std::string> arguments_of(const Settings& settings, unsigned backend_port) {
  const std::string most = std::to_string(settings.connections + 200);
  const std::string timeout = std::to_string(settings.handshake_timeout);
  std::vector<std::string> out = {settings.command};
  if (settings.proxy) {
    out.insert(out.end(),
               {"proxy", "--accept", "127.0.0.1:0", "--to", "127.0.0.1:" + std::to_string(backend_port),
                "--threads", std::to_string(settings.threads)});
  } else {
    out.insert(out.end(), {"serve", "--listen", "127.0.0.1", "--port", "0"});
  }
  out.insert(out.end(), {"--metrics", "0", "--max-connections", most, "--handshake-timeout", timeout,
                         "--keys", "keys.psk", "--log", "log"});
  return out;
}

}  // namespace

Target::Target(const Settings& settings, unsigned backend_port) {
  std::string name = (std::filesystem::temp_directory_path() / "sesame-load-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  std::ofstream(folder_ / "keys.psk") << key;
  std::filesystem::permissions(folder_ / "keys.psk", std::filesystem::perms(0600));

  auto arguments = arguments_of(settings, backend_port);
  arguments.front() = std::filesystem::absolute(arguments.front()).string();
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  process_ = ::fork();
  if (process_ == 0) {
    if (::chdir(folder_.c_str()) != 0) ::_exit(126);
    ::dup2(pipe[1], STDOUT_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(pipe[1]);
  output_ = pipe[0];
  port_ = port_behind("listening on ");
  metrics_port_ = port_behind("metrics on ");
}

Target::~Target() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  ::close(output_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Target::key_line() const { return key; }

unsigned Target::port_behind(const std::string& word) {
  for (;;) {
    const std::size_t line = said_.find(word);
    const std::size_t end = line == std::string::npos ? line : said_.find('\n', line);
    if (end != std::string::npos)
      return static_cast<unsigned>(std::stoul(said_.substr(said_.rfind(':', end) + 1)));
    pollfd poll{output_, POLLIN, 0};
    char part[256];
    ssize_t size = 0;
    if (::poll(&poll, 1, 20'000) > 0) size = ::read(output_, part, sizeof part);
    if (size <= 0) throw std::runtime_error("the command does not begin to listen; it said: " + said_);
    said_.append(part, static_cast<std::size_t>(size));
  }
}

bool Target::running() const {
  return ::kill(process_, 0) == 0 && ::waitpid(process_, nullptr, WNOHANG) == 0;
}

std::uint64_t Target::resident() const {
  std::ifstream status("/proc/" + std::to_string(process_) + "/status");
  for (std::string word; status >> word;) {
    if (word != "VmRSS:") continue;
    std::uint64_t kibibytes = 0;
    status >> kibibytes;
    return kibibytes * 1024;
  }
  return 0;
}

double Target::metric(const std::string& name) const {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(metrics_port_));
  std::string text;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    constexpr std::string_view request = "GET /metrics HTTP/1.1\r\n\r\n";
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
      char part[4096];
      for (ssize_t size = 0; (size = ::recv(socket, part, sizeof part, 0)) > 0;)
        text.append(part, static_cast<std::size_t>(size));
    }
  }
  ::close(socket);
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::strtod(text.c_str() + at + name.size() + 2, nullptr);
}

int Target::stop() {
  ::kill(process_, SIGTERM);
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace sesame::load
