#include "sim/scenario/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/quantity.hpp"
#include "sim/scenario/resolve.hpp"

namespace hvlab::scenario {

namespace {

constexpr u64 kMiB = u64{1} << 20;

/// Adds a value to a section that says nothing under this key.
void add(Value& section, const char* key, Value value, const std::string& origin) {
  if (section.mentions(key)) return;
  value.place = section.place;
  value.origin = origin;
  section.keys.emplace_back(key);
  section.items.push_back(std::move(value));
}

Value count_value(u64 number) {
  Value value;
  value.type = Type::Count;
  value.count = number;
  value.text = std::to_string(number);
  return value;
}

Value size_value(u64 bytes) {
  Value value = count_value(bytes);
  value.type = Type::Size;
  value.text = print_quantity(Dimension::Size, bytes);
  return value;
}

Value word_value(std::string_view text) {
  Value value;
  value.type = Type::Word;
  value.text = text;
  return value;
}

/// "amd-zen2,-npt" as the profile and what is taken off it.
void add_processor(Value& machine, const std::string& processor, const std::string& origin) {
  size_t at = std::min(processor.find(','), processor.size());
  Value without;
  without.type = Type::Words;
  add(machine, "processor", word_value(processor.substr(0, at)), origin);
  while (at < processor.size()) {
    const size_t end = std::min(processor.find(',', at + 1), processor.size());
    without.items.push_back(word_value(processor.substr(at + 2, end - at - 2)));
    at = end;
  }
  add(machine, "without", without, origin);
}

const WayFacts* way_of(const Value& cell, const Vocabulary& vocabulary) {
  const Value* way = cell.at("software.way");
  return way == nullptr ? nullptr : vocabulary.way(way->text);
}

void check_software(const Value& software, Problems& problems) {
  const Value *way = software.find("way"), *kernel = software.find("kernel");
  const Value* debian = software.find("debian_kernel");
  const bool wants_debian = debian != nullptr && debian->count != 0;
  const int given = software.mentions("way") + software.mentions("kernel") + wants_debian;
  Place at = software.place;
  for (const Value* value : {debian, kernel, way}) {
    if (given > 1 && value != nullptr) at = value->place;
  }
  if (given != 1)
    problems.add(
        at, "",
        fmt::format("'software' has {} way, kernel or debian_kernel", given == 0 ? "no" : "more than one"),
        "exactly one of way: NAME, kernel: {file: PATH}, debian_kernel: true");
  if (way == nullptr) return;
  for (const char* key : {"initrds", "loader"}) {
    if (const Value* value = software.find(key); value != nullptr)
      problems.add(value->key_place, key,
                   fmt::format("'{}' is for a kernel of your own; a way brings its own", key));
  }
}

void check_workload(const Value& cell, const WayFacts* way, Problems& problems) {
  const Value* software = cell.find("software");
  if (way != nullptr || software == nullptr || software->mentions("way")) return;
  for (const char* key : {"workload", "vms", "events", "claim"}) {
    const Value* value = cell.find(key);
    if (value != nullptr)
      problems.add(value->key_place, key, fmt::format("'{}' needs a way of running the workload", key),
                   "software: {way: NAME}");
  }
}

void check_vms(const Value& cell, const WayFacts* way, Problems& problems) {
  const Value *vms = cell.find("vms"), *instances = cell.at("workload.instances");
  if (way == nullptr) return;
  if (vms != nullptr && !vms->items.empty()) {
    if (!way->machines)
      problems.add(vms->key_place, "vms", fmt::format("way '{}' makes no virtual machines", way->name));
    if (instances != nullptr && instances->count != vms->items.size())
      problems.add(instances->place, instances->text,
                   fmt::format("{} instances, but {} vms", instances->count, vms->items.size()),
                   "one of the two");
    for (const Value& vm : vms->items) {
      const Value *memory = vm.find("memory"), *cores = vm.find("cores");
      if (memory != nullptr && memory->count % kMiB != 0)
        problems.add(memory->place, memory->text, "not a whole number of MiB");
      if (cores != nullptr && cores->text.find_first_not_of("0123456789-,") != std::string::npos)
        problems.add(cores->place, cores->text, fmt::format("'{}' is no list of cores", cores->text),
                     "0-1,3");
    }
  }
}

void check_disk(const Value& disk, Problems& problems) {
  const Value *size = disk.find("size"), *sum = disk.find("sha256");
  if (disk.mentions("image") == disk.mentions("size"))
    problems.add(disk.place, "", "a disk has either an image or a size", "image: PATH or size: 4MiB");
  if (size != nullptr && size->count % 512 != 0)
    problems.add(size->place, size->text, "not a whole number of sectors of 512 bytes");
  if (sum != nullptr && !disk.mentions("image"))
    problems.add(sum->key_place, "sha256", "a checksum is for an image");
}

void check_machine(const Value& machine, Problems& problems) {
  if (const Value* memory = machine.find("memory"); memory != nullptr && memory->count % kMiB != 0)
    problems.add(memory->place, memory->text, "not a whole number of MiB");
  const Value* disks = machine.find("disks");
  if (disks == nullptr) return;
  size_t ide = 0;
  for (const Value& disk : disks->items) {
    check_disk(disk, problems);
    const Value* interface = disk.find("interface");
    if (interface != nullptr && interface->text == "ide") ++ide;
  }
  if (ide > 4) problems.add(disks->key_place, "disks", "more than 4 IDE disks", "virtio for the others");
}

/// The workload finds its disks and the card by how they are built in.
void check_devices(const Value& cell, const WayFacts* way, u64 instances, Problems& problems) {
  const Value *disks = cell.at("machine.disks"), *nics = cell.at("machine.nics");
  if (way == nullptr) return;
  if (disks != nullptr && disks->items.size() < instances)
    problems.add(disks->key_place, "disks",
                 fmt::format("{} disks for {} instances of the workload", disks->items.size(), instances),
                 "a disk for each");
  for (const char* list : {"machine.disks", "machine.nics"}) {
    const Value* devices = cell.at(list);
    for (size_t i = 0; devices != nullptr && i < devices->items.size(); ++i) {
      const Value* kind = devices->items[i].find(devices == disks ? "interface" : "model");
      if (kind != nullptr && kind->text != "virtio" && (devices == nics || i < instances))
        problems.add(kind->place, kind->text, "the ways' systems have drivers for virtio devices only",
                     "virtio");
    }
  }
}

void check_events(const Value& cell, const WayFacts* way, u64 instances, Problems& problems) {
  const Value* events = cell.find("events");
  if (events == nullptr || way == nullptr) return;
  if (!way->machines && !events->items.empty())
    problems.add(events->key_place, "events", fmt::format("way '{}' makes no virtual machines", way->name));
  for (const Value& event : events->items) {
    std::vector<const Value*> what;
    int said = 0;
    for (const char* key : {"pause", "resume", "kill"}) {
      said += event.mentions(key);
      if (const Value* value = event.find(key); value != nullptr) what.push_back(value);
    }
    if (said != 1 && event.broken.empty())
      problems.add(event.place, "", "an event is one of pause, resume and kill", "{at: 500ms, pause: 1}");
    for (const Value* value : what) {
      if (value->count > instances)
        problems.add(value->place, value->text,
                     fmt::format("there is no vm {}; there are {}", value->count, instances));
    }
  }
}

u64 instances_of(const Value& cell, const WayFacts& way) {
  const Value *vms = cell.find("vms"), *given = cell.at("workload.instances");
  if (given != nullptr) return given->count;
  return vms != nullptr && !vms->items.empty() ? vms->items.size() : way.instances;
}

/// What the workload uses: a disk for each instance, and the card.
void derive_devices(Value& machine, const Vocabulary& vocabulary, u64 instances, const std::string& origin) {
  constexpr u64 kWorkloadDisk = 4 * kMiB;  // more than the workload writes
  Value disks, nics;
  disks.type = nics.type = Type::List;
  for (u64 i = 0; i < instances; ++i) {
    disks.items.push_back(defaults_of(*key_at("machine.disks")->section, vocabulary));
    add(disks.items.back(), "size", size_value(kWorkloadDisk), origin);
  }
  nics.items.push_back(defaults_of(*key_at("machine.nics")->section, vocabulary));
  add(machine, "disks", disks, origin);
  add(machine, "nics", nics, origin);
}

void derive_vms(Value& cell, const Vocabulary& vocabulary, const WayFacts& way, u64 instances,
                const std::string& origin) {
  if (!way.machines) return;
  Value vms;
  vms.type = Type::List;
  add(cell, "vms", vms, origin);
  Value& list = *cell.at("vms");
  if (list.items.empty()) list.origin = origin;
  const Key* about = key_at("vms");
  while (list.items.size() < instances && list.origin == origin)
    list.items.push_back(defaults_of(*about->section, vocabulary));
  const Value* cores = cell.at("machine.cores");
  for (Value& vm : list.items)
    add(vm, "vcpus", count_value(cores == nullptr ? 1 : cores->count), "machine.cores");
}

}  // namespace

void derive(Value& cell, const Vocabulary& vocabulary) {
  Value* machine = cell.at("machine");
  if (machine == nullptr) return;
  const WayFacts* way = way_of(cell, vocabulary);
  if (way == nullptr) {
    add_processor(*machine, "amd-zen2", "default");
    if (Value* software = cell.at("software"); software != nullptr)
      add(*software, "loader", word_value("auto"), "default");
    machine = cell.at("machine");
    return add(*machine, "memory", size_value(512 * kMiB), "default");
  }
  const std::string origin = "way " + way->name;
  const u64 instances = std::min<u64>(instances_of(cell, *way), 8);
  Value workload;
  workload.type = Type::Map;
  add(cell, "workload", workload, origin);
  add(*cell.at("workload"), "size", word_value("quick"), "default");
  add(*cell.at("workload"), "instances", count_value(instances), origin);
  add_processor(*cell.at("machine"), way->processor, origin);
  derive_devices(*cell.at("machine"), vocabulary, instances, origin);
  derive_vms(cell, vocabulary, *way, instances, origin);
  // A machine for larger virtual machines than the usual ones is larger by as much.
  u64 memory = way->memory + (instances - 1) * way->more_memory;
  if (const Value* vms = cell.find("vms"); vms != nullptr && way->machines) {
    for (const Value& vm : vms->items) {
      const Value* size = vm.find("memory");
      if (size != nullptr && size->count > 128 * kMiB) memory += (size->count - 128 * kMiB) / kMiB * kMiB;
    }
  }
  add(*cell.at("machine"), "memory", size_value(memory), origin);
}

void check_rules(const Value& cell, const Vocabulary& vocabulary, Problems& problems) {
  const WayFacts* way = way_of(cell, vocabulary);
  if (const Value* software = cell.find("software"); software != nullptr) check_software(*software, problems);
  if (const Value* machine = cell.find("machine"); machine != nullptr) check_machine(*machine, problems);
  check_workload(cell, way, problems);
  check_vms(cell, way, problems);
  const Value* instances = cell.at("workload.instances");
  check_events(cell, way, instances == nullptr ? 1 : instances->count, problems);
  check_devices(cell, way, instances == nullptr ? 1 : instances->count, problems);
}

}  // namespace hvlab::scenario
