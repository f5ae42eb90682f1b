// A processor in a guest with extended page tables, without VMX: tests build both stages page by page and ask
// the page walk. Constants of entries are typed here from the manual (SDM vol. 3, 4.5, 29.3.2), not taken
// from the simulator.
#pragma once

#include <optional>

#include "machine_code.hpp"
#include "sim/mmu/access.hpp"
#include "sim/mmu/walk.hpp"

namespace hvlab::test {

/// Remembers what it was asked, and answers as it is told to.
struct FakeInterceptor final : cpu::Interceptor {
  using Outcome = decode::Outcome;
  // The page-modification log.
  std::vector<u64> logged;
  size_t room = 512;
  // The APIC-access page.
  cpu::ApicAnswer answer = cpu::ApicAnswer::Memory;
  std::vector<cpu::ApicPageAccess> asked, performed;
  std::vector<u64> written;
  u64 value = 0;
  // Faults that arrived at the door; the guest stops at them.
  std::vector<cpu::Fault> exits;
  bool delivering = false;  // during the last one

  Outcome instruction(cpu::Cpu&, decode::Intercept, u64) override { return Outcome::Next; }
  Outcome control_read(cpu::Cpu&, unsigned) override { return Outcome::Next; }
  Outcome control_write(cpu::Cpu&, unsigned, u64) override { return Outcome::Next; }
  Outcome debug_access(cpu::Cpu&, unsigned, bool) override { return Outcome::Next; }
  Outcome port(cpu::Cpu&, const cpu::PortAccess&) override { return Outcome::Next; }
  Outcome msr(cpu::Cpu&, u32, bool) override { return Outcome::Next; }
  Outcome task_switch(cpu::Cpu&, const cpu::TaskSwitchAccess&) override { return Outcome::Next; }
  bool exception(cpu::Cpu& cpu, const cpu::Delivery& event) override {
    if (!event.nested) return false;
    exits.push_back(cpu.fault);
    delivering = cpu.is_delivering;
    cpu.is_delivering = false;
    cpu.activity = cpu::Activity::Shutdown;
    return true;
  }
  bool shutdown(cpu::Cpu&) override { return false; }
  bool boundary(cpu::Cpu&, cpu::Boundary) override { return false; }
  void virtual_interrupt(cpu::Cpu&) override {}
  bool page_dirtied(cpu::Cpu&, u64 guest_physical) override {
    if (logged.size() == room) return false;
    logged.push_back(guest_physical);
    return true;
  }
  cpu::ApicAnswer apic_access(cpu::Cpu&, const cpu::ApicPageAccess& access) override {
    asked.push_back(access);
    return answer;
  }
  void apic_perform(cpu::Cpu&, const cpu::ApicPageAccess& access, u64& word) override {
    performed.push_back(access);
    if (access.write) written.push_back(word);
    if (!access.write) word = value;
  }
  bool read_task_priority(const cpu::Cpu&, u64&) override { return false; }
  bool write_task_priority(cpu::Cpu&, u64) override { return false; }
};

/// How the guest's own tables are read.
enum class Paging : u8 { Off, Bits32, Pae, Level4 };

/// Bits of the guest's entries.
namespace guest {
inline constexpr u64 kP = 1, kW = 2, kU = 4, kA = 0x20, kD = 0x40, kPs = 0x80, kNx = u64{1} << 63;
}
/// Bits of EPT entries; all permissions; write-back memory.
namespace ept {
inline constexpr u64 kR = 1, kW = 2, kX = 4, kAll = 7, kWb = 6 << 3, kPage = 0x80, kA = 0x100, kD = 0x200,
                     kXu = 0x400, kSve = u64{1} << 63;
}

class EptMachine : public Machine {
 public:
  FakeInterceptor door;

  /// Tables are taken from here; guest-physical memory below kFar is itself.
  static constexpr u64 kPool = 0x40'0000, kFar = u64{1} << 30;

  explicit EptMachine(Paging paging = Paging::Level4, u8 levels = 4, timing::Profile p = everything())
      : Machine(std::move(p)), paging_(paging) {
    long_mode();
    cpu::Cpu& c = cpu();
    c.guest = &door;
    c.asid = 1;
    c.second_stage = {.on = true,
                      .root = table(),
                      .kind = cpu::SecondStageKind::Ept,
                      .levels = levels,
                      .ept_features = {.execute_only = true, .pages_2m = true, .pages_1g = true}};
    for (u64 page = 0; page < bus.ram.size(); page += 4096) map_ept(page, page, 1, ept::kAll | ept::kXu);
    set_paging();
    settle();
  }

