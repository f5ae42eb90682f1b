// The tags of VMX's cached translations (SDM vol. 3, 29.4): linear mappings carry a VPID, combined mappings a
// VPID and an EP4TA (bits 51..12 of the EPTP). State::asid holds a number for the pair, which Tags hands out.
#pragma once

#include <vector>

#include "sim/cpu/cpu.hpp"

namespace hvlab::mmu {

using cpu::Cpu;

/// In place of an EP4TA: the mappings are linear ones, EPT is not in use.
inline constexpr u64 kNoEpt = ~u64{0};

/// Which number stands for which pair. Number 0 is (VPID 0, kNoEpt): VMX root operation, and guests without
/// VPID and EPT. Numbers are few: the one that was asked for longest ago is used anew when they run out.
class Tags {
 public:
  static constexpr u32 kCount = 256;

  /// The number of the pair. `recycled`: it stood for another pair; its translations are to be dropped.
  u32 number(u16 vpid, u64 ep4ta, bool& recycled);

  /// Calls `f(number)` for each number in use whose pair `chosen(vpid, ep4ta)` accepts.
  template <class Chosen, class F>
  void each(Chosen chosen, F f) const {
    if (chosen(u16{0}, kNoEpt)) f(0u);
    for (u32 n = 1; n <= pairs_.size(); ++n)
      if (chosen(pairs_[n - 1].vpid, pairs_[n - 1].ep4ta)) f(n);
  }
  /// ... for each number with the VPID of `number`: what INVLPG, MOV CR3 and their like act upon (29.4.3.1).
  template <class F>
  void each_of_same_vpid(u32 number, F f) const {
    if (pairs_.empty()) return f(number);  // no VMX here
    const u16 vpid = number == 0 ? u16{0} : pairs_[number - 1].vpid;
    each([=](u16 other, u64) { return other == vpid; }, f);
  }

 private:
  struct Pair {
    u64 ep4ta;
    u64 last_used;
    u16 vpid;
  };
  std::vector<Pair> pairs_;  // [n - 1]: of number n
  u64 uses_ = 0;
};

/// The number that State::asid is to have in a guest: at VM entry, and after a switch of the EPTP. `ep4ta`:
/// the EPTP's bits 51..12 in place, or kNoEpt. mmu::select_address_space() follows.
u32 tag_of(Cpu& cpu, u16 vpid, u64 ep4ta);

// Invalidation; global pages included unless it says otherwise.

/// INVVPID type 1, and type 3 (`with_global` false): under any PCID and EP4TA. With VPID 0: what VM entries
/// and exits without "enable VPID" do.
void flush_vpid(Cpu& cpu, u16 vpid, bool with_global = true);
/// INVVPID type 0.
void flush_vpid_page(Cpu& cpu, u16 vpid, u64 linear);
/// INVVPID type 2: all VPIDs but 0.
void flush_vpids(Cpu& cpu);
/// INVEPT type 1: under any VPID. Linear mappings stay.
void flush_ep4ta(Cpu& cpu, u64 ep4ta);
/// INVEPT type 2.
void flush_ep4tas(Cpu& cpu);

}  // namespace hvlab::mmu
