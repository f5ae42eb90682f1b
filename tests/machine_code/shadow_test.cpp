// What holds interrupts off for one instruction, and NMIs until IRET (SDM vol. 3, 6.7.1 and 6.8.3).
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "quiet_apic.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

/// Gives vector 40h and takes its request back.
struct Controller final : QuietApic {
  execute::Processor* processor = nullptr;
  u8 acknowledge() override {
    processor->set_interrupt(false);
    return 0x40;
  }
};

struct Bench {
  Machine m;
  Controller controller;
  explicit Bench(bool interrupts = false, timing::Profile profile = everything()) : m(std::move(profile)) {
    m.long_mode();
    controller.processor = m.processor.get();
    m.cpu().apic = &controller;
    if (interrupts) m.cpu().rflags_rest |= flag::kIf;
    m.settle();
  }
  /// Runs with an interrupt waiting; the offset in the code that it came at, or -1.
  int interrupted_at(std::initializer_list<u8> code) {
    m.processor->set_interrupt(true);
    const int vector = m.run(code);
    return vector == 0x40 ? static_cast<int>(m.peek<u64>(m.cpu().gpr[kRsp]) - kCode) : -1;
  }
};

}  // namespace

// Catches an interrupt between STI and the instruction behind it.
TEST_CASE("STI holds interrupts off for one instruction") {
  CHECK(Bench().interrupted_at({0xFB, 0x90, 0x90}) == 2);
  CHECK(Bench().interrupted_at({0xFB, 0xFA, 0x90}) == -1);  // sti; cli: never
}

// Catches a shadow where interrupts were on already.
TEST_CASE("STI with interrupts on holds nothing off") {
  Bench b(true);
  b.m.processor->set_interrupt(false);
  // The request comes with the port write (FlatBus does not raise it, so it is raised here between two runs).
  b.m.run({0x90});
  b.m.cpu().activity = cpu::Activity::Active;
  b.m.cpu().rip = kCode;
  CHECK(b.interrupted_at({0xFB, 0x90}) == 0);
}

// Catches a shadow that lasts two instructions when STI is repeated.
TEST_CASE("a second STI does not prolong the shadow") {
  CHECK(Bench().interrupted_at({0xFB, 0xFB, 0x90, 0x90}) == 2);
}

// Catches interrupts between MOV SS and the load of the stack pointer.
TEST_CASE("MOV SS and POP SS hold interrupts, NMIs and traps off for one instruction") {
  Bench b;
  b.m.cpu().gpr[kRax] = kData0;
  b.m.cpu().nmi_pending = false;
  b.m.cpu().rflags_rest |= flag::kIf;
  b.m.settle();
  b.m.cpu().mov_ss_shadow = false;
  // mov ss, eax; nop; nop: the interrupt is raised once the first has been executed.
  b.m.processor->nmi();
  CHECK(b.m.run({0x90}) == 2);  // without a shadow the NMI comes at once
  Bench shadowed;
  shadowed.m.cpu().gpr[kRax] = kData0;
  shadowed.m.write(kCode, std::vector<u8>{0x8E, 0xD0, 0x90, 0x90, 0xF4});
  shadowed.m.processor->run(shadowed.m.processor->cycles() + 1);  // MOV SS alone
  REQUIRE(shadowed.m.cpu().rip == kCode + 2);
  shadowed.m.processor->nmi();
  CHECK(shadowed.m.go() == 2);
  CHECK(shadowed.m.peek<u64>(shadowed.m.cpu().gpr[kRsp]) == kCode + 3);
}

// The manual lets a processor hold NMIs off behind STI or not (SDM vol. 2, STI). Catches processors that take
// one there: Intel's refuse to have one injected (27.3.1.5), AMD's have one shadow for STI and MOV SS.
TEST_CASE("STI holds NMIs off for one instruction") {
  for (const bool intel : {true, false}) {
    timing::Profile p = everything();
    if (!intel) p.vendor = "AuthenticAMD";
    Bench b(false, std::move(p));
    b.m.write(kCode, std::vector<u8>{0xFB, 0x90, 0x90, 0xF4});
    b.m.processor->run(b.m.processor->cycles() + 1);  // STI alone
    REQUIRE(b.m.cpu().rip == kCode + 1);
    b.m.processor->nmi();
    CHECK(b.m.go() == 2);
    CHECK(b.m.peek<u64>(b.m.cpu().gpr[kRsp]) == kCode + 2);
  }
}

