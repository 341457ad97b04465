// The groups as data: names in libcrypto and sizes on the wire.
#pragma once

#include <cstdint>

#include <sesame/types.h>

namespace sesame::crypto {

class Provider;

/// The row of `group`, from 0; -1 if the group is not known. Fewer than 32 rows.
int group_row(NamedGroup group) noexcept;

/// Bit i is set if row i can be used with what libcrypto has at run time.
std::uint32_t available_groups(const Provider& provider);

}  // namespace sesame::crypto
