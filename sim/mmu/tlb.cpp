#include "sim/mmu/tlb.hpp"

namespace hvlab::mmu {

using cpu::SoftBank;
using cpu::SoftEntry;

Tlb::Tlb(const Geometry& g) : pcid_generation_(4096, 1), sets_(std::make_unique<BankSet[]>(kSets)) {
  auto build = [](Side& side, u32 entries, u32 ways) {
    side.ways = ways;
    side.sets = entries / ways;
    side.entries.resize(static_cast<size_t>(side.sets) * ways);
    side.oldest.resize(side.sets);
  };
  build(small_, g.small_entries, g.small_ways);
  build(large_, g.large_entries, g.large_ways);
}

bool Tlb::valid(const Entry& e) const {
  if (e.tag == ~u64{0}) return false;
  return e.generation == (e.translation.global ? global_generation_ : pcid_generation_[e.pcid]);
}

Tlb::Entry* Tlb::Side::find(u64 tag, u16 pcid, const Tlb& tlb) {
  Entry* set = &entries[(tag % sets) * ways];
  for (u32 way = 0; way < ways; ++way) {
    Entry& e = set[way];
    if (e.tag == tag && (e.translation.global || e.pcid == pcid) && tlb.valid(e)) return &e;
  }
  return nullptr;
}

Tlb::Entry& Tlb::Side::victim(u64 tag, const Tlb& tlb) {
  const u64 set = tag % sets;
  for (u32 way = 0; way < ways; ++way) {
    Entry& e = entries[set * ways + way];
    if (!tlb.valid(e)) return e;
  }
  const u8 way = oldest[set];
  oldest[set] = static_cast<u8>((way + 1u) % ways);
  return entries[set * ways + way];
}

Tlb::Entry* Tlb::find(u64 linear, u16 pcid) {
  if (Entry* e = small_.find(linear >> 12, pcid, *this)) return e;
  return large_.find(linear >> 21, pcid, *this);
}

void Tlb::insert(u64 linear, u16 pcid, const Translation& t) {
  const bool small = t.shift == 12;
  in_pieces_ = in_pieces_ || t.shift > 21;
  Side& side = small ? small_ : large_;
  const u64 tag = linear >> (small ? 12 : 21);
  Entry* e = side.find(tag, pcid, *this);
  if (e == nullptr) {
    e = &side.victim(tag, *this);
    if (valid(*e)) drop_soft(*e, small ? 12 : 21);
  }
  e->tag = tag;
  e->pcid = pcid;
  e->translation = t;
  e->generation = t.global ? global_generation_ : pcid_generation_[pcid];
}

void Tlb::drop_soft(const Entry& e, unsigned shift) {
  for (unsigned s = 0; s < kSets; ++s) {
    if (!sets_[s].in_use || (!e.translation.global && sets_[s].pcid != e.pcid)) continue;
    for (SoftBank& bank : sets_[s].banks) {
      if (shift == 12) {
        bank.drop(e.tag << 12);
      } else {
        for (u64 page = 0; page < 512; ++page) bank.drop((e.tag << 21) + (page << 12));
      }
    }
  }
}

void Tlb::clear_soft(const u16* pcid) {
  for (unsigned s = 0; s < kSets; ++s) {
    if (!sets_[s].in_use || (pcid != nullptr && sets_[s].pcid != *pcid)) continue;
    for (SoftBank& bank : sets_[s].banks) bank.clear();
  }
}

void Tlb::flush_all() {
  flush_non_global();
  ++global_generation_;
}

void Tlb::flush_non_global() {
  for (u32& generation : pcid_generation_) ++generation;
  clear_soft(nullptr);
}

void Tlb::flush_pcid(u16 pcid) {
  ++pcid_generation_[pcid];
  clear_soft(&pcid);
}

void Tlb::flush_page(u64 linear, u16 pcid, bool with_global) {
  auto drop = [&](Entry& e, unsigned shift) {
    drop_soft(e, shift);
    e.tag = ~u64{0};
  };
  Entry* set = &small_.entries[((linear >> 12) % small_.sets) * small_.ways];
  for (u32 way = 0; way < small_.ways; ++way) {
    Entry& e = set[way];
    if (e.tag != linear >> 12 || !valid(e)) continue;
    if (e.translation.global ? with_global : e.pcid == pcid) drop(e, 12);
  }
  auto drop_large = [&](Entry& e) {
    if (e.tag == ~u64{0} || !valid(e)) return;
    const unsigned shift = e.translation.shift;
    if ((e.tag << 21) >> shift != linear >> shift) return;
    if (e.translation.global ? with_global : e.pcid == pcid) drop(e, 21);
  };
  // A page larger than 2 MiB may stand in several pieces: INVLPG drops them all (SDM vol. 3, 4.10.4.1).
  const size_t ways = in_pieces_ ? large_.entries.size() : large_.ways;
  Entry* large = in_pieces_ ? large_.entries.data() : &large_.entries[((linear >> 21) % large_.sets) * large_.ways];
  for (size_t i = 0; i < ways; ++i) drop_large(large[i]);
}

void Tlb::select(SoftBank* banks[cpu::kBanks], u16 pcid) {
  BankSet* chosen = nullptr;
  for (unsigned s = 0; s < kSets; ++s)
    if (sets_[s].in_use && sets_[s].pcid == pcid) chosen = &sets_[s];
  if (chosen == nullptr) {
    chosen = &sets_[0];
    for (unsigned s = 1; s < kSets; ++s)
      if (sets_[s].last_used < chosen->last_used) chosen = &sets_[s];
    for (SoftBank& bank : chosen->banks) bank.clear();
    chosen->pcid = pcid;
    chosen->in_use = true;
  }
  chosen->last_used = ++uses_;
  for (unsigned b = 0; b < 3; ++b) banks[b] = &chosen->banks[b];
  banks[cpu::kBankNever] = &never_;
}

void Tlb::revoke(const u8* host, bool entirely) {
  for (unsigned s = 0; s < kSets; ++s) {
    if (!sets_[s].in_use) continue;
    for (SoftBank& bank : sets_[s].banks) {
      for (SoftEntry& e : bank.entries) {
        if (e.write_tag == SoftEntry::kNoTag && !entirely) continue;
        const u64 page = e.write_tag != SoftEntry::kNoTag  ? e.write_tag
                         : e.read_tag != SoftEntry::kNoTag ? e.read_tag
                                                           : e.execute_tag;
        if (page == SoftEntry::kNoTag || reinterpret_cast<const u8*>(page + e.addend) != host) continue;
        if (entirely) {
          e = SoftEntry{};
        } else {
          e.write_tag = SoftEntry::kNoTag;
        }
      }
    }
  }
}

}  // namespace hvlab::mmu
