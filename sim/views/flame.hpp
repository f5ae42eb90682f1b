// Where the cycles of a span went: from the processors through the ledger's accounts to the reasons of exits
// and the guest's functions.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "sim/views/exit_reader.hpp"

namespace hvlab::views {

struct FlameNode {
  enum class Kind : u8 {
    All,       // all processors
    Core,      // text: its name
    Machine,   // a virtual machine with what its exits take; text: "vm 1"
    Host,      // all else
    Account,   // text: its name as stored
    Reason,    // of the exit that is being dealt with; text: its name
    Earlier,   // an exit from before the span
    Function,  // that the exit happened in; text: its name, or its address where it is not known
    Others,    // functions beyond the first kMostFunctions of a reason
  };
  Kind kind = Kind::All;
  std::string text;
  u64 key = 0;                      // of a core its lane, a machine its number, an account, a reason its code
  u64 cycles = 0;                   // its own and its children's
  std::vector<FlameNode> children;  // the largest first

  /// Cycles that are none of the children's.
  u64 own() const;
};

enum class FlameBy : u8 { Core, Machine };

inline constexpr size_t kMostFunctions = 24;

/// The cycles of [from, until) of all processors that are recorded there: the root's are exactly all of them.
/// Hypervisor, host kernel, VMM process and world switches between an exit and the next entry on its
/// processor are for the exit's reason, unless the processor turns to something else in between: idleness,
/// another program. Throws UserError at a damaged block.
FlameNode flame_of(const record::TraceReader& trace, Picoseconds from, Picoseconds until, FlameBy by,
                   Progress* progress = nullptr);

/// `root` without the cycles of `account` ("idle").
FlameNode without_account(const FlameNode& root, const std::string& account);

/// A node and where it is in the picture.
struct FlameBox {
  const FlameNode* node = nullptr;
  const FlameNode* parent = nullptr;
  unsigned depth = 0;
  double begin = 0, end = 0;  // of 0 .. 1
  std::vector<size_t> path;   // which child of which
};
/// The boxes of `root` that are at least `least` wide: those that a picture of 1 / least pixels can show.
std::vector<FlameBox> flame_boxes(const FlameNode& root, double least);

/// The node at the end of `path`, or as far as it leads.
const FlameNode& flame_node(const FlameNode& root, const std::vector<size_t>& path);

}  // namespace hvlab::views
