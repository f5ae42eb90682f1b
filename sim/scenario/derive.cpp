#include "sim/scenario/derive.hpp"

#include <algorithm>

#include "sim/scenario/cluster_derive.hpp"
#include "sim/scenario/made_values.hpp"
#include "sim/scenario/resolve.hpp"

namespace hvlab::scenario {

namespace {

constexpr u64 kMiB = u64{1} << 20;

/// The way's processor, and what it does without. A processor without nested paging has nothing to lose.
void add_processor(Value& machine, const std::string& processor, bool shadow, const Vocabulary& vocabulary,
                   const std::string& origin) {
  add(machine, "processor", word_value(processor), origin);
  Value without;
  without.type = Type::Words;
  const Value* chosen = machine.find("processor");
  const auto paging = vocabulary.nested_paging.find(chosen == nullptr ? processor : chosen->text);
  if (shadow && paging != vocabulary.nested_paging.end()) without.items.push_back(word_value(paging->second));
  add(machine, "without", without, origin);
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
  add(software, "skew", time_value(3 * kMillisecond), origin);
}

}  // namespace

const WayFacts* way_of(const Value& cell, const Vocabulary& vocabulary) {
  if (const Value* way = cell.at("software.way"); way != nullptr) return vocabulary.way(way->text);
  const Value* model = cell.at("software.model");
  return model == nullptr ? nullptr : vocabulary.model(model->text);
}

bool boots_by_firmware(const Value& software) {
  return software.mentions("iso") || software.mentions("disk");
}

void derive(Value& cell, const Vocabulary& vocabulary) {
  if (cell.mentions("cluster")) return derive_cluster(cell);
  Value* machine = cell.at("machine");
  if (machine == nullptr) return;
  const WayFacts* way = way_of(cell, vocabulary);
  if (way == nullptr) {
    add_processor(*machine, "amd-zen2", false, vocabulary, "default");
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
  add_processor(*cell.at("machine"), way->processor, way->shadow, vocabulary, origin);
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

}  // namespace hvlab::scenario
