// Every x87 instruction against the host's own, on random and special operands, control words and stacks.
// What it would catch: a wrong stack fault, a wrong response to an unmasked exception, a condition bit, a
// rounding.
#include <catch2/catch.hpp>
#include <cmath>

#include "twin.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

const std::string kNone;  // no differences

FxImage::Slot random_extended(Random& random) {
  static constexpr u64 kSignificands[] = {0,
                                          1,
                                          0x8000'0000'0000'0000,
                                          0x8000'0000'0000'0001,
                                          0xC000'0000'0000'0000,
                                          0xFFFF'FFFF'FFFF'FFFF,
                                          0x7FFF'FFFF'FFFF'FFFF,
                                          0xA000'0000'0000'0000,
                                          0xFFFF'FF00'0000'0000,
                                          0xFFFF'FFFF'FFFF'F800};
  static constexpr u16 kExponents[] = {0,      1,      0x7FFF, 0x7FFE, 0x3FFF, 0x3FFE,
                                       0x403E, 0x401E, 0x400E, 0x4000, 0x3F81, 0x3C01};
  FxImage::Slot slot;
  const u16 sign = static_cast<u16>(random.next() & 0x8000);
  switch (random.below(6)) {
    case 0:
      slot.significand = kSignificands[random.below(std::size(kSignificands))];
      slot.sign_exponent = sign | kExponents[random.below(std::size(kExponents))];
      break;
    case 1:
      slot.significand = random.next();
      slot.sign_exponent = sign | kExponents[random.below(std::size(kExponents))];
      break;
    case 2:
      slot.significand = random.next() | u64{1} << 63;
      slot.sign_exponent = static_cast<u16>(random.next());
      break;
    case 3:  // a number that came from a double
      slot.significand = (random.next() | u64{1} << 63) & ~u64{0x7FF};
      slot.sign_exponent = static_cast<u16>(sign | (0x3FFF - 20 + random.below(40)));
      break;
    case 4: {  // a small integer or half
      const u64 n = random.below(1000) + 1;
      const unsigned shift = static_cast<unsigned>(__builtin_clzll(n));
      slot.significand = n << shift;
      slot.sign_exponent = static_cast<u16>(sign | (0x3FFF + 63 - shift - random.below(2)));
      break;
    }
    default:
      slot.significand = random.next() | u64{1} << 63;
      slot.sign_exponent = static_cast<u16>(sign | (0x3FFF - 70 + random.below(140)));
      break;
  }
  return slot;
}

struct Choice {
  bool unmask = false;  // random exception masks, else all masked
  bool comparison =
      false;  // C1 after FCOMI, and what an unmasked exception leaves of the answer, differ by vendor
  bool stack_faults = true;
};

void fill(Registers& r, Random& random, Choice choice) {
  for (auto& st : r.fx.st) st = random_extended(random);
  r.fx.valid = 0xFF;
  const u8 hole = static_cast<u8>(random.next() & random.next());
  r.fx.valid = choice.stack_faults && random.below(3) == 0 ? static_cast<u8>(random.next())
                                                           : static_cast<u8>(~hole | 0x1F);
  static constexpr u16 kPrecision[] = {0x000, 0x200, 0x300, 0x300};
  r.fx.control = static_cast<u16>(0x3F | 0x40 | kPrecision[random.below(4)] | random.below(4) << 10);
  if (choice.unmask) r.fx.control &= static_cast<u16>(~(random.next() & 0x3F));
  r.fx.status = static_cast<u16>(random.next() & 0x4700);
  // The valid bits are of physical registers: turn the stack so that they fall anywhere.
  const unsigned top = static_cast<unsigned>(random.below(8));
  r.fx.status |= static_cast<u16>(top << 11);
  r.fx.valid = static_cast<u8>(r.fx.valid << top | r.fx.valid >> (8 - top));
  for (unsigned i = 0; i < sizeof r.memory; i += 8) {
    const u64 v = random.next();
    std::memcpy(r.memory + i, &v, 8);
  }
  r.status = random.next() & 0x8D5;
}

std::string twin(const Code& code, const Registers& r, Registers& native, Registers& ours) {
  alignas(16) static u8 block[128];
  native = ours = r;
  native.rdi = ours.rdi = reinterpret_cast<u64>(block);
  std::memcpy(block, r.memory, sizeof block);
  run_native(code, native);
  std::memcpy(native.memory, block, sizeof block);
  std::memcpy(block, r.memory, sizeof block);
  run_ours(code, ours);
  std::memcpy(ours.memory, block, sizeof block);
  return "";
}

enum class Memory : u8 { None, Single, Double, Extended, Integer, Decimal };

void check(const std::vector<Code>& list, unsigned rounds, Choice choice = {}, Memory memory = Memory::None) {
  Random random(17);
  for (const Code& code : list) {
    unsigned reported = 0;
    for (unsigned n = 0; n < rounds && reported < 2; ++n) {
      Registers r, native, ours;
      fill(r, random, choice);
      const u64 d = random.double_bits();
      const u32 s = random.single_bits();
      const FxImage::Slot e = random_extended(random);
      u8 digits[10];
      for (u8& b : digits) b = static_cast<u8>(random.below(10) | random.below(10) << 4);
      digits[9] = static_cast<u8>(random.next() & 0x80);
      switch (memory) {
        case Memory::Single: std::memcpy(r.memory, &s, 4); break;
        case Memory::Double: std::memcpy(r.memory, &d, 8); break;
        case Memory::Extended: std::memcpy(r.memory, &e, 10); break;
        case Memory::Decimal: std::memcpy(r.memory, digits, 10); break;
        default: break;
      }
      twin(code, r, native, ours);
      if (choice.comparison) {
        const bool withheld = (ours.fx.status & 0x80) != 0,
                   to_flags = (code[0] & 0xFB) == 0xDB && code[1] >= 0xE8;
        for (Registers* x : {&native, &ours}) {
          if (withheld) x->status = 0;
          x->fx.status &= static_cast<u16>(~(withheld ? 0x4700 : to_flags ? 0x0200 : 0));
        }
      }
      const std::string found = differences(native, ours);
      if (found.empty()) continue;
      ++reported;
      char operands[300];
      std::snprintf(operands, sizeof operands,
                    "fcw %04x fsw %04x valid %02x  st0: %04x %016lx  st1: %04x %016lx  m: %016lx\n",
                    r.fx.control, r.fx.status, r.fx.valid, r.fx.st[0].sign_exponent, r.fx.st[0].significand,
                    r.fx.st[1].sign_exponent, r.fx.st[1].significand,
                    *reinterpret_cast<const u64*>(r.memory));
      FAIL_CHECK(hex(code) << "\n" << operands << found);
    }
  }
}

/// Escape byte and ModRM bytes.
std::vector<Code> codes(u8 escape, std::initializer_list<u8> modrm) {
  std::vector<Code> list;
  for (const u8 m : modrm) list.push_back({escape, m});
  return list;
}

constexpr Choice kMasked{}, kUnmasked{.unmask = true};

/// [RDI] with opcode extension `digit`.
constexpr u8 m(unsigned digit) { return static_cast<u8>(digit << 3 | 7); }

}  // namespace

