#include "hv-models/kernel/checked_files.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "hv-models/kernel/error.hpp"

using namespace hvlab;
using namespace hvlab::kernel;
using namespace hvlab::kernel::checked;

namespace {

struct MemoryStore final : BlockStore {
  explicit MemoryStore(u32 count) : bytes(size_t{count} * kBlockBytes) {}
  u32 blocks() const override { return static_cast<u32>(bytes.size() / kBlockBytes); }
  int read(u32 block, void* to) override {
    std::memcpy(to, &bytes[size_t{block} * kBlockBytes], kBlockBytes);
    return 0;
  }
  int write(u32 block, const void* from) override {
    if (writes_left == 0) return kInputOutput;
    --writes_left;
    std::memcpy(&bytes[size_t{block} * kBlockBytes], from, kBlockBytes);
    return 0;
  }
  int flush() override { return 0; }
  std::vector<u8> bytes;
  u64 writes_left = ~u64{0};
};

struct Bench {
  explicit Bench(u32 blocks) : store(blocks) {
    REQUIRE(CheckedFiles::format(store) == 0);
    mount();
  }
  void mount() {
    files = std::make_unique<CheckedFiles>(store);
    REQUIRE(files->mount() == 0);
  }
  u32 make(const char* name, Kind kind = Kind::File, u32 folder = kRootNode) {
    u32 number = 0;
    REQUIRE(files->create(folder, name, kind, number) == 0);
    return number;
  }
  MemoryStore store;
  std::unique_ptr<CheckedFiles> files;
};

std::vector<u8> pattern(size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<u8> result(bytes);
  for (u8& byte : result) byte = static_cast<u8>(random());
  return result;
}

i64 put(CheckedFiles& files, u32 number, u64 at, const std::vector<u8>& bytes) {
  return files.write(number, at, bytes.data(), bytes.size());
}

std::vector<u8> get(CheckedFiles& files, u32 number, u64 at, size_t bytes) {
  std::vector<u8> result(bytes);
  const i64 got = files.read(number, at, result.data(), bytes);
  REQUIRE(got >= 0);
  result.resize(static_cast<size_t>(got));
  return result;
}

}  // namespace

TEST_CASE("what is written is read back after another mount, through each depth of pointers") {
  Bench b(3000);
  const std::vector<u8> bytes = pattern(6 * kBlockBytes + 77, 1);
  const u64 places[] = {0, kDirect * kBlockBytes - 50, (kDirect + kPointersPerBlock) * u64{kBlockBytes} - 100,
                        (kDirect + 3 * kPointersPerBlock) * u64{kBlockBytes} + 5};
  for (unsigned i = 0; i < 4; ++i) {
    const u32 number = b.make(("f" + std::to_string(i)).c_str());
    REQUIRE(put(*b.files, number, places[i], bytes) == static_cast<i64>(bytes.size()));
  }
  REQUIRE(b.files->sync() == 0);
  b.mount();
  for (unsigned i = 0; i < 4; ++i) {
    u32 number = 0;
    REQUIRE(b.files->look_up(kRootNode, ("f" + std::to_string(i)).c_str(), number) == 0);
    CHECK(get(*b.files, number, places[i], bytes.size() + 10) == bytes);
    if (places[i] > 0)
      CHECK(get(*b.files, number, places[i] - 3, 3) == std::vector<u8>(3));  // never written: zeros
  }
}

TEST_CASE("any damaged byte of a file is an error, never other data") {
  Bench b(200);
  const std::vector<u8> bytes = pattern(15 * kBlockBytes, 2);
  const u32 number = b.make("file");
  REQUIRE(put(*b.files, number, 0, bytes) == static_cast<i64>(bytes.size()));
  REQUIRE(b.files->sync() == 0);
  const std::vector<u8> good = b.store.bytes;
  unsigned errors = 0;
  for (size_t at = 0; at < good.size(); at += 509) {
    b.store.bytes = good;
    b.store.bytes[at] ^= 0x10;
    CheckedFiles files(b.store);
    if (files.mount() < 0) {
      ++errors;
      continue;
    }
    u32 found = 0;
    std::vector<u8> read(bytes.size());
    const int looked = files.look_up(kRootNode, "file", found);
    const i64 got = looked < 0 ? looked : files.read(found, 0, read.data(), read.size());
    if (got < 0) {
      ++errors;
    } else {
      REQUIRE(read == bytes);
    }
  }
  CHECK(errors >= 15 * kBlockBytes / 509);
}

