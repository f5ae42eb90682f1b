// Virtualization of the local APIC (SDM vol. 3, chapter 30).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "one_vector.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kHlt = code_of(ExitReason::Hlt), kAccess = code_of(ExitReason::ApicAccess),
              kWrite = code_of(ExitReason::ApicWrite), kPage = 0x7'D000, kPosted = 0x7'E000;

/// A guest whose local APIC's page is at kPage.
class ApicMachine : public GuestMachine {
 public:
  ApicMachine() {
    set(Control::UseTprShadow);
    set(Control::VirtualizeApicAccesses);
    (*this)[Field::ApicAccessAddress] = kPage;
    for (u64 at = 0; at < 4096; at += 8) poke<u64>(kVirtualApic + at, 0), poke<u64>(kPage + at, ~u64{0});
  }
  /// "virtual-interrupt delivery", with RVI and SVI.
  void delivery(u8 requested, u8 served) {
    set(Control::VirtualInterruptDelivery);
    set(Control::ExternalInterruptExiting);
    (*this)[Field::GuestInterruptStatus] = requested | static_cast<u64>(served) << 8;
    if (requested != 0) set_bit(0x200, requested);
    if (served != 0) set_bit(0x100, served);
  }
  void set_bit(u64 set, u8 vector) {
    const u64 at = kVirtualApic + set + vector / 32 * 16;
    poke<u32>(at, peek<u32>(at) | u32{1} << vector % 32);
  }
  bool has_bit(u64 set, u8 vector) const {
    return (peek<u32>(kVirtualApic + set + vector / 32 * 16) >> vector % 32 & 1) != 0;
  }
  u32 reg(u64 offset) const { return peek<u32>(kVirtualApic + offset); }
  u64 status() { return (*this)[Field::GuestInterruptStatus]; }

  /// MOV EAX, [page + offset]; MOV [page + offset], EAX.
  u64 read(u8 low, u8 high = 0xD0) { return again({0xA1, low, high, 0x07, 0, 0, 0, 0, 0}); }
  u64 write(u32 value, u8 low, u8 high = 0xD0) {
    cpu().gpr[arch::kRax] = value;
    return again({0xA3, low, high, 0x07, 0, 0, 0, 0, 0, 0x90});
  }
  u64 msr(u32 number, u64 value, bool write) {
    cpu().gpr[arch::kRcx] = number;
    cpu().gpr[arch::kRax] = static_cast<u32>(value);
    cpu().gpr[arch::kRdx] = value >> 32;
    return write ? again({0x0F, 0x30, 0x90}) : again({0x0F, 0x32, 0x90});
  }
};

/// A notification of posted interrupts, vector F2h, waits; the descriptor is empty.
void notify(ApicMachine& m) {
  m.cpu().interrupt_line = true;
  m.delivery(0, 0);
  m.set(Control::ProcessPostedInterrupts);
  m.set(Control::AcknowledgeInterruptOnExit);
  m[Field::PostedInterruptVector] = 0xF2;
  m[Field::PostedInterruptDescriptor] = kPosted;
  for (u64 at = 0; at < 64; at += 8) m.poke<u64>(kPosted + at, 0);
}

/// A local APIC that takes every MSR, and notes the last one that has come.
struct EveryMsr final : QuietApic {
  u32 read = 0, written = 0;
  u64 base_msr() const override { return 0xFEE0'0D00; }
  bool msr_read(u32 msr, u64& value) override { return value = read = msr, true; }
  bool msr_write(u32 msr, u64) override { return written = msr, true; }
};

/// Registers by offset / 16, as sets of bits: those that "APIC-register virtualization" reads from the page
/// (30.4.2), and writes to it (30.4.3.2).
constexpr u64 set_of(std::initializer_list<unsigned> registers) {
  u64 all = 0;
  for (const unsigned n : registers) all |= u64{1} << n;
  return all;
}
constexpr u64 kBothWays = set_of({0x02, 0x08, 0x0B, 0x0D, 0x0E, 0x0F, 0x28, 0x30, 0x31, 0x32, 0x33, 0x34,
                                  0x35, 0x36, 0x37, 0x38, 0x3E}),
              kReadable = kBothWays | set_of({0x03}) | 0xFF'FFFF'0000, kWritable = kBothWays;

}  // namespace

