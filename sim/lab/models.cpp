#include "sim/lab/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

namespace {

constexpr u64 kMiB = u64{1} << 20;
constexpr const char* kKernel = "kernel/kernel.elf";
constexpr const char* kPrograms = "kernel/programs.tar";
constexpr const char* kGuest = "kernel/kernel.elf kernel/programs.tar";  // of hypervisors

constexpr const char *kEmulated = "emulated", *kPv = "pv";
constexpr const char* kHosted = "kernel/hosted.tar";
constexpr const char *kMonolithic = "monolithic/monolithic.elf",
                     *kDriverDomain = "driver-domain/driver-domain.elf",
                     *kPartition = "partition/partition.elf";

// Two that differ in their guests' devices alone have a name each, so that one list can hold both.
constexpr Model kModels[] = {
    {"bare", "the workload on the teaching kernel, nothing between", kKernel, kPrograms, "", "", false, false,
     128, 0, 1, false, true},
    {"apps", "instances of it as processes side by side, two unless said otherwise", kKernel, kPrograms, "",
     "", false, false, 128, 16, 2, false, false, true},
    {"container", "each instance in a container of the kernel's", kKernel, kPrograms, "", "", false, false,
     128, 16, 1, false, false, true},
    {"monolithic", "a hypervisor with its own drivers, virtual devices and virtual switch", kMonolithic,
     kGuest, "virtio", kEmulated, true, false, 128, 80, 1},
    {"monolithic-pv", "the same with virtio devices", kMonolithic, kGuest, "virtio", kPv, true, false, 128,
     80, 1},
    {"driver-domain",
     "a hypervisor whose devices are a management machine's: split drivers, rings, granted pages",
     kDriverDomain, kGuest, "pv", kPv, true, false, 208, 80, 1, true, true},
    {"partition",
     "firmware that splits cores, memory and devices among systems, and then stays out of the way",
     kPartition, kGuest, "virtio", kEmulated, false, true, 144, 80, 1},
    {"hosted", "a VMM as a process of the teaching kernel, which drives the machine and schedules", kKernel,
     kHosted, "virtio", kEmulated, false, false, 192, 80, 1},
    {"hosted-pv", "the same with virtio devices", kKernel, kHosted, "virtio", kPv, false, false, 192, 80, 1},
};

std::string path_of(const std::string& file) {
  const std::string path = std::string(HVLAB_MODELS "/") + file;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    throw UserError("'" + path + "' is missing: build the target 'hvlab' again");
  return path;
}

bool has_peer(const scenario::Cell& cell) {
  return std::ranges::any_of(cell.machine.nics, [](const auto& nic) { return nic.backend == "peer"; });
}

std::string workload_of(const scenario::Cell& cell, const std::string& disk) {
  if (!cell.program.empty()) return cell.program;
  std::string line = "/bin/workload";
  const auto wanted = [&](const char* phase) {
    return cell.phases.empty() || std::ranges::count(cell.phases, phase) != 0;
  };
  if (cell.workload == "quick") line += " --quick";
  if (cell.instances > 1) line += " --late";
  if (!disk.empty() && wanted("disk")) line += " --disk " + disk;
  if (has_peer(cell) && wanted("link")) line += " --link 10.0.2.2";
  if (has_peer(cell) && cell.pings) line += " --ping 10.0.2.2";
  if (has_peer(cell) && wanted("link-bulk")) line += " --link-bulk 10.0.2.2";
  for (const std::string& phase : cell.phases) line += " " + phase;
  return line;
}

/// Of a split card; what is usual is not said.
std::string split_words(const scenario::Software& software) {
  std::string words;
  if (software.transmit != "copy") words += ",transmit:" + software.transmit;
  if (software.receive != "copy") words += ",receive:" + software.receive;
  if (software.offload != "off") words += ",offload:on";
  return words;
}

/// What of the study of hosted networking is switched on; the kernel keeps registers of an e1000 alone.
std::string hosted_words(const scenario::Cell& cell, bool e1000) {
  return fmt::format(",sends:{},registers:{},frames:{}", cell.software.sends,
                     e1000 ? cell.software.registers : "process", cell.software.frames);
}

/// Words of a kernel of ours, before those that say what it runs.
std::string kernel_words(const scenario::Cell& cell) {
  return cell.software.tick == 0 ? "" : fmt::format("tick={} ", cell.software.tick / kMillisecond);
}

/// "vcpus:2,memory:64,...": the words of docs/teaching-hypervisors.md.
std::string vm_words(const Model& model, const scenario::Cell& cell, const scenario::Vm& vm) {
  const std::string devices = vm.devices.empty() ? cell.software.devices : vm.devices;
  const std::string paging = vm.paging.empty() ? cell.software.paging : vm.paging;
  const auto kind = [&](const char* emulated) {
    return devices == "none" ? "none" : devices == "pv" ? model.pv : emulated;
  };
  std::string words = fmt::format("vcpus:{},memory:{},disk:{},net:{},paging:{}", vm.vcpus, vm.memory / kMiB,
                                  kind("ide"), cell.machine.nics.empty() ? "none" : kind("e1000"), paging);
  if (cell.software.pages == "small") words += ",pages:small";
  if (model.split && devices == "pv") words += split_words(cell.software);
  if (is_hosted(model)) words += hosted_words(cell, words.find("net:e1000") != std::string::npos);
  if (!model.scheduler) return words;
  words += fmt::format(",shares:{}", vm.shares);
  if (vm.limit != 0) words += fmt::format(",limit:{:.0f}", vm.limit * 100);
  std::string cores = vm.cores;
  std::ranges::replace(cores, ',', '+');
  return cores.empty() ? words : words + ",cores:" + cores;
}

/// The machine that has the devices is laid out as its guests are; its card is the machine's.
std::string management_words(const scenario::Software& software) {
  std::string words;
  if (software.pages == "small") words += ",pages:small";
  if (software.offload == "card") words += ",offload:on";
  return words.empty() ? "" : " management=" + words.substr(1);
}

std::string machines_line(const Model& model, const scenario::Cell& cell) {
  std::string line, guests;
  if (is_hosted(model))
    line = kernel_words(cell) + "model=hosted";  // the kernel is a host only if it is told
  if (model.scheduler)
    line = fmt::format("scheduler={} skew={}", cell.software.scheduler, cell.software.skew / kMicrosecond);
  if (model.split) line += management_words(cell.software);
  for (size_t i = 0; i < cell.vms.size(); ++i) {
    const scenario::Vm& vm = cell.vms[i];
    line += fmt::format(" vm{}={}", i + 1, vm_words(model, cell, vm));
    const bool disk = (vm.devices.empty() ? cell.software.devices : vm.devices) != "none";
    // A guest whose kernel panics is over; a machine whose kernel does stays as it is, to be looked at.
    guests += " -- panic=off " + kernel_words(cell) +
              "run=" + (vm.program.empty() ? workload_of(cell, disk ? "/dev/disk0" : "") : vm.program);
  }
  return line + guests;
}

/// "--each --weight 102 PROGRAM --each ...": what launch runs side by side, with the limits of each group.
std::string groups_line(const scenario::Cell& cell) {
  constexpr u64 kUsualShares = 100, kUsualWeight = 1024, kPage = 4096;
  std::string line;
  for (size_t i = 0; i < cell.vms.size(); ++i) {
    const scenario::Vm& group = cell.vms[i];
    line += " --each";
    if (group.shares != kUsualShares)
      line += fmt::format(" --weight {}", std::max<u64>(1, group.shares * kUsualWeight / kUsualShares));
    if (group.limit != 0) line += fmt::format(" --quota {:.0f}", group.limit * 100);
    if (group.memory != 0) line += fmt::format(" --pages {}", group.memory / kPage);
    line += " " + (group.program.empty() ? workload_of(cell, fmt::format("/dev/disk{}", i)) : group.program);
  }
  return line;
}

}  // namespace

