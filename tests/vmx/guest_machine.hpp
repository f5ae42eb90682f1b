// A machine whose host does VMLAUNCH and, after the VM exit, halts: tests set up the VMCS, give the guest a
// few bytes of code, and look at the exit.
#pragma once

#include "root_machine.hpp"
#include "sim/arch/vmx_exit.hpp"

namespace hvlab::test {

using arch::vmx::Control;
using arch::vmx::ExitReason;
using arch::vmx::Field;

inline constexpr u64 kGuestCode = 0x40'0000, kGuestStack = 0x42'0000, kHostCode = 0x11'0000, kEpt = 0x6'0000,
                     kIoBitmapA = 0x7'4000, kIoBitmapB = 0x7'5000, kMsrBitmaps = 0x7'6000,
                     kVirtualApic = 0x7'7000, kGuestIdt = 0x7'8000, kInfoArea = 0x7'9000, kPml = 0x7'A000;

class GuestMachine : public RootMachine {
 public:
  explicit GuestMachine(timing::Profile p = intel_everything()) : RootMachine(std::move(p)) {
    in_root();
    host_state();
    guest_like_host();
    default_controls();
    poke<u8>(kHostCode, 0xF4);
    settle();
  }

  u64& operator[](Field f) { return vmcs()[f]; }

  static Field word(Control c) {
    constexpr Field kWords[] = {Field::PinBasedControls, Field::PrimaryControls, Field::ExitControls,
                                Field::EntryControls, Field::SecondaryControls};
    return kWords[static_cast<size_t>(arch::vmx::word_of(c))];
  }
  void set(Control c, bool on = true) {
    u64& w = (*this)[word(c)];
    w = on ? w | arch::vmx::bit_of(c) : w & ~u64{arch::vmx::bit_of(c)};
  }
  void clear(Control c) { set(c, false); }
  void intercept_exception(unsigned vector) { (*this)[Field::ExceptionBitmap] |= bit(vector); }

  /// What must be 1, exits on HLT, 64 bits on both sides.
  void default_controls() {
    const arch::vmx::Capabilities& c = cpu().vmx;
    constexpr Field kWords[] = {Field::PinBasedControls, Field::PrimaryControls, Field::ExitControls,
                                Field::EntryControls, Field::SecondaryControls};
    for (size_t w = 0; w < arch::vmx::kWords; ++w) (*this)[kWords[w]] = c.allowed0[w];
    for (const Control on :
         {Control::HltExiting, Control::ActivateSecondaryControls, Control::HostAddressSpaceSize,
          Control::Ia32eModeGuest, Control::EnableRdtscp, Control::EnableInvpcid})
      set(on);
    (*this)[Field::IoBitmapA] = kIoBitmapA;
    (*this)[Field::IoBitmapB] = kIoBitmapB;
    (*this)[Field::MsrBitmaps] = kMsrBitmaps;
    (*this)[Field::VirtualApicAddress] = kVirtualApic;
    (*this)[Field::VeInformationAddress] = kInfoArea;
    (*this)[Field::PmlAddress] = kPml;
    (*this)[Field::VmcsLinkPointer] = kNone;
  }

  void host_state() {
    const cpu::Cpu& c = cpu();
    for (const unsigned s : {arch::kEs, arch::kSs, arch::kDs, arch::kFs, arch::kGs})
      (*this)[Field::HostEsSelector + s] = kData0;
    (*this)[Field::HostCsSelector] = kCode64;
    (*this)[Field::HostTrSelector] = kTssSelector;
    (*this)[Field::HostCr0] = c.cr0;
    (*this)[Field::HostCr3] = c.cr3;
    (*this)[Field::HostCr4] = c.cr4;
    (*this)[Field::HostTrBase] = c.tr.base;
    (*this)[Field::HostGdtrBase] = c.gdtr.base;
    (*this)[Field::HostIdtrBase] = c.idtr.base;
    (*this)[Field::HostRsp] = kStack;
    (*this)[Field::HostRip] = kHostCode;
  }

  void segment(unsigned n, u16 selector, u64 base, u32 limit, u32 rights) {
    (*this)[Field::GuestEsSelector + n] = selector;
    (*this)[Field::GuestEsBase + n] = base;
    (*this)[Field::GuestEsLimit + n] = limit;
    (*this)[Field::GuestEsAccessRights + n] = rights;
  }
  static constexpr unsigned kLdtr = 6, kTr = 7;

