// New keys.
#pragma once

#include <cstddef>
#include <optional>

#include "secret_text.h"

namespace sesame::tool {

/// Octets from the kernel, as libcrypto's own seed is; nullopt: it gives none.
std::optional<SecretText> random_key(std::size_t octets);

}  // namespace sesame::tool
