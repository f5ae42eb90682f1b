// Instructions that leave the guest (SDM vol. 3, 26.1.2 and 26.1.3): each with its control set and clear.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

struct Case {
  const char* name;
  ExitReason reason;
  Control control;  // Always: exits whatever the controls
  std::initializer_list<u8> code;
};

const Case kCases[] = {
    {"CPUID", ExitReason::Cpuid, Control::Always, {0x0F, 0xA2}},
    {"INVD", ExitReason::Invd, Control::Always, {0x0F, 0x08}},
    {"XSETBV", ExitReason::Xsetbv, Control::Always, {0x0F, 0x01, 0xD1}},
    {"VMCALL", ExitReason::Vmcall, Control::Always, {0x0F, 0x01, 0xC1}},
    {"VMLAUNCH", ExitReason::Vmlaunch, Control::Always, {0x0F, 0x01, 0xC2}},
    {"VMRESUME", ExitReason::Vmresume, Control::Always, {0x0F, 0x01, 0xC3}},
    {"VMXOFF", ExitReason::Vmxoff, Control::Always, {0x0F, 0x01, 0xC4}},
    {"VMXON", ExitReason::Vmxon, Control::Always, {0xF3, 0x0F, 0xC7, 0x37}},
    {"VMCLEAR", ExitReason::Vmclear, Control::Always, {0x66, 0x0F, 0xC7, 0x37}},
    {"VMPTRLD", ExitReason::Vmptrld, Control::Always, {0x0F, 0xC7, 0x37}},
    {"VMPTRST", ExitReason::Vmptrst, Control::Always, {0x0F, 0xC7, 0x3F}},
    {"VMREAD", ExitReason::Vmread, Control::Always, {0x0F, 0x78, 0xC3}},
    {"VMWRITE", ExitReason::Vmwrite, Control::Always, {0x0F, 0x79, 0xC3}},
    {"INVEPT", ExitReason::Invept, Control::Always, {0x66, 0x0F, 0x38, 0x80, 0x07}},
    {"INVVPID", ExitReason::Invvpid, Control::Always, {0x66, 0x0F, 0x38, 0x81, 0x07}},
    {"INVLPG", ExitReason::Invlpg, Control::InvlpgExiting, {0x0F, 0x01, 0x3F}},
    {"INVPCID", ExitReason::Invpcid, Control::InvlpgExiting, {0x66, 0x0F, 0x38, 0x82, 0x0F}},
    {"RDPMC", ExitReason::Rdpmc, Control::RdpmcExiting, {0x0F, 0x33}},
    {"RDTSC", ExitReason::Rdtsc, Control::RdtscExiting, {0x0F, 0x31}},
    {"RDTSCP", ExitReason::Rdtscp, Control::RdtscExiting, {0x0F, 0x01, 0xF9}},
    {"PAUSE", ExitReason::Pause, Control::PauseExiting, {0xF3, 0x90}},
    {"MONITOR", ExitReason::Monitor, Control::MonitorExiting, {0x0F, 0x01, 0xC8}},
    {"MWAIT", ExitReason::Mwait, Control::MwaitExiting, {0x0F, 0x01, 0xC9}},
    {"WBINVD", ExitReason::Wbinvd, Control::WbinvdExiting, {0x0F, 0x09}},
    {"RDRAND", ExitReason::Rdrand, Control::RdrandExiting, {0x0F, 0xC7, 0xF0}},
    {"RDSEED", ExitReason::Rdseed, Control::RdseedExiting, {0x0F, 0xC7, 0xF8}},
    {"SGDT", ExitReason::GdtrIdtr, Control::DescriptorTableExiting, {0x0F, 0x01, 0x07}},
    {"SIDT", ExitReason::GdtrIdtr, Control::DescriptorTableExiting, {0x0F, 0x01, 0x0F}},
    {"LGDT", ExitReason::GdtrIdtr, Control::DescriptorTableExiting, {0x0F, 0x01, 0x17}},
    {"LIDT", ExitReason::GdtrIdtr, Control::DescriptorTableExiting, {0x0F, 0x01, 0x1F}},
    {"SLDT", ExitReason::LdtrTr, Control::DescriptorTableExiting, {0x0F, 0x00, 0xC3}},
    {"STR", ExitReason::LdtrTr, Control::DescriptorTableExiting, {0x0F, 0x00, 0xCB}},
    {"LLDT", ExitReason::LdtrTr, Control::DescriptorTableExiting, {0x0F, 0x00, 0xD3}},
    {"LTR", ExitReason::LdtrTr, Control::DescriptorTableExiting, {0x0F, 0x00, 0xDB}},
};

