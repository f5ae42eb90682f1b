#include "lead_in.hpp"

#include <cstring>
#include <iterator>

#include "sim/arch/registers.hpp"

namespace hvlab::oracle {

namespace {

/// A form whose operands are registers: an opcode with ModRM, and /digit or a second register.
struct Simple {
  u8 opcode;     // of the byte form; + 1 for the others
  i8 digit;      // ModRM.reg, or -1 for a register
  u8 immediate;  // bytes
};
constexpr Simple kForms[] = {
    {0x00, -1, 0}, {0x08, -1, 0}, {0x10, -1, 0}, {0x18, -1, 0}, {0x20, -1, 0},
    {0x28, -1, 0}, {0x30, -1, 0}, {0x38, -1, 0},                               // ADD .. CMP
    {0x84, -1, 0}, {0xFE, 0, 0},  {0xFE, 1, 0},  {0xF6, 3, 0},  {0xF6, 2, 0},  // TEST INC DEC NEG NOT
    {0xD0, 0, 0},  {0xD0, 1, 0},  {0xD0, 2, 0},  {0xD0, 3, 0},  {0xC0, 0, 1},
    {0xD0, 4, 0},  {0xD0, 5, 0},  {0xD0, 7, 0}};     // rotates, shifts by one
constexpr u8 kFlagOps[] = {0xF5, 0xF8, 0xF9, 0x9E};  // CMC CLC STC SAHF

struct Writer {
  Random& random;
  const decode::Op& op;
  bool wide;
  u8 code[24] = {};
  unsigned n = 0;
  u64 undefined = 0;

  void put(unsigned byte) { code[n++] = static_cast<u8>(byte); }

  bool kept(unsigned reg) const {
    constexpr u32 kAddresses = 1u << arch::kRcx | 1u << arch::kRbx | 1u << arch::kRsp | 1u << arch::kRbp |
                               1u << arch::kRsi | 1u << arch::kRdi;
    return (kAddresses >> reg & 1) != 0 || reg == op.base / 8u || reg == op.index / 8u;
  }
  unsigned free_register() {
    for (unsigned tries = 0; tries < 20; ++tries) {
      const unsigned reg = static_cast<unsigned>(random.below(wide ? 16 : 8));
      if (!kept(reg)) return reg;
    }
    return ~0u;
  }

  void simple() {
    const unsigned to = free_register(), from = static_cast<unsigned>(random.below(wide ? 16 : 8));
    if (to == ~0u) return;
    const Simple& form = kForms[random.below(std::size(kForms))];
    const unsigned size = static_cast<unsigned>(random.below(wide ? 4 : 3));  // 8, 16, 32, 64 bits
    if (size == 1) put(0x66);
    if (wide)
      put(0x40u | (size == 3 ? 8u : 0u) | (form.digit < 0 && from >= 8 ? 4u : 0u) | (to >= 8 ? 1u : 0u));
    put(form.opcode + (size != 0));
    put(0xC0u | (form.digit < 0 ? from & 7 : static_cast<unsigned>(form.digit)) << 3 | (to & 7));
    // Shifts leave AF undefined; rotates and NOT leave it alone.
    const bool shift = form.opcode == 0xD0 && form.digit >= 4;
    const bool leaves = (form.opcode & 0xEF) == 0xC0 || (form.opcode == 0xF6 && form.digit == 2);
    undefined = shift ? arch::flag::kAf : leaves ? undefined : 0;
    // A rotate by an immediate: by 0 or 1, as more leave OF undefined.
    if (form.immediate != 0) put(random.next8() & 1u);
  }
};

}  // namespace

void lead_in(Random& random, const decode::Op& op, Case& c) {
  Writer w{random, op, c.code_bytes == 8, {}, 0, 0};
  const u64 count = 1 + random.below(4);
  for (u64 i = 0; i < count; ++i) {
    if (random.one_in(5)) {
      w.put(kFlagOps[random.below(std::size(kFlagOps))]);
      if (w.code[w.n - 1] == 0x9E) w.undefined = 0;
    } else {
      w.simple();
    }
  }
  std::memmove(c.code + w.n, c.code, 15);
  std::memcpy(c.code, w.code, w.n);
  c.undefined = w.undefined;
  c.lead = static_cast<u8>(w.n);
  c.length = static_cast<u8>(c.length + w.n);
  c.in.rflags &= ~arch::flag::kTf;
}

}  // namespace hvlab::oracle
