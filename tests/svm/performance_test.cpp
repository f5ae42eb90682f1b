// Performance counters (APM vol. 2, 13.2), on the processor itself and with a guest.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "quiet_apic.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;

namespace {

constexpr u64 kUser = bit(16), kSystem = bit(17), kInterrupt = bit(20), kEnable = bit(22),
              kGuestOnly = bit(40), kHostOnly = bit(41);
constexpr u64 kBoth = kUser | kSystem, kInstructions = 0xC0, kCycles = 0x76;
constexpr u32 kLegacy = 0xC001'0000, kCore = 0xC001'0200;

/// An APIC that counts what the counters send.
struct Sink final : QuietApic {
  cpu::Cpu& cpu;
  u64 overflows = 0, at = 0;
  explicit Sink(cpu::Cpu& c) : cpu(c) {}
  void performance_overflow() override { ++overflows, at = cpu.instructions; }
};

u64 access(GuestMachine& m, u32 msr, bool write, u64 value = 0) {
  m.cpu().gpr[arch::kRcx] = msr;
  m.cpu().gpr[arch::kRax] = value & 0xFFFF'FFFF;
  m.cpu().gpr[arch::kRdx] = value >> 32;
  CHECK(m.host({0x0F, static_cast<u8>(write ? 0x30 : 0x32)}) == -1);
  return m.cpu().gpr[arch::kRdx] << 32 | m.cpu().gpr[arch::kRax];
}
void set(GuestMachine& m, u32 msr, u64 value) { access(m, msr, true, value); }
u64 get(GuestMachine& m, u32 msr) { return access(m, msr, false); }

/// What counter 0 with `select` makes of `work`.
template <class Work>
u64 counted(GuestMachine& m, u64 select, Work work) {
  set(m, kCore + 1, 0);
  set(m, kCore, select | kEnable);
  const u64 before = get(m, kCore + 1);
  work();
  return get(m, kCore + 1) - before;
}

}  // namespace

// Catches counts that are off by what a block holds, and counters that run while they are off.
TEST_CASE("retired instructions are counted to the instruction") {
  GuestMachine m;
  // XOR EAX, EAX; MOV ECX, 0; RDPMC; MOV EBX, EAX; 5 * INC ESI; RDPMC; SUB EAX, EBX
  const auto read_twice = [&] {
    m.cpu().gpr[arch::kRcx] = 0;
    CHECK(m.host({0x31, 0xC9, 0x0F, 0x33, 0x89, 0xC3, 0xFF, 0xC6, 0xFF, 0xC6,
                  0xFF, 0xC6, 0xFF, 0xC6, 0xFF, 0xC6, 0x0F, 0x33, 0x29, 0xD8}) == -1);
    return m.cpu().gpr[arch::kRax];
  };
  set(m, kCore, kInstructions | kBoth | kEnable);
  CHECK(read_twice() == 7);
  set(m, kCore, kInstructions | kBoth);
  CHECK(read_twice() == 0);
  set(m, kCore, kCycles | kBoth | kEnable);
  CHECK(read_twice() == 7);  // each takes one in this profile
  set(m, kCore, 0xC4 | kBoth | kEnable);
  CHECK(read_twice() == 0);  // an event that is not modelled
}