/// RDI points at an INVPCID descriptor of zeros, RAX at some RAM, RCX is 0, RBX a null selector.
void prepare(GuestMachine& m) {
  m[Field::GuestCr4] |= arch::cr4::kOsxsave;
  cpu::Cpu& c = m.cpu();
  for (const unsigned r : {arch::kRax, arch::kRbx, arch::kRcx, arch::kRdx}) c.gpr[r] = 0;
  c.gpr[arch::kRax] = c.gpr[arch::kRdi] = kData;
  for (u64 n = 0; n < 4; ++n) m.poke<u64>(kData + n * 8, 0);
}

}  // namespace

// Catches an instruction that exits without being asked to or not at all, as another one, or with a wrong
// length; or one that has done something before it exits.
TEST_CASE("each instruction's exit") {
  for (const Case& c : kCases) {
    INFO(c.name);
    GuestMachine m;
    prepare(m);
    if (c.control != Control::Always) m.set(c.control);
    m[Field::GuestRflags] = 2 | arch::flag::kRf;
    CHECK(m.enter(c.code) == code_of(c.reason));
    CHECK(m[Field::GuestRip] == kGuestCode);
    CHECK(m.length() == c.code.size());
    CHECK(m[Field::GuestRflags] == 2);  // RF is saved clear (28.3.3)
    CHECK(m[Field::IdtVectoringInfo] == 0);
    CHECK(m[Field::ExitInterruptionInfo] == 0);
    CHECK(m.cpu().gpr[arch::kRax] == kData);
  }
}

// Catches controls that exit on more than they name.
TEST_CASE("each instruction without its control is the guest's own") {
  for (const Case& c : kCases) {
    if (c.control == Control::Always) continue;
    INFO(c.name);
    GuestMachine m;
    prepare(m);
    m.cpu().gpr[arch::kRcx] = 0;
    for (const Case& other : kCases)
      if (other.control != Control::Always && other.control != c.control) m.set(other.control);
    if (c.reason == ExitReason::GdtrIdtr) m.poke<u64>(kData, 0xFFFF);
    m[Field::ExceptionBitmap] = 0xFFFF'FFFF;
    const u64 reason = m.enter(c.code);
    if (c.reason == ExitReason::LdtrTr)  // LTR of null
      CHECK(
          (reason == code_of(ExitReason::Hlt) || m[Field::ExitInterruptionInfo] == event_word(3, 13, true)));
    else
      CHECK(reason == code_of(ExitReason::Hlt));
  }
}

// Catches exits that come before the exceptions of privilege (26.1.1).
TEST_CASE("at CPL 3 the exception of privilege comes first") {
  for (const Case& c : kCases) {
    const bool privileged = c.reason == ExitReason::Invd || c.reason == ExitReason::Invlpg ||
                            c.reason == ExitReason::Invpcid || c.reason == ExitReason::Wbinvd ||
                            c.reason == ExitReason::Xsetbv || c.reason == ExitReason::Rdpmc;
    if (!privileged) continue;
    INFO(c.name);
    GuestMachine m;
    prepare(m);
    m.guest_user();
    if (c.control != Control::Always) m.set(c.control);
    m.intercept_exception(13);
    CHECK(m.enter(c.code) == 0);
    CHECK(m[Field::ExitInterruptionInfo] == event_word(3, 13, true));
  }
  GuestMachine m;
  m.guest_user();
  m.intercept_exception(6);
  m.set(Control::MonitorExiting);
  m.set(Control::MwaitExiting);
  for (const u8 last : {u8{0xC8}, u8{0xC9}}) {
    CHECK(m.again({0x0F, 0x01, last}) == 0);
    CHECK(m[Field::ExitInterruptionInfo] == event_word(3, 6));
  }
}

