// The one place where this room meets a connection, by its public interface.
#include <sesame/connection.h>
#include <sesame/eap_fast.h>

#include <algorithm>

#include "secret/secret_bytes.h"

namespace sesame::eap_fast {

Expected<> session_key_seed(const Connection& connection, MutableBytes out) {
  if (out.size() != session_key_seed_size)
    return fail(Reason::invalid_argument, "a session_key_seed has 40 octets");
  secret::BasicSecret<512> block;
  const std::size_t size = connection.key_block_size() + session_key_seed_size;
  if (size > block.capacity()) return fail(Reason::internal_error, "the key block of the suite is too large");
  const MutableBytes room = block.resize(size);
  if (auto ok = connection.export_key_block(room); !ok) return ok;
  std::ranges::copy(room.last(session_key_seed_size), out.begin());
  return {};
}

}  // namespace sesame::eap_fast
