#include "sim/mmu/vpid.hpp"

#include <algorithm>

#include "sim/mmu/tlb.hpp"

namespace hvlab::mmu {

namespace {

/// Drops all translations whose pair `chosen(vpid, ep4ta)` accepts.
template <class Chosen>
void flush(Cpu& cpu, Chosen chosen) {
  cpu.tlb->tags().each(chosen, [&](u32 number) { flush_asid(cpu, number, true); });
}

}  // namespace

u32 Tags::number(u16 vpid, u64 ep4ta, bool& recycled) {
  recycled = false;
  if (vpid == 0 && ep4ta == kNoEpt) return 0;
  auto it = std::find_if(pairs_.begin(), pairs_.end(),
                         [&](const Pair& p) { return p.vpid == vpid && p.ep4ta == ep4ta; });
  if (it == pairs_.end()) {
    recycled = pairs_.size() == kCount - 1;
    if (recycled) {
      it = std::min_element(pairs_.begin(), pairs_.end(),
                            [](const Pair& a, const Pair& b) { return a.last_used < b.last_used; });
    } else {
      it = pairs_.insert(pairs_.end(), Pair{});
    }
    it->ep4ta = ep4ta;
    it->vpid = vpid;
  }
  it->last_used = ++uses_;
  return static_cast<u32>(it - pairs_.begin()) + 1;
}

u32 tag_of(Cpu& cpu, u16 vpid, u64 ep4ta) {
  bool recycled = false;
  const u32 number = cpu.tlb->tags().number(vpid, ep4ta, recycled);
  if (recycled) flush_asid(cpu, number, true);
  return number;
}

void flush_vpid(Cpu& cpu, u16 vpid, bool with_global) {
  cpu.tlb->tags().each([=](u16 other, u64) { return other == vpid; },
                       [&](u32 number) { flush_asid(cpu, number, with_global); });
}

void flush_vpid_page(Cpu& cpu, u16 vpid, u64 linear) {
  cpu.tlb->tags().each([=](u16 other, u64) { return other == vpid; },
                       [&](u32 number) { flush_asid_page(cpu, number, linear); });
}

void flush_vpids(Cpu& cpu) {
  flush(cpu, [](u16 vpid, u64) { return vpid != 0; });
}

void flush_ep4ta(Cpu& cpu, u64 ep4ta) {
  flush(cpu, [=](u16, u64 other) { return other == ep4ta && other != kNoEpt; });
}

void flush_ep4tas(Cpu& cpu) {
  flush(cpu, [](u16, u64 ep4ta) { return ep4ta != kNoEpt; });
}

}  // namespace hvlab::mmu