  /// The guest begins in the host's mode, with the host's tables.
  void guest_like_host() {
    const cpu::Cpu& c = cpu();
    for (unsigned n = 0; n < 6; ++n) segment(n, kData0, 0, 0xFFFF'FFFF, 0xC093);
    segment(arch::kCs, kCode64, 0, 0xFFFF'FFFF, 0xA09B);
    segment(kLdtr, 0, 0, 0, 0x1'0000);
    segment(kTr, kTssSelector, c.tr.base, 0x67, 0x8B);
    (*this)[Field::GuestGdtrBase] = c.gdtr.base;
    (*this)[Field::GuestGdtrLimit] = c.gdtr.limit;
    (*this)[Field::GuestIdtrBase] = c.idtr.base;
    (*this)[Field::GuestIdtrLimit] = c.idtr.limit;
    (*this)[Field::GuestCr0] = c.cr0;
    (*this)[Field::GuestCr3] = c.cr3;
    (*this)[Field::GuestCr4] = c.cr4;
    (*this)[Field::GuestEfer] = c.efer;
    (*this)[Field::GuestPat] = c.pat;
    (*this)[Field::GuestDr7] = 0x400;
    (*this)[Field::GuestRflags] = 2;
    at_start();
  }
  void at_start() {
    (*this)[Field::GuestRip] = kGuestCode;
    (*this)[Field::GuestRsp] = kGuestStack;
  }
  /// The guest's program runs at CPL 3.
  void guest_user() {
    segment(arch::kCs, kUserCode64, 0, 0xFFFF'FFFF, 0xA0FB);
    for (const unsigned s : {arch::kEs, arch::kSs, arch::kDs, arch::kFs, arch::kGs})
      segment(s, kUserData, 0, 0xFFFF'FFFF, 0xC0F3);
  }
  /// 32-bit code under the guest's long mode.
  void guest_compatibility() { segment(arch::kCs, kCode32, 0, 0xFFFF'FFFF, 0xC09B); }
  /// 32-bit protected mode without paging ("unrestricted guest", which wants EPT).
  void guest_protected() {
    ept();
    set(Control::UnrestrictedGuest);
    clear(Control::Ia32eModeGuest);
    (*this)[Field::GuestCr0] = arch::cr0::kPe | arch::cr0::kEt | arch::cr0::kNe;
    (*this)[Field::GuestCr4] = arch::cr4::kVmxe;
    guest_compatibility();
    (*this)[Field::GuestIdtrBase] = kGuestIdt;
    (*this)[Field::GuestIdtrLimit] = 0x7FF;
    for (u64 v = 0; v < 256; ++v) {
      const u64 handler = kHandlers + v * 16;
      poke<u64>(kGuestIdt + v * 8,
                (handler & 0xFFFF) | u64{kCode32} << 16 | u64{0xEE} << 40 | (handler >> 16 & 0xFFFF) << 48);
    }
  }
  /// Real mode, with a code segment that begins at kGuestCode (below 1 MiB selectors do not matter here).
  void guest_real() {
    guest_protected();
    (*this)[Field::GuestCr0] = arch::cr0::kEt | arch::cr0::kNe;
    segment(arch::kCs, 0, kGuestCode, 0xFFFF, 0x9B);
    for (const unsigned s : {arch::kEs, arch::kSs, arch::kDs, arch::kFs, arch::kGs})
      segment(s, 0, 0, 0xFFFF, 0x93);
    (*this)[Field::GuestIdtrBase] = 0;
    (*this)[Field::GuestIdtrLimit] = 0x3FF;
    (*this)[Field::GuestRip] = 0;
    (*this)[Field::GuestRsp] = 0x7000;
  }

  /// Identity-maps all RAM by EPT pages of 4 KiB, at kEpt.
  void ept() {
    poke<u64>(kEpt, (kEpt + 0x1000) | 7);
    poke<u64>(kEpt + 0x1000, (kEpt + 0x2000) | 7);
    for (u64 page = 0; page < bus.ram.size() >> 12; ++page) {
      poke<u64>(ept_pte(page << 12), (page << 12) | 0x37);
      if (page % 512 == 0) poke<u64>(kEpt + 0x2000 + page / 512 * 8, (kEpt + 0x3000 + page * 8) | 7);
    }
    set(Control::EnableEpt);
    (*this)[Field::Eptp] = kEpt | 3 << 3 | 6;
  }
  u64 ept_pte(u64 address) const { return kEpt + 0x3000 + (address >> 12) * 8; }

  /// Puts the guest's program, followed by HLT, where it begins.
  void guest_code(std::initializer_list<u8> bytes) {
    const u64 at = kGuestCode;
    write(at, std::span<const u8>(bytes.begin(), bytes.size()));
    poke<u8>(at + bytes.size(), 0xF4);
    execute::memory_written(*code, at, bytes.size() + 1);
  }

  static constexpr u64 kNoExit = 0xDEAD;
  /// VMLAUNCH until the exit (or `limit` cycles); the exit reason.
  u64 enter(u64 limit = 100'000) {
    cpu::Cpu& c = cpu();
    c.rip = kCode;
    c.activity = cpu::Activity::Active;
    vmcs().launched = 0;
    (*this)[Field::ExitReason] = kNoExit;
    run(std::span<const u8>(kVmlaunch), limit);
    return (*this)[Field::ExitReason];
  }
  u64 enter(std::initializer_list<u8> program, u64 limit = 100'000) {
    guest_code(program);
    return enter(limit);
  }
  /// As above, again from the guest's first instruction.
  u64 again(std::initializer_list<u8> program, u64 limit = 100'000) {
    at_start();
    return enter(program, limit);
  }
  /// The vector whose handler (a HLT) the guest stopped in; -1: none.
  int handler() {
    const u64 at = (*this)[Field::GuestRip];
    return at >= kHandlers && at < kHandlers + 256 * 16 ? static_cast<int>((at - kHandlers) / 16) : -1;
  }
  u64 qualification() { return (*this)[Field::ExitQualification]; }
  u64 length() { return (*this)[Field::ExitInstructionLength]; }
  /// Word `n` of the guest's stack.
  u64 stack(unsigned n) { return peek<u64>((*this)[Field::GuestRsp] + n * 8); }
};

constexpr u64 code_of(ExitReason reason) { return static_cast<u64>(reason); }
/// Interruption information.
constexpr u64 event_word(u64 type, u64 vector, bool error = false) {
  return bit(31) | type << 8 | vector | (error ? bit(11) : 0);
}

}  // namespace hvlab::test
