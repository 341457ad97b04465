#include "key_file_editor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sesame/key_file.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace sesame::tool {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // of UTF-8: some editors begin a file with it

std::unexpected<KeyFileError> fail(std::string message, std::string advice) {
  return std::unexpected(KeyFileError{std::move(message), std::move(advice)});
}

std::unexpected<KeyFileError> fail_system(const std::string& path, std::string_view doing) {
  const int error = errno;
  std::string advice = "Check the path and its permissions.";
  if (error == ENOENT) advice = "Check the path. To make a key: sesame keygen NAME";
  return fail(fmt::format("{}: cannot {}: {}", path, doing, std::strerror(error)), std::move(advice));
}

KeyFileExpected<SecretText> read_all(const std::string& path, int file) {
  SecretText out;
  struct stat status{};
  if (::fstat(file, &status) != 0) return fail_system(path, "read it");
  // Without growing: a string that moves leaves its old octets behind.
  out.text.reserve(static_cast<std::size_t>(status.st_size) + 1);
  char part[4096];
  ssize_t size = 0;
  while ((size = ::read(file, part, sizeof part)) > 0) out.text.append(part, static_cast<std::size_t>(size));
  ::explicit_bzero(part, sizeof part);
  if (size < 0) return fail_system(path, "read it");
  if (const auto parsed = parse_key_file(out.text); !parsed) {
    return fail(fmt::format("{}: {}", path, parsed.error().message()), std::string(parsed.error().advice()));
  }
  return out;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(file, text.data(), text.size());
    if (size < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

// A symbolic link stays one: what it points to is replaced.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real ? std::string(real.get()) : path;
}

std::string quoted(Bytes identity) { return '"' + escaped(identity) + '"'; }

}  // namespace

std::vector<KeyEntry> key_entries(std::string_view text) {
  std::vector<KeyEntry> out;
  // It is in front of the first line, and stays there whatever happens to that line.
  const std::size_t first_line = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  for (std::size_t offset = first_line; offset < text.size();) {
    const std::size_t newline = text.find('\n', offset);
    const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    std::string_view line = text.substr(offset, end - offset);
    const KeyEntry entry{.identity = {}, .octets = 0, .offset = offset, .size = line.size()};
    offset = end;
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (line.starts_with("# ") || colon == std::string_view::npos) continue;
    const auto identity = decode_identity(line.substr(0, colon));
    if (!identity) continue;
    out.push_back(entry);
    out.back().identity = *identity;
    out.back().octets = (line.size() - colon - 1) / 2;
  }
  return out;
}

KeyFileExpected<SecretText> read_key_text(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail_system(path, "open it");
  auto out = read_all(path, file);
  ::close(file);
  return out;
}

KeyFileExpected<KeyFileEditor> KeyFileEditor::open(const std::string& given_path) {
  const std::string path = resolved(given_path);
  for (;;) {
    bool created = true;
    int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 && errno == EEXIST) {
      created = false;
      file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
      if (file < 0 && errno == ENOENT) continue;
    }
    if (file < 0) return fail_system(given_path, created ? "make it" : "open it");
    KeyFileEditor store(given_path, path, file, created);

    // Another process may have put a new file in this one's place while we waited for it.
    struct stat locked{};
    struct stat now{};
    if (::flock(file, LOCK_EX) != 0 || ::fstat(file, &locked) != 0) return fail_system(given_path, "lock it");
    if (::stat(path.c_str(), &now) != 0 || now.st_ino != locked.st_ino || now.st_dev != locked.st_dev) {
      store.created_ = false;
      continue;
    }
    if (!S_ISREG(locked.st_mode)) {
      return fail(given_path + " is not a regular file",
                  "Give the path of a key file, or - for the standard output.");
    }
    auto content = read_all(given_path, file);
    if (!content) return std::unexpected(content.error());
    store.content_ = std::move(*content);
    return store;
  }
}

KeyFileEditor::KeyFileEditor(KeyFileEditor&& other) noexcept
    : name_(std::move(other.name_)),
      path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      created_(std::exchange(other.created_, false)),
      content_(std::move(other.content_)) {}

KeyFileEditor::~KeyFileEditor() {
  if (created_) ::unlink(path_.c_str());
  if (file_ >= 0) ::close(file_);
}

std::vector<KeyEntry> KeyFileEditor::entries_of(Bytes identity) const {
  auto out = key_entries(content_.text);
  std::erase_if(out, [&](const KeyEntry& entry) { return entry.identity != as_text(identity); });
  return out;
}

KeyFileExpected<> KeyFileEditor::add(Bytes identity, const SecretText& line) {
  if (!entries_of(identity).empty()) {
    return fail(fmt::format("{} has a key for {} already; nothing was changed", name_, quoted(identity)),
                "Use another identity, or --rotate to put a newer key beside the old one.");
  }
  insert(content_.text.size(), line.text);
  return {};
}

KeyFileExpected<> KeyFileEditor::rotate(Bytes identity, const SecretText& line) {
  const auto entries = entries_of(identity);
  if (entries.empty()) {
    return fail(fmt::format("{} has no key for {}; nothing was changed", name_, quoted(identity)),
                "Leave --rotate out to make its first key. sesame keygen --list shows the identities.");
  }
  if (entries.size() > 1) {
    return fail(fmt::format("{} has two keys for {} already; nothing was changed", name_, quoted(identity)),
                "When no client uses the older key any more, drop it with --retire, then rotate.");
  }
  insert(entries.front().offset, line.text);
  return {};
}

KeyFileExpected<> KeyFileEditor::retire(Bytes identity) {
  const auto entries = entries_of(identity);
  if (entries.size() < 2) {
    return fail(fmt::format("{} has {} for {}; nothing was changed", name_,
                            entries.empty() ? "no key" : "only one key", quoted(identity)),
                "Only the older of two keys can be retired. sesame keygen --list shows how many there are.");
  }
  const KeyEntry& older = entries.back();
  std::string rest = content_.text.substr(older.offset + older.size);
  ::explicit_bzero(content_.text.data() + older.offset, older.size);
  content_.text.resize(older.offset);
  insert(content_.text.size(), rest);
  ::explicit_bzero(rest.data(), rest.size());
  return {};
}

void KeyFileEditor::insert(std::size_t offset, std::string_view line) {
  SecretText changed;
  changed.text.reserve(content_.text.size() + line.size() + 1);
  changed.text.append(content_.text, 0, offset);
  const bool in_front = changed.text.empty() || changed.text == byte_order_mark;
  if (!in_front && changed.text.back() != '\n') changed.text += '\n';
  changed.text += line;
  changed.text.append(content_.text, offset);
  content_ = std::move(changed);
}

KeyFileExpected<> KeyFileEditor::commit() {
  struct stat status{};
  if (::fstat(file_, &status) != 0) return fail_system(name_, "read it");
  std::string temporary = path_ + ".XXXXXX";
  const int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return fail_system(name_, "write a new file beside it");
  // Only a privileged process can give a file away: otherwise it becomes its writer's, which is the best
  // there is.
  (void)!::fchown(file, status.st_uid, status.st_gid);
  const bool written =
      ::fchmod(file, status.st_mode & 07777) == 0 && write_all(file, content_.text) && ::fsync(file) == 0;
  const bool closed = ::close(file) == 0;
  if (!written || !closed || ::rename(temporary.c_str(), path_.c_str()) != 0) {
    auto failure = fail_system(name_, "write it");
    ::unlink(temporary.c_str());
    return failure;
  }
  created_ = false;
  return {};
}

}  // namespace sesame::tool
