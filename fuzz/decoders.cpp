// Every message and extension body: what decodes encodes to the same octets, has the size it says, and can be
// printed.
#include <memory>

#include "extension/bodies.h"
#include "extension/key_share.h"
#include "extension/pre_shared_key.h"
#include "message/client_hello.h"
#include "message/encrypted_extensions.h"
#include "message/key_update.h"
#include "message/new_session_ticket.h"
#include "message/server_hello.h"
#include "support/script.h"

using namespace sesame;

namespace {

template <class T>
void try_decoder(Bytes in) {
  const auto value = wire::decode<T>(in);
  if (!value) {
    FUZZ_CHECK(value.error() != wire::Fault::none);
    return;
  }
  wire::Buffer out;
  FUZZ_CHECK(wire::encode(out, *value));
  FUZZ_CHECK(std::equal(in.begin(), in.end(), out.bytes().begin(), out.bytes().end()));
  FUZZ_CHECK(wire::encoded_size(*value) == in.size());
  std::string text;
  wire::print(text, *value);
  // Two digits for an octet and some marks; lists of nothing but empty elements have the most marks.
  FUZZ_CHECK(!text.empty() && text.size() <= 16 + 6 * in.size());
}

template <class... T>
void try_one(std::size_t which, Bytes in) {
  std::size_t i = 0;
  ((i++ == which % sizeof...(T) ? try_decoder<T>(in) : void()), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // Memory of just the message's size: who reads on is caught.
  const auto exact = std::make_unique<std::uint8_t[]>(size - 1);
  std::copy(data + 1, data + size, exact.get());
  using namespace message;
  using namespace extension;
  try_one<ClientHello, ServerHello, EncryptedExtensions, NewSessionTicket, KeyUpdate, Extension,
          SupportedVersionsOffer, SupportedVersionsChoice, Cookie, NamedGroupList, PskKeyExchangeModes,
          ProtocolNameList, RecordSizeLimit, MaxFragmentLength, ServerNameList, KeyShareClientHello,
          KeyShareHelloRetryRequest, KeyShareServerHello, OfferedPsks, SelectedPsk>(data[0],
                                                                                    {exact.get(), size - 1});
  return 0;
}
