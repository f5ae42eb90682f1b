// Independent proportional share (Xen's credit scheduler, Linux's fair one under KVM): nothing is known of
// siblings. Whoever wakes joins the queue of the core where it ran last, as long as its caches may be warm:
// siblings can come to wait for each other in one queue while a third one spins for them elsewhere.
#include "hv-models/hypervisor/schedule/queues.hpp"

namespace hvlab::hypervisor::schedule {

const Policy kCredit = {"credit", false, choose_from_queues, nullptr};

}  // namespace hvlab::hypervisor::schedule
