// The initial RAM file systems must be the same bytes for the same contents, in the format that kernels
// unpack.
#include "sim/lab/cpio.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sim/base/user_error.hpp"

using namespace hvlab::lab;

namespace {

/// A file that is gone at the end of the test.
struct SourceFile {
  explicit SourceFile(const std::string& bytes)
      : path((std::filesystem::temp_directory_path() / ("hvlab-cpio-test-" + std::to_string(getpid())))
                 .string()) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ~SourceFile() { std::filesystem::remove(path); }
  std::string path;
};

}  // namespace

// Catches a field out of place, wrong padding of name or contents, and a missing trailer: typed by hand from
// the format.
TEST_CASE("archive bytes are exactly those of the newc format") {
  const SourceFile source("12345");
  const std::string archive = write_cpio(read_cpio_list("file /a 0644 " + source.path + "\n", "test"));
  const std::string expected = std::string(
                                   "070701"
                                   "00000001"
                                   "000081A4"
                                   "00000000"
                                   "00000000"
                                   "00000001"
                                   "00000000"
                                   "00000005"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000002"
                                   "00000000"
                                   "a\0",
                                   112) +
                               std::string("12345\0\0\0", 8) +
                               std::string(
                                   "070701"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000001"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "0000000B"
                                   "00000000"
                                   "TRAILER!!!\0\0\0\0",
                                   124);
  CHECK(archive == expected);
}

// Catches an archive that depends on the order in which a recipe lists things, or on when it is written.
TEST_CASE("the order of the list does not matter") {
  const std::string one =
      write_cpio(read_cpio_list("dir /b 0755\nlink /a b\nnode /dev/console 0600 c 5 1\n", "test"));
  const std::string other =
      write_cpio(read_cpio_list("node /dev/console 0600 c 5 1\n\nlink /a b\ndir /b 0755\n", "test"));
  CHECK(one == other);
}

// Catches a file whose directory the kernel would not find, since it makes none by itself.
TEST_CASE("directories above an entry are added before it") {
  const CpioTree tree = read_cpio_list("link /usr/lib/x y\n", "test");
  REQUIRE(tree.size() == 3);
  CHECK(tree.begin()->first == "usr");
  CHECK(tree.at("usr").mode == 0040755);
  CHECK(tree.at("usr/lib").mode == 0040755);
  CHECK(tree.at("usr/lib/x").bytes == "y");
}

// Catches an explicit mode lost to a directory that was added for an entry below it.
TEST_CASE("a directory's own line says its mode wherever it stands") {
  CHECK(read_cpio_list("link /t/x y\ndir /t 01777\n", "test").at("t").mode == 0041777);
  CHECK(read_cpio_list("dir /t 01777\nlink /t/x y\n", "test").at("t").mode == 0041777);
}

// Catches device numbers in the wrong fields.
TEST_CASE("a device node carries its numbers") {
  const CpioTree tree = read_cpio_list("node /dev/vda 0660 b 254 3\n", "test");
  CHECK(tree.at("dev/vda").mode == 0060660);
  const std::string archive = write_cpio({{"n", tree.at("dev/vda")}});
  CHECK(archive.substr(6 + 9 * 8, 16) == "000000FE00000003");
}

// Catches a broken recipe that would give a system with a part missing.
TEST_CASE("a list that cannot be right is refused with its line") {
  const auto message = [](const std::string& list) {
    try {
      read_cpio_list(list, "test");
    } catch (const hvlab::UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message("dir /a 0755\nfifo /b 0644\n") ==
        "recipe test, line 2: 'fifo' is not dir, file, link or node");
  CHECK(message("file /a 0644 /nonexistent/file\n") ==
        "recipe test, line 1: cannot read '/nonexistent/file'");
  CHECK(message("dir a 0755\n").find("line 1") != std::string::npos);
  CHECK(message("dir /a 0999\n").find("'0999'") != std::string::npos);
  CHECK(message("link /a b\nlink /a c\n").find("'/a' is there already") != std::string::npos);
  CHECK(message("link /a\n").find("takes 2 words") != std::string::npos);
  CHECK(message("node /a 0600 x 1 2\n").find("c or b") != std::string::npos);
}
