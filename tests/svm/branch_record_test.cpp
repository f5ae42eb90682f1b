// Branch records and single-stepping on branches, on the processor itself (APM vol. 2, 13.1.1) and moved
// between host and guest (15.23).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;

namespace {

constexpr u64 kLbr = 1, kBtf = 2;

struct Record {
  u64 from, to;
  bool operator==(const Record&) const = default;
};
Record branch(GuestMachine& m) { return {m.cpu().last_branch_from, m.cpu().last_branch_to}; }
Record interrupt(GuestMachine& m) { return {m.cpu().last_interrupt_from, m.cpu().last_interrupt_to}; }

}  // namespace

// Catches branches that are not recorded, untaken ones that are, and records made with the switch off.
TEST_CASE("DEBUGCTL.LBR records each transfer of control that is taken") {
  struct Case {
    const char* name;
    std::initializer_list<u8> program;
    u64 from, to;
  };
  const Case list[] = {
      {"jmp", {0x90, 0xEB, 0x01, 0x90}, 1, 4},
      {"jz, taken", {0x31, 0xC0, 0x74, 0x00}, 2, 4},
      {"jnz, not taken", {0xEB, 0x00, 0x31, 0xC0, 0x75, 0x00}, 0, 2},
      {"call", {0xE8, 0x00, 0, 0, 0}, 0, 5},
      {"call, ret", {0xE8, 0x01, 0, 0, 0, 0xF4, 0xC3}, 6, 5},
      {"jmp rax", {0x48, 0x8D, 0x05, 0x02, 0, 0, 0, 0xFF, 0xE0}, 7, 9},
      {"loop", {0xB9, 1, 0, 0, 0, 0xEB, 0x00, 0xE2, 0xFE}, 5, 7},  // falls through
      {"loop, taken", {0xB9, 2, 0, 0, 0, 0xE2, 0xFE}, 5, 5},
      {"rep movsb is no branch", {0xEB, 0x00, 0xB9, 2, 0, 0, 0, 0xF3, 0xA4}, 0, 2},
  };
  for (const Case& c : list) {
    INFO(c.name);
    GuestMachine m;
    m.cpu().gpr[arch::kRsi] = m.cpu().gpr[arch::kRdi] = kData;
    m.host(c.program);
    CHECK(branch(m) == Record{0, 0});
    m.cpu().debug_ctl = kLbr;
    m.cpu().gpr[arch::kRsp] = kStack;
    m.host(c.program);
    CHECK(branch(m) == Record{kCode + c.from, kCode + c.to});
    CHECK(interrupt(m) == Record{0, 0});
  }
}

// Catches an exception that loses the branch before it, or #DB that destroys what a debugger wants to see.
TEST_CASE("exceptions and interrupts keep the branch before them; #DB and INT1 change nothing") {
  GuestMachine m;
  m.cpu().debug_ctl = kLbr;
  CHECK(m.host({0xEB, 0x00, 0x0F, 0x0B}) == 6);  // JMP; UD2
  CHECK(interrupt(m) == Record{kCode, kCode + 2});
  CHECK(branch(m) == Record{kCode + 2, kHandlers + 6 * 16});
  CHECK(m.cpu().debug_ctl == kLbr);
  m.cpu().debug_ctl = kLbr;
  CHECK(m.host({0xEB, 0x00, 0xCD, 0x80}) == 0x80);
  CHECK(interrupt(m) == Record{kCode, kCode + 2});
  CHECK(branch(m) == Record{kCode + 2, kHandlers + 0x80 * 16});
  CHECK(m.host({0xEB, 0x00, 0xF1}) == 1);
  CHECK(branch(m) == Record{kCode, kCode + 2});
  m.cpu().debug_ctl = kLbr;
  m.cpu().rflags_rest |= arch::flag::kTf;
  CHECK(m.host({0xEB, 0x00}) == 1);
  CHECK(branch(m) == Record{kCode, kCode + 2});
  CHECK(m.cpu().debug_ctl == 0);  // recording stops
}