// Catches two names of one counter that are two counters, and values wider than 48 bits.
TEST_CASE("four legacy counters are the first of six") {
  GuestMachine m;
  for (u32 n = 0; n < 4; ++n) {
    set(m, kCore + 2 * n, 0x1234 + n);
    set(m, kCore + 2 * n + 1, 0xFFFF'8000'0000'0000 + n);
    CHECK(get(m, kLegacy + n) == 0x1234 + n);
    CHECK(get(m, kLegacy + 4 + n) == u64{0x8000'0000'0000} + n);
  }
  m.cpu().gpr[arch::kRcx] = 5;
  CHECK(m.host({0x0F, 0x33}) == -1);
  m.cpu().gpr[arch::kRcx] = 6;
  CHECK(m.host({0x0F, 0x33}) == 13);
  GuestMachine four(amd_without({"perfctr_core"}));
  four.cpu().gpr[arch::kRcx] = 4;
  CHECK(four.host({0x0F, 0x33}) == 13);
  four.cpu().gpr[arch::kRcx] = kCore;
  CHECK(four.host({0x0F, 0x32}) == 13);
}

// Catches privilege that is not looked at.
TEST_CASE("counters of user and system mode") {
  const auto count = [](u64 mode) {
    GuestMachine m;
    set(m, kCore, kInstructions | mode | kEnable);
    const u64 before = get(m, kCore + 1);
    m.user();
    CHECK(m.host({0x90, 0x90, 0x90}) == 13);  // three, and HLT that faults
    m.cpu().cpl = 0;
    m.long_mode();
    m.cpu().efer |= arch::efer::kSvme;
    return get(m, kCore + 1) - before;
  };
  CHECK(count(kUser) == 3);
  CHECK(count(kBoth) - count(kSystem) == 3);
}

// Catches guests counted for their host, and the other way round.
TEST_CASE("guest-only and host-only counters") {
  const auto count = [](u64 side) {
    GuestMachine m;
    m.guest_code({0x90, 0x90, 0x90, 0x90});
    return counted(m, kInstructions | kBoth | side, [&] { CHECK(m.enter() == code_of(Exit::Hlt)); });
  };
  CHECK(count(kGuestOnly) == 4);
  CHECK(count(0) - count(kHostOnly) == 4);
  CHECK(count(kGuestOnly | kHostOnly) == count(0));
  GuestMachine off;
  off.cpu().efer &= ~arch::efer::kSvme;
  CHECK(counted(off, kInstructions | kBoth | kHostOnly, [] {}) == 0);
}

// Catches halted time that is counted.
TEST_CASE("cycles are counted while not halted") {
  GuestMachine m;
  const u64 busy = counted(m, kCycles | kBoth, [] {});
  const u64 with_idle =
      counted(m, kCycles | kBoth, [&] { m.processor->idle_until(m.processor->cycles() + 5000); });
  CHECK(busy == with_idle);
}

// Catches an overflow that comes late, by as much as a block, or without being asked for, or once only.
TEST_CASE("an overflow interrupts at the exact instruction") {
  for (const u64 event : {kInstructions, kCycles}) {
    for (u64 left = 5; left < 70; left += 13) {
      GuestMachine m;
      Sink sink(m.cpu());
      m.cpu().apic = &sink;
      set(m, kCore + 1, 0 - left);
      set(m, kCore, event | kBoth | kInterrupt | kEnable);
      const u64 from = m.cpu().instructions;
      m.host({0xB9, 0, 1, 0, 0, 0x48, 0xFF, 0xC0, 0x48, 0xFF, 0xC0, 0xE2, 0xF8});  // a loop of three
      CHECK(sink.overflows == 1);
      // WRMSR, which switches it on, and HLT behind it are counted: the counter starts with WRMSR itself.
      CHECK(sink.at - from + 2 == left);
    }
  }
  GuestMachine quiet;
  Sink sink(quiet.cpu());
  quiet.cpu().apic = &sink;
  set(quiet, kCore + 1, 0 - u64{5});
  set(quiet, kCore, kInstructions | kBoth | kEnable);
  quiet.host({0x90, 0x90, 0x90, 0x90, 0x90});
  CHECK(get(quiet, kCore + 1) < 100);
  CHECK(sink.overflows == 0);
}

// Catches counting that changes what is counted.
TEST_CASE("sampling changes no time") {
  u64 cycles[2];
  for (const bool on : {false, true}) {
    GuestMachine m;
    Sink sink(m.cpu());
    m.cpu().apic = &sink;
    set(m, kCore + 1, 0 - u64{37});
    set(m, kCore, kInstructions | kBoth | (on ? kInterrupt | kEnable : 0));
    m.host({0xB9, 0, 1, 0, 0, 0x48, 0xFF, 0xC0, 0x48, 0xFF, 0xC0, 0xE2, 0xF8});
    cycles[on ? 1 : 0] = m.processor->cycles();
  }
  CHECK(cycles[0] == cycles[1]);
}

// Catches a counter mask without effect: an event that happens at most once a cycle never happens twice in
// one.
TEST_CASE("a counter mask of two or more counts nothing") {
  GuestMachine m;
  const auto work = [&] { m.host({0xFF, 0xC6, 0xFF, 0xC6}); };
  for (const u64 event : {kInstructions, kCycles}) {
    CHECK(counted(m, event | kBoth | u64{1} << 24, work) > 0);
    CHECK(counted(m, event | kBoth | u64{2} << 24, work) == 0);
    CHECK(counted(m, event | kBoth | u64{0xFF} << 24, work) == 0);
  }
}

// Catches branches that are not taken left out, instructions between them counted, and blocks that run on
// uncounted.
TEST_CASE("retired branches are counted, taken or not") {
  GuestMachine m;
  const auto count = [&](u64 select, std::initializer_list<u8> program) {
    return counted(m, select, [&] { m.host(program); });
  };
  const u64 branches = 0xC2 | kBoth;
  const u64 none = count(branches, {0x90, 0x90});
  CHECK(none == 0);
  CHECK(count(branches, {0x31, 0xC0, 0x75, 0x00, 0x74, 0x00, 0xEB, 0x00}) == 3);  // xor; jnz; jz; jmp
  CHECK(count(branches, {0xB9, 10, 0, 0, 0, 0xFF, 0xC0, 0xE2, 0xFC}) == 10);      // inc eax; loop
  CHECK(count(branches, {0xE8, 0x01, 0, 0, 0, 0xF4, 0xC3}) == 2);                 // call; ret; hlt
  CHECK(count(branches, {0x0F, 0x0B}) == 1);                                      // an exception's transfer
  CHECK(count(0xC2 | kUser, {0xEB, 0x00}) == 0);
}
