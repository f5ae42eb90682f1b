// The trace of a run: what its records and blocks are. docs/trace-format.md tells it byte by byte.
#pragma once

#include <array>

#include "sim/base/types.hpp"
#include "sim/observe/threads.hpp"

namespace hvlab::record {

/// One happening. Records stand in the order in which they were reported: in order of time within a lane, but
/// one processor's may come before earlier ones of another that runs after it in a slice.
struct Record {
  Picoseconds time = 0;
  u64 a = 0;  // what they mean depends on the kind
  u64 b = 0;
  u64 rip = 0;
  u8 kind = 0;  // an observe::EventKind, or one of trace_kind
  u8 core = 0;  // the processor it happened on, or in whose time
  u16 lane = 0;

  bool operator==(const Record&) const = default;
};

/// Bytes of a record in the file.
inline constexpr size_t kRecordBytes = 36;
/// A block of records holds at most this many.
inline constexpr u32 kChunkRecords = 16384;
/// A block of records ends no later than this after its first.
inline constexpr Picoseconds kChunkSpan = 100 * kMillisecond;

/// Kinds of records that are no events of the machine; they count down so that event kinds can be added.
namespace trace_kind {
inline constexpr u8 kState =
    0xFF;                          // the lane's state is `a` from here on; of a processor b = its cycle, of a
                                   // virtual processor b = the processor, of a device b = requests under way,
                                   // of a thread b = number of its system call + 1, of a group b = threads
inline constexpr u8 kHeld = 0xFE;  // at the start of a block: the lane's state is `a` since `time`
inline constexpr u8 kMark = 0xFD;  // the guest's software said something; a = key in the table of marks
}  // namespace trace_kind

/// What a lane stands for. Its states are accounts (observe::Account), VcpuState, DeviceState,
/// observe::ThreadState or GroupState.
enum class LaneType : u8 { Core, Vcpu, Device, Thread, Group, Count };

enum class VcpuState : u8 {
  Running,    // on a processor
  Handling,   // left the guest; its host deals with the exit
  Halted,     // left the guest by HLT
  Away,       // left the guest, and the processor has taken up another address space
  Ready,      // marked: it could run, and has no processor
  CoStopped,  // marked: it could run, and is held back for the sake of its machine's others
  Blocked,    // marked: it could go on, but who runs it sleeps
  Count
};
enum class DeviceState : u8 { Idle, Busy, Count };    // busy: at least one request under way
enum class GroupState : u8 { Idle, Running, Count };  // running: at least one of its threads
/// The state of every lane after the end of the recording.
inline constexpr u64 kStateEnded = 0xFF;

/// The states' names as printed and stored.
const char* name(VcpuState state);
const char* name(DeviceState state);
const char* name(observe::ThreadState state);
const char* name(GroupState state);
const char* name(LaneType type);

/// How much a trace holds.
enum class RecordLevel : u8 { Off, Summary, Full };
const char* name(RecordLevel level);

/// Tables of names in a trace.
enum class NameTable : u8 {
  Kind = 1,          // key: kind of record
  Account = 2,       // key: state of a processor
  VcpuState = 3,     // key: state of a virtual processor
  DeviceState = 4,   // key: state of a device
  Lane = 5,          // key: lane; value: lane_value()
  ExitReason = 6,    // key: exit code; value: its number in summaries, counted from 0
  Mark = 7,          // key: a number; the text
  Symbol = 8,        // key: address; value: bytes, 0 if not known
  ThreadState = 9,   // key: state of a thread
  GroupState = 10,   // key: state of a group
  SystemCall = 11,   // key: number
  GuestSymbol = 12,  // key: address in the virtual machines' kernel; value: bytes, 0 if not known
};

/// The table of the names of such lanes' states.
NameTable states_of(LaneType type);

/// Type, machine (1 ..; 0 for what is no virtual processor) and number of a lane, as NameTable::Lane has
/// them. Of a thread: its group (0: none) and pid; of a group: 1 for a container, and its id.
constexpr u64 lane_value(LaneType type, unsigned vm, unsigned number) {
  return static_cast<u64>(type) | u64{vm & 0xFF'FFFF} << 8 | u64{number} << 32;
}

/// What a summary counts: its entries' `what`.
namespace what {
inline constexpr u16 kEvents = 0;        // + kind: events of that kind
inline constexpr u16 kTime = 0x100;      // + state: picoseconds spent in it
inline constexpr u16 kExits = 0x200;     // + number of the reason: exits for that reason
inline constexpr u16 kReasons = 0x1000;  // at most so many reasons; the last one stands for all others too
}  // namespace what

enum class BlockType : u16 { Names = 1, Records = 2, Summary = 3, End = 4 };

/// In front of each block; numbers in the file are little-endian.
struct BlockHeader {
  BlockType type = BlockType::Names;
  u16 detail = 0;    // of a summary: log2 of its buckets' picoseconds
  u32 count = 0;     // records, names, entries
  u32 stored = 0;    // bytes that follow, zstd-compressed
  u32 raw = 0;       // bytes they decompress to
  u64 first = 0;     // of records: time that the first one's difference counts from
  u64 earliest = 0;  // of records: times they span, those of held states excepted
  u64 latest = 0;
  u64 before = 0;  // of records: how many stand in earlier blocks
  u32 payload_crc = 0;
};

inline constexpr size_t kFileHeaderBytes = 32;
inline constexpr size_t kBlockHeaderBytes = 64;
inline constexpr size_t kTrailerBytes = 16;
inline constexpr size_t kIndexEntryBytes = 8 + kBlockHeaderBytes;
inline constexpr size_t kEntryBytes = 16;
inline constexpr u32 kMaxRawBytes = u32{256} << 20;
inline constexpr u16 kMostLanes = 4096;
inline constexpr u32 kTraceVersion = 1;

}  // namespace hvlab::record
