// Loading segment registers: the checks of SDM vol. 3, 5.5 and 5.6, and their error codes.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/control/far.hpp"
#include "sim/control/segments.hpp"

using namespace hvlab;
using namespace hvlab::test;
using decode::Outcome;

namespace {

/// The vector that loading raises, or -1; `error` gets the error code.
int load(cpu::Cpu& c, unsigned segment, u16 selector, u32* error = nullptr) {
  if (control::load_segment(c, segment, selector) == Outcome::Next) return -1;
  if (error != nullptr) *error = c.fault.error;
  return static_cast<int>(c.fault.vector);
}

}  // namespace

// Catches a data segment of a higher privilege becoming readable in ring 3.
TEST_CASE("data segments: privilege, presence, limit") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  u32 error = 0;
  CHECK(load(c, arch::kDs, kUserData) == -1);
  CHECK(load(c, arch::kDs, 0x80, &error) == 13);  // beyond the GDT
  CHECK(error == 0x80);
  CHECK(load(c, arch::kDs, kTssSelector, &error) == 13);
  m.poke<u8>(kGdt + (kUserData & ~7) + 5, 0x73);  // not present
  CHECK(load(c, arch::kEs, kUserData, &error) == 11);
  CHECK(error == (kUserData & ~3u));
  m.user();
  CHECK(load(c, arch::kDs, kData0, &error) == 13);
  CHECK(error == kData0);
}

// Catches null selectors being refused in data segments, or accepted in SS.
TEST_CASE("null selectors") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(load(c, arch::kDs, 3) == -1);
  CHECK(!c.seg[arch::kDs].usable());
  CHECK(load(c, arch::kSs, 0) == 13);
  m.long_mode();
  CHECK(load(c, arch::kSs, 0) == -1);  // 64-bit code below ring 3
  m.user();
  CHECK(load(c, arch::kSs, 3) == 13);
}

// Catches SS taking a read-only segment, or one of another level, and #NP instead of #SS.
TEST_CASE("stack segments: writable, of exactly this level, #SS when not present") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(load(c, arch::kSs, kUserData) == 13);
  CHECK(load(c, arch::kSs, kCode32) == 13);
  m.poke<u8>(kGdt + kData0 + 5, 0x91);  // read-only
  CHECK(load(c, arch::kSs, kData0) == 13);
  m.poke<u8>(kGdt + kData0 + 5, 0x13);
  CHECK(load(c, arch::kSs, kData0) == 12);
}

// Catches the accessed bit not being written back.
TEST_CASE("loading sets the accessed bit in the table") {
  Machine m;
  m.protected_mode();
  m.poke<u8>(kGdt + kData0 + 5, 0x92);
  CHECK(load(m.cpu(), arch::kFs, kData0) == -1);
  CHECK(m.peek<u8>(kGdt + kData0 + 5) == 0x93);
}

