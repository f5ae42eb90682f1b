// The simulated TLB (what costs time) and the software TLB's banks (what costs us time).
//
// Tlb is the processor's: set-associative, tagged by address space (ASID and PCID), first-in first-out within
// a set, so that its state depends on misses alone. The soft banks hold only pages that Tlb holds; they can
// be dropped at any moment without a trace.
#pragma once

#include <memory>
#include <vector>

#include "sim/mmu/vpid.hpp"
#include "sim/mmu/walk.hpp"

namespace hvlab::mmu {

/// An address space: ASID in bits 12 and up (0: the host), PCID in bits 11..0.
using Space = u32;
constexpr Space space_of(u32 asid, u16 pcid) { return asid << 12 | pcid; }
constexpr u32 asid_of(Space space) { return space >> 12; }
/// The one that the processor translates in.
Space current_space(const Cpu& cpu);

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
    Space space = 0;
  };
  static_assert(sizeof(Entry) == 32);  // a set of them is searched at each miss of the soft banks

  /// The entry that translates `linear` in `space`, or nullptr.
  Entry* find(u64 linear, Space space);
  /// Enters a translation; what it displaces is dropped from the soft banks too.
  void insert(u64 linear, Space space, const Translation& translation);

  void flush_everything();
  void flush_asid(u32 asid);
  void flush_space(Space space);  // its non-global entries
  void flush_non_global(u32 asid);
  void flush_page(u64 linear, Space space, bool with_global);
  void flush_page_of_asid(u64 linear, u32 asid);  // under any PCID

  /// VMX's names for ASIDs; empty without VMX.
  Tags& tags() { return tags_; }

  // --- soft banks ---

  /// What besides the tables decides which pages a soft bank may hold, and for what.
  struct Rules {
    u64 modes = 0;
    u64 apic_access_page = 0;
    bool operator==(const Rules&) const = default;
  };

  /// The three filled banks (user, supervisor, supervisor with AC) of `space`; a bank set is recycled,
  /// emptied, when there are more address spaces in use than sets, and emptied where `rules` are not those it
  /// was filled under.
  void select(cpu::SoftBank* banks[cpu::kBanks], Space space, const Rules& rules);
  /// Forbids direct writes to (or, if `entirely`, any use of) the RAM page whose host address is `host`.
  void revoke(const u8* host, bool entirely);
  /// Empties the soft banks: host addresses in them are out of date.
  void forget_hosts();

 private:
  static constexpr unsigned kSets = 8;
  struct Side {
    std::vector<Entry> entries;
    std::vector<u8> oldest;  // per set: the way that is replaced next
    u32 ways = 1, sets = 1;
    size_t set_of(u64 tag) const { return (sets & (sets - 1)) == 0 ? tag & (sets - 1) : tag % sets; }
    Entry* find(u64 tag, Space space, const Tlb& tlb);
    Entry& victim(u64 tag, const Tlb& tlb);
  };
  struct BankSet {
    cpu::SoftBank banks[3];
    Space space = 0;
    Rules rules;
    u64 last_used = 0;
    bool in_use = false;
  };
  /// Generations of one ASID's entries: an entry of an older one is invalid. `pcid` grows as PCIDs come into
  /// use.
  struct Generations {
    u32 global = 1;
    std::vector<u32> pcid;
  };

  bool valid(const Entry& e) const;
  u32 generation_of(Space space, bool global) const;
  void drop_soft(const Entry& e, unsigned shift);
  template <class Chosen>
  void clear_soft(Chosen chosen);
  template <class Hit>
  void flush_page_where(u64 linear, Hit hit);

  Side small_, large_;
  Tags tags_;
  std::vector<Generations> generations_;  // by ASID, as they come into use
  std::unique_ptr<BankSet[]> sets_;
  cpu::SoftBank never_;
  u64 uses_ = 0;
  bool in_pieces_ = false;  // pages larger than 2 MiB have been seen
  bool cut_ = false;        // pages of guests have been seen that the second stage cuts into smaller ones
};

}  // namespace hvlab::mmu
