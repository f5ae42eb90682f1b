// Into and out of VMX operation, and the checks that the instructions of VMX share (SDM vol. 3, 24.7, 24.8,
// 31.3).
#include <catch2/catch.hpp>

#include "root_machine.hpp"
#include "sim/vmx/instructions.hpp"

using namespace hvlab;
using namespace hvlab::test;
using decode::Intercept;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;

namespace {

struct Instruction {
  const char* name;
  const Bytes& bytes;
  Intercept intercept;
  decode::Outcome (*handler)(cpu::Cpu&, const decode::Op&);
};
/// All but VMFUNC, which is for guests.
const Instruction kInstructions[] = {
    {"VMXON", kVmxon, Intercept::Vmxon, vmx::vmxon},
    {"VMXOFF", kVmxoff, Intercept::Vmxoff, vmx::vmxoff},
    {"VMCALL", kVmcall, Intercept::Vmcall, vmx::vmcall},
    {"VMLAUNCH", kVmlaunch, Intercept::Vmlaunch, vmx::vmlaunch},
    {"VMRESUME", kVmresume, Intercept::Vmresume, vmx::vmresume},
    {"VMCLEAR", kVmclear, Intercept::Vmclear, vmx::vmclear},
    {"VMPTRLD", kVmptrld, Intercept::Vmptrld, vmx::vmptrld},
    {"VMPTRST", kVmptrst, Intercept::Vmptrst, vmx::vmptrst},
    {"VMREAD", kVmreadRbxRax, Intercept::Vmread, vmx::vmread},
    {"VMWRITE", kVmwriteRaxRbx, Intercept::Vmwrite, vmx::vmwrite},
    {"INVEPT", kInvept, Intercept::Invept, vmx::invept},
    {"INVVPID", kInvvpid, Intercept::Invvpid, vmx::invvpid},
};

template <class Change>
Ended vmxon_after(Change change, timing::Profile profile = intel_everything()) {
  RootMachine m(std::move(profile));
  change(m);
  const Ended ended = m.execute(kVmxon, kVmxonRegion);
  CHECK(m.cpu().vmx_operation == (ended == Ended::Succeed));
  return ended;
}

/// As a handler sees it in a mode that is hard to run in.
template <class Prepare>
void all_undefined(Prepare prepare) {
  for (const Instruction& i : kInstructions) {
    INFO(i.name);
    RootMachine m;
    m.in_root();
    prepare(m);
    CHECK(i.handler(m.cpu(), decode::Op{}) == decode::Outcome::Fault);
    CHECK(m.cpu().fault.vector == arch::Exception::InvalidOpcode);
  }
}

}  // namespace

// Catches an instruction that works before VMXON, or that a fault of another kind comes before.
TEST_CASE("outside VMX operation all but VMXON are undefined, at any privilege") {
  for (const Instruction& i : kInstructions) {
    if (i.intercept == Intercept::Vmxon) continue;
    INFO(i.name);
    RootMachine m;
    CHECK(m.execute(i.bytes, 0) == Ended::Undefined);
    RootMachine user;
    user.user();
    CHECK(user.execute(i.bytes, 0) == Ended::Undefined);
  }
  RootMachine m;
  CHECK(m.execute(kVmfunc) == Ended::Undefined);
}

TEST_CASE("modes in which they do not exist: compatibility, real, virtual-8086") {
  for (const Instruction& i : kInstructions) {
    INFO(i.name);
    RootMachine m;
    m.in_root();
    m.compatibility_mode();
    m.ready();
    CHECK(m.execute(i.bytes, 0) == Ended::Undefined);
  }
  all_undefined([](RootMachine& m) {
    m.cpu().efer = 0;
    m.real_mode();
    m.ready();
  });
  all_undefined([](RootMachine& m) {
    m.cpu().efer = 0;
    m.protected_mode();
    m.cpu().rflags_rest |= arch::flag::kVm;
    m.cpu().cpl = 3;
    m.ready();
    CHECK(m.cpu().mode == cpu::Mode::Virtual8086);
  });
}

TEST_CASE("in VMX root operation they are for privilege 0") {
  for (const Instruction& i : kInstructions) {
    INFO(i.name);
    RootMachine m;
    m.in_root();
    m.user();
    CHECK(m.execute(i.bytes, 0) == Ended::Protection);
  }
}

// Catches a check of privilege or operands before the exit, and an exit in a mode where there is #UD.
TEST_CASE("in a guest they leave it, whatever privilege and operand") {
  for (const Instruction& i : kInstructions)
    for (const bool user : {false, true}) {
      INFO(i.name << (user ? " at CPL 3" : " at CPL 0"));
      RootMachine m;
      m.in_root();
      Asked asked;
      if (user) m.user();
      m.cpu().guest = &asked;
      m.cpu().gpr[arch::kRdi] = 0x7FFF'0000'0000;  // nothing is mapped there
      m.execute(i.bytes);
      CHECK((asked.instructions == std::vector{i.intercept}));
    }
}

