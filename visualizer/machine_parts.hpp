// The parts of the view "machine", and what they draw: the machine's document of one moment.
#pragma once

#include <string>

#include "sim/views/machine_document.hpp"
#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

/// The machine as it is drawn. Its document is good until the next frame.
struct MachineSource {
  const views::MachineDocument* document = nullptr;  // null: there is none (yet)
  const views::OpenRun* run = nullptr;               // whose machine it is
  Picoseconds when = 0;  // the moment that `document` was asked for, of the run's own time
  std::string address;   // the linear address that it was asked to walk; empty: none
  std::string problem;   // why there is no document of the moment that is wanted; empty: nothing is wrong
  bool busy = false;     // that one is being made; `document` is an earlier one
  bool live = false;     // it comes from a run that goes on and is paused
};

/// The document of `run` at the cursor, with the address of option machine.address ("0x..." or empty)
/// walked: of a live run that is paused there from the run itself, else from `hvlab inspect`, which runs the
/// recorded run again in the background. What has come is parsed once and kept, also that of moments that
/// were looked at before. Values that differ from those of the moment of option machine.before are marked.
MachineSource machine_source(Frame& frame, const views::OpenRun& run);

/// Stops what is under way for `run`, until retry_machine().
void cancel_machine(Frame& frame, const views::OpenRun& run);
void retry_machine(Frame& frame, const views::OpenRun& run);

/// The pane of the walk of option machine.address on `processor` (or, of a virtual processor that does not
/// run, of MachineControlBlock::guest), step by step through both stages. It has the whole child window that
/// it is drawn in.
void draw_machine_walk(Frame& frame, const MachineSource& source, const views::MachineProcessor& processor);

}  // namespace hvlab::visualizer
