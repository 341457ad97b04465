#include "log.h"

#include <fmt/format.h>

namespace sesame::tool {

bool Log::open(const std::string& path) {
  file_.reset(std::fopen(path.c_str(), "ae"));
  return file_ != nullptr;
}

Json Log::event(std::string_view kind) {
  Json json;
  json.add("time", timestamp()).add("event", kind);
  return json;
}

void Log::write(std::string_view text, const Json& json) const {
  std::FILE* out = file_ ? file_.get() : stderr;
  const std::string line = json_ ? json.object() + "\n" : fmt::format("{} {}\n", timestamp(), text);
  const std::lock_guard lock(mutex_);
  std::fwrite(line.data(), 1, line.size(), out);
  std::fflush(out);
}

}  // namespace sesame::tool
