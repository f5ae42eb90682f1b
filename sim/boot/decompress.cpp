#include "sim/boot/decompress.hpp"

#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "sim/base/user_error.hpp"

namespace hvlab::boot {
namespace {

using Input = std::span<const u8>;

enum class Step : u8 { More, End, Damaged };

/// Output that grows chunk by chunk up to a limit.
class Output {
 public:
  Output(u64 limit, std::string what) : limit_(limit), what_(std::move(what)) {}

  /// Room for at least one more byte; throws where the limit is reached.
  std::span<u8> room() {
    if (used_ == bytes_.size()) {
      if (bytes_.size() >= limit_)
        throw UserError(what_ + ": decompresses to more than " + std::to_string(limit_ >> 20) + " MiB");
      bytes_.resize(std::min<u64>(limit_, std::max<u64>(1 << 20, bytes_.size() * 2)));
    }
    return std::span(bytes_).subspan(used_);
  }
  void used(size_t bytes) { used_ += bytes; }
  std::vector<u8> finish() {
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  u64 limit_;
  std::string what_;
  std::vector<u8> bytes_;
  size_t used_ = 0;
};

/// Runs `step` (which consumes `input`, fills `room` and says how much) until the stream ends.
template <typename StepFunction>
bool pump(Input input, Output& output, StepFunction step) {
  for (;;) {
    const std::span<u8> room = output.room();
    size_t produced = 0;
    const size_t before = input.size();
    const Step result = step(input, room, produced);
    output.used(produced);
    if (result == Step::End) return true;
    if (result == Step::Damaged || (produced == 0 && input.size() == before)) return false;
  }
}

/// The libraries count input in 32 bits.
unsigned chunk(Input input) { return static_cast<unsigned>(std::min<size_t>(input.size(), 1 << 30)); }
unsigned chunk(std::span<u8> room) { return static_cast<unsigned>(std::min<size_t>(room.size(), 1 << 30)); }

bool gunzip(Input input, Output& output) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return false;  // 16: a gzip header
  const std::unique_ptr<z_stream, int (*)(z_streamp)> closer(&stream, inflateEnd);
  return pump(input, output, [&](Input& from, std::span<u8> room, size_t& produced) {
    const unsigned given = chunk(from), wanted = chunk(room);
    stream.next_in = const_cast<Bytef*>(from.data());
    stream.avail_in = given;
    stream.next_out = room.data();
    stream.avail_out = wanted;
    const int result = inflate(&stream, Z_NO_FLUSH);
    from = from.subspan(given - stream.avail_in);
    produced = wanted - stream.avail_out;
    return result == Z_STREAM_END ? Step::End : result == Z_OK ? Step::More : Step::Damaged;
  });
}

bool unxz(Input input, Output& output, bool alone) {
  lzma_stream stream = LZMA_STREAM_INIT;
  constexpr u64 kMemory = u64{512} << 20;
  const lzma_ret ready =
      alone ? lzma_alone_decoder(&stream, kMemory) : lzma_stream_decoder(&stream, kMemory, 0);
  if (ready != LZMA_OK) return false;
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> closer(&stream, lzma_end);
  return pump(input, output, [&](Input& from, std::span<u8> room, size_t& produced) {
    stream.next_in = from.data();
    stream.avail_in = from.size();
    stream.next_out = room.data();
    stream.avail_out = room.size();
    const lzma_ret result = lzma_code(&stream, LZMA_RUN);
    from = from.subspan(from.size() - stream.avail_in);
    produced = room.size() - stream.avail_out;
    return result == LZMA_STREAM_END ? Step::End : result == LZMA_OK ? Step::More : Step::Damaged;
  });
}

bool bunzip2(Input input, Output& output) {
  bz_stream stream{};
  if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) return false;
  const std::unique_ptr<bz_stream, int (*)(bz_stream*)> closer(&stream, BZ2_bzDecompressEnd);
  return pump(input, output, [&](Input& from, std::span<u8> room, size_t& produced) {
    const unsigned given = chunk(from), wanted = chunk(room);
    stream.next_in = const_cast<char*>(reinterpret_cast<const char*>(from.data()));
    stream.avail_in = given;
    stream.next_out = reinterpret_cast<char*>(room.data());
    stream.avail_out = wanted;
    const int result = BZ2_bzDecompress(&stream);
    from = from.subspan(given - stream.avail_in);
    produced = wanted - stream.avail_out;
    return result == BZ_STREAM_END ? Step::End : result == BZ_OK ? Step::More : Step::Damaged;
  });
}

bool unzstd(Input input, Output& output) {
  const std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                        ZSTD_freeDStream);
  if (stream == nullptr || ZSTD_isError(ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, 28)))
    return false;
  return pump(input, output, [&](Input& from, std::span<u8> room, size_t& produced) {
    ZSTD_inBuffer in{from.data(), from.size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const size_t result = ZSTD_decompressStream(stream.get(), &out, &in);
    from = from.subspan(in.pos);
    produced = out.pos;
    return ZSTD_isError(result) ? Step::Damaged : result == 0 ? Step::End : Step::More;
  });
}