// Catches NMIs that nest, and blocking that IRET does not end.
TEST_CASE("an NMI waits until the handler's IRET") {
  Bench b;
  b.m.write(kHandlers + 2 * 16, std::vector<u8>{0xFF, 0xC3, 0x90, 0x48, 0xCF});  // inc ebx; nop; iretq
  b.m.write(kCode, std::vector<u8>{0x90, 0x90, 0xF4});
  b.m.processor->nmi();
  b.m.processor->run(b.m.processor->cycles() + 1);  // into the handler: one instruction of it
  REQUIRE(b.m.cpu().gpr[kRbx] == 1);
  b.m.processor->nmi();
  b.m.processor->run(b.m.processor->cycles() + 1);
  CHECK(b.m.cpu().gpr[kRbx] == 1);  // blocked
  CHECK(b.m.go() == -1);
  CHECK(b.m.cpu().gpr[kRbx] == 2);
  CHECK(b.m.cpu().rip == kCode + 3);
}

// Catches HLT that an interrupt does not end, or that returns to itself.
TEST_CASE("HLT ends with an interrupt and returns behind itself") {
  Bench b(true);
  b.m.write(kCode, std::vector<u8>{0xF4, 0x90});
  CHECK(b.m.processor->run(b.m.processor->cycles() + 100) == execute::Stop::Halted);
  CHECK_FALSE(b.m.processor->runnable());
  b.m.processor->set_interrupt(true);
  CHECK(b.m.processor->runnable());
  CHECK(b.m.go() == 0x40);
  CHECK(b.m.peek<u64>(b.m.cpu().gpr[kRsp]) == kCode + 1);
}

// Catches STI; HLT that loses the wake-up.
TEST_CASE("STI; HLT with an interrupt waiting halts and wakes at once") {
  CHECK(Bench().interrupted_at({0xFB, 0xF4, 0x90}) == 2);
}

// Catches interrupts that do not come because a block runs on: a loop without an end must be left.
TEST_CASE("an interrupt in a tight loop is taken") {
  Bench b(true);
  b.m.write(kCode, std::vector<u8>{0xEB, 0xFE});
  CHECK(b.m.processor->run(b.m.processor->cycles() + 1000) == execute::Stop::CycleLimit);
  b.m.processor->set_interrupt(true);
  CHECK(b.m.go() == 0x40);
}

// Catches POPF that does not look at what waits.
TEST_CASE("POPF that sets IF lets the interrupt in before the next instruction") {
  Bench b;
  b.m.cpu().gpr[kRax] = flag::kIf;
  CHECK(b.interrupted_at({0x50, 0x9D, 0x90, 0x90}) == 2);
}

// Catches an NMI that is lost because the one before it, which the processor would have taken at once, has to
// wait for its processor's turn; and more than one kept while NMIs are blocked (SDM vol. 3, 6.7.1).
TEST_CASE("two NMIs that arrive between two turns are two, of more than that two remain") {
  const u8 handler[] = {0xFF, 0xC0, 0x48, 0xCF};  // inc eax; iretq
  for (const unsigned sent : {1u, 2u, 3u}) {
    Bench b;
    b.m.write(kHandlers + 2 * 16, handler);
    for (unsigned n = 0; n < sent; ++n) b.m.processor->nmi();
    CHECK(b.m.run({0x90, 0x90}) == -1);
    CHECK(b.m.cpu().gpr[kRax] == std::min(sent, 2u));
  }
  Bench blocked;
  blocked.m.write(kHandlers + 2 * 16, handler);
  cpu::Cpu& c = blocked.m.cpu();
  c.nmi_blocked = true;
  for (unsigned n = 0; n < 3; ++n) blocked.m.processor->nmi();
  const u64 frame[] = {kCode + 2, kCode64, 2, kStack, kData0};
  c.gpr[kRsp] = kStack - 0x100;
  for (unsigned n = 0; n < 5; ++n) blocked.m.poke<u64>(c.gpr[kRsp] + 8 * n, frame[n]);
  CHECK(blocked.m.run({0x48, 0xCF, 0x90, 0x90}) == -1);
  CHECK(c.gpr[kRax] == 1);
}
