// One input or output of a system seen from below: from the system call to the medium and back, cut into
// contiguous pieces (docs/io-path.md).
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::observe {

enum class IoOperation : u8 {
  Read,
  Write,
  Flush,
  Discard,
  RoundTrip,  // a UDP datagram and its answer
  Ping,       // an ICMP echo and its answer
  Send,       // a frame, one way
  Receive,
  Other,
  Count
};
constexpr bool is_trip(IoOperation operation) {
  return operation == IoOperation::RoundTrip || operation == IoOperation::Ping;
}

/// How far a request is: a stage begins at the moment it is named after and lasts until the next one that was
/// seen.
enum class IoStage : u8 {
  Call,       // the system call that made it has begun
  Submit,     // its system hands it to the driver
  Driver,     // the block layer of the machine's own system hands what it became to that system's driver
  Device,     // the driver has told the device (its doorbell)
  Medium,     // the device has taken it; the frame is on the wire
  Done,       // the medium is done
  Interrupt,  // the device has asked for an interrupt
  Handler,    // a processor has accepted it
  Complete,   // the machine's own system has completed what the request became
  Injected,   // a virtual machine's processor has taken the interrupt that tells of it
  Return,     // its system has completed it
  Count
};
inline constexpr size_t kIoStages = static_cast<size_t>(IoStage::Count);

/// Who had the request in a piece of its time.
enum class IoWhere : u8 {
  GuestUser,
  GuestKernel,
  OtherGuest,        // another virtual machine was running where the request waited
  Exit,              // the processor's switch out of the guest
  Entry,             // and into it, with what is injected
  Hypervisor,        // privileged code of a thread that runs guests
  HostKernel,        // privileged code of another thread
  HostUser,          // a program: the user-space part of the hypervisor, or the application itself
  ManagementKernel,  // the virtual machine that has the devices' drivers
  ManagementUser,
  Waiting,  // the thread that goes on with it was woken, and waits for a processor
  Idle,     // the processor had nothing to do
  Device,
  Medium,
  Unknown,  // from before anything was known
  Count
};
inline constexpr size_t kIoPlaces = static_cast<size_t>(IoWhere::Count);

/// Names as stored ("submit", "guest-kernel", "write", ...).
const char* name(IoStage stage);
const char* name(IoWhere where);
const char* name(IoOperation operation);
/// A line of a ladder for people: what stage and place mean together ("injection and entry").
std::string io_hop_label(IoOperation operation, IoStage stage, IoWhere where);

/// A piece of a request's time. The pieces of a request follow each other without a gap.
struct IoPiece {
  IoStage stage = IoStage::Call;
  IoWhere where = IoWhere::Unknown;
  u8 core = 0;
  Picoseconds begin = 0, end = 0;
};

/// A request that is over.
struct IoRequest {
  unsigned system = 0;  // 0: the machine's own; k: that of virtual machine k
  IoOperation operation = IoOperation::Other;
  u64 sector = 0, bytes = 0;
  Picoseconds begin = 0, end = 0;
  std::vector<IoPiece> pieces;  // from begin to end
  /// Stages whose beginning was seen, a bit each.
  u16 seen = 0;
  bool awaited = false;      // a received datagram that a thread waited for in a call
  unsigned parts = 0;        // requests of the machine's own system that carried it out
  std::map<u64, u64> exits;  // of its virtual machine between Submit and Return, by reason
  /// Bytes that processors copied: those that lay elsewhere when the machine's own system handed them to its
  /// driver, where both places are known, or what systems mark. Of a frame each copy counts.
  u64 copied = 0;
  bool copy_known = false;

  bool saw(IoStage stage) const { return (seen >> static_cast<unsigned>(stage) & 1) != 0; }
  /// From its system to the device and back, nothing missing.
  bool complete() const;
};

}  // namespace hvlab::observe
