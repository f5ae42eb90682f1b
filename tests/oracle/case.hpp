// One instruction (or one behind a few simple ones), the state it starts from, and what came out of it: the
// same for the host's processor and ours.
#pragma once

#include "sim/base/bits.hpp"

namespace hvlab::oracle {

// --- where things are, on both sides (linear addresses) ---
inline constexpr u64 kPage = 4096;
inline constexpr u64 kCode = 0x10'0000,
                     kCodeBytes = 2 * kPage;  // what follows is not mapped; unused bytes are INT3
inline constexpr u64 kData = 0x11'0000, kDataBytes = 4 * kPage;  // read and write; unmapped on both sides
inline constexpr u64 kReadOnly = 0x11'8000;                      // one page
inline constexpr u64 kNothing = 0x12'0000;                       // never mapped
inline constexpr u64 kFsBase = kData + 0x400, kGsBase = kData + 0x1200;

/// The FXSAVE image (SDM vol. 1, table 10-2).
struct alignas(16) FxImage {
  u16 control = 0x037F, status = 0;
  u8 valid = 0, reserved0 = 0;
  u16 opcode = 0;
  u64 instruction = 0, data = 0;
  u32 mxcsr = 0x1F80, mxcsr_mask = 0;
  struct alignas(16) Slot {
    u64 significand = 0;
    u16 sign_exponent = 0;
    u8 reserved[6] = {};
  } st[8];
  u64 xmm[16][2] = {};
  u8 rest[96] = {};
};
static_assert(sizeof(FxImage) == 512);

struct Registers {
  FxImage fx;
  u64 gpr[16] = {};  // encoding order
  u64 rip = 0, rflags = 2;
  u64 fs_base = kFsBase, gs_base = kGsBase;
  u16 selector[6] = {};  // ES CS SS DS FS GS; in: ES, SS and DS kUserData, FS and GS null
};

/// The selectors that Linux gives its processes; ours has the same descriptor table.
inline constexpr u16 kUserCode32 = 0x23, kUserData = 0x2B, kUserCode64 = 0x33;
/// A descriptor that depends on the processor that the host runs us on: not to be loaded.
inline constexpr u16 kHostsOwn = 0x78;

struct Case {
  Registers in;
  u64 target = 0;     // linear address of the memory operand, if there is one
  u8 code[40] = {};   // the instruction, behind what leads into it (see lead_in.hpp)
  u8 length = 0;      // of both together
  u8 lead = 0;        // bytes of the lead-in
  u8 code_bytes = 8;  // 8: 64-bit code; 4: 32-bit code
  u16 mnemonic = 0;   // decode::Mnemonic
  u32 form = 0;       // the generator's number of its form
  u64 undefined = 0;  // status flags that the lead-in leaves undefined
};

enum class Status : u8 { NotRun, Done, TimedOut, Lost };

/// The changed part of the data pages.
struct Change {
  static constexpr unsigned kKept = 1024;
  u32 first = 0, last = 0;  // offsets from kData of the first and past the last changed byte; equal: none
  u64 hash = 0;             // of the bytes beyond kKept
  u8 bytes[kKept] = {};
};

struct Result {
  Registers out;
  Change memory;
  u64 address = 0;  // of a page fault
  u32 error = 0;
  u8 vector = 0;  // 3: the INT3 behind the instruction was reached
  Status status = Status::NotRun;
};

/// Fills `change` with what differs between the data pages `now` and `before`.
inline void find_change(const u8* now, const u8* before, Change& change) {
  change.first = change.last = 0;
  change.hash = 0;
  u32 first = 0, last = kDataBytes;
  while (first < last &&
         *reinterpret_cast<const u64*>(now + first) == *reinterpret_cast<const u64*>(before + first))
    first += 8;
  if (first >= last) return;
  while (*reinterpret_cast<const u64*>(now + last - 8) == *reinterpret_cast<const u64*>(before + last - 8))
    last -= 8;
  while (now[first] == before[first]) ++first;
  while (now[last - 1] == before[last - 1]) --last;
  change.first = first;
  change.last = last;
  for (u32 i = first; i < last; ++i) {
    if (i - first < Change::kKept) {
      change.bytes[i - first] = now[i];
    } else {
      change.hash = (change.hash ^ now[i]) * 0x1'0000'0001'B3;
    }
  }
}

}  // namespace hvlab::oracle
