// The single instructions of a stretch of a run, as `hvlab inspect --instructions --json` lists them
// (hvlab.instructions/1, docs/live.md): which stretch to ask for, what is where in it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/record/run_files.hpp"
#include "sim/views/run_set.hpp"

namespace hvlab::views {

struct Instruction {
  Picoseconds begin = 0, end = 0;  // the next one's begin; the stretch's end if that is not known
  std::optional<u64> cycles;       // to the next one of its processor
  u64 rip = 0;
  unsigned cpl = 0, vm = 0, vcpu = 0;  // vm 0: in no virtual machine that is known
  bool in_guest = false;
  bool completed = true;     // false: it left the guest, faulted, or has to be taken up again
  bool interrupted = false;  // an interrupt was taken instead
  std::string account, text, symbol, target;

  /// The first word of `text`; with its prefix, if it has one that repeats or locks.
  std::string mnemonic() const;
};

struct InstructionList {
  Picoseconds from = 0, until = 0;                   // all that begin there are in it
  std::vector<std::vector<Instruction>> processors;  // of each, in order of time
};

/// What the document says. Throws UserError if it is none.
InstructionList instruction_list(const record::Json& document);

/// A stretch of a run's own time that is asked for at once.
struct InstructionStretch {
  Picoseconds at = 0, until = 0;
  bool operator==(const InstructionStretch&) const = default;
};

/// So many instructions, at most, make one list.
constexpr u64 kMostInstructions = 20'000;

/// Whether instructions are at least about 6 pixels wide in a span that has so many columns of pixels.
bool instructions_fit(PicosecondDelta span, u32 columns, u64 hertz);

/// What to ask for so that [from, until) can be shown: more than that, so that the same is asked for while
/// one pans a little. Nothing for a span that would have too many.
std::optional<InstructionStretch> instruction_stretch(Picoseconds from, Picoseconds until);

/// The arguments of `hvlab` that ask for it.
std::vector<std::string> instruction_question(const std::string& run, const InstructionStretch& stretch);

/// Instructions that are drawn as one: those that begin in the same column of pixels.
struct InstructionCell {
  double left = 0, right = 0;  // columns, from the span's beginning; not cut at its ends
  size_t first = 0, count = 0;
};

/// The cells of one processor's instructions in [from, until) in so many columns: at most two more than
/// columns.
std::vector<InstructionCell> instruction_cells(const std::vector<Instruction>& instructions,
                                               PicosecondDelta from, PicosecondDelta until, u32 columns);

/// The instruction that is executed at `time`; null if none is.
const Instruction* instruction_at(const std::vector<Instruction>& instructions, Picoseconds time);

}  // namespace hvlab::views
