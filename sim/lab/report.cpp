#include "sim/lab/report.hpp"

#include <cstdio>
#include <map>

#include "sim/lab/cost_origins.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/io_report.hpp"
#include "sim/lab/json.hpp"

namespace hvlab::lab {

using board::End;
using observe::EventKind;

namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

const char* activity(const cpu::Cpu& cpu) {
  switch (cpu.activity) {
    case cpu::Activity::Active: return "running";
    case cpu::Activity::Halted: return cpu.rflag(arch::flag::kIf) ? "halted" : "halted with interrupts off";
    case cpu::Activity::MonitorWait: return "in MWAIT";
    case cpu::Activity::WaitForSipi: return "waiting for a start-up IPI";
    case cpu::Activity::Shutdown: return "shut down";
  }
  return "";
}

std::string where(const cpu::Cpu& cpu) {
  static constexpr const char* kModes[] = {"real mode", "virtual-8086 mode", "protected mode",
                                           "compatibility mode", "64-bit mode"};
  return format("%04x:%016llx, %s, CPL %u, CR3 %llx, %s", cpu.seg[arch::kCs].selector,
                static_cast<unsigned long long>(cpu.rip), kModes[static_cast<size_t>(cpu.mode)], cpu.cpl,
                static_cast<unsigned long long>(cpu.cr3), activity(cpu));
}

void write_counts(JsonWriter& json, const char* key, const std::array<u64, 256>& counts) {
  json.key(key).begin_object();
  for (size_t vector = 0; vector < counts.size(); ++vector) {
    if (counts[vector] != 0) json.member(std::to_string(vector), counts[vector]);
  }
  json.end_object();
}

void write_device(JsonWriter& json, const board::DeviceRecord& device) {
  json.begin_object().member("name", device.name);
  json.member("port_reads", device.ports.reads).member("port_writes", device.ports.writes);
  json.member("mmio_reads", device.memory.reads).member("mmio_writes", device.memory.writes);
  json.end_object();
}

// Who left the guest why and how often, and the cycles until it ran again.
void write_exits(JsonWriter& json, const observe::ExitTotals& exits) {
  json.key("exits").begin_array();
  for (const auto& row : exits.rows()) {
    json.begin_object().member("vm", u64{row.vm}).member("vcpu", u64{row.vcpu});
    json.member("reason", observe::exit_label(row.reason)).member("class", name(row.exit_class));
    json.member("count", row.exits).member("handled", row.handled).member("cycles", row.cycles);
    json.member("least", row.least).member("most", row.most).end_object();
  }
  json.end_array();
}

// What virtual processors did; with their states where their hypervisor marks them.
void write_vcpus(JsonWriter& json, const observe::ExitTotals& exits, const observe::VcpuStates& states) {
  using Id = std::pair<unsigned, unsigned>;
  std::map<Id, observe::ExitTotals::Vcpu> list;
  std::map<Id, observe::VcpuStates::Times> times;
  for (const auto& each : states.times()) {
    times.emplace(Id{each.vm, each.vcpu}, each);
    list[{each.vm, each.vcpu}];
  }
  for (const auto& vcpu : exits.vcpus()) {
    observe::ExitTotals::Vcpu& sum = list[{vcpu.vm, vcpu.vcpu}];
    sum.inside = vcpu.inside;
    sum.entries += vcpu.entries, sum.exits += vcpu.exits, sum.guest_cycles += vcpu.guest_cycles;
  }
  json.key("vcpus").begin_array();
  for (const auto& [id, vcpu] : list) {
    json.begin_object().member("vm", u64{id.first}).member("vcpu", u64{id.second});
    if (vcpu.inside != 0) json.member("inside", u64{vcpu.inside});
    json.member("entries", vcpu.entries).member("exits", vcpu.exits);
    json.member("guest_cycles", vcpu.guest_cycles);
    if (const auto found = times.find(id); found != times.end()) {
      json.key("picoseconds").begin_object();
      for (size_t i = 0; i < found->second.time.size(); ++i)
        json.member(observe::name(static_cast<arch::mark::VcpuState>(i)), found->second.time[i]);
      json.end_object();
    }
    json.end_object();
  }
  json.end_array();
}

// Programs that work for virtual machines, where it is known for which.
void write_monitors(JsonWriter& json, const observe::MonitorTimes& monitors) {
  json.key("monitors").begin_array();
  for (const auto& [vm, cycles] : monitors.cycles()) {
    json.begin_object().member("vm", u64{vm}).member("vmm_process_cycles", cycles.vmm_process);
    json.member("management_user_cycles", cycles.management_user).end_object();
  }
  json.end_array();
}

void write_ledger(JsonWriter& json, const std::array<u64, observe::kAccounts>& ledger) {
  json.key("ledger").begin_object();
  for (size_t i = 0; i < observe::kAccounts; ++i)
    json.member(name(static_cast<observe::Account>(i)), ledger[i]);
  json.end_object();
}

// How virtual processors of a machine ran beside each other; nothing where nobody says what they do.
void write_waits(JsonWriter& json, const std::vector<observe::VcpuWaits::Times>& waits) {
  if (waits.empty()) return;
  json.key("waits").begin_array();
  for (const observe::VcpuWaits::Times& times : waits) {
    json.begin_object().member("vm", u64{times.vm}).key("picoseconds").begin_object();
    json.member("runnable", times.runnable).member("waiting", times.waiting);
    json.member("waiting-beside-idle", times.beside_idle).member("partly-running", times.partly_running);
    json.end_object().end_object();
  }
  json.end_array();
}

void write_window(JsonWriter& json, const WorkWindow& window) {
  json.begin_object().member("seconds", static_cast<double>(window.time) / static_cast<double>(kSecond));
  json.member("cycles", window.cycles());
  write_ledger(json, window.ledger);
  json.key("exits").begin_array();
  for (const auto& row : window.exits) {
    json.begin_object().member("reason", observe::exit_label(row.reason));
    json.member("class", name(row.exit_class)).member("count", row.exits);
    json.member("handled", row.handled).member("cycles", row.cycles).end_object();
  }
  json.end_array();
  write_waits(json, window.waits);
  json.end_object();
}

// Of the time that the workload was in its phases: all of it, and each.
void write_windows(JsonWriter& json, const WorkWindows& windows) {
  if (windows.all().time == 0) return;
  write_window(json.key("work"), windows.all());
  json.key("phases").begin_array();
  for (const WorkWindow& window : windows.phases()) write_window(json, window);
  json.end_array();
}

void write_marks(JsonWriter& json, const ConsoleMarks& marks) {
  json.key("marks").begin_array();
  for (const ConsoleMarks::Mark& mark : marks.marks()) {
    json.begin_object().member("seconds", static_cast<double>(mark.time) / static_cast<double>(kSecond));
    json.member("line", mark.text).end_object();
  }
  json.end_array();
}

void write_calls(JsonWriter& json, const std::vector<observe::LinuxActivity::SystemCall>& calls) {
  json.key("system_calls").begin_object();
  for (const auto& call : calls) json.member(call.name, call.count);
  json.end_object();
}

void write_guest(JsonWriter& json, const observe::LinuxActivity& guest) {
  write_calls(json, guest.system_calls());
  json.key("processes").begin_array();
  for (const auto& process : guest.processes()) {
    json.begin_object().member("pid", process.tgid).member("name", process.name);
    write_calls(json, process.calls);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

int status_of(const board::RunEnd& end) {
  switch (end.why) {
    case End::PowerOff: return exit_status::kPowerOff;
    case End::DebugExit: return exit_status::debug_exit(end.value);
    case End::Reset: return exit_status::kReset;
    case End::TripleFault: return exit_status::kTripleFault;
    case End::VmxAbort: return exit_status::kVmxAbort;
    case End::HostRefused: return exit_status::kHostState;
    case End::Hang: return exit_status::kHang;
    case End::TimeLimit:
    case End::InstructionLimit: return exit_status::kLimit;
    case End::Interrupted: return exit_status::kInterrupted;
  }
  return exit_status::kHang;
}

std::string describe_end(const board::Machine& machine, const board::RunEnd& end, const LinuxWatch* guest) {
  std::string text = std::string("hvlab: ended by ") + name(end.why);
  if (end.why == End::DebugExit) text += format(" (value 0x%x)", end.value);
  if (end.why == End::VmxAbort) text += format(" (indicator %u: SDM vol. 3, 28.7)", end.value);
  if (end.why == End::HostRefused) text += " (not valid at a #VMEXIT: APM vol. 2, 15.6)";
  if (end.why == End::TripleFault || end.why == End::VmxAbort || end.why == End::HostRefused ||
      end.why == End::Reset)
    text += format(" of processor %u", end.processor);
  text += '\n';
  for (size_t i = 0; i < machine.processors().count(); ++i) {
    const cpu::Cpu& cpu = machine.processors().at(i).state();
    const std::string symbol = guest == nullptr ? "" : guest->symbol_at(cpu.rip);
    text += format("hvlab: processor %zu was at ", i) + where(cpu) +
            (symbol.empty() ? "" : ", in " + symbol) + '\n';
  }
  return text;
}

std::string summary(const board::Statistics& statistics, double host_seconds) {
  const double simulated = static_cast<double>(statistics.time) / static_cast<double>(kSecond);
  const double millions = static_cast<double>(statistics.instructions) / 1e6;
  return format(
      "hvlab: %.6f s simulated, %.1f million instructions, %.2f s on the host (%.0f million a second)\n",
      simulated, millions, host_seconds, host_seconds > 0 ? millions / host_seconds : 0.0);
}

void write_statistics(std::ostream& out, const board::Machine& machine, const board::RunEnd& end,
                      const RunWatch& watch) {
  const board::Statistics statistics = machine.statistics();
  JsonWriter json(out);
  json.begin_object();
  json.member("instructions", statistics.instructions).member("cycles", statistics.cycles);
  json.member("seconds", static_cast<double>(statistics.time) / static_cast<double>(kSecond));
  write_ledger(json, statistics.ledger);
  write_exits(json, watch.exits());
  write_vcpus(json, watch.exits(), watch.vcpus());
  write_monitors(json, watch.monitors());
  json.key("events").begin_object();
  for (size_t i = 0; i < statistics.events.kinds.size(); ++i) {
    json.member(name(static_cast<EventKind>(i)), statistics.events.kinds[i]);
  }
  json.end_object();
  json.member("events_hash", format("%016llx", static_cast<unsigned long long>(statistics.events.hash)));
  write_counts(json, "exceptions", statistics.events.exceptions);
  write_counts(json, "interrupts", statistics.events.interrupts);
  json.key("devices").begin_array();
  for (const board::DeviceRecord& device : statistics.devices) write_device(json, device);
  json.end_array();
  if (const LinuxWatch* guest = watch.guest(); guest != nullptr && guest->activity() != nullptr)
    write_guest(json, *guest->activity());
  if (const IoWatch* io = watch.io(); io != nullptr) write_io(json, io->totals());
  write_marks(json, watch.marks());
  write_windows(json, watch.windows());
  write_costs(json, costs_of(machine.profile()));
  json.key("end").begin_object().member("why", name(end.why)).member("status", status_of(end));
  if (end.why == End::VmxAbort) json.member("indicator", u64{end.value});
  json.end_object().end_object();
}

}  // namespace hvlab::lab
