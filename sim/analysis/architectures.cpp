#include "sim/analysis/architectures.hpp"

#include <algorithm>

namespace hvlab::analysis {

namespace {

constexpr Architecture kArchitectures[] = {
    {"container", Layer::OperatingSystem},
    {"kvm", Layer::Hypervisor},
    {"kvm-shadow", Layer::Hypervisor},
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

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

bool is_isolated(Layer layer) { return layer != Layer::Processes && layer != Layer::None; }

const Architecture* architecture(const std::string& way) {
  const auto* found =
      std::ranges::find(kArchitectures, way, [](const Architecture& row) { return std::string(row.way); });
  return found == std::end(kArchitectures) ? nullptr : found;
}

std::span<const Series> series() { return kSeries; }

}  // namespace hvlab::analysis