// Catches exits that come after exceptions of operands (26.1.1).
TEST_CASE("an exit comes before the exceptions of what the instruction would do") {
  GuestMachine m;
  m[Field::ExceptionBitmap] = 0xFFFF'FFFF;
  m.set(Control::MonitorExiting);
  m.set(Control::MwaitExiting);
  m.set(Control::DescriptorTableExiting);
  m.set(Control::InvlpgExiting);
  m[Field::GuestCr4] |= arch::cr4::kOsxsave;
  m.cpu().gpr[arch::kRax] = m.cpu().gpr[arch::kRdi] = 0x8000'0000'0000;  // not canonical
  m.cpu().gpr[arch::kRcx] = 0x77;
  CHECK(m.enter({0x0F, 0x01, 0xC8}) == code_of(ExitReason::Monitor));
  CHECK(m.again({0x0F, 0x01, 0xC9}) == code_of(ExitReason::Mwait));
  CHECK(m.again({0x0F, 0x01, 0x17}) == code_of(ExitReason::GdtrIdtr));
  CHECK(m.again({0x66, 0x0F, 0x38, 0x82, 0x07}) == code_of(ExitReason::Invpcid));
  CHECK(m.again({0x0F, 0x01, 0xD1}) == code_of(ExitReason::Xsetbv));
}

// SDM vol. 3, 26.1.3: the mask, IA32_XSS and the bitmap have to meet. Catches exits that ask for less, or
// that come before #UD or the fault of privilege; and an exit behind the exceptions of memory and CR0.TS.
TEST_CASE("XSAVES and XRSTORS exit for supervisor components of the bitmap alone") {
  constexpr u64 kComponent = bit(8);
  for (const u8 modrm : {u8{0x2F}, u8{0x1F}}) {
    const auto reason = modrm == 0x2F ? ExitReason::Xsaves : ExitReason::Xrstors;
    const auto run = [&](u64 mask, u64 supported, u64 bitmap, void (*change)(GuestMachine&)) {
      GuestMachine m;
      m.set(Control::EnableXsaves);
      m.intercept_exception(6), m.intercept_exception(13);
      m[Field::GuestCr4] |= arch::cr4::kOsxsave;
      m[Field::XssExitingBitmap] = bitmap;
      m.cpu().xss = supported;
      m.cpu().gpr[arch::kRax] = mask, m.cpu().gpr[arch::kRdx] = 0;
      m.cpu().gpr[arch::kRdi] = kData;
      for (u64 at = 0; at < 576; at += 8) m.poke<u64>(kData + at, 0);
      m.poke<u64>(kData + 520, bit(63));
      change(m);
      return m.enter({0x0F, 0xC7, modrm});
    };
    const auto as_it_is = [](GuestMachine&) {};
    CHECK(run(kComponent | 3, kComponent, kComponent, as_it_is) == code_of(reason));
    CHECK(run(3, kComponent, kComponent, as_it_is) == code_of(ExitReason::Hlt));
    CHECK(run(kComponent | 3, 0, kComponent, as_it_is) == code_of(ExitReason::Hlt));
    CHECK(run(kComponent | 3, kComponent, ~kComponent, as_it_is) == code_of(ExitReason::Hlt));
    CHECK(run(kComponent, kComponent, kComponent, [](GuestMachine& m) { m.guest_user(); }) == 0);
    CHECK(run(kComponent, kComponent, kComponent,
              [](GuestMachine& m) { m[Field::GuestCr4] &= ~arch::cr4::kOsxsave; }) == 0);
    CHECK(run(kComponent, kComponent, kComponent, [](GuestMachine& m) {
            m[Field::GuestCr0] |= arch::cr0::kTs;
            m.cpu().gpr[arch::kRdi] = 0x8000'0000'0001;
          }) == code_of(reason));
  }
}

