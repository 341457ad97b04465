#include "certificate/compression.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#ifdef SESAME_HAS_ZLIB
#include <zlib.h>
#endif
#ifdef SESAME_HAS_BROTLI
#include <brotli/decode.h>
#include <brotli/encode.h>
#endif
#ifdef SESAME_HAS_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

namespace sesame::certificate {
namespace {

using Octets = std::vector<std::uint8_t>;

std::unexpected<Error> wrong(const char* why) { return fail(Reason::certificate_compression_wrong, why); }

/// Room to begin with: certificates expand by less than four.
[[maybe_unused]] std::size_t first_room(Bytes compressed, std::size_t size) noexcept {
  return std::min(size + 1, 4 * compressed.size() + 64);
}

#if defined SESAME_HAS_ZLIB || defined SESAME_HAS_BROTLI
enum class Progress : std::uint8_t { more, done, failed };

/// Asks `step`, which takes octets off the front of both ranges, until it is done. There is never room for
/// more than one octet beyond `size`.
template <class Step>
Expected<Octets> expand_by(Bytes compressed, std::size_t size, Step step) {
  Octets out(first_room(compressed, size));
  MutableBytes room = out;
  for (;;) {
    const Progress progress = step(compressed, room);
    const std::size_t used = out.size() - room.size();
    if (progress == Progress::failed) return wrong("it is not well formed");
    if (used > size) return wrong("it is longer than was declared");
    if (progress == Progress::done) {
      if (used < size) return wrong("it is shorter than was declared");
      if (!compressed.empty()) return wrong("there are octets behind its end");
      out.resize(size);
      return out;
    }
    if (!room.empty()) return wrong("it ends too early");
    out.resize(std::min(size + 1, 2 * out.size()));
    room = MutableBytes(out).subspan(used);
  }
}
#endif

#ifdef SESAME_HAS_ZLIB
// RFC 8879 section 3: the ZLIB of RFC 1950.
Octets compress_zlib(Bytes message) {
  Octets out(message.size());
  uLongf size = out.size();
  if (compress2(out.data(), &size, message.data(), message.size(), Z_BEST_COMPRESSION) != Z_OK) return {};
  out.resize(size);
  return out;
}

struct EndInflate {
  void operator()(z_stream* stream) const noexcept { inflateEnd(stream); }
};

Expected<Octets> expand_zlib(Bytes compressed, std::size_t size) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return wrong("zlib failed");
  const std::unique_ptr<z_stream, EndInflate> at_end(&stream);
  return expand_by(compressed, size, [&](Bytes& in, MutableBytes& out) {
    stream.next_in = const_cast<Bytef*>(in.data());  // zlib does not write to it
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    in = in.last(stream.avail_in);
    out = out.last(stream.avail_out);
    if (result == Z_STREAM_END) return Progress::done;
    return result == Z_OK || result == Z_BUF_ERROR ? Progress::more : Progress::failed;
  });
}
#endif

#ifdef SESAME_HAS_BROTLI
// RFC 7932.
Octets compress_brotli(Bytes message) {
  Octets out(message.size());
  std::size_t size = out.size();
  constexpr int quality = 9;
  if (BrotliEncoderCompress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, message.size(),
                            message.data(), &size, out.data()) != BROTLI_TRUE) {
    return {};
  }
  out.resize(size);
  return out;
}

/// What a decoder may have. It would allocate up to 16 MiB for a window that a peer only has to declare.
struct Budget {
  std::size_t left;
  static void* allocate(void* budget, std::size_t size) {
    auto& own = *static_cast<Budget*>(budget);
    if (size > own.left) return nullptr;
    own.left -= size;
    return std::malloc(size);
  }
  static void free(void*, void* memory) { std::free(memory); }
};

struct EndDecoder {
  void operator()(BrotliDecoderState* state) const noexcept { BrotliDecoderDestroyInstance(state); }
};

