#include "sim/lab/ways.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/user_error.hpp"
#include "sim/timing/profile.hpp"

namespace hvlab::lab {

namespace {

constexpr const char* kProcessor = "amd-zen2";

// Xen has the serial port; its dom0 has so much memory, whatever there is.
constexpr const char* kXen =
    "console=com1 com1=115200,8n1 loglvl=warning spec-ctrl=no dom0_mem=512M,max:512M";
constexpr const char* kXenWithQemu =
    "console=com1 com1=115200,8n1 loglvl=warning spec-ctrl=no dom0_mem=768M,max:768M";

// Virtual machines' hosts have the same memory, and more than 512 MiB: below, Linux leaves huge pages off.
constexpr Way kWays[] = {
    {"bare", "the workload on Debian's kernel, nothing between", "bare", "kernel busybox", 256, 0, 1,
     kProcessor, "", false, "", false},
    {"apps", "two instances of it as processes side by side", "apps", "kernel busybox", 256, 16, 2,
     kProcessor, "", false, "", false},
    {"container", "in an OCI container (crun): namespaces, control group, system-call filter, overlay",
     "container", "kernel busybox crun", 384, 32, 1, kProcessor, "", false, "", false},
    {"container-runc", "the same by runc", "container-runc", "kernel busybox runc", 384, 64, 1, kProcessor,
     "", false, "", false},
    {"kvm", "in a virtual machine: KVM with nested paging, QEMU's smallest machine, virtio", "kvm",
     "kernel busybox microvm", 768, 192, 1, kProcessor, "guest", true, "", false},
    {"kvm-shadow", "the same on a processor without nested paging", "kvm", "kernel busybox microvm", 768, 192,
     1, kProcessor, "guest", true, "", true},
    {"kvm-nested", "in a virtual machine of a virtual machine: KVM in KVM, each as in kvm", "kvm-nested",
     "kernel busybox microvm", 2048, 832, 1, kProcessor, "guest guest-kvm", true, "", false},
    {"hosted", "the same KVM as in kvm, every device of a whole PC emulated in QEMU's user space", "hosted",
     "kernel busybox qemu", 768, 192, 1, kProcessor, "guest", true, "", false},
    {"uml",
     "in User Mode Linux: a kernel that is a process, and stops its own processes' system calls by ptrace",
     "uml", "kernel busybox uml", 512, 192, 1, kProcessor, "guest", false, "", false},
    {"qemu-user", "an x86-64 program by qemu-user's translation, every instruction of it", "qemu-user",
     "kernel busybox qemu-user busybox-arm64", 384, 64, 1, kProcessor, "", false, "", false},
    {"qemu-tcg", "in a virtual machine whose every instruction QEMU translates, without KVM", "qemu-tcg",
     "kernel busybox qemu qemu-tcg", 1024, 256, 1, kProcessor, "guest", false, "", false},
    {"xen-pv",
     "in a guest of Xen whose kernel knows it: in ring 3, without the processor's help; dom0 has the devices",
     "xen-pv", "kernel busybox xen xen-tools", 960, 160, 1, kProcessor, "guest", false, "", false, false,
     kXen},
    {"xen-pvh", "in a guest of Xen with nested paging and no emulated device; dom0 has the devices",
     "xen-pvh", "kernel busybox xen xen-tools", 960, 160, 1, kProcessor, "guest", true, "", false, true,
     kXen},
    {"xen-hvm", "in a guest of Xen that is a whole PC: its firmware, and dom0's QEMU for its devices",
     "xen-hvm", "kernel busybox xen xen-tools xen-qemu", 1400, 224, 1, kProcessor, "guest", true, "", false,
     true, kXenWithQemu},
};

bool has(const timing::Profile& profile, const char* feature) {
  return std::ranges::count(profile.features, feature) != 0;
}

}  // namespace

std::span<const Way> all_ways() { return kWays; }

const Way& find_way(const std::string& name) {
  const auto way = std::ranges::find(kWays, name, [](const Way& row) { return std::string(row.name); });
  if (way == std::end(kWays)) throw UserError("there is no way '" + name + "'; see 'hvlab list ways'");
  return *way;
}

std::string way_command_line(const Way& way, unsigned instances, bool quick) {
  std::string line = fmt::format("console={} {} hvlab.disk=1 hvlab.link=1 hvlab.way={}",
                                 *way.xen == '\0' ? "ttyS0,115200" : "hvc0", kWayCommandLine, way.recipe);
  if (quick) line += " hvlab.quick=1";
  if (instances != 1) line += fmt::format(" hvlab.instances={}", instances);
  if (*way.append != '\0') line += std::string(" ") + way.append;
  return line;
}

analysis::Assistance assistance_of(const timing::Profile& profile) {
  using analysis::Assistance;
  if (!has(profile, "svm") && !has(profile, "vmx")) return Assistance::None;
  const bool nested =
      has(profile, "svm") ? has(profile, "npt") : profile.vmx.has(arch::vmx::Control::EnableEpt);
  return nested ? Assistance::NestedPaging : Assistance::Guests;
}

void check_way(const Way& way, const std::string& processor) {
  if (!way.extensions) return;
  const timing::Profile profile = timing::load_profile(processor, timing::Accuracy::Approximate);
  const analysis::Assistance assistance = assistance_of(profile);
  if (assistance == analysis::Assistance::None)
    throw UserError(std::string("way ") + way.name +
                    " needs a processor with AMD SVM or Intel VMX, which profile " + profile.name +
                    " has not");
  const bool restricted = has(profile, "vmx") && !profile.vmx.has(arch::vmx::Control::UnrestrictedGuest);
  if (way.two_stages && (assistance != analysis::Assistance::NestedPaging || restricted))
    throw UserError(std::string("way ") + way.name +
                    " needs nested paging, and on Intel's processors unrestricted guests, which profile " +
                    profile.name + " has not");
}

}  // namespace hvlab::lab
