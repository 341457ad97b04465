#include <fcntl.h>
#include <sesame/key_file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <unordered_map>

#include "psk/hex.h"
#include "psk/key_file_descriptor.h"
#include "secret/secret_bytes.h"

namespace sesame {
namespace {

using Key = secret::BasicSecret<max_key_size>;

constexpr std::size_t max_file_size = std::size_t{1} << 30;
constexpr std::string_view byte_order_mark =
    "\xef\xbb\xbf";  // of UTF-8, which some editors put before the first line
constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// A line that says nothing. "#" with hexadecimal behind it is an identity.
bool is_passed_over(std::string_view line) noexcept {
  if (trimmed(line).empty()) return true;
  if (!line.starts_with('#')) return false;
  return line.size() == 1 || line[1] == '#' || blanks.find(line[1]) != blanks.npos;
}

// Says what is wrong with a key, and nothing of the key.
Expected<> decode_key(std::string_view text, Key& key) {
  text = trimmed(text);
  if (text.empty()) return fail(Reason::key_empty);
  if (text.size() > 2 * max_key_size) return fail(Reason::key_too_long);
  if (text.size() % 2 != 0)
    return fail(Reason::file_syntax, "the key has an odd number of hexadecimal digits");
  const MutableBytes octets = key.resize(text.size() / 2);
  int valid = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const int high = psk::hex_value(text[2 * i]), low = psk::hex_value(text[2 * i + 1]);
    valid |= high | low;
    octets[i] =
        static_cast<std::uint8_t>(static_cast<unsigned>(high) << 4 | (static_cast<unsigned>(low) & 0xf));
  }
  if (valid < 0) return fail(Reason::file_syntax, "the key is not hexadecimal");
  return {};
}

Expected<Credential> parse_line(std::string_view line, const KeyFileOptions& options) {
  // An identity has no raw colon, so the first one ends it.
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return fail(Reason::file_syntax, "there is no colon");
  const auto identity = decode_identity(line.substr(0, colon));
  if (!identity) return std::unexpected(identity.error());
  Key key;
  if (auto decoded = decode_key(line.substr(colon + 1), key); !decoded)
    return std::unexpected(decoded.error());
  return Credential::create(
      {.identity = as_bytes(*identity), .key = key.bytes(), .hash = options.hash, .usage = options.usage});
}

std::unexpected<Error> at_line(std::size_t number, const Error& error) {
  std::string detail = "line " + std::to_string(number);
  if (!error.detail().empty()) detail.append(": ").append(error.detail());
  return fail(error.reason(), std::move(detail));
}

// The content of a file, wiped at its end. Not a std::string: that would leave copies behind as it grows.
class Content {
 public:
  ~Content() { release(); }
  std::string_view text() const noexcept { return {data_, size_}; }

  /// Reads `descriptor` to its end. An errno; 0: done.
  int read_all(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) return errno;
    if (S_ISREG(status.st_mode) && status.st_size > static_cast<off_t>(max_file_size)) return EFBIG;
    // One octet more than a regular file says, so that its end is seen without growing.
    reserve(S_ISREG(status.st_mode) && status.st_size > 0 ? static_cast<std::size_t>(status.st_size) + 1
                                                          : 4096);
    for (;;) {
      if (size_ > max_file_size) return EFBIG;
      if (size_ == capacity_) reserve(2 * capacity_);
      const ssize_t got = read(descriptor, data_ + size_, capacity_ - size_);
      if (got == 0) return 0;
      if (got < 0 && errno != EINTR) return errno;
      if (got > 0) size_ += static_cast<std::size_t>(got);
    }
  }

 private:
  void reserve(std::size_t capacity) {
    capacity = std::min(capacity, max_file_size + 1);
    char* const larger = new char[capacity];
    if (size_ != 0) std::memcpy(larger, data_, size_);
    const std::size_t kept = size_;
    release();
    data_ = larger;
    size_ = kept;
    capacity_ = capacity;
  }
  void release() noexcept {
    if (data_) secret::wipe(data_, size_);
    delete[] data_;
    data_ = nullptr;
    size_ = 0;
  }
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

struct Descriptor {
  explicit Descriptor(const std::filesystem::path& path) : number(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

}  // namespace

Expected<std::vector<Credential>> parse_key_file(std::string_view text, const KeyFileOptions& options) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<Credential> credentials;
  std::unordered_map<std::string_view, int> keys_of;  // the views are the credentials' own
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_passed_over(line)) continue;
    auto credential = parse_line(line, options);
    if (!credential) return at_line(number, credential.error());
    if (++keys_of[as_text(credential->identity())] > 2) {
      const std::string which = "a third key for the identity " + escaped(credential->identity());
      return at_line(number, Error(Reason::duplicate_identity, which));
    }
    credentials.push_back(std::move(*credential));
  }
  return credentials;
}

namespace {

std::unexpected<Error> unreadable(const std::filesystem::path& path, int error) {
  return fail(Reason::file_unreadable, path.string() + ": " + std::generic_category().message(error));
}

}  // namespace

Expected<std::vector<Credential>> psk::read_key_file(int descriptor, const std::filesystem::path& path,
                                                     const KeyFileOptions& options) {
  Content content;
  if (const int error = content.read_all(descriptor); error != 0) return unreadable(path, error);
  auto credentials = parse_key_file(content.text(), options);
  if (credentials) return credentials;
  return fail(credentials.error().reason(), path.string() + ", " + std::string(credentials.error().detail()));
}

Expected<std::vector<Credential>> read_key_file(const std::filesystem::path& path,
                                                const KeyFileOptions& options) {
  const Descriptor file(path);
  if (file.number < 0) return unreadable(path, errno);
  return psk::read_key_file(file.number, path, options);
}

std::string key_file_line(Bytes identity, Bytes key) {
  const std::string encoded = encode_identity(identity);
  std::string line;
  line.reserve(encoded.size() + 1 + 2 * key.size() +
               1);  // it must not grow: that would leave a copy of the key
  line += encoded;
  line += ':';
  for (std::uint8_t octet : key) psk::append_hex(line, octet);
  line += '\n';
  return line;
}

}  // namespace sesame
