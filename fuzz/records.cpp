// Records. A script for a Writer, whose output a peer with the keys reads again; and octets for a Protection,
// which opens nothing that its peer did not seal.
#include <algorithm>
#include <utility>
#include <vector>

#include "crypto/provider.h"
#include "policy/suites.h"
#include "record/writer.h"
#include "support/script.h"

using namespace sesame;
using record::ContentType;

namespace {

const crypto::Provider& provider() {
  static const auto system = crypto::Provider::system();
  return **system;
}

// The forms of TLS 1.2 and below, one for each way that a record is laid out.
constexpr struct Below13 {
  CipherSuite suite;
  ProtocolVersion version;
  bool encrypt_then_mac;
} forms_below13[] = {
    {CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256, ProtocolVersion::tls12, false},
    {CipherSuite::TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, ProtocolVersion::tls12, false},
    {CipherSuite::TLS_PSK_WITH_AES_128_CCM_8, ProtocolVersion::tls12, false},
    {CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls12, false},
    {CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls12, true},
    {CipherSuite::TLS_PSK_WITH_AES_256_CBC_SHA384, ProtocolVersion::tls11, false},
    {CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, ProtocolVersion::tls10, false},
    {CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA256, ProtocolVersion::tls10, true},
    {CipherSuite::TLS_PSK_WITH_NULL_SHA, ProtocolVersion::tls10, false},
};

void set_keys(record::Protection& protection, const Below13& form, crypto::Aead::Direction direction) {
  const auto suite = policy::find_suite(provider(), form.suite);
  FUZZ_CHECK(suite);
  const record::BlockSizes sizes = record::block_sizes(*suite, form.version);
  const std::vector<std::uint8_t> mac_key(sizes.mac_key, 1), key(sizes.key, 2), iv(sizes.iv, 3);
  FUZZ_CHECK(protection.set_keys({*suite, form.version, form.encrypt_then_mac, mac_key, key, iv}, direction));
}

struct Piece {
  ContentType type;
  std::vector<std::uint8_t> content;
};

void append(std::vector<Piece>& pieces, ContentType type, Bytes content) {
  // Handshake messages and data are streams: how they are cut is the writer's affair.
  const bool is_stream = type == ContentType::handshake || type == ContentType::application_data;
  if (content.empty() && is_stream) return;
  if (!is_stream || pieces.empty() || pieces.back().type != type) pieces.push_back({type, {}});
  pieces.back().content.insert(pieces.back().content.end(), content.begin(), content.end());
}

std::vector<Piece> read_all(Bytes output, record::Protection& opener, std::size_t limit) {
  std::vector<std::uint8_t> octets(output.begin(), output.end());
  MutableBytes rest = octets;
  std::vector<Piece> out;
  while (!rest.empty()) {
    FUZZ_CHECK(rest.size() >= record::header_size);
    const record::Header header = record::Header::read(rest);
    FUZZ_CHECK(rest.size() >= record::header_size + header.length && header.length > 0);
    const MutableBytes whole = rest.first(record::header_size + header.length);
    rest = rest.subspan(whole.size());
    const bool is_tls13 = opener.hides_type();
    if ((header.type == ContentType::change_cipher_spec && is_tls13) || !opener.active()) {
      FUZZ_CHECK(header.length <= record::max_plaintext);
      append(out, header.type, whole.subspan(record::header_size));
      continue;
    }
    FUZZ_CHECK(header.type == ContentType::application_data || !is_tls13);
    FUZZ_CHECK(header.length <= limit + opener.most_expansion() && header.length >= opener.least_fragment());
    const auto opened = opener.open(whole);
    FUZZ_CHECK(opened && (!opened->content.empty() || opened->type == ContentType::alert));
    append(out, opened->type, opened->content);
  }
  return out;
}

void write_and_read(fuzz::Script& script) {
  record::Writer writer;
  record::Protection opener;
  std::size_t limit = record::max_plaintext;
  constexpr unsigned tls13_forms = 5;  // the first of AeadId; the rest is of TLS 1.2
  const unsigned id = script.octet() % (tls13_forms + 1 + std::size(forms_below13));
  if (id > tls13_forms) {
    const Below13& form = forms_below13[id - tls13_forms - 1];
    writer.set_version(form.version);
    set_keys(writer.protection(), form, crypto::Aead::Direction::seal);
    set_keys(opener, form, crypto::Aead::Direction::open);
  } else if (id < tls13_forms) {
    const crypto::AeadAlgorithm& aead = *provider().aead(static_cast<crypto::AeadId>(id));
    const std::vector<std::uint8_t> key(aead.key_size(), 1), iv(12, 2);
    FUZZ_CHECK(writer.protection().set_keys(aead, crypto::Aead::Direction::seal, key, iv));
    FUZZ_CHECK(opener.set_keys(aead, crypto::Aead::Direction::open, key, iv));
  }
  if (script.octet() % 2) {
    limit = 63 + script.word() % (record::max_plaintext - 62);
    writer.limit_content(limit);
  }
  writer.pad_to(script.octet() % 2 ? script.word() : 0);
  std::vector<Piece> expected;
  std::vector<std::uint8_t> composed;
  const auto flushed = [&] { append(expected, ContentType::handshake, std::exchange(composed, {})); };
  for (int i = 0; i < 30 && !script.empty(); ++i) {
    const std::uint8_t what = script.octet();
    const std::vector<std::uint8_t> content(script.word() % 40'000, what);
    switch (what % 6) {
      case 0:
        writer.handshake_messages().append(content);
        composed.insert(composed.end(), content.begin(), content.end());
        break;
      case 1:
        FUZZ_CHECK(writer.flush());
        flushed();
        break;
      case 2: {
        const std::uint8_t alert[] = {1, what};
        FUZZ_CHECK(writer.alert(1, what));
        composed.clear();
        append(expected, ContentType::alert, alert);
        break;
      }
      case 3: {
        const std::uint8_t one[] = {1};
        FUZZ_CHECK(writer.change_cipher_spec());
        flushed();
        append(expected, ContentType::change_cipher_spec, one);
        break;
      }
      default: {
        if (!writer.protection().active()) break;
        FUZZ_CHECK(writer.flush());
        flushed();
        const std::size_t before = writer.output().size(), size = writer.sealed_size(content.size());
        FUZZ_CHECK(writer.application_data(content));
        FUZZ_CHECK(writer.output().size() == before + size);
        append(expected, ContentType::application_data, content);
      }
    }
  }
  FUZZ_CHECK(writer.flush());
  flushed();
  const auto read = read_all(writer.output().bytes(), opener, limit);
  FUZZ_CHECK(std::ranges::equal(read, expected, [](const Piece& a, const Piece& b) {
    return a.type == b.type && a.content == b.content;
  }));

  // The rest of the script is a buffer's size, for what goes straight into it.
  if (!writer.protection().active()) return;
  const std::vector<std::uint8_t> data(script.word() % 20'000, 's');
  std::vector<std::uint8_t> into(script.word() % 30'000);
  const auto sealed = writer.seal(data, into);
  FUZZ_CHECK(sealed && sealed->written <= into.size() && sealed->consumed <= data.size());
  FUZZ_CHECK(sealed->consumed < data.size() || sealed->written == writer.sealed_size(data.size()) ||
             into.size() < writer.sealed_size(data.size()));
  std::size_t received = 0;
  for (const Piece& piece : read_all(Bytes(into).first(sealed->written), opener, limit))
    received += piece.content.size();
  FUZZ_CHECK(received == sealed->consumed);
}

void open_forged(fuzz::Script& script) {
  record::Protection opener;
  const std::uint8_t which = script.octet();
  if (which & 0x80) {
    set_keys(opener, forms_below13[which % std::size(forms_below13)], crypto::Aead::Direction::open);
  } else {
    const crypto::AeadAlgorithm& aead =
        *provider().aead(static_cast<crypto::AeadId>(which % crypto::aead_count));
    const std::vector<std::uint8_t> key(aead.key_size(), 1), iv(12, 2);
    FUZZ_CHECK(opener.set_keys(aead, crypto::Aead::Direction::open, key, iv));
  }
  std::vector<std::uint8_t> record(record::header_size);
  const Bytes octets = script.rest();
  record::Header{ContentType::application_data, octets.size()}.write(record);
  record.insert(record.end(), octets.begin(), octets.end());
  const auto opened = opener.open(record);
  FUZZ_CHECK(!opened && opened.error().reason() == Reason::record_mac_wrong && opener.records() == 0);
  FUZZ_CHECK(
      std::all_of(record.begin() + record::header_size, record.end(), [](std::uint8_t o) { return o == 0; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script({data, size});
  if (script.octet() % 4 != 0) {
    write_and_read(script);
  } else {
    open_forged(script);
  }
  return 0;
}
