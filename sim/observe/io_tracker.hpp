// Follows requests through a machine: what belongs together, and who had each of them when.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "sim/observe/core_timeline.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/mark.hpp"

namespace hvlab::observe {

/// What is known of a request when its system hands it to a driver.
struct IoFacts {
  IoOperation operation = IoOperation::Other;
  u64 sector = 0, bytes = 0;
  std::vector<u64> pages;  // the machine's physical pages of its memory; empty: not known
  u64 queue = 0;           // of its disk: requests of equal queues go to the same device
  u64 frame = 0;           // bytes on the wire of a round trip's datagram
};

/// A frame that its system hands to its card.
struct FrameDeparture {
  u64 thread = 0;             // whose call sends it; 0: none
  u64 bytes = 0;              // on the wire
  bool taken = false;         // the driver of the card will say when it has it back
  std::optional<u64> copied;  // bytes that its system has copied to make it, if it says so
};

/// Takes the machine's events, and what its systems do as somebody who knows their symbols says it. All calls
/// in the order in which things happen on each processor. Threads and requests are known by their addresses.
class IoTracker {
 public:
  struct Costs {
    u64 frequency_hz = 1;
    u64 entry_cycles = 0, exit_cycles = 0;  // of a processor's switch into and out of a guest
  };
  /// `done` gets each request once it is over.
  IoTracker(const Costs& costs, std::function<void(IoRequest)> done)
      : costs_(costs), done_(std::move(done)) {}

  void on_event(const Event& event);

  /// The virtual machine that `core` runs, or 0 for the machine's own system.
  unsigned system_of(u8 core) const;
  /// The control block of the guest that `core` runs, or 0.
  u64 block_of(u8 core) const { return core < cores_.size() ? cores_[core].block : 0; }

  /// Exits that are kept for frames under way; of no frame that is lost.
  size_t exits_kept() const { return exit_log_.size(); }

  // --- of a hypervisor that marks what it does (docs/marks.md) ---
  /// True for systems whose requests go to real devices: the machine's own, the management VM, partitions.
  bool drives(unsigned system) const {
    return system == 0 || system == management_ || partitions_.contains(system);
  }
  /// Control blocks, whose machine is which, and which one has the devices' drivers; that there is no kernel
  /// of a host.
  void note(const Mark& mark);
  /// Sectors of machine `vm` count from `sector` of the disk that carries them.
  void disk_of_machine(unsigned vm, u64 sector) { first_sector_[vm] = sector; }

  // --- of the system that `core` runs ---
  void system_call(u8 core, Picoseconds time, u64 thread);
  /// `thread` goes on in user mode.
  void returned(u8 core, Picoseconds time, u64 thread);
  /// `again`: a request that is known already counts from now on.
  void started(u8 core, Picoseconds time, u64 request, u64 thread, IoFacts facts, bool again = false);
  /// The processor has copied `bytes` of the request's data.
  void copied(u8 core, u64 request, u64 bytes);
  void ended(u8 core, Picoseconds time, u64 request);
  /// A round trip: `started` is a datagram's departure from socket `request`, this the arrival of the next
  /// one at it, which was `frame` bytes on the wire. A socket's later departure takes the place of one
  /// without an answer.
  void answered(u8 core, Picoseconds time, u64 request, u64 frame);

  // --- frames, one way (io_tracker_frames.cpp). They are told apart by their length, shorter ones than the
  // shortest on the wire being padded, and among equal ones by their order.
  void departed(u8 core, Picoseconds time, const FrameDeparture& frame);
  /// The driver of a card has a frame back.
  void taken_back(u8 core, Picoseconds time, u64 bytes);
  /// The system has taken a frame in, for a socket or stream or, with `inner` false, for itself. `thread`
  /// waits for it in a call, which will return with it; 0: none. With `inner`, one that no card has received
  /// was sent inside the machine.
  void delivered(u8 core, Picoseconds time, u64 bytes, u64 thread, bool inner = true);
  /// The system has taken a frame in, and nobody wanted it: no one's receive.
  void refused(u64 bytes);
  /// `copied` bytes of a frame on its way `out`, or in, at `place`, which copies each frame once; of a frame
  /// out, that of machine `vm` (0: any).
  void frame_copied(bool out, unsigned vm, u64 bytes, u64 copied, u64 place);
  /// The system has copied them to the program of `thread`, whose call returns with the frame.
  void frame_given(u8 core, u64 thread, u64 bytes, u64 copied);

  // --- of the machine's own system ---
  void switched(u8 core, Picoseconds time, u64 thread);
  void woken(u8 core, Picoseconds time, u64 thread);

  /// The run is over: requests that only wait for their thread's return are handed out.
  void finish();
  /// Requests that have begun and not ended.
  size_t in_flight() const { return live_.size(); }

 private:
  // A request that never ends must not make everything be remembered.
  static constexpr size_t kMostMarks = size_t{1} << 20;
  static constexpr u64 kShortestFrame = 60;  // bytes; shorter ones are padded
  // A datagram that has no answer by then has none; a frame that is nowhere is lost.
  static constexpr Picoseconds kLost = kSecond;

