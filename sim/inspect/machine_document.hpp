// The state of a machine at a moment as one document, hvlab.machine/1 (docs/live.md). Making it changes
// nothing: not the machine, not its time, not what any clock has seen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/board/machine.hpp"
#include "sim/inspect/processor_document.hpp"

namespace hvlab::inspect {

/// A virtual processor and where its control block is.
struct VirtualProcessor {
  unsigned vm = 0, vcpu = 0;
  u64 block = 0;  // physical address
  u64 entries = 0, exits = 0, guest_cycles = 0;
};

/// The end of what was written on a console.
struct ConsoleTail {
  std::string name;
  std::string text;
};

/// What the machine itself does not know, and what is asked.
struct MachineView {
  SymbolOf symbol;                                   // may be empty
  std::vector<VirtualProcessor> virtual_processors;  // that have run
  std::vector<ConsoleTail> consoles;
  std::optional<u64> address;                 // linear address to walk, on every processor and in every guest
  std::optional<size_t> processor;            // only this one; all otherwise
  unsigned code_before = 6, code_after = 12;  // instructions around RIP
};

Json machine_document(const board::Machine& machine, const MachineView& view);

/// The page walk of `linear` on a processor as it is, or, with `block`, in the guest of that control block.
Json walk_document(const board::Machine& machine, size_t processor, std::optional<u64> block, u64 linear,
                   mmu::Access access);

/// The document for people, in lines of at most about 110 columns.
std::string machine_text(const Json& document);
std::string walk_text(const Json& walk);

}  // namespace hvlab::inspect
