// The server's log: a line for each event, as text or as JSON. Threads may write at the same time.
#pragma once

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "text.h"

namespace sesame::tool {

class Log {
 public:
  /// To the standard error.
  explicit Log(bool json) : json_(json) {}

  /// From now on to the end of the file at `path`. False: it cannot be opened, errno says why.
  bool open(const std::string& path);

  /// Begins the members of an event: time and kind.
  static Json event(std::string_view kind);
  /// Writes one of the two, whichever the log is of.
  void write(std::string_view text, const Json& json) const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  bool json_;
  mutable std::mutex mutex_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace sesame::tool
