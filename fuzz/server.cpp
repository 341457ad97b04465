// The server, given hostile octets. The first octet says how:
//   bit 7 clear  octets as they come, from somebody who has no key but may repeat what others sent
//   bit 7 set    a script for a peer that has the key (bit 6 clear) or another one: support/peer.h
#include "support/peer.h"

using namespace sesame::fuzz;
using sesame::Side;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script({data, size});
  const std::uint8_t mode = script.octet();
  seed_random(1);
  Subject subject(Side::server, mode & 15);
  if ((mode & 0x80) == 0) {
    const std::uint8_t piece = script.octet();
    subject.check();
    subject.receive(script.rest(), piece);
    return 0;
  }
  const Key key = (mode & 0x40) == 0 ? Key::right : Key::wrong;
  seed_random(2);
  Peer peer(subject, Side::client, script.octet(), key);
  seed_random(3);
  peer.run(script);
  // Without the key there is not even a ServerHello. (Two configurations may be given the other key by their
  // source.)
  const bool has_one_key = subject.configuration() != 2 && subject.configuration() != 10 &&
                           !by_certificate(subject.configuration());
  if (key == Key::wrong && has_one_key) FUZZ_CHECK(subject.secrets().server_handshake.empty());
  return 0;
}
