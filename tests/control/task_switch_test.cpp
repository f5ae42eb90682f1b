// Hardware task switches.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/control/events.hpp"
#include "sim/control/far.hpp"
#include "sim/control/iret.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::Exception;
using decode::Outcome;
namespace flag = arch::flag;

namespace {

constexpr u16 kNewTss = 0x50;
constexpr u64 kNewTssAt = 0xB000;

/// A second task, 32-bit, available.
void make_task(Machine& m) {
  m.poke<u64>(kGdt + kNewTss, 0x67 | kNewTssAt << 16 | u64{0x89} << 40);
  const auto put = [&](unsigned at, u32 value) { m.poke<u32>(kNewTssAt + at, value); };
  put(0x20, 0x4321);     // EIP
  put(0x24, flag::kIf);  // EFLAGS
  put(0x28, 0xAAAA);     // EAX
  put(0x38, 0x6000);     // ESP
  put(0x48, kData0);     // ES
  put(0x4C, kCode32);    // CS
  put(0x50, kData0);     // SS
  put(0x54, kData0);     // DS
}

u8 type_of(const Machine& m, u16 selector) { return m.peek<u8>(kGdt + selector + 5) & 0xF; }

}  // namespace

// Catches registers not saved or loaded, busy flags and CR0.TS wrong after a jump.
TEST_CASE("a jump to a TSS saves the old task and loads the new one") {
  Machine m;
  m.protected_mode();
  make_task(m);
  cpu::Cpu& c = m.cpu();
  c.gpr[arch::kRax] = 0x5555;
  REQUIRE(control::far_jump(c, kNewTss, 0, 4, 0x1'0007) == Outcome::Next);
  CHECK(c.rip == 0x4321);
  CHECK(c.gpr[arch::kRax] == 0xAAAA);
  CHECK(c.gpr[arch::kRsp] == 0x6000);
  CHECK(c.rflag(flag::kIf));
  CHECK(!c.rflag(flag::kNt));
  CHECK((c.cr0 & arch::cr0::kTs) != 0);
  CHECK(c.tr.selector == kNewTss);
  CHECK(m.peek<u32>(kTss + 0x20) == 0x1'0007);
  CHECK(m.peek<u32>(kTss + 0x28) == 0x5555);
  CHECK(m.peek<u16>(kTss + 0x4C) == kCode32);
  CHECK(type_of(m, kTssSelector) == 9);
  CHECK(type_of(m, kNewTss) == 11);
}

// Catches a call without link or NT, and an IRET that does not come back.
TEST_CASE("a call nests, IRET returns to the caller") {
  Machine m;
  m.protected_mode();
  make_task(m);
  cpu::Cpu& c = m.cpu();
  REQUIRE(control::far_call(c, kNewTss, 0, 4, 0x1'0007) == Outcome::Next);
  CHECK(c.rflag(flag::kNt));
  CHECK(m.peek<u16>(kNewTssAt) == kTssSelector);
  CHECK(type_of(m, kTssSelector) == 11);
  CHECK(type_of(m, kNewTss) == 11);
  REQUIRE(control::interrupt_return(c, 4, 0x9999) == Outcome::Next);
  CHECK(c.rip == 0x1'0007);
  CHECK(c.tr.selector == kTssSelector);
  CHECK(type_of(m, kNewTss) == 9);
  CHECK(m.peek<u32>(kNewTssAt + 0x20) == 0x9999);
  CHECK((m.peek<u32>(kNewTssAt + 0x24) & flag::kNt) == 0);
}

// Catches a busy task being entered again.
TEST_CASE("a busy task cannot be called, and nothing changes") {
  Machine m;
  m.protected_mode();
  make_task(m);
  m.poke<u8>(kGdt + kNewTss + 5, 0x8B);
  cpu::Cpu& c = m.cpu();
  CHECK(control::far_call(c, kNewTss, 0, 4, 0) == Outcome::Fault);
  CHECK(c.fault.vector == Exception::GeneralProtection);
  CHECK(c.tr.selector == kTssSelector);
  CHECK(c.rip == kCode);
}

// Catches an exception through a task gate without its error code, or in the old context.
TEST_CASE("a task gate in the IDT switches and pushes the error code on the new stack") {
  Machine m;
  m.protected_mode();
  make_task(m);
  m.poke<u64>(kIdt + 8 * 8, u64{kNewTss} << 16 | u64{0x85} << 40);
  cpu::Cpu& c = m.cpu();
  control::deliver(c, {.vector = 8, .has_error = true, .error = 0});
  CHECK(c.tr.selector == kNewTss);
  CHECK(c.rip == 0x4321);
  CHECK(c.gpr[arch::kRsp] == 0x6000 - 4);
  CHECK(c.rflag(flag::kNt));
}

// Catches a bad segment of the new task reported in the old one.
TEST_CASE("a segment that the new task cannot load faults in the new task") {
  Machine m;
  m.protected_mode();
  make_task(m);
  m.poke<u32>(kNewTssAt + 0x54, 0x80);
  cpu::Cpu& c = m.cpu();
  CHECK(control::far_jump(c, kNewTss, 0, 4, 0) == Outcome::Fault);
  CHECK(c.fault.vector == Exception::InvalidTss);
  CHECK(c.fault.error == 0x80);
  CHECK(c.tr.selector == kNewTss);
  CHECK(c.rip == 0x4321);
}

// Catches the T bit being ignored.
TEST_CASE("the debug trap bit of a TSS raises #DB in the new task") {
  Machine m;
  m.protected_mode();
  make_task(m);
  m.poke<u16>(kNewTssAt + 0x64, 1);
  REQUIRE(control::far_jump(m.cpu(), kNewTss, 0, 4, 0) == Outcome::Next);
  CHECK(m.cpu().pending_debug == arch::dr6::kBt);
}
