// Exits of virtual machines from the records of a trace: what each was, and when its guest ran again.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "sim/observe/exit.hpp"
#include "sim/record/trace_reader.hpp"
#include "sim/views/progress.hpp"

namespace hvlab::views {

struct Exit {
  Picoseconds time = 0;
  u16 lane = 0;  // of the virtual processor; of the processor if it has none of its own
  u8 core = 0;
  u64 reason = 0, info1 = 0, info2 = 0;  // as observe/exit.hpp has them
  u64 rip = 0;                           // of the guest
  u64 guest_cycles = 0;                  // that it had run since it was entered
  bool entered = false;                  // it ran again
  Picoseconds entry = 0;                 // when
  u8 entry_core = 0;                     // and where

  observe::ExitClass exit_class() const;
  /// From the exit to the next entry; 0 if there was none.
  u64 cycles(u64 frequency_hz) const;
};

/// Is given a trace's records in their order, and gives exits back as they end.
class ExitReader {
 public:
  /// The exit that `record` ends; nothing if it ends none.
  std::optional<Exit> take(const record::Record& record, const record::TraceReader& trace);
  /// Those that have not ended, by lane.
  const std::map<u16, Exit>& open() const { return open_; }

 private:
  std::map<u16, Exit> open_;
};

/// True if `record` says that a virtual processor was entered.
bool is_entry(const record::Record& record, const record::TraceReader& trace);

/// After the end of a span its last exits are followed for at most this many blocks of records: what has not
/// ended by then counts as not ended.
inline constexpr size_t kBlocksBeyond = 32;

/// Calls take(record) for each record in the blocks that [from, until) touches, and on for at most
/// kBlocksBeyond blocks while more(record) says so; held states are left out. Tells `progress`, which may be
/// null, the records read. Throws UserError at a damaged block.
template <class Take, class More>
void scan_span(const record::TraceReader& trace, Picoseconds from, Picoseconds until, Progress* progress,
               Take take, More more) {
  const std::vector<record::Chunk>& chunks = trace.chunks();
  if (progress != nullptr) {
    u64 all = 0;
    for (const record::Chunk& chunk : chunks)
      if (chunk.header.latest >= from && chunk.header.earliest < until) all += chunk.header.count;
    progress->all = all;
  }
  size_t beyond = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i].header.latest < from) continue;
    const bool behind = chunks[i].header.earliest >= until;
    if (behind && (!more() || ++beyond > kBlocksBeyond)) return;
    for (const record::Record& record : trace.read(i)) {
      if (record.kind != record::trace_kind::kHeld) take(record);
    }
    if (progress == nullptr) continue;
    if (!behind) progress->done += chunks[i].header.count;
    if (progress->stop) return;
  }
}

/// Calls take(exit) for each exit in [from, until), in the order in which they end; those that do not end
/// last.
template <class Take>
void each_exit(const record::TraceReader& trace, Picoseconds from, Picoseconds until, Progress* progress,
               Take take) {
  ExitReader reader;
  const auto within = [&](const Exit& exit) { return exit.time >= from && exit.time < until; };
  scan_span(
      trace, from, until, progress,
      [&](const record::Record& record) {
        if (const auto exit = reader.take(record, trace); exit && within(*exit)) take(*exit);
      },
      [&] {
        for (const auto& [lane, exit] : reader.open())
          if (within(exit)) return true;
        return false;
      });
  for (const auto& [lane, exit] : reader.open())
    if (within(exit)) take(exit);
}

/// The exit of `lane` at `time`; nothing if there is none.
std::optional<Exit> find_exit(const record::TraceReader& trace, u16 lane, Picoseconds time);

/// What the information of an exit means, for people: observe::exit_text.
std::string qualification_text(const Exit& exit);

/// The function that `address` of a guest is in, as "name+1ch", if the trace names those of its guests; empty
/// if it does not.
std::string guest_symbol(const record::TraceReader& trace, u64 address);

}  // namespace hvlab::views
