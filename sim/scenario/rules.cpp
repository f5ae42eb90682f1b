#include "sim/scenario/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/scenario/cluster_rules.hpp"
#include "sim/scenario/derive.hpp"
#include "sim/scenario/entitlement.hpp"
#include "sim/scenario/software_rules.hpp"

namespace hvlab::scenario {

namespace {

constexpr u64 kMiB = u64{1} << 20;

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

void check_cores(const Value& section, const Value& cell, Problems& problems) {
  const Value *list = section.find("cores"), *cores = cell.at("machine.cores");
  const u64 count = cores == nullptr ? 1 : cores->count;
  if (list != nullptr && !cores_of(list->text, static_cast<unsigned>(count)))
    problems.add(list->place, list->text, fmt::format("'{}' is no list of the machine's cores", list->text),
                 count == 1 ? "0: the machine has one" : fmt::format("one like 0-1,3 of 0 to {}", count - 1));
}

/// A domain of Xen is no process of a Linux that could limit it.
void check_domain(const Value& vm, Problems& problems) {
  constexpr u64 kUsualShares = 100;
  constexpr const char* kWhy = "is what Linux gives a process, and these are domains of Xen";
  refuse(vm, {"limit", "cores", "reservation", "memory_reservation"}, kWhy, problems);
  const Value* shares = vm.find("shares");  // there always: the usual ones if the file does not say
  if (shares != nullptr && shares->count != kUsualShares) refuse(vm, {"shares"}, kWhy, problems);
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
        refuse(vm, {"vcpus", "cores", "devices", "paging"},
               "is for virtual machines, and these are groups of processes", problems);
      if (way->domains) check_domain(vm, problems);
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
  if (way->domains && !events->items.empty())
    problems.add(events->key_place, "events",
                 "events happen to processes of Linux, and these are domains of Xen");
  std::set<u64> moved;
  for (const Value& event : events->items) {
    std::vector<const Value*> what;
    int said = 0;
    for (const char* key : kEventKinds) {
      said += event.mentions(key);
      if (const Value* value = event.find(key); value != nullptr) what.push_back(value);
    }
    if (said != 1 && event.broken.empty())
      problems.add(event.place, "", "an event is one of pause, resume, kill, unplug, plug, move and change",
                   "{at: 500ms, pause: 1}");
    check_change(event, cell, problems);
    if (const Value* move = event.find("move"); move != nullptr && !moved.insert(move->count).second)
      problems.add(move->place, move->text, fmt::format("vm {} moves once", move->count));
    if (!way->moves) refuse(event, {"move"}, "needs a way whose virtual machines can be moved", problems);
    check_cable(event, cell, problems);
    for (const Value* value : what) {
      if (value->count > instances)
        problems.add(value->place, value->text,
                     fmt::format("there is no vm {}; there are {}", value->count, instances));
    }
  }
}

}  // namespace

void check_rules(const Value& cell, const Vocabulary& vocabulary, Problems& problems) {
  if (cell.mentions("cluster")) return check_cluster(cell, problems);
  if (!cell.mentions("software"))
    problems.add(cell.place, "", "there is neither 'software' nor 'cluster'",
                 "software: what the machine runs; or cluster: many hosts");
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