// Catches a register that is virtualized and should exit, or the other way round; a virtualized write that
// does not tell the hypervisor what it is to do itself.
TEST_CASE("the APIC-access page: every register, read and written, under each set of controls") {
  const bool shadow = GENERATE(false, true), registers = GENERATE(false, true),
             delivers = GENERATE(false, true);
  if (!shadow && (registers || delivers)) return;
  ApicMachine m;
  m.set(Control::UseTprShadow, shadow);
  m.set(Control::ApicRegisterVirtualization, registers);
  if (delivers) m.delivery(0, 0);
  for (u64 n = 0; n < 256; ++n) {
    const u64 offset = n << 4;
    const u8 low = static_cast<u8>(offset), high = static_cast<u8>(0xD0 | offset >> 8);
    CAPTURE(shadow, registers, delivers, std::hex, offset);
    const bool task = shadow && offset == 0x80, handled = delivers && (offset == 0xB0 || offset == 0x300);
    const auto listed = [&](u64 set) {
      return registers && n < 64 && test_bit(set, static_cast<unsigned>(n));
    };
    m.poke<u32>(kVirtualApic + offset, 0x0123'4567);
    const u64 read = m.read(low, high);
    CHECK(read == (task || listed(kReadable) ? kHlt : kAccess));
    if (read == kHlt) CHECK(static_cast<u32>(m.cpu().gpr[arch::kRax]) == m.reg(offset));
    if (read == kAccess) CHECK(m.qualification() == offset);
    const bool writable = task || handled || listed(kWritable);
    // VICR_LO asks for another processor: nothing that is emulated.
    const bool quiet = task || offset == 0x310 || (delivers && offset == 0xB0);
    CHECK(m.write(0x1234'5678, low, high) == (!writable ? kAccess : quiet ? kHlt : kWrite));
    CHECK(m.qualification() == (!writable ? offset | 0x1000 : quiet ? 0 : offset));
    const u32 stored = offset == 0x80               ? 0x78
                       : offset == 0x310            ? 0x1200'0000
                       : offset == 0xB0 && delivers ? 0
                                                    : 0x1234'5678;
    if (writable) CHECK(m.reg(offset) == stored);
  }
}

// Catches an MSR of the processor's own APIC that the page answers for, or one of the page's that reaches it.
TEST_CASE("x2APIC mode: of every MSR whose it is, under each set of controls") {
  const bool mode = GENERATE(false, true), registers = GENERATE(false, true),
             delivers = GENERATE(false, true);
  ApicMachine m;
  EveryMsr apic;
  m.cpu().apic = &apic;
  m.clear(Control::VirtualizeApicAccesses);
  m.set(Control::UseMsrBitmaps);
  m.set(Control::VirtualizeX2apicMode, mode);
  m.set(Control::ApicRegisterVirtualization, registers);
  if (delivers) m.delivery(0, 0);
  for (u32 number = 0x800; number <= 0x8FF; ++number) {
    CAPTURE(mode, registers, delivers, std::hex, number);
    const u64 at = kVirtualApic + (number & 0xFF) * 16;
    m.poke<u64>(at, u64{0x1234'0000} << 32 | number << 8);
    apic.read = apic.written = 0;
    const bool read_here = mode && (registers || number == 0x808);
    CHECK(m.msr(number, 0, false) == kHlt);
    CHECK(apic.read == (read_here ? 0 : number));
    CHECK(m.cpu().gpr[arch::kRdx] == (read_here ? 0x1234'0000 : 0));
    const bool written_here = mode && (number == 0x808 || (delivers && (number == 0x80B || number == 0x83F)));
    CHECK(m.msr(number, 0, true) == (written_here && number == 0x83F ? kWrite : kHlt));
    CHECK(apic.written == (written_here ? 0 : number));
    CHECK((m.peek<u64>(at) == 0) == written_here);
  }
}

// Catches registers that are read from the wrong page, or that are the hypervisor's to answer for.
TEST_CASE("reads of the APIC-access page") {
  ApicMachine m;
  m.poke<u32>(kVirtualApic + 0x80, 0x57);
  m.poke<u32>(kVirtualApic + 0x20, 0x0300'0000);
  CHECK(m.read(0x80) == kHlt);
  CHECK(m.cpu().gpr[arch::kRax] == 0x57);
  CHECK(m.read(0x20) == kAccess);
  CHECK(m.qualification() == 0x20);
  CHECK(m[Field::GuestRip] == kGuestCode);
  CHECK(m.length() == 9);
  CHECK(m.again({0x48, 0xA1, 0x80, 0xD0, 0x07, 0, 0, 0, 0, 0}) == kAccess);  // 64 bits
  CHECK(m.read(0x82) == kAccess);                                            // not within the register
  m.set(Control::ApicRegisterVirtualization);
  CHECK(m.read(0x20) == kHlt);
  CHECK(m.cpu().gpr[arch::kRax] == 0x0300'0000);
  CHECK(m.read(0xA0) == kAccess);        // PPR
  CHECK(m.read(0x90, 0xD3) == kAccess);  // current count
  CHECK(m.read(0x70, 0xD2) == kHlt);     // IRR
  m.clear(Control::ApicRegisterVirtualization);
  m.clear(Control::UseTprShadow);
  CHECK(m.read(0x80) == kAccess);
}

// Catches writes that reach the page but nobody hears of, or that exit before they are done.
TEST_CASE("writes to the APIC-access page") {
  ApicMachine m;
  CHECK(m.write(0x1234'5657, 0x80) == kHlt);
  CHECK(m.reg(0x80) == 0x57);
  CHECK(m.write(1, 0xB0) == kAccess);
  CHECK(m.qualification() == (0xB0 | 1 << 12));
  m[Field::TprThreshold] = 4;
  CHECK(m.write(0x30, 0x80) == code_of(ExitReason::TprBelowThreshold));
  CHECK(m[Field::GuestRip] == kGuestCode + 9);
  m[Field::TprThreshold] = 0;
  m.set(Control::ApicRegisterVirtualization);
  CHECK(m.write(0x0500'0000, 0x20) == kWrite);
  CHECK(m.qualification() == 0x20);
  CHECK(m[Field::GuestRip] == kGuestCode + 9);
  CHECK(m.reg(0x20) == 0x0500'0000);
  CHECK(m.write(7, 0x30) == kAccess);  // the version cannot be written
  CHECK(m.write(0x1234'5678, 0x10, 0xD3) == kHlt);
  CHECK(m.reg(0x310) == 0x1200'0000);
  CHECK(m.write(0, 0xB0) == kWrite);
  CHECK(m.peek<u64>(kPage + 0x80) == ~u64{0});
}

// Catches virtual interrupts below the priority, without IF, or that are not moved to service.
TEST_CASE("a virtual interrupt is delivered when IF and the priority let it") {
  ApicMachine m;
  m.delivery(0x61, 0);
  CHECK(m.again({0x90}) == kHlt);
  CHECK(m.handler() == -1);
  CHECK(m.again({0xFB, 0x90, 0x90}) == kHlt);
  CHECK(m.handler() == 0x61);
  CHECK(m.stack(0) == kGuestCode + 2);
  CHECK(m.status() == 0x6100);
  CHECK(m.has_bit(0x100, 0x61));
  CHECK(!m.has_bit(0x200, 0x61));
  CHECK(m.reg(0xA0) == 0x60);

  ApicMachine held;
  held.delivery(0x61, 0);
  held[Field::GuestRflags] |= arch::flag::kIf;
  held.poke<u32>(kVirtualApic + 0x80, 0x60);
  CHECK(held.again({0x90}) == kHlt);
  CHECK(held.handler() == -1);
  CHECK(held.reg(0xA0) == 0x60);
  held.cpu().gpr[arch::kRax] = 5;
  CHECK(held.again({0x90, 0x44, 0x0F, 0x22, 0xC0, 0x90}) == kHlt);  // MOV CR8, RAX
  CHECK(held.handler() == 0x61);
  CHECK(held.stack(0) == kGuestCode + 5);
}

TEST_CASE("interrupt-window exiting goes before a virtual interrupt, which wakes a guest that halts") {
  ApicMachine m;
  m.delivery(0x61, 0);
  m[Field::GuestRflags] |= arch::flag::kIf;
  m.set(Control::InterruptWindowExiting);
  CHECK(m.again({0x90}) == code_of(ExitReason::InterruptWindow));
  CHECK(m.status() == 0x61);
  m.clear(Control::InterruptWindowExiting);
  m[Field::GuestActivity] = 1;
  CHECK(m.again({0x90}) == kHlt);
  CHECK(m.handler() == 0x61);
}

// Catches an EOI that ends another interrupt, or that the hypervisor does not hear of.
TEST_CASE("EOI virtualization") {
  ApicMachine m;
  m.delivery(0, 0x61);
  m.set_bit(0x100, 0x41);
  CHECK(m.write(7, 0xB0) == kHlt);
  CHECK(m.status() == 0x4100);
  CHECK(!m.has_bit(0x100, 0x61));
  CHECK(m.has_bit(0x100, 0x41));
  CHECK(m.reg(0xA0) == 0x40);
  CHECK(m.reg(0xB0) == 0);
  m[Field::EoiExitBitmap1] = bit(0x41 - 64);
  CHECK(m.write(0, 0xB0) == code_of(ExitReason::VirtualizedEoi));
  CHECK(m.qualification() == 0x41);
  CHECK(m[Field::GuestRip] == kGuestCode + 9);
  CHECK(m.status() == 0);
}

// Catches self-IPIs that exit, and other ones that do not.
TEST_CASE("self-IPI virtualization") {
  ApicMachine m;
  m.delivery(0, 0);
  m[Field::GuestRflags] |= arch::flag::kIf;
  CHECK(m.write(0x4'0055, 0x00, 0xD3) == kHlt);
  CHECK(m.handler() == 0x55);
  CHECK(m.status() == 0x5500);
  for (const u32 other : {0x0'0055u, 0x8'0055u, 0x4'0005u, 0x4'0455u, 0x4'8055u}) {
    ApicMachine n;
    n.delivery(0, 0);
    n[Field::GuestRflags] |= arch::flag::kIf;
    CHECK(n.write(other, 0x00, 0xD3) == kWrite);
    CHECK(n.qualification() == 0x300);
  }
}

// Catches MSRs that are the physical APIC's.
TEST_CASE("x2APIC mode") {
  ApicMachine m;
  m.clear(Control::VirtualizeApicAccesses);
  m.set(Control::VirtualizeX2apicMode);
  m.set(Control::UseMsrBitmaps);
  m.intercept_exception(13);
  m.poke<u64>(kVirtualApic + 0x80, 0x57);
  m.poke<u64>(kVirtualApic + 0x20, 0x1'0000'0003);
  CHECK(m.msr(0x808, 0, false) == kHlt);
  CHECK(m.cpu().gpr[arch::kRax] == 0x57);
  CHECK(m.msr(0x808, 0x30, true) == kHlt);
  CHECK(m.reg(0x80) == 0x30);
  CHECK(m.msr(0x808, 0x130, true) == 0);  // #GP
  CHECK(m.msr(0x802, 0, false) == 0);     // of the processor, which has none here
  m.set(Control::ApicRegisterVirtualization);
  CHECK(m.msr(0x802, 0, false) == kHlt);
  CHECK(m.cpu().gpr[arch::kRax] == 3);
  CHECK(m.cpu().gpr[arch::kRdx] == 1);
  m.delivery(0, 0x61);
  CHECK(m.msr(0x80B, 1, true) == 0);
  CHECK(m.msr(0x80B, 0, true) == kHlt);
  CHECK(m.status() == 0);
  m[Field::GuestRflags] = 2 | arch::flag::kIf;
  CHECK(m.msr(0x83F, 0x72, true) == kHlt);
  CHECK(m.handler() == 0x72);
  m[Field::GuestRflags] = 2;
  CHECK(m.msr(0x83F, 0x02, true) == kWrite);
  CHECK(m.qualification() == 0x3F0);
  m.clear(Control::VirtualizeX2apicMode);
  CHECK(m.msr(0x808, 0, false) == 0);
}

// Catches notifications that leave the guest, other interrupts that do not, and posted interrupts that stay.
TEST_CASE("posted interrupts") {
  ApicMachine m;
  OneVector apic(m.cpu(), 0xF2);
  notify(m);
  m[Field::GuestRflags] |= arch::flag::kIf;
  m.poke<u64>(kPosted, bit(0x33));
  m.poke<u64>(kPosted + 8, bit(0x55 - 64));
  m.poke<u64>(kPosted + 32, 3);
  CHECK(m.again({0x90}) == kHlt);
  CHECK(m.handler() == 0x55);
  CHECK(m.status() == 0x5533);
  CHECK(m.has_bit(0x200, 0x33));
  CHECK(m.peek<u64>(kPosted) == 0);
  CHECK(m.peek<u64>(kPosted + 8) == 0);
  CHECK(m.peek<u64>(kPosted + 32) == 2);
  CHECK(apic.eois == 1);
  m[Field::PostedInterruptVector] = 0xF1;
  m.cpu().interrupt_line = true;
  CHECK(m.again({0x90}) == code_of(ExitReason::ExternalInterrupt));
  CHECK(m[Field::ExitInterruptionInfo] == event_word(0, 0xF2));
}

// Catches a guest in HLT that posted interrupts wake though it takes none, and a notification that counts as
// an event of the guest's: it is the processor's alone (30.6; 26.5.2).
TEST_CASE("posted interrupts in HLT, and under the monitor trap flag") {
  struct Case {
    u8 priority;
    bool open;
  };
  for (const Case& c : {Case{0x00, true}, Case{0x50, true}, Case{0x00, false}}) {
    for (const bool stepped : {false, true}) {
      CAPTURE(c.priority, c.open, stepped);
      ApicMachine m;
      OneVector apic(m.cpu(), 0xF2);
      notify(m);
      m.set(Control::MonitorTrapFlag, stepped);
      m.poke<u64>(kPosted + 8, bit(0x55 - 64));
      m.poke<u8>(kVirtualApic + 0x80, c.priority);
      m[Field::GuestRflags] = 2 | (c.open ? arch::flag::kIf : 0);
      m[Field::GuestActivity] = stepped ? 0 : 1;
      const bool taken = c.open && c.priority == 0;
      const u64 exit = m.enter({0x90, 0x90}, 1000);
      CHECK(m.has_bit(0x200, 0x55) == !taken);
      CHECK(apic.eois == 1);
      if (stepped) {
        CHECK(exit == code_of(ExitReason::MonitorTrapFlag));
        CHECK(m.handler() == (taken ? 0x55 : -1));
        if (!taken) CHECK(m[Field::GuestRip] == kGuestCode + 1);
      } else {
        CHECK(exit == (taken ? kHlt : GuestMachine::kNoExit));
        if (taken) CHECK(m.handler() == 0x55);
        if (!taken) CHECK(m.cpu().activity == cpu::Activity::Halted);
      }
    }
  }
}
