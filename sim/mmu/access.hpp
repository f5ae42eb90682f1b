// Memory access by linear address: the soft-TLB hit inline, everything else on the slow path.
#pragma once

#include <cstring>

#include "sim/cpu/cpu.hpp"

namespace hvlab::mmu {

using cpu::Cpu;
using cpu::SoftEntry;
using decode::Outcome;

/// Kinds of access, as the page walk and the fault's error code see them.
enum class Access : u8 { Read, Write, Execute };

/// With whose rights (SDM vol. 3, 4.6.1). Current: explicit accesses at CPL. System: implicit supervisor
/// accesses to descriptor tables and task-state segments, and stack pushes of an event that moves to CPL
/// 0..2. User: as CPL 3.
enum class Rights : u8 { Current, System, User };

/// A value read from memory, or why there is none (Fault: Cpu::fault is set; Retry: leave the block first).
template <class T>
struct Loaded {
  T value{};
  Outcome outcome = Outcome::Next;
  bool failed() const { return outcome != Outcome::Next; }
};

/// The same through the soft TLB alone: Outcome::Miss if it does not have the page.
template <class T>
[[gnu::always_inline]] inline Loaded<T> load(cpu::FastCpu& cpu, u64 linear) {
  const SoftEntry& e = cpu.bank->at(linear);
  Loaded<T> r;
  if (e.read_tag != ((linear + sizeof(T) - 1) & ~u64{0xFFF})) [[unlikely]] {
    r.outcome = Outcome::Miss;
    return r;
  }
  std::memcpy(&r.value, reinterpret_cast<const u8*>(linear + e.addend), sizeof(T));
  return r;
}
template <class T>
[[gnu::always_inline]] inline Outcome store(cpu::FastCpu& cpu, u64 linear, T value) {
  const SoftEntry& e = cpu.bank->at(linear);
  if (e.write_tag != ((linear + sizeof(T) - 1) & ~u64{0xFFF})) [[unlikely]]
    return Outcome::Miss;
  std::memcpy(reinterpret_cast<u8*>(linear + e.addend), &value, sizeof(T));
  return Outcome::Next;
}

// --- slow paths (access.cpp) ---

/// Reads or writes 1..16 bytes at `linear`: walks, page crossings, devices, watchpoints, alignment checks.
Outcome read_slow(Cpu& cpu, u64 linear, void* to, unsigned bytes, Rights rights);
Outcome write_slow(Cpu& cpu, u64 linear, const void* from, unsigned bytes, Rights rights);
/// The same for 1..8 bytes by value (two registers).
struct Word {
  u64 value;
  u64 outcome;  // Outcome
};
Word read_word_slow(Cpu& cpu, u64 linear, unsigned bytes);
Outcome write_word_slow(Cpu& cpu, u64 linear, u64 value, unsigned bytes);
/// Raises what writing `bytes` bytes at `linear` would raise, without writing.
Outcome probe_write(Cpu& cpu, u64 linear, unsigned bytes, Rights rights = Rights::Current);
/// The same for reading.
Outcome probe_read(Cpu& cpu, u64 linear, unsigned bytes, Rights rights = Rights::Current);

/// Translates an instruction fetch at `linear` with the current rights; `host` is nullptr if it is not RAM.
Outcome translate_fetch(Cpu& cpu, u64 linear, u64& physical, u8*& host);

/// The host address of `bytes` bytes at `linear` for direct reading or writing, or nullptr if the soft TLB
/// has no such page (then use read_slow or write_slow). The bytes do not cross a page.
inline u8* host_for_read(const Cpu& cpu, u64 linear, unsigned bytes) {
  const SoftEntry& e = cpu.bank->at(linear);
  if (e.read_tag != ((linear + bytes - 1) & ~u64{0xFFF})) [[unlikely]]
    return nullptr;
  return reinterpret_cast<u8*>(linear + e.addend);
}
inline u8* host_for_write(const Cpu& cpu, u64 linear, unsigned bytes) {
  const SoftEntry& e = cpu.bank->at(linear);
  if (e.write_tag != ((linear + bytes - 1) & ~u64{0xFFF})) [[unlikely]]
    return nullptr;
  return reinterpret_cast<u8*>(linear + e.addend);
}

/// Reads a T (1..16 bytes, trivially copyable) at `linear` with the current rights. The linear address comes
/// from execute::linear_address(), which has done the segment checks.
template <class T>
[[gnu::always_inline]] inline Loaded<T> load(Cpu& cpu, u64 linear) {
  const u8* host = host_for_read(cpu, linear, sizeof(T));
  if (host != nullptr) [[likely]] {
    Loaded<T> r;
    std::memcpy(&r.value, host, sizeof(T));
    return r;
  }
  if constexpr (sizeof(T) <= 8) {
    const Word word = read_word_slow(cpu, linear, sizeof(T));
    Loaded<T> r;
    std::memcpy(&r.value, &word.value, sizeof(T));
    r.outcome = static_cast<Outcome>(word.outcome);
    return r;
  } else {
    Loaded<T> r;
    r.outcome = read_slow(cpu, linear, &r.value, sizeof(T), Rights::Current);
    return r;
  }
}

/// Writes a T at `linear` with the current rights. Anything but Outcome::Next: nothing was written.
template <class T>
[[gnu::always_inline]] inline Outcome store(Cpu& cpu, u64 linear, T value) {
  u8* host = host_for_write(cpu, linear, sizeof(T));
  if (host != nullptr) [[likely]] {
    std::memcpy(host, &value, sizeof(T));
    return Outcome::Next;
  }
  if constexpr (sizeof(T) <= 8) {
    u64 word = 0;
    std::memcpy(&word, &value, sizeof(T));
    return write_word_slow(cpu, linear, word, sizeof(T));
  } else {
    return write_slow(cpu, linear, &value, sizeof(T), Rights::Current);
  }
}

/// Reads or writes with other rights than the current ones.
template <class T>
Loaded<T> load_as(Cpu& cpu, u64 linear, Rights rights) {
  Loaded<T> r;
  r.outcome = read_slow(cpu, linear, &r.value, sizeof(T), rights);
  return r;
}
template <class T>
Outcome store_as(Cpu& cpu, u64 linear, T value, Rights rights) {
  return write_slow(cpu, linear, &value, sizeof(T), rights);
}

// --- TLB maintenance (SDM vol. 3, 4.10.4) ---

/// After MOV CR3 / a change of CR0.PG, CR4.PAE, PSE, PGE, PCIDE, SMEP, SMAP, EFER.NXE ...: drops what must be
/// dropped.
void flush_all(Cpu& cpu);               // everything of the current ASID, global pages included
void flush_address_space(Cpu& cpu);     // all non-global entries of the current PCID
void flush_page(Cpu& cpu, u64 linear);  // INVLPG
void flush_pcid(Cpu& cpu, u16 pcid);    // INVPCID type 1
void flush_pcid_page(Cpu& cpu, u16 pcid, u64 linear);   // INVPCID type 0
void flush_non_global(Cpu& cpu);                        // INVPCID type 3
void flush_asid(Cpu& cpu, u32 asid, bool with_global);  // a guest's address spaces (APM vol. 2, 15.16)
void flush_asid_page(Cpu& cpu, u32 asid, u64 linear);   // INVLPGA
void flush_every_asid(Cpu& cpu);
/// Physical addresses lead to other memory from now on; translations of linear addresses stay.
void forget_hosts(Cpu& cpu);
/// Points the soft banks at the current address space; call after CR3 or PCID changed.
void select_address_space(Cpu& cpu);

}  // namespace hvlab::mmu
