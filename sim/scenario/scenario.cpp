#include "sim/scenario/scenario.hpp"
#include "sim/scenario/entitlement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/scenario/derive.hpp"
#include "sim/scenario/expectations.hpp"
#include "sim/scenario/resolve.hpp"
#include "sim/scenario/rules.hpp"
#include "sim/scenario/spelling.hpp"

namespace hvlab::scenario {

namespace {

std::string text_at(const Value& value, const char* path) {
  const Value* found = value.at(path);
  return found == nullptr ? "" : found->text;
}

u64 count_at(const Value& value, const char* path, u64 otherwise = 0) {
  const Value* found = value.at(path);
  return found == nullptr ? otherwise : found->count;
}

/// The items of a list; none if it is not there.
const std::vector<Value>& items_at(const Value& value, const char* path) {
  static const std::vector<Value> kNone;
  const Value* found = value.at(path);
  return found == nullptr ? kNone : found->items;
}

Image image_of(const Value& value, const char* file) {
  return {text_at(value, file), text_at(value, "sha256"), text_at(value, "arguments")};
}

Disk disk_of(const Value& value, const char* file) {
  return {image_of(value, file), count_at(value, "size"), text_at(value, "profile"),
          text_at(value, "interface")};
}

Machine machine_of(const Value& value) {
  Machine machine;
  machine.processor = text_at(value, "processor");
  for (const Value& feature : items_at(value, "without")) machine.without.push_back(feature.text);
  if (const Value* costs = value.find("costs"); costs != nullptr) {
    for (size_t i = 0; i < costs->keys.size(); ++i)
      machine.costs.emplace_back(costs->keys[i], costs->items[i].count);
  }
  machine.cores = static_cast<unsigned>(count_at(value, "cores"));
  machine.memory = count_at(value, "memory");
  machine.timing = text_at(value, "timing");
  machine.slice = count_at(value, "slice");
  for (const Value& disk : items_at(value, "disks")) machine.disks.push_back(disk_of(disk, "image"));
  for (const Value& nic : items_at(value, "nics"))
    machine.nics.push_back({text_at(nic, "model"), text_at(nic, "backend"), text_at(nic, "link")});
  return machine;
}

Software software_of(const Value& value) {
  Software software;
  software.way = text_at(value, "way");
  software.model = text_at(value, "model");
  software.devices = text_at(value, "devices");
  software.paging = text_at(value, "paging");
  software.pages = text_at(value, "pages");
  software.transmit = text_at(value, "transmit");
  software.receive = text_at(value, "receive");
  software.offload = text_at(value, "offload");
  software.scheduler = text_at(value, "scheduler");
  software.skew = count_at(value, "skew");
  software.registers = text_at(value, "registers");
  software.frames = text_at(value, "frames");
  software.sends = count_at(value, "sends", 1);
  software.tick = count_at(value, "tick");
  software.debian_kernel = count_at(value, "debian_kernel") != 0;
  if (const Value* kernel = value.find("kernel"); kernel != nullptr)
    software.kernel = image_of(*kernel, "file");
  if (const Value* iso = value.find("iso"); iso != nullptr) {
    software.iso = image_of(*iso, "file");
    software.iso_profile = text_at(*iso, "profile");
  }
  if (const Value* disk = value.find("disk"); disk != nullptr) software.disk = disk_of(*disk, "file");
  if (const Value* firmware = value.find("firmware"); firmware != nullptr)
    software.firmware = image_of(*firmware, "file");
  for (const Value& initrd : items_at(value, "initrds")) software.initrds.push_back(image_of(initrd, "file"));
  software.loader = text_at(value, "loader");
  software.append = text_at(value, "append");
  return software;
}

std::optional<double> number_at(const Value& value, const char* key) {
  const Value* found = value.find(key);
  return found == nullptr ? std::nullopt : std::optional(found->number);
}

Vm vm_of(const Value& value) {
  return {static_cast<unsigned>(count_at(value, "vcpus", 1)),
          count_at(value, "memory"),
          count_at(value, "shares", 100),
          number_at(value, "limit").value_or(0),
          text_at(value, "cores"),
          text_at(value, "devices"),
          text_at(value, "paging"),
          text_at(value, "program"),
          number_at(value, "reservation").value_or(0),
          count_at(value, "memory_reservation", 0)};
}

TimedEvent event_of(const Value& value) {
  TimedEvent event;
  event.at = count_at(value, "at");
  event.place = value.place;
  for (const char* what : kEventKinds) {
    if (value.find(what) == nullptr) continue;
    event.what = what;
    event.vm = static_cast<unsigned>(count_at(value, what));
  }
  if (const Value* shares = value.find("shares"); shares != nullptr) event.shares = shares->count;
  event.limit = number_at(value, "limit");
  event.reservation = number_at(value, "reservation");
  event.cores = text_at(value, "cores");
  return event;
}

void fill_cell(Cell& cell) {
  const Value& value = cell.resolved;
  cell.cluster = value.mentions("cluster");
  cell.seed = count_at(value, "seed");
  if (cell.cluster) {
    cell.ending = kClusterEnding;
    return;
  }
  if (const Value* machine = value.find("machine"); machine != nullptr) cell.machine = machine_of(*machine);
  if (const Value* software = value.find("software"); software != nullptr)
    cell.software = software_of(*software);
  cell.workload = text_at(value, "workload.size");
  for (const Value& phase : items_at(value, "workload.phases")) cell.phases.push_back(phase.text);
  cell.program = text_at(value, "workload.program");
  cell.pings = count_at(value, "workload.ping") != 0;
  cell.instances = static_cast<unsigned>(count_at(value, "workload.instances", 1));
  for (const Value& vm : items_at(value, "vms")) cell.vms.push_back(vm_of(vm));
  for (const Value& event : items_at(value, "events")) cell.events.push_back(event_of(event));
  std::ranges::stable_sort(cell.events, {}, &TimedEvent::at);
  cell.clock = static_cast<i64>(count_at(value, "clock"));
  cell.most_time = count_at(value, "limits.time");
  cell.most_instructions = count_at(value, "limits.instructions", ~u64{0});
  cell.recording = text_at(value, "measure.recording");
  cell.ending = text_at(value, "ending");
}

/// Whether the processors can be given as promised, from the beginning and after each change.
void check_reservations(const Cell& cell, Problems& problems) {
  if (cell.cluster) return;
  std::vector<Vm> vms = cell.vms;
  const auto items = items_at(cell.resolved, "vms");
  if (const auto refusal = refusal_of(vms, cell.machine.cores)) {
    const Value* said = items[refusal->vm].find("reservation");
    return problems.add(said->place, said->text, refusal->why, "a smaller reservation");
  }
  for (const TimedEvent& event : cell.events) {
    apply(event, vms);
    const auto refusal = refusal_of(vms, cell.machine.cores);
    if (!refusal) continue;
    return problems.add(event.place, "", fmt::format("then of vm {}: {}", refusal->vm + 1, refusal->why),
                        "a change with which the reservations can be kept");
  }
}

Cell read_cell(const YamlNode& root, const std::vector<Axis>& axes, size_t index,
               const Vocabulary& vocabulary, Problems& problems) {
  Cell cell;
  cell.settings = settings_of(axes, index);
  cell.label = label_of(cell.settings);
  cell.resolved = resolve(cell_tree(root, axes, index), vocabulary, problems);
  derive(cell.resolved, vocabulary);
  sort_keys(cell.resolved, format());
  check_rules(cell.resolved, vocabulary, problems);
  fill_cell(cell);
  if (problems.empty()) check_reservations(cell, problems);
  return cell;
}

constexpr std::string_view kVary = "vary.";

bool sets_axis(const Override& setting) { return setting.path.starts_with(kVary); }

/// The key `name` of a map, made if it is not there: names of axes have dots.
void put_axis(YamlNode& root, const std::string& name, const Place& place, const YamlNode& values) {
  auto vary = std::ranges::find(root.keys, "vary", &YamlNode::Key::name);
  if (vary == root.keys.end()) {
    root.keys.push_back({"vary", place});
    YamlNode& made = root.items.emplace_back();
    made.kind = YamlNode::Kind::Map;
    made.place = place;
    vary = root.keys.end() - 1;
  }
  YamlNode& axes = root.items[static_cast<size_t>(vary - root.keys.begin())];
  if (axes.kind != YamlNode::Kind::Map) return;  // which is said of the file
  const auto axis = std::ranges::find(axes.keys, name, &YamlNode::Key::name);
  if (axis != axes.keys.end()) {
    axes.items[static_cast<size_t>(axis - axes.keys.begin())] = values;
    return;
  }
  axes.keys.push_back({name, place});
  axes.items.push_back(values);
}

void apply(YamlNode& root, const Override& setting, Problems& problems) {
  const std::string name = "--set " + setting.path;
  const std::optional<YamlNode> value = parse_yaml(name, setting.value, problems);
  if (!value) return;
  if (sets_axis(setting)) {
    put_axis(root, setting.path.substr(kVary.size()), {value->place.text, 1, 1}, *value);
  } else if (key_at(setting.path) == nullptr) {
    problems.add({value->place.text, 0, 0}, "", fmt::format("leads to no key{}", meant_path(setting.path)));
  } else if (!put(root, setting.path, {value->place.text, 1, 1}, *value)) {
    problems.add({value->place.text, 0, 0}, "", "leads into a list that has no such item");
  }
}

/// A value that every cell would overwrite with its own is a mistake.
void refuse_varied(const std::vector<Override>& overrides, const std::vector<Axis>& axes,
                   Problems& problems) {
  for (const Override& setting : overrides) {
    if (std::ranges::none_of(axes, [&](const Axis& axis) { return axis.varies(setting.path); })) continue;
    problems.add({problems.add_text("--set " + setting.path, setting.value), 0, 0}, "",
                 "the scenario varies this itself",
                 fmt::format("--set 'vary.{}=[{}]'", setting.path, setting.value));
  }
}

/// Without the expectations of cells that the command line has left out.
void forget_absent_cells(Scenario& scenario) {
  std::erase_if(scenario.expectations, [&](const Expectation& expectation) {
    return std::ranges::none_of(scenario.cells, [&](const Cell& cell) {
      return has_settings(cell, expectation.in) &&
             (expectation.against.empty() || counterpart(scenario, cell, expectation.against) != nullptr);
    });
  });
}

}  // namespace

std::string profile_of(const Machine& machine) {
  std::string text = machine.processor;
  for (const std::string& feature : machine.without) text += ",-" + feature;
  return text;
}

bool has_settings(const Cell& cell, const std::vector<Setting>& settings) {
  return std::ranges::all_of(
      settings, [&](const Setting& setting) { return std::ranges::count(cell.settings, setting) != 0; });
}

const Cell* counterpart(const Scenario& scenario, const Cell& cell, const std::vector<Setting>& against) {
  std::vector<Setting> wanted = cell.settings;
  for (const Setting& other : against) {
    for (Setting& setting : wanted) {
      if (setting.path == other.path) setting.value = other.value;
    }
  }
  const auto found = std::ranges::find(scenario.cells, wanted, &Cell::settings);
  return found == scenario.cells.end() ? nullptr : &*found;
}

std::optional<Scenario> read_scenario(const std::string& file, const std::string& content,
                                      const std::vector<Override>& overrides, const Vocabulary& vocabulary,
                                      Problems& problems) {
  std::optional<YamlNode> root = parse_yaml(file, content, problems);
  if (!root) return std::nullopt;
  if (root->kind != YamlNode::Kind::Map) {
    problems.add(root->place, root->text, "a scenario must be a map", "lines of 'key: value'");
    return std::nullopt;
  }
  for (const Override& setting : overrides) apply(*root, setting, problems);
  const std::filesystem::path path = file;
  Scenario scenario;
  scenario.name = path.stem().string();
  scenario.content = content;
  scenario.folder = path.parent_path().empty() ? "." : path.parent_path().string();
  const size_t before = problems.all().size();
  const std::vector<Axis> axes = axes_of(*root, problems);
  refuse_varied(overrides, axes, problems);
  const bool whole = problems.all().size() == before;
  for (size_t i = 0; i < cell_count(axes); ++i)
    scenario.cells.push_back(read_cell(*root, axes, i, vocabulary, problems));
  const Value& first = scenario.cells.front().resolved;
  if (const Value* title = first.find("title"); title != nullptr) {
    scenario.title = title->text;
    scenario.title_ja = text_at(*title, "ja");
  }
  // Of values that the command line has left out, nothing is expected; the file's own are checked.
  const bool chosen = std::ranges::any_of(overrides, sets_axis);
  if (const Value* expect = first.find("expect"); expect != nullptr)
    scenario.expectations = read_expectations(*expect, scenario, vocabulary, whole && !chosen, problems);
  if (chosen) forget_absent_cells(scenario);
  scenario.claim = text_at(first, "claim.id");
  for (const Value& verdict : items_at(first, "claim.verdict")) scenario.verdicts.push_back(verdict.text);
  if (!problems.empty()) return std::nullopt;
  return scenario;
}

}  // namespace hvlab::scenario
