// Registers of a card that the kernel answers for a virtual machine's program (vm_abi.hpp): what an access
// does to the words that both share. Plain data and atomic operations: runs in the kernel and in a test on
// the host.
#pragma once

#include "hv-models/kernel/vm_abi.hpp"

namespace hvlab::kernel {

/// Whether it names nothing that there is not: kinds, words, a pin of the IOAPIC, no more rows than fit. What
/// has no rows names nothing. Addresses may be any.
bool is_well(const VmKept& kept);

struct Answer {
  bool done = false;        // the access, and `value` is what was read; else it is none of theirs
  bool moves_line = false;  // follow_line() has to be called
  bool watched = false;     // the program wants to know
};
Answer answer_access(VmPage& page, const VmKept& kept, devices::Access& access);

/// The level that the card's line has to have from now on, which the page then says too. Not by two at a
/// time.
bool follow_line(VmPage& page, const VmKept& kept);

}  // namespace hvlab::kernel
