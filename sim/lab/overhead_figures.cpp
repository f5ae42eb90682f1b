#include "sim/lab/overhead_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/cluster/overhead.hpp"

namespace hvlab::lab {

namespace {

using media::Figure;
using Runs = std::vector<const SourceRun*>;

constexpr double kMebibyte = 1 << 20;
constexpr const char* kMachineItself = "bare";
constexpr const char* kProcesses = "apps";  // side by side on the machine, not isolated

u64 whole(double value) { return value <= 0 ? 0 : static_cast<u64>(std::llround(value)); }

std::string measured(const std::string& origin) { return "measured: " + origin; }

bool like(const MeasuredRun& one, const MeasuredRun& other) {
  return one.teaching == other.teaching && processor_model(one) == processor_model(other);
}

/// One instance on one processor, whose phases can be told apart.
bool stands_alone(const MeasuredRun& run) {
  const size_t phases = run.log.phases.size();
  return run.processors == 1 && instances(run) == 1 && run.log.moves.empty() && phases != 0 &&
         run.phases.size() >= phases && run.phases.size() % phases == 0;
}

/// Of those, the one with the most phases; null if there is none. Others were made for something else.
template <class Fits>
const SourceRun* fullest(const Runs& runs, Fits fits) {
  const SourceRun* best = nullptr;
  for (const SourceRun* each : runs) {
    if (!stands_alone(each->run) || !fits(each->run)) continue;
    if (best == nullptr || each->run.log.phases.size() > best->run.log.phases.size()) best = each;
  }
  return best;
}

/// The machine's own run that `run` is compared with; null if there is none.
const SourceRun* machine_itself(const Runs& runs, const MeasuredRun& run) {
  return fullest(runs, [&](const MeasuredRun& each) {
    return each.way == kMachineItself && like(each, run) && each.log.size == run.log.size &&
           each.log.again == run.log.again;
  });
}

/// A phase of a run that stands alone.
struct Phase {
  const PhaseResult* result = nullptr;
  double busy = 0;  // cycles in which the processor was not idle
  double seconds = 0;
};

/// Of a workload that ran several times, the last one's.
Phase phase_of(const MeasuredRun& run, const std::string& name) {
  const size_t before = run.phases.size() - run.log.phases.size();
  for (size_t i = 0; i < run.log.phases.size(); ++i) {
    if (run.log.phases[i].name != name) continue;
    const RunWindow& window = run.phases[before + i];
    return {&run.log.phases[i], static_cast<double>(window.cycles - account_cycles(window.ledger, "idle")),
            window.seconds};
  }
  return {};
}

/// A phase with devices: how many of what it asks for, by what its line says that it did.
struct DevicePhase {
  const char* phase;
  const char* cycles;
  const char* nanoseconds;  // null: not looked at
  double (*requests)(const PhaseResult&);
};

constexpr double kBlock = 16384;  // bytes of a request of phase disk: workloads/workload/file.cpp
constexpr DevicePhase kDevicePhases[] = {
    // Its writes and reads, and the flush between them.
    {"disk", "disk_request_cycles", "disk_request_ns",
     [](const PhaseResult& phase) { return static_cast<double>(phase.bytes) / kBlock + 1; }},
    // There and back.
    {"link", "packet_cycles", "packet_ns",
     [](const PhaseResult& phase) { return static_cast<double>(phase.steps) * 2; }},
    {"link-bulk", "stream_kib_cycles", nullptr,
     [](const PhaseResult& phase) { return static_cast<double>(phase.bytes) / 1024; }}};

void add_work(const SourceRun& source, const MeasuredRun& bare, std::vector<Figure>& figures) {
  for (const char* kind : cluster::kWork) {
    const Phase here = phase_of(source.run, kind), there = phase_of(bare, kind);
    if (here.result == nullptr || there.busy <= 0) continue;
    figures.push_back(
        {std::string(kind) + "_permille", whole(here.busy / there.busy * 1000), measured(source.origin)});
  }
}

/// What a request takes more than on the machine itself.
void add_devices(const SourceRun& source, const MeasuredRun& bare, std::vector<Figure>& figures) {
  for (const DevicePhase& phase : kDevicePhases) {
    const Phase here = phase_of(source.run, phase.phase), there = phase_of(bare, phase.phase);
    if (here.result == nullptr || there.result == nullptr) continue;
    const double requests = phase.requests(*here.result);
    if (requests <= 0) continue;
    figures.push_back({phase.cycles, whole((here.busy - there.busy) / requests), measured(source.origin)});
    if (phase.nanoseconds != nullptr)
      figures.push_back({phase.nanoseconds, whole((here.seconds - there.seconds) / requests * 1e9),
                         measured(source.origin)});
  }
}

/// Where the machine itself starts, its own kernel does.
void add_launch(const SourceRun& source, std::vector<Figure>& figures) {
  const bool itself = source.run.way == kMachineItself;
  const double seconds = itself ? power_on_seconds(source.run) : launch_seconds(source.run);
  if (seconds <= 0) return;
  figures.push_back(
      {"launch_ms", whole(seconds * 1e3), measured(source.origin) + (itself ? ", without firmware" : "")});
}

/// Bytes that a machine was given in full before it began, or nothing.
double given(const MeasuredRun& run) {
  return run.log.given != 0 ? static_cast<double>(run.log.given) : run.teaching ? run.guest_memory : 0;
}

/// Of machines: what they take besides their own memory, in MiB on a straight line over it. The same size
/// twice says nothing of a slope.
void add_machine_memory(const Runs& runs, std::vector<Figure>& figures) {
  const auto [least, most] =
      std::ranges::minmax(runs, {}, [](const SourceRun* each) { return given(each->run); });
  const auto besides = [](const SourceRun* each) { return instance_memory(each->run) - given(each->run); };
  const double span = given(most->run) - given(least->run);
  const double slope = span > 0 ? std::max(0.0, (besides(most) - besides(least)) / span) : 0;
  const double fixed = besides(least) - slope * given(least->run);
  // A control group of the management machine has nothing of what Xen keeps for a domain.
  const char* limits = least->run.way.starts_with("xen") ? ", without Xen's own tables" : "";
  figures.push_back({"memory_mib", whole(std::ceil(fixed / kMebibyte)), measured(least->origin) + limits});
  figures.push_back({"memory_permille", whole(slope * 1000),
                     span > 0 ? measured(most->origin) : "assumed: one size was measured: " + least->origin});
}

/// Of what is no machine: what it takes more than the same program as a plain process.
void add_group_memory(const Runs& group, const Runs& processes, std::vector<Figure>& figures) {
  const double more = instance_memory(group.front()->run) - instance_memory(processes.front()->run);
  figures.push_back({"memory_mib", whole(std::ceil(more / kMebibyte)), measured(group.front()->origin)});
  figures.push_back({"memory_permille", 0, "by definition: its programs' memory is the host's own"});
}

void add_memory(const Runs& runs, const Runs& of_way, std::vector<Figure>& figures) {
  Runs machines, groups, processes;
  for (const SourceRun* each : of_way) {
    if (instance_memory(each->run) <= 0) continue;
    if (given(each->run) > 0) machines.push_back(each);
    // Of a machine that takes its memory as it touches it, what the host counts is not all that it may need.
    if (given(each->run) <= 0 && each->run.guest_memory <= 0) groups.push_back(each);
  }
  if (!machines.empty()) return add_machine_memory(machines, figures);
  for (const SourceRun* each : runs) {
    const bool fits = !groups.empty() && each->run.way == kProcesses &&
                      like(each->run, groups.front()->run) &&
                      each->run.log.size == groups.front()->run.log.size;
    if (fits && instance_memory(each->run) > 0) processes.push_back(each);
  }
  if (!processes.empty()) add_group_memory(groups, processes, figures);
}

void add_moves(const Runs& of_way, std::vector<Figure>& figures) {
  const SourceRun* moved = nullptr;
  double longest = 0;
  bool well = true;
  for (const SourceRun* each : of_way) {
    for (const analysis::Move& move : each->run.log.moves) {
      moved = each;
      well = well && move.completed;
      longest = std::max(longest, move.downtime);
    }
  }
  if (moved == nullptr) return;
  figures.push_back({"moves_while_running", well ? u64{1} : 0, measured(moved->origin)});
  if (well)
    figures.push_back(
        {"move_standstill_ms", whole(longest * 1e3),
         measured(moved->origin) + ", between two processes of one machine, with its last pages"});
}

/// Requests are few: what they cost is told from a system that is warm, if there is such a run.
void add_costs(const Runs& runs, const Runs& of_way, std::vector<Figure>& figures) {
  const SourceRun* first = fullest(of_way, [](const MeasuredRun& run) { return !run.log.again; });
  const SourceRun* warm = fullest(of_way, [](const MeasuredRun& run) { return run.log.again; });
  for (const SourceRun* source : {first, warm}) {
    const SourceRun* bare = source == nullptr ? nullptr : machine_itself(runs, source->run);
    if (bare == nullptr || bare == source) continue;
    if (source == first) add_work(*source, bare->run, figures);
    if (source == warm || warm == nullptr) add_devices(*source, bare->run, figures);
  }
  // A run that the machine itself has none of was made for something else.
  if (first != nullptr && machine_itself(runs, first->run) != nullptr) add_launch(*first, figures);
}

MeasuredOverhead overhead_of(const Runs& runs, const Runs& of_way) {
  MeasuredOverhead overhead{profile_name(of_way.front()->run), {}};
  add_costs(runs, of_way, overhead.figures);
  if (of_way.front()->run.way != kMachineItself) add_memory(runs, of_way, overhead.figures);
  add_moves(of_way, overhead.figures);
  return overhead;
}

}  // namespace

std::string profile_name(const MeasuredRun& run) {
  const std::string processor = processor_model(run);
  return fmt::format("{}{}{}", run.teaching ? "teaching-" : "", run.way,
                     processor == kUsualProcessor ? "" : "-" + processor);
}

std::vector<MeasuredOverhead> measured_overheads(const std::vector<SourceRun>& runs) {
  Runs good;
  std::vector<Runs> ways;
  for (const SourceRun& each : runs) {
    if (!each.run.failure.empty()) continue;
    good.push_back(&each);
    const auto known = std::ranges::find_if(
        ways, [&](const Runs& way) { return profile_name(way.front()->run) == profile_name(each.run); });
    (known == ways.end() ? ways.emplace_back() : *known).push_back(&each);
  }
  std::vector<MeasuredOverhead> all;
  all.reserve(ways.size());
  for (const Runs& way : ways) all.push_back(overhead_of(good, way));
  return all;
}

}  // namespace hvlab::lab