// SDM vol. 3, 9.9.2: what protected mode has left in a segment register stays until protected mode loads it
// anew; software that goes back to protected mode, and a hypervisor that is entered meanwhile, find CS a code
// segment (27.3.1.2). Catches a CS that is data after a far jump in real mode, and a null segment that stays
// unusable there.
TEST_CASE("loads in real mode change selector and base, and leave the rest of the register") {
  Machine m;
  m.protected_mode(false);
  cpu::Cpu& c = m.cpu();
  REQUIRE(load(c, arch::kDs, 3) == -1);
  const u32 code = c.seg[arch::kCs].attributes, data = c.seg[arch::kEs].attributes;
  c.cr0 &= ~arch::cr0::kPe;
  m.settle();
  REQUIRE(control::far_jump(c, 0x1234, 0x10, 2, 0) == Outcome::Next);
  CHECK((c.seg[arch::kCs].selector == 0x1234 && c.seg[arch::kCs].base == 0x1'2340));
  CHECK(c.seg[arch::kCs].attributes == code);
  CHECK(load(c, arch::kEs, 0x5678) == -1);
  CHECK((c.seg[arch::kEs].base == 0x5'6780 && c.seg[arch::kEs].attributes == data));
  CHECK(c.seg[arch::kEs].limit == 0xFFFF'FFFF);
  CHECK(load(c, arch::kDs, 0x100) == -1);
  CHECK((c.seg[arch::kDs].usable() && c.seg[arch::kDs].attributes == 0x93));
}

// Catches LTR accepting a busy TSS, or not marking it busy.
TEST_CASE("LTR wants an available TSS and makes it busy") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(control::load_tr(c, kTssSelector) == Outcome::Fault);  // the harness' is busy
  m.poke<u8>(kGdt + kTssSelector + 5, 0x89);
  CHECK(control::load_tr(c, kTssSelector) == Outcome::Next);
  CHECK(m.peek<u8>(kGdt + kTssSelector + 5) == 0x8B);
  CHECK(c.tr.base == kTss);
}

// Catches limits and sizes forgotten ("unreal mode") when real mode loads a segment.
TEST_CASE("real mode keeps the limit that protected mode has set") {
  Machine m;
  m.real_mode();
  cpu::Cpu& c = m.cpu();
  c.seg[arch::kDs].limit = 0xFFFF'FFFF;
  CHECK(load(c, arch::kDs, 0x1234) == -1);
  CHECK(c.seg[arch::kDs].base == 0x1'2340);
  CHECK(c.seg[arch::kDs].limit == 0xFFFF'FFFF);
}

// Catches LAR, LSL, VERR, VERW answering wrongly or faulting.
TEST_CASE("LAR, LSL, VERR, VERW answer in ZF") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  c.gpr[arch::kRbx] = kData16;
  m.run({0x0F, 0x02, 0xC3, 0x0F, 0x03, 0xCB});  // lar eax, ebx; lsl ecx, ebx
  CHECK(c.flags.zf());
  CHECK(c.gpr[arch::kRax] == 0x9300);
  CHECK(c.gpr[arch::kRcx] == 0xFFFF);
  c.activity = cpu::Activity::Active;
  c.rip = kCode;
  c.gpr[arch::kRbx] = 0x80;
  m.run({0x0F, 0x02, 0xC3});
  CHECK(!c.flags.zf());
  c.activity = cpu::Activity::Active;
  c.rip = kCode;
  c.gpr[arch::kRbx] = kCode32;
  m.run({0x0F, 0x00, 0xE3, 0x0F, 0x94, 0xC0, 0x0F, 0x00, 0xEB});  // verr bx; setz al; verw bx
  CHECK((c.gpr[arch::kRax] & 0xFF) == 1);
  CHECK(!c.flags.zf());
}

// Catches a null selector that keeps its RPL across a return to user mode, by which software can tell that it
// was interrupted, and a base of FS that goes with it.
TEST_CASE("a return to an outer level leaves null selectors 0, and bases alone") {
  Machine m;
  m.long_mode();
  cpu::Cpu& c = m.cpu();
  for (const unsigned s : {arch::kDs, arch::kFs})
    c.seg[s] = {.base = 0x1'2345'6000, .limit = 0, .attributes = arch::attribute::kUnusable, .selector = 3};
  c.gpr[arch::kRsp] = kStack - 40;
  const u64 frame[] = {kData, kUserCode64, 0x202, kStack - 0x1000, kUserData};
  std::memcpy(m.bus.ram.data() + kStack - 40, frame, sizeof frame);
  m.poke<u16>(kData, 0x0B0F);  // ud2
  CHECK(m.run({0x48, 0xCF}) == 6);
  CHECK(c.seg[arch::kDs].selector == 0);
  CHECK(c.seg[arch::kFs].selector == 0);
  CHECK(c.seg[arch::kFs].base == 0x1'2345'6000);
}

// Catches the base of a register in use, as a hypervisor's host or guest state makes them, that goes at the
// first return to user mode because its DPL is 0, though its selector is null; and one with a selector that
// stays.
TEST_CASE("a return to an outer level leaves the base of a null selector in use, and drops what is inner") {
  Machine m;
  m.long_mode();
  cpu::Cpu& c = m.cpu();
  c.seg[arch::kFs] = {.base = 0x1'2345'6000, .limit = 0xFFFF'FFFF, .attributes = 0xC093, .selector = 0};
  c.seg[arch::kGs] = {.base = 0x1'2345'6000, .limit = 0xFFFF'FFFF, .attributes = 0xC093, .selector = kData0};
  c.gpr[arch::kRsp] = kStack - 40;
  const u64 frame[] = {kData, kUserCode64, 0x202, kStack - 0x1000, kUserData};
  std::memcpy(m.bus.ram.data() + kStack - 40, frame, sizeof frame);
  m.poke<u16>(kData, 0x0B0F);  // ud2
  CHECK(m.run({0x48, 0xCF}) == 6);
  CHECK(c.seg[arch::kFs].base == 0x1'2345'6000);
  CHECK(c.seg[arch::kFs].selector == 0);
  CHECK(c.seg[arch::kGs].selector == 0);
  CHECK_FALSE(c.seg[arch::kGs].usable());
}
