#include "metrics.h"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace sesame::tool {

namespace {

constexpr std::string_view failure_names[] = {"timeout", "network", "stopped"};

void describe(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void counter(std::string& out, std::string_view name, std::string_view help, std::uint64_t value) {
  describe(out, name, "counter", help);
  out += fmt::format("{} {}\n", name, value);
}

template <class T>
void gauge(std::string& out, std::string_view name, std::string_view help, T value) {
  describe(out, name, "gauge", help);
  out += fmt::format("{} {}\n", name, value);
}

std::uint64_t resident_octets() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long size = 0, resident = 0;
  const bool read =
      std::fscanf(file, "%lu %lu", &size, &resident) == 2;  // NOLINT(cert-err34-c): the kernel's text
  std::fclose(file);
  return read ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

std::uint64_t open_files() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  std::uint64_t count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count < 3 ? 0 : count - 3;  // ".", "..", and the one just closed
}

}  // namespace

std::uint64_t Metrics::failed() const {
  std::uint64_t sum = broken_;
  for (const auto& one : reasons_) sum += one;
  for (const auto& one : failures_) sum += one;
  return sum;
}

std::string Metrics::text() const {
  std::string out;
  counter(out, "sesame_connections_accepted_total", "Connections that were accepted.", accepted_);
  gauge(out, "sesame_connections_open", "Connections that are open now.", open_.load());
  counter(out, "sesame_handshakes_total", "TLS handshakes that were completed.", handshakes_);
  describe(out, "sesame_handshake_failures_total", "counter", "TLS handshakes that failed, by reason.");
  for (std::size_t i = 0; i < reasons_.size(); ++i) {
    if (reasons_[i] != 0)
      out += fmt::format("sesame_handshake_failures_total{{reason=\"{}\"}} {}\n",
                         name(static_cast<Reason>(i)), reasons_[i].load());
  }
  for (std::size_t i = 0; i < failures_.size(); ++i)
    out += fmt::format("sesame_handshake_failures_total{{reason=\"{}\"}} {}\n", failure_names[i],
                       failures_[i].load());
  describe(out, "sesame_connections_ended_total", "counter",
           "Connections that ended after their handshake: with close_notify, or broken, idle or stopped.");
  out += fmt::format("sesame_connections_ended_total{{outcome=\"ok\"}} {}\n", ended_well_.load());
  out += fmt::format("sesame_connections_ended_total{{outcome=\"broken\"}} {}\n", broken_.load());
  counter(out, "sesame_backend_failures_total", "Connections for which the other side could not be reached.",
          backend_failures_);
  counter(out, "sesame_received_bytes_total", "Application data from TLS peers.", received_);
  counter(out, "sesame_sent_bytes_total", "Application data to TLS peers.", sent_);
  gauge(out, "sesame_draining", "1 while no connections are accepted and open ones may end.",
        draining_ ? 1 : 0);
  counter(out, "sesame_connections_drained_total", "Connections that ended by themselves while draining.",
          drained_);
  counter(out, "sesame_connections_cut_total",
          "Connections that were cut when the time for draining was over.", cut_);
  gauge(out, "sesame_identities", "Identities that have a key.", identities_.load());
  gauge(out, "sesame_keys", "Keys.", keys_.load());
  describe(out, "sesame_key_loads_total", "counter", "Times that keys were read anew, by outcome.");
  out += fmt::format("sesame_key_loads_total{{outcome=\"ok\"}} {}\n", key_loads_.load());
  out += fmt::format("sesame_key_loads_total{{outcome=\"failed\"}} {}\n", key_failures_.load());
  gauge(out, "process_resident_memory_bytes", "Resident memory.", resident_octets());
  gauge(out, "process_open_fds", "Open file descriptors.", open_files());
  gauge(out, "process_start_time_seconds", "When the program was started, in seconds since 1970.",
        std::chrono::duration_cast<std::chrono::seconds>(started_.time_since_epoch()).count());
  return out;
}

}  // namespace sesame::tool
