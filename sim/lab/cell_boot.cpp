#include "sim/lab/cell_boot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sim/base/child.hpp"
#include "sim/base/user_error.hpp"
#include "sim/boot/bootable.hpp"
#include "sim/lab/cluster_plan.hpp"
#include "sim/lab/debian_systems.hpp"
#include "sim/lab/models.hpp"
#include "sim/lab/ways.hpp"
#include "sim/scenario/entitlement.hpp"
#include "sim/scenario/quantity.hpp"

namespace hvlab::lab {

namespace fs = std::filesystem;
using scenario::Cell;
using scenario::Image;
using scenario::Scenario;

namespace {

constexpr u64 kMiB = u64{1} << 20;

/// A path of the scenario's, as seen from here.
std::string path_of(const Scenario& scenario, const std::string& file) {
  return (fs::path(scenario.folder) / file).lexically_normal().string();
}

/// "FILE:LINE:COLUMN: " of the key that names an image.
std::string place_of(const scenario::Value* section, const char* key) {
  const scenario::Value* value = section == nullptr ? nullptr : section->find(key);
  return value == nullptr ? "" : fmt::format("{}:{}: ", value->origin, value->place.column);
}

/// `place` begins what is said of it.
void check_image(const Scenario& scenario, const Image& image, const std::string& place) {
  if (image.file.empty()) return;
  const std::string path = path_of(scenario, image.file);
  std::error_code error;
  if (!fs::is_regular_file(path, error)) throw MissingPart(place + "'" + path + "' is missing");
  if (image.sha256.empty()) return;
  const std::string sum = run_program({"sha256sum", "--", path});
  // A backslash in front means that the name behind the sum is escaped.
  if (sum.substr(sum.starts_with('\\') ? 1 : 0, 64) != image.sha256)
    throw MissingPart(place + "'" + path + "' is not the file that the scenario wants: its SHA-256 is " +
                      sum.substr(0, 64));
}

void check_images(const Scenario& scenario, const Cell& cell) {
  const scenario::Value& said = cell.resolved;
  check_image(scenario, cell.software.kernel, place_of(said.at("software.kernel"), "file"));
  check_image(scenario, cell.software.firmware, place_of(said.at("software.firmware"), "file"));
  for (size_t i = 0; i < cell.software.initrds.size(); ++i)
    check_image(scenario, cell.software.initrds[i], place_of(&said.at("software.initrds")->items[i], "file"));
  for (size_t i = 0; i < cell.machine.disks.size(); ++i)
    check_image(scenario, cell.machine.disks[i].image,
                place_of(&said.at("machine.disks")->items[i], "image"));
}

/// What firmware boots from must be something that it can boot.
void check_boot_media(const Scenario& scenario, const Cell& cell) {
  const auto check = [&](const Image& image, const char* section, auto boot_problem) {
    const std::string place = place_of(cell.resolved.at(section), "file");
    check_image(scenario, image, place);
    const std::string path = path_of(scenario, image.file);
    if (const std::string problem = boot_problem(path); !problem.empty())
      throw MissingPart(fmt::format("{}'{}' {}", place, path, problem));
  };
  if (!cell.software.iso.file.empty()) check(cell.software.iso, "software.iso", boot::cd_boot_problem);
  if (cell.software.disk) check(cell.software.disk->image, "software.disk", boot::disk_boot_problem);
}

bool boots_by_firmware(const Cell& cell) {
  return !cell.software.iso.file.empty() || cell.software.disk.has_value();
}

/// Traces and profiles of the user's own, and what the simulation itself holds possible.
void check_cluster_files(const Scenario& scenario, const Cell& cell) {
  try {
    const cluster::Plan plan = case_of(cell, scenario.folder).plan;
    cluster::check(plan);
    (void)cluster::figures_of(plan);
  } catch (const UserError& error) {
    throw MissingPart(error.what());
  }
}

void fetch(const std::vector<const Way*>& ways, bool refresh) {
  if (fetch_systems(ways, refresh) != 0) throw MissingPart("Debian's packages cannot be had");
}

/// A way with virtual machines by KVM needs a processor that can make some, unless the scenario asks what
/// happens without: its workload need not end.
void check_processor(const Cell& cell) {
  if (cell.software.way.empty() || cell.ending != "power-off") return;
  try {
    check_way(find_way(cell.software.way), scenario::profile_of(cell.machine));
  } catch (const UserError& error) {
    throw MissingPart(error.what());
  }
}

void find_firmware() {
  try {
    debian_firmware();
  } catch (const UserError& error) {
    throw MissingPart(error.what());
  }
}

class Arguments {
 public:
  explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {}
  void add(const std::string& option, const std::string& value) {
    words_.insert(words_.end(), {option, value});
  }
  std::vector<std::string> take() { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

/// For an option in which a comma ends a file's name.
std::string before_comma(const std::string& file) {
  if (file.find(',') != std::string::npos)
    throw UserError("'" + file + "': an image whose path has a comma cannot be used");
  return file;
}

void add_disk(const Scenario& scenario, const scenario::Disk& disk, Parts& parts, Arguments& arguments) {
  const std::string file =
      disk.image.file.empty() ? parts.empty_disk(disk.size) : path_of(scenario, disk.image.file);
  arguments.add("--disk",
                fmt::format("{},profile={},if={}", before_comma(file), disk.profile, disk.interface));
}

void add_devices(const Scenario& scenario, const Cell& cell, Parts& parts, Arguments& arguments) {
  const scenario::Software& software = cell.software;
  if (!software.iso.file.empty())
    arguments.add("--cdrom", fmt::format("{},profile={}", before_comma(path_of(scenario, software.iso.file)),
                                         software.iso_profile));
  if (software.disk) add_disk(scenario, *software.disk, parts, arguments);
  for (const scenario::Disk& disk : cell.machine.disks) add_disk(scenario, disk, parts, arguments);
  for (const scenario::Nic& nic : cell.machine.nics) {
    arguments.add("--nic", nic.model);
    arguments.add("--net", nic.backend);
    arguments.add("--link", nic.link);
  }
}

std::string command_line(const Cell& cell) {
  const std::string more = cell.software.append.empty() ? "" : " " + cell.software.append;
  if (cell.software.way.empty()) return cell.software.append;
  std::string line = way_command_line(find_way(cell.software.way), cell.instances, cell.workload == "quick");
  const bool card =
      std::ranges::any_of(cell.machine.nics, [](const auto& nic) { return nic.backend == "peer"; });
  constexpr std::string_view kLink = " hvlab.link=1";
  if (const size_t at = line.find(kLink); !card && at != std::string::npos) line.erase(at, kLink.size());
  return line + machine_words(cell) + more;
}

void add_model(const Model& model, const Cell& cell, Arguments& arguments) {
  arguments.add("--kernel", model_image(model));
  bool first = true;
  for (const std::string& module : model_modules(model)) {
    arguments.add(first ? "--initrd" : "--module", module);
    first = false;
  }
  arguments.add("--append", model_command_line(model, cell));
}

/// Xen's modules are its dom0's kernel, with that one's command line, and initial RAM file system.
void add_xen(const Way& way, const Cell& cell, Arguments& arguments) {
  arguments.add("--kernel", debian_xen_image());
  arguments.add("--initrd", debian_kernel_elf() + " " + command_line(cell));
  arguments.add("--initrd", initrd_path(way));
  arguments.add("--append", way.xen);
}

void add_software(const Scenario& scenario, const Cell& cell, Arguments& arguments) {
  const scenario::Software& software = cell.software;
  if (const Model* model = find_model(software.model); model != nullptr)
    return add_model(*model, cell, arguments);
  if (boots_by_firmware(cell)) {
    if (!software.firmware.file.empty()) arguments.add("--bios", path_of(scenario, software.firmware.file));
    return;
  }
  const Way* way = software.way.empty() ? nullptr : &find_way(software.way);
  if (way != nullptr && *way->xen != '\0') return add_xen(*way, cell, arguments);
  const bool own = !software.kernel.file.empty();
  arguments.add("--kernel", own ? path_of(scenario, software.kernel.file) : debian_kernel_image());
  arguments.add("--loader", software.way.empty() ? software.loader : "pvh");
  if (way != nullptr) arguments.add("--initrd", initrd_path(*way));
  for (const Image& initrd : software.initrds) {
    const std::string file = path_of(scenario, initrd.file);
    arguments.add("--initrd", initrd.arguments.empty() ? file : file + " " + initrd.arguments);
  }
  if (const std::string line = command_line(cell); !line.empty()) arguments.add("--append", line);
}

}  // namespace

namespace {

/// As cpu.max has it: microseconds of every 100 ms.
std::string quota(double limit) {
  constexpr double kPeriod = 100'000;
  return limit == 0 ? "max" : std::to_string(static_cast<u64>(limit * kPeriod));
}

/// A list of cores without commas, which separate other things here.
std::string cores_word(std::string cores) {
  std::ranges::replace(cores, ',', '+');
  return cores;
}

/// What is to be done when an event happens: WHAT:NUMBER, or WHAT:NUMBER:VALUE. A reservation that changes is
/// a matter of everybody's weight.
std::vector<std::string> deeds_of(const scenario::TimedEvent& event, std::vector<scenario::Vm>& vms,
                                  unsigned cores) {
  if (event.what != "change") return {fmt::format("{}:{}", event.what, event.vm)};
  std::vector<std::string> deeds;
  const std::vector<u64> before = weights_of(vms, cores);
  apply(event, vms);
  const std::vector<u64> weights = weights_of(vms, cores);
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] != before[i]) deeds.push_back(fmt::format("weight:{}:{}", i + 1, weights[i]));
  }
  if (event.limit) deeds.push_back(fmt::format("limit:{}:{}", event.vm, quota(*event.limit)));
  if (!event.cores.empty()) deeds.push_back(fmt::format("cores:{}:{}", event.vm, cores_word(event.cores)));
  return deeds;
}

std::string event_words(const Cell& cell) {
  std::string words;
  std::vector<scenario::Vm> vms = cell.vms;
  Picoseconds before = 0;
  for (const scenario::TimedEvent& event : cell.events) {
    for (const std::string& deed : deeds_of(event, vms, cell.machine.cores)) {
      const u64 microseconds = (event.at - before) / kMicrosecond;
      words += fmt::format("{}{}.{:06}:{}", words.empty() ? " hvlab.events=" : ",", microseconds / 1'000'000,
                           microseconds % 1'000'000, deed);
      before = event.at;
    }
  }
  return words;
}

}  // namespace

