// SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/control/syscall.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::Exception;
using decode::Outcome;
namespace flag = arch::flag;

namespace {

timing::Profile amd() {
  timing::Profile p = everything();
  p.vendor = "AuthenticAMD";
  return p;
}

void enable(cpu::Cpu& c) {
  c.star = u64{0x30} << 48 | u64{0x08} << 32;
  c.lstar = 0x12'0000;
  c.fmask = flag::kIf | flag::kTf;
}

}  // namespace

// Catches a wrong selector, saved register or flag mask.
TEST_CASE("SYSCALL saves RIP and RFLAGS, SYSRET gives them back") {
  Machine m;
  m.long_mode();
  m.user();
  cpu::Cpu& c = m.cpu();
  enable(c);
  c.set_rflags(flag::kIf | flag::kCf);
  REQUIRE(control::system_call(c, 0x4002) == Outcome::Next);
  CHECK(c.cpl == 0);
  CHECK(c.rip == 0x12'0000);
  CHECK(c.gpr[arch::kRcx] == 0x4002);
  CHECK(c.gpr[arch::kR11] == (flag::kIf | flag::kCf | flag::kFixed1));
  CHECK(!c.rflag(flag::kIf));
  CHECK(c.seg[arch::kCs].selector == 0x08);
  CHECK(c.seg[arch::kSs].selector == 0x10);
  REQUIRE(control::system_return(c, 8) == Outcome::Next);
  CHECK(c.cpl == 3);
  CHECK(c.rip == 0x4002);
  CHECK(c.rflag(flag::kIf));
  CHECK(c.seg[arch::kCs].selector == (0x40 | 3));
  CHECK(c.seg[arch::kSs].selector == (0x38 | 3));
  CHECK(c.mode == cpu::Mode::Long);
}

// Catches a missing check, or one made for the wrong maker.
TEST_CASE("SYSRET to a non-canonical address: #GP in ring 0 on Intel, no fault on AMD") {
  for (const bool intel : {true, false}) {
    Machine m(intel ? everything() : amd());
    m.long_mode();
    cpu::Cpu& c = m.cpu();
    enable(c);
    c.gpr[arch::kRcx] = u64{1} << 47;
    CHECK(control::system_return(c, 8) == (intel ? Outcome::Fault : Outcome::Next));
    CHECK(c.cpl == (intel ? 0 : 3));
  }
}

// Catches SYSCALL working while EFER.SCE is off, or from compatibility mode where the maker does not allow
// it.
TEST_CASE("where SYSCALL and SYSENTER exist") {
  for (const bool intel : {true, false}) {
    Machine m(intel ? everything() : amd());
    m.compatibility_mode();
    m.user();
    cpu::Cpu& c = m.cpu();
    enable(c);
    c.cstar = 0x13'0000;
    c.sysenter_cs = kCode64;
    CHECK(control::system_call(c, 0) == (intel ? Outcome::Fault : Outcome::Next));
    if (!intel) CHECK(c.rip == 0x13'0000);
    CHECK(control::system_enter(c) == (intel ? Outcome::Next : Outcome::Fault));
  }
  Machine m;
  m.long_mode();
  m.cpu().efer &= ~arch::efer::kSce;
  CHECK(control::system_call(m.cpu(), 0) == Outcome::Fault);
  CHECK(m.cpu().fault.vector == Exception::InvalidOpcode);
}

// Catches SYSENTER's segments or SYSEXIT's wrong by a slot.
TEST_CASE("SYSENTER and SYSEXIT go by IA32_SYSENTER_CS") {
  Machine m;
  m.protected_mode();
  m.user();
  cpu::Cpu& c = m.cpu();
  c.sysenter_cs = 0x100, c.sysenter_eip = 0x7000, c.sysenter_esp = 0x8000;
  REQUIRE(control::system_enter(c) == Outcome::Next);
  CHECK(c.seg[arch::kCs].selector == 0x100);
  CHECK(c.seg[arch::kSs].selector == 0x108);
  CHECK(c.gpr[arch::kRsp] == 0x8000);
  c.gpr[arch::kRdx] = 0x111, c.gpr[arch::kRcx] = 0x222;
  REQUIRE(control::system_exit(c, 4) == Outcome::Next);
  CHECK(c.cpl == 3);
  CHECK(c.seg[arch::kCs].selector == 0x113);
  CHECK(c.seg[arch::kSs].selector == 0x11B);
  CHECK(c.rip == 0x111);
  CHECK(c.gpr[arch::kRsp] == 0x222);
  c.sysenter_cs = 3;
  CHECK(control::system_enter(c) == Outcome::Fault);
}

// Catches SWAPGS open to ring 3.
TEST_CASE("SWAPGS exchanges GS base and its shadow in ring 0 only") {
  Machine m;
  m.long_mode();
  cpu::Cpu& c = m.cpu();
  c.kernel_gs_base = 0x1111;
  m.run({0x0F, 0x01, 0xF8});
  CHECK(c.seg[arch::kGs].base == 0x1111);
  CHECK(c.kernel_gs_base == 0);
  c.activity = cpu::Activity::Active;
  c.rip = kCode;
  m.user();
  CHECK(m.run({0x0F, 0x01, 0xF8}) == 13);
}
