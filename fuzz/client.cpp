// The client, given hostile octets. The first octet says how:
//   bit 7 clear  octets as they come, from somebody who has no key but may repeat what others sent
//   bit 7 set    a script for a peer that knows what the key would tell it: support/peer.h
#include "support/peer.h"

using namespace sesame::fuzz;
using sesame::Side;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script({data, size});
  const std::uint8_t mode = script.octet();
  seed_random(1);
  Subject subject(Side::client, mode & 15);
  if ((mode & 0x80) == 0) {
    const std::uint8_t piece = script.octet();
    subject.check();
    subject.receive(script.rest(), piece);
    return 0;
  }
  Peer peer(subject, Side::server, 0, Key::right);
  seed_random(3);
  peer.run(script);
  return 0;
}
