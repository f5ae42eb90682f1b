// sectors DEVICE: writes patterns over parts of a disk of many sizes, from memory at any address, reads all
// of them back, and says what it wrote ("sectors: FIRST COUNT SEED"), so that whoever has the disk can look
// for it there.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

constexpr long kSector = 512, kMost = 129;
unsigned char memory[kMost * kSector + 4096];

// A byte of the disk; the host's test has this too.
unsigned char pattern(long at, long seed) {
  return static_cast<unsigned char>(at * 7 + at / kSector * 13 + seed);
}

struct Part {
  long first, count, align;  // sectors; bytes of the memory's address behind a page's beginning
};
// Beginning and end of the disk, sizes around a page, a request of the driver's and the kernel's buffer.
constexpr Part kParts[] = {{0, 1, 0},       {1, 2, 1},      {5, 7, 511}, {12, 8, 512},
                           {20, 9, 513},    {40, 31, 4095}, {71, 32, 0}, {104, 33, 3},
                           {300, 65, 4094}, {501, 129, 1},  {-1, 1, 5},  {-34, 33, 17}};

int fail(const char* what, const Part& part, long result) {
  print("sectors: %s %ld %ld: %ld\n", what, part.first, part.count, result);
  return 1;
}

unsigned char* place(const Part& part) {
  unsigned char* page = memory + (4096 - reinterpret_cast<uintptr_t>(memory) % 4096) % 4096;
  return part.align + part.count * kSector < static_cast<long>(sizeof memory) - 4096 ? page + part.align
                                                                                     : page;
}

int put(int file, const Part& part, long seed) {
  const long bytes = part.count * kSector, start = part.first * kSector;
  unsigned char* from = place(part);
  for (long i = 0; i < bytes; ++i) from[i] = pattern(start + i, seed);
  const long result = pwrite(file, from, static_cast<size_t>(bytes), start);
  if (result != bytes) return fail("writing", part, result);
  print("sectors: %ld %ld %ld\n", part.first, part.count, seed);
  return 0;
}

int check(int file, const Part& part, long seed) {
  const long bytes = part.count * kSector, start = part.first * kSector;
  unsigned char* to = place(part);
  memset(to, 0, static_cast<size_t>(bytes));
  const long result = pread(file, to, static_cast<size_t>(bytes), start);
  if (result != bytes) return fail("reading", part, result);
  for (long i = 0; i < bytes; ++i) {
    if (to[i] != pattern(start + i, seed)) return fail("contents of", part, i);
  }
  return 0;
}

// What goes over the disk's end is cut off or refused, and does not begin anew elsewhere.
int try_end(int file, long sectors) {
  memset(memory, 0xee, sizeof memory);
  const long over = pwrite(file, memory, 4 * kSector, (sectors + 1) * kSector);
  const long odd = pwrite(file, memory, 100, 0), crooked = pwrite(file, memory, kSector, 3);
  if (over < 0 && odd < 0 && crooked < 0) return 0;
  print("sectors: over the end %ld, odd %ld, crooked %ld\n", over, odd, crooked);
  return 1;
}

}  // namespace

int main(int count, char** words) {
  const long file = count == 2 ? open(words[1], kReadWrite) : -1;
  if (file < 0) return 2;
  const int disk = static_cast<int>(file);
  const long sectors = seek_end(disk) / kSector;
  constexpr long kCount = sizeof kParts / sizeof kParts[0];
  for (int round = 0; round < 2; ++round) {
    for (long i = 0; i < kCount; ++i) {
      Part part = kParts[i];
      if (part.first < 0) part.first += sectors;
      const int result = round == 0 ? put(disk, part, i) : check(disk, part, i);
      if (result != 0) return result;
    }
    if (round == 0 && (fsync(disk) < 0 || try_end(disk, sectors) != 0)) return 1;
  }
  print("sectors: all read back\n");
  return 0;
}