TEST_CASE("in a guest: #UD of the mode comes first, but VMCALL leaves from all modes") {
  for (const Instruction& i : kInstructions) {
    INFO(i.name);
    RootMachine m;
    m.in_root();
    Asked asked;
    m.compatibility_mode();
    m.ready();
    m.cpu().guest = &asked;
    const Ended ended = m.execute(i.bytes, 0);
    const bool leaves = i.intercept == Intercept::Vmcall;
    CHECK((ended == Ended::Undefined) == !leaves);
    CHECK(asked.instructions.size() == (leaves ? 1 : 0));
  }
  RootMachine m;
  m.in_root();
  Asked asked;
  m.cpu().efer = 0;
  m.real_mode();
  m.cpu().guest = &asked;
  m.run(kVmcall);
  CHECK((asked.instructions == std::vector{Intercept::Vmcall}));
}

// Without SMX GETSEC is undefined before a hypervisor is asked (SDM vol. 2, GETSEC).
TEST_CASE("GETSEC is undefined, in a guest too") {
  RootMachine m;
  m.in_root();
  CHECK(m.execute({0x0F, 0x37}) == Ended::Undefined);
  Asked asked;
  m.cpu().guest = &asked;
  m.cpu().intercepted = decode::intercept_bit(Intercept::Getsec);
  CHECK(m.execute({0x0F, 0x37}) == Ended::Undefined);
  CHECK(asked.instructions.empty());
}

TEST_CASE("VMXON: enters VMX operation without a current VMCS") {
  RootMachine m;
  m.unit().current = kVmcs;
  m.cpu().monitor_armed = true;
  REQUIRE(m.execute(kVmxon, kVmxonRegion) == Ended::Succeed);
  CHECK(m.cpu().vmx_operation);
  CHECK(m.unit().vmxon_pointer == kVmxonRegion);
  CHECK(m.unit().current == kNone);
  CHECK(!m.cpu().monitor_armed);
}

TEST_CASE("VMXON: in 32-bit protected mode") {
  CHECK(vmxon_after([](RootMachine& m) { m.paged_protected_mode(); }) == Ended::Succeed);
}

TEST_CASE("VMXON: CR4.VMXE, then privilege, fixed bits, IA32_FEATURE_CONTROL") {
  CHECK(vmxon_after([](RootMachine& m) {
          m.cpu().cr4 &= ~cr4::kVmxe;
          m.user();  // #UD before #GP
        }) == Ended::Undefined);
  CHECK(vmxon_after([](RootMachine& m) { m.user(); }) == Ended::Protection);
  CHECK(vmxon_after([](RootMachine& m) { m.cpu().cr0 &= ~cr0::kNe; }) == Ended::Protection);
  CHECK(vmxon_after([](RootMachine& m) {
          m.cpu().efer = 0;
          m.protected_mode();  // CR0.PG is clear
          m.ready();
        }) == Ended::Protection);
  CHECK(vmxon_after([](RootMachine& m) { m.cpu().vmx.cr0_fixed1 &= ~cr0::kMp; }) == Ended::Protection);
  CHECK(vmxon_after([](RootMachine& m) { m.cpu().vmx.cr4_fixed0 |= cr4::kOsxsave; }) == Ended::Protection);
  CHECK(vmxon_after([](RootMachine& m) { m.cpu().vmx.cr4_fixed1 &= ~cr4::kPae; }) == Ended::Protection);
  for (const u64 control : {0, 1, 3, 4, 6})  // not locked, or VMXON outside SMX not enabled
    CHECK(vmxon_after([=](RootMachine& m) { m.cpu().feature_control = control; }) == Ended::Protection);
  CHECK(vmxon_after([](RootMachine& m) { m.cpu().feature_control = 7; }) == Ended::Succeed);
}

// Catches a bit of CR0 or CR4 that MOV takes and VMXON does not, against what the capability MSRs say, and
// one that they forbid and VMXON takes.
TEST_CASE("VMXON: each bit of CR0 and CR4, as the capability MSRs have it") {
  for (const unsigned number : {0u, 4u}) {
    for (unsigned n = 0; n < 64; ++n) {
      RootMachine m;
      cpu::Cpu& c = m.cpu();
      const u64 fixed0 = number == 0 ? c.vmx.cr0_fixed0 : c.vmx.cr4_fixed0;
      const u64 fixed1 = number == 0 ? c.vmx.cr0_fixed1 : c.vmx.cr4_fixed1;
      // Without these there is no 64-bit program; those of supervisor pages stop this one.
      const u64 mode = number == 0 ? cr0::kPe | cr0::kPg : cr4::kPae | cr4::kSmep | cr4::kSmap;
      if ((mode & bit(n)) != 0) continue;
      CAPTURE(number, n);
      u64& reg = number == 0 ? c.cr0 : c.cr4;
      c.gpr[arch::kRax] = reg ^ bit(n);
      c.rip = kCode;
      const Bytes move{0x0F, 0x22, static_cast<u8>(0xC0 | number << 3)};  // MOV CR0/CR4, RAX
      if (m.run(move) != -1) continue;                                    // #GP: MOV does not take it either
      const Ended ended = m.execute(kVmxon, kVmxonRegion);
      if ((reg & fixed0) == fixed0 && (reg & ~fixed1) == 0)
        CHECK(ended == Ended::Succeed);
      else
        CHECK(ended == (number == 4 && n == 13 ? Ended::Undefined : Ended::Protection));
    }
  }
}

