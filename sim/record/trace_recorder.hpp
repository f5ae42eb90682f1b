// Makes a trace of what processors, devices and ledgers report.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "sim/observe/event.hpp"
#include "sim/observe/ledger.hpp"
#include "sim/observe/vcpu_states.hpp"
#include "sim/record/thread_lanes.hpp"

namespace hvlab::record {

/// Whether events of `kind` are recorded one by one at every level; of others, the summary level keeps only
/// how many there were.
constexpr bool in_every_trace(observe::EventKind kind) {
  using observe::EventKind;
  switch (kind) {
    case EventKind::VmExit:
    case EventKind::VmExitDetail:
    case EventKind::RequestStart:
    case EventKind::RequestDone:
    case EventKind::Mark:
    case EventKind::MarkDetail:
    case EventKind::Reset:
    case EventKind::DebugExit: return true;
    default: return false;
  }
}

class TraceRecorder final : public observe::Observer, public observe::LedgerWatcher {
 public:
  struct Setup {
    std::string file;
    RecordLevel level = RecordLevel::Summary;  // not Off
    u64 frequency_hz = 0;                      // of the processors
    unsigned cores = 1;
    std::vector<std::string> devices;  // names by observe::DeviceId; entry 0 is "nobody"
  };

  /// Begins the file. What cannot be written is told by problem(); the run goes on.
  explicit TraceRecorder(const Setup& setup);

  void on_event(const observe::Event& event) override;
  void account_opened(unsigned core, observe::Account account, u64 cycle) override;

  /// Names the function that an address is in: key = where it begins; no text if that is not known.
  using Symbols = std::function<NameEntry(u64 address)>;

  /// Ends the trace, with every processor at its cycle of `cycles`. `symbols` (or none) names the addresses
  /// of the machine's own system at which events of the level "full" were reported, `guests` those of virtual
  /// machines' kernels at which they were left.
  void finish(const std::vector<u64>& cycles, const Symbols& symbols = nullptr,
              const Symbols& guests = nullptr);

  /// Records what it is told of threads. Not to be used after finish().
  observe::ThreadWatcher& threads() { return threads_; }

  const TraceWriter& writer() const { return writer_; }

  /// What could not be written, or empty.
  const std::string& problem() const { return writer_.problem(); }

 private:
  static constexpr u16 kNoLane = 0xFFFF;
  struct Core {
    u64 account = kStateEnded;              // as the trace knows it
    std::optional<observe::Account> woken;  // what follows an idle time that may go on yet
    u64 woken_at = 0;                       // cycle
    u64 host_space = 0;                     // last CR3 outside guests
    u16 vcpu = kNoLane;                     // that runs here, or ran last
    bool in_guest = false;
  };
  struct Vcpu {
    VcpuState state = VcpuState::Away;
    unsigned core = 0;
    bool marked = false;  // its hypervisor says when it is halted or away
  };
  struct Device {
    u64 requests = 0;  // under way
    std::string line;  // of its console, in progress
    Picoseconds line_began = 0;
  };

  u16 device_lane(unsigned device) const;
  u16 vcpu_lane(u64 block, u64 root, const Core& core);
  u16 lane_of(const observe::Event& event, const Core& core) const;
  u16 thread_lane();
  void add_lane(u16 lane, LaneType type, unsigned vm, unsigned number, std::string text);
  void put(const observe::Event& event, u16 lane);
  void set_state(u16 lane, u8 core, Picoseconds time, u64 state, u64 detail);
  void settle(unsigned core);
  void tell_account(unsigned core, observe::Account account, u64 cycle);
  void vm_entry(const observe::Event& event, Core& core);
  void vm_exit(const observe::Event& event, Core& core);
  u16 lane_of_vcpu(observe::VcpuId id);
  void software_mark(const observe::Mark& mark);
  void vcpu_state(u16 lane, const observe::Event& event, VcpuState state);
  void host_space(const observe::Event& event, Core& core);
  void request(const observe::Event& event, bool begins);
  void console(const observe::Event& event);
  void name_addresses(const std::unordered_set<u64>& addresses, const Symbols& symbols);
  Picoseconds time_of(u64 cycle) const;

  Setup setup_;
  TraceWriter writer_;
  std::vector<Core> cores_;
  std::vector<Device> devices_;
  observe::VcpuTable table_;
  observe::MarkReader reader_;
  observe::VcpuStateReader vcpu_states_;
  std::map<u64, u16> vcpu_lanes_;                            // by control block
  std::map<std::pair<unsigned, unsigned>, u16> lane_of_id_;  // by machine and virtual processor
  std::map<u16, Vcpu> vcpus_;                                // by lane
  std::map<u64, u16> reasons_;                               // by exit code
  u16 lanes_ = 0;
  ThreadLanes threads_;
  u64 marks_ = 0;
  // In records; sorted before they are walked.
  std::unordered_set<u64> addresses_;        // of the machine's own system
  std::unordered_set<u64> guest_addresses_;  // of virtual machines' kernels, at exits
  Picoseconds last_ = 0;
};

}  // namespace hvlab::record
