// How the monolithic hypervisor cuts jobs of disk models for its drivers.
#include "hv-models/monolithic/disk_steps.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

using namespace hvlab;
using namespace hvlab::devices;
using monolithic::DiskSteps;

namespace {

constexpr u32 kSectors = 100;

// A driver that takes what drivers take: whole sectors at an even address, no more than 32.
void carry_out(DiskJob& job, std::vector<u8>& disk) {
  alignas(2) u8 buffer[kSectorBytes];
  DiskSteps steps;
  steps.begin(job);
  bool more = true;
  while (more) {
    u8* memory = steps.next(buffer);
    const u64 at = (job.sector + steps.sectors_done()) * kSectorBytes,
              bytes = u64{steps.sectors()} * kSectorBytes;
    REQUIRE(steps.sectors() > 0);
    REQUIRE(steps.sectors() <= 32);
    REQUIRE(at + bytes <= disk.size());
    REQUIRE(reinterpret_cast<uintptr_t>(memory) % 2 == 0);
    if (job.kind == DiskJob::Kind::Read) {
      std::memcpy(memory, &disk[at], bytes);
    } else {
      std::memcpy(&disk[at], memory, bytes);
    }
    more = steps.finish(buffer);
  }
  CHECK(job.sector + steps.sectors_done() <= kSectors);
}

// Pieces of the memory in an order and of sizes by chance, `sectors` sectors together.
DiskJob make_job(std::vector<u8>& memory, u32 sectors, unsigned step, std::minstd_rand& random) {
  DiskJob job;
  u32 at = 0, left = sectors * kSectorBytes;
  while (left > 0) {
    at += static_cast<u32>(random()) % 3 * step;
    u32 bytes = job.count + 1 == DiskJob::kMostPieces ? left : (1 + static_cast<u32>(random()) % 3000) * step;
    bytes = std::min(bytes, left);
    job.pieces[job.count++] = {memory.data() + at, bytes};
    at += bytes;
    left -= bytes;
  }
  return job;
}

}  // namespace

// Would catch: bytes lost or doubled where pieces end within sectors, and what a driver cannot take.
TEST_CASE("a disk job is done whole, however its memory is cut") {
  std::minstd_rand random(7);
  for (unsigned round = 0; round < 500; ++round) {
    std::vector<u8> memory(200'000), disk(kSectors * kSectorBytes);
    for (u8& byte : memory) byte = static_cast<u8>(random());
    for (u8& byte : disk) byte = static_cast<u8>(random());
    const u32 sectors = 1 + static_cast<u32>(random()) % 60;
    DiskJob job = make_job(memory, sectors, round % 2 == 0 ? 1 : 512, random);
    job.kind = round % 4 < 2 ? DiskJob::Kind::Read : DiskJob::Kind::Write;
    job.sector = random() % (kSectors - sectors + 1);
    const std::vector<Piece> pieces(job.pieces, job.pieces + job.count);
    const std::vector<u8> before = disk;
    carry_out(job, disk);
    std::vector<u8> seen;
    for (const Piece& piece : pieces) seen.insert(seen.end(), piece.at, piece.at + piece.bytes);
    const auto first = disk.begin() + static_cast<long>(job.sector * kSectorBytes);
    CAPTURE(round);
    REQUIRE(std::equal(seen.begin(), seen.end(), first));
    if (job.kind == DiskJob::Kind::Read) REQUIRE(disk == before);
  }
}

TEST_CASE("a flush is one step that moves nothing") {
  DiskJob job;
  job.kind = DiskJob::Kind::Flush;
  DiskSteps steps;
  steps.begin(job);
  CHECK_FALSE(steps.needs_buffer());
  CHECK(steps.next(nullptr) == nullptr);
  CHECK(steps.sectors() == 0);
  CHECK_FALSE(steps.finish(nullptr));
}
