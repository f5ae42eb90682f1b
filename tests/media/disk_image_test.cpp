// Disk images: what a user can get wrong, and that the overlay keeps the file as it was.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sim/base/user_error.hpp"
#include "sim/media/disk_image.hpp"

using namespace hvlab;
using namespace hvlab::media;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

/// A file of our own in a temporary folder, gone at the end.
struct TemporaryFile {
  fs::path path;
  explicit TemporaryFile(u64 bytes, char fill = 'f') {
    char folder[] = "/tmp/hvlab-image-XXXXXX";
    path = fs::path(::mkdtemp(folder)) / "disk.img";
    std::ofstream(path) << std::string(bytes, fill);
  }
  ~TemporaryFile() { fs::remove_all(path.parent_path()); }
  std::string content() const {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

std::string complaint(const fs::path& path, ImageAccess access) {
  try {
    DiskImage::open(path, access);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

std::vector<u8> read(const DiskImage& image, u64 offset, size_t bytes) {
  std::vector<u8> data(bytes, 0xee);
  REQUIRE(image.read(offset, data));
  return data;
}

}  // namespace

TEST_CASE("an image that cannot serve as a disk is refused with a reason", "[media]") {
  // Catches: a run that starts on a wrong file and fails somewhere inside the guest.
  CHECK_THAT(complaint("/nonexistent/disk.img", ImageAccess::Overlay), Contains("cannot be opened"));
  CHECK_THAT(complaint("/tmp", ImageAccess::Overlay), Contains("not a regular file"));
  CHECK_THAT(complaint("/dev/null", ImageAccess::Overlay), Contains("not a regular file"));
  const TemporaryFile empty(0), odd(1000);
  CHECK_THAT(complaint(empty.path, ImageAccess::Overlay), Contains("is empty"));
  CHECK_THAT(complaint(odd.path, ImageAccess::Overlay),
             Contains("multiple of 512") && Contains("truncate -s 1024"));
  CHECK_THROWS_AS(DiskImage::blank(100), UserError);
  CHECK_THROWS_AS(DiskImage::blank(0), UserError);
}

TEST_CASE("an overlay shows its writes and leaves the file alone", "[media]") {
  // Catches: a run that changes its own input, so that the next one differs.
  const TemporaryFile file(8192);
  DiskImage image = DiskImage::open(file.path, ImageAccess::Overlay);
  REQUIRE(image.write(512, std::vector<u8>(4096, 'w')));
  CHECK(read(image, 0, 512) == std::vector<u8>(512, 'f'));
  CHECK(read(image, 512, 4096) == std::vector<u8>(4096, 'w'));
  CHECK(read(image, 4608, 512) == std::vector<u8>(512, 'f'));
  CHECK(image.overlay_bytes() == 8192);
  CHECK(file.content() == std::string(8192, 'f'));
}

TEST_CASE("a persistent image writes through, whole requests only", "[media]") {
  // Catches: data lost at the end of a run, and writes beyond the end that make the file grow.
  const TemporaryFile file(2048);
  DiskImage image = DiskImage::open(file.path, ImageAccess::Persist);
  REQUIRE(image.write(512, std::vector<u8>(512, 'w')));
  CHECK_FALSE(image.write(1536, std::vector<u8>(1024, 'x')));
  CHECK(file.content() == std::string(512, 'f') + std::string(512, 'w') + std::string(1024, 'f'));
}

TEST_CASE("a read-only image refuses writes", "[media]") {
  const TemporaryFile file(1024);
  DiskImage image = DiskImage::open(file.path, ImageAccess::ReadOnly);
  CHECK_FALSE(image.write(0, std::vector<u8>(512, 'w')));
  CHECK_FALSE(image.discard(0, 512));
  CHECK(read(image, 0, 1024) == std::vector<u8>(1024, 'f'));
}

TEST_CASE("an image open for writing is not shared", "[media]") {
  // Catches: two runs that mix their file systems on one image.
  const TemporaryFile file(1024);
  const DiskImage image = DiskImage::open(file.path, ImageAccess::Persist);
  CHECK_THAT(complaint(file.path, ImageAccess::Overlay), Contains("in use by another run"));
  CHECK_THAT(complaint(file.path, ImageAccess::Persist), Contains("in use by another run"));
}

TEST_CASE("discarded ranges read as zeros", "[media]") {
  // Catches: stale file content behind an overlay's hole, and edges that are not page-aligned.
  const TemporaryFile file(16384);
  for (const ImageAccess access : {ImageAccess::Overlay, ImageAccess::Persist}) {
    DiskImage image = DiskImage::open(file.path, access);
    REQUIRE(image.write(0, std::vector<u8>(16384, 'w')));
    REQUIRE(image.discard(512, 12288));
    CHECK(read(image, 0, 512) == std::vector<u8>(512, 'w'));
    CHECK(read(image, 512, 12288) == std::vector<u8>(12288, 0));
    CHECK(read(image, 12800, 512) == std::vector<u8>(512, 'w'));
    REQUIRE(image.write(4096, std::vector<u8>(512, 'x')));
    CHECK(read(image, 4608, 512) == std::vector<u8>(512, 0));
    CHECK_FALSE(image.discard(16384, 512));
  }
}

TEST_CASE("a file that shrinks under a run gives read errors, not stale bytes", "[media]") {
  const TemporaryFile file(4096);
  const DiskImage image = DiskImage::open(file.path, ImageAccess::Overlay);
  fs::resize_file(file.path, 1024);
  std::vector<u8> data(512);
  CHECK(image.read(512, data));
  CHECK_FALSE(image.read(1024, data));
  CHECK_THAT(image.error(), Contains("shorter"));
}