std::string machine_words(const Cell& cell) {
  std::string words;
  const std::vector<u64> weights = weights_of(cell.vms, cell.machine.cores);
  for (size_t i = 0; i < cell.vms.size(); ++i) {
    const scenario::Vm& vm = cell.vms[i];
    const bool usual = vm.vcpus == cell.machine.cores && vm.memory == 128 * kMiB && weights[i] == 100 &&
                       vm.limit == 0 && vm.cores.empty() && vm.memory_reservation == 0;
    if (usual) continue;
    words += fmt::format(" hvlab.vm{}={}:{}:{}:{}:{}:{}", i + 1, vm.vcpus, vm.memory / kMiB, weights[i],
                         quota(vm.limit), vm.cores.empty() ? "all" : vm.cores, vm.memory_reservation / kMiB);
  }
  if (!cell.phases.empty()) words += fmt::format(" hvlab.phases={}", fmt::join(cell.phases, "+"));
  return words + event_words(cell);
}

std::string Parts::empty_disk(u64 bytes) {
  if (!scratch_) scratch_.emplace("disks");
  const std::string file = fmt::format("{}/empty-{}.img", scratch_->path(), bytes);
  std::error_code error;
  if (fs::exists(file, error)) return file;
  std::ofstream(file, std::ios::binary).close();
  fs::resize_file(file, bytes, error);
  if (error) throw UserError("'" + file + "': cannot make a disk there: " + error.message());
  return file;
}

