// What a cluster trace's blocks hold, to bytes and back. docs/cluster-trace.md tells it byte by byte.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>

#include "sim/record/cluster_trace.hpp"
#include "sim/record/run_files.hpp"

namespace hvlab::record {

inline constexpr u32 kClusterVersion = 1;
inline constexpr size_t kClusterFileHeaderBytes = 16;
inline constexpr size_t kClusterBlockHeaderBytes = 48;
inline constexpr u32 kMostClusterBlock = u32{64} << 20;

enum class ClusterBlock : u16 { Facts = 1, States, Moves, Events, Overview, End };

struct ClusterBlockHeader {
  ClusterBlock type = ClusterBlock::Facts;
  u32 count = 0;   // of moves, events
  u32 stored = 0;  // bytes that follow, zstd-compressed
  u32 raw = 0;     // bytes they decompress to
  u32 payload_crc = 0;
  ClusterTime first = 0;  // of states, events: times they span; of the end: until when was recorded
  ClusterTime last = 0;
};

std::array<u8, kClusterFileHeaderBytes> cluster_file_header();
bool is_cluster_file_header(std::span<const u8> bytes);
std::array<u8, kClusterBlockHeaderBytes> encode_cluster_header(const ClusterBlockHeader& header);
/// Nothing if `bytes` are not a block's header, or one that cannot be right.
std::optional<ClusterBlockHeader> decode_cluster_header(std::span<const u8> bytes);

/// Facts are a document of JSON, so that others read them without this. Nothing if something in it is not
/// what it should be; what is not there is as in ClusterFacts.
Json json_of(const ClusterFacts& facts);
std::optional<ClusterFacts> facts_of(const Json& json);

/// The things that samples are of.
enum class SampleKind : u8 { Host, Machine, Store, Manager, Count };

/// Writes changes of state one after the other. A block begins with what differs from blank_state().
class StateEncoder {
 public:
  /// What follows is at `at`.
  void time(ClusterTime at);
  void change(u32 place, const HostSample& before, const HostSample& now);
  void change(u32 place, const MachineSample& before, const MachineSample& now);
  void change(u32 place, const StoreSample& before, const StoreSample& now);
  void change(u32 place, const ManagerSample& before, const ManagerSample& now);

  /// Forgets all; a block begins.
  void begin(ClusterTime at);
  const std::vector<u8>& bytes() const { return bytes_; }

 private:
  template <class Sample>
  void put(SampleKind kind, u32 place, const Sample& before, const Sample& now);

  std::vector<u8> bytes_;
  ClusterTime now_ = 0;
  std::array<u32, static_cast<size_t>(SampleKind::Count)> last_{};
};

/// Walks through the changes of one block.
class StateDecoder {
 public:
  /// `bytes` stay where they are. `first`: as in the block's header.
  StateDecoder(std::span<const u8> bytes, ClusterTime first);

  /// When the changes are that come next; nothing at the end, or where the bytes make no sense (failed()).
  std::optional<ClusterTime> next() const { return next_; }
  /// Applies all changes of the next time to `state`, which has the size that its facts say.
  void apply(ClusterState& state);
  bool failed() const { return failed_; }

 private:
  void look();

  std::span<const u8> bytes_;
  size_t at_ = 0;
  std::optional<ClusterTime> next_;
  std::array<u32, static_cast<size_t>(SampleKind::Count)> last_{};
  bool failed_ = false;
};

void encode_move(const ClusterMove& move, std::vector<u8>& to);
/// Nothing if `raw` is not exactly `count` moves.
std::optional<std::vector<ClusterMove>> decode_moves(std::span<const u8> raw, u32 count);

void encode_events(std::span<const ClusterEvent> events, std::vector<u8>& to);
std::optional<std::vector<ClusterEvent>> decode_events(std::span<const u8> raw, u32 count);

void encode_overview(const ClusterOverview& overview, std::vector<u8>& to);
/// Nothing unless it is of so many hosts and datastores.
std::optional<ClusterOverview> decode_overview(std::span<const u8> raw, size_t hosts, size_t stores);

}  // namespace hvlab::record
