// Every MMX and SSE instruction against the host's own, on random and special operands. What it would catch:
// a lane mixed up, a flag forgotten, a NaN that propagates wrongly, a memory operand of the wrong size, a row
// that picks the wrong handler.
#include <array>
#include <catch2/catch.hpp>
#include <cmath>

#include "twin.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

const std::string kNone;  // no differences

/// What an instruction's operands look like, so that the random ones are interesting.
enum class Data : u8 { Integer, Single, Double };

struct Instruction {
  const char* feature;
  Data data;
  Code opcode;                       // prefixes and opcode, without ModRM
  std::initializer_list<int> forms;  // 0: reg, reg; 1: reg, memory (or memory, reg)
  bool immediate = false;
  bool rexw = false;
};

void fill(Registers& r, Data data, Random& random) {
  const auto value = [&]() -> u64 {
    switch (data) {
      case Data::Single: return random.single_bits() | u64{random.single_bits()} << 32;
      case Data::Double: return random.double_bits();
      default: return random.below(4) ? random.next() : random.next() & random.next() & random.next();
    }
  };
  for (auto& x : r.fx.xmm) x[0] = value(), x[1] = value();
  if (random.below(8) == 0) std::memcpy(r.fx.xmm[2], r.fx.xmm[1], 16);
  for (auto& st : r.fx.st) st = {value(), 0xFFFF};
  r.fx.valid = 0xFF;
  for (unsigned i = 0; i < sizeof r.memory; i += 8) {
    const u64 v = value();
    std::memcpy(r.memory + i, &v, 8);
  }
  r.rax = value();
  r.rcx = value();
  r.rdx = value();
  r.status = random.next() & 0x8D5;
}

u32 random_mxcsr(Random& random) {
  if (random.below(3) == 0)
    return 0x1FA0 | static_cast<u32>(random.next() & 0x1F);  // as programs mostly have it
  u32 mxcsr = 0x1F80 | static_cast<u32>(random.below(4) << 13);
  if (random.below(4) == 0) mxcsr |= 0x40;
  if (random.below(4) == 0) mxcsr |= 0x8000;
  return mxcsr;
}

/// Runs both; `native` and `ours` start from `r`, whose RDI is aimed at one memory block both use in turn.
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
  return differences(native, ours);
}

/// `opcode` with a ModRM of register operands 1 and 2, or register 1 and [RDI], and an immediate.
Code encode(const Instruction& i, int form, u8 imm) {
  Code code = i.opcode;
  if (i.rexw) {
    size_t at = 0;
    while (code[at] == 0x66 || code[at] == 0xF2 || code[at] == 0xF3) ++at;
    code.insert(code.begin() + static_cast<long>(at), 0x48);
  }
  code.push_back(form == 1 ? 0x0F : 0xCA);  // reg 1; rm [rdi] or register 2
  if (i.immediate) code.push_back(imm);
  return code;
}

/// Which one a dot product gives of several NaNs is as its additions are ordered, and no manual says how:
/// makers differ. Lanes of `ours` that are another NaN become the host's.
template <class Word>
void take_nans(const Registers& native, Registers& ours, bool (*is_nan)(Word)) {
  for (unsigned i = 0; i < 16; ++i) {
    Word a[16 / sizeof(Word)], b[16 / sizeof(Word)];
    std::memcpy(a, native.fx.xmm[i], 16);
    std::memcpy(b, ours.fx.xmm[i], 16);
    for (unsigned lane = 0; lane < std::size(a); ++lane)
      if (is_nan(a[lane]) && is_nan(b[lane])) b[lane] = a[lane];
    std::memcpy(ours.fx.xmm[i], b, 16);
  }
}