// Catches BTF that traps after every instruction, or after branches not taken.
TEST_CASE("with BTF the trap flag steps over branches") {
  GuestMachine m;
  const auto trapped_at = [&](std::initializer_list<u8> program) {
    m.cpu().debug_ctl = kBtf;
    m.cpu().rflags_rest |= arch::flag::kTf;
    m.cpu().gpr[arch::kRsp] = kStack;
    CHECK(m.host(program) == 1);
    CHECK((m.cpu().debug_ctl & kBtf) == 0);
    return m.peek<u64>(m.cpu().gpr[arch::kRsp]) - kCode;
  };
  CHECK(trapped_at({0x90, 0x31, 0xC0, 0x75, 0x00, 0x90, 0xEB, 0x01, 0x90}) == 9);
  CHECK(trapped_at({0x90, 0xE8, 0x01, 0, 0, 0, 0x90, 0x90}) == 7);
}

// Catches registers that do not show the records, or that can be written.
TEST_CASE("the four records are read by RDMSR, and are read-only") {
  GuestMachine m;
  m.cpu().last_branch_from = 1, m.cpu().last_branch_to = 2;
  m.cpu().last_interrupt_from = 3, m.cpu().last_interrupt_to = 4;
  for (u32 n = 0; n < 4; ++n) {
    m.cpu().gpr[arch::kRcx] = 0x1DB + n;
    CHECK(m.host({0x0F, 0x32}) == -1);
    CHECK(m.cpu().gpr[arch::kRax] == n + 1);
    CHECK(m.host({0x0F, 0x30}) == 13);
  }
}

// Catches records of host and guest mixed up.
TEST_CASE("LBR virtualization gives host and guest records of their own") {
  GuestMachine m;
  m.block.control.lbr_control = 1;
  m.block.save.debug_ctl = kLbr;
  m.block.save.last_interrupt_from = 0x77;
  m.cpu().debug_ctl = kLbr;
  m.guest_code({0xEB, 0x00});
  m.cpu().rip = kCode;
  CHECK(m.host({0xEB, 0x00, 0x0F, 0x01, 0xD8}) == -1);  // JMP; VMRUN
  CHECK(m.block.control.exit_code == code_of(Exit::Hlt));
  CHECK(branch(m) == Record{kCode, kCode + 2});  // VMRUN and #VMEXIT are no branches
  CHECK(m.cpu().debug_ctl == kLbr);
  CHECK(m.block.save.last_branch_from == kGuestCode);
  CHECK(m.block.save.last_branch_to == kGuestCode + 2);
  CHECK(m.block.save.last_interrupt_from == 0x77);
  CHECK(m.block.save.debug_ctl == kLbr);
}

TEST_CASE(
    "LBR virtualization: a guest that records nothing under a host that does, and the other way round") {
  for (const u64 host : {u64{0}, kLbr}) {
    GuestMachine m;
    m.block.control.lbr_control = 1;
    m.block.save.debug_ctl = kLbr - host;
    m.cpu().debug_ctl = host;
    m.cpu().last_branch_from = 0x33;
    CHECK(m.enter({0xEB, 0x00}) == code_of(Exit::Hlt));
    CHECK(m.cpu().debug_ctl == host);
    CHECK(m.cpu().last_branch_from == 0x33);
    CHECK(m.block.save.debug_ctl == kLbr - host);
    CHECK(m.block.save.last_branch_from == (host != 0 ? 0 : kGuestCode));
  }
}

TEST_CASE("without LBR virtualization there is one set of records") {
  for (const bool feature : {true, false}) {
    GuestMachine m(feature ? amd_everything() : amd_without({"lbrv"}));
    m.block.control.lbr_control = feature ? 0 : 1;
    m.block.save.debug_ctl = 0x3E;
    m.block.save.last_branch_from = 0x55;
    m.cpu().debug_ctl = kLbr;
    CHECK(m.enter({0xEB, 0x00}) == code_of(Exit::Hlt));
    CHECK(branch(m) == Record{kGuestCode, kGuestCode + 2});
    CHECK(m.cpu().debug_ctl == kLbr);
    CHECK(m.block.save.last_branch_from == 0x55);
  }
}

// Catches recording that changes what the program does or how long it takes.
TEST_CASE("recording costs the program nothing") {
  u64 cycles[2], instructions[2];
  for (const u64 on : {u64{0}, kLbr}) {
    GuestMachine m;
    m.cpu().debug_ctl = on;
    m.host({0xB9, 0, 1, 0, 0, 0x48, 0xFF, 0xC0, 0xE2, 0xFB});  // MOV ECX, 100h; INC RAX; LOOP
    cycles[on] = m.processor->cycles(), instructions[on] = m.processor->instructions();
  }
  CHECK(cycles[0] == cycles[1]);
  CHECK(instructions[0] == instructions[1]);
}
