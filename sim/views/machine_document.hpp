// What `hvlab inspect --json` and a live run's `state` say (hvlab.machine/1, docs/live.md), as plain data.
#pragma once

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
};

struct MachineWalk {
  std::string linear, guest_physical, physical, fault, error;
  u64 page_bytes = 0;
  bool second_stage = false, nested_fault = false;
  std::vector<std::string> allowed;
  std::vector<MachineStep> steps, nested;  // of the first stage; of the second one for the page itself
};

struct MachineRegister {
  std::string group, name, value, text;  // `text`: the names of its bits, or what else it says
  bool changed = false;                  // since the document before; see mark_changed()
};

struct MachineCode {
  std::string address, bytes, text, symbol, target;
  bool current = false;
};

struct MachineProcessor {
  u64 number = 0, time = 0;  // ps
  std::string mode, activity, account;
  bool in_guest = false;
  std::vector<MachineRegister> registers;
  std::vector<MachineCode> code;
  MachineWalk walk;  // without `linear` none was asked for
};

struct MachineDocument {
  u64 time = 0;  // ps
  std::vector<MachineProcessor> processors;
  std::vector<std::string> not_shown;
};

/// Reads a document. What is missing or of another type is left at its default; nothing is thrown.
MachineDocument machine_document(const record::Json& json);

/// Marks the registers of `now` whose value is another than in `before`. Those that `before` lacks stay
/// unmarked.
void mark_changed(MachineDocument& now, const MachineDocument& before);

}  // namespace hvlab::views
