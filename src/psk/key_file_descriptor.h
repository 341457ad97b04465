// A key file that is open already, for who has to know that it stayed the same while it was read.
#pragma once

#include <sesame/key_file.h>

namespace sesame::psk {

/// As read_key_file, from where `descriptor` stands to its end. `path` is for messages.
Expected<std::vector<Credential>> read_key_file(int descriptor, const std::filesystem::path& path,
                                                const KeyFileOptions& options);

}  // namespace sesame::psk
