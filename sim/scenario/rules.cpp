#include "sim/scenario/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/entitlement.hpp"
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
  if (const Value* way = cell.at("software.way"); way != nullptr) return vocabulary.way(way->text);
  const Value* model = cell.at("software.model");
  return model == nullptr ? nullptr : vocabulary.model(model->text);
}

void refuse(const Value& section, std::initializer_list<const char*> keys, const char* why,
            Problems& problems) {
  for (const char* key : keys) {
    if (const Value* value = section.find(key); value != nullptr)
      problems.add(value->key_place, key, fmt::format("'{}' {}", key, why));
  }
}

bool boots_by_firmware(const Value& software) {
  return software.mentions("iso") || software.mentions("disk");
}

/// A CD or a disk brings its own kernel.
void check_booted(const Value& software, Problems& problems) {
  refuse(software, {"initrds", "loader", "append"}, "is for a kernel; a CD or a disk brings its own",
         problems);
}

void check_software(const Value& software, Problems& problems) {
  const Value *way = software.find("way"), *model = software.find("model");
  const Value* debian = software.find("debian_kernel");
  int given = debian != nullptr && debian->count != 0;
  for (const char* key : {"way", "model", "kernel", "iso", "disk"}) given += software.mentions(key);
  Place at = software.place;
  for (const char* key : {"disk", "iso", "debian_kernel", "kernel", "model", "way"}) {
    if (const Value* value = software.find(key); given > 1 && value != nullptr) at = value->place;
  }
  if (given != 1)
    problems.add(at, "",
                 fmt::format("'software' has {} way, model, kernel, debian_kernel, iso or disk",
                             given == 0 ? "no" : "more than one"),
                 "exactly one of way: NAME, model: NAME, kernel: {file: PATH}, debian_kernel: true, "
                 "iso: {file: PATH}, disk: {file: PATH}");
  if (boots_by_firmware(software)) return check_booted(software, problems);
  refuse(software, {"firmware"}, "is for iso and disk", problems);
  if (way == nullptr && model == nullptr) return;
  for (const char* key : {"initrds", "loader"}) {
    if (const Value* value = software.find(key); value != nullptr)
      problems.add(value->key_place, key,
                   fmt::format("'{}' is for a kernel of your own; a {} brings its own", key,
                               way != nullptr ? "way" : "model"));
  }
}

void check_workload(const Value& cell, const WayFacts* way, Problems& problems) {
  const Value* software = cell.find("software");
  if (way != nullptr || software == nullptr || software->mentions("way") || software->mentions("model"))
    return;
  for (const char* key : {"workload", "vms", "events", "claim"}) {
    const Value* value = cell.find(key);
    if (value != nullptr)
      problems.add(value->key_place, key, fmt::format("'{}' needs a way of running the workload", key),
                   "software: {way: NAME} or {model: NAME}");
  }
}

bool says(const Value& section, const char* key, const char* word) {
  const Value* value = section.find(key);
  return value != nullptr && value->text == word;
}

/// Who does a card's work can be said where there is somebody to leave it to.
void check_offload(const Value& cell, const Value& software, const WayFacts& way, Problems& problems) {
  const Value* offload = software.find("offload");
  if (!way.offload) return refuse(software, {"offload"}, "is for bare and driver-domain", problems);
  if (!way.split && says(software, "offload", "interface"))
    problems.add(offload->place, offload->text, "a machine of its own has no split card", "off or card");
  const Value* nics = cell.at("machine.nics");
  const bool virtio = nics != nullptr && !nics->items.empty() && says(nics->items[0], "model", "virtio");
  if (says(software, "offload", "card") && !virtio)
    problems.add(offload->place, offload->text, "the teaching kernel leaves work to virtio cards alone",
                 "machine: {nics: [{model: virtio}]}");
}

/// How frames cross between two machines, where they do.
void check_split(const Value& software, const WayFacts& way, Problems& problems) {
  constexpr const char* kDefaults[][2] = {{"transmit", "copy"}, {"receive", "copy"}};
  if (!way.split)
    return refuse(software, {"transmit", "receive"}, "is for a model whose cards are split (driver-domain)",
                  problems);
  for (const auto& [key, usual] : kDefaults) {
    const Value* value = software.find(key);
    if (value == nullptr || value->text == usual) continue;
    if (says(software, "devices", "emulated"))
      problems.add(value->place, value->text, "an emulated card is not split", "devices: pv");
    if (value->text == "flip" && says(software, "paging", "shadow"))
      problems.add(value->place, value->text, "pages are exchanged in the second stage's tables",
                   "paging: nested");
  }
}