std::string without_nans_of_dot_products(const Instruction& i, const Registers& native, Registers& ours) {
  const u8 last = i.opcode.back();
  const bool dot = i.opcode.size() == 4 && i.opcode[2] == 0x3A && (last == 0x40 || last == 0x41);
  if (dot && last == 0x40)
    take_nans<u32>(native, ours, [](u32 v) { return (v & 0x7FFF'FFFF) > 0x7F80'0000; });
  if (dot && last == 0x41)
    take_nans<u64>(native, ours, [](u64 v) { return (v & ~(u64{1} << 63)) > 0x7FF0'0000'0000'0000; });
  return differences(native, ours);
}

void check(const std::vector<Instruction>& list, unsigned rounds, u32 unmask = 0) {
  Random random(7);
  for (const Instruction& i : list) {
    if (!host_has(i.feature)) continue;
    unsigned reported = 0;
    for (unsigned n = 0; n < rounds && reported < 2; ++n) {
      for (const int form : i.forms) {
        Registers r, native, ours;
        fill(r, i.data, random);
        r.fx.mxcsr = random_mxcsr(random);
        if (unmask) r.fx.mxcsr &= ~(static_cast<u32>(random.next()) & unmask);
        const Code code = encode(i, form, static_cast<u8>(random.next()));
        twin(code, r, native, ours);
        const std::string found = without_nans_of_dot_products(i, native, ours);
        if (found.empty()) continue;
        ++reported;
        char operands[200];
        std::snprintf(operands, sizeof operands,
                      "mxcsr %04x  1: %016lx %016lx  2: %016lx %016lx  m: %016lx\n", r.fx.mxcsr,
                      r.fx.xmm[1][1], r.fx.xmm[1][0], r.fx.xmm[2][1], r.fx.xmm[2][0],
                      *reinterpret_cast<const u64*>(r.memory));
        FAIL_CHECK(hex(code) << "\n" << operands << found);
      }
    }
  }
}

/// Opcodes `0F op` for each `op`, with `prefix` (0: none).
std::vector<Instruction> group(const char* feature, Data data, u8 prefix, std::initializer_list<u8> map,
                               std::initializer_list<u8> ops, std::initializer_list<int> forms,
                               bool imm = false, bool rexw = false) {
  std::vector<Instruction> list;
  for (const u8 op : ops) {
    Code code;
    if (prefix) code.push_back(prefix);
    code.insert(code.end(), map);
    code.push_back(op);
    list.push_back({feature, data, code, forms, imm, rexw});
  }
  return list;
}

constexpr auto kMap0F = {u8{0x0F}};
constexpr auto kMap38 = {u8{0x0F}, u8{0x38}};
constexpr auto kMap3A = {u8{0x0F}, u8{0x3A}};
constexpr auto kBoth = {0, 1};
constexpr auto kRegister = {0};
constexpr auto kMemory = {1};

constexpr auto kPacked = {u8{0x60}, u8{0x61}, u8{0x62}, u8{0x63}, u8{0x64}, u8{0x65}, u8{0x66}, u8{0x67},
                          u8{0x68}, u8{0x69}, u8{0x6A}, u8{0x6B}, u8{0x74}, u8{0x75}, u8{0x76}, u8{0xD1},
                          u8{0xD2}, u8{0xD3}, u8{0xD4}, u8{0xD5}, u8{0xD8}, u8{0xD9}, u8{0xDA}, u8{0xDB},
                          u8{0xDC}, u8{0xDD}, u8{0xDE}, u8{0xDF}, u8{0xE0}, u8{0xE1}, u8{0xE2}, u8{0xE3},
                          u8{0xE4}, u8{0xE5}, u8{0xE8}, u8{0xE9}, u8{0xEA}, u8{0xEB}, u8{0xEC}, u8{0xED},
                          u8{0xEE}, u8{0xEF}, u8{0xF1}, u8{0xF2}, u8{0xF3}, u8{0xF4}, u8{0xF5}, u8{0xF6},
                          u8{0xF8}, u8{0xF9}, u8{0xFA}, u8{0xFB}, u8{0xFC}, u8{0xFD}, u8{0xFE}};

}  // namespace

TEST_CASE("packed integers do what the host does", "[vector]") {
  check(group("sse2", Data::Integer, 0x66, kMap0F, kPacked, kBoth), 300);
  check(group("sse2", Data::Integer, 0x66, kMap0F, {0x6C, 0x6D}, kBoth), 100);
  check(group("sse2", Data::Integer, 0, kMap0F, kPacked, kBoth), 300);
}

TEST_CASE("shift counts beyond the element", "[vector]") {
  Random random(3);
  for (const u8 prefix : {u8{0}, u8{0x66}}) {
    for (const u8 op : {u8{0x71}, u8{0x72}, u8{0x73}}) {
      for (const u8 digit : {u8{2}, u8{3}, u8{4}, u8{6}, u8{7}}) {
        if ((digit & 1) && (op != 0x73 || prefix == 0)) continue;
        if (digit == 4 && op == 0x73) continue;
        for (unsigned count = 0; count < 256; ++count) {
          Registers r, native, ours;
          fill(r, Data::Integer, random);
          Code code;
          if (prefix) code.push_back(prefix);
          code.insert(code.end(), {0x0F, op, static_cast<u8>(0xC1 | digit << 3), static_cast<u8>(count)});
          const std::string found = twin(code, r, native, ours);
          INFO(hex(code));
          REQUIRE(found == kNone);
        }
      }
    }
  }
  // Counts from a register: small ones, the element's size, more than 32 bits.
  for (const u8 op : {u8{0xD1}, u8{0xD2}, u8{0xD3}, u8{0xE1}, u8{0xE2}, u8{0xF1}, u8{0xF2}, u8{0xF3}}) {
    for (const u64 count :
         {u64{0}, u64{1}, u64{15}, u64{16}, u64{31}, u64{32}, u64{63}, u64{64}, u64{1} << 32}) {
      for (const bool xmm : {false, true}) {
        Registers r, native, ours;
        fill(r, Data::Integer, random);
        r.fx.xmm[2][0] = r.fx.st[2].significand = count;
        Code code = {0x0F, op, 0xCA};
        if (xmm) code.insert(code.begin(), 0x66);
        INFO(hex(code));
        REQUIRE(twin(code, r, native, ours) == kNone);
      }
    }
  }
}

TEST_CASE("moves and shuffles do what the host does", "[vector]") {
  check(group("sse", Data::Integer, 0, kMap0F,
              {0x10, 0x11, 0x14, 0x15, 0x28, 0x29, 0x54, 0x55, 0x56, 0x57, 0x6F, 0x7F}, kBoth),
        50);
  check(group("sse2", Data::Integer, 0x66, kMap0F,
              {0x10, 0x11, 0x14, 0x15, 0x28, 0x29, 0x54, 0x55, 0x56, 0x57, 0x6F, 0x7F, 0xD6}, kBoth),
        50);
  check(group("sse2", Data::Integer, 0xF3, kMap0F, {0x10, 0x11, 0x6F, 0x7F, 0x7E}, kBoth), 50);
  check(group("sse2", Data::Integer, 0xF2, kMap0F, {0x10, 0x11}, kBoth), 50);
  check(group("sse", Data::Integer, 0, kMap0F, {0x12, 0x16, 0x6E, 0x7E}, kBoth), 50);
  check(group("sse", Data::Integer, 0, kMap0F, {0x13, 0x17, 0x2B, 0xC3, 0xE7}, kMemory), 50);
  check(group("sse2", Data::Integer, 0x66, kMap0F, {0x12, 0x13, 0x16, 0x17, 0x2B, 0xE7}, kMemory), 50);
  check(group("sse2", Data::Integer, 0x66, kMap0F, {0x6E, 0x7E}, kBoth), 50);
  check(group("sse2", Data::Integer, 0x66, kMap0F, {0x6E, 0x7E}, kBoth, false, true), 50);
  check(group("sse2", Data::Integer, 0, kMap0F, {0x6E, 0x7E}, kBoth, false, true), 50);
  check(group("sse2", Data::Integer, 0, kMap0F, {0xC3}, kMemory, false, true), 50);
  check(group("sse3", Data::Integer, 0xF3, kMap0F, {0x12, 0x16}, kBoth), 50);
  check(group("sse3", Data::Integer, 0xF2, kMap0F, {0x12}, kBoth), 50);
  check(group("sse3", Data::Integer, 0xF2, kMap0F, {0xF0}, kMemory), 50);
  check(group("sse", Data::Integer, 0, kMap0F, {0x50, 0xD7}, kRegister), 50);
  check(group("sse2", Data::Integer, 0x66, kMap0F, {0x50, 0xD7}, kRegister), 50);
  check(group("sse2", Data::Integer, 0xF2, kMap0F, {0xD6}, kRegister), 50);
  check(group("sse2", Data::Integer, 0xF3, kMap0F, {0xD6}, kRegister), 50);
  check(group("sse2", Data::Integer, 0, kMap0F, {0xF7}, kRegister), 200);
  check(group("sse2", Data::Integer, 0x66, kMap0F, {0xF7}, kRegister), 200);
  check(group("sse", Data::Integer, 0, kMap0F, {0x70, 0xC6, 0xC4}, kBoth, true), 600);
  check(group("sse", Data::Integer, 0, kMap0F, {0xC5}, kRegister, true), 100);
  check(group("sse2", Data::Integer, 0x66, kMap0F, {0x70, 0xC6, 0xC4}, kBoth, true), 600);
  check(group("sse2", Data::Integer, 0x66, kMap0F, {0xC5}, kRegister, true), 100);
  check(group("sse2", Data::Integer, 0xF3, kMap0F, {0x70}, kBoth, true), 600);
  check(group("sse2", Data::Integer, 0xF2, kMap0F, {0x70}, kBoth, true), 600);
  Random random(5);
  Registers r, native, ours;
  fill(r, Data::Integer, random);
  REQUIRE(twin({0x0F, 0x77}, r, native, ours) == kNone);  // EMMS
}

TEST_CASE("SSSE3 and SSE4 integers do what the host does", "[vector]") {
  static constexpr auto kSsse3 = {u8{0}, u8{1}, u8{2},  u8{3},  u8{4},    u8{5},    u8{6},   u8{7},
                                  u8{8}, u8{9}, u8{10}, u8{11}, u8{0x1C}, u8{0x1D}, u8{0x1E}};
  check(group("ssse3", Data::Integer, 0x66, kMap38, kSsse3, kBoth), 300);
  check(group("ssse3", Data::Integer, 0, kMap38, kSsse3, kBoth), 300);
  check(group("ssse3", Data::Integer, 0x66, kMap3A, {0x0F}, kBoth, true), 600);
  check(group("ssse3", Data::Integer, 0, kMap3A, {0x0F}, kBoth, true), 600);
  check(group("sse4.1", Data::Integer, 0x66, kMap38,
              {0x10, 0x14, 0x15, 0x17, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x28, 0x29, 0x2B, 0x30, 0x31,
               0x32, 0x33, 0x34, 0x35, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x40, 0x41},
              kBoth),
        200);
  check(group("sse4.1", Data::Integer, 0x66, kMap38, {0x2A}, kMemory), 50);
  check(group("sse4.2", Data::Integer, 0x66, kMap38, {0x37}, kBoth), 200);
  check(group("sse4.1", Data::Integer, 0x66, kMap3A,
              {0x0C, 0x0D, 0x0E, 0x14, 0x15, 0x16, 0x17, 0x20, 0x21, 0x22, 0x42}, kBoth, true),
        600);
  check(group("sse4.1", Data::Integer, 0x66, kMap3A, {0x14, 0x15, 0x16, 0x17, 0x20, 0x22}, kBoth, true, true),
        300);
}

TEST_CASE("floating point does what the host does", "[vector]") {
  static constexpr auto kOps = {u8{0x51}, u8{0x58}, u8{0x59}, u8{0x5C}, u8{0x5D}, u8{0x5E}, u8{0x5F}};
  check(group("sse", Data::Single, 0, kMap0F, kOps, kBoth), 3000);
  check(group("sse", Data::Single, 0xF3, kMap0F, kOps, kBoth), 3000);
  check(group("sse2", Data::Double, 0x66, kMap0F, kOps, kBoth), 3000);
  check(group("sse2", Data::Double, 0xF2, kMap0F, kOps, kBoth), 3000);
  check(group("sse3", Data::Double, 0x66, kMap0F, {0x7C, 0x7D, 0xD0}, kBoth), 2000);
  check(group("sse3", Data::Single, 0xF2, kMap0F, {0x7C, 0x7D, 0xD0}, kBoth), 2000);
  check(group("sse", Data::Single, 0, kMap0F, {0x2E, 0x2F}, kBoth), 2000);
  check(group("sse2", Data::Double, 0x66, kMap0F, {0x2E, 0x2F}, kBoth), 2000);
  check(group("sse", Data::Single, 0, kMap0F, {0xC2}, kBoth, true), 2000);
  check(group("sse", Data::Single, 0xF3, kMap0F, {0xC2}, kBoth, true), 2000);
  check(group("sse2", Data::Double, 0x66, kMap0F, {0xC2}, kBoth, true), 2000);
  check(group("sse2", Data::Double, 0xF2, kMap0F, {0xC2}, kBoth, true), 2000);
  check(group("sse4.1", Data::Single, 0x66, kMap3A, {0x08, 0x0A, 0x40}, kBoth, true), 4000);
  check(group("sse4.1", Data::Double, 0x66, kMap3A, {0x09, 0x0B, 0x41}, kBoth, true), 4000);
}

TEST_CASE("conversions do what the host does", "[vector]") {
  check(group("sse", Data::Integer, 0, kMap0F, {0x2A, 0x5B}, kBoth), 500);
  check(group("sse", Data::Single, 0, kMap0F, {0x2C, 0x2D, 0x5A}, kBoth), 2000);
  for (const bool wide : {false, true}) {
    check(group("sse", Data::Integer, 0xF3, kMap0F, {0x2A}, kBoth, false, wide), 500);
    check(group("sse2", Data::Integer, 0xF2, kMap0F, {0x2A}, kBoth, false, wide), 500);
    check(group("sse", Data::Single, 0xF3, kMap0F, {0x2C, 0x2D}, kBoth, false, wide), 2000);
    check(group("sse2", Data::Double, 0xF2, kMap0F, {0x2C, 0x2D}, kBoth, false, wide), 2000);
  }
  check(group("sse2", Data::Integer, 0x66, kMap0F, {0x2A}, kBoth), 500);
  check(group("sse2", Data::Double, 0x66, kMap0F, {0x2C, 0x2D, 0x5A, 0xE6}, kBoth), 2000);
  check(group("sse2", Data::Double, 0xF2, kMap0F, {0x5A, 0xE6}, kBoth), 2000);
  check(group("sse2", Data::Single, 0xF3, kMap0F, {0x5A, 0x5B}, kBoth), 2000);
  check(group("sse2", Data::Single, 0x66, kMap0F, {0x5B}, kBoth), 2000);
  check(group("sse2", Data::Integer, 0xF3, kMap0F, {0xE6}, kBoth), 500);
}

TEST_CASE("unmasked exceptions leave the destination and set the flags the host sets", "[vector]") {
  constexpr u32 kBefore = 0x380, kAll = 0x1F80;
  static constexpr auto kOps = {u8{0x51}, u8{0x58}, u8{0x59}, u8{0x5C}, u8{0x5D}, u8{0x5E}, u8{0x5F}};
  for (const u32 unmask : {kBefore, kAll}) {
    check(group("sse", Data::Single, 0, kMap0F, kOps, kBoth), 1500, unmask);
    check(group("sse", Data::Single, 0xF3, kMap0F, kOps, kBoth), 1500, unmask);
    check(group("sse2", Data::Double, 0x66, kMap0F, kOps, kBoth), 1500, unmask);
    check(group("sse2", Data::Double, 0xF2, kMap0F, kOps, kBoth), 1500, unmask);
    check(group("sse", Data::Single, 0, kMap0F, {0x2C, 0x2D, 0x2E, 0x2F, 0x5A, 0x5B}, kBoth), 1500, unmask);
    check(group("sse2", Data::Double, 0x66, kMap0F, {0x2C, 0x2D, 0x2E, 0x2F, 0x5A, 0x7C, 0xD0, 0xE6}, kBoth),
          1500, unmask);
    check(group("sse2", Data::Double, 0xF2, kMap0F, {0x2C, 0x2D, 0x5A, 0xE6}, kBoth), 1500, unmask);
  }
  check(group("sse4.1", Data::Single, 0x66, kMap3A, {0x08, 0x0A}, kBoth, true), 1500, kAll);
  check(group("sse4.1", Data::Double, 0x66, kMap3A, {0x09, 0x0B}, kBoth, true), 1500, kAll);
}

TEST_CASE("string comparison does what the host does", "[vector]") {
  if (!host_has("sse4.2")) return;
  Random random(11);
  for (const u8 op : {u8{0x60}, u8{0x61}, u8{0x62}, u8{0x63}}) {
    for (unsigned imm = 0; imm < 128; ++imm) {
      for (unsigned n = 0; n < 60; ++n) {
        Registers r, native, ours;
        fill(r, Data::Integer, random);
        // A small alphabet and zeros, so that matches and ends of strings happen.
        for (auto* bytes : {reinterpret_cast<u8*>(r.fx.xmm[1]), reinterpret_cast<u8*>(r.fx.xmm[2]), r.memory})
          for (unsigned i = 0; i < 16; ++i)
            bytes[i] = (imm & 1) && (i & 1) ? static_cast<u8>(random.below(40) == 0 ? 0x80 : 0)
                                            : static_cast<u8>(random.below(12) ? 'a' + random.below(3)
                                                                               : random.below(2) * 0xF0);
        r.rax = random.below(2) ? random.below(40) - 20 : random.next();
        r.rdx = random.below(2) ? random.below(40) - 20 : random.next();
        Code code = {0x66, 0x0F, 0x3A, op, static_cast<u8>(n & 1 ? 0x0F : 0xCA), static_cast<u8>(imm)};
        if (n & 2) code.insert(code.begin() + 1, 0x48);
        INFO(hex(code));
        REQUIRE(twin(code, r, native, ours) == kNone);
      }
    }
  }
}

TEST_CASE("16-byte memory operands must be aligned, except those of the unaligned moves", "[vector]") {
  alignas(16) static u8 block[64];
  const auto faults = [&](const Code& code) {
    Registers r;
    r.rdi = reinterpret_cast<u64>(block) + 4;
    run_ours(code, r);
    return r.fault;
  };
  CHECK(faults({0x0F, 0x28, 0x0F}));                       // MOVAPS
  CHECK(faults({0x66, 0x0F, 0x7F, 0x0F}));                 // MOVDQA, store
  CHECK(faults({0x0F, 0x58, 0x0F}));                       // ADDPS
  CHECK(faults({0x66, 0x0F, 0xEF, 0x0F}));                 // PXOR
  CHECK(faults({0x66, 0x0F, 0x38, 0x2A, 0x0F}));           // MOVNTDQA
  CHECK_FALSE(faults({0x0F, 0x10, 0x0F}));                 // MOVUPS
  CHECK_FALSE(faults({0xF3, 0x0F, 0x7F, 0x0F}));           // MOVDQU, store
  CHECK_FALSE(faults({0xF2, 0x0F, 0xF0, 0x0F}));           // LDDQU
  CHECK_FALSE(faults({0x66, 0x0F, 0x3A, 0x62, 0x0F, 0}));  // PCMPISTRM
  CHECK_FALSE(faults({0xF2, 0x0F, 0x58, 0x0F}));           // ADDSD
}

TEST_CASE("a pending x87 exception comes before an MMX instruction", "[vector]") {
  Registers r;
  r.fx.control = 0x037E;  // invalid operation unmasked
  r.fx.status = 0x8081;
  const Registers before = r;
  run_ours({0x0F, 0xEF, 0xCA}, r);  // PXOR mm1, mm2
  CHECK(r.fault);
  CHECK(r.fx.valid == before.fx.valid);
}

TEST_CASE("LDMXCSR refuses reserved bits", "[vector]") {
  alignas(16) static u32 value = 0x10000;
  Registers r;
  r.rdi = reinterpret_cast<u64>(&value);
  run_ours({0x0F, 0xAE, 0x17}, r);
  CHECK(r.fault);
  CHECK(r.fx.mxcsr == 0x1F80);
}

TEST_CASE("reciprocal estimates stay within 1.5 * 2^-12", "[vector]") {
  Random random(13);
  const float bound = 1.5f / 4096;
  for (unsigned n = 0; n < 20000; ++n) {
    u32 bits = static_cast<u32>((random.next() & 0x807F'FFFF) | ((2 + random.below(249)) << 23));
    float x;
    std::memcpy(&x, &bits, sizeof x);
    Registers r;
    r.fx.xmm[2][0] = bits | u64{bits & 0x7FFF'FFFF} << 32;
    const auto estimates = [&](u8 opcode) {
      run_ours({0x0F, opcode, 0xCA}, r);
      std::array<float, 2> e;
      std::memcpy(e.data(), r.fx.xmm[1], sizeof e);
      return e;
    };
    REQUIRE(std::abs(estimates(0x53)[0] * x - 1.0f) <= bound);
    REQUIRE(std::abs(estimates(0x52)[1] * std::sqrt(std::abs(x)) - 1.0f) <= bound);
  }
}
