#include "sim/analysis/run_statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "sim/base/user_error.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::analysis {

namespace {

using record::LaneType;
using record::RunReader;

struct Exits {
  u64 count = 0, handled = 0, cycles = 0, least = ~u64{0}, most = 0;

  void add(const Json& row) {
    count += row.at("count").get<u64>();
    cycles += row.at("cycles").get<u64>();
    if (row.at("handled").get<u64>() == 0) return;
    handled += row.at("handled").get<u64>();
    if (!row.contains("least")) return;
    least = std::min(least, row.at("least").get<u64>());
    most = std::max(most, row.at("most").get<u64>());
  }
  double mean() const {
    return handled == 0 ? 0 : static_cast<double>(cycles) / static_cast<double>(handled);
  }
};

Table summary(const RunReader& run) {
  const Json& stats = run.stats();
  Table table{.key = "summary",
              .title = "Run " + run.title(),
              .columns = {{"what", ""}, {"value", "", 9}},
              .rows = {}};
  table.rows = {{"state", std::string(name(run.state()))},
                {"end", stats.at("end").at("why").get<std::string>()},
                {"seconds", fmt::format("{:.9f}", stats.at("seconds").get<double>())}};
  for (const char* key : {"instructions", "cycles"})
    table.rows.push_back({key, fmt::format("{}", stats.at(key).get<u64>())});
  table.rows.push_back({"events_hash", stats.at("events_hash").get<std::string>()});
  return table;
}

Table vm_table(const Json& stats) {
  struct Vm {
    u64 inside = 0, vcpus = 0, entries = 0, exits = 0, guest = 0, handling = 0;
  };
  std::map<u64, Vm> vms;
  bool nested = false;
  for (const Json& vcpu : stats.at("vcpus")) {
    Vm& vm = vms[vcpu.at("vm").get<u64>()];
    ++vm.vcpus;
    vm.inside = vcpu.value("inside", u64{0});
    nested = nested || vm.inside != 0;
    vm.entries += vcpu.at("entries").get<u64>();
    vm.exits += vcpu.at("exits").get<u64>();
    vm.guest += vcpu.at("guest_cycles").get<u64>();
  }
  for (const Json& row : stats.at("exits"))
    vms[row.at("vm").get<u64>()].handling += row.at("cycles").get<u64>();
  Table table{.key = "vms",
              .title = "Virtual machines",
              .columns = {{"vm", "vm"},
                          {"vcpus", "vcpus"},
                          {"entries", "entries"},
                          {"exits", "exits"},
                          {"guest_cycles", "guest cycles"},
                          {"exit_cycles", "cycles of exits"}},
              .rows = {}};
  // Only guests that run guests are worth a column.
  if (nested) table.columns.push_back({"inside", "inside vm"});
  for (const auto& [number, vm] : vms) {
    table.rows.push_back({number, vm.vcpus, vm.entries, vm.exits, vm.guest, vm.handling});
    if (nested) table.rows.back().emplace_back(vm.inside);
  }
  return table;
}

// Where their hypervisor marks it: how long each could run and did, could and did not, or had nothing to do.
Table vcpu_state_table(const Json& stats) {
  Table table{.key = "vcpu_states",
              .title = "What virtual processors did, in milliseconds, as their hypervisor says",
              .columns = {{"vm", "vm"},
                          {"vcpu", "vcpu"},
                          {"running", "running", 3},
                          {"ready", "ready", 3},
                          {"co-stopped", "co-stopped", 3},
                          {"halted", "halted", 3},
                          {"blocked", "blocked", 3}},
              .rows = {}};
  for (const Json& vcpu : stats.at("vcpus")) {
    if (!vcpu.contains("picoseconds")) continue;
    std::vector<Cell> row{vcpu.at("vm").get<u64>(), vcpu.at("vcpu").get<u64>()};
    for (size_t i = 2; i < table.columns.size(); ++i)
      row.emplace_back(vcpu.at("picoseconds").value(table.columns[i].key, 0.0) /
                       static_cast<double>(kMillisecond));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table monitor_table(const Json& stats) {
  Table table{.key = "monitors",
              .title = "Programs that worked for virtual machines",
              .columns = {{"vm", "for vm"},
                          {"vmm_process_cycles", "vmm-process cycles"},
                          {"management_user_cycles", "management-vm-user cycles"}},
              .rows = {}};
  for (const Json& each : stats.value("monitors", Json::array())) {
    table.rows.push_back({each.at("vm").get<u64>(), each.at("vmm_process_cycles").get<u64>(),
                          each.at("management_user_cycles").get<u64>()});
  }
  return table;
}

Table vcpu_table(const Json& stats) {
  std::map<std::pair<u64, u64>, Exits> exits;
  for (const Json& row : stats.at("exits"))
    exits[{row.at("vm").get<u64>(), row.at("vcpu").get<u64>()}].add(row);
  Table table{.key = "vcpus",
              .title = "Virtual processors",
              .columns = {{"vm", "vm"},
                          {"vcpu", "vcpu"},
                          {"entries", "entries"},
                          {"exits", "exits"},
                          {"guest_cycles", "guest cycles"},
                          {"exit_cycles", "cycles of exits"},
                          {"mean", "mean", 0}},
              .rows = {}};
  for (const Json& vcpu : stats.at("vcpus")) {
    const u64 vm = vcpu.at("vm").get<u64>(), number = vcpu.at("vcpu").get<u64>();
    const Exits& of = exits[{vm, number}];
    table.rows.push_back({vm, number, vcpu.at("entries").get<u64>(), vcpu.at("exits").get<u64>(),
                          vcpu.at("guest_cycles").get<u64>(), of.cycles, of.mean()});
  }
  return table;
}

// From the trace: how long each device was busy, with how many requests.
Table request_table(const RunReader& run) {
  Table table{
      .key = "requests",
      .title = "Requests to devices",
      .columns = {{"device", "device"}, {"requests", "requests"}, {"busy_seconds", "busy seconds", 9}},
      .rows = {}};
  if (!run.has(record::kTraceFile)) return table;
  const record::TraceReader trace = run.trace();
  std::map<u16, u64> requests, busy;
  for (const record::Entry& entry : trace.levels().back().entries) {
    if (entry.what == static_cast<u16>(observe::EventKind::RequestStart)) requests[entry.lane] += entry.value;
    if (entry.what == record::what::kTime + static_cast<u16>(record::DeviceState::Busy))
      busy[entry.lane] += entry.value;
  }
  for (const auto& [lane, info] : trace.lanes()) {
    if (info.type == LaneType::Device && requests[lane] != 0)
      table.rows.push_back(
          {info.name, requests[lane], static_cast<double>(busy[lane]) / static_cast<double>(kSecond)});
  }
  return table;
}

Table device_table(const Json& stats) {
  Table table{.key = "devices",
              .title = "Accesses to devices' registers",
              .columns = {{"device", "device"},
                          {"port_reads", "port reads"},
                          {"port_writes", "port writes"},
                          {"mmio_reads", "memory reads"},
                          {"mmio_writes", "memory writes"}},
              .rows = {}};
  for (const Json& device : stats.at("devices")) {
    std::vector<Cell> row = {device.at("name").get<std::string>()};
    u64 all = 0;
    for (size_t i = 1; i < table.columns.size(); ++i) {
      row.emplace_back(device.at(table.columns[i].key).get<u64>());
      all += std::get<u64>(row.back());
    }
    if (all != 0) table.rows.push_back(std::move(row));
  }
  return table;
}

std::vector<Table> tables_of(const RunReader& run, StatBy by) {
  const Json& stats = run.stats();
  switch (by) {
    case StatBy::Vm: return {vm_table(stats), monitor_table(stats)};
    case StatBy::Vcpu: return {vcpu_table(stats), vcpu_state_table(stats)};
    case StatBy::Reason: return {exits_by_reason(stats.at("exits"))};
    case StatBy::Class: return {exits_by_class(stats.at("exits"))};
    case StatBy::Layer: return {ledger_table(stats.at("ledger"))};
    case StatBy::Device: return {device_table(stats), request_table(run)};
    case StatBy::All: break;
  }
  return {summary(run), ledger_table(stats.at("ledger")), vm_table(stats), vcpu_state_table(stats),
          exits_by_reason(stats.at("exits"))};
}

}  // namespace

Table ledger_table(const Json& ledger) {
  Table table{.key = "ledger",
              .title = "Where the cycles went",
              .columns = {{"account", "account"}, {"cycles", "cycles"}, {"percent", "%"}},
              .rows = {}};
  u64 sum = 0;
  for (const auto& [account, cycles] : ledger.items()) sum += cycles.get<u64>();
  for (const auto& [account, cycles] : ledger.items()) {
    if (cycles.get<u64>() != 0)
      table.rows.push_back({account, cycles.get<u64>(), percent(cycles.get<u64>(), sum)});
  }
  return table;
}

std::string class_of(const Json& exit) {
  const auto told = exit.find("class");
  return told != exit.end() ? told->get<std::string>()
                            : observe::class_of_label(exit.at("reason").get<std::string>());
}

namespace {

/// Rows of `exits` summed up by what `key_of` says of each: the texts of the table's first columns.
template <class KeyOf>
Table exits_table(const Json& exits, const char* key, std::vector<Column> columns, KeyOf key_of) {
  std::map<std::vector<std::string>, Exits> sums;
  u64 count = 0, cycles = 0;
  for (const Json& row : exits) {
    sums[key_of(row)].add(row);
    count += row.at("count").get<u64>();
    cycles += row.at("cycles").get<u64>();
  }
  std::vector<std::pair<std::vector<std::string>, Exits>> order(sums.begin(), sums.end());
  std::ranges::stable_sort(order, std::greater<>(), [](const auto& entry) { return entry.second.cycles; });
  columns.insert(columns.end(), {{"exits", "exits"},
                                 {"exits_percent", "%"},
                                 {"cycles", "cycles"},
                                 {"cycles_percent", "%"},
                                 {"least", "least"},
                                 {"most", "most"},
                                 {"mean", "mean", 0}});
  Table table{.key = key,
              .title = "Exits, with the cycles until the guest ran again",
              .columns = std::move(columns),
              .rows = {}};
  for (const auto& [names, of] : order) {
    std::vector<Cell> row(names.begin(), names.end());
    row.insert(row.end(), {of.count, percent(of.count, count), of.cycles, percent(of.cycles, cycles),
                           of.handled == 0 ? Cell() : Cell(of.least),
                           of.handled == 0 ? Cell() : Cell(of.most), of.mean()});
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

Table exits_by_reason(const Json& exits) {
  return exits_table(exits, "exits", {{"reason", "reason"}, {"class", "class"}}, [](const Json& row) {
    return std::vector{row.at("reason").get<std::string>(), class_of(row)};
  });
}

Table exits_by_class(const Json& exits) {
  return exits_table(exits, "exit_classes", {{"class", "class"}},
                     [](const Json& row) { return std::vector{class_of(row)}; });
}

const Json* innermost_group(const Json& io, const std::string& operation) {
  const Json* best = nullptr;
  // Received frames as long as those that programs send: they are the answers.
  const Json* sent = operation == "receive" ? innermost_group(io, "send") : nullptr;
  const auto rank = [&](const Json& group) {
    // What others carry out goes before what carries it out: the management VM is a virtual machine too.
    const bool carried = group.value("parts", u64{0}) != 0;
    const bool answers = sent != nullptr && group.at("bytes") == sent->at("bytes");
    return std::tuple(carried, group.at("system").get<u64>(), answers, group.value("called", u64{0}),
                      group.at("requests").get<u64>());
  };
  for (const Json& group : io) {
    if (group.at("operation") != operation) continue;
    if (best == nullptr || rank(group) > rank(*best)) best = &group;
  }
  return best;
}

const Json* innermost_requests(const Json& stats, const std::string& operation) {
  return stats.contains("io") ? innermost_group(stats.at("io"), operation) : nullptr;
}

namespace {

/// A run of several cells: a line each, as far as they have come.
Table cells_table(const RunReader& run) {
  Table table{
      .key = "cells",
      .title = fmt::format("Run {}: {}, {} cells", run.title(), name(run.state()), run.run()["cells"].size()),
      .columns = {{"cell", "cell"},
                  {"state", "state"},
                  {"end", "end"},
                  {"seconds", "seconds", 9},
                  {"instructions", "instructions"},
                  {"cycles", "cycles"},
                  {"exits", "exits"}},
      .rows = {}};
  for (const RunReader& cell : run.cells()) {
    std::vector<Cell> row = {cell.title(), std::string(name(cell.state()))};
    if (cell.has(record::kStatsFile)) {
      const Json& stats = cell.stats();
      u64 exits = 0;
      for (const Json& exit : stats.at("exits")) exits += exit.at("count").get<u64>();
      row.insert(row.end(), {stats.at("end").at("why").get<std::string>(), stats.at("seconds").get<double>(),
                             stats.at("instructions").get<u64>(), stats.at("cycles").get<u64>(), exits});
    }
    row.resize(table.columns.size());
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// The tables of each cell; their titles and keys say whose they are.
std::vector<Table> tables_of_cells(const RunReader& run, StatBy by) {
  std::vector<Table> all;
  for (const RunReader& cell : run.cells()) {
    if (!cell.has(record::kStatsFile)) continue;
    for (Table& table : tables_of(cell, by)) {
      table.title = cell.title() + ": " + table.title;
      table.key = cell.title() + ": " + table.key;
      all.push_back(std::move(table));
    }
  }
  return all;
}

}  // namespace

std::vector<Table> run_statistics(const RunReader& run, StatBy by) {
  try {
    if (!run.has_cells()) return tables_of(run, by);
    return by == StatBy::All ? std::vector<Table>{cells_table(run)} : tables_of_cells(run, by);
  } catch (const Json::exception&) {
    throw UserError((run.path() / record::kStatsFile).string() + ": damaged, or of another version of HVLab");
  }
}

}  // namespace hvlab::analysis
