// The simulated TLB (what costs time) and the software TLB's banks (what costs us time).
//
// Tlb is the processor's: set-associative, tagged by PCID, first-in first-out within a set, so that its state depends
// on misses alone. The soft banks hold only pages that Tlb holds; they can be dropped at any moment without a trace.
#pragma once

#include <memory>
#include <vector>

#include "sim/mmu/walk.hpp"

namespace hvlab::mmu {

class Tlb {
 public:
  struct Geometry {
    u32 small_entries = 1536, small_ways = 12;  // 4 KiB pages
    u32 large_entries = 64, large_ways = 8;     // 2 MiB pieces of larger pages
  };

  explicit Tlb(const Geometry& geometry);

  struct Entry {
    u64 tag = ~u64{0};  // linear address >> 12 or >> 21
    Translation translation;
    u32 generation = 0;
    u16 pcid = 0;
  };

  /// The entry that translates `linear` under `pcid`, or nullptr.
  Entry* find(u64 linear, u16 pcid);
  /// Enters a translation; what it displaces is dropped from the soft banks too.
  void insert(u64 linear, u16 pcid, const Translation& translation);

  void flush_all();
  void flush_pcid(u16 pcid);               // its non-global entries
  void flush_non_global();
  void flush_page(u64 linear, u16 pcid, bool with_global);

  // --- soft banks ---

  /// The three filled banks (user, supervisor, supervisor with AC) of `pcid`; a bank set is recycled, emptied, when
  /// there are more address spaces in use than sets.
  void select(cpu::SoftBank* banks[cpu::kBanks], u16 pcid);
  /// Forbids direct writes to (or, if `entirely`, any use of) the RAM page whose host address is `host`.
  void revoke(const u8* host, bool entirely);

 private:
  static constexpr unsigned kSets = 6;
  struct Side {
    std::vector<Entry> entries;
    std::vector<u8> oldest;  // per set: the way that is replaced next
    u32 ways = 1, sets = 1;
    Entry* find(u64 tag, u16 pcid, const Tlb& tlb);
    Entry& victim(u64 tag, const Tlb& tlb);
  };
  struct BankSet {
    cpu::SoftBank banks[3];
    u16 pcid = 0;
    u64 last_used = 0;
    bool in_use = false;
  };

  bool valid(const Entry& e) const;
  void drop_soft(const Entry& e, unsigned shift);
  void clear_soft(const u16* pcid);

  Side small_, large_;
  std::vector<u32> pcid_generation_;
  u32 global_generation_ = 1;
  std::unique_ptr<BankSet[]> sets_;
  cpu::SoftBank never_;
  u64 uses_ = 0;
  bool in_pieces_ = false;  // pages larger than 2 MiB have been seen
};

}  // namespace hvlab::mmu
