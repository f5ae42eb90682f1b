// The log of a cluster's run, read back from its run directory: for expectations, and to be printed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/cluster/types.hpp"
#include "sim/scenario/scenario.hpp"

namespace hvlab::lab {

/// A line of cluster.jsonl.
struct LogLine {
  Picoseconds at = 0;
  std::string what;
  nlohmann::ordered_json fields;  // all of it

  /// The text under `key`; empty if there is none.
  std::string text(const char* key) const;
};

/// One line of it, without its end. Throws UserError if it is none.
LogLine read_log_line(const std::string& line);
std::vector<LogLine> read_log(const std::string& text);

/// "ha-dead        server-2", "moved          app-1 on server-1 to server-2, stood still for 312 ms",
/// "refused        giant: no host takes it (3 hosts: not enough memory, server-1 lacks 512 MiB)".
std::string text_of(const LogLine& line);

/// How many lines an expectation means, and where others of that kind are, for whoever looks for the mistake.
struct LogCount {
  size_t count = 0;
  std::string seen;  // "at 618s, 700s", at most a few
};
LogCount count_lines(const std::vector<LogLine>& log, const scenario::Expectation& expectation);

/// "1:00:00" or "2 d 6:00:00.500": a moment since the beginning, milliseconds only where there are any.
std::string clock_text(cluster::Nanoseconds time);

}  // namespace hvlab::lab
