// Every basic exit reason that can come about here (SDM vol. 3, appendix C), with all of the VM-exit
// information fields (25.9, 28.2): what the reason defines, and zeros where it says nothing. A reason without
// a case fails the first test.
#include <algorithm>
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "one_vector.hpp"

using namespace hvlab;
using namespace hvlab::test;
using enum arch::vmx::Control;

namespace {

constexpr u64 kPage = 0x7'D000;
constexpr u16 kOther = kTssSelector + 8;  // another TSS

struct Subject : GuestMachine {
  OneVector apic{cpu()};

  void virtual_apic(std::initializer_list<Control> more) {
    for (const Control c : {UseTprShadow, VirtualizeApicAccesses}) set(c);
    for (const Control c : more) set(c);
    (*this)[Field::ApicAccessAddress] = kPage;
    for (u64 at = 0; at < 4096; at += 8) poke<u64>(kVirtualApic + at, 0), poke<u64>(kPage + at, 0);
  }
};

/// [RDI] as a memory operand (tables 28-8 to 28-14): 64-bit addresses, DS, no index, base RDI.
constexpr u64 kAtRdi = 2 << 7 | 3 << 15 | 1 << 22 | 7 << 23;
/// A register operand in place of a memory one.
constexpr u64 kRegister = 1 << 10;

/// A mask that meets IA32_XSS and the XSS-exiting bitmap in a component that HVLab does not have.
void supervisor_component(Subject& m) {
  constexpr u64 kComponent = 0x100;
  m.set(EnableXsaves);
  m[Field::GuestCr4] |= arch::cr4::kOsxsave;
  m.cpu().xss = m[Field::XssExitingBitmap] = kComponent;
}

struct Case {
  u64 reason;
  std::vector<u8> code;
  void (*prepare)(Subject&) = [](Subject&) {};
  u64 length = 0;  // of the instruction
  u64 qualification = 0, information = 0;
  u64 linear = 0, physical = 0;
  u64 event = 0, error = 0;  // interruption information
  u64 rip = 0;               // behind the guest's first instruction
};

const Case kCases[] = {
    {0,
     {0x66, 0xB8, 0xF0, 0, 0x8E, 0xD8},
     [](Subject& m) { m.intercept_exception(13); },
     0,
     0,
     0,
     0,
     0,
     event_word(3, 13, true),
     0xF0,
     4},
    {1,
     {0x90},
     [](Subject& m) {
       m.set(ExternalInterruptExiting), m.set(AcknowledgeInterruptOnExit);
       m.cpu().interrupt_line = true;
     },
     0,
     0,
     0,
     0,
     0,
     event_word(0, 0x61)},
    {2, {0x0F, 0x0B}, [](Subject& m) { m[Field::GuestIdtrLimit] = 0; }},
    {3, {0x90}, [](Subject& m) { m.cpu().init_pending = true; }},
    {4, {0x90}, [](Subject& m) { m[Field::GuestActivity] = 3; }, 0, 0x33},
    {7, {0x90}, [](Subject& m) { m.set(InterruptWindowExiting), m[Field::GuestRflags] |= arch::flag::kIf; }},
    {8, {0x90}, [](Subject& m) { m.set(NmiExiting), m.set(VirtualNmis), m.set(NmiWindowExiting); }},
    {9,
     {0xEA, 0, 0, 0, 0, kOther, 0},
     [](Subject& m) {
       m.guest_protected();
       m[Field::GuestGdtrLimit] = 0xFF;
       m.poke<u64>(kGdt + kOther, u64{0x89} << 40 | u64{kTss} << 16 | 0x67);
     },
     7,
     kOther | u64{2} << 30},
    {10, {0x0F, 0xA2}, [](Subject&) {}, 2},
    {12, {0xF4}, [](Subject&) {}, 1},
    {13, {0x0F, 0x08}, [](Subject&) {}, 2},
    {14, {0x0F, 0x01, 0x7F, 0x10}, [](Subject& m) { m.set(InvlpgExiting); }, 4, kData + 0x10},
    {15, {0x0F, 0x33}, [](Subject& m) { m.set(RdpmcExiting); }, 2},
    {16, {0x0F, 0x31}, [](Subject& m) { m.set(RdtscExiting); }, 2},
    {18, {0x0F, 0x01, 0xC1}, [](Subject&) {}, 3},
    {19, {0x66, 0x0F, 0xC7, 0x77, 0x08}, [](Subject&) {}, 5, 8, kAtRdi},
    {20, {0x0F, 0x01, 0xC2}, [](Subject&) {}, 3},
    {21, {0x0F, 0xC7, 0x77, 0xF8}, [](Subject&) {}, 4, ~u64{7}, kAtRdi},
    {22, {0x0F, 0xC7, 0x3F}, [](Subject&) {}, 3, 0, kAtRdi},
    {23, {0x0F, 0x78, 0xC3}, [](Subject&) {}, 3, 0, kRegister | 3 << 3},  // RBX, encoding in RAX
    {24, {0x0F, 0x01, 0xC3}, [](Subject&) {}, 3},
    {25, {0x0F, 0x79, 0xD3}, [](Subject&) {}, 3, 0, kRegister | 3 << 3 | 2 << 28},  // ... in RDX
    {26, {0x0F, 0x01, 0xC4}, [](Subject&) {}, 3},
    {27, {0xF3, 0x0F, 0xC7, 0x37}, [](Subject&) {}, 4, 0, kAtRdi},
    {28, {0x41, 0x0F, 0x22, 0xD9}, [](Subject& m) { m.set(Cr3LoadExiting); }, 4, 3 | 9 << 8},  // MOV CR3, R9
    {29,
     {0x0F, 0x21, 0xF9},
     [](Subject& m) { m.set(MovDrExiting); },
     3,
     7 | 1 << 4 | 1 << 8},  // MOV RCX, DR7
    {30, {0xE4, 0x80}, [](Subject& m) { m.set(UnconditionalIoExiting); }, 2, 0x80 << 16 | 1 << 6 | 1 << 3},
    {31, {0x0F, 0x32}, [](Subject&) {}, 2},
    {32, {0x0F, 0x30}, [](Subject&) {}, 2},
    {36, {0x0F, 0x01, 0xC9}, [](Subject& m) { m.set(MwaitExiting); }, 3},
    {37, {0x90}, [](Subject& m) { m.set(MonitorTrapFlag); }, 0, 0, 0, 0, 0, 0, 0, 1},
    {39, {0x0F, 0x01, 0xC8}, [](Subject& m) { m.set(MonitorExiting); }, 3},
    {40, {0xF3, 0x90}, [](Subject& m) { m.set(PauseExiting); }, 2},
    {43,
     {0x31, 0xC0, 0x44, 0x0F, 0x22, 0xC0},  // XOR EAX, EAX; MOV CR8, RAX
     [](Subject& m) {
       m.set(UseTprShadow);
       m[Field::TprThreshold] = 2;
       m.poke<u64>(kVirtualApic + 0x80, 0x50);
     },
     0,
     0,
     0,
     0,
     0,
     0,
     0,
     6},
    {44, {0xA1, 0x20, 0xD0, 0x07, 0, 0, 0, 0, 0}, [](Subject& m) { m.virtual_apic({}); }, 9, 0x20},
    {45,
     {0xA3, 0xB0, 0xD0, 0x07, 0, 0, 0, 0, 0},  // EOI of the vector that is served
     [](Subject& m) {
       m.virtual_apic({VirtualInterruptDelivery, ExternalInterruptExiting});
       m[Field::GuestInterruptStatus] = 0x3300;
       m.poke<u32>(kVirtualApic + 0x100 + 0x10, 1 << 0x13);
       m[Field::EoiExitBitmap0] = u64{1} << 0x33;
     },
     0,
     0x33,
     0,
     0,
     0,
     0,
     0,
     9},
    {46,
     {0x0F, 0x01, 0x17},
     [](Subject& m) { m.set(DescriptorTableExiting); },
     3,
     0,
     kAtRdi | 2 << 28},  // LGDT
    {47,
     {0x0F, 0x00, 0xCB},
     [](Subject& m) { m.set(DescriptorTableExiting); },
     3,
     0,
     kRegister | 3 << 3 | 1 << 28},  // STR EBX
    {48,
     {0xA1, 0x34, 0x00, 0x30, 0, 0, 0, 0, 0},
     [](Subject& m) { m.ept(), m.poke<u64>(m.ept_pte(kData), 0); },
     9,
     0x781,
     0,
     kData + 0x34,
     kData + 0x34},
    {49,
     {0xA1, 0x34, 0x00, 0x30, 0, 0, 0, 0, 0},
     [](Subject& m) { m.ept(), m.poke<u64>(m.ept_pte(kData), kData | 2); },
     9,
     0,
     0,
     0,
     kData + 0x34},
    {50, {0x66, 0x0F, 0x38, 0x80, 0x1F}, [](Subject&) {}, 5, 0, kAtRdi | 3 << 28},  // INVEPT RBX, [RDI]
    {51, {0x0F, 0x01, 0xF9}, [](Subject& m) { m.set(RdtscExiting); }, 3},
    {52, {0x90}, [](Subject& m) { m.set(ActivatePreemptionTimer); }},
    {53, {0x66, 0x0F, 0x38, 0x81, 0x0F}, [](Subject&) {}, 5, 0, kAtRdi | 1 << 28},
    {54, {0x0F, 0x09}, [](Subject& m) { m.set(WbinvdExiting); }, 2},
    {55, {0x0F, 0x01, 0xD1}, [](Subject& m) { m[Field::GuestCr4] |= arch::cr4::kOsxsave; }, 3},
    {56,
     {0xA3, 0x50, 0xD3, 0x07, 0, 0, 0, 0, 0},
     [](Subject& m) { m.virtual_apic({ApicRegisterVirtualization}); },
     0,
     0x350,
     0,
     0,
     0,
     0,
     0,
     9},
    {57, {0x0F, 0xC7, 0xF3}, [](Subject& m) { m.set(RdrandExiting); }, 3, 0, 3 << 3 | 1 << 11},
    {58, {0x66, 0x0F, 0x38, 0x82, 0x17}, [](Subject& m) { m.set(InvlpgExiting); }, 5, 0, kAtRdi | 2 << 28},
    {59, {0x0F, 0x01, 0xD4}, [](Subject& m) { m.set(EnableVmFunctions); }, 3},
    {61, {0x48, 0x0F, 0xC7, 0xF9}, [](Subject& m) { m.set(RdseedExiting); }, 4, 0, 1 << 3 | 2 << 11},
    // At the first fetch: the guest's own tables are written to (29.3.5).
    {62,
     {0xA3, 0x34, 0x00, 0x30, 0, 0, 0, 0, 0},
     [](Subject& m) {
       m.ept();
       m[Field::Eptp] |= 0x40;
       m.set(EnablePml);
       m[Field::PmlIndex] = 0xFFFF;
     },
     0},
    // MOV EAX, the mask; XSAVES [RDI], XRSTORS64 [RDI]
    {63, {0xB8, 0, 1, 0, 0, 0x0F, 0xC7, 0x2F}, supervisor_component, 3, 0, kAtRdi, 0, 0, 0, 0, 5},
    {64, {0xB8, 0, 1, 0, 0, 0x48, 0x0F, 0xC7, 0x1F}, supervisor_component, 4, 0, kAtRdi, 0, 0, 0, 0, 5},
};

/// Reasons of what is not there, or that failed entries have (27.8: entry_test).
bool no_case(u64 reason) {
  constexpr u64 kNone[] = {5, 6, 11, 17, 33, 34, 41, 60};
  return reason >= 65 || std::ranges::find(kNone, reason) != std::end(kNone);
}

constexpr Field kInformation[] = {
    Field::ExitQualification,     Field::GuestLinearAddress,        Field::GuestPhysicalAddress,
    Field::ExitInterruptionInfo,  Field::ExitInterruptionErrorCode, Field::IdtVectoringInfo,
    Field::IdtVectoringErrorCode, Field::ExitInstructionLength,     Field::ExitInstructionInfo};

u64 enter(Subject& m, const Case& c) {
  m.write(kGuestCode, c.code);
  m.poke<u8>(kGuestCode + c.code.size(), 0xF4);
  execute::memory_written(*m.code, kGuestCode, c.code.size() + 1);
  cpu::Cpu& cpu = m.cpu();
  for (const unsigned r : {arch::kRax, arch::kRbx, arch::kRcx, arch::kRdx}) cpu.gpr[r] = 0;
  cpu.gpr[arch::kRdi] = kData;
  for (const Field f : kInformation) m[f] = 0x5555'5555;  // left over from before
  const u64 reason = m.enter();
  if (reason != GuestMachine::kNoExit) return reason;
  m.processor->sipi(0x33);  // a guest that waits for it
  m.processor->run(m.processor->cycles() + 1000);
  return m[Field::ExitReason];
}

}  // namespace