TEST_CASE("x87 arithmetic does what the host does", "[x87]") {
  for (const Choice c : {kMasked, kUnmasked}) {
    check(codes(0xD8, {0xC0, 0xC1, 0xC9, 0xE1, 0xE9, 0xF1, 0xF9, 0xF8}), 4000, c);
    check(codes(0xDC, {0xC1, 0xC9, 0xE1, 0xE9, 0xF1, 0xF9}), 2000, c);
    check(codes(0xDE, {0xC1, 0xC9, 0xE1, 0xE9, 0xF1, 0xF9}), 2000, c);
    check(codes(0xD8, {m(0), m(1), m(4), m(5), m(6), m(7)}), 2000, c, Memory::Single);
    check(codes(0xDC, {m(0), m(1), m(4), m(5), m(6), m(7)}), 2000, c, Memory::Double);
    check(codes(0xDA, {m(0), m(1), m(4), m(5), m(6), m(7)}), 1000, c, Memory::Integer);
    check(codes(0xDE, {m(0), m(1), m(4), m(5), m(6), m(7)}), 1000, c, Memory::Integer);
  }
}

TEST_CASE("x87 comparisons do what the host does", "[x87]") {
  for (Choice c : {kMasked, kUnmasked}) {
    c.comparison = true;
    check(codes(0xD8, {0xD1, 0xD9, 0xD0}), 3000, c);
    check(codes(0xDD, {0xE1, 0xE9}), 3000, c);
    check({{0xDE, 0xD9}, {0xDA, 0xE9}}, 3000, c);
    check(codes(0xDB, {0xE9, 0xF1}), 3000, c);
    check(codes(0xDF, {0xE9, 0xF1}), 3000, c);
    check(codes(0xD9, {0xE4, 0xE5}), 3000, c);
    check(codes(0xD8, {m(2), m(3)}), 2000, c, Memory::Single);
    check(codes(0xDC, {m(2), m(3)}), 2000, c, Memory::Double);
    check(codes(0xDA, {m(2), m(3)}), 1000, c, Memory::Integer);
    check(codes(0xDE, {m(2), m(3)}), 1000, c, Memory::Integer);
  }
}

