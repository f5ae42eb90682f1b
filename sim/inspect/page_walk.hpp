// The page walk of an address, step by step, as people want to see it: through the tables of the system that
// runs, and of each of its accesses through the second stage. Changes nothing: no accessed or dirty bit, no
// TLB. Rules of entries are the page walk's own (sim/mmu/paging_entry.hpp, ept.hpp).
#pragma once

#include <string>
#include <vector>

#include "sim/cpu/cpu.hpp"
#include "sim/mmu/walk.hpp"

namespace hvlab::inspect {

enum class Stage : u8 {
  First,   // the tables of the system that runs: the guest's, or the only ones
  Second,  // nested paging's, or EPT's
};

/// One table entry that was read, or could not be.
struct WalkStep {
  Stage stage = Stage::First;
  bool extended = false;               // an EPT entry ...
  std::vector<std::string> flags;      // ... and the names of what is set in it ("read", "write-back", ...)
  unsigned level = 0;                  // 1: page table ... 5: page-map level 5
  const char* table = "";              // "PML5", "PML4", "PDPT", "PD", "PT"
  unsigned high_bit = 0, low_bit = 0;  // of the address walked, those that choose the entry
  u64 index = 0;                       // the entry's number in its table
  u64 address = 0;                     // of the entry, as its tables say: guest-physical in a guest's
  u64 system_address = 0;              // where it is in the machine's memory
  u64 entry = 0;
  unsigned entry_bytes = 8;
  bool read = false;             // `entry` is what the table has: not where there is no memory
  bool in_register = false;      // a PDPTE of PAE paging: kept in the processor
  u64 next = 0;                  // the table it leads to, or the page
  unsigned page_shift = 0;       // of the page: log2 of its bytes; 0: not the last step
  std::string fault;             // why the walk ends here; empty: it does not
  std::vector<WalkStep> nested;  // how the second stage found `system_address`
};

struct Walk {
  u64 linear = 0;
  mmu::Access access = mmu::Access::Read;
  bool user = false;
  bool paging = false, second_stage = false;
  const char* mode = "";              // "4-level", "PAE", "32-bit": how the first stage's tables are read
  const char* second_mode = "";       // the second stage's; EPT: "4-level", "5-level"
  bool extended = false;              // ... which is EPT
  std::vector<WalkStep> steps = {};   // of the first stage, in order
  std::vector<WalkStep> nested = {};  // of the second stage, for the page found
  std::string fault = {};             // why there is no translation; empty: there is one
  bool nested_fault = false;          // it is the second stage's
  u32 error = 0;  // error code of the page fault; of EPT's the exit qualification (SDM vol. 3, tables
                  // 28-6 and 28-7), 0 of a misconfiguration
  u64 guest_physical = 0;  // what the first stage says (in a guest); else as `physical`
  u64 physical = 0;
  unsigned shift = 12;  // log2 of the page's bytes: the smaller of both stages'
  bool readable = false, writable = false, executable = false;  // at the privilege in question
  unsigned references = 0;                                      // entries in memory that were read
};

/// Walks the tables of `cpu` for `linear`, as an access of `access` at the current privilege would.
Walk explain_walk(const cpu::Cpu& cpu, u64 linear, mmu::Access access = mmu::Access::Read);

/// The names of the bits set in a paging-structure entry, in order ("present", "writable", ...).
std::vector<std::string> entry_flags(u64 entry, bool last);

/// Reads linear memory without any effect, page by page, at the privilege of a system. The number of bytes
/// that could be read before something was not mapped to RAM.
size_t read_linear(const cpu::Cpu& cpu, u64 linear, void* to, size_t bytes);

}  // namespace hvlab::inspect