// Catches a reason that is added and that nobody tries.
TEST_CASE("there is a case for every exit reason that can come about") {
  constexpr u64 kReasons[] = {
#define EXIT(id, number, name, exit_class, section) number,
#include "sim/arch/vmx_exits.inc"
#undef EXIT
  };
  for (const u64 reason : kReasons) {
    INFO(reason);
    CHECK(std::ranges::count(kCases, reason, &Case::reason) == (no_case(reason) ? 0 : 1));
  }
}

// Catches any field that an exit tells wrongly, or leaves as it was.
TEST_CASE("every exit reason with all of its information") {
  for (const Case& c : kCases) {
    INFO(c.reason);
    Subject m;
    c.prepare(m);
    CHECK(enter(m, c) == c.reason);
    CHECK(m[Field::ExitQualification] == c.qualification);
    CHECK(m[Field::GuestLinearAddress] == c.linear);
    CHECK(m[Field::GuestPhysicalAddress] == c.physical);
    CHECK(m[Field::ExitInterruptionInfo] == c.event);
    CHECK(m[Field::ExitInterruptionErrorCode] == c.error);
    CHECK(m[Field::IdtVectoringInfo] == 0);
    CHECK(m[Field::IdtVectoringErrorCode] == 0);
    CHECK(m[Field::ExitInstructionLength] == c.length);
    CHECK(m[Field::ExitInstructionInfo] == c.information);
    CHECK(m[Field::GuestRip] == kGuestCode + c.rip);
    CHECK(m.cpu().rip == kHostCode + 1);
  }
}

