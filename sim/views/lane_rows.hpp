// The lanes of a run as rows under headings, in the order in which one looks at them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/record/trace_reader.hpp"

namespace hvlab::views {

/// One row: a lane, or a heading that shows what is beneath it when that is folded away.
struct LaneRow {
  enum class Kind : u8 {
    Processors,    // heading
    Machine,       // heading of a virtual machine's processors; `number`: 1 ..
    Group,         // a container or control group: a lane, and heading of its threads
    Processes,     // heading
    Process,       // heading of a process's threads; `number`: its id
    Devices,       // heading of those that had requests
    OtherDevices,  // heading of the others
    Lane,          // `lanes` has one
  };
  Kind kind = Kind::Lane;
  unsigned number = 0;
  unsigned depth = 0;      // 0: a heading of its own, 1: beneath one, ...
  std::string name;        // as stored: of a lane or process; of other headings nothing
  std::string key;         // names a heading in `toggled`: "vm 1"; the same in all runs
  std::vector<u16> lanes;  // whose picture it shows: its own, or of a heading all beneath it
  bool folded = false;     // of a heading: what is beneath it has no rows
  bool heading() const { return kind != Kind::Lane; }
};

struct RowChoice {
  /// Headings that are not as they are at first: those of processes and of devices without requests are
  /// folded at first, the others open.
  std::set<std::string> toggled;
  /// Only these lanes; nothing: all.
  std::optional<std::set<u16>> only;
};

/// Processors; each machine's virtual processors; containers and control groups with their threads;
/// processes, the busiest first; devices with requests; other devices. A heading with nothing beneath is left
/// out.
std::vector<LaneRow> lane_rows(const record::TraceReader& trace, const RowChoice& choice = {});

}  // namespace hvlab::views
