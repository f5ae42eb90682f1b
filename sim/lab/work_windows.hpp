// What the machine did while the workload was in its phases: the ledger and the exits of just that time.
//
// The workload says when a phase begins and ends by a system call with a number that no kernel has. The
// kernel answers that there is no such call; the processor's event of the SYSCALL instruction is seen in
// every way of running, in guests too, and takes some hundred cycles in each.
//
// Where programs are translated no call of theirs reaches the processor. There a phase is what passes between
// two lines of the workload's on the machine's console: right but for the milliseconds that lines take there.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/board/machine.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/exit_totals.hpp"
#include "sim/observe/vcpu_waits.hpp"

namespace hvlab::lab {

/// The numbers of those system calls, as workloads/workload/main.cpp makes them ("HV" in the middle bytes).
inline constexpr u64 kPhaseBegins = 0x485600, kPhaseEnds = 0x485601;

/// Sums over some time. Plain data.
struct WorkWindow {
  Picoseconds time = 0;
  std::array<u64, observe::kAccounts> ledger{};  // cycles of all processors
  std::vector<observe::ExitTotals::Row> exits;   // by reason and class: exits, handled, cycles
  std::vector<observe::VcpuWaits::Times> waits;  // by virtual machine

  u64 cycles() const;
  /// Adds what came between `from` and `to`, two states of the same growing sums.
  void add(const WorkWindow& from, const WorkWindow& to);
};

class WorkWindows final : public observe::Observer {
 public:
  /// `exits` and `waits` must see each event first.
  WorkWindows(const board::Machine& machine, const observe::ExitTotals& exits, observe::VcpuWaits& waits)
      : machine_(machine), exits_(exits), waits_(waits) {}

  void on_event(const observe::Event& event) override;

  /// While at least one instance of the workload was in a phase.
  const WorkWindow& all() const { return all_; }
  /// Each phase, in the order in which they ran; empty if phases of several instances overlapped.
  const std::vector<WorkWindow>& phases() const { return phases_; }

 private:
  WorkWindow now(Picoseconds time);
  void called(u64 number, Picoseconds time);
  void printed(u8 byte, Picoseconds time);
  void end(const WorkWindow& ended);

  const board::Machine& machine_;
  const observe::ExitTotals& exits_;
  observe::VcpuWaits& waits_;
  bool called_ = false;  // the calls reach the processor: what is printed does not count
  std::string line_;     // what has been printed of it; only its beginning
  WorkWindow line_begun_;
  bool from_line_ = false;  // begun_ is the end of a line
  unsigned active_ = 0;
  bool overlapped_ = false;
  WorkWindow begun_;
  WorkWindow all_;
  std::vector<WorkWindow> phases_;
};

}  // namespace hvlab::lab
