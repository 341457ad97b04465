#include "command.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

namespace sesame::test {

using Clock = std::chrono::steady_clock;

// ---- Folder ----

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "sesame-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}
Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}
void Folder::write(std::string_view name, std::string_view text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  std::filesystem::permissions(path_ / name,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}
std::string Folder::read(std::string_view name) const {
  std::ostringstream out;
  out << std::ifstream(path_ / name, std::ios::binary).rdbuf();
  return out.str();
}
unsigned Folder::mode(std::string_view name) const {
  struct stat status{};
  EXPECT_EQ(::stat(path(name).c_str(), &status), 0);
  return status.st_mode & 07777U;
}

std::vector<nlohmann::json> Finished::events() const {
  std::vector<nlohmann::json> all;
  std::istringstream lines(err);
  for (std::string line; std::getline(lines, line);) {
    all.push_back(nlohmann::json::parse(line, nullptr, false));
    EXPECT_TRUE(all.back().is_object()) << line;
  }
  return all;
}

// ---- Process ----

Process::Process(const Folder& folder, const Arguments& arguments, const ProcessOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<std::array<int, 2>, 3> pipes{};
  for (auto& pipe : pipes) EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    // Only what is safe between fork and exec, in a program that may have threads.
    if (::chdir(folder.path().c_str()) != 0) ::_exit(126);
    const int input = options.input_file.empty() ? pipes[0][0] : ::open(options.input_file.c_str(), O_RDONLY);
    const int output = options.output_file.empty()
                           ? pipes[1][1]
                           : ::open(options.output_file.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(input, 0);
    ::dup2(output, 1);
    ::dup2(pipes[2][1], 2);
    std::signal(SIGPIPE, SIG_DFL);
    ::umask(0);
    ::unsetenv("SSLKEYLOGFILE");
    ::unsetenv("SESAME_KEY");
    for (const auto& [name, value] : options.environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  in_ = pipes[0][1];
  out_ = pipes[1][0];
  err_ = pipes[2][0];
  for (const int fd : {in_, out_, err_}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  ::close(pipes[0][0]);
  ::close(pipes[1][1]);
  ::close(pipes[2][1]);
}

Process::~Process() {
  if (running()) {
    signal(SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  for (const int fd : {in_, out_, err_}) {
    if (fd >= 0) ::close(fd);
  }
}

void Process::signal(int number) const { ::kill(process_, number); }

bool Process::running() {
  if (status_) return false;
  int status = 0;
  if (::waitpid(process_, &status, WNOHANG) != process_) return true;
  status_ = status;
  return false;
}

// Moves octets for at most `limit`; false: nothing moved.
bool Process::pump(std::string_view pending, std::size_t& written, std::chrono::milliseconds limit) {
  std::array<pollfd, 3> polls = {pollfd{pending.empty() ? -1 : in_, POLLOUT, 0}, pollfd{out_, POLLIN, 0},
                                 pollfd{err_, POLLIN, 0}};
  if (::poll(polls.data(), polls.size(), static_cast<int>(limit.count())) <= 0) return false;
  bool moved = false;
  if (polls[0].revents != 0) {
    const ssize_t size = ::write(in_, pending.data(), pending.size());
    if (size < 0 && errno == EPIPE) end_input();
    if (size > 0) written += static_cast<std::size_t>(size);
    moved = true;
  }
  const auto read = [&moved](int& fd, std::string& into) {
    std::array<char, 65'536> part;
    const ssize_t size = ::read(fd, part.data(), part.size());
    if (size > 0) into.append(part.data(), static_cast<std::size_t>(size));
    if (size == 0) {
      ::close(fd);
      fd = -1;
    }
    moved = true;
  };
  if (polls[1].revents != 0) read(out_, out);
  if (polls[2].revents != 0) read(err_, err);
  return moved;
}

void Process::write(std::string_view text) {
  while (!text.empty() && in_ >= 0) {
    std::size_t written = 0;
    if (!pump(text, written, 10s)) {
      ADD_FAILURE() << "the program does not read its input";
      return;
    }
    text.remove_prefix(written);
  }
}

void Process::end_input() {
  if (in_ >= 0) ::close(in_);
  in_ = -1;
}

bool Process::wait_for_output(std::string_view text, std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  std::size_t ignored = 0;
  while (out.find(text) == std::string::npos && Clock::now() < end && (out_ >= 0 || err_ >= 0))
    pump({}, ignored, 20ms);
  return out.find(text) != std::string::npos;
}

bool Process::wait_for_error(std::string_view text, std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  std::size_t ignored = 0;
  while (err.find(text) == std::string::npos && Clock::now() < end && (out_ >= 0 || err_ >= 0))
    pump({}, ignored, 20ms);
  return err.find(text) != std::string::npos;
}

Finished Process::finish(std::chrono::milliseconds limit) {
  end_input();
  const auto end = Clock::now() + limit;
  std::size_t ignored = 0;
  while ((out_ >= 0 || err_ >= 0) && Clock::now() < end) pump({}, ignored, 100ms);
  while (running() && Clock::now() < end) std::this_thread::sleep_for(2ms);
  if (running()) {
    ADD_FAILURE() << "the program does not end; it said: " << err;
    signal(SIGKILL);
    int status = 0;
    ::waitpid(process_, &status, 0);
    status_ = status;
  }
  const int status = *status_;
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), .out = out, .err = err};
}

Finished sesame(const Folder& folder, const Arguments& arguments, std::string_view input,
                const ProcessOptions& options) {
  Arguments all = {SESAME_COMMAND};
  all.insert(all.end(), arguments.begin(), arguments.end());
  Process process(folder, all, options);
  process.write(input);
  return process.finish();
}

// ---- Server ----

namespace {

Arguments serve_arguments(Arguments arguments) {
  Arguments all = {SESAME_COMMAND, "serve", "--listen", "127.0.0.1", "--port", "0"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

}  // namespace

Server::Server(const Folder& folder, Arguments arguments)
    : process_(folder, serve_arguments(std::move(arguments))) {
  EXPECT_TRUE(process_.wait_for_output("\n")) << process_.err;
  const std::string& out = process_.out;
  if (out.starts_with("{")) {
    port_ = std::to_string(nlohmann::json::parse(out).at("port").get<int>());
  } else {
    port_ = out.substr(out.rfind(':') + 1);
    port_.resize(port_.find('\n'));
  }
}

Finished Server::stop() {
  process_.signal(SIGTERM);
  return process_.finish();
}

// ---- plain TCP ----

namespace {

sockaddr_in loopback(unsigned port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  return out;
}

int connect_to(unsigned port) {
  const int out = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  EXPECT_EQ(::connect(out, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return out;
}

}  // namespace

RawClient::RawClient(const std::string& port) : socket_(connect_to(static_cast<unsigned>(std::stoi(port)))) {}
RawClient::~RawClient() { ::close(socket_); }
void RawClient::write(std::string_view octets) const {
  EXPECT_EQ(::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL), static_cast<ssize_t>(octets.size()));
}
std::string RawClient::read_to_end(std::chrono::milliseconds limit) const {
  std::string out;
  std::array<char, 4096> part;
  for (;;) {
    pollfd poll{socket_, POLLIN, 0};
    if (::poll(&poll, 1, static_cast<int>(limit.count())) <= 0) return out;
    const ssize_t size = ::recv(socket_, part.data(), part.size(), 0);
    if (size <= 0) return out;
    out.append(part.data(), static_cast<std::size_t>(size));
  }
}

void RawClient::end_output() const { ::shutdown(socket_, SHUT_WR); }
std::string RawClient::read(std::size_t size) const {
  std::string out(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    pollfd poll{socket_, POLLIN, 0};
    if (::poll(&poll, 1, 10'000) <= 0) break;
    const ssize_t got = ::recv(socket_, out.data() + done, size - done, 0);
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
  return out;
}

std::string http_get(const std::string& port, const std::string& path) {
  const RawClient client(port);
  client.write("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  return client.read_to_end();
}

// ---- Proxy ----

namespace {

Arguments proxy_arguments(const std::string& to, Arguments arguments) {
  Arguments all = {SESAME_COMMAND, "proxy", "--accept", "127.0.0.1:0", "--to", to, "--metrics", "0"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

// The port at the end of the line that begins with `text`, or that is the event's of this name.
std::string port_behind(const std::string& out, std::string_view text) {
  std::istringstream lines(out);
  for (std::string json; out.starts_with('{') && std::getline(lines, json);) {
    const auto event = nlohmann::json::parse(json);
    if (text.starts_with(event.at("event").get<std::string>()))
      return std::to_string(event.at("port").get<int>());
  }
  const std::size_t line = out.find(text);
  EXPECT_NE(line, std::string::npos) << out;
  if (line == std::string::npos) return "0";
  const std::size_t end = out.find('\n', line);
  const std::size_t colon = out.rfind(':', end);
  return out.substr(colon + 1, end - colon - 1);
}

}  // namespace

Proxy::Proxy(const Folder& folder, const std::string& to, Arguments arguments)
    : process_(folder, proxy_arguments(to, std::move(arguments))) {
  // The last line, and its end.
  EXPECT_TRUE(process_.wait_for_output("metrics")) << process_.err;
  while (!process_.out.ends_with('\n') && process_.wait_for_output("\n", 10ms)) {
  }
  port_ = port_behind(process_.out, "listening on ");
  metrics_port_ = port_behind(process_.out, "metrics on ");
}

std::optional<double> Proxy::metric(const std::string& name) const {
  const std::string text = http_get(metrics_port_, "/metrics");
  const std::size_t at = text.find("\n" + name + " ");
  if (at == std::string::npos) return std::nullopt;
  return std::stod(text.substr(at + name.size() + 2));
}

bool Proxy::reaches(const std::string& name, double value, std::chrono::milliseconds limit) const {
  for (const auto end = Clock::now() + limit; Clock::now() < end; std::this_thread::sleep_for(10ms)) {
    if (metric(name).value_or(-1) >= value) return true;
  }
  return false;
}

Finished Proxy::stop() {
  process_.signal(SIGTERM);
  return process_.finish();
}

// ---- Backend ----

struct Backend::Threads {
  std::thread acceptor;
  std::vector<std::thread> connections;
};

Backend::Backend(std::function<void(int socket)> serve)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), threads_(std::make_unique<Threads>()) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(listener_, 1024), 0);
  EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  threads_->acceptor = std::thread([this, serve = std::move(serve)] {
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      threads_->connections.emplace_back([socket, serve] {
        serve(socket);
        ::close(socket);
      });
    }
  });
}

Backend::~Backend() {
  ::shutdown(listener_, SHUT_RDWR);
  threads_->acceptor.join();
  for (auto& thread : threads_->connections) thread.join();
  ::close(listener_);
}

std::string closed_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(socket);
  return std::to_string(ntohs(address.sin_port));
}

struct Cutter::Thread {
  std::thread thread;
};

Cutter::Cutter(std::string port, std::size_t octets)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), thread_(std::make_unique<Thread>()) {
  sockaddr_in address = loopback(0);
  socklen_t address_size = sizeof address;
  EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), address_size), 0);
  EXPECT_EQ(::listen(listener_, 1), 0);
  EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &address_size), 0);
  port_ = ntohs(address.sin_port);
  thread_->thread = std::thread([this, port = std::move(port), octets] {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int server = connect_to(static_cast<unsigned>(std::stoi(port)));
    std::array<char, 4096> part;
    for (std::size_t left = octets; left != 0;) {
      std::array<pollfd, 2> polls = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
      if (::poll(polls.data(), 2, 10'000) <= 0) break;
      const bool from_server = polls[1].revents != 0;
      const ssize_t size = ::recv(from_server ? server : client, part.data(),
                                  from_server ? std::min(left, part.size()) : part.size(), 0);
      if (size <= 0) break;
      if (::send(from_server ? client : server, part.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) <
          0)
        break;
      if (from_server) left -= static_cast<std::size_t>(size);
    }
    // Properly, as far as TCP goes: only TLS can tell that something is missing.
    ::shutdown(client, SHUT_WR);
    while (::recv(client, part.data(), part.size(), 0) > 0) {
    }
    ::close(client);
    ::close(server);
  });
}

Cutter::~Cutter() {
  thread_->thread.join();
  ::close(listener_);
}

}  // namespace sesame::test
