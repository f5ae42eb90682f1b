// Reads a cluster trace, whole or broken off. docs/cluster-trace.md.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/record/cluster_codec.hpp"

namespace hvlab::record {

class ClusterReader {
 public:
  /// Opens file `path` and reads everything but states. Throws UserError if it cannot be read or is no
  /// cluster trace. One that broke off, or is damaged, is read as far as it goes; problem() says so.
  explicit ClusterReader(const std::string& path);
  ~ClusterReader();
  ClusterReader(const ClusterReader&) = delete;
  ClusterReader& operator=(const ClusterReader&) = delete;

  const ClusterFacts& facts() const { return facts_; }
  /// Whether the recording has ended properly.
  bool complete() const { return complete_; }
  /// What is wrong with the file, or empty.
  const std::string& problem() const { return problem_; }
  /// Until when was recorded; it began at 0.
  ClusterTime end() const { return end_; }

  /// In order of time; of the same time, as they happened.
  const std::vector<ClusterEvent>& events() const { return events_; }
  /// In the order in which they were asked for.
  const std::vector<ClusterMove>& moves() const { return moves_; }
  const ClusterOverview& overview() const { return overview_; }

  /// Everything as it is at `time`, after what happens then. Valid until the next call of any function that
  /// is not const. Close by, or later in the same block, costs little; elsewhere a block is read.
  const ClusterState& at(ClusterTime time);

  /// Calls `see` for each time at which something changed in [from, until), and for `from`, with everything
  /// as it is then, until it returns false.
  using See = std::function<bool(ClusterTime, const ClusterState&)>;
  void each(ClusterTime from, ClusterTime until, const See& see);

  /// How many blocks of states have something of [from, until): what each() will read.
  size_t blocks_between(ClusterTime from, ClusterTime until) const;
  /// From when to when these blocks reach: at least from `from` to `until`, as far as the recording goes.
  std::pair<ClusterTime, ClusterTime> blocks_of(ClusterTime from, ClusterTime until) const;

 private:
  struct Block {
    u64 offset = 0;  // of its bytes
    ClusterBlockHeader header;
  };

  bool read_at(u64 offset, u8* to, size_t bytes) const;
  void scan();
  void take_block(const Block& block);
  void check_places();
  std::optional<std::vector<u8>> content(const Block& block) const;
  /// The last block that begins no later than `time`; the number of blocks if there is none.
  size_t block_at(ClusterTime time) const;
  void enter(size_t block);
  void make_overview();
  void damaged(const std::string& what);

  std::string path_;
  int file_ = -1;
  u64 size_ = 0;
  ClusterFacts facts_;
  bool complete_ = false;
  std::string problem_;
  ClusterTime end_ = 0;
  std::vector<ClusterEvent> events_;
  std::vector<ClusterMove> moves_;
  ClusterOverview overview_;
  std::vector<Block> states_;
  // Where at() stands.
  size_t entered_ = ~size_t{0};
  std::vector<u8> raw_;
  std::optional<StateDecoder> decoder_;
  ClusterTime now_ = 0;  // `state_` is of then
  ClusterState state_;
};

}  // namespace hvlab::record
