// A user of the component sqlite: makes a store with a key, and puts it into a keyring.
#include <sesame/sqlite_key_store.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  auto store = sesame::SqliteKeyStore::open(argv[1], {.create = true});
  if (!store) return 1;
  const auto added = (*store)->add(
      {.identity = sesame::as_bytes("alice"), .key = sesame::as_bytes("0123456789abcdef0123456789abcdef")});
  if (!added) return 1;
  std::vector<std::unique_ptr<sesame::KeySource>> sources;
  sources.push_back(std::move(*store));
  sesame::KeyFollower follower(std::move(sources), std::make_shared<sesame::Keyring>());
  if (!follower.load()) return 1;
  std::cout << follower.keyring()->statistics().keys << " key in the keyring\n";
  return follower.keyring()->contains(sesame::as_bytes("alice")) ? 0 : 1;
}
