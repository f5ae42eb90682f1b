// The software TLB: guest-virtual page to host address in one compare. A pure accelerator: its geometry and
// state never change what is simulated (the TLB that costs time is mmu::Tlb).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::cpu {

/// One page. A tag equals the page's address if that kind of access may go straight to RAM, else kNoTag.
struct SoftEntry {
  static constexpr u64 kNoTag = 1;
  u64 read_tag = kNoTag;
  u64 write_tag = kNoTag;
  u64 execute_tag = kNoTag;
  u64 addend = 0;  // host address = guest address + addend
};

/// The pages seen by one address space at one privilege.
struct SoftBank {
  static constexpr size_t kEntries = 1024;
  SoftEntry entries[kEntries];

  static size_t index(u64 linear) { return (linear >> 12) & (kEntries - 1); }
  SoftEntry& at(u64 linear) { return entries[index(linear)]; }
  void clear() {
    for (SoftEntry& e : entries) e = SoftEntry{};
  }
  void drop(u64 linear) {
    SoftEntry& e = at(linear);
    const u64 page = linear & ~u64{0xFFF};
    if (e.read_tag == page || e.write_tag == page || e.execute_tag == page) e = SoftEntry{};
  }
};

}  // namespace hvlab::cpu
