#include "random_key.h"

#include <sys/random.h>

#include <cerrno>

namespace sesame::tool {

std::optional<SecretText> random_key(std::size_t octets) {
  SecretText key(std::string(octets, '\0'));
  for (std::size_t done = 0; done < octets;) {
    const ssize_t size = ::getrandom(key.text.data() + done, octets - done, 0);
    if (size < 0 && errno != EINTR) return std::nullopt;
    if (size > 0) done += static_cast<std::size_t>(size);
  }
  return key;
}

}  // namespace sesame::tool
