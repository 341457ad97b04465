// An extension block that a test edits: any types, any order, any number of times.
#pragma once

#include <algorithm>
#include <vector>

#include "extension/extension_type.h"
#include "support/octets.h"

namespace sesame::test {

struct ScriptExtension {
  unsigned type = 0;
  Octets data;
  Octets encoded() const { return join({u16(type), vec16(data)}); }
};

class ScriptExtensions {
 public:
  using Type = extension::ExtensionType;

  std::vector<ScriptExtension> list;

  /// The data of the first one of this type; added behind the others if there is none.
  Octets& operator[](Type type) {
    for (ScriptExtension& e : list) {
      if (e.type == static_cast<unsigned>(type)) return e.data;
    }
    return list.emplace_back(ScriptExtension{static_cast<unsigned>(type), {}}).data;
  }
  void add(unsigned type, Octets data = {}) { list.push_back({type, std::move(data)}); }
  void add(Type type, Octets data = {}) { add(static_cast<unsigned>(type), std::move(data)); }
  void erase(Type type) {
    std::erase_if(list, [&](const ScriptExtension& e) { return e.type == static_cast<unsigned>(type); });
  }
  Octets encoded() const {
    Octets out;
    for (const ScriptExtension& e : list) append(out, e.encoded());
    return out;
  }
};

}  // namespace sesame::test
