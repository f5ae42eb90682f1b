// How the virtual processors of a machine run beside each other: whether one waits for a processor while
// another one of its machine runs, or while a processor has nothing to do. Told from the marks of a
// hypervisor (docs/marks.md), from the threads of a Linux that runs them, or, of Xen's domains, from their
// entries and exits alone: who has not said that he waits, and is not entered while another one has his
// processor, could run. One that Xen has woken, and not yet entered, is taken for one that waits for an
// event.
#pragma once

#include <map>
#include <vector>

#include "sim/observe/exit_totals.hpp"
#include "sim/observe/threads.hpp"
#include "sim/observe/vcpu_states.hpp"

namespace hvlab::observe {

class VcpuWaits final : public Observer, public ThreadWatcher {
 public:
  /// `exits` says which virtual processor is entered; it must see each event first.
  explicit VcpuWaits(const ExitTotals& exits) : exits_(exits) {}

  void on_event(const Event& event) override;

  /// Passes on what it is told of threads; null for nobody.
  void forward_to(ThreadWatcher* more) { more_ = more; }
  void thread_named(const ThreadName& thread) override;
  void group_named(const GroupName& group) override;
  void call_named(u64 number, const std::string& name) override;
  void thread_changed(const ThreadChange& change) override;
  void group_changed(unsigned number, u8 core, Picoseconds time, unsigned running) override;

  /// Of one machine, the time in which at least one of its virtual processors ...
  struct Times {
    unsigned vm = 0;
    Picoseconds runnable = 0;        // runs, or could
    Picoseconds waiting = 0;         // could run and does not: ready or co-stopped
    Picoseconds beside_idle = 0;     // does so while a processor of the machine is halted
    Picoseconds partly_running = 0;  // does so while another one of the same machine runs
  };
  /// Until `now`; by machine, those alone of which anything is known.
  std::vector<Times> times(Picoseconds now);

 private:
  using State = arch::mark::VcpuState;
  struct Machine {
    Times times;
    std::map<unsigned, State> vcpus;
  };
  void pass(Picoseconds now);
  void set(u64 vcpu, State state, Picoseconds time);
  void halted(unsigned core, bool is_halted, Picoseconds time);
  void thread_enters(const Event& event);
  void domain_enters(const Event& event);
  void domain_leaves(const Event& event);
  void set_aside(unsigned core, Picoseconds time);
  bool runs(u64 vcpu) const;

  const ExitTotals& exits_;
  MarkReader marks_;
  VcpuStateReader reader_;
  ThreadWatcher* more_ = nullptr;
  std::map<unsigned, bool> halted_;         // by core
  std::map<unsigned, unsigned> thread_on_;  // by core: the number of a Linux' thread
  std::map<unsigned, u64> vcpu_of_thread_;  // arch::mark::vcpu_id by that number
  bool xen_ = false;                        // a paravirtual domain has been left
  std::map<unsigned, u64> domain_on_;       // by core: arch::mark::vcpu_id of Xen's that it entered last
  std::map<unsigned, Machine> machines_;    // by number
  Picoseconds since_ = 0;
};

}  // namespace hvlab::observe