// Catches instructions that a guest has though its hypervisor has not enabled them (26.3).
TEST_CASE("RDTSCP, INVPCID, VMFUNC, XSAVES and XRSTORS are undefined unless enabled") {
  struct Undefined {
    Control control;
    std::initializer_list<u8> code;
  };
  for (const Undefined& u : {Undefined{Control::EnableRdtscp, {0x0F, 0x01, 0xF9}},
                             Undefined{Control::EnableInvpcid, {0x66, 0x0F, 0x38, 0x82, 0x07}},
                             Undefined{Control::EnableVmFunctions, {0x0F, 0x01, 0xD4}},
                             Undefined{Control::EnableXsaves, {0x0F, 0xC7, 0x2F}},
                             Undefined{Control::EnableXsaves, {0x0F, 0xC7, 0x1F}}}) {
    for (const bool user : {false, true}) {
      GuestMachine m;
      prepare(m);
      if (user) m.guest_user();
      m.clear(u.control);
      m.set(Control::RdtscExiting);
      m.set(Control::InvlpgExiting);
      m[Field::GuestCr4] |= arch::cr4::kTsd;
      m.intercept_exception(6);
      m.intercept_exception(13);
      CHECK(m.enter(u.code) == 0);
      CHECK(m[Field::ExitInterruptionInfo] == event_word(3, 6));
    }
  }
}

// Catches qualifications that do not tell the operand (28.2.1).
TEST_CASE("INVLPG tells its address, MWAIT whether the monitor is armed") {
  GuestMachine m;
  m.set(Control::InvlpgExiting);
  m.set(Control::MwaitExiting);
  m.cpu().gpr[arch::kRdi] = 0x1234'5678;
  m[Field::GuestEsBase + arch::kGs] = 0x1'0000'0000;
  CHECK(m.enter({0x0F, 0x01, 0x7F, 0x10}) == code_of(ExitReason::Invlpg));
  CHECK(m.qualification() == 0x1234'5688);
  CHECK(m.again({0x65, 0x0F, 0x01, 0x3F}) == code_of(ExitReason::Invlpg));
  CHECK(m.qualification() == 0x1'1234'5678);
  m.cpu().gpr[arch::kRax] = kData;
  m.cpu().gpr[arch::kRcx] = 0;
  CHECK(m.again({0x0F, 0x01, 0xC9}) == code_of(ExitReason::Mwait));
  CHECK(m.qualification() == 0);
  CHECK(m.again({0x0F, 0x01, 0xC8, 0x0F, 0x01, 0xC9}) == code_of(ExitReason::Mwait));  // MONITOR before
  CHECK(m.qualification() == 1);
  CHECK(!m.cpu().monitor_armed);
}

// Catches a displacement that is an address, or the reverse.
TEST_CASE("instructions with a memory operand tell displacement and instruction information") {
  GuestMachine m;
  m.set(Control::DescriptorTableExiting);
  CHECK(m.enter({0x0F, 0x01, 0x97, 0x40, 0xFF, 0xFF, 0xFF}) ==
        code_of(ExitReason::GdtrIdtr));  // LGDT [RDI-C0h]
  CHECK(m.qualification() == ~u64{0xBF});
  CHECK((m[Field::ExitInstructionInfo] >> 28) == 2);
  CHECK(m.again({0x0F, 0x01, 0x05, 0x10, 0, 0, 0}) == code_of(ExitReason::GdtrIdtr));  // SGDT [RIP+10h]
  CHECK(m.qualification() == kGuestCode + 7 + 0x10);
}

// Catches HLT of a guest that leaves it.
TEST_CASE("without HLT exiting the guest halts") {
  GuestMachine m;
  m.clear(Control::HltExiting);
  CHECK(m.enter({0x90}, 1000) == GuestMachine::kNoExit);
  CHECK(m.cpu().activity == cpu::Activity::Halted);
  CHECK(m.cpu().guest != nullptr);
}
