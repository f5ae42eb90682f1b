#include "sim/analysis/techniques.hpp"

#include <algorithm>

namespace hvlab::analysis {

namespace {

constexpr Virtualizer kVirtualizers[] = {
    {"kvm", "KVM", Technique::Assisted, true, true, true},
    {"kvm-shadow", "KVM", Technique::Assisted, true, true, true},
    {"kvm-nested", "KVM", Technique::Assisted, true, true, false},
    {"hosted", "KVM", Technique::Assisted, true, true, true},
    {"xen-pv", "Xen", Technique::Paravirtual, false, true, false},
    {"xen-pvh", "Xen", Technique::Assisted, false, true, false},
    {"xen-hvm", "Xen", Technique::Assisted, true, true, false},
    {"qemu-tcg", "QEMU", Technique::Translation, true, true, false},
    {"qemu-user", "QEMU", Technique::Translation, true, false, false},
    {"uml", "User Mode Linux", Technique::Paravirtual, false, true, false},
};

constexpr Interfaces kInterfaces[] = {
    {"monolithic", "monolithic-pv", "devices"},
    {"hosted", "hosted-pv", "devices"},
    {"xen-hvm", "xen-pv", "processor and memory"},
};

}  // namespace

const Virtualizer* virtualizer(const std::string& way) {
  const auto* found =
      std::ranges::find_if(kVirtualizers, [&](const Virtualizer& row) { return row.way == way; });
  return found == std::end(kVirtualizers) ? nullptr : found;
}

std::span<const Interfaces> interfaces() { return kInterfaces; }

}  // namespace hvlab::analysis