/// LZ4's legacy frame: blocks of a 32-bit length and at most 8 MiB of content, until the input ends (or, in a
/// kernel image, until the 32-bit size that follows the stream).
bool unlz4(Input input, Output& output) {
  constexpr size_t kBlock = 8 << 20;
  input = input.subspan(4);
  if (input.size() <= 4) return false;
  std::vector<u8> block(kBlock);
  while (input.size() > 4) {
    u32 bytes = 0;
    std::memcpy(&bytes, input.data(), 4);
    input = input.subspan(4);
    if (bytes == 0 || bytes > input.size() || bytes > kBlock * 2) return false;
    const int count =
        LZ4_decompress_safe(reinterpret_cast<const char*>(input.data()),
                            reinterpret_cast<char*>(block.data()), static_cast<int>(bytes), kBlock);
    if (count < 0) return false;
    for (size_t done = 0; done < static_cast<size_t>(count);) {
      const std::span<u8> room = output.room();
      const size_t part = std::min(room.size(), static_cast<size_t>(count) - done);
      std::memcpy(room.data(), block.data() + done, part);
      output.used(part);
      done += part;
    }
    input = input.subspan(bytes);
  }
  return true;
}

bool begins(Input bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

bool run(Compression format, Input bytes, Output& output) {
  switch (format) {
    case Compression::Gzip: return gunzip(bytes, output);
    case Compression::Xz: return unxz(bytes, output, false);
    case Compression::Lzma: return unxz(bytes, output, true);
    case Compression::Bzip2: return bunzip2(bytes, output);
    case Compression::Lz4Legacy: return unlz4(bytes, output);
    case Compression::Zstd: return unzstd(bytes, output);
    case Compression::None: break;
  }
  return false;
}

}  // namespace

Compression detect_compression(Input bytes) {
  using namespace std::string_view_literals;
  if (begins(bytes, "\x1F\x8B"sv)) return Compression::Gzip;
  if (begins(bytes,
             "\xFD"
             "7zXZ\0"sv))
    return Compression::Xz;
  if (begins(bytes, "BZh"sv)) return Compression::Bzip2;
  if (begins(bytes, "\x28\xB5\x2F\xFD"sv)) return Compression::Zstd;
  if (begins(bytes, "\x02\x21\x4C\x18"sv)) return Compression::Lz4Legacy;
  if (begins(bytes, "\x5D\0\0"sv)) return Compression::Lzma;
  return Compression::None;
}

const char* name(Compression format) {
  switch (format) {
    case Compression::Gzip: return "gzip";
    case Compression::Xz: return "xz";
    case Compression::Lzma: return "lzma";
    case Compression::Bzip2: return "bzip2";
    case Compression::Lz4Legacy: return "lz4";
    case Compression::Zstd: return "zstd";
    case Compression::None: break;
  }
  return "none";
}

std::vector<u8> decompress(Compression format, Input bytes, u64 limit, const std::string& what) {
  Output output(limit, what);
  if (!run(format, bytes, output)) {
    throw UserError(what + ": its " + name(format) + " data are damaged or cut off");
  }
  return output.finish();
}

}  // namespace hvlab::boot
