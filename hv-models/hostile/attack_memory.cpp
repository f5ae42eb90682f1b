#include "hv-models/hostile/attacks.hpp"

#include <initializer_list>

#include "hv-models/hostile/attempt.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/memory.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::hostile {
namespace {

using namespace runtime;

constexpr u64 kPresent = 1, kWrite = 2, kLarge = 0x80, kLargePage = u64{2} << 20;
constexpr u64 kAddress = 0x000f'ffff'ffff'f000;
constexpr u64 kPlace = u64{1} << 39;  // linear: the second entry of the top table

u64 memory_end() {
  u64 end = 0;
  const BootInformation& boot = boot_information();
  for (unsigned i = 0; i < boot.ranges; ++i) {
    const u64 last = boot.memory[i].address + boot.memory[i].bytes;
    if (last > end) end = last;
  }
  return end;
}

void poke(u64 linear) {
  attempt([&] { is_secret(*reinterpret_cast<volatile u64*>(linear)); });
  attempt([&] { *reinterpret_cast<volatile u64*>(linear) = 0x6861'636b'6564'2121; });
  attempt([&] { *reinterpret_cast<volatile u8*>(linear + 4095) = 1; });
}

// Tables of its own for kPlace: a pointer table, a directory, a page table.
struct Tables {
  u64* levels[3];
};

Tables make_tables() {
  Tables tables{};
  for (u64*& each : tables.levels) each = static_cast<u64*>(allocate_zeroed_page());
  kernel_root[1] = physical(tables.levels[0]) | kPresent | kWrite;
  tables.levels[0][0] = physical(tables.levels[1]) | kPresent | kWrite;
  tables.levels[1][0] = physical(tables.levels[2]) | kPresent | kWrite;
  return tables;
}

void in_bytes(u16 port, u64 place, u64 count) {
  attempt([&] {
    u64 to = place, left = count;
    asm volatile("rep insb" : "+D"(to), "+c"(left) : "d"(port) : "memory");
  });
}

void out_words_down(u16 port, u64 place, u64 count) {
  attempt([&] {
    u64 from = place, left = count;
    asm volatile("std; rep outsl; cld" : "+S"(from), "+c"(left) : "d"(port) : "memory");
  });
  asm volatile("cld");
}

// An entry by chance that does not lead into memory where this image is.
u64 bad_entry(u64 end) {
  const u64 bits = chance();
  const u64 rights = (bits & 0x1ff) | kPresent | (bits & bit(63));
  switch (bits >> 60 & 3) {
    case 0: return (bits & low_mask(32) & kAddress) | rights;
    case 1: return (end + (bits >> 20 & 0xff) * 4096) | rights;  // just behind its own memory
    case 2: return (bits & kAddress) | rights;                   // anywhere that an entry can say
    default: return bits;
  }
}

}  // namespace

void attack_memory() {
  const u64 end = memory_end();
  // The direct map reaches 4 GiB.
  for (u64 at = end; at < 0xfec0'0000; at += kLargePage) poke(kDirectMap + at);
  for (u64 at = end - 4096; at < end + 64 * 4096; at += 4096) {
    if (at >= end) poke(kDirectMap + at);
  }
  const Tables tables = make_tables();
  for (unsigned n = 32; n < 52; ++n) {
    tables.levels[2][0] = bit(n) | kPresent | kWrite;
    invalidate_page(kPlace);
    poke(kPlace);
  }
}

// Entries of every level by chance, over which it then reads and writes.
void attack_tables() {
  const u64 end = memory_end();
  const Tables tables = make_tables();
  for (unsigned i = 0; i < 1500; ++i) {
    const unsigned level = static_cast<unsigned>(chance() % 3);
    for (unsigned j = 0; j < 3; ++j) {
      if (j < 2) tables.levels[j][0] = physical(tables.levels[j + 1]) | kPresent | kWrite;
    }
    // Writing through the tables into themselves would be its own affair: addresses are outside.
    u64 entry = bad_entry(end);
    if ((entry & kAddress) < end) entry |= align_up(end, kLargePage);
    tables.levels[level][0] = entry;
    if (chance() % 2 == 0) {
      invalidate_page(kPlace);
    } else {
      write_cr3(read_cr3());
    }
    poke(kPlace);
  }
}

// INS and OUTS, whose operands the hypervisor moves: over the end of memory, in the hole, over the end of the
// address space, backwards, and very many.
void attack_strings() {
  constexpr unsigned kOrder = 4;
  const u64 end = memory_end(), own = reinterpret_cast<u64>(allocate_pages(kOrder));
  const u64 places[] = {kDirectMap + end - 2, kDirectMap + end + 4096, kDirectMap + 0xfee0'0000,
                        ~u64{0} - 1,          0x0000'7fff'ffff'fffe,   0xffff'8000'0000'0000 - 1};
  for (const u16 port : {u16{0x1f0}, u16{0xcf8}, u16{0x9000}}) {
    for (const u64 place : places) {
      in_bytes(port, place, 5);
      in_bytes(port, place, place < kImageBase && place >= kDirectMap ? 3000 : ~u64{0});
      out_words_down(port, place, 1000);
    }
    in_bytes(port, own, u64{4096} << kOrder);
    out_words_down(port, own + (u64{4096} << kOrder) - 4, u64{1024} << kOrder);
  }
}

}  // namespace hvlab::hostile
