// A processor as a document: registers by name, what it runs, what waits for it.
#pragma once

#include "sim/apic/local_apic.hpp"
#include "sim/cpu/cpu.hpp"
#include "sim/inspect/code_listing.hpp"
#include "sim/inspect/control_block.hpp"
#include "sim/inspect/page_walk.hpp"
#include "sim/record/run_files.hpp"

namespace hvlab::inspect {

using record::Json;

/// "0x00000000deadbeef"; `bytes` says how many digits.
std::string hex(u64 value, unsigned bytes = 8);

/// Registers in groups: general, control, debug, segments, tables, msrs, vector, each a list of {name, value,
/// text}.
Json registers_json(const cpu::Cpu& cpu);

/// Of the guest of a control block (guest_of): mode, privilege and those registers that the block has. Others
/// are wherever its hypervisor keeps them.
Json held_state_json(const cpu::Cpu& guest);

/// VMX: the last VM entry that failed, with the rule of the manual by which it did; null if none has.
Json refused_entry_json(const cpu::Cpu& cpu);

/// Mode, privilege, activity, what waits: the members of a processor's document that are no registers.
Json condition_json(const cpu::Cpu& cpu);

Json walk_json(const Walk& walk);
Json code_json(const std::vector<CodeLine>& lines);
/// `block`: its 4 KiB; empty: not in memory.
Json control_block_json(BlockKind kind, u64 address, std::span<const u8> block);

/// The processor with what is in the control block (of block_kind(cpu)) in its place, as VMRUN and the host's
/// VMLOAD before it, or VM entry, would leave it: for walks and code of a guest that does not run at the
/// moment. General registers but RSP, and with SVM RAX, stay the processor's own.
cpu::Cpu guest_of(const cpu::Cpu& cpu, std::span<const u8> block);

}  // namespace hvlab::inspect