/// Registers that the host's kernel can keep are an e1000's; a period is one of the kernel's words.
void check_hosted(const Value& software, const WayFacts& way, Problems& problems) {
  const Value *registers = software.find("registers"), *devices = software.find("devices");
  const std::string& have = devices == nullptr ? way.devices : devices->text;
  if (way.hosted && registers != nullptr && registers->text == "kernel" && have == "pv")
    problems.add(registers->place, registers->text, "the host's kernel keeps the registers of an e1000 card",
                 "devices: emulated beside it");
  const Value* tick = software.find("tick");
  if (tick != nullptr && tick->count % kMillisecond != 0)
    problems.add(tick->place, tick->text, "not a whole number of ms");
}

/// What only the teaching systems understand, and what they do not.
void check_model(const Value& cell, const WayFacts* way, Problems& problems) {
  const Value *software = cell.find("software"), *workload = cell.find("workload"), *vms = cell.find("vms");
  if (software == nullptr) return;
  if (way == nullptr && (software->mentions("way") || software->mentions("model")))
    return;  // of an unknown name
  const bool model = way != nullptr && way->model;
  if (!model) {
    refuse(*software,
           {"devices", "paging", "pages", "transmit", "receive", "offload", "scheduler", "skew", "registers",
            "sends", "frames", "tick"},
           "is for a model", problems);
    if (workload != nullptr) refuse(*workload, {"program", "ping"}, "is for a model", problems);
  } else {
    if (!way->machines)
      refuse(*software, {"devices", "paging", "pages"}, "is for a model with virtual machines", problems);
    check_split(*software, *way, problems);
    check_offload(cell, *software, *way, problems);
    if (!way->scheduler)
      refuse(*software, {"scheduler", "skew"}, "is for a model with a scheduler", problems);
    if (!way->hosted)
      refuse(*software, {"registers", "sends", "frames"}, "is for the hosted model", problems);
    check_hosted(*software, *way, problems);
    refuse(cell, {"events"}, "is for ways: teaching systems have nobody to ask", problems);
  }
  if (workload != nullptr && workload->mentions("program"))
    refuse(*workload, {"phases"}, "is of the workload, and another program runs", problems);
  if (vms == nullptr) return;
  for (const Value& vm : vms->items) {
    if (!model) refuse(vm, {"devices", "paging", "program"}, "is for a model", problems);
  }
}

void check_cores(const Value& section, const Value& cell, Problems& problems) {
  const Value *list = section.find("cores"), *cores = cell.at("machine.cores");
  const u64 count = cores == nullptr ? 1 : cores->count;
  if (list != nullptr && !cores_of(list->text, static_cast<unsigned>(count)))
    problems.add(list->place, list->text, fmt::format("'{}' is no list of the machine's cores", list->text),
                 count == 1 ? "0: the machine has one" : fmt::format("one like 0-1,3 of 0 to {}", count - 1));
}