TEST_CASE("a block in another one's place is noticed") {
  Bench b(200);
  const u32 number = b.make("file");
  put(*b.files, number, 0, pattern(2 * kBlockBytes, 3));
  REQUIRE(b.files->sync() == 0);
  DiskNode node;
  REQUIRE(b.files->read_node(number, node) == 0);
  std::swap_ranges(b.store.bytes.begin() + node.direct[0].block * kBlockBytes,
                   b.store.bytes.begin() + (node.direct[0].block + 1) * kBlockBytes,
                   b.store.bytes.begin() + node.direct[1].block * kBlockBytes);
  b.mount();
  u8 byte;
  CHECK(b.files->read(number, 0, &byte, 1) == kInputOutput);
}

TEST_CASE("a full disk says so and gives all blocks back") {
  Bench b(100);
  const u32 before = b.files->free_blocks();
  const u32 number = b.make("file");
  const std::vector<u8> block = pattern(kBlockBytes, 4);
  u64 written = 0;
  i64 result = 0;
  while ((result = put(*b.files, number, written, block)) == kBlockBytes) written += kBlockBytes;
  CHECK(result == kNoSpace);
  CHECK(get(*b.files, number, written - kBlockBytes, kBlockBytes) == block);
  u32 removed = 0;
  REQUIRE(b.files->remove(kRootNode, "file", Kind::File, removed) == 0);
  REQUIRE(b.files->free_node(removed) == 0);
  CHECK(b.files->free_blocks() == before - 1);  // the root folder has a block now
}

TEST_CASE("folders: names, kinds, what may be removed") {
  Bench b(200);
  const u32 folder = b.make("folder", Kind::Folder);
  b.make("inside", Kind::File, folder);
  u32 number = 0;
  CHECK(b.files->create(kRootNode, "folder", Kind::File, number) == kExists);
  CHECK(b.files->remove(kRootNode, "folder", Kind::Folder, number) == kNotEmpty);
  CHECK(b.files->remove(kRootNode, "folder", Kind::File, number) == kIsFolder);
  CHECK(b.files->remove(folder, "inside", Kind::File, number) == 0);
  CHECK(b.files->look_up(folder, "inside", number) == kNoEntry);
  CHECK(b.files->remove(kRootNode, "folder", Kind::Folder, number) == 0);
  CHECK(b.files->create(kRootNode, std::string(60, 'x').c_str(), Kind::File, number) == kNameTooLong);
}

TEST_CASE("random use agrees with a model, across mounts") {
  Bench b(1500);
  std::mt19937 random(5);
  std::map<std::string, std::vector<u8>> model;
  for (unsigned step = 0; step < 1500; ++step) {
    const std::string name = "n" + std::to_string(random() % 20);
    u32 number = 0;
    const bool there = b.files->look_up(kRootNode, name.c_str(), number) == 0;
    REQUIRE(there == model.contains(name));
    const unsigned what = static_cast<unsigned>(random() % 10);
    if (!there) {
      b.make(name.c_str());
      model[name] = {};
    } else if (what < 6) {
      const u64 at = random() % 100'000;
      const std::vector<u8> bytes = pattern(random() % 20'000, step);
      REQUIRE(put(*b.files, number, at, bytes) == static_cast<i64>(bytes.size()));
      if (bytes.empty()) continue;
      std::vector<u8>& file = model[name];
      if (file.size() < at + bytes.size()) file.resize(at + bytes.size());
      std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (what < 8) {
      REQUIRE(get(*b.files, number, 0, 200'000) == model[name]);
    } else if (what == 8) {
      REQUIRE(b.files->remove(kRootNode, name.c_str(), Kind::File, number) == 0);
      REQUIRE(b.files->free_node(number) == 0);
      model.erase(name);
    } else {
      REQUIRE(b.files->sync() == 0);
      b.mount();
    }
  }
}

TEST_CASE("a disk that stops taking writes gives errors, not other data") {
  Bench b(300);
  const u32 number = b.make("file");
  REQUIRE(b.files->sync() == 0);
  b.store.writes_left = 20;
  const std::vector<u8> bytes = pattern(100 * kBlockBytes, 6);
  const i64 result = put(*b.files, number, 0, bytes);
  CHECK((result < static_cast<i64>(bytes.size()) || b.files->sync() < 0));
}
