// Would catch: a format that is not recognized, trailing bytes that spoil a stream, damage that goes
// unnoticed, a decompression bomb, a cache that serves another kernel.
#include "sim/boot/decompress.hpp"

#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>

#include "fake_memory.hpp"
#include "sample_images.hpp"
#include "sim/base/user_error.hpp"
#include "sim/boot/image_file.hpp"
#include "sim/boot/vmlinux_extract.hpp"

using namespace hvlab;
using namespace hvlab::boot;
using Catch::Contains;

namespace {

std::vector<u8> sample_data() {
  std::vector<u8> data(3'000'000);
  u32 state = 1;
  for (u8& each : data) {
    state = state * 1664525 + 1013904223;
    each = static_cast<u8>((state >> 24) & 0x0F);
  }
  return data;
}

std::vector<u8> gzip(const std::vector<u8>& data) {
  z_stream stream{};
  deflateInit2(&stream, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  std::vector<u8> out(deflateBound(&stream, data.size()) + 64);
  stream.next_in = const_cast<u8*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// As the kernel's build does it: an x86 branch filter before LZMA2, or the older single-stream format.
std::vector<u8> lzma(const std::vector<u8>& data, bool alone) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 0);
  const lzma_filter filters[] = {
      {LZMA_FILTER_X86, nullptr}, {LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  lzma_stream stream = LZMA_STREAM_INIT;
  if (alone) {
    REQUIRE(lzma_alone_encoder(&stream, &options) == LZMA_OK);
  } else {
    REQUIRE(lzma_stream_encoder(&stream, filters, LZMA_CHECK_CRC32) == LZMA_OK);
  }
  std::vector<u8> out(data.size() + 100'000);
  stream.next_in = data.data();
  stream.avail_in = data.size();
  stream.next_out = out.data();
  stream.avail_out = out.size();
  REQUIRE(lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END);
  out.resize(stream.total_out);
  lzma_end(&stream);
  return out;
}

std::vector<u8> bzip2(const std::vector<u8>& data) {
  std::vector<u8> out(data.size() + 100'000);
  auto size = static_cast<unsigned>(out.size());
  REQUIRE(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(out.data()), &size,
                                   reinterpret_cast<char*>(const_cast<u8*>(data.data())),
                                   static_cast<unsigned>(data.size()), 1, 0, 0) == BZ_OK);
  out.resize(size);
  return out;
}

std::vector<u8> zstd(const std::vector<u8>& data) {
  std::vector<u8> out(ZSTD_compressBound(data.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), data.data(), data.size(), 1));
  return out;
}

std::vector<u8> lz4_legacy(const std::vector<u8>& data) {
  std::vector<u8> out = {0x02, 0x21, 0x4C, 0x18};
  constexpr size_t kBlock = 8 << 20;
  for (size_t at = 0; at < data.size(); at += kBlock) {
    const auto bytes = static_cast<int>(std::min(kBlock, data.size() - at));
    std::vector<char> block(static_cast<size_t>(LZ4_compressBound(bytes)));
    const int count = LZ4_compress_default(reinterpret_cast<const char*>(data.data()) + at, block.data(),
                                           bytes, static_cast<int>(block.size()));
    sample::put<u32>(out, out.size(), static_cast<u32>(count));
    out.insert(out.end(), block.begin(), block.begin() + count);
  }
  return out;
}

}  // namespace

TEST_CASE("every format gives back what went in, whatever follows it") {
  const std::vector<u8> data = sample_data();
  const std::pair<Compression, std::vector<u8>> streams[] = {
      {Compression::Gzip, gzip(data)},       {Compression::Xz, lzma(data, false)},
      {Compression::Lzma, lzma(data, true)}, {Compression::Bzip2, bzip2(data)},
      {Compression::Zstd, zstd(data)},       {Compression::Lz4Legacy, lz4_legacy(data)}};
  for (auto [format, stream] : streams) {
    INFO(name(format));
    CHECK(detect_compression(stream) == format);
    sample::put<u32>(stream, stream.size(), static_cast<u32>(data.size()));  // as in a kernel image
    CHECK(decompress(format, stream, 16 << 20, "x") == data);
    CHECK_THROWS_WITH(decompress(format, stream, 1 << 20, "x"),
                      Contains("x: decompresses to more than 1 MiB"));
    stream.resize(stream.size() / 2);
    CHECK_THROWS_WITH(decompress(format, stream, 16 << 20, "x"), Contains("damaged or cut off"));
    CHECK_THROWS_AS(decompress(format, std::span(stream).first(6), 16 << 20, "x"), UserError);
  }
  CHECK(detect_compression({}) == Compression::None);
  CHECK(detect_compression(std::vector<u8>(3)) == Compression::None);
}

TEST_CASE("the ELF kernel comes out of a bzImage, the second time from the cache") {
  const auto folder = std::filesystem::temp_directory_path() / ("hvlab-cache-" + std::to_string(getpid()));
  setenv("XDG_CACHE_HOME", folder.c_str(), 1);
  const std::vector<u8> elf = sample::elf64({1, 2, 3}, 0x100'0000, 0x100'0000);
  const ImageFile kernel{"bzImage", sample::bzimage(gzip(elf)), ""};
  const ImageFile other{"bzImage", sample::bzimage(gzip(sample::elf64({1, 2, 4}, 0x100'0000, 0x100'0000))),
                        ""};
  CHECK(extract_vmlinux(kernel) == elf);
  CHECK(cached_vmlinux(kernel) == elf);
  CHECK(cached_vmlinux(other) != elf);
  CHECK(cached_vmlinux(kernel) == elf);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "hvlab" / "vmlinux")) {
    files += entry.path().extension() == ".elf" ? 1 : 100;  // no temporary file is left
  }
  CHECK(files == 2);
  std::filesystem::remove_all(folder);
}

TEST_CASE("a bzImage without an ELF kernel inside is refused") {
  CHECK_THROWS_WITH(extract_vmlinux({"k", sample::bzimage({1, 2, 3, 4, 5}), ""}), Contains("no ELF kernel"));
  CHECK_THROWS_WITH(extract_vmlinux({"k", sample::bzimage(gzip({1, 2, 3})), ""}), Contains("no ELF kernel"));
  std::vector<u8> stream = gzip(sample_data());
  stream[1000] ^= 0x55;
  CHECK_THROWS_WITH(extract_vmlinux({"k", sample::bzimage(stream), ""}), Contains("damaged"));
}
