// Steps of an explained walk: through tables in the system's own format, as nested paging has them too
// (walk_steps.cpp), and through EPT (ept_steps.cpp).
#pragma once

#include "sim/inspect/page_walk.hpp"
#include "sim/mmu/ept.hpp"
#include "sim/mmu/paging_entry.hpp"

namespace hvlab::inspect {

/// What a stage came to.
struct Reached {
  bool found = false;
  std::string fault = {};
  u32 error = 0;               // of a page fault; EPT: the exit qualification of a violation
  bool misconfigured = false;  // EPT
  mmu::Translation page = {};
};

/// Notes `fault`; false.
bool note_fault(Reached& r, const std::string& fault);

/// Which bits of `address` choose the entry (SDM vol. 3, 4.3 to 4.5).
void choose_entry(WalkStep& step, u64 address, unsigned low_bit, unsigned count);

/// Reads the entry of `step` where `system_address` says. False: `r` is the fault.
bool fetch(const cpu::Cpu& cpu, WalkStep& step, unsigned& references, Reached& r);

// --- tables in the own format ---

const char* table_name(const mmu::Levels& levels, unsigned level);
const char* mode_of(const mmu::Levels& levels);

/// Why the walk cannot go on from `entry`; empty if it can. `error` gets the fault's bits.
std::string entry_fault(const cpu::Cpu& cpu, const mmu::Rules& rules, const mmu::Levels& levels,
                        unsigned level, u64 entry, u32& error);
/// Fills what an entry says that can be used; true if it is the last one.
bool take(const mmu::Rules& rules, const mmu::Levels& levels, WalkStep& step, mmu::Translation& t);
/// The page-directory-pointer entry of PAE paging outside long mode.
void take_pdpte(const cpu::Cpu& cpu, WalkStep& step, u32& error, bool check);

// --- second stages ---

/// Nested paging for `address` (APM vol. 2, 15.25).
Reached nested_stage(const cpu::Cpu& cpu, u64 address, mmu::Access access, std::vector<WalkStep>& steps,
                     unsigned& references);

/// EPT for an access by guest-physical address; `user_mode`: see mmu::ept_linear. The qualification has no
/// linear address.
Reached ept_stage(const cpu::Cpu& cpu, const mmu::EptAccess& access, bool user_mode,
                  std::vector<WalkStep>& steps, unsigned& references);

}  // namespace hvlab::inspect