std::span<const Model> models() { return kModels; }

const Model* find_model(const std::string& name) {
  const auto* found =
      std::ranges::find(kModels, name, [](const Model& row) { return std::string(row.name); });
  return found == std::end(kModels) ? nullptr : found;
}

bool is_hosted(const Model& model) { return std::string_view(model.modules) == kHosted; }

std::string model_image(const Model& model) { return path_of(model.image); }

std::vector<std::string> model_modules(const Model& model) {
  std::vector<std::string> paths;
  std::istringstream words(model.modules);
  for (std::string word; words >> word;) paths.push_back(path_of(word));
  return paths;
}

std::string model_command_line(const Model& model, const scenario::Cell& cell) {
  std::string more = cell.software.append.empty() ? "" : cell.software.append + " ";
  if (*model.pv != '\0') return more + machines_line(model, cell);
  if (cell.software.offload == "card") more += "offload=on ";
  more += kernel_words(cell);
  const std::string name = model.name;
  if (name == "bare" && cell.instances == 1) return more + "run=" + workload_of(cell, "/dev/disk0");
  std::string how = name == "container" ? "--contain " : "";
  if (!how.empty() && has_peer(cell))
    how += "--address 10.0.2.21 ";  // and .22 and so on, at the kernel's bridge
  if (!cell.vms.empty()) return more + "run=/bin/launch " + how + groups_line(cell).substr(1);
  return more + fmt::format("run=/bin/launch {}{} {}", how, cell.instances, workload_of(cell, "/dev/disk@"));
}

}  // namespace hvlab::lab
