// The software TLB: guest-virtual page to host address in one compare. A pure accelerator: its geometry and
// state never change what is simulated (the TLB that costs time is mmu::Tlb).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::cpu {

/// One page. A tag equals the page's address if that kind of access may go straight to RAM, else kNoTag.
struct SoftEntry {
  static constexpr u64 kNoTag = 1;
  /// Added to the page's address in write_tag, so that no handler finds the page: it may be written, but code
  /// was decoded from it. Who writes must look where (CodeGuard::code_at of SoftBank::frame).
  static constexpr u64 kBesideCode = 2;
  u64 read_tag = kNoTag;
  u64 write_tag = kNoTag;
  u64 execute_tag = kNoTag;
  u64 addend = 0;  // host address = guest address + addend

  bool holds(u64 page) const {
    return read_tag == page || (write_tag & ~kBesideCode) == page || execute_tag == page;
  }
  bool empty() const { return read_tag == kNoTag && write_tag == kNoTag && execute_tag == kNoTag; }
};

/// The pages seen by one address space at one privilege.
struct SoftBank {
  static constexpr size_t kEntries = 1024;
  SoftEntry entries[kEntries];

  static size_t index(u64 linear) { return (linear >> 12) & (kEntries - 1); }
  SoftEntry& at(u64 linear) { return entries[index(linear)]; }
  const SoftEntry& at(u64 linear) const { return entries[index(linear)]; }
  /// The physical page of an entry with kBesideCode.
  u64 frame(u64 linear) const { return frames_[index(linear)]; }
  void set_frame(u64 linear, u64 page) { frames_[index(linear)] = static_cast<u32>(page); }

  /// The entry of the page of `linear` at host address - `addend`, to set tags in; what else stood there is
  /// gone.
  SoftEntry& fill(u64 linear, u64 addend) {
    SoftEntry& e = at(linear);
    const u64 page = linear & ~u64{0xFFF};
    if (e.empty() && filled_ < kLog) log_[filled_] = static_cast<u16>(index(linear));
    if (e.empty() && filled_ <= kLog) ++filled_;
    if (e.addend != addend || !e.holds(page)) {
      e = SoftEntry{};
      e.addend = addend;
    }
    return e;
  }
  /// Costs what was filled since the last time: an address space that comes and goes holds few pages.
  void clear() {
    if (filled_ > kLog) {
      for (SoftEntry& e : entries) e = SoftEntry{};
    } else {
      for (u32 i = 0; i < filled_; ++i) entries[log_[i]] = SoftEntry{};
    }
    filled_ = 0;
  }
  void drop(u64 linear) {
    SoftEntry& e = at(linear);
    if (e.holds(linear & ~u64{0xFFF})) e = SoftEntry{};
  }

 private:
  static constexpr u32 kLog = 192;
  u32 filled_ = 0;  // entries that log_ names; more than kLog: too many
  u16 log_[kLog] = {};
  u32 frames_[kEntries] = {};
};

}  // namespace hvlab::cpu