TEST_CASE("x87 loads, stores and moves do what the host does", "[x87]") {
  for (const Choice c : {kMasked, kUnmasked}) {
    check(codes(0xD9, {m(0)}), 3000, c, Memory::Single);
    check(codes(0xDD, {m(0)}), 3000, c, Memory::Double);
    check(codes(0xDB, {m(5)}), 3000, c, Memory::Extended);
    check({{0xDF, m(0)}, {0xDB, m(0)}, {0xDF, m(5)}}, 500, c, Memory::Integer);
    check({{0xDF, m(4)}}, 500, c, Memory::Decimal);
    check({{0xD9, m(2)}, {0xD9, m(3)}, {0xDD, m(2)}, {0xDD, m(3)}, {0xDB, m(7)}}, 4000, c);
    check({{0xDF, m(2)}, {0xDF, m(3)}, {0xDB, m(2)}, {0xDB, m(3)}, {0xDF, m(7)}, {0xDF, m(6)}}, 4000, c);
    if (host_has("sse3")) check({{0xDF, m(1)}, {0xDB, m(1)}, {0xDD, m(1)}}, 4000, c);
    check(codes(0xD9, {0xC1, 0xC9, 0xE8, 0xE9, 0xEA, 0xEB, 0xEC, 0xED, 0xEE}), 500, c);
    check(codes(0xDD, {0xD1, 0xD9, 0xD0, 0xD8}), 500, c);
    check(codes(0xDA, {0xC1, 0xC9, 0xD1, 0xD9}), 500, c);
    check(codes(0xDB, {0xC1, 0xC9, 0xD1, 0xD9}), 500, c);
  }
}

TEST_CASE("x87 one-operand instructions do what the host does", "[x87]") {
  for (const Choice c : {kMasked, kUnmasked}) {
    check(codes(0xD9, {0xE0, 0xE1, 0xFA, 0xFC, 0xFD, 0xF4}), 6000, c);
    check(codes(0xD9, {0xF8, 0xF5}), 6000, c);
  }
}

TEST_CASE("x87 control instructions do what the host does", "[x87]") {
  check({{0xDB, 0xE3},
         {0xDB, 0xE2},
         {0xD9, m(7)},
         {0xDD, m(7)},
         {0xDF, 0xE0},
         {0xD9, 0xF7},
         {0xD9, 0xF6},
         {0xD9, 0xD0},
         {0x9B},
         {0xDD, 0xC1},
         {0xDF, 0xC1},
         {0xD9, m(5)},
         {0xDB, 0xE0},
         {0xDB, 0xE1},
         {0xDB, 0xE4}},
        300, kUnmasked);
}

TEST_CASE("x87 environments agree with the host's except the pointers", "[x87]") {
  Random random(23);
  for (unsigned n = 0; n < 500; ++n) {
    for (const Code& code : std::vector<Code>{{0xD9, m(6)},
                                              {0xDD, m(6)},
                                              {0x66, 0xD9, m(6)},
                                              {0x66, 0xDD, m(6)},
                                              {0xD9, m(4)},
                                              {0xDD, m(4)},
                                              {0x66, 0xD9, m(4)},
                                              {0x66, 0xDD, m(4)}}) {
      Registers r, native, ours;
      fill(r, random, kUnmasked);
      twin(code, r, native, ours);
      const bool wide = code[0] != 0x66;
      for (Registers* x : {&native, &ours})
        if ((code.back() >> 3 & 7) == 6) std::memset(x->memory + (wide ? 12 : 6), 0, wide ? 16 : 8);
      INFO(hex(code));
      REQUIRE(differences(native, ours) == kNone);
    }
  }
}

