// The format of scenario files. A row here is all that a key needs to be read, checked, printed, put in the
// schema and in docs/scenarios-reference.md; what it does is in sim/lab.
#include "sim/scenario/format.hpp"

#include <algorithm>

#include "sim/scenario/format_cluster.hpp"
#include "sim/scenario/spelling.hpp"

namespace hvlab::scenario {

namespace {

using enum Type;
using enum Presence;

constexpr u64 kMiB = u64{1} << 20, kGiB = u64{1} << 30;
constexpr u64 kMostTime = 200ull * 86400 * kSecond;

// clang-format off
constexpr Key kDiskKeys[] = {
    {"image", File, Optional, "", "A raw image; what is written is dropped at the end."},
    {"size", Type::Size, Optional, "", "Instead of an image: an empty disk of this size.", "", kMiB, 1024 * kGiB},
    {"sha256", Hash, Optional, "", "The image must have this checksum."},
    {"profile", Word, Default, "ssd-sata", "How fast it is: a file of profiles/disk.", "@disks"},
    {"interface", Word, Default, "virtio", "How the machine sees it.", "virtio|ide"},
};
constexpr Section kDisk = {"disk", "A disk of the machine. One of image and size.", kDiskKeys};

constexpr Key kNicKeys[] = {
    {"model", Word, Default, "virtio", "What the machine sees.", "virtio|e1000"},
    {"backend", Word, Default, "peer", "The other end: a simulated partner, or no cable.", "peer|none"},
    {"link", Word, Default, "ethernet-1g", "How fast the link is: a file of profiles/link.", "@links"},
};
constexpr Section kNic = {"nic", "A network card of the machine.", kNicKeys};

constexpr Key kMachineKeys[] = {
    {"processor", Word, Derived, "the way's, else amd-zen2", "The processor: a file of profiles/cpu.", "@processors"},
    {"without", Words, Derived, "the way's, else none", "Features that the processor has not, of those in its profile.", "@features"},
    {"costs", Figures, Optional, "", "Figures of the processor's profile that are other here, in their unit, mostly cycles.", "@costs"},
    {"cores", Count, Default, "1", "Processors.", "", 1, 8},
    {"memory", Type::Size, Derived, "what the way needs, else 512MiB", "RAM, in whole MiB.", "", 4 * kMiB, 16 * kGiB},
    {"timing", Word, Default, "approximate", "Time by the profile's costs, or one cycle an instruction.", "approximate|functional"},
    {"slice", Count, Default, "10000", "Cycles that a core runs before the next one's turn.", "", 1, 1'000'000'000},
    {"disks", List, Derived, "with a way one of 4MiB for each instance", "Disks, in the order in which the machine finds them, those of the workload first.", "", 0, 8, &kDisk},
    {"nics", List, Derived, "with a way one", "Network cards.", "", 0, 1, &kNic},
};
constexpr Section kMachine = {"machine", "The simulated PC.", kMachineKeys};

constexpr Key kImageKeys[] = {
    {"file", File, Required, "", "Its path."},
    {"sha256", Hash, Optional, "", "It must have this checksum."},
    {"arguments", Text, Optional, "", "Of a multiboot module: what is passed to it."},
};
constexpr Section kImage = {"image", "A file of the user's own.", kImageKeys};

constexpr Key kKernelKeys[] = {
    {"file", File, Required, "", "Linux bzImage or vmlinux, or a multiboot ELF image."},
    {"sha256", Hash, Optional, "", "It must have this checksum."},
};
constexpr Section kKernel = {"kernel", "The kernel that is loaded.", kKernelKeys};

constexpr Key kIsoKeys[] = {
    {"file", File, Required, "", "An ISO 9660 image with an El Torito boot catalog."},
    {"sha256", Hash, Optional, "", "It must have this checksum."},
    {"profile", Word, Default, "dvd-rom", "How fast its drive is: a file of profiles/disk.", "@disks"},
};
constexpr Section kIso = {"iso", "A CD or DVD of the user's own, in a drive on the second IDE channel; firmware boots from it.", kIsoKeys};

constexpr Key kBootDiskKeys[] = {
    {"file", File, Required, "", "A raw image with a boot sector; what is written is dropped at the end."},
    {"sha256", Hash, Optional, "", "It must have this checksum."},
    {"profile", Word, Default, "ssd-sata", "How fast it is: a file of profiles/disk.", "@disks"},
    {"interface", Word, Default, "virtio", "How the machine sees it.", "virtio|ide"},
};
constexpr Section kBootDisk = {"boot disk", "A disk of the user's own, before those of machine.disks; firmware boots from it.", kBootDiskKeys};

constexpr Key kFirmwareKeys[] = {
    {"file", File, Required, "", "A ROM image of a PC's firmware."},
    {"sha256", Hash, Optional, "", "It must have this checksum."},
};
constexpr Section kFirmware = {"firmware", "What the machine starts in.", kFirmwareKeys};

constexpr Key kSoftwareKeys[] = {
    {"way", Word, Optional, "", "The workload in one of the ways of docs/workloads.md.", "@ways"},
    {"model", Word, Optional, "", "Instead of a way: in a teaching system of docs/teaching-systems.md.", "@models"},
    {"devices", Word, Derived, "emulated, with a model that makes virtual machines", "What its guests' disks and cards are: those of a PC, or made for guests.", "emulated|pv"},
    {"paging", Word, Derived, "nested, with a model that makes virtual machines", "How its guests' pages are found: by the processor in two stages, or by the hypervisor's tables.", "nested|shadow"},
    {"pages", Word, Derived, "large, with a model that makes virtual machines", "Of nested paging's second stage: of 2 MiB where that can be, or of 4 KiB.", "large|small"},
    {"transmit", Word, Derived, "copy, with driver-domain", "How frames that a guest sends reach the management machine: the hypervisor copies them, pages are mapped, or only the header is copied and the card fetches the rest.", "copy|map|header"},
    {"receive", Word, Derived, "copy, with driver-domain", "How frames reach a guest: the hypervisor copies them, or the page with the frame is exchanged for one of the guest's.", "copy|flip"},
    {"offload", Word, Derived, "off, with bare and driver-domain", "Checksums and the cutting of TCP's data into frames: each kernel's own work; with interface, work behind the guest's split card, which the management machine's kernel does; with card, the machine's card does it (virtio).", "off|interface|card"},
    {"scheduler", Word, Derived, "credit, with a model that has one", "How its hypervisor gives virtual processors time.", "strict|relaxed|balance|credit"},
    {"skew", Time, Derived, "3ms, with a model that has a scheduler", "With relaxed: how far a virtual processor may be ahead of its siblings.", "", kMicrosecond, kSecond},
    {"registers", Word, Derived, "process, with the hosted model", "Who answers the registers of a guest's e1000 card that only keep what is written, or say why it interrupts: the VMM's process, or the host's kernel for it.", "process|kernel"},
    {"sends", Count, Derived, "1, with the hosted model", "Doorbells of a guest's card that wait for each other (send combining); 1: none waits.", "", 1, 32},
    {"frames", Word, Derived, "thread, with the hosted model", "How the VMM learns of frames that come: a thread waits for them; the virtual processor's thread asks after each interrupt; it sees them in a page shared with the kernel.", "thread|poll|shared"},
    {"tick", Time, Optional, "", "With a model: its kernels' timers interrupt in this period, in whole ms; else whenever something is due.", "", kMillisecond, kSecond},
    {"kernel", Type::Map, Optional, "", "Instead of a way: a kernel of your own.", "", 0, 0, &kKernel},
    {"debian_kernel", Flag, Optional, "", "Instead of a way or a file: the kernel that the ways boot."},
    {"initrds", List, Optional, "", "Initial RAM disks, or the modules of a multiboot kernel.", "", 0, 32, &kImage},
    {"loader", Word, Derived, "auto, without a way", "How a kernel of your own is entered.", "auto|bzimage|pvh|multiboot"},
    {"append", Text, Optional, "", "The kernel's command line; with a way, words added to it."},
    {"iso", Type::Map, Optional, "", "Instead of a way: a CD that firmware boots from.", "", 0, 0, &kIso},
    {"disk", Type::Map, Optional, "", "Instead of a way: a disk that firmware boots from.", "", 0, 0, &kBootDisk},
    {"firmware", Type::Map, Optional, "", "With iso and disk: other firmware than Debian's SeaBIOS.", "", 0, 0, &kFirmware},
};
constexpr Section kSoftware = {"software", "What the machine runs: exactly one of way, model, kernel, debian_kernel, iso and disk.", kSoftwareKeys};

constexpr Key kWorkloadKeys[] = {
    {"size", Word, Default, "quick", "Its short or full form.", "quick|full"},
    {"instances", Count, Derived, "as many as there are vms, else the way's", "So many side by side.", "", 1, 8},
    {"phases", Words, Optional, "", "Of the workload these alone; if not said, all but smp.", "cpu|stream|chase|syscall|pipe|process|file|network|smp|disk|link|link-bulk"},
    {"ping", Flag, Optional, "", "With a model: the phase ping too."},
    {"program", Text, Optional, "", "Instead of the workload, with a model: another program of it, and its arguments."},
};
constexpr Section kWorkload = {"workload", "The workload of docs/workloads.md. Only with software.way and software.model.", kWorkloadKeys};

constexpr Key kVmKeys[] = {
    {"vcpus", Count, Derived, "as many as the machine has cores, with partition an equal part of them", "Virtual processors.", "", 1, 8},
    {"memory", Type::Size, Derived, "128MiB, with a model 64MiB; apps and container no limit", "Its RAM, in whole MiB; of apps and container the most that its programs get.", "", 16 * kMiB, 8 * kGiB},
    {"shares", Count, Default, "100", "Its weight when there is not enough processor time for all: cpu.weight of its control group.", "", 1, 10'000},
    {"limit", Number, Optional, "", "Processors' worth of time that it gets at most: 0.5 is half of one (cpu.max)."},
    {"cores", Text, Optional, "", "Placement: cores that it may run on, like 0-1,3 (cpuset.cpus)."},
    {"reservation", Number, Optional, "", "Processors' worth of time that it gets when it wants it, whatever the other vms do: all vms' cpu.weight are chosen so. With a way only."},
    {"memory_reservation", Type::Size, Optional, "", "So much of what it uses of the host's memory is not taken back when that runs short (memory.min). With a way only.", "", kMiB, 16 * kGiB},
    {"devices", Word, Optional, "", "With a model: what its disk and card are, if other than software.devices.", "emulated|pv|none"},
    {"paging", Word, Optional, "", "With a model: if other than software.paging.", "nested|shadow"},
    {"program", Text, Optional, "", "With a model: what runs in it, if other than workload.program."},
};
constexpr Section kVm = {"vm", "A virtual machine; of the models apps and container an instance, of which program, shares, limit and memory can be said.", kVmKeys};

constexpr Key kEventKeys[] = {
    {"at", Time, Required, "", "When, after the vms were started.", "", 0, kMostTime},
    {"pause", Count, Optional, "", "The number of a vm, from 1: it is stopped (SIGSTOP to its process).", "", 1, 8},
    {"resume", Count, Optional, "", "The number of a vm: it goes on.", "", 1, 8},
    {"kill", Count, Optional, "", "The number of a vm: it is gone.", "", 1, 8},
    {"unplug", Count, Optional, "", "The number of a vm: its network card's cable is pulled (its port leaves the host's bridge).", "", 1, 8},
    {"plug", Count, Optional, "", "The number of a vm: that cable is plugged in again.", "", 1, 8},
    {"move", Count, Optional, "", "The number of a vm: while it runs it is moved to another process of its machine, as a live migration moves it to another host. With a way whose virtual machines can be moved.", "", 1, 8},
    {"change", Count, Optional, "", "The number of a vm: from then on it has other shares, limit, cores or reservation, at least one of them.", "", 1, 8},
    {"shares", Count, Optional, "", "With change: see vm.", "", 1, 10'000},
    {"limit", Number, Optional, "", "With change: see vm; 0: none any more."},
    {"cores", Text, Optional, "", "With change: see vm."},
    {"reservation", Number, Optional, "", "With change: see vm."},
    {"migrate", Text, Optional, "", "A vm moves to another host.", "", 0, 0, nullptr, "there is one host only; 'cluster' has many"},
};
constexpr Section kEvent = {"event", "Something that happens during the run: at and one of the others.", kEventKeys};

constexpr Key kLimitKeys[] = {
    {"time", Time, Default, "100s", "The run ends after this simulated time.", "", 1, kMostTime},
    {"instructions", Count, Optional, "", "The run ends after so many instructions of all cores.", "", 1, ~u64{0}},
};
constexpr Section kLimits = {"limits", "When a run is cut off.", kLimitKeys};

constexpr Key kMeasureKeys[] = {
    {"recording", Word, Default, "summary", "What is recorded beside totals and consoles: nothing, states and exits, or every event (docs/run-directory.md).", "off|summary|full"},
};
constexpr Section kMeasure = {"measure", "What is measured.", kMeasureKeys};

constexpr Key kReferenceKeys[] = {
    {"value", Number, Required, "", "The figure, in the metric's smallest unit or as the ratio."},
    {"within", Number, Required, "", "How far off the run's figure may be: 0.25 is a quarter."},
    {"source", Text, Required, "", "Where it was published."},
};
constexpr Section kReference = {"reference", "A published figure to hold the run against.", kReferenceKeys};

constexpr Key kExpectKeys[] = {
    {"metric", Word, Optional, "", "What is looked at; `hvlab list metrics` has them all.", "@metrics"},
    {"console", Text, Optional, "", "Text on the console; what is looked at is how often it is there."},
    {"vm", Count, Optional, "", "With console: those of a virtual machine instead of the machine's, by its number in exits and statistics: 1 is the first that ran.", "", 1, 8},
    {"log", Word, Optional, "", "An occurrence in the log of a cluster (cluster.jsonl); what is looked at is how often it is there.", "@occurrences"},
    {"host", Text, Optional, "", "With log: only of this host or group of hosts."},
    {"machine", Text, Optional, "", "With log: only of this machine or group of machines."},
    {"datastore", Text, Optional, "", "With log: only of this datastore."},
    {"reason", Text, Optional, "", "With log: only for this reason, of refused and move-failed; of fault and repair what it is of."},
    {"at", Time, Optional, "", "With log: only at this time."},
    {"since", Word, Optional, "", "With at: it counts from the last of these occurrences before, not from the beginning.", "@occurrences"},
    {"within", Time, Derived, "0s, with at", "With at: so much earlier or later will do."},
    {"same", Word, Optional, "", "All cells are alike: their workloads compute the same results, or every number and every console byte is the same.", "results|everything"},
    {"in", Settings, Optional, "", "Only in the cells where these settings hold."},
    {"against", Settings, Optional, "", "The figure is a ratio: divided by that of the cell with these settings instead."},
    {"at_least", Bound, Optional, "", "The figure's lower bound."},
    {"at_most", Bound, Optional, "", "Its upper bound."},
    {"equals", Bound, Optional, "", "Its exact value."},
    {"reference", Type::Map, Optional, "", "A published figure.", "", 0, 0, &kReference},
    {"why", Text, Optional, "", "Shown when it does not hold."},
};
constexpr Section kExpect = {"expectation", "What must hold: one of metric, console, log and same.", kExpectKeys};

constexpr Key kClaimKeys[] = {
    {"id", Word, Required, "", "Which; its rule turns the numbers of all cells into a verdict (docs/claims.md).", "@claims"},
    {"verdict", Words, Optional, "", "Verdicts that are expected.", "holds|holds if|does not hold|cannot be tested here"},
};
constexpr Section kClaim = {"claim", "A claim about virtualization.", kClaimKeys};

constexpr Key kScenarioKeys[] = {
    {"title", Title, Required, "", "What it shows, in a line."},
    {"seed", Count, Default, "1", "Of every random number that a guest can see."},
    {"clock", Date, Default, "2024-01-01T00:00:00", "Where the real-time clock starts, in UTC."},
    {"machine", Type::Map, Default, "", "The simulated PC.", "", 0, 0, &kMachine},
    {"software", Type::Map, Optional, "", "What it runs; this or cluster.", "", 0, 0, &kSoftware},
    {"workload", Type::Map, Optional, "", "What the software's way has to do.", "", 0, 0, &kWorkload},
    {"vms", List, Optional, "", "The virtual machines, where the way makes any; of the models apps and container the instances.", "", 0, 8, &kVm},
    {"events", List, Optional, "", "What happens when.", "", 0, 64, &kEvent},
    {"limits", Type::Map, Default, "", "When a run is cut off.", "", 0, 0, &kLimits},
    {"measure", Type::Map, Default, "", "What is measured.", "", 0, 0, &kMeasure},
    {"ending", Word, Default, "power-off", "How the run must end.", "power-off|power-off or hang|reset|triple-fault|vmx-abort|host-state|hang|time-limit|instruction-limit|refused"},
    {"vary", Axes, Optional, "", "What is varied: all combinations of the values are cells, each a run."},
    {"expect", List, Optional, "", "What must hold.", "", 0, 1000, &kExpect},
    {"claim", Type::Map, Optional, "", "A claim that the cells' numbers decide.", "", 0, 0, &kClaim},
    {"cluster", Type::Map, Optional, "", "Many hosts, instead of one machine and its software.", "", 0, 0, &kClusterSection},
};
// clang-format on
constexpr Section kScenario = {"", "A scenario.", kScenarioKeys};

void add_paths(const Section& section, const std::string& before, std::vector<std::string>& paths) {
  for (const Key& key : section.keys) {
    if (key.later != nullptr || key.type == List) continue;
    if (key.type == Type::Map) {
      add_paths(*key.section, before + key.name + ".", paths);
    } else {
      paths.push_back(before + key.name);
    }
  }
}

}  // namespace

const Key* Section::find(std::string_view key) const {
  for (const Key& each : keys) {
    if (each.name == key) return &each;
  }
  return nullptr;
}

const Section& format() { return kScenario; }

const Key* key_at(std::string_view path) {
  const Section* section = &kScenario;
  const Key* key = nullptr;
  for (const std::string& word : steps_of(path)) {
    const bool number = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
    // The number of an item of a list leads to the item's own keys.
    if (key != nullptr && (key->type == Figures || (key->type == List && number))) continue;
    if (section == nullptr) return nullptr;
    key = section->find(word);
    if (key == nullptr) return nullptr;
    section = key->section;
  }
  return key;
}

std::vector<std::string> steps_of(std::string_view path) {
  // Figures are the only names with dots.
  static constexpr std::pair<const char*, const char*> kFigures[] = {{"machine", "costs"},
                                                                     {"cluster", "overheads"}};
  for (const auto& [section, key] : kFigures) {
    const std::string before = std::string(section) + "." + key + ".";
    if (path.starts_with(before)) return {section, key, std::string(path.substr(before.size()))};
  }
  std::vector<std::string> steps;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('.', at), path.size());
    steps.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  return steps;
}

std::vector<std::string> all_paths() {
  std::vector<std::string> paths;
  add_paths(kScenario, "", paths);
  return paths;
}

std::string meant_path(std::string_view path) {
  const Section* section = &kScenario;
  const Key* list = nullptr;  // the next step is to be the number of an item of it
  std::string meant;
  bool numbered = true, figures = false;
  for (const std::string& step : steps_of(path)) {
    const bool number = !step.empty() && step.find_first_not_of("0123456789") == std::string::npos;
    std::vector<std::string> names;
    if (section != nullptr)
      for (const Key& key : section->keys) names.emplace_back(key.name);
    const std::string name = std::ranges::count(names, step) != 0 ? step : nearest(step, names);
    if (list != nullptr) {
      list = nullptr;
      numbered = numbered && number;
      meant += "." + (number ? step : "0");
      if (number || name.empty()) continue;  // the name of an item, in place of its number
    }
    if (figures) {
      meant += "." + step;
      continue;
    }
    const Key* key = section == nullptr ? nullptr : section->find(name);
    if (key == nullptr) return did_you_mean(path, all_paths());
    meant += (meant.empty() ? "" : ".") + name;
    section = key->section;
    figures = key->type == Figures;
    if (key->type == List) list = key;
  }
  if (list != nullptr || key_at(meant) == nullptr) return did_you_mean(path, all_paths());
  return "; did you mean '" + meant + "'?" + (numbered ? "" : " A list's items have numbers, from 0 on");
}

}  // namespace hvlab::scenario
