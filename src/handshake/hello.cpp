#include "handshake/hello.h"

#include <algorithm>

#include "extension/bodies.h"
#include "handshake/write.h"
#include "message/tls12.h"
#include "record/record.h"

namespace sesame::handshake {

using extension::Extensions;
using extension::ExtensionType;
using extension::In;

Expected<Hello> read_hello(Bytes client_hello) {
  Hello out;
  out.whole = client_hello;
  const auto hello = wire::decode<message::ClientHello>(client_hello.subspan(message::handshake_header_size));
  if (!hello) return malformed(hello.error(), message::HandshakeType::client_hello);
  out.hello = *hello;
  auto extensions = Extensions::parse(hello->extensions, In::CH, {});
  if (!extensions) return std::unexpected(std::move(extensions.error()));
  out.extensions = *extensions;
  if (hello->legacy_version <= message::legacy_version_ssl30)
    return fail(Reason::no_common_version, "SSL 3.0");
  return out;
}

namespace {

std::string names_of(ProtocolVersion lowest, ProtocolVersion highest) {
  std::string out(sesame::name(lowest));
  if (lowest != highest) out.append(" to ").append(sesame::name(highest));
  return out;
}

std::unexpected<Error> no_common_version(const policy::Settings& settings, const std::string& theirs) {
  return fail(Reason::no_common_version, "the client offers " + theirs + ", this side speaks " +
                                             names_of(settings.lowest, settings.highest));
}

}  // namespace

Expected<ProtocolVersion> choose_version(const policy::Settings& settings, const Hello& hello) {
  using enum ProtocolVersion;
  std::optional<ProtocolVersion> chosen;
  ProtocolVersion highest_offered{};
  if (hello.has(ExtensionType::supported_versions)) {
    // RFC 8446 section 4.2.1: legacy_version says nothing then.
    const auto offered =
        hello.extensions.read<extension::SupportedVersionsOffer>(ExtensionType::supported_versions);
    if (!offered) return std::unexpected(offered.error());
    offered->versions.for_each([&](std::uint16_t value) {
      const auto version = static_cast<ProtocolVersion>(value);
      if (version < tls10 || version > tls13) return;  // unknown, or GREASE (RFC 8701)
      highest_offered = std::max(highest_offered, version);
      if (settings.speaks(version) && (!chosen || version > *chosen)) chosen = version;
    });
    if (!chosen) {
      return no_common_version(settings, highest_offered == ProtocolVersion{}
                                             ? std::string("no version that is known")
                                             : std::string(sesame::name(highest_offered)) + " at most");
    }
  } else {
    // RFC 5246 appendix E.1, and RFC 8446 section 4.2.1: TLS 1.2 at most, whatever legacy_version says.
    highest_offered = std::min(static_cast<ProtocolVersion>(hello.hello.legacy_version), tls12);
    const ProtocolVersion both = std::min(highest_offered, settings.highest);
    if (!settings.speaks(both)) return no_common_version(settings, "TLS 1.2 or older");
    chosen = both;
  }
  // RFC 7507 section 3: the client could have more, and says that it tried.
  if (hello.has_suite(message::fallback_scsv) && highest_offered < settings.highest)
    return fail(Reason::inappropriate_fallback);
  return *chosen;
}

Expected<> read_server_name(Hello& hello) {
  if (!hello.has(ExtensionType::server_name)) return {};
  const auto list = hello.extensions.read<extension::ServerNameList>(ExtensionType::server_name);
  if (!list) return std::unexpected(list.error());
  bool repeated = false;
  list->server_name_list.for_each([&](const extension::ServerName& name) {
    if (name.name_type != extension::NameType::host_name) return;
    repeated = repeated || !hello.server_name.empty();
    hello.server_name = as_text(name.host_name.data);
  });
  // RFC 6066 section 3: one name of a type. A NUL or an endless name is nobody's host name.
  if (repeated) return fail(Reason::malformed_message, "server_name has two host names");
  if (hello.server_name.size() > 255 || hello.server_name.find('\0') != std::string_view::npos) {
    return fail(Reason::malformed_message, "server_name is no host name");
  }
  return {};
}

Expected<const std::string*> choose_alpn(const policy::Settings& settings, const Hello& hello) {
  const auto& ours = settings.options.alpn;
  if (!hello.has(ExtensionType::application_layer_protocol_negotiation)) return nullptr;
  const auto list = hello.extensions.read<extension::ProtocolNameList>(
      ExtensionType::application_layer_protocol_negotiation);
  if (!list) return std::unexpected(list.error());
  if (ours.empty()) return nullptr;
  for (const std::string& protocol : ours) {
    bool found = false;
    list->protocol_name_list.for_each(
        [&](const wire::opaque<1, 255>& name) { return !(found = as_text(name.data) == protocol); });
    if (found) return &protocol;
  }
  std::string offered;
  list->protocol_name_list.for_each([&](const wire::opaque<1, 255>& name) {
    if (offered.size() < 100) offered += (offered.empty() ? "" : ", ") + escaped(name.data);
  });
  return fail(Reason::no_common_alpn, "the client offers " + offered);
}

namespace {

// RFC 8449 section 4: in TLS 1.3 the limit counts the content type as well.
std::uint16_t counted_type(ProtocolVersion version) { return version == ProtocolVersion::tls13 ? 1 : 0; }

}  // namespace

Expected<RecordLimits> choose_record_limits(const policy::Settings& settings, const Hello& hello,
                                            ProtocolVersion version) {
  RecordLimits out;
  const auto most = static_cast<std::uint16_t>(record::max_plaintext);
  if (hello.has(ExtensionType::record_size_limit)) {
    const auto limit = hello.extensions.read<extension::RecordSizeLimit>(ExtensionType::record_size_limit);
    if (!limit) return std::unexpected(limit.error());
    if (limit->record_size_limit < 64) return fail(Reason::record_size_limit_invalid);  // RFC 8449 section 4
    out.by = RecordLimits::By::record_size_limit;
    out.sent = std::min(static_cast<std::uint16_t>(limit->record_size_limit - counted_type(version)), most);
    const std::size_t ours = settings.options.record_size_limit;
    out.received = ours ? static_cast<std::uint16_t>(ours) : most;
  } else if (hello.has(ExtensionType::max_fragment_length)) {
    // RFC 6066 section 4; RFC 8449 section 5: not beside a record_size_limit.
    const auto length =
        hello.extensions.read<extension::MaxFragmentLength>(ExtensionType::max_fragment_length);
    if (!length) return std::unexpected(length.error());
    const auto code = static_cast<unsigned>(length->max_fragment_length);
    if (code < 1 || code > 4) return fail(Reason::max_fragment_length_mismatch);
    out.by = RecordLimits::By::max_fragment_length;
    out.sent = out.received = static_cast<std::uint16_t>(256u << code);
  }
  return out;
}

void write_record_limits(const RecordLimits& limits, const Hello& hello, ProtocolVersion version,
                         wire::Writer& w) {
  if (limits.by == RecordLimits::By::record_size_limit) {
    write_extension(w, ExtensionType::record_size_limit,
                    [&] { w.uint(static_cast<std::uint32_t>(limits.received) + counted_type(version), 2); });
  }
  if (limits.by == RecordLimits::By::max_fragment_length) {
    write_extension(w, ExtensionType::max_fragment_length,
                    [&] { w.put(hello.extensions[ExtensionType::max_fragment_length]); });
  }
}

ClientHelloInfo info_of(const Hello& hello) {
  ClientHelloInfo info;
  info.server_name = hello.server_name;
  if (const auto list = hello.extensions.read<extension::ProtocolNameList>(
          ExtensionType::application_layer_protocol_negotiation)) {
    list->protocol_name_list.for_each(
        [&](const wire::opaque<1, 255>& name) { info.alpn.push_back(as_text(name.data)); });
  }
  if (const auto schemes =
          hello.extensions.read<extension::SignatureSchemeList>(ExtensionType::signature_algorithms)) {
    schemes->supported_signature_algorithms.for_each(
        [&](SignatureScheme scheme) { info.signature_schemes.push_back(scheme); });
  }
  hello.hello.cipher_suites.for_each([&](CipherSuite suite) { info.cipher_suites.push_back(suite); });
  return info;
}

}  // namespace sesame::handshake
