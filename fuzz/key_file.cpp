// Key files and identities as they are written in them.
#include <sesame/key_file.h>

#include <algorithm>
#include <string>

#include "psk/credential_body.h"
#include "support/script.h"

using namespace sesame;

namespace {

void read_and_write(std::string_view text) {
  const auto keys = parse_key_file(text);
  if (!keys) {
    FUZZ_CHECK(!keys.error().message().empty());
    return;
  }
  std::string again;
  for (const Credential& key : *keys) {
    FUZZ_CHECK(!key.identity().empty());
    again += key_file_line(key.identity(), psk::CredentialAccess::body(key).key);
  }
  const auto reread = parse_key_file(again);
  FUZZ_CHECK(reread && reread->size() == keys->size());
  for (std::size_t i = 0; i < keys->size(); ++i) {
    FUZZ_CHECK(std::ranges::equal((*keys)[i].identity(), (*reread)[i].identity()));
    FUZZ_CHECK(std::ranges::equal(psk::CredentialAccess::body((*keys)[i]).key,
                                  psk::CredentialAccess::body((*reread)[i]).key));
  }
}

void encode_and_decode(Bytes identity) {
  if (identity.empty() || identity.size() > max_identity_size) return;
  const std::string text = encode_identity(identity);
  FUZZ_CHECK(std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != ':'; }));
  const auto decoded = decode_identity(text);
  FUZZ_CHECK(decoded && std::ranges::equal(as_bytes(*decoded), identity));
}

void decode_and_encode(std::string_view text) {
  const auto identity = decode_identity(text);
  if (!identity) return;
  FUZZ_CHECK(!identity->empty() && identity->size() <= max_identity_size);
  const auto again = decode_identity(encode_identity(as_bytes(*identity)));
  FUZZ_CHECK(again && *again == *identity);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script({data, size});
  const std::uint8_t what = script.octet();
  const Bytes rest = script.rest();
  switch (what % 3) {
    case 0:
      encode_and_decode(rest);
      break;
    case 1:
      decode_and_encode(as_text(rest));
      break;
    default:
      read_and_write(as_text(rest));
  }
  return 0;
}