  /// A new table, all zero.
  u64 table() {
    const u64 at = kPool + used_++ * 4096;
    std::memset(bus.ram.data() + at, 0, 4096);
    return at;
  }

  /// The EPT entry of `level` (1: page table) on the way of `address`; tables on the way are made.
  u64 ept_entry(u64 address, unsigned level) {
    u64 at = cpu().second_stage.root;
    for (unsigned l = cpu().second_stage.levels;; --l) {
      const u64 entry = at + ((address >> (12 + 9 * (l - 1))) & 511) * 8;
      if (l == level) return entry;
      if (peek<u64>(entry) == 0) poke<u64>(entry, table() | ept::kAll | ept::kXu);
      at = peek<u64>(entry) & 0x000F'FFFF'FFFF'F000;
    }
  }
  void map_ept(u64 address, u64 physical, unsigned level, u64 permissions) {
    poke<u64>(ept_entry(address, level), physical | permissions | ept::kWb | (level > 1 ? ept::kPage : 0));
  }

  /// The same of the guest's tables; those of PAE paging begin with registers at level 3.
  u64 guest_entry(u64 linear, unsigned level) {
    const unsigned top = paging_ == Paging::Level4 ? 4 : 2, bits_of = paging_ == Paging::Bits32 ? 10 : 9;
    const u64 bytes = paging_ == Paging::Bits32 ? 4 : 8;
    u64 at = cpu().cr3;
    if (paging_ == Paging::Pae) {
      u64& pdpte = cpu().pdpte[linear >> 30 & 3];
      if (pdpte == 0) pdpte = table() | guest::kP;
      at = pdpte & ~u64{0xFFF};
    }
    for (unsigned l = top;; --l) {
      const u64 entry = at + ((linear >> (12 + bits_of * (l - 1))) & low_mask(bits_of)) * bytes;
      if (l == level) return entry;
      const u64 value = bytes == 4 ? peek<u32>(entry) : peek<u64>(entry);
      if (value == 0) set_guest(entry, table() | guest::kP | guest::kW | guest::kU);
      at = (bytes == 4 ? peek<u32>(entry) : peek<u64>(entry)) & 0x000F'FFFF'FFFF'F000;
    }
  }
  void map_guest(u64 linear, u64 guest_physical, unsigned level, u64 flags) {
    set_guest(guest_entry(linear, level), guest_physical | flags | (level > 1 ? guest::kPs : 0));
  }
  void set_guest(u64 entry, u64 value) {
    if (paging_ == Paging::Bits32) {
      poke<u32>(entry, static_cast<u32>(value));
    } else {
      poke<u64>(entry, value);
    }
  }

  /// Walks; the physical address, or nothing: `result` and Cpu::fault tell why.
  std::optional<u64> walk(u64 linear, mmu::Access access, bool user = false) {
    result = mmu::walk(cpu(), linear, access, user, user ? mmu::Rights::User : mmu::Rights::System);
    if (result.fault) return std::nullopt;
    return result.translation.page | (linear & low_mask(result.translation.shift));
  }
  mmu::WalkResult result;
  const cpu::Fault& fault() { return cpu().fault; }

 private:
  void set_paging() {
    cpu::Cpu& c = cpu();
    c.cr0 = arch::cr0::kPe | arch::cr0::kEt | arch::cr0::kNe | arch::cr0::kWp;
    if (paging_ != Paging::Off) c.cr0 |= arch::cr0::kPg;
    c.cr4 = paging_ == Paging::Bits32 ? arch::cr4::kPse : arch::cr4::kPae;
    c.efer =
        paging_ == Paging::Level4 ? arch::efer::kLme | arch::efer::kLma | arch::efer::kNxe : arch::efer::kNxe;
    c.cr3 = table();
    if (paging_ != Paging::Level4) {
      c.seg[arch::kCs].attributes = 0xC09B;
      c.seg[arch::kCs].selector = kCode32;
    }
  }

  Paging paging_;
  u64 used_ = 0;
};

}  // namespace hvlab::test
