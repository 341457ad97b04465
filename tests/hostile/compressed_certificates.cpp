// CompressedCertificate (RFC 8879).
#include "certificate/compression.h"
#include "hostile/variant.h"

namespace sesame::test {

namespace {

using message::HandshakeType;
using record::ContentType;
using T = ScriptExtensions::Type;

using Algorithm = CertificateCompressionAlgorithm;

constexpr Algorithm algorithms[] = {Algorithm::zlib, Algorithm::brotli, Algorithm::zstd};

// A certificate that gets shorter: the same four times.
Octets repeated() {
  ScriptCertificate certificate;
  certificate.entries.assign(4, certificate.entries[0]);
  return certificate.body();
}

// Zeros that expand to a hundred megabytes and more, and their form at the least.
const Octets& bomb(Algorithm algorithm) {
  static std::map<Algorithm, Octets> made;
  Octets& out = made[algorithm];
  // zlib's best is a thousandth: more would not fit the limit of the message.
  const std::size_t megabytes = algorithm == Algorithm::zlib ? 48 : 160;
  if (out.empty()) out = compress(algorithm, Octets(megabytes << 20));
  return out;
}

template <class Make>
Variant compressed(std::string name, Alert alert, Reason reason, Algorithm algorithm, const Make& make) {
  return to_certificate_client("compressed_" + std::string(sesame::name(algorithm)) + "_" + std::move(name),
                               alert, reason, [=](CertificateClient& c) {
                                 c.options.certificate_compression = {algorithm};
                                 c.up_to_wait_cert_cr();
                                 c.server.put_message(make());
                               });
}

void of_algorithm(std::vector<Variant>& out, Algorithm algorithm) {
  const auto value = static_cast<unsigned>(algorithm);
  const auto wrong = [&](std::string name, auto make) {
    out.push_back(compressed(std::move(name), Alert::bad_certificate, Reason::certificate_compression_wrong,
                             algorithm, make));
  };
  const auto inner = [&](std::string name, Alert alert, Reason reason, const Octets& body) {
    out.push_back(compressed(std::move(name), alert, reason, algorithm, [=] {
      return compressed_certificate(value, body.size(), compress(algorithm, body));
    }));
  };
  const auto declared = [=](int difference) {
    return [=] {
      const Octets body = repeated();
      return compressed_certificate(value, body.size() + static_cast<std::size_t>(difference),
                                    compress(algorithm, body));
    };
  };
  wrong("declared_one_less", declared(-1));
  wrong("declared_one_more", declared(1));
  wrong("declared_nothing",
        [=] { return compressed_certificate(value, 0, compress(algorithm, repeated())); });
  wrong("declared_the_limit",
        [=] { return compressed_certificate(value, 65'536, compress(algorithm, repeated())); });
  wrong("of_zeros", [=] { return compressed_certificate(value, 1000, repeat(300, 0)); });
  wrong("of_ones", [=] { return compressed_certificate(value, 1000, repeat(60'000, 0xff)); });
  wrong("of_one_octet", [=] { return compressed_certificate(value, 1000, {0x78}); });
  wrong("cut", [=] {
    Octets octets = compress(algorithm, repeated());
    octets.resize(octets.size() - 5);
    return compressed_certificate(value, repeated().size(), octets);
  });
  wrong("with_more_behind", [=] {
    Octets octets = compress(algorithm, repeated());
    octets.push_back(0);
    return compressed_certificate(value, repeated().size(), octets);
  });
  wrong("twice_in_one", [=] {
    const Octets octets = compress(algorithm, repeated());
    return compressed_certificate(value, 2 * repeated().size(), join({octets, octets}));
  });
  wrong("bomb", [=] { return compressed_certificate(value, 65'536, bomb(algorithm)); });
  wrong("bomb_that_declares_little", [=] { return compressed_certificate(value, 500, bomb(algorithm)); });
  for (const std::size_t size : {65'537, 0xffffff}) {
    out.push_back(compressed(
        "declared_" + std::to_string(size), Alert::bad_certificate, Reason::certificate_too_long, algorithm,
        [=] { return compressed_certificate(value, size, compress(algorithm, repeated())); }));
  }
  out.push_back(compressed("of_nothing", Alert::decode_error, Reason::malformed_message, algorithm,
                           [=] { return compressed_certificate(value, 1000, {}); }));
  out.push_back(compressed(
      "with_octets_behind_the_message", Alert::decode_error, Reason::trailing_octets, algorithm, [=] {
        const Octets message = compressed_certificate(value, 1000, compress(algorithm, repeated()));
        return with_body(message, join({body_of(message), {0}}));
      }));
  inner("with_octets_behind_the_certificates", Alert::decode_error, Reason::trailing_octets,
        join({repeated(), repeat(200, 0)}));
  // The expanded octets are the body: with a header in front they are none (RFC 8879 section 4).
  inner("with_the_messages_header", Alert::decode_error, Reason::malformed_message,
        join({u8(11), vec24(repeated())}));
  inner("in_itself", Alert::decode_error, Reason::malformed_message,
        join({u16(value), u24(repeated().size()), vec24(repeated())}));
  inner("with_a_context", Alert::illegal_parameter, Reason::certificate_context_wrong,
        join({vec8(repeat(100, 1)), vec24({})}));
  inner("many_of_one_octet", Alert::bad_certificate, Reason::certificate_too_long, [] {
    ScriptCertificate certificate;
    certificate.entries.assign(9'000, {{1}, {}});
    return certificate.body();
  }());
}

}  // namespace

std::vector<Variant> compressed_certificate_variants() {
  std::vector<Variant> out;
  for (const Algorithm algorithm : algorithms) {
    if (certificate::has_compression(algorithm)) of_algorithm(out, algorithm);
  }
  const auto not_offered = [&](std::string name, const std::vector<Algorithm>& offered, unsigned used) {
    out.push_back(to_certificate_client("compressed_" + std::move(name), Alert::illegal_parameter,
                                        Reason::certificate_compression_wrong, [=](CertificateClient& c) {
                                          c.options.certificate_compression = offered;
                                          c.up_to_wait_cert_cr();
                                          c.server.put_message(
                                              compressed_certificate(used, 1000, repeat(100, 1)));
                                        }));
  };
  not_offered("though_none_was_offered", {}, 1);
  not_offered("by_an_algorithm_that_nobody_has", {Algorithm::zlib}, 0xffff);
  not_offered("by_algorithm_0", {Algorithm::zlib}, 0);
  if (certificate::has_compression(Algorithm::brotli))
    not_offered("by_an_algorithm_not_offered", {Algorithm::zlib}, 2);
  out.push_back(to_certificate_server("compressed_to_a_server_that_did_not_ask_for_it",
                                      Alert::illegal_parameter, Reason::certificate_compression_wrong,
                                      [](CertificateServer& c) {
                                        c.up_to_wait_cert();
                                        c.client.put_message(compressed_certificate(1, 1000, repeat(100, 1)));
                                      }));
  out.push_back(to_certificate_server("compressed_bomb_to_a_server", Alert::bad_certificate,
                                      Reason::certificate_compression_wrong, [](CertificateServer& c) {
                                        c.options.certificate_compression = {Algorithm::zlib};
                                        c.up_to_wait_cert();
                                        c.client.put_message(
                                            compressed_certificate(1, 65'536, bomb(Algorithm::zlib)));
                                      }));
  return out;
}

}  // namespace sesame::test
