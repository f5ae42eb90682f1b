// XSAVEOPT, XSAVEC, XSAVES, XRSTORS, the compacted format of XRSTOR, XGETBV with ECX = 1, IA32_XSS (SDM vol.
// 1, 13.2 to 13.12; APM vol. 4 says the same).
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/control/msr.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr int kInvalidOpcode = 6, kNotAvailable = 7, kProtection = 13;
constexpr u64 kX87 = 1, kSse = 2, kCompacted = bit(63), kHeader = kData + 512;
constexpr u8 kUntouched = 0xA5;

/// 0F and the opcode, with RSI's memory.
struct Code {
  const char* name;
  u8 opcode, modrm;
};
constexpr Code kXsave{"XSAVE", 0xAE, 0x26}, kXsaveopt{"XSAVEOPT", 0xAE, 0x36}, kXsavec{"XSAVEC", 0xC7, 0x26},
    kXsaves{"XSAVES", 0xC7, 0x2E}, kXrstor{"XRSTOR", 0xAE, 0x2E}, kXrstors{"XRSTORS", 0xC7, 0x1E};

/// Both components enabled and asked for, all in the initial configuration, the area full of kUntouched.
struct Subject : Machine {
  explicit Subject(timing::Profile p = everything()) : Machine(std::move(p)) {
    long_mode();
    cpu().cr4 |= cr4::kOsxsave;
    cpu().xcr0 = 3;
    cpu().gpr[kRsi] = kData;
    cpu().gpr[kRax] = 3, cpu().gpr[kRdx] = 0;
    cpu().x87 = {};
    cpu().x87.control = 0x037F;
    cpu().mxcsr = 0x1F80;
    for (u64 at = 0; at < 640; ++at) poke<u8>(kData + at, kUntouched);
    settle();
  }
  int execute(const Code& what, bool wide = false) {
    cpu().rip = kCode;
    cpu().activity = cpu::Activity::Active;
    return wide ? run({0x48, 0x0F, what.opcode, what.modrm}) : run({0x0F, what.opcode, what.modrm});
  }
  bool untouched(u64 from, u64 to) const {
    for (u64 at = from; at < to; ++at)
      if (peek<u8>(kData + at) != kUntouched) return false;
    return true;
  }
  /// Registers that are in no initial configuration.
  void fill() {
    cpu().x87.st(2) = {u64{1} << 63, 0x3FFF};
    cpu().x87.valid = 4;
    cpu().xmm[9].q[1] = 0x1122'3344;
    cpu().mxcsr = 0x1F81;
  }
};

}  // namespace

// Catches components saved although they are in their initial configuration, and a header that says so or
// lacks what is there.
TEST_CASE("XSAVEOPT, XSAVEC and XSAVES save what is not in its initial configuration") {
  for (const Code& code : {kXsaveopt, kXsavec, kXsaves}) {
    INFO(code.name);
    const bool compacted = code.opcode == 0xC7;
    Subject m;
    if (!compacted) m.poke<u64>(kHeader, 7);
    REQUIRE(m.execute(code) == -1);
    CHECK(m.peek<u64>(kHeader) ==
          (compacted ? 0 : 4));  // what was not asked for stays in the standard format
    CHECK((m.untouched(0, 24) && m.untouched(32, 512)));
    CHECK(m.untouched(24, 32) == compacted);  // MXCSR: the standard format's whatever XSTATE_BV says
    if (compacted) CHECK(m.peek<u64>(kHeader + 8) == (kCompacted | 3));
    CHECK(m.untouched(kHeader - kData + (compacted ? 16 : 8), 640));
  }
}

