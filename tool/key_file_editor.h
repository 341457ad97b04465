// A key file that is changed: read whole, edited as text so that comments stay, and put back in one step.
#pragma once

#include <sesame/bytes.h>
#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "secret_text.h"

namespace sesame::tool {

struct KeyFileError {
  std::string message;
  std::string advice;
};

template <class T = void>
using KeyFileExpected = std::expected<T, KeyFileError>;

/// A line of the file that holds a key; the newer of two for an identity stands first.
struct KeyEntry {
  std::string identity;  ///< raw octets
  std::size_t octets;    ///< of the key
  std::size_t offset;    ///< of the line in the text
  std::size_t size;      ///< of the line with its newline
};

/// The keys of a text that parse_key_file() takes.
std::vector<KeyEntry> key_entries(std::string_view text);

/// Locked against other processes that change the file in this way, from open() until it goes.
class KeyFileEditor {
 public:
  /// Makes the file, with mode 0600, if there is none; it goes again unless something is put into it.
  static KeyFileExpected<KeyFileEditor> open(const std::string& path);
  KeyFileEditor(KeyFileEditor&& other) noexcept;
  KeyFileEditor& operator=(KeyFileEditor&&) = delete;
  ~KeyFileEditor();

  /// Whether the identity has a key, or two.
  bool has(Bytes identity) const { return !entries_of(identity).empty(); }
  /// Adds the first key of an identity at the end.
  KeyFileExpected<> add(Bytes identity, const SecretText& line);
  /// Adds a newer key for an identity that has one, before it.
  KeyFileExpected<> rotate(Bytes identity, const SecretText& line);
  /// Drops the older of two keys.
  KeyFileExpected<> retire(Bytes identity);
  /// Puts the changed text in the file's place, by a rename: who reads sees the old file or the new one. Mode
  /// and owner stay.
  KeyFileExpected<> commit();

 private:
  KeyFileEditor(std::string name, std::string path, int file, bool created)
      : name_(std::move(name)), path_(std::move(path)), file_(file), created_(created) {}
  std::vector<KeyEntry> entries_of(Bytes identity) const;
  void insert(std::size_t offset, std::string_view line);

  std::string name_;  // as it was given
  std::string path_;  // behind symbolic links
  int file_ = -1;
  bool created_ = false;  // by us, and still without keys
  SecretText content_;
};

/// The text of a key file, checked. Errors as KeyFileEditor::open.
KeyFileExpected<SecretText> read_key_text(const std::string& path);

}  // namespace sesame::tool
