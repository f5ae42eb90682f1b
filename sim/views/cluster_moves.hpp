// Machines on their way: how far, whether it comes to an end, and why they move.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/record/cluster_reader.hpp"

namespace hvlab::views {

/// How far a move is at a moment.
struct MoveProgress {
  record::MoveStage stage = record::MoveStage::Waiting;
  size_t round = 0;  // of pre-copy, counted from 0
  double part = 0;   // of what this stage copies, 0 to 1
  double way = 0;    // of the whole move, by time, 0 to 1
  u64 sent = 0;      // bytes, so far, of memory
};
MoveProgress progress_of(const record::ClusterMove& move, record::ClusterTime time);

/// Whether it ever had its turn: one may be given up while it waits.
bool has_begun(const record::ClusterMove& move);
/// From its turn to its end; 0 if it never had one, or is not over.
record::ClusterTime lasted(const record::ClusterMove& move);

/// The moves that are asked for and not over at `time`; those that wait for their turn come last.
std::vector<u32> moves_at(const std::vector<record::ClusterMove>& moves, record::ClusterTime time);

/// What came of rounds up to and including `round`.
enum class Outlook : u8 {
  First,       // the first round sends everything and says nothing
  Enough,      // what was written meanwhile is little enough to stop the machine for
  Converges,   // each round has less to send
  Stuck,       // the machine writes as fast as can be sent
  SlowedDown,  // the machine is slowed down so that it writes less
};
struct RoundPicture {
  record::ClusterTime begins = 0, ends = 0;
  u64 sent = 0, written = 0;  // bytes
  double bandwidth = 0;       // bytes a second
  double dirtying = 0;        // bytes a second
  double speed = 1;           // of the machine's processors
  Outlook outlook = Outlook::First;
  double rounds_left = 0;  // of Converges: about so many more
};
std::vector<RoundPicture> rounds_of(const record::ClusterMove& move, const record::PolicyFacts& policy);

/// What is left and can be sent within the downtime that the policy aims at, in bytes, at `bandwidth`.
double enough_bytes(const record::PolicyFacts& policy, double bandwidth);

/// A line of a card: the key of its message ("cluster.why.benefit") and what is filled in.
using CardLine = std::pair<std::string, std::vector<std::string>>;

/// Why it moved: who asked, with which figures; how it ended. In words: why_moved() of cluster_words.hpp.
std::vector<CardLine> why_lines(const record::ClusterFacts& facts, const record::ClusterMove& move);

/// Of a restart (an event "power-on" whose count is 1): where the machine was before, and since when it was
/// down.
struct Restart {
  u32 from = record::kNobody;  // host
  record::ClusterTime down_since = 0;
  std::string what;  // the event that took it down: "died", "power-off"
};
Restart restart_of(const record::ClusterReader& reader, size_t event);

/// "117 MB/s", with powers of ten as network people count.
std::string rate_text(double bytes_per_second);
/// "1.2 GB", likewise.
std::string amount_text(double bytes);

}  // namespace hvlab::views
