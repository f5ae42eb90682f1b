#include "sim/analysis/architectures.hpp"

#include <algorithm>

namespace hvlab::analysis {

namespace {

// Not uml, qemu-user and qemu-tcg: what they cost is ptrace's and a translator's, and says nothing of the
// architectures that claims compare. Binary translation is not to be ranked as a hosted VMM.
constexpr Architecture kArchitectures[] = {
    {"container", Layer::OperatingSystem},
    {"kvm", Layer::Hypervisor},
    {"bare-metal", Layer::Hypervisor},
    {"kvm-shadow", Layer::Hypervisor},
    {"kvm-nested", Layer::Hypervisor},
    {"xen-pv", Layer::Hypervisor},
    {"xen-pvh", Layer::Hypervisor},
    {"monolithic", Layer::Hypervisor},
    {"monolithic-pv", Layer::Hypervisor},
    {"driver-domain", Layer::Hypervisor},
    {"hosted", Layer::Hosted},
    {"hosted-pv", Layer::Hosted},
    {"partition", Layer::Partition},
    {"apps", Layer::Processes},
    {"bare", Layer::None},
};

// KVM and hosted share the processor's part; so do the teaching hypervisors. A partition has the machine's
// own devices and stands beside both techniques.
constexpr Series kSeries[] = {
    {"Debian's", "bare", "container", "kvm", "hosted", "",
     "kvm stands for the bare-metal hypervisor, which it is in part: its block device is a process of the "
     "host"},
    {"emulated devices", "bare", "container", "monolithic", "hosted", "partition", ""},
    {"PV devices", "bare", "container", "monolithic-pv", "hosted-pv", "partition", ""},
    {"PV devices of a management VM", "bare", "container", "driver-domain", "hosted-pv", "partition", ""},
};

constexpr Counterpart kCounterparts[] = {
    {"bare", "bare",
     "Linux does more in each call, fault and frame: accounting, security hooks, queues for many processors; "
     "the small kernel has one of each thing."},
    {"apps", "apps", "A shell starts Debian's; ours are started by one small program."},
    {"container", "container",
     "crun adds a system-call filter, which every call passes, an overlay for files and a veth pair with a "
     "bridge; ours has namespaces, limits and a port of the bridge, and the file system of its host."},
    {"monolithic-pv", "kvm",
     "KVM's disk is a process of the host and its card a kernel thread behind a tap, both scheduled by "
     "Linux; "
     "ours answers doorbells where the exit is handled and has drivers of its own."},
    {"driver-domain", "xen-pvh",
     "Xen's dom0 is paravirtual and does its rings' work in Linux's kernel threads, tells of frames and "
     "requests by event channels and grants, and finds devices by XenStore; ours has two kinds of devices "
     "and "
     "one back end."},
    {"hosted", "hosted",
     "QEMU's devices are those of a whole PC behind one lock and an event loop; our VMM has the few that its "
     "guest needs and a thread for each."},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

bool is_isolated(Layer layer) { return layer != Layer::Processes && layer != Layer::None; }

const Architecture* architecture(const std::string& way) {
  const auto* found =
      std::ranges::find(kArchitectures, way, [](const Architecture& row) { return std::string(row.way); });
  return found == std::end(kArchitectures) ? nullptr : found;
}

std::span<const Series> series() { return kSeries; }

std::span<const Counterpart> counterparts() { return kCounterparts; }

}  // namespace hvlab::analysis