// Catches each component's bit given or kept back for the wrong reason: one register is enough.
TEST_CASE("what takes a component out of its initial configuration") {
  struct Change {
    u64 component;
    void (*make)(cpu::Cpu&);
  };
  const Change kChanges[] = {{kX87, [](cpu::Cpu& c) { c.x87.control = 0x027F; }},
                             {kX87, [](cpu::Cpu& c) { c.x87.status = 1; }},
                             {kX87, [](cpu::Cpu& c) { c.x87.valid = 0x80; }},
                             {kX87, [](cpu::Cpu& c) { c.x87.reg[7].sign_exponent = 1; }},
                             {kX87, [](cpu::Cpu& c) { c.x87.reg[0].significand = 1; }},
                             {kX87, [](cpu::Cpu& c) { c.x87.opcode = 1; }},
                             {kX87, [](cpu::Cpu& c) { c.x87.instruction = 1; }},
                             {kX87, [](cpu::Cpu& c) { c.x87.data = 1; }},
                             {kSse, [](cpu::Cpu& c) { c.xmm[0].q[0] = 1; }},
                             {kSse, [](cpu::Cpu& c) { c.xmm[15].q[1] = 1; }}};
  for (const Change& change : kChanges) {
    for (const Code& code : {kXsaveopt, kXsavec, kXsaves}) {
      INFO(code.name);
      Subject m;
      m.poke<u64>(kHeader, 0);
      change.make(m.cpu());
      REQUIRE(m.execute(code) == -1);
      CHECK(m.peek<u64>(kHeader) == change.component);
    }
    Subject m;  // XGETBV with ECX = 1
    change.make(m.cpu());
    m.cpu().gpr[kRcx] = 1;
    REQUIRE(m.run({0x0F, 0x01, 0xD0}) == -1);
    CHECK(m.cpu().gpr[kRax] == change.component);
  }
  Subject narrow;  // outside 64-bit mode XMM8 to XMM15 do not count
  narrow.compatibility_mode();
  narrow.cpu().cr4 |= cr4::kOsxsave;
  narrow.cpu().xmm[8].q[0] = 1;
  narrow.settle();
  REQUIRE(narrow.execute(kXsavec) == -1);
  CHECK(narrow.peek<u64>(kHeader) == 0);
}

// Catches an MXCSR that is lost because all XMM registers are 0, or one that makes XSAVEOPT save them
// (13.9, 13.10).
TEST_CASE("MXCSR alone makes SSE state of the compacted format") {
  for (const Code& code : {kXsaveopt, kXsavec, kXsaves}) {
    INFO(code.name);
    const bool compacted = code.opcode == 0xC7;
    Subject m;
    m.poke<u64>(kHeader, 0);
    m.cpu().mxcsr = 0x1F83;
    REQUIRE(m.execute(code) == -1);
    CHECK(m.peek<u32>(kData + 24) == 0x1F83);
    CHECK(m.peek<u64>(kHeader) == (compacted ? kSse : 0));
    CHECK(m.untouched(160, 416) == !compacted);
  }
}