TEST_CASE("x87 transcendentals keep the host's stack and exceptions and stay within one unit of its result",
          "[x87]") {
  Random random(29);
  const auto near = [](const FxImage::Slot& a, const FxImage::Slot& b) {
    const auto order = [](const FxImage::Slot& s) {
      const auto magnitude =
          static_cast<__int128>((s.sign_exponent & 0x7FFF)) << 63 | (s.significand & ~u64{0} >> 1);
      return (s.sign_exponent & 0x8000) ? -magnitude : magnitude;
    };
    const __int128 distance = order(a) - order(b);
    return distance >= -1 && distance <= 1;
  };
  static constexpr u8 kFunctions[] = {0xF0, 0xF1, 0xF2, 0xF3, 0xF9, 0xFB, 0xFE, 0xFF};
  for (const u8 modrm : kFunctions) {
    for (unsigned n = 0; n < 4000; ++n) {
      Registers r, native, ours;
      fill(r, random, n & 1 ? kUnmasked : kMasked);
      // FYL2XP1 is defined down to -(1 - sqrt(1/2)).
      if (modrm == 0xF9 && r.fx.st[0].sign_exponent >= 0xBFFD && r.fx.st[0].sign_exponent != 0xFFFF) continue;
      twin({0xD9, modrm}, r, native, ours);
      char operands[200];
      std::snprintf(operands, sizeof operands,
                    "d9 %02x fcw %04x fsw %04x valid %02x  st0: %04x %016lx  st1: %04x %016lx", modrm,
                    r.fx.control, r.fx.status, r.fx.valid, r.fx.st[0].sign_exponent, r.fx.st[0].significand,
                    r.fx.st[1].sign_exponent, r.fx.st[1].significand);
      INFO(operands);
      for (unsigned i = 0; i < 2; ++i)
        if (near(native.fx.st[i], ours.fx.st[i])) ours.fx.st[i] = native.fx.st[i];
      // Results a unit apart lie on both sides of the smallest normal number: whether that is an underflow
      // differs.
      const auto at_edge = [](const FxImage::Slot& s) { return (s.sign_exponent & 0x7FFF) <= 1; };
      const bool edge = at_edge(native.fx.st[0]) || at_edge(native.fx.st[1]);
      for (Registers* x : {&native, &ours}) x->fx.status &= static_cast<u16>(edge ? ~0x0230 : ~0x0220);
      CHECK(differences(native, ours) == kNone);
    }
  }
}

TEST_CASE("waiting instructions report a pending exception, the others do not", "[x87]") {
  Random random(31);
  const std::vector<Code> list = {{0xD8, 0xC1}, {0xD9, 0xC9}, {0xD9, 0xEE},      {0xDD, m(3)}, {0x9B},
                                  {0xD9, 0xF7}, {0xDD, 0xC1}, {0xD9, m(5)},      {0xD9, m(4)}, {0xDD, m(4)},
                                  {0xDB, 0xE3}, {0xDB, 0xE2}, {0xD9, m(7)},      {0xDD, m(7)}, {0xDF, 0xE0},
                                  {0xD9, 0xD0}, {0x0F, 0x77}, {0x0F, 0xFC, 0xCA}};
  for (const Code& code : list) {
    for (unsigned n = 0; n < 100; ++n) {
      Registers r, native, ours;
      fill(r, random, kUnmasked);
      r.fx.status |= static_cast<u16>(random.next() & 0x3F);
      if (r.fx.status & ~r.fx.control & 0x3F) r.fx.status |= 0x8080;
      twin(code, r, native, ours);
      INFO(hex(code));
      REQUIRE(native.fault == ours.fault);
      if (code[0] != 0x0F) REQUIRE(differences(native, ours) == kNone);
    }
  }
}