Expected<Octets> expand_brotli(Bytes compressed, std::size_t size) {
  Budget budget{.left = (std::size_t{1} << 20) + 4 * size};
  const std::unique_ptr<BrotliDecoderState, EndDecoder> state(
      BrotliDecoderCreateInstance(Budget::allocate, Budget::free, &budget));
  if (!state) return wrong("brotli failed");
  return expand_by(compressed, size, [&](Bytes& in, MutableBytes& out) {
    const std::uint8_t* next_in = in.data();
    std::uint8_t* next_out = out.data();
    std::size_t in_left = in.size(), out_left = out.size();
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state.get(), &in_left, &next_in, &out_left, &next_out, nullptr);
    in = in.last(in_left);
    out = out.last(out_left);
    if (result == BROTLI_DECODER_RESULT_SUCCESS) return Progress::done;
    return result == BROTLI_DECODER_RESULT_ERROR ? Progress::failed : Progress::more;
  });
}
#endif

#ifdef SESAME_HAS_ZSTD
// RFC 8878.
Octets compress_zstd(Bytes message) {
  Octets out(message.size());
  constexpr int level = 9;
  const std::size_t size = ZSTD_compress(out.data(), out.size(), message.data(), message.size(), level);
  if (ZSTD_isError(size) != 0) return {};
  out.resize(size);
  return out;
}

/// In one call and again with more room, rather than as a stream: that would allocate a window of up to
/// 128 MiB that a peer only has to declare.
Expected<Octets> expand_zstd(Bytes compressed, std::size_t size) {
  // One frame and nothing else: ZSTD_decompress would take several, and frames to be skipped.
  const std::size_t frame = ZSTD_findFrameCompressedSize(compressed.data(), compressed.size());
  if (ZSTD_isError(frame) != 0) return wrong("it is not well formed");
  if (frame != compressed.size()) return wrong("there are octets behind its end");
  for (std::size_t room = first_room(compressed, size);; room = std::min(size + 1, 2 * room)) {
    Octets out(room);
    const std::size_t used = ZSTD_decompress(out.data(), room, compressed.data(), compressed.size());
    if (ZSTD_isError(used) == 0) {
      if (used < size) return wrong("it is shorter than was declared");
      if (used > size) return wrong("it is longer than was declared");
      out.resize(used);
      return out;
    }
    if (ZSTD_getErrorCode(used) != ZSTD_error_dstSize_tooSmall) return wrong("it is not well formed");
    if (room > size) return wrong("it is longer than was declared");
  }
}
#endif

}  // namespace

bool has_compression(CertificateCompressionAlgorithm algorithm) noexcept {
  constexpr CertificateCompressionAlgorithm there[] = {
#ifdef SESAME_HAS_ZLIB
      CertificateCompressionAlgorithm::zlib,
#endif
#ifdef SESAME_HAS_BROTLI
      CertificateCompressionAlgorithm::brotli,
#endif
#ifdef SESAME_HAS_ZSTD
      CertificateCompressionAlgorithm::zstd,
#endif
      CertificateCompressionAlgorithm{},  // so that the list is never empty; nothing has this number
  };
  return algorithm != CertificateCompressionAlgorithm{} &&
         std::ranges::find(there, algorithm) != std::end(there);
}

std::vector<std::uint8_t> compress(CertificateCompressionAlgorithm algorithm, Bytes message) {
  if (message.empty()) return {};
  Octets out;
  switch (algorithm) {
#ifdef SESAME_HAS_ZLIB
    case CertificateCompressionAlgorithm::zlib:
      out = compress_zlib(message);
      break;
#endif
#ifdef SESAME_HAS_BROTLI
    case CertificateCompressionAlgorithm::brotli:
      out = compress_brotli(message);
      break;
#endif
#ifdef SESAME_HAS_ZSTD
    case CertificateCompressionAlgorithm::zstd:
      out = compress_zstd(message);
      break;
#endif
    default:
      break;
  }
  if (out.size() >= message.size()) out.clear();
  return out;
}

Expected<std::vector<std::uint8_t>> expand(CertificateCompressionAlgorithm algorithm,
                                           [[maybe_unused]] Bytes compressed,
                                           [[maybe_unused]] std::size_t size) {
  switch (algorithm) {
#ifdef SESAME_HAS_ZLIB
    case CertificateCompressionAlgorithm::zlib:
      return expand_zlib(compressed, size);
#endif
#ifdef SESAME_HAS_BROTLI
    case CertificateCompressionAlgorithm::brotli:
      return expand_brotli(compressed, size);
#endif
#ifdef SESAME_HAS_ZSTD
    case CertificateCompressionAlgorithm::zstd:
      return expand_zstd(compressed, size);
#endif
    default:
      return wrong("the algorithm is not there");
  }
}

}  // namespace sesame::certificate
