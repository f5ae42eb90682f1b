// Random programs of page-crossing code, TLB misses, page faults, self-modification, strings, devices and
// interrupts, for 64-bit mode.
#pragma once

#include <random>

#include "machine_code.hpp"

namespace hvlab::test {

using Bytes = std::vector<u8>;

inline constexpr u64 kRoutines = 0x40'0000, kPatch = 0x50'0000;
inline constexpr unsigned kRoutineCount = 16, kDataPages = 40, kRounds = 300;

/// Emits one program; the same seed gives the same.
class Generator {
 public:
  explicit Generator(u64 seed) : random_(seed) {}

  Bytes main_loop() {
    Bytes b{0x41, 0xBF};  // mov r15d, kRounds
    put32(b, kRounds);
    const size_t top = b.size();
    add(b, {0x4D, 0x69, 0xF6}), put32(b, 0x3619'45C5);   // imul r14, r14, ...
    add(b, {0x49, 0x81, 0xC6}), put32(b, 12345);         // add r14, ...
    add(b, {0x4C, 0x89, 0xF0, 0x48, 0xC1, 0xE8, 0x18});  // mov rax, r14; shr rax, 24
    add(b, {0x83, 0xE0, kRoutineCount - 1, 0xFF, 0x14, 0xC3, 0x49, 0xFF,
            0xCF});  // and eax; call [rbx+rax*8]; dec r15
    add(b, {0x0F, 0x85});
    put32(b, static_cast<u32>(top - (b.size() + 4)));
    add(b, {0xF4});
    return b;
  }

  /// Routine `index`; it may call routines behind it.
  Bytes routine(unsigned index, const std::vector<u64>& at) {
    Bytes b;
    const unsigned length = pick(4, 40);
    for (unsigned i = 0; i < length; ++i) piece(b, index, at);
    add(b, {0xC3});
    return b;
  }

  unsigned pick(unsigned from, unsigned to) {
    return from + static_cast<unsigned>(random_() % (to - from + 1));
  }

 private:
  static void add(Bytes& b, std::initializer_list<u8> more) { b.insert(b.end(), more); }
  static void put32(Bytes& b, u64 v) {
    for (unsigned i = 0; i < 4; ++i) b.push_back(static_cast<u8>(v >> (8 * i)));
  }
  u32 place() { return pick(0, kDataPages * 4096 - 64); }

  /// An instruction that ends in a displacement from R13.
  void memory(Bytes& b, std::initializer_list<u8> opcode, u32 displacement) {
    add(b, opcode);
    put32(b, displacement);
  }

  void arithmetic(Bytes& b) {
    switch (pick(0, 4)) {
      case 0: return add(b, {0x4C, 0x01, 0xC0});        // add rax, r8
      case 1: return add(b, {0x49, 0x31, 0xC0});        // xor r8, rax
      case 2: return add(b, {0x48, 0xD1, 0xC8});        // ror rax, 1
      case 3: return add(b, {0x4C, 0x0F, 0xAF, 0xC0});  // imul r8, rax
      default: return add(b, {0x04, static_cast<u8>(pick(0, 255))});
    }
  }

  void access(Bytes& b) {
    switch (pick(0, 5)) {
      case 0: return memory(b, {0x49, 0x89, 0x85}, place());                  // mov [], rax
      case 1: return memory(b, {0x49, 0x01, 0x85}, place());                  // add [], rax
      case 2: return memory(b, {0x41, 0x0F, 0x10, 0x85}, place());            // movups xmm0, []
      case 3: return memory(b, {0x41, 0x0F, 0x11, 0x85}, place());            // movups [], xmm0
      case 4: return memory(b, {0x41, 0xFF, 0xB5}, place()), add(b, {0x5A});  // push []; pop rdx
      default: return memory(b, {0x49, 0x8B, 0x85}, place());                 // mov rax, []
    }
  }

  void string(Bytes& b) {
    memory(b, {0x49, 0x8D, 0xB5}, place());  // lea rsi, []
    memory(b, {0x49, 0x8D, 0xBD}, place() / 2);
    add(b, {0xB9}), put32(b, pick(0, 600));  // mov ecx
    switch (pick(0, 2)) {
      case 0: return add(b, {0xF3, 0xA4});
      case 1: return add(b, {0xF3, 0x48, 0xAB});
      default: return add(b, {0xF3, 0xA6});
    }
  }

  void system(Bytes& b) {
    const u32 page = 0x30'0000 + pick(0, kDataPages - 1) * 4096;
    switch (pick(0, 6)) {
      case 0: return add(b, {0xE6, 0x80});                          // out 80h, al
      case 1: return add(b, {0xE4, 0x60});                          // in al, 60h
      case 2: return add(b, {0x0F, 0x20, 0xD8, 0x0F, 0x22, 0xD8});  // mov rax, cr3; mov cr3, rax
      case 3: return memory(b, {0x41, 0x0F, 0x01, 0xBD}, place());  // invlpg []
      case 4: return add(b, {0xCD, 0x80});                          // int 80h
      case 5: return add(b, {0x0F, 0x31, 0x49, 0x01, 0xC0});        // rdtsc; add r8, rax
      default:                                                      // the page is not present any more
        add(b, {0x80, 0x24, 0x25}), put32(b, kTables + 0x3000 + (page >> 12) * 8), add(b, {0xFE});
        add(b, {0x0F, 0x01, 0x3C, 0x25}), put32(b, page);
    }
  }

  void piece(Bytes& b, unsigned index, const std::vector<u64>& at) {
    const unsigned kind = pick(0, 19);
    if (kind < 8) return arithmetic(b);
    if (kind < 14) return access(b);
    if (kind == 14) return string(b);
    if (kind == 15) return system(b);
    if (kind == 16) {  // test al, 1; jz over a load
      add(b, {0xA8, 0x01, 0x74, 0x07});
      return memory(b, {0x49, 0x8B, 0x95}, place());
    }
    if (kind == 17)
      return add(b, {0xE8}), put32(b, kPatch - (at[index] + b.size() + 4));  // call what is patched
    // mov [patch + 1], al: the operand of an instruction that is decoded already.
    if (kind == 18) return memory(b, {0x41, 0x88, 0x85}, static_cast<u32>(kPatch + 1 - kData));
    if (index + 1 == at.size() || pick(0, 2) != 0) return arithmetic(b);
    const u64 target = at[pick(index + 1, static_cast<unsigned>(at.size() - 1))];
    add(b, {0xE8});
    put32(b, target - (at[index] + b.size() + 4));
  }

  std::mt19937_64 random_;
};

/// Writes the program of `seed`, to be begun at kCode, with its handlers and what it needs in registers.
inline void place_program(Machine& m, u64 seed) {
  Generator generator(seed);
  std::vector<u64> at;
  at.reserve(kRoutineCount);
  // Most routines cross a page's end.
  for (unsigned i = 0; i < kRoutineCount; ++i)
    at.push_back(kRoutines + i * 0x2000 + 0x1000 - generator.pick(0, 120));
  for (unsigned i = 0; i < kRoutineCount; ++i) {
    m.write(at[i], generator.routine(i, at));
    m.poke<u64>(0x6000 + i * 8, at[i]);
  }
  m.write(kPatch, Bytes{0x04, 0x00, 0xC3});                                   // add al, 0; ret
  m.write(kHandlers + 0x80 * 16, Bytes{0x49, 0x83, 0xC1, 0x01, 0x48, 0xCF});  // add r9, 1; iretq
  m.write(kHandlers + 2 * 16, Bytes{0x49, 0x83, 0xC2, 0x01, 0x48, 0xCF});     // add r10, 1; iretq
  // Page fault: makes the page present and tries again. The handler is longer than its slot's 16 bytes.
  m.write(kHandlers + 14 * 16, Bytes{0xE9, 0xFB, 0x0F, 0x00, 0x00});
  const u32 tables = static_cast<u32>(kTables + 0x3000);
  Bytes handler{0x50, 0x0F, 0x20, 0xD0, 0x48, 0xC1, 0xE8, 0x0C, 0x80, 0x0C, 0xC5};
  for (unsigned i = 0; i < 4; ++i) handler.push_back(static_cast<u8>(tables >> (8 * i)));
  handler.insert(handler.end(), {0x01, 0x58, 0x48, 0x83, 0xC4, 0x08, 0x48, 0xCF});
  m.write(kHandlers + 14 * 16 + 0x1000, handler);
  m.write(kCode, generator.main_loop());
  m.cpu().gpr[arch::kRbx] = 0x6000;
  m.cpu().gpr[13] = kData;
  m.cpu().gpr[14] = seed;
}

}  // namespace hvlab::test
