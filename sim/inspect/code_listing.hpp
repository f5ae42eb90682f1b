// Instructions around where a processor is, with names where they are known.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/cpu/cpu.hpp"

namespace hvlab::inspect {

/// "do_idle+0x12" for an address of what `cpu` runs, or empty.
using SymbolOf = std::function<std::string(const cpu::Cpu& cpu, u64 address)>;

struct CodeLine {
  u64 address = 0;  // linear
  std::vector<u8> bytes = {};
  std::string text = {};    // "(not mapped)", "(no instruction)" where there is none
  std::string symbol = {};  // of the address
  std::string target = {};  // of where it leads or points
  bool current = false;
};

/// Up to `before` instructions before RIP and `after` from it on, as the processor would fetch them. Those
/// before are found by decoding from further up until an instruction ends at RIP: where code is mixed with
/// data that can be wrong.
std::vector<CodeLine> code_around(const cpu::Cpu& cpu, unsigned before, unsigned after,
                                  const SymbolOf& symbol);

}  // namespace hvlab::inspect
