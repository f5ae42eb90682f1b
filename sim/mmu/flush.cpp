// What drops translations, and which soft banks serve the current address space (SDM vol. 3, 4.10.4).
#include "sim/mmu/access.hpp"
#include "sim/mmu/tlb.hpp"

namespace hvlab::mmu {

using namespace arch;

namespace {

u16 current_pcid(const Cpu& cpu) {
  return (cpu.cr4 & cr4::kPcide) && (cpu.cr0 & cr0::kPg) ? static_cast<u16>(cpu.cr3 & 0xFFF) : u16{0};
}

/// What besides tables decides what a page allows: soft-TLB entries made under other rules are not to be
/// used.
Tlb::Rules rules_of(const Cpu& cpu) {
  const u64 cr0_bits = cpu.cr0 & (cr0::kPg | cr0::kWp);
  const u64 cr4_bits = cpu.cr4 & (cr4::kPse | cr4::kPae | cr4::kPge | cr4::kSmep | cr4::kSmap);
  const u64 efer_bits = cpu.efer & (efer::kNxe | efer::kLma);
  return {cr0_bits | cr4_bits << 32 | efer_bits << 1 | (cpu.second_stage.on ? 1 : 0), cpu.apic_access_page};
}

/// Calls `f(asid)` for the current ASID and, in VMX, all others of its VPID.
template <class F>
void for_current(Cpu& cpu, F f) {
  cpu.tlb->tags().each_of_same_vpid(cpu.asid, f);
  cpu.fetch_page = SoftEntry::kNoTag;
}

}  // namespace

Space current_space(const Cpu& cpu) { return space_of(cpu.asid, current_pcid(cpu)); }

void select_address_space(Cpu& cpu) {
  cpu.tlb->select(cpu.banks, current_space(cpu), rules_of(cpu));
  cpu.fetch_page = SoftEntry::kNoTag;
  cpu.refresh();
}

void flush_all(Cpu& cpu) {
  for_current(cpu, [&](u32 asid) { cpu.tlb->flush_asid(asid); });
}

void flush_asid(Cpu& cpu, u32 asid, bool with_global) {
  if (with_global) {
    cpu.tlb->flush_asid(asid);
  } else {
    cpu.tlb->flush_non_global(asid);
  }
  cpu.fetch_page = SoftEntry::kNoTag;
}

void flush_asid_page(Cpu& cpu, u32 asid, u64 linear) {
  cpu.tlb->flush_page_of_asid(linear, asid);
  cpu.fetch_page = SoftEntry::kNoTag;
}

void flush_every_asid(Cpu& cpu) {
  cpu.tlb->flush_everything();
  cpu.fetch_page = SoftEntry::kNoTag;
}

void forget_hosts(Cpu& cpu) {
  cpu.tlb->forget_hosts();
  cpu.fetch_page = SoftEntry::kNoTag;
}

void flush_address_space(Cpu& cpu) { flush_pcid(cpu, current_pcid(cpu)); }

void flush_pcid(Cpu& cpu, u16 pcid) {
  for_current(cpu, [&](u32 asid) { cpu.tlb->flush_space(space_of(asid, pcid)); });
}

void flush_page(Cpu& cpu, u64 linear) {
  const u16 pcid = current_pcid(cpu);
  for_current(cpu, [&](u32 asid) { cpu.tlb->flush_page(linear, space_of(asid, pcid), true); });
}

void flush_pcid_page(Cpu& cpu, u16 pcid, u64 linear) {
  for_current(cpu, [&](u32 asid) { cpu.tlb->flush_page(linear, space_of(asid, pcid), false); });
}

void flush_non_global(Cpu& cpu) {
  for_current(cpu, [&](u32 asid) { cpu.tlb->flush_non_global(asid); });
}

}  // namespace hvlab::mmu
