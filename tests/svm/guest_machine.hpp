// A machine whose host does VMRUN and halts: tests set up the control block, give the guest a few bytes of
// code, and look at the exit.
#pragma once

#include "machine_code.hpp"
#include "sim/arch/svm.hpp"
#include "sim/mmu/access.hpp"

namespace hvlab::test {

/// An AMD processor with every feature.
inline timing::Profile amd_everything() {
  timing::Profile p = everything();
  p.vendor = "AuthenticAMD";
  p.family = 23;
  p.model = 49;
  return p;
}
/// ... and without some.
inline timing::Profile amd_without(std::initializer_list<const char*> names) {
  timing::Profile p = amd_everything();
  for (const char* name : names) std::erase(p.features, std::string(name));
  return p;
}

inline constexpr u64 kVmcb = 0x5'0000, kHostSave = 0x5'1000, kIoMap = 0x5'2000, kMsrMap = 0x5'6000,
                     kGuestCode = 0x40'0000, kGuestStack = 0x42'0000, kNested = 0x6'0000;

class GuestMachine : public Machine {
 public:
  arch::svm::Vmcb& block;

  explicit GuestMachine(timing::Profile p = amd_everything())
      : Machine(std::move(p)), block(*reinterpret_cast<arch::svm::Vmcb*>(bus.ram.data() + kVmcb)) {
    long_mode();
    cpu().efer |= arch::efer::kSvme;
    cpu().vm_hsave_pa = kHostSave;
    cpu().gpr[arch::kRax] = kVmcb;
    block = {};
    intercept(arch::svm::Exit::Vmrun);
    intercept(arch::svm::Exit::Hlt);
    intercept(arch::svm::Exit::Shutdown);
    block.control.io_map = kIoMap;
    block.control.msr_map = kMsrMap;
    block.control.asid = 1;
    guest_like_host();
    settle();
  }

  void intercept(u64 exit, bool on = true) {
    u32& word = block.control.intercept[exit / 32];
    word = on ? word | (1u << exit % 32) : word & ~(1u << exit % 32);
  }
  void intercept(arch::svm::Exit exit, bool on = true) { intercept(static_cast<u64>(exit), on); }
  void intercept_exception(unsigned vector) { intercept(arch::svm::kException + vector); }

  /// The guest begins in the host's mode, with the host's tables.
  void guest_like_host() {
    const cpu::Cpu& c = cpu();
    arch::svm::SaveArea& s = block.save;
    s.cs = {kCode64, 0xA9B, 0xFFFF'FFFF, 0};
    s.ss = s.ds = s.es = {kData0, 0xC93, 0xFFFF'FFFF, 0};
    s.gdtr = {0, 0, c.gdtr.limit, c.gdtr.base};
    s.idtr = {0, 0, c.idtr.limit, c.idtr.base};
    s.efer = c.efer;
    s.cr0 = c.cr0;
    s.cr3 = c.cr3;
    s.cr4 = c.cr4;
    s.dr6 = arch::dr6::kFixed1;
    s.dr7 = arch::dr7::kFixed1;
    s.rflags = 2;
    s.rip = kGuestCode;
    s.rsp = kGuestStack;
    s.gpat = 0x0007'0406'0007'0406;
  }
  /// The guest's program runs at CPL 3.
  void guest_user() {
    block.save.cs = {kUserCode64, 0xAFB, 0xFFFF'FFFF, 0};
    block.save.ss = {kUserData, 0xCF3, 0xFFFF'FFFF, 0};
    block.save.cpl = 3;
  }
  /// A real-mode guest whose code segment begins at kGuestCode / 4 (below 1 MiB limits of selectors do not
  /// matter here).
  void guest_real() {
    arch::svm::SaveArea& s = block.save;
    s.cs = {0, 0x09B, 0xFFFF, kGuestCode};
    s.ss = s.ds = s.es = {0, 0x093, 0xFFFF, 0};
    s.cr0 = arch::cr0::kEt;
    s.cr4 = 0;
    s.efer = arch::efer::kSvme;
    s.rip = 0;
    s.rsp = 0x7000;
    s.idtr = {0, 0, 0x3FF, 0};
  }

  /// Identity-maps all RAM and 2 MiB more by nested pages of 4 KiB, at kNested.
  void nested_paging() {
    poke<u64>(kNested, (kNested + 0x1000) | 7);
    poke<u64>(kNested + 0x1000, (kNested + 0x2000) | 7);
    const u64 pages = (bus.ram.size() >> 12);
    for (u64 page = 0; page < pages; ++page) {
      poke<u64>(nested_pte(page << 12), (page << 12) | 7);
      if (page % 512 == 0) poke<u64>(kNested + 0x2000 + page / 512 * 8, (kNested + 0x3000 + page * 8) | 7);
    }
    block.control.nested_control = arch::svm::kNestedPaging;
    block.control.nested_root = kNested;
  }
  u64 nested_pte(u64 address) const { return kNested + 0x3000 + (address >> 12) * 8; }

  /// Puts the guest's program, followed by HLT, where it begins.
  void guest_code(std::initializer_list<u8> bytes) {
    const u64 at = kGuestCode;
    write(at, std::span<const u8>(bytes.begin(), bytes.size()));
    poke<u8>(at + bytes.size(), 0xF4);
    execute::memory_written(*code, at, bytes.size() + 1);
  }

  /// VMRUN until the exit (or `limit` cycles); the exit code.
  u64 enter(u64 limit = 100'000) {
    cpu::Cpu& c = cpu();
    c.rip = kCode;
    c.gpr[arch::kRax] = kVmcb;
    c.activity = cpu::Activity::Active;
    block.control.exit_code = kNoExit;
    run({0x0F, 0x01, 0xD8}, limit);
    return block.control.exit_code;
  }
  u64 enter(std::initializer_list<u8> program, u64 limit = 100'000) {
    guest_code(program);
    return enter(limit);
  }
  /// As above, again from the guest's first instruction.
  u64 again(std::initializer_list<u8> program, u64 limit = 100'000) {
    block.save.rip = kGuestCode;
    block.save.rsp = kGuestStack;
    return enter(program, limit);
  }
  static constexpr u64 kNoExit = 0xDEAD;

  /// 32-bit code under the guest's long mode.
  void guest_compatibility() { block.save.cs = {kCode32, 0xC9B, 0xFFFF'FFFF, 0}; }
  /// 32-bit protected mode without paging.
  void guest_protected() {
    block.save.efer = arch::efer::kSvme;
    block.save.cr0 = arch::cr0::kPe | arch::cr0::kEt | arch::cr0::kNe;
    block.save.cr4 = 0;
    guest_compatibility();
  }
  /// The vector whose handler (a HLT) the guest stopped in; -1: none.
  int handler() const {
    const u64 at = block.save.rip;
    return at >= kHandlers && at < kHandlers + 256 * 16 ? static_cast<int>((at - kHandlers) / 16) : -1;
  }
  /// The host executes `program`, from its usual place.
  int host(std::initializer_list<u8> program) {
    cpu().rip = kCode;
    cpu().activity = cpu::Activity::Active;
    return run(program);
  }
};

inline u64 code_of(arch::svm::Exit exit) { return static_cast<u64>(exit); }

}  // namespace hvlab::test