// Catches a component that is not asked for saved or restored, in either operand size.
TEST_CASE("XSAVES and XRSTORS move the components that are asked for") {
  for (const bool wide : {false, true}) {
    for (const u64 mask : {u64{0}, kX87, kSse, kX87 | kSse}) {
      Subject m;
      m.fill();
      REQUIRE(m.execute(kXsaves, wide) == -1);
      CHECK(m.peek<u64>(kHeader) == 3);
      for (const bool present : {true, false}) {
        m.poke<u64>(kHeader, present ? 3 : 0);
        for (u64 at = 16; at < 64; at += 8) m.poke<u64>(kHeader + at, 0);
        m.cpu().x87.st(2) = {7, 7};
        m.cpu().xmm[9].q[1] = 9;
        m.cpu().mxcsr = 0x1F82;
        m.cpu().gpr[kRax] = mask;
        REQUIRE(m.execute(kXrstors, wide) == -1);
        const bool x87 = (mask & kX87) != 0, sse = (mask & kSse) != 0;
        CHECK(m.cpu().x87.st(2).significand == (!x87 ? 7 : present ? u64{1} << 63 : 0));
        CHECK(m.cpu().xmm[9].q[1] == (!sse ? 9 : present ? 0x1122'3344 : 0));
        CHECK(m.cpu().mxcsr == (!sse ? 0x1F82 : present ? 0x1F81 : 0x1F80));
      }
    }
  }
}

// Catches the standard format's MXCSR initialized, or the compacted one's taken from memory where XSTATE_BV
// has no SSE state (13.8).
TEST_CASE("XRSTOR takes both formats") {
  for (const bool compacted : {false, true}) {
    Subject m;
    for (u64 at = 0; at < 64; at += 8) m.poke<u64>(kHeader + at, 0);
    if (compacted) m.poke<u64>(kHeader + 8, kCompacted | 3);
    m.poke<u32>(kData + 24, 0x1F84);
    m.fill();
    REQUIRE(m.execute(kXrstor) == -1);
    CHECK(m.cpu().xmm[9].q[1] == 0);
    CHECK(m.cpu().mxcsr == (compacted ? 0x1F80 : 0x1F84));
    m.poke<u32>(kData + 24, 0xFFFF'FFFF);  // no MXCSR: looked at only where it is loaded
    CHECK(m.execute(kXrstor) == (compacted ? -1 : kProtection));
  }
}

// Catches headers that say what cannot be (13.8.2, 13.12), each taken as it is.
TEST_CASE("headers of the compacted format") {
  struct Header {
    u64 present, compaction, reserved;
    bool xrstor, xrstors;  // accepted
  };
  const Header kHeaders[] = {{3, kCompacted | 3, 0, true, true},
                             {1, kCompacted | 1, 0, true, true},
                             {0, kCompacted, 0, true, true},
                             {3, 0, 0, true, false},
                             {3, 3, 0, false, false},
                             {3, kCompacted | 1, 0, false, false},
                             {3, kCompacted | 7, 0, false, false},
                             {7, kCompacted | 7, 0, false, false},
                             {4, 0, 0, false, false}};
  const auto run = [](const Header& h, const Code& code, u64 reserved_at) {
    Subject m;
    for (u64 at = 0; at < 64; at += 8) m.poke<u64>(kHeader + at, 0);
    m.poke<u32>(kData + 24, 0x1F80);
    m.poke<u64>(kHeader, h.present);
    m.poke<u64>(kHeader + 8, h.compaction);
    if (reserved_at != 0) m.poke<u8>(kHeader + reserved_at, 1);
    return m.execute(code);
  };
  for (const Header& h : kHeaders) {
    CHECK(run(h, kXrstor, 0) == (h.xrstor ? -1 : kProtection));
    CHECK(run(h, kXrstors, 0) == (h.xrstors ? -1 : kProtection));
  }
  for (const u64 at : {u64{16}, u64{24}, u64{63}}) {
    CHECK(run(kHeaders[0], kXrstor, at) == kProtection);
    CHECK(run(kHeaders[0], kXrstors, at) == kProtection);
    CHECK(run({3, 0, 0, true, false}, kXrstor, at) == (at == 16 ? kProtection : -1));
  }
}

// Catches the order of exceptions, and instructions that programs may execute.
TEST_CASE("what XSAVES and XRSTORS refuse") {
  for (const Code& code : {kXsaves, kXrstors, kXsavec, kXsaveopt}) {
    INFO(code.name);
    const bool supervisor = code.modrm == kXsaves.modrm || code.modrm == kXrstors.modrm;
    Subject off;
    off.cpu().cr4 &= ~cr4::kOsxsave;
    off.user();
    CHECK(off.execute(code) == kInvalidOpcode);
    Subject program;
    program.cpu().cr0 |= cr0::kTs;
    program.user();
    CHECK(program.execute(code) == (supervisor ? kProtection : kNotAvailable));
    Subject switched;
    switched.cpu().cr0 |= cr0::kTs;
    switched.cpu().gpr[kRsi] = kData + 8;
    switched.settle();
    CHECK(switched.execute(code) == kNotAvailable);
    Subject aligned;
    aligned.cpu().gpr[kRsi] = kData + 32;
    CHECK(aligned.execute(code) == kProtection);
    timing::Profile without = everything();
    std::erase_if(without.features,
                  [](const std::string& f) { return f == "xsaves" || f == "xsavec" || f == "xsaveopt"; });
    Subject lacking(without);
    CHECK(lacking.execute(code) == kInvalidOpcode);
  }
}

// Catches XSAVES without the components of IA32_XSS, XSAVEC with them, and a register that takes components
// that do not exist.
TEST_CASE("IA32_XSS widens what XSAVES and XRSTORS may ask for") {
  constexpr u64 kComponent = bit(8);
  for (const Code& code : {kXsaves, kXsavec}) {
    Subject m;
    m.cpu().xss = kComponent;
    m.cpu().gpr[kRax] = ~u64{0}, m.cpu().gpr[kRdx] = ~u64{0};
    REQUIRE(m.execute(code) == -1);
    CHECK(m.peek<u64>(kHeader + 8) == (kCompacted | 3 | (code.modrm == kXsaves.modrm ? kComponent : 0)));
  }
  Subject m;
  u64 value = 1;
  CHECK(control::read_msr(m.cpu(), 0xDA0, value));
  CHECK(value == 0);
  CHECK(control::write_msr(m.cpu(), 0xDA0, 0));
  CHECK_FALSE(control::write_msr(m.cpu(), 0xDA0, kComponent));
  timing::Profile without = everything();
  std::erase(without.features, std::string("xsaves"));
  Subject lacking(without);
  CHECK_FALSE(control::read_msr(lacking.cpu(), 0xDA0, value));
}

TEST_CASE("XGETBV with ECX = 1 is a feature") {
  timing::Profile without = everything();
  std::erase(without.features, std::string("xgetbv1"));
  Subject m(without);
  m.cpu().gpr[kRcx] = 1;
  CHECK(m.run({0x0F, 0x01, 0xD0}) == kProtection);
}
