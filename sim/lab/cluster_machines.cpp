#include "sim/lab/cluster_machines.hpp"

#include <fmt/format.h>

#include <cmath>

#include "sim/base/user_error.hpp"
#include "sim/lab/cluster_values.hpp"
#include "sim/lab/trace_file.hpp"

namespace hvlab::lab {

using scenario::Value;

namespace {

constexpr std::pair<const char*, cluster::DemandShape> kShapes[] = {
    {"constant", cluster::DemandShape::Constant},
    {"peak", cluster::DemandShape::Peak},
    {"bursts", cluster::DemandShape::Bursts},
    {"trace", cluster::DemandShape::Trace}};

/// The samples of a trace; what is wrong with its file is told with the place that names it.
std::vector<u16> trace_of(const Value& file, const std::string& folder) {
  try {
    return read_trace_file(folder, file.text);
  } catch (const UserError& error) {
    throw UserError(fmt::format("{}:{}: {}", file.origin, file.place.column, error.what()));
  }
}

void read_demand(const Value& value, const std::string& folder, cluster::MachinePlan& machine) {
  cluster::Demand& demand = machine.demand;
  demand.shape = word_at(value, "shape", kShapes);
  demand.low = static_cast<u16>(permille(number_at(value, "low")));
  demand.high = static_cast<u16>(permille(number_at(value, "high")));
  demand.noise = static_cast<u16>(permille(number_at(value, "noise")));
  if (value.find("period") != nullptr) demand.period = nanoseconds_at(value, "period");
  demand.phase = nanoseconds_at(value, "peak_at");
  demand.width = nanoseconds_at(value, "width");
  demand.season = static_cast<u16>(permille(number_at(value, "season")));
  demand.season_day = static_cast<u16>(count_at(value, "season_day"));
  demand.growth = static_cast<i16>(std::lround(number_at(value, "growth") * kAllLoad));
  machine.later_each = nanoseconds_at(value, "later_each");
  if (demand.shape == cluster::DemandShape::Trace) machine.trace = trace_of(*value.find("file"), folder);
}

void read_tasks(const Value& value, cluster::MachinePlan& machine) {
  machine.has_tasks = value.find("tasks") != nullptr;
  for (const Value& task : items_at(value, "tasks"))
    machine.tasks.push_back(
        {nanoseconds_at(task, "at"), count_at(task, "count"), whole_at(task, "megacycles")});
}

cluster::DirtyProcess dirty_of(const std::vector<Value>& parts) {
  cluster::DirtyProcess process;
  for (size_t i = 0; i < parts.size(); ++i)
    process.classes[i] = {static_cast<u32>(whole_at(parts[i], "memory") / cluster::kPageBytes),
                          count_at(parts[i], "writes")};
  return process;
}

constexpr std::pair<const char*, cluster::DiskKind> kDiskKinds[] = {
    {"thick", cluster::DiskKind::Thick},
    {"thin", cluster::DiskKind::Thin},
    {"raw-virtual", cluster::DiskKind::RawVirtual},
    {"raw-physical", cluster::DiskKind::RawPhysical}};

constexpr std::pair<const char*, cluster::Priority> kPriorities[] = {
    {"highest", cluster::Priority::Highest}, {"high", cluster::Priority::High},
    {"medium", cluster::Priority::Medium},   {"low", cluster::Priority::Low},
    {"lowest", cluster::Priority::Lowest},   {"never", cluster::Priority::Never}};

}  // namespace

cluster::MachinePlan machine_of(const Value& value, const scenario::ClusterNames& names,
                                const std::string& folder) {
  constexpr u64 kKiB = 1024;
  cluster::MachinePlan machine;
  machine.name = text_at(value, "name");
  machine.count = count_at(value, "count");
  cluster::VirtualMachine& vm = machine.what;
  vm.processors = static_cast<u16>(count_at(value, "vcpus"));
  vm.memory = mebibytes_at(value, "memory");
  vm.disk = gibibytes_at(value, "disk");
  vm.disk_kind = word_at(value, "disk_kind", kDiskKinds);
  vm.disk_written = static_cast<u16>(permille(number_at(value, "disk_written")));
  vm.file_cost = static_cast<u16>(permille(number_at(value, "io.file_cost")));
  vm.size = megahertz_at(value, "size");
  vm.shares = count_at(value, "shares");
  vm.reservation = megahertz_at(value, "reservation");
  vm.limit = megahertz_at(value, "limit");
  vm.priority = word_at(value, "priority", kPriorities);
  vm.reads = count_at(value, "io.reads");
  vm.writes = count_at(value, "io.writes");
  vm.request_kib = static_cast<u32>(whole_at(value, "io.size") / kKiB);
  vm.packets = count_at(value, "io.packets");
  vm.packet_bytes = count_at(value, "io.packet_size");
  machine.way = text_at(value, "way");
  machine.mix = text_at(value, "mix");
  vm.port_mbps = megahertz_at(value, "io.port_limit");  // Mbit/s
  vm.in_flight = static_cast<u16>(count_at(value, "io.in_flight"));
  vm.request_cycles = count_at(value, "io.cycles");
  if (const Value* demand = value.find("demand"); demand != nullptr) read_demand(*demand, folder, machine);
  read_tasks(value, machine);
  machine.writes = dirty_of(items_at(value, "dirty"));
  machine.datastore = text_at(value, "datastore");
  machine.host = text_at(value, "host");
  machine.starts = count_at(value, "starts") != 0;
  machine.apart = count_at(value, "apart") != 0;
  machine.together = count_at(value, "together") != 0;
  if (const Value* hosts = value.find("hosts"); hosts != nullptr)
    machine.hosts = scenario::expand(*hosts, names.hosts);
  return machine;
}

cluster::RulePlan rule_of(const Value& value, const scenario::ClusterNames& names) {
  const Value* together = value.find("together");
  return {together != nullptr ? cluster::PlaceRule::Together : cluster::PlaceRule::Apart,
          scenario::expand(together != nullptr ? *together : *value.find("apart"), names.machines)};
}

}  // namespace hvlab::lab
