// One exit of a virtual machine as a ladder: out of the guest, through those who deal with it, and back.
#pragma once

#include "sim/views/exit_reader.hpp"
#include "sim/views/ladder.hpp"

namespace hvlab::views {

/// The way of `exit` by the accounts of the processor that it happened on: the guest before it (a twelfth of
/// the picture at most), the exit itself from Ladder::zero on, and the guest again. If its guest went on on
/// another processor, what is in between is waiting from where the two meet. Of an exit that has not ended,
/// what is known until the trace's end, a millisecond at most. Throws UserError at a damaged block.
Ladder walk_of(const record::TraceReader& trace, const Exit& exit);

}  // namespace hvlab::views