void check_vms(const Value& cell, const WayFacts* way, Problems& problems) {
  const Value *vms = cell.find("vms"), *instances = cell.at("workload.instances");
  if (way == nullptr) return;
  if (vms != nullptr && !vms->items.empty()) {
    if (!way->machines && !way->groups)
      problems.add(vms->key_place, "vms",
                   fmt::format("{} '{}' makes no virtual machines", way->model ? "model" : "way", way->name));
    if (instances != nullptr && instances->count != vms->items.size())
      problems.add(instances->place, instances->text,
                   fmt::format("{} instances, but {} vms", instances->count, vms->items.size()),
                   "one of the two");
    for (const Value& vm : vms->items) {
      const Value *memory = vm.find("memory"), *reserved = vm.find("memory_reservation");
      for (const Value* size : {memory, reserved}) {
        if (size != nullptr && size->count % kMiB != 0)
          problems.add(size->place, size->text, "not a whole number of MiB");
      }
      if (way->groups)
        refuse(vm, {"vcpus", "cores", "devices", "paging"}, "is for virtual machines, and these are groups of processes",
               problems);
      if (way->model) refuse(vm, {"reservation", "memory_reservation"}, "is for a way", problems);
      check_cores(vm, cell, problems);
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

/// `software` may be null: what firmware boots from is built in before the machine's own disks.
void check_machine(const Value& machine, const Value* software, Problems& problems) {
  if (const Value* memory = machine.find("memory"); memory != nullptr && memory->count % kMiB != 0)
    problems.add(memory->place, memory->text, "not a whole number of MiB");
  const Value* disks = machine.find("disks");
  if (disks == nullptr) return;
  const Value* boot_disk = software == nullptr ? nullptr : software->find("disk");
  const Value* boot_interface = boot_disk == nullptr ? nullptr : boot_disk->find("interface");
  const size_t before = boot_disk == nullptr ? 0 : 1;
  size_t ide = software != nullptr && software->mentions("iso") ? 1 : 0;
  if (boot_interface != nullptr && boot_interface->text == "ide") ++ide;
  for (const Value& disk : disks->items) {
    check_disk(disk, problems);
    const Value* interface = disk.find("interface");
    if (interface != nullptr && interface->text == "ide") ++ide;
  }
  if (ide > 4) problems.add(disks->key_place, "disks", "more than 4 IDE drives", "virtio for the others");
  if (disks->items.size() + before > 8) problems.add(disks->key_place, "disks", "more than 8 disks");
}

/// The workload finds its disks and the card by how they are built in.
void check_devices(const Value& cell, const WayFacts* way, u64 instances, Problems& problems) {
  const Value *disks = cell.at("machine.disks"), *nics = cell.at("machine.nics");
  if (way == nullptr) return;
  // A model's hypervisor gives each virtual machine a part of the disk.
  const bool shared = way->model && way->machines;
  if (disks != nullptr && disks->items.size() < (shared ? 1 : instances))
    problems.add(disks->key_place, "disks",
                 fmt::format("{} disks for {} instances of the workload", disks->items.size(), instances),
                 "a disk for each");
  if (way->model) return;  // the teaching kernel and its hypervisors have drivers for all kinds
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

void check_change(const Value& event, const Value& cell, Problems& problems) {
  const std::initializer_list<const char*> kChanges = {"shares", "limit", "cores", "reservation"};
  if (!event.mentions("change")) return refuse(event, kChanges, "needs a change: NUMBER", problems);
  if (std::ranges::none_of(kChanges, [&](const char* key) { return event.mentions(key); }))
    problems.add(event.place, "", "nothing changes", "shares, limit, cores or reservation");
  check_cores(event, cell, problems);
}

/// A cable leads to the bridge of a machine that is on a wire.
void check_cable(const Value& event, const Value& cell, Problems& problems) {
  const Value* nics = cell.at("machine.nics");
  const bool wired = nics != nullptr && !nics->items.empty() && nics->items[0].find("backend") != nullptr &&
                     nics->items[0].find("backend")->text == "peer";
  if (!wired) refuse(event, {"unplug", "plug"}, "needs a machine that is on a wire", problems);
}

void check_events(const Value& cell, const WayFacts* way, u64 instances, Problems& problems) {
  const Value* events = cell.find("events");
  if (events == nullptr || way == nullptr) return;
  if (!way->machines && !events->items.empty())
    problems.add(events->key_place, "events",
                 fmt::format("{} '{}' makes no virtual machines", way->model ? "model" : "way", way->name));
  for (const Value& event : events->items) {
    std::vector<const Value*> what;
    int said = 0;
    for (const char* key : kEventKinds) {
      said += event.mentions(key);
      if (const Value* value = event.find(key); value != nullptr) what.push_back(value);
    }
    if (said != 1 && event.broken.empty())
      problems.add(event.place, "", "an event is one of pause, resume, kill, unplug, plug and change",
                   "{at: 500ms, pause: 1}");
    check_change(event, cell, problems);
    check_cable(event, cell, problems);
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

/// A card of the defaults, of kind `model` where that is said.
Value card(const char* model, const Vocabulary& vocabulary, const std::string& origin) {
  Value card = defaults_of(*key_at("machine.nics")->section, vocabulary);
  if (model == nullptr) return card;
  Value* said = card.at("model");
  said->text = model;
  said->origin = origin;
  return card;
}

/// What the workload uses: a disk for each instance, and the card. Teaching systems have a PC's own, and one
/// disk of which each virtual machine gets a part.
void derive_devices(Value& machine, const Vocabulary& vocabulary, const WayFacts& way, u64 instances,
                    const std::string& origin) {
  constexpr u64 kWorkloadDisk = 4 * kMiB;  // more than the workload writes
  Value disks, nics;
  disks.type = nics.type = Type::List;
  const bool shared = way.model && way.machines;
  for (u64 i = 0; i < (shared ? 1 : instances); ++i) {
    disks.items.push_back(defaults_of(*key_at("machine.disks")->section, vocabulary));
    add(disks.items.back(), "size", size_value(shared ? instances * kWorkloadDisk : kWorkloadDisk), origin);
  }
  nics.items.push_back(card(way.model ? "e1000" : nullptr, vocabulary, origin));
  add(machine, "disks", disks, origin);
  add(machine, "nics", nics, origin);
}

/// Of a virtual machine of which nothing is said.
u64 usual_memory(const WayFacts& way) { return (way.model ? 64 : 128) * kMiB; }

void derive_vms(Value& cell, const Vocabulary& vocabulary, const WayFacts& way, u64 instances,
                const std::string& origin) {
  if (!way.machines) return;
  Value vms;
  vms.type = Type::List;
  add(cell, "vms", vms, origin);
  if (cell.at("vms") == nullptr) return;  // what the file says there is no list
  Value& list = *cell.at("vms");
  if (list.items.empty()) list.origin = origin;
  const Key* about = key_at("vms");
  while (list.items.size() < instances && list.origin == origin)
    list.items.push_back(defaults_of(*about->section, vocabulary));
  const Value* cores = cell.at("machine.cores");
  u64 vcpus = cores == nullptr ? 1 : cores->count;
  if (way.partitions) vcpus = std::max<u64>(1, vcpus / std::max<u64>(1, list.items.size()));
  for (Value& vm : list.items) {
    add(vm, "vcpus", count_value(vcpus), "machine.cores");
    add(vm, "memory", size_value(usual_memory(way)), origin);
  }
}

void derive_model(Value& software, const WayFacts& way, const std::string& origin) {
  if (way.machines) {
    add(software, "devices", word_value(way.devices), origin);
    add(software, "paging", word_value("nested"), origin);
    add(software, "pages", word_value("large"), origin);
  }
  if (way.split) {
    add(software, "transmit", word_value("copy"), origin);
    add(software, "receive", word_value("copy"), origin);
  }
  if (way.offload) add(software, "offload", word_value("off"), origin);
  if (way.hosted) {
    add(software, "registers", word_value("process"), origin);
    add(software, "sends", count_value(1), origin);
    add(software, "frames", word_value("thread"), origin);
  }
  if (!way.scheduler) return;
  add(software, "scheduler", word_value("credit"), origin);
  Value skew = count_value(3 * kMillisecond);
  skew.type = Type::Time;
  skew.text = print_quantity(Dimension::Time, skew.count);
  add(software, "skew", skew, origin);
}

}  // namespace

void derive(Value& cell, const Vocabulary& vocabulary) {
  Value* machine = cell.at("machine");
  if (machine == nullptr) return;
  const WayFacts* way = way_of(cell, vocabulary);
  if (way == nullptr) {
    add_processor(*machine, "amd-zen2", "default");
    if (Value* software = cell.at("software"); software != nullptr && !boots_by_firmware(*software))
      add(*software, "loader", word_value("auto"), "default");
    machine = cell.at("machine");
    return add(*machine, "memory", size_value(512 * kMiB), "default");
  }
  const std::string origin = (way->model ? "model " : "way ") + way->name;
  const u64 instances = std::min<u64>(instances_of(cell, *way), 8);
  Value workload;
  workload.type = Type::Map;
  add(cell, "workload", workload, origin);
  if (Value* said = cell.at("workload"); said != nullptr) {  // null: what the file says there is no map
    add(*said, "size", word_value("quick"), "default");
    add(*said, "instances", count_value(instances), origin);
  }
  add_processor(*cell.at("machine"), way->processor, origin);
  derive_devices(*cell.at("machine"), vocabulary, *way, instances, origin);
  if (way->model) derive_model(*cell.at("software"), *way, origin);
  derive_vms(cell, vocabulary, *way, instances, origin);
  // A machine for larger virtual machines than the usual ones is larger by as much.
  u64 memory = way->memory + (instances - 1) * way->more_memory;
  if (const Value* vms = cell.find("vms"); vms != nullptr && way->machines) {
    for (const Value& vm : vms->items) {
      const Value* size = vm.find("memory");
      if (size != nullptr && size->count > usual_memory(*way))
        memory += (size->count - usual_memory(*way)) / kMiB * kMiB;
    }
  }
  add(*cell.at("machine"), "memory", size_value(memory), origin);
}

void check_rules(const Value& cell, const Vocabulary& vocabulary, Problems& problems) {
  const WayFacts* way = way_of(cell, vocabulary);
  if (const Value* software = cell.find("software"); software != nullptr) check_software(*software, problems);
  if (const Value* machine = cell.find("machine"); machine != nullptr)
    check_machine(*machine, cell.find("software"), problems);
  check_workload(cell, way, problems);
  check_model(cell, way, problems);
  check_vms(cell, way, problems);
  const Value* instances = cell.at("workload.instances");
  check_events(cell, way, instances == nullptr ? 1 : instances->count, problems);
  check_devices(cell, way, instances == nullptr ? 1 : instances->count, problems);
}

}  // namespace hvlab::scenario