  struct Signal {  // a card's interrupt because of a frame
    std::optional<Moment> asked, taken;
    u64 vector = 0;  // 0: not known
  };
  struct Live {
    IoRequest request;
    IoFacts facts;
    u64 address = 0, thread = 0;
    Moment at[kIoStages];
    Moment last;             // the end
    Live* parent = nullptr;  // the virtual machine's request that this one carries out
    unsigned open_parts = 0;
    bool ended = false;
    bool marks_copies = false;  // its system says what it copies
    u64 assumed_copied = 0;     // of its parent's bytes, by where they lie
    u64 carried = 0;            // bytes that parts have taken over
    DeviceId device = 0;
    u64 device_request = 0;
    // Of a frame that is sent:
    Signal signal;
    std::vector<u64> copiers;  // places
    bool in_call = false;      // which has not returned
    bool at_driver = false;    // which will say when it has it back

    bool round_trip() const { return is_trip(request.operation); }
    void see(IoStage stage, const Moment& moment, bool again = false);
    /// Only if `moment` does not lie before `earlier` was seen.
    void see_after(IoStage earlier, IoStage stage, const std::optional<Moment>& moment);
  };
  struct Thread {
    Moment entered;
    std::optional<Moment> free;                  // its last request's end in this call
    std::vector<std::unique_ptr<Live>> waiting;  // ended; their thread has not returned
  };
  struct Core {
    u64 block = 0;  // of the guest that runs, else 0
    u64 host_space = 0;
    u64 reason = 0;  // of its last exit
    u8 host_level = 0;
    bool halted = false;
    std::optional<Moment> interrupt;        // the last that the machine's own system accepted here
    std::optional<Moment> guest_interrupt;  // and the last that a guest did
  };
  struct Frame {  // that a network card has received
    Moment received;
    DeviceId device = 0;
    u64 bytes = 0;
    Signal signal;
    size_t exits = 0;  // of all machines before it
    std::optional<u64> copied;
    std::vector<u64> copiers;
  };
  using Key = std::pair<unsigned, u64>;  // system, address

  Core& core(u8 index);
  IoWhere where(u8 core) const;
  IoWhere host_code(u64 thread) const;
  void mark(u8 core, Picoseconds time);
  unsigned machine_of(u64 block, u64 root, const Core& core);
  void enter(const Event& event);
  void leave(const Event& event);
  void device_event(const Event& event);
  void device_start(const Event& event, const Moment& now);
  void frame_sent(const Event& event, const Moment& now);
  void on_wire(Live& live, const Event& event, const Moment& now) const;
  void frame_received(const Event& event, const Moment& now);
  void forget_frames();
  void call_over(unsigned system, u64 thread, const Moment& now);
  void settle_sends();
  void drop_inner(u64 bytes);
  std::deque<Frame>::iterator oldest_frame(u64 bytes);
  void interrupt_asked(const Event& event, const Moment& now);
  void interrupt_taken(const Event& event);
  void acknowledged(const Event& event);
  Live* whole_for(const Live& part);
  void adopt(Live& part);
  void hand_down(Live& part);
  void end(std::unique_ptr<Live> live, const Moment& now);
  void finish(std::unique_ptr<Live> live);
  void cut(Live& live);
  void forget();
  Picoseconds after(Picoseconds time, i64 cycles) const;

  Costs costs_;
  std::function<void(IoRequest)> done_;
  CoreTimeline timeline_;
  std::vector<Core> cores_;
  std::map<u64, unsigned> machines_;          // by nested root or host address space
  std::map<u64, unsigned> machine_of_block_;  // by control block
  std::map<u64, bool> guest_user_;            // by control block: where its guest was left
  std::set<u64> vcpu_threads_;
  unsigned management_ = 0;                    // the machine that has the devices' drivers; 0: none
  std::set<unsigned> partitions_;              // machines with devices of their own
  bool bare_hypervisor_ = false;               // the machine's own system is one
  std::map<unsigned, u64> first_sector_;       // of virtual machines' disks on the disk that carries them
  std::map<Key, std::unique_ptr<Live>> live_;  // by system and address
  std::deque<Live*> order_;                    // in the order in which they were started
  std::map<Key, Thread> calls_;                // threads in a system call
  std::map<Key, DeviceId> device_of_queue_;    // by system and queue
  std::map<DeviceId, std::deque<Moment>> doorbells_;  // the last few
  std::deque<Frame> frames_;                          // received, and not yet taken in
  std::deque<std::unique_ptr<Live>> sends_;           // frames in the order in which they were sent
  std::deque<std::pair<unsigned, u64>> exit_log_;     // machine, reason; since the oldest frame
  size_t exits_forgotten_ = 0;
  size_t waiting_ = 0;
  Picoseconds newest_ = 0;  // of all events
};

}  // namespace hvlab::observe