// Catches information about an event whose delivery an exit interrupts that depends on the exit (28.2.4).
TEST_CASE("every exit that may come during the delivery of an event tells the event") {
  struct Way {
    u64 reason;
    void (*prepare)(Subject&);
  };
  const Way kWays[] = {
      {48, [](Subject& m) { m.ept(), m.poke<u64>(m.ept_pte(kIdt), 0); }},
      {49, [](Subject& m) { m.ept(), m.poke<u64>(m.ept_pte(kIdt), kIdt | 2); }},
      {0, [](Subject& m) { m[Field::GuestIdtrLimit] = 0, m.intercept_exception(13); }},
      {44,
       [](Subject& m) {
         m.virtual_apic({});
         m[Field::ApicAccessAddress] = kIdt;
       }},
  };
  struct Event {
    u64 word, error, length;
  };
  for (const Way& way : kWays) {
    for (const Event& e : {Event{event_word(0, 0x61), 0, 0}, Event{event_word(2, 2), 0, 0},
                           Event{event_word(3, 14, true), 7, 0}, Event{event_word(4, 0x80), 0, 2},
                           Event{event_word(6, 3), 0, 1}, Event{event_word(5, 1), 0, 1}}) {
      INFO(way.reason << ' ' << e.word);
      Subject m;
      way.prepare(m);
      m[Field::GuestRflags] |= arch::flag::kIf;
      m[Field::EntryInterruptionInfo] = e.word;
      m[Field::EntryExceptionErrorCode] = e.error;
      m[Field::EntryInstructionLength] = e.length;
      CHECK(m.enter({0x90}) == way.reason);
      CHECK(m[Field::IdtVectoringInfo] == e.word);
      CHECK(m[Field::IdtVectoringErrorCode] == e.error);
      CHECK(m[Field::ExitInstructionLength] == e.length);
      CHECK(m[Field::GuestRip] == kGuestCode);
      CHECK((m[Field::EntryInterruptionInfo] & bit(31)) == 0);
    }
  }
}
