// Would catch: tables that firmware puts together wrongly because a command names a wrong place, a memory map
// that is not the machine's, an image that is taken for bootable or refused without reason.
#include "sim/boot/firmware.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>

#include "sim/base/user_error.hpp"
#include "sim/boot/bootable.hpp"

using namespace hvlab;
using namespace hvlab::boot;

namespace {

using Bytes = std::vector<u8>;

template <class T>
T get(const Bytes& bytes, size_t at) {
  T value;
  REQUIRE(at + sizeof value <= bytes.size());
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::map<std::string, Bytes> files(unsigned processors = 2, u64 ram = u64{6} << 30) {
  std::map<std::string, Bytes> map;
  for (const NamedFile& file : firmware_files({processors, ram, 0x3f8})) map[file.name] = file.bytes;
  return map;
}

std::string text(const Bytes& bytes, size_t at) {
  return {reinterpret_cast<const char*>(bytes.data()) + at,
          strnlen(reinterpret_cast<const char*>(bytes.data()) + at, 56)};
}

/// Firmware: carries out the commands, with each file at an address of its own.
struct Loaded {
  std::map<std::string, Bytes> file = files();
  std::map<std::string, u64> address;

  Loaded() {
    const Bytes commands = file["etc/table-loader"];
    REQUIRE(commands.size() % 128 == 0);
    u64 next = 0x1fff'0000;
    for (size_t at = 0; at < commands.size(); at += 128) {
      Bytes& target = file[text(commands, at + 4)];
      switch (get<u32>(commands, at)) {
        case 1:
          CHECK(next % get<u32>(commands, at + 60) == 0);
          address[text(commands, at + 4)] = next;
          next += 0x1'0000;
          break;
        case 2:
          add(target, get<u32>(commands, at + 116), commands[at + 120], address.at(text(commands, at + 60)));
          break;
        case 3: {
          const u32 place = get<u32>(commands, at + 60), start = get<u32>(commands, at + 64);
          const auto first = target.begin() + start;
          target.at(place) =
              static_cast<u8>(target[place] - std::accumulate(first, first + get<u32>(commands, at + 68), 0));
          break;
        }
        default: FAIL("a command that firmware does not know");
      }
    }
  }
  static void add(Bytes& target, size_t at, unsigned bytes, u64 value) {
    u64 sum = 0;
    std::memcpy(&sum, &target.at(at), bytes);
    sum += value;
    std::memcpy(&target.at(at), &sum, bytes);
  }
  /// The table at an address, by its own length; its sum must be zero.
  Bytes table(u64 at) const {
    const Bytes& tables = file.at("etc/acpi/tables");
    const size_t offset = at - address.at("etc/acpi/tables");
    const u32 length = get<u32>(tables, offset + 4);
    Bytes bytes(tables.begin() + static_cast<std::ptrdiff_t>(offset),
                tables.begin() + static_cast<std::ptrdiff_t>(offset + length));
    if (text(bytes, 0).substr(0, 4) != "FACS")
      CHECK(std::accumulate(bytes.begin(), bytes.end(), 0) % 256 == 0);
    return bytes;
  }
};

struct File {
  std::string path =
      (std::filesystem::temp_directory_path() / ("hvlab-firmware-" + std::to_string(getpid()))).string();
  explicit File(const Bytes& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  ~File() { std::filesystem::remove(path); }
};

/// The descriptors of a CD with an El Torito catalog at block 20.
Bytes bootable_cd() {
  Bytes cd(24 * 2048);
  const auto put = [&](size_t at, const std::string& value) {
    std::copy(value.begin(), value.end(), cd.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(16 * 2048,
      "\x01"
      "CD001\x01");
  put(17 * 2048, std::string(1, '\0') +
                     "CD001\x01"
                     "EL TORITO SPECIFICATION");
  cd[17 * 2048 + 71] = 20;
  put(18 * 2048,
      "\xff"
      "CD001\x01");
  cd[20 * 2048] = 1;
  cd[20 * 2048 + 30] = 0x55;
  cd[20 * 2048 + 31] = 0xaa;
  cd[20 * 2048 + 28] = static_cast<u8>(0x10000 - 0xaa55 - 1);  // the sum of all words is zero
  cd[20 * 2048 + 29] = static_cast<u8>((0x10000 - 0xaa55 - 1) >> 8);
  cd[20 * 2048 + 32] = 0x88;
  return cd;
}

}  // namespace

TEST_CASE("the commands make tables that lead to each other, each with a zero sum") {
  const Loaded loaded;
  const Bytes& rsdp = loaded.file.at("etc/acpi/rsdp");
  CHECK(text(rsdp, 0).starts_with("RSD PTR "));
  CHECK(std::accumulate(rsdp.begin(), rsdp.begin() + 20, 0) % 256 == 0);
  CHECK(std::accumulate(rsdp.begin(), rsdp.end(), 0) % 256 == 0);
  const Bytes rsdt = loaded.table(get<u32>(rsdp, 16)), xsdt = loaded.table(get<u64>(rsdp, 24));
  REQUIRE(rsdt.size() == 36 + 3 * 4);
  REQUIRE(xsdt.size() == 36 + 3 * 8);
  std::string signatures;
  for (unsigned i = 0; i < 3; ++i) {
    CHECK(get<u32>(rsdt, 36 + 4 * i) == get<u64>(xsdt, 36 + 8 * i));
    signatures += text(loaded.table(get<u64>(xsdt, 36 + 8 * i)), 0).substr(0, 4);
  }
  CHECK(signatures == "FACPAPICHPET");
  const Bytes fadt = loaded.table(get<u32>(rsdt, 36));
  CHECK(text(loaded.table(get<u32>(fadt, 36)), 0).substr(0, 4) == "FACS");
  CHECK(get<u32>(fadt, 36) % 64 == 0);
  CHECK(text(loaded.table(get<u32>(fadt, 40)), 0).substr(0, 4) == "DSDT");
  CHECK(get<u64>(fadt, 132) == get<u32>(fadt, 36));
  CHECK(get<u64>(fadt, 140) == get<u32>(fadt, 40));
}

TEST_CASE("the memory map is RAM below 3 GiB and above 4 GiB") {
  const Bytes map = files()["etc/e820"];
  REQUIRE(map.size() == 2 * 20);
  CHECK(get<u64>(map, 0) == 0);
  CHECK(get<u64>(map, 8) == 0xc000'0000);
  CHECK(get<u32>(map, 16) == 1);
  CHECK(get<u64>(map, 20) == u64{1} << 32);
  CHECK(get<u64>(map, 28) == u64{3} << 30);
  CHECK(files(1, 64 << 20)["etc/e820"].size() == 20);
}

TEST_CASE("the SMBIOS anchor gives the structures' size, with a zero sum") {
  const auto all = files();
  const Bytes& anchor = all.at("etc/smbios/smbios-anchor");
  CHECK(text(anchor, 0).starts_with("_SM3_"));
  CHECK(std::accumulate(anchor.begin(), anchor.end(), 0) % 256 == 0);
  CHECK(get<u32>(anchor, 12) == all.at("etc/smbios/smbios-tables").size());
  CHECK(all.at("etc/sercon-port") == Bytes{0xf8, 0x03});
}

TEST_CASE("a ROM image has a multiple of 64 KiB and a jump where a processor starts") {
  Bytes rom(128 << 10);
  rom[rom.size() - 16] = 0xea;
  CHECK(read_firmware(File(rom).path).size() == rom.size());
  rom[rom.size() - 16] = 0;
  CHECK_THROWS_AS(read_firmware(File(rom).path), UserError);
  rom.resize(100'000);
  CHECK_THROWS_AS(read_firmware(File(rom).path), UserError);
  CHECK_THROWS_AS(read_firmware("/nonexistent"), UserError);
}

TEST_CASE("what keeps a CD from being booted is said") {
  const auto problem = [](const Bytes& cd) { return cd_boot_problem(File(cd).path); };
  Bytes cd = bootable_cd();
  CHECK(problem(cd).empty());
  CHECK(problem(Bytes(100)).find("no ISO 9660 image") != std::string::npos);
  Bytes without = cd;
  without[17 * 2048] = 2;
  CHECK(problem(without).find("no El Torito boot catalog") != std::string::npos);
  Bytes broken = cd;
  broken[20 * 2048 + 4] = 1;
  CHECK(problem(broken).find("broken El Torito") != std::string::npos);
  Bytes uefi = cd;
  uefi[20 * 2048 + 1] = 0xef;
  uefi[20 * 2048 + 29] = static_cast<u8>(uefi[20 * 2048 + 29] - 0xef);
  CHECK(problem(uefi).find("platform 239") != std::string::npos);
  Bytes inert = cd;
  inert[20 * 2048 + 32] = 0;
  CHECK(problem(inert).find("not bootable") != std::string::npos);
  CHECK_THROWS_AS(cd_boot_problem("/nonexistent"), UserError);
}

TEST_CASE("a disk is bootable by its signature") {
  Bytes disk(4096);
  CHECK(disk_boot_problem(File(disk).path).find("55h AAh") != std::string::npos);
  disk[510] = 0x55;
  disk[511] = 0xaa;
  CHECK(disk_boot_problem(File(disk).path).empty());
}
