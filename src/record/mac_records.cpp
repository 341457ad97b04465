#include "record/mac_records.h"

#include <algorithm>
#include <cstring>

#include "crypto/provider.h"
#include "crypto/public_random.h"
#include "secret/secret_bytes.h"

namespace sesame::record {
namespace {

constexpr std::size_t block = crypto::cbc_block_size;
constexpr std::size_t most_padding = 256;  // RFC 5246 section 6.2.3.2: 255, and the octet that says so

// With at least one octet of padding.
constexpr std::size_t padded(std::size_t size) noexcept { return (size / block + 1) * block; }

}  // namespace

Expected<> MacRecords::set_keys(const BlockKeys& keys, crypto::Aead::Direction direction) {
  const policy::Suite& suite = keys.suite;
  if (!suite.hmac || keys.mac_key.size() != suite.hmac->size())
    return fail(Reason::internal_error, "a MAC key of the wrong size");
  algorithm_ = suite.cbc;
  version_ = static_cast<std::uint16_t>(keys.version);
  mac_size_ = static_cast<std::uint8_t>(suite.hmac->size());
  explicit_iv_ = algorithm_ && keys.version != ProtocolVersion::tls10;
  // RFC 7366 section 3: with a block cipher only.
  encrypt_then_mac_ = algorithm_ && keys.encrypt_then_mac;
  const bool opens = direction == crypto::Aead::Direction::open;
  const bool hides_length = opens && algorithm_ && !encrypt_then_mac_;
  mac_.clear();
  hidden_mac_.clear();
  if (hides_length) {
    if (auto ok = hidden_mac_.set_key(*suite.hmac, keys.mac_key); !ok) return ok;
  } else if (auto ok = mac_.set(*suite.hmac, keys.mac_key); !ok) {
    return ok;
  }
  if (!algorithm_) {
    cipher_.clear();
    return {};
  }
  // Where each record brings its IV, the first one does not matter.
  static constexpr std::uint8_t any_iv[block] = {};
  const auto use = hides_length ? crypto::Cbc::Use::open_records
                   : opens      ? crypto::Cbc::Use::decrypt
                                : crypto::Cbc::Use::encrypt;
  return cipher_.set_key(*suite.cbc, use, keys.key, explicit_iv_ ? Bytes(any_iv) : keys.iv,
                         {version_, mac_size_});
}

// ---- sizes ----

std::size_t MacRecords::fragment_size(std::size_t content) const noexcept {
  if (!algorithm_) return content + mac_size_;
  if (encrypt_then_mac_) return prefix_size() + padded(content) + mac_size_;
  return prefix_size() + padded(content + mac_size_);
}

std::size_t MacRecords::sealed_size(std::size_t content) const noexcept {
  return header_size + fragment_size(content);
}

std::size_t MacRecords::most_content(std::size_t room) const noexcept {
  if (room < sealed_size(0)) return 0;
  room -= header_size + prefix_size();
  if (!algorithm_) return room - mac_size_;
  if (encrypt_then_mac_) return (room - mac_size_) / block * block - 1;
  return room / block * block - 1 - mac_size_;
}

std::size_t MacRecords::most_expansion() const noexcept {
  return prefix_size() + mac_size_ + (algorithm_ ? most_padding : 0);
}

std::size_t MacRecords::least_fragment() const noexcept { return fragment_size(0); }

// ---- sealing ----

// Unpredictable is all that it has to be (RFC 5246 section 6.2.3.2), and everybody will see it.
Expected<> MacRecords::write_iv(std::uint8_t* out) {
  const MutableBytes iv(out, block);
  if (auto ok = crypto::public_random(algorithm_->provider(), iv); !ok) return ok;
  if (!cipher_.set_iv(iv)) return fail(Reason::internal_error, "libcrypto did not take an IV");
  return {};
}

Expected<> MacRecords::seal(std::uint64_t sequence, ContentType type, Bytes content, std::uint8_t* out) {
  const std::size_t size = fragment_size(content.size());
  Header{type, size, version_}.write({out, header_size});
  std::uint8_t* const body = out + header_size;
  std::uint8_t* const begin = body + prefix_size();
  if (content.data() != begin && !content.empty()) std::memmove(begin, content.data(), content.size());
  std::uint8_t* end = begin + content.size();
  const auto add_mac = [&](std::size_t length, Bytes octets) {
    const PseudoHeader header(sequence, type, version_, length);
    const MutableBytes value(end, mac_size_);
    end += mac_size_;
    return mac_.mac({header.octets, octets}, value) ? Expected<>()
                                                    : fail(Reason::internal_error, "libcrypto made no MAC");
  };
  if (!encrypt_then_mac_) {
    if (auto ok = add_mac(content.size(), {begin, content.size()}); !ok) return ok;
  }
  if (!algorithm_) return {};

  const auto inside = static_cast<std::size_t>(end - begin);
  const std::size_t padding = padded(inside) - inside;
  std::memset(end, static_cast<int>(padding - 1), padding);
  end += padding;
  if (explicit_iv_) {
    if (auto ok = write_iv(body); !ok) return ok;
  }
  if (!cipher_.process({begin, inside + padding}))
    return fail(Reason::internal_error, "libcrypto did not seal a record");
  if (encrypt_then_mac_) {
    const Bytes encrypted(body, prefix_size() + inside + padding);
    return add_mac(encrypted.size(), encrypted);
  }
  return {};
}

// ---- opening ----

bool MacRecords::open(std::uint64_t sequence, MutableBytes record, MutableBytes& content) noexcept {
  const Header header = Header::read(record);
  const MutableBytes body = record.subspan(header_size);
  // What everybody can see.
  if (body.size() < least_fragment()) return false;
  if (!algorithm_) return open_plain(sequence, header, body, content);
  if (encrypt_then_mac_) return open_encrypted_then_mac(sequence, header, body, content);
  return open_mac_then_encrypted(sequence, header, body, content);
}

bool MacRecords::open_plain(std::uint64_t sequence, const Header& header, MutableBytes body,
                            MutableBytes& content) noexcept {
  content = body.first(body.size() - mac_size_);
  const PseudoHeader pseudo(sequence, header.type, version_, content.size());
  crypto::HashValue expected(mac_size_);
  return mac_.mac({pseudo.octets, content}, expected.bytes()) &&
         secret::equal_in_constant_time(expected.bytes(), body.last(mac_size_));
}

// RFC 7366 section 3: the MAC is over everything that the cipher gave, and comes first. Padding that is wrong
// behind a right MAC is the peer's own.
bool MacRecords::open_encrypted_then_mac(std::uint64_t sequence, const Header& header, MutableBytes body,
                                         MutableBytes& content) noexcept {
  const MutableBytes encrypted = body.first(body.size() - mac_size_);
  if (encrypted.size() % block != 0) return false;
  const PseudoHeader pseudo(sequence, header.type, version_, encrypted.size());
  crypto::HashValue expected(mac_size_);
  if (!mac_.mac({pseudo.octets, encrypted}, expected.bytes()) ||
      !secret::equal_in_constant_time(expected.bytes(), body.last(mac_size_)))
    return false;

  if (explicit_iv_ && !cipher_.set_iv(encrypted.first(block))) return false;
  const MutableBytes blocks = encrypted.subspan(prefix_size());
  if (!cipher_.process(blocks)) return false;
  const std::size_t padding = blocks.back();
  if (padding + 1 > blocks.size()) return false;
  const auto tail = blocks.last(padding + 1);
  if (!std::all_of(tail.begin(), tail.end(), [&](std::uint8_t octet) { return octet == padding; }))
    return false;
  content = blocks.first(blocks.size() - tail.size());
  return true;
}

// RFC 5246 section 6.2.3.2: with wrong padding the MAC is computed all the same, over as much as there would
// be without padding. libcrypto does both parts in a time that depends on the size of the body alone: what
// `inside` says must not be looked at before the MACs have been compared. Where the padding was wrong its MAC
// is random.
bool MacRecords::open_mac_then_encrypted(std::uint64_t sequence, const Header& header, MutableBytes body,
                                         MutableBytes& content) noexcept {
  if (body.size() % block != 0) return false;
  crypto::Cbc::Inside inside{};
  if (!cipher_.open_record(body, inside)) return false;
  const MutableBytes octets = body.subspan(prefix_size());
  const PseudoHeader pseudo(sequence, header.type, version_, inside.size);
  std::uint8_t expected[crypto::max_mac_size];
  if (!hidden_mac_.mac(pseudo.octets, octets, inside.size, expected)) return false;
  if (!secret::equal_in_constant_time({expected, mac_size_}, {inside.mac, mac_size_})) return false;
  content = octets.first(inside.size);
  return true;
}

}  // namespace sesame::record
