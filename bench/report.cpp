#include "report.h"

#include <openssl/crypto.h>

#include <cmath>
#include <fstream>
#include <thread>

namespace bench {
namespace {

// 12345.6 as "12,346", 0.123 as "0.123".
std::string number(double value) {
  char text[64];
  const double size = std::abs(value);
  const bool whole = size >= 1000 || (size >= 1 && value == std::floor(value));
  std::snprintf(text, sizeof text, "%.*f", whole ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3, value);
  std::string out = text;
  if (whole) {
    for (auto at = static_cast<long>(out.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) {
      out.insert(static_cast<std::size_t>(at), ",");
    }
  }
  return out;
}

std::string optional_number(const std::optional<double>& value) { return value ? number(*value) : "-"; }

std::string goal_text(const Row& row) {
  if (!row.goal) return "";
  const bool ratio = row.goal->kind == Row::Goal::Kind::ratio_at_least;
  return (ratio ? ">= " : "<= ") + number(row.goal->value) + (ratio ? " x" : "");
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::optional<bool> Row::reached(double slack) const {
  if (!goal) return std::nullopt;
  if (goal->kind == Goal::Kind::ratio_at_least) return ratio && ratio->median >= goal->value * (1 - slack);
  return sesame && *sesame <= goal->value * (1 + slack);
}

Machine this_machine() {
  Machine machine;
  machine.processors = std::thread::hardware_concurrency();
  machine.libcrypto = OpenSSL_version(OPENSSL_VERSION);
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos) {
      machine.processor = line.substr(line.find(": ") + 2);
      break;
    }
  }
  machine.compiler = "compiler " __VERSION__;
#ifdef __OPTIMIZE__
  machine.optimised = true;
#endif
  return machine;
}

void print_table(std::FILE* out, const Machine& machine, const std::vector<Row>& rows) {
  std::fprintf(out, "%s, %u processors, %s, %s%s\n\n", machine.processor.c_str(), machine.processors,
               machine.libcrypto.c_str(), machine.compiler.c_str(),
               machine.optimised ? "" : ", NOT OPTIMISED");
  std::fprintf(out, "%-46s %12s %12s  %-11s %-8s %7s %15s  %-9s\n", "", "Sesame", "other", "which is", "unit",
               "ratio", "quartiles", "goal");
  for (const Row& row : rows) {
    char ratio[16] = "", quartiles[32] = "";
    if (row.ratio) {
      std::snprintf(ratio, sizeof ratio, "%.3g", row.ratio->median);
      std::snprintf(quartiles, sizeof quartiles, "%.3g..%.3g", row.ratio->low, row.ratio->high);
    }
    const auto reached = row.reached();
    std::fprintf(out, "%-46s %12s %12s  %-11s %-8s %7s %15s  %-9s %s\n", row.what.c_str(),
                 optional_number(row.sesame).c_str(), optional_number(row.peer).c_str(),
                 row.peer ? row.peer_name.c_str() : "", row.unit.c_str(), ratio, quartiles,
                 goal_text(row).c_str(),
                 !reached                   ? ""
                 : *reached                 ? "reached"
                 : row.reached(0.1) == true ? "missed by under 10%"
                                            : "MISSED");
  }
}

void print_json(std::FILE* out, const Machine& machine, const std::vector<Row>& rows) {
  std::fprintf(out,
               "{\"machine\":{\"processor\":%s,\"processors\":%u,\"libcrypto\":%s,\"compiler\":%s,"
               "\"optimised\":%s},\n",
               quoted(machine.processor).c_str(), machine.processors, quoted(machine.libcrypto).c_str(),
               quoted(machine.compiler).c_str(), machine.optimised ? "true" : "false");
  std::fprintf(out, " \"rows\":[");
  const char* separator = "\n";
  for (const Row& row : rows) {
    std::fprintf(out, "%s  {\"id\":%s,\"what\":%s,\"unit\":%s", separator, quoted(row.id).c_str(),
                 quoted(row.what).c_str(), quoted(row.unit).c_str());
    if (row.sesame) std::fprintf(out, ",\"sesame\":%.6g", *row.sesame);
    if (row.peer)
      std::fprintf(out, ",\"peer\":%.6g,\"peer_name\":%s", *row.peer, quoted(row.peer_name).c_str());
    if (row.ratio) {
      std::fprintf(out, ",\"ratio\":%.5g,\"ratio_quartiles\":[%.5g,%.5g]", row.ratio->median, row.ratio->low,
                   row.ratio->high);
    }
    if (row.goal) {
      const bool ratio = row.goal->kind == Row::Goal::Kind::ratio_at_least;
      std::fprintf(out, ",\"goal\":{\"%s\":%.6g},\"reached\":%s", ratio ? "ratio_at_least" : "at_most",
                   row.goal->value, *row.reached() ? "true" : "false");
    }
    std::fprintf(out, "}");
    separator = ",\n";
  }
  std::fprintf(out, "\n ]}\n");
}

}  // namespace bench
