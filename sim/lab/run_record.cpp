#include "sim/lab/run_record.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/lab/guest_memory.hpp"
#include "sim/lab/report.hpp"
#include "sim/record/junit.hpp"

namespace hvlab::lab {

namespace {

using record::Json;
namespace fs = std::filesystem;

std::vector<std::string> device_names(const board::Machine& machine) {
  const std::vector<board::DeviceRecord> devices = machine.statistics().devices;
  std::vector<std::string> names(devices.size());
  std::ranges::transform(devices, names.begin(), &board::DeviceRecord::name);
  return names;
}

// A file by what does not depend on where it is on this host.
Json file_facts(const std::string& path) {
  std::error_code ignored;
  const auto bytes = fs::file_size(path, ignored);
  return {{"file", fs::path(path).filename().string()}, {"bytes", ignored ? 0 : bytes}};
}

Json devices_of(const board::MachineConfig& machine) {
  Json json = {{"disks", Json::array()}, {"nics", Json::array()}};
  for (const board::DiskConfig& disk : machine.disks) {
    Json one = file_facts(disk.file);
    one["profile"] = disk.profile;
    one["interface"] = disk.interface == board::DiskInterface::Ide ? "ide" : "virtio";
    one["persist"] = disk.persist;
    json["disks"].push_back(one);
  }
  if (machine.cdrom) {
    json["cdrom"] = file_facts(machine.cdrom->file);
    json["cdrom"]["profile"] = machine.cdrom->profile;
  }
  static constexpr const char* kBackends[] = {"none", "peer", "user"};
  for (const board::NicConfig& nic : machine.nics) {
    json["nics"].push_back({{"model", nic.model == board::NicModel::E1000 ? "e1000" : "virtio"},
                            {"net", kBackends[static_cast<size_t>(nic.backend)]},
                            {"link", nic.link_profile}});
  }
  return json;
}

}  // namespace

Json resolved_boot(const BootOptions& options) {
  const board::MachineConfig& machine = options.machine;
  Json json = {{"schema", "hvlab.boot/1"}};
  if (options.kernel.empty()) {
    json["firmware"] = {
        {"file", options.bios.empty() ? "debian" : fs::path(options.bios).filename().string()},
        {"bytes", machine.firmware.rom.size()}};
    json["boot"] = machine.firmware.disks_first ? "disk" : "cdrom";
  } else {
    json["kernel"] = file_facts(options.kernel);
  }
  json["initrds"] = Json::array();
  for (const std::string& initrd : options.initrds)
    json["initrds"].push_back(file_facts(initrd.substr(0, initrd.find(' '))));
  for (const std::string& module : options.modules) json["modules"].push_back(file_facts(module));
  json["command_line"] = options.append;
  json["loader"] = options.loader;
  json["processor"] = machine.profile;
  json["timing"] = machine.accuracy == timing::Accuracy::Functional ? "functional" : "approximate";
  json["processors"] = machine.processors;
  json["memory"] = machine.memory;
  json.update(devices_of(machine));
  json["debug_exit"] = machine.debug_exit;
  json["rtc"] = machine.rtc_start;
  json["seed"] = machine.seed;
  json["slice"] = machine.slice;
  json["max_time"] = options.max_time == kNever ? Json() : Json(options.max_time);
  json["max_instructions"] = options.max_instructions == ~u64{0} ? Json() : Json(options.max_instructions);
  json["recording"] = record::name(options.record_level);
  return json;
}

namespace {

// The function of the machine's own Linux at `address`.
record::NameEntry symbol_of(const RunWatch& watch, u64 address) {
  record::NameEntry entry{.table = record::NameTable::Symbol, .key = 0, .value = 0, .text = ""};
  if (watch.guest() == nullptr || watch.guest()->activity() == nullptr) return entry;
  const observe::LinuxView& view = watch.guest()->activity()->view();
  if (const observe::Symbol* symbol = view.symbol_at(address); symbol != nullptr) {
    entry.key = symbol->address + view.slide();
    entry.text = symbol->name;
  }
  return entry;
}

// The folder is what paths in the command begin from.
Json about(const BootOptions& options, const Json& more) {
  std::error_code ignored;
  Json json = {{"hvlab", HVLAB_VERSION},
               {"command", options.arguments},
               {"folder", fs::current_path(ignored).string()}};
  if (more.is_object()) json.update(more);
  return json;
}

}  // namespace

RunRecord::RunRecord(const BootOptions& options, board::Machine& machine, const Json& more)
    : machine_(machine),
      run_(options.record, about(options, more)),
      consoles_(run_, device_names(machine)),
      symbols_(options.kernel, files_beside(options)) {
  run_.put(record::kResolvedFile, resolved_boot(options).dump(2) + "\n");
  if (options.record_level == record::RecordLevel::Off) return;
  trace_.emplace(record::TraceRecorder::Setup{.file = run_.streamed(record::kTraceFile),
                                              .level = options.record_level,
                                              .frequency_hz = machine.processors().frequency().hertz,
                                              .cores = static_cast<unsigned>(machine.processors().count()),
                                              .devices = device_names(machine)});
  machine.watch_ledgers(&*trace_);
}

RunRecord::~RunRecord() { machine_.watch_ledgers(nullptr); }

record::NameEntry RunRecord::guest_symbol(u64 address) {
  const KnownSymbols::Function function = symbols_.of_guest(address, guest_system_calls_);
  return {.table = record::NameTable::GuestSymbol, .key = function.begin, .value = 0, .text = function.name};
}

void RunRecord::watch_guests(const observe::ExitTotals& exits) {
  const GuestConsoles::Machine machine = {
      .state = [this](unsigned core) -> const cpu::Cpu& { return machine_.processors().at(core).state(); },
      .read = [this](unsigned core, u64 address, void* to,
                     size_t bytes) { return peek(machine_, core, address, to, bytes); }};
  exits_ = &exits;
  guests_.emplace(exits, machine, [this](const std::string& name, u8 byte) { consoles_.write(name, byte); });
}

void RunRecord::finish(const board::RunEnd& end, const RunWatch& watch, double host_seconds,
                       const Json& input) {
  machine_.watch_ledgers(nullptr);
  const board::Statistics statistics = machine_.statistics();
  if (trace_) {
    std::vector<u64> cycles(machine_.processors().count());
    for (size_t i = 0; i < cycles.size(); ++i) cycles[i] = machine_.processors().at(i).cycles();
    trace_->finish(
        cycles, [&](u64 address) { return symbol_of(watch, address); },
        [&](u64 address) { return guest_symbol(address); });
    run_.note_problem(trace_->problem());
  }
  consoles_.finish();
  std::ostringstream text;
  write_statistics(text, machine_, end, watch);
  run_.put(record::kStatsFile, text.str());
  run_.put(record::kStatsTable, record::flat_csv(Json::parse(text.str())));
  const bool good = end.why == board::End::PowerOff || end.why == board::End::DebugExit;
  run_.put(record::kJunitFile,
           record::junit_xml("hvlab", {{.name = "boot",
                                        .time = statistics.time,
                                        .failure = good ? "" : std::string("ended by ") + name(end.why)}}));
  const bool whole = end.why != board::End::Interrupted;
  run_.forget("live");
  run_.finish(whole ? record::RunState::Complete : record::RunState::Partial,
              {{"host_cpu_seconds", host_seconds},
               {"end", name(end.why)},
               {"status", status_of(end)},
               {"input", input}});
  if (!run_.problem().empty()) throw UserError("the run directory is partial: " + run_.problem());
}

}  // namespace hvlab::lab
