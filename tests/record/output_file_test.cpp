// Catches a result that takes the place of a device, a pipe or a link, one that is there in part, and a
// message that names a file that nobody has asked for.
#include "sim/record/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "temporary_folder.hpp"

namespace hvlab::record {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

size_t entries(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("a file is replaced as a whole, also behind a link") {
  const test::TemporaryFolder place("output-file");
  std::ofstream(place.path / "file") << "old";
  fs::create_symlink("file", place.path / "link");
  CHECK(replace_file((place.path / "link").string(), "new").empty());
  CHECK(fs::is_symlink(place.path / "link"));
  CHECK(content(place.path / "file") == "new");
  CHECK(entries(place.path) == 2);
}

TEST_CASE("what has not taken the place of a file is gone") {
  const test::TemporaryFolder place("output-given-up");
  std::ofstream(place.path / "file") << "old";
  {
    const Replacement replacement((place.path / "file").string());
    std::ofstream(replacement.written()) << "half";
    CHECK(entries(place.path) == 2);
  }
  CHECK(content(place.path / "file") == "old");
  CHECK(entries(place.path) == 1);
}

TEST_CASE("a pipe gets the bytes and stays") {
  const test::TemporaryFolder place("output-pipe");
  const std::string pipe = (place.path / "pipe").string();
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  CHECK_FALSE(Replacement(pipe).replaces());
  CHECK(replace_file(pipe, "page").empty());
  char read_back[8] = {};
  CHECK(read(reader, read_back, sizeof read_back) == 4);
  CHECK(std::string(read_back) == "page");
  close(reader);
  CHECK(fs::is_fifo(pipe));
  CHECK(entries(place.path) == 1);
}

TEST_CASE("what cannot be written is told by its own name, and nothing of it stays") {
  const test::TemporaryFolder place("output-fails");
  fs::create_directory(place.path / "folder");
  for (const char* name : {"nowhere/file", "folder"}) {
    const std::string path = (place.path / name).string();
    const std::string problem = replace_file(path, "bytes");
    CAPTURE(problem);
    CHECK(problem.starts_with(path + ": "));
    CHECK(problem.find(".part") == std::string::npos);
  }
  CHECK(entries(place.path) == 1);
}

// /dev/full is a device that takes nothing: every write fails as on a full disk.
TEST_CASE("a device that is full is told, and stays a device") {
  REQUIRE(fs::is_character_file("/dev/full"));
  fs::path link = fs::temp_directory_path() / "hvlab-link-to-full";
  std::error_code none;
  fs::remove(link, none);
  fs::create_symlink("/dev/full", link);
  CHECK(replace_file(link.string(), "bytes") == link.string() + ": No space left on device");
  CHECK(fs::is_symlink(link));
  fs::remove(link);
}

}  // namespace hvlab::record