std::optional<u64> empty_disk_bytes(const std::string& file) {
  const std::string name = fs::path(file).filename().string();
  u64 bytes = 0;
  const char* const first = name.c_str() + std::string_view("empty-").size();
  if (!name.starts_with("empty-") || !name.ends_with(".img")) return std::nullopt;
  const auto [end, error] = std::from_chars(first, name.c_str() + name.size(), bytes);
  return error == std::errc() && std::string_view(end) == ".img" ? std::optional(bytes) : std::nullopt;
}

void Parts::prepare(const Scenario& scenario, bool refresh) {
  std::vector<const Way*> ways;
  bool kernel = false, firmware = false;
  for (const Cell& cell : scenario.cells) {
    if (cell.cluster) {
      check_cluster_files(scenario, cell);
      continue;
    }
    check_images(scenario, cell);
    check_processor(cell);
    check_boot_media(scenario, cell);
    firmware = firmware || (boots_by_firmware(cell) && cell.software.firmware.file.empty());
    kernel = kernel || cell.software.debian_kernel;
    if (!cell.software.way.empty() && !ways_.contains(cell.software.way)) {
      ways.push_back(&find_way(cell.software.way));
      ways_.insert(cell.software.way);
    }
  }
  if (firmware) find_firmware();
  // The first way needs the kernel and a shell alone.
  if (kernel && ways.empty()) return fetch({&all_ways().front()}, refresh);
  if (ways.empty()) return;
  fetch(ways, refresh);
  try {
    for (const Way* way : ways) assemble_initrd(*way);
  } catch (const UserError& error) {
    throw MissingPart(error.what());
  }
}

std::vector<std::string> cell_arguments(const Scenario& scenario, const Cell& cell,
                                        const std::string& directory, Parts& parts) {
  Arguments arguments({"boot", "--reproducible", "--progress"});
  add_software(scenario, cell, arguments);
  const scenario::Machine& machine = cell.machine;
  arguments.add("--memory", std::to_string(machine.memory / kMiB) + "M");
  arguments.add("--cpu", scenario::profile_of(machine));
  for (const auto& [name, value] : machine.costs) arguments.add("--cost", fmt::format("{}={}", name, value));
  arguments.add("--cpus", std::to_string(machine.cores));
  arguments.add("--timing", machine.timing);
  arguments.add("--slice", std::to_string(machine.slice));
  arguments.add("--seed", std::to_string(cell.seed));
  arguments.add("--rtc", "@" + std::to_string(cell.clock));
  // In whole nanoseconds, the finest that the option takes.
  arguments.add("--max-time", fmt::format("{}ns", std::max<u64>(1, cell.most_time / kNanosecond)));
  if (cell.most_instructions != ~u64{0})
    arguments.add("--max-instructions", std::to_string(cell.most_instructions));
  add_devices(scenario, cell, parts, arguments);
  arguments.add("--record", directory + "/");
  arguments.add("--record-level", cell.recording);
  return arguments.take();
}

}  // namespace hvlab::lab
