// What `hvlab inspect --json` and a live run's `state` say (hvlab.machine/1, docs/live.md), as plain data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/record/run_files.hpp"

namespace hvlab::views {

/// One entry of a paging table that was read. Addresses and entries are texts, as in the document.
struct MachineStep {
  std::string table, address, system_address, entry, leads_to, next, fault;
  std::vector<std::string> flags;
  std::vector<MachineStep> nested;  // how the second stage found the entry
  std::string stage;                // "first", "second"
  u64 level = 0;                    // 1: page table ... 4: page-map level 4
  u64 page_bytes = 0;               // of the page that it leads to; 0: it leads to none
  u64 index = 0;                    // of the entry in its table
  u64 high_bit = 0, low_bit = 0;    // of the address walked, those that choose the entry
  bool read = true;                 // false: there was no entry to be had
  bool in_register = false;         // kept in the processor: a PDPTE of PAE paging
};

struct MachineWalk {
  std::string linear, guest_physical, physical, fault, error;
  u64 page_bytes = 0;
  bool second_stage = false, nested_fault = false;
  std::vector<std::string> allowed;
  std::vector<MachineStep> steps, nested;  // of the first stage; of the second one for the page itself
  std::string access, privilege;           // "read", ...; "user", "supervisor"
  bool paging = false;
  std::string mode, second_mode;  // "4-level", "PAE", "32-bit"; "5-level" is known, too; empty: none
  u64 references = 0;             // entries in memory that were read
};

/// A register, a control block's field, or what a device has: name, value, and what that says.
struct MachineRegister {
  std::string group, name, value, text;  // `text`: the names of its bits, or what else it says
  bool changed = false;                  // since the document before; see mark_changed()
  std::string place;                     // an MSR's number, a field's offset or encoding; often empty
  std::string base, limit, attributes;   // of segments

  /// Whether the value has a digit that is not 0.
  bool is_set() const { return value.find_first_of("123456789abcdefABCDEF") != std::string::npos; }
};

struct MachineCode {
  std::string address, bytes, text, symbol, target;
  bool current = false;
};

/// A virtual processor by its number and where its control block is.
struct MachineGuest {
  std::optional<u64> vm, vcpu;  // if they are known
  std::string block;
};

struct MachineApic {
  u64 id = 0;
  std::string mode, task_priority, processor_priority, spurious;
  bool software_enabled = false;
  std::vector<u64> requested, in_service;  // vectors
  std::vector<MachineRegister> lvt;
  std::string timer_mode;
  bool timer_running = false;
  u64 timer_initial = 0, timer_divide = 0, timer_started = 0;  // started: ps
};

struct MachineProcessor {
  u64 number = 0, time = 0;  // ps
  std::string mode, activity, account;
  bool in_guest = false;
  std::vector<MachineRegister> registers;
  std::vector<MachineCode> code;
  MachineWalk walk;  // without `linear` none was asked for

  u64 cycles = 0, instructions = 0, cpl = 0;
  bool interrupts_enabled = false, gif = true, interrupt_shadow = false;
  std::vector<std::string> waiting;   // for it: "interrupt", "nmi", ...
  std::optional<MachineGuest> guest;  // that it runs, or (not in_guest) ran last
  std::optional<MachineApic> apic;
};

/// What hardware keeps a virtual processor in: a VMCB or a VMCS.
struct MachineControlBlock {
  std::string kind;  // "svm", "vmx"
  std::string address, problem;
  u64 vm = 0, vcpu = 0, entries = 0, exits = 0, guest_cycles = 0;
  std::optional<u64> runs_on;  // the processor that is in it: the block is then that of its last exit
  std::vector<MachineRegister> fields;
  MachineProcessor guest;  // of one that does not run: its state as the block has it, code and walk
};

struct MachinePin {
  u64 pin = 0;
  bool asserted = false;
  std::string entry, text;
};

struct MachinePic {
  std::string name, requests, in_service, mask, level;
  u64 vector_base = 0;
};

struct MachineDevice {
  std::string name, kind, place;  // `place`: its ports and memory, or its PCI function
  u64 port_reads = 0, port_writes = 0, memory_reads = 0, memory_writes = 0;
  std::vector<MachineRegister> state;
};

struct MachineConsole {
  std::string name, tail;
};

struct MachineDocument {
  u64 time = 0;  // ps
  std::vector<MachineProcessor> processors;
  std::vector<std::string> not_shown;
  u64 frequency_hz = 0, instructions = 0, events = 0;
  std::vector<MachineControlBlock> blocks;
  std::optional<u64> ioapic_id;  // nothing: the document has no I/O APIC
  std::vector<MachinePin> pins;
  std::vector<MachinePic> pics;
  std::vector<MachineDevice> devices;
  std::vector<MachineConsole> consoles;
};

/// Reads a document. What is missing or of another type is left at its default; nothing is thrown.
MachineDocument machine_document(const record::Json& json);

/// Marks registers, fields and devices' states of `now` whose value is another than in `before`. Those that
/// `before` lacks stay unmarked.
void mark_changed(MachineDocument& now, const MachineDocument& before);

/// "VMCB", "VMCS"; of a kind that is not known, the kind.
std::string block_name(const std::string& kind);

}  // namespace hvlab::views
