// Every single instruction that a machine executes for a while, and what happened meanwhile: `hvlab inspect
// --instructions` (docs/live.md). Listening changes nothing that is simulated.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/lab/machine_look.hpp"

namespace hvlab::lab {

class InstructionList final : public observe::Observer {
 public:
  struct Wishes {
    Picoseconds at = 0;               // the first is the first that begins then or later
    Picoseconds until = kNever;       // those that begin before
    u64 most = 1;                     // so many, the earliest, of all processors together
    std::optional<size_t> processor;  // only of this one
  };

  /// `look` has to see every event before this does.
  InstructionList(board::Machine& machine, MachineLook& look, const Wishes& wishes);

  /// Listens to the machine's processors from now on. `enough` is called once, when all that is wanted is
  /// there.
  void begin(std::function<void()> enough);

  void on_event(const observe::Event& event) override;
  /// The machine is about to be idle for `span`.
  void before_idle(Picoseconds span);

  /// Whether an instruction has begun that is wanted.
  bool has_begun() const {
    return is_enough_ || !done_.empty() ||
           std::ranges::any_of(under_way_, [](const auto& one) { return one.has_value(); });
  }

  /// hvlab.instructions/1 of what was executed. To be called once, after the run.
  record::Json document();

 private:
  struct Instruction {
    u64 begin = 0;  // cycle
    std::optional<u64> cycles;
    u64 retired = 0;  // instructions of the processor before it; afterwards: 1 if it was completed
    size_t processor = 0;
    bool interrupted = false;  // an interrupt was taken instead
    unsigned cpl = 0, vm = 0, vcpu = 0;
    bool in_guest = false;
    const char* account = "";
    u64 rip = 0;
    inspect::CodeLine code;
  };

  void step(size_t processor);
  void close(size_t processor);
  void open(size_t processor);
  void note_if_enough(size_t processor);
  record::Json instruction_json(const Instruction& one) const;
  record::Json event_json(const observe::Event& event) const;
  Picoseconds complete_until() const;

  board::Machine& machine_;
  MachineLook& look_;
  Wishes wishes_;
  u64 last_ = 0;  // cycle before which they begin
  std::vector<Instruction> done_;
  std::vector<std::optional<Instruction>> under_way_;  // of each processor
  std::vector<observe::Event> events_;
  u64 counted_at_ = 0;       // the horizon of the last count
  Picoseconds idle_to_ = 0;  // nothing is executed before that
  std::function<void()> enough_;
  u64 exit_reason_ = 0;  // of the last exit, until its detail comes
  bool is_enough_ = false;
};

/// The document for people, a line for each instruction and each event.
std::string instructions_text(const record::Json& document);

}  // namespace hvlab::lab
