// Balance scheduling (Sukwong & Kim, "Is co-scheduling too expensive for SMP VMs?", EuroSys 2011): as
// independent as credit, but siblings never wait in the same queue, nor behind one that runs. That is most of
// what co-scheduling is good for, and no core is ever left empty for it.
#include "hv-models/hypervisor/schedule/queues.hpp"

namespace hvlab::hypervisor::schedule {
namespace {

struct Queue {
  unsigned waiting = 0;
  bool has_sibling = false;
};

// The queue of `core` without `vcpu`.
Queue look(const Scheduler& s, unsigned vcpu, unsigned core) {
  Queue queue;
  for (unsigned v = 0; v < s.vcpu_count; ++v) {
    if (v == vcpu || !wants_to_run(s.vcpus[v]) || s.vcpus[v].last != core) continue;
    ++queue.waiting;
    if (s.vcpus[v].machine == s.vcpus[vcpu].machine) queue.has_sibling = true;
  }
  return queue;
}

// To the shortest queue without siblings, unless it is in one already. There is none if the machine has more
// virtual processors than cores.
void leave_siblings(Scheduler& s, unsigned vcpu) {
  const u32 allowed = allowed_cores(s, s.machines[s.vcpus[vcpu].machine]);
  if (!look(s, vcpu, s.vcpus[vcpu].last).has_sibling) return;
  unsigned shortest = kNowhere, length = 0;
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    if ((allowed >> core & 1) == 0) continue;
    const Queue queue = look(s, vcpu, core);
    if (queue.has_sibling || (shortest != kNowhere && queue.waiting >= length)) continue;
    shortest = core;
    length = queue.waiting;
  }
  if (shortest != kNowhere) s.vcpus[vcpu].last = shortest;
}

void choose(Scheduler& s, Placement& placement) {
  const auto spread = [&](auto moves) {
    for (unsigned v = 0; v < s.vcpu_count; ++v) {
      if (wants_to_run(s.vcpus[v]) && moves(v)) leave_siblings(s, v);
    }
  };
  spread([&](unsigned v) { return s.vcpus[v].core == kNowhere; });  // who woke
  choose_from_queues(s, placement);
  for (unsigned core = 0; core < s.settings.cores; ++core) {
    if (placement.on[core] != kNobody) s.vcpus[placement.on[core]].last = core;
  }
  spread([&](unsigned v) { return !is_placed(placement, v); });  // in whose queue a sibling has come to run
}

}  // namespace

const Policy kBalance = {"balance", false, choose, nullptr};

}  // namespace hvlab::hypervisor::schedule