// Catches a check of the region's address before the operand's page fault, and one that is left out.
TEST_CASE("VMXON: operand, address, revision identifier") {
  RootMachine m;
  m.cpu().gpr[arch::kRdi] = 0x7FFF'0000'0000;
  CHECK(m.execute(kVmxon) == Ended::PageFault);
  for (const u64 address : {kVmxonRegion + 1, kVmxonRegion + 0x800, kVmxonRegion | bit(40), ~u64{0} << 12}) {
    CHECK(m.execute(kVmxon, address) == Ended::FailInvalid);
    CHECK(!m.cpu().vmx_operation);
  }
  CHECK(m.execute(kVmxon, 0x1000'0000) == Ended::FailInvalid);  // no memory there
  m.poke<u32>(kVmxonRegion, m.cpu().vmx.revision + 1);
  CHECK(m.execute(kVmxon, kVmxonRegion) == Ended::FailInvalid);
  m.poke<u32>(kVmxonRegion, m.cpu().vmx.revision | arch::vmx::kShadowIndicator);
  CHECK(m.execute(kVmxon, kVmxonRegion) == Ended::FailInvalid);
  CHECK(!m.cpu().vmx_operation);
}

TEST_CASE("VMXON in VMX root operation: error 15, or VMfailInvalid without a VMCS; nothing changes") {
  RootMachine m;
  m.in_root();
  m.cpu().feature_control = 0;  // not looked at any more
  CHECK(m.fails(15, kVmxon, kOtherVmcs));
  m.cpu().gpr[arch::kRdi] = 0x7FFF'0000'0000;  // nor is the operand
  CHECK(m.execute(kVmxon) == Ended::FailValid);
  m.in_root(kNone);
  CHECK(m.execute(kVmxon, kOtherVmcs) == Ended::FailInvalid);
  CHECK(m.unit().vmxon_pointer == kVmxonRegion);
}

TEST_CASE("VMXOFF: leaves VMX operation") {
  RootMachine m;
  m.in_root();
  m.cpu().monitor_armed = true;
  REQUIRE(m.execute(kVmxoff) == Ended::Succeed);
  CHECK(!m.cpu().vmx_operation);
  CHECK(!m.cpu().monitor_armed);
  CHECK(m.execute(kVmclear, kVmcs) == Ended::Undefined);
  REQUIRE(m.execute(kVmxon, kVmxonRegion) == Ended::Succeed);
  CHECK(m.unit().current == kNone);
}

TEST_CASE("VMCALL in VMX root operation: error 1") {
  RootMachine m;
  m.in_root();
  CHECK(m.fails(1, kVmcall, 0));
  m.in_root(kNone);
  CHECK(m.execute(kVmcall) == Ended::FailInvalid);
}

TEST_CASE("VMLAUNCH and VMRESUME: current VMCS, shadow, MOV SS, launch state, in this order") {
  const bool launch = GENERATE(true, false);
  const Bytes& bytes = launch ? kVmlaunch : kVmresume;
  RootMachine m;
  m.in_root(kNone);
  CHECK(m.execute(bytes) == Ended::FailInvalid);
  m.in_root();
  m.vmcs().launched = launch ? 1 : 0;
  m.vmcs().revision |= arch::vmx::kShadowIndicator;
  CHECK(m.execute(bytes) == Ended::FailInvalid);
  m.vmcs().revision &= ~arch::vmx::kShadowIndicator;
  CHECK(m.fails(launch ? 4 : 5, bytes, 0));
  m.cpu().mov_ss_shadow = true;
  CHECK(m.fails(26, bytes, 0));
  m.cpu().sti_shadow = true;  // that of STI does not matter
  CHECK(m.fails(launch ? 4 : 5, bytes, 0));
  // A launch state that is neither: software has written to the region.
  m.vmcs().launched = 7;
  CHECK(m.fails(launch ? 4 : 5, bytes, 0));
}

TEST_CASE("a current VMCS that is not in RAM: fails, and nothing is harmed") {
  RootMachine m;
  m.in_root(0x1000'0000);
  for (const Instruction& i : kInstructions) {
    if (i.intercept == Intercept::Vmxoff) continue;
    INFO(i.name);
    m.cpu().gpr[arch::kRax] = 0x4402;
    const Ended ended = m.execute(i.bytes, kVmcs + 1);
    CHECK((ended == Ended::FailValid || ended == Ended::FailInvalid || ended == Ended::Succeed));
  }
}
