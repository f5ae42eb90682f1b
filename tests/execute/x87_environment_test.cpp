// The x87 environment in memory, layout by layout, and the pointers in it (SDM vol. 1, figures 8-9 to 8-12).
// What it would catch: a field at the wrong offset, an address not made linear in real mode.
#include <catch2/catch.hpp>
#include <cstring>
#include <memory>

#include "sim/decode/decoder.hpp"
#include "sim/execute/wrap.hpp"

using namespace hvlab;
using decode::Outcome;

namespace {

/// A processor without paging whose segments lie flat over one block of memory at offset 0.
struct Machine {
  std::unique_ptr<cpu::Cpu> cpu = std::make_unique<cpu::Cpu>();
  std::unique_ptr<cpu::SoftBank> bank = std::make_unique<cpu::SoftBank>();
  alignas(16) u8 memory[4096] = {};

  explicit Machine(cpu::Mode mode) {
    cpu->mode = mode;
    cpu->cr0 = arch::cr0::kNe | (mode == cpu::Mode::Real ? 0 : arch::cr0::kPe);
    cpu->bank = bank.get();
    cpu::SoftEntry& entry = bank->at(0);
    entry.read_tag = entry.write_tag = 0;
    entry.addend = reinterpret_cast<u64>(memory);
    for (auto& s : cpu->seg)
      s.attributes = arch::attribute::kNonSystem | arch::attribute::kWritable | arch::attribute::kPresent;
    cpu->x87.control = 0x037F;
    cpu->x87.valid = 0xFF;
  }

  Outcome run(std::initializer_list<u8> code) {
    decode::Form form;
    decode::Op op;
    decode::Handlers handlers;
    const u8 bytes = cpu->mode == cpu::Mode::Real ? 2 : 4;
    REQUIRE(decode::decode(code.begin(), code.size(), bytes, bytes, form, op) == decode::Decoded::Ok);
    REQUIRE(decode::find_row(form, op, handlers) != nullptr);
    return handlers.returning(*cpu, op);
  }
  u16 word(unsigned at) const {
    u16 value;
    std::memcpy(&value, memory + at, 2);
    return value;
  }
  u32 dword(unsigned at) const { return word(at) | u32{word(at + 2)} << 16; }
};

/// FLD dword [0x40] at CS:IP = 1234:5678 with DS = 0ABC (its hidden base stays 0), then the environment at
/// 0x80.
void load_something(Machine& machine, std::initializer_list<u8> load) {
  machine.cpu->rip = 0x5678;
  machine.cpu->seg[arch::kCs].selector = 0x1234;
  machine.cpu->seg[arch::kDs].selector = 0x0ABC;
  machine.cpu->x87.valid = 0;
  REQUIRE(machine.run(load) == Outcome::Next);
}

}  // namespace

TEST_CASE("protected-mode environment, 32 bits", "[x87]") {
  Machine machine(cpu::Mode::Protected);
  load_something(machine, {0xD9, 0x05, 0x40, 0, 0, 0});
  REQUIRE(machine.run({0xD9, 0x35, 0x80, 0, 0, 0}) == Outcome::Next);
  CHECK(machine.dword(0x80) == 0xFFFF'037F);
  CHECK(machine.dword(0x84) == 0xFFFF'3800);  // TOP = 7
  CHECK(machine.dword(0x88) == 0xFFFF'7FFF);  // register 7 holds zero, the others are empty
  CHECK(machine.dword(0x8C) == 0x5678);
  CHECK(machine.dword(0x90) == (0x1234 | 0x105u << 16));  // opcode D9 05
  CHECK(machine.dword(0x94) == 0x40);
  CHECK(machine.dword(0x98) == 0xFFFF'0ABC);
}

TEST_CASE("protected-mode environment, 16 bits", "[x87]") {
  Machine machine(cpu::Mode::Protected);
  load_something(machine, {0xD9, 0x05, 0x40, 0, 0, 0});
  REQUIRE(machine.run({0x66, 0xD9, 0x35, 0x80, 0, 0, 0}) == Outcome::Next);
  CHECK(machine.word(0x80) == 0x037F);
  CHECK(machine.word(0x86) == 0x5678);
  CHECK(machine.word(0x88) == 0x1234);
  CHECK(machine.word(0x8A) == 0x40);
  CHECK(machine.word(0x8C) == 0x0ABC);
  CHECK(machine.word(0x8E) == 0);
}

TEST_CASE("real-mode environments hold linear addresses, and load again", "[x87]") {
  Machine machine(cpu::Mode::Real);
  load_something(machine, {0xD9, 0x06, 0x40, 0});
  REQUIRE(machine.run({0xD9, 0x36, 0x80, 0}) == Outcome::Next);
  CHECK(machine.word(0x86) == 0x79B8);            // 12340 + 5678 = 179B8
  CHECK(machine.word(0x88) == (0x1000 | 0x106));  // its high part, and opcode D9 06
  CHECK(machine.word(0x8A) == 0xAC00);            // ABC0 + 40
  CHECK(machine.word(0x8C) == 0);
  REQUIRE(machine.run({0x66, 0xD9, 0x36, 0xC0, 0}) == Outcome::Next);
  CHECK(machine.dword(0xCC) == 0xFFFF'79B8);
  CHECK(machine.dword(0xD0) == (0x1000 | 0x106));
  CHECK(machine.dword(0xD4) == 0xFFFF'AC00);

  REQUIRE(machine.run({0x66, 0xD9, 0x26, 0xC0, 0}) == Outcome::Next);
  CHECK(machine.cpu->x87.instruction == 0x179B8);
  CHECK(machine.cpu->x87.data == 0xAC00);
  CHECK(machine.cpu->x87.opcode == 0x106);
  REQUIRE(machine.run({0xD9, 0x26, 0x80, 0}) == Outcome::Next);
  CHECK(machine.cpu->x87.instruction == 0x179B8);
  CHECK(machine.cpu->x87.valid == 0x80);
}

TEST_CASE("FNSAVE leaves an initialized unit, FRSTOR brings everything back", "[x87]") {
  Machine machine(cpu::Mode::Protected);
  for (unsigned i = 0; i < 8; ++i) machine.cpu->x87.reg[i] = {u64{1} << 63 | i, static_cast<u16>(0x4000 + i)};
  machine.cpu->x87.status = 3 << 11 | 0x4100;
  machine.cpu->x87.valid = 0x5A;
  const cpu::X87 before = machine.cpu->x87;
  REQUIRE(machine.run({0xDD, 0x35, 0x80, 0, 0, 0}) == Outcome::Next);
  CHECK(machine.cpu->x87.control == 0x037F);
  CHECK(machine.cpu->x87.status == 0);
  CHECK(machine.cpu->x87.valid == 0);
  REQUIRE(machine.run({0xDD, 0x25, 0x80, 0, 0, 0}) == Outcome::Next);
  CHECK(machine.cpu->x87.status == before.status);
  CHECK(machine.cpu->x87.valid == before.valid);
  for (unsigned i = 0; i < 8; ++i) CHECK(machine.cpu->x87.reg[i].significand == before.reg[i].significand);
}

TEST_CASE("without CR0.NE a pending exception does not stop the unit", "[x87]") {
  Machine machine(cpu::Mode::Protected);
  machine.cpu->x87.control = 0x037E;
  machine.cpu->x87.status = 0x8081;
  CHECK(machine.run({0x9B}) == Outcome::Fault);
  machine.cpu->cr0 &= ~arch::cr0::kNe;
  CHECK(machine.run({0x9B}) == Outcome::Next);
}
