// Files of vectors: lines `name = hex` in blocks that a line `[title]` begins. '#' begins a comment.
#pragma once

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "support/hex.h"

namespace sesame::test {

class Vectors {
 public:
  struct Block {
    std::string title;
    std::vector<std::pair<std::string, Octets>> entries;  ///< in the file's order

    bool has(std::string_view name) const {
      for (const auto& entry : entries) {
        if (entry.first == name) return true;
      }
      return false;
    }
    /// Fails the test if there is no such entry.
    const Octets& operator[](std::string_view name) const {
      for (const auto& entry : entries) {
        if (entry.first == name) return entry.second;
      }
      ADD_FAILURE() << "[" << title << "] has no " << name;
      static const Octets none;
      return none;
    }
  };

  /// A file of tests/data.
  static Vectors read(const std::string& path) {
    Vectors out;
    std::ifstream file(std::string(SESAME_TEST_DATA) + "/" + path);
    EXPECT_TRUE(file.is_open()) << path;
    for (std::string line; std::getline(file, line);) {
      if (line.empty() || line[0] == '#') continue;
      if (line[0] == '[') {
        out.blocks_.push_back({line.substr(1, line.find(']') - 1), {}});
        continue;
      }
      const auto middle = line.find(" = ");
      if (middle == std::string::npos || out.blocks_.empty()) {
        ADD_FAILURE() << path << ": not an entry: " << line;
        continue;
      }
      out.blocks_.back().entries.emplace_back(line.substr(0, middle), from_hex(line.substr(middle + 3)));
    }
    return out;
  }

  const std::vector<Block>& blocks() const { return blocks_; }
  /// Fails the test if there is no such block.
  const Block& operator[](std::string_view title) const {
    for (const Block& block : blocks_) {
      if (block.title == title) return block;
    }
    ADD_FAILURE() << "there is no [" << title << "]";
    static const Block none;
    return none;
  }

 private:
  std::vector<Block> blocks_;
};

}  // namespace sesame::test
