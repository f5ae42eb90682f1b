#include "sim/mmu/tlb.hpp"

#include <algorithm>

namespace hvlab::mmu {

using cpu::SoftBank;
using cpu::SoftEntry;

Tlb::Tlb(const Geometry& g) : generations_(1), sets_(std::make_unique<BankSet[]>(kSets)) {
  auto build = [](Side& side, u32 entries, u32 ways) {
    side.ways = ways;
    side.sets = entries / ways;
    side.entries.resize(static_cast<size_t>(side.sets) * ways);
    side.oldest.resize(side.sets);
  };
  build(small_, g.small_entries, g.small_ways);
  build(large_, g.large_entries, g.large_ways);
}

u32 Tlb::generation_of(Space space, bool global) const {
  const Generations& g = generations_[asid_of(space)];
  if (global) return g.global;
  const u32 pcid = space & 0xFFF;
  return pcid < g.pcid.size() ? g.pcid[pcid] : 0;
}

bool Tlb::valid(const Entry& e) const {
  return e.tag != ~u64{0} && e.generation == generation_of(e.space, e.translation.global);
}

Tlb::Entry* Tlb::Side::find(u64 tag, Space space, const Tlb& tlb) {
  Entry* set = &entries[set_of(tag) * ways];
  for (u32 way = 0; way < ways; ++way) {
    Entry& e = set[way];
    if (e.tag != tag) continue;
    const bool same = e.translation.global ? asid_of(e.space) == asid_of(space) : e.space == space;
    if (same && tlb.valid(e)) return &e;
  }
  return nullptr;
}

Tlb::Entry& Tlb::Side::victim(u64 tag, const Tlb& tlb) {
  const size_t set = set_of(tag);
  for (u32 way = 0; way < ways; ++way) {
    Entry& e = entries[set * ways + way];
    if (!tlb.valid(e)) return e;
  }
  const u8 way = oldest[set];
  oldest[set] = static_cast<u8>((way + 1u) % ways);
  return entries[set * ways + way];
}

Tlb::Entry* Tlb::find(u64 linear, Space space) {
  if (Entry* e = small_.find(linear >> 12, space, *this)) return e;
  return large_.find(linear >> 21, space, *this);
}

void Tlb::insert(u64 linear, Space space, const Translation& t) {
  if (asid_of(space) >= generations_.size()) generations_.resize(asid_of(space) + 1);
  std::vector<u32>& pcids = generations_[asid_of(space)].pcid;
  if ((space & 0xFFF) >= pcids.size()) pcids.resize((space & 0xFFF) + 1);
  const bool small = t.shift == 12;
  in_pieces_ = in_pieces_ || t.shift > 21;
  cut_ = cut_ || t.shift < t.guest_shift;
  Side& side = small ? small_ : large_;
  const u64 tag = linear >> (small ? 12 : 21);
  Entry* e = side.find(tag, space, *this);
  if (e == nullptr) {
    e = &side.victim(tag, *this);
    if (valid(*e)) drop_soft(*e, small ? 12 : 21);
  }
  e->tag = tag;
  e->space = space;
  e->translation = t;
  e->generation = generation_of(space, t.global);
}

void Tlb::drop_soft(const Entry& e, unsigned shift) {
  for (unsigned s = 0; s < kSets; ++s) {
    const bool seen =
        e.translation.global ? asid_of(sets_[s].space) == asid_of(e.space) : sets_[s].space == e.space;
    if (!sets_[s].in_use || !seen) continue;
    for (SoftBank& bank : sets_[s].banks) {
      if (shift == 12) {
        bank.drop(e.tag << 12);
      } else {
        for (u64 page = 0; page < 512; ++page) bank.drop((e.tag << 21) + (page << 12));
      }
    }
  }
}

template <class Chosen>
void Tlb::clear_soft(Chosen chosen) {
  for (unsigned s = 0; s < kSets; ++s) {
    if (!sets_[s].in_use || !chosen(sets_[s].space)) continue;
    for (SoftBank& bank : sets_[s].banks) bank.clear();
  }
}

void Tlb::flush_everything() {
  for (u32 asid = 0; asid < generations_.size(); ++asid) flush_asid(asid);
}

void Tlb::flush_asid(u32 asid) {
  flush_non_global(asid);
  if (asid < generations_.size()) ++generations_[asid].global;
}

void Tlb::flush_non_global(u32 asid) {
  if (asid >= generations_.size()) return;
  for (u32& generation : generations_[asid].pcid) ++generation;
  clear_soft([&](Space space) { return asid_of(space) == asid; });
}

void Tlb::flush_space(Space space) {
  if (asid_of(space) >= generations_.size()) return;
  std::vector<u32>& pcids = generations_[asid_of(space)].pcid;
  if ((space & 0xFFF) < pcids.size()) ++pcids[space & 0xFFF];
  clear_soft([&](Space other) { return other == space; });
}

template <class Hit>
void Tlb::flush_page_where(u64 linear, Hit hit) {
  auto drop = [&](Entry& e, unsigned shift) {
    if (e.tag == ~u64{0} || !valid(e) || !hit(e)) return;
    const unsigned size = std::max(e.translation.guest_shift, e.translation.shift);
    if ((e.tag << shift) >> size != linear >> size) return;
    drop_soft(e, shift);
    e.tag = ~u64{0};
  };
  // A page larger than 2 MiB may stand in several pieces, and one that the second stage cuts in many: INVLPG
  // drops them all (SDM vol. 3, 4.10.4.1).
  auto search = [&](Side& side, unsigned shift, bool everywhere) {
    Entry* first = everywhere ? side.entries.data() : &side.entries[side.set_of(linear >> shift) * side.ways];
    const size_t count = everywhere ? side.entries.size() : side.ways;
    for (size_t i = 0; i < count; ++i) drop(first[i], shift);
  };
  search(small_, 12, cut_);
  search(large_, 21, in_pieces_ || cut_);
}

void Tlb::flush_page(u64 linear, Space space, bool with_global) {
  flush_page_where(linear, [&](const Entry& e) {
    if (!e.translation.global) return e.space == space;
    return with_global && asid_of(e.space) == asid_of(space);
  });
}

void Tlb::flush_page_of_asid(u64 linear, u32 asid) {
  flush_page_where(linear, [&](const Entry& e) { return asid_of(e.space) == asid; });
}

void Tlb::select(SoftBank* banks[cpu::kBanks], Space space, const Rules& rules) {
  BankSet* chosen = nullptr;
  for (unsigned s = 0; s < kSets; ++s)
    if (sets_[s].in_use && sets_[s].space == space) chosen = &sets_[s];
  const bool found = chosen != nullptr;
  if (!found) {
    chosen = &sets_[0];
    for (unsigned s = 1; s < kSets; ++s)
      if (sets_[s].last_used < chosen->last_used) chosen = &sets_[s];
  }
  if (!found || chosen->rules != rules) {
    for (SoftBank& bank : chosen->banks) bank.clear();
  }
  chosen->space = space;
  chosen->rules = rules;
  chosen->in_use = true;
  chosen->last_used = ++uses_;
  for (unsigned b = 0; b < 3; ++b) banks[b] = &chosen->banks[b];
  banks[cpu::kBankNever] = &never_;
}

void Tlb::forget_hosts() {
  clear_soft([](Space) { return true; });
}

void Tlb::revoke(const u8* host, bool entirely) {
  for (unsigned s = 0; s < kSets; ++s) {
    if (!sets_[s].in_use) continue;
    for (SoftBank& bank : sets_[s].banks) {
      for (SoftEntry& e : bank.entries) {
        const bool direct = e.write_tag != SoftEntry::kNoTag && !(e.write_tag & SoftEntry::kBesideCode);
        if (!direct && !entirely) continue;
        const u64 page = e.write_tag != SoftEntry::kNoTag  ? e.write_tag & ~SoftEntry::kBesideCode
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
