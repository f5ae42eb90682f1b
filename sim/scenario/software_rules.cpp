#include "sim/scenario/software_rules.hpp"

#include <fmt/format.h>

#include "sim/scenario/derive.hpp"
#include "sim/scenario/quantity.hpp"

namespace hvlab::scenario {

void refuse(const Value& section, std::initializer_list<const char*> keys, const char* why,
            Problems& problems) {
  for (const char* key : keys) {
    if (const Value* value = section.find(key); value != nullptr)
      problems.add(value->key_place, key, fmt::format("'{}' {}", key, why));
  }
}

namespace {

/// A CD or a disk brings its own kernel.
void check_booted(const Value& software, Problems& problems) {
  refuse(software, {"initrds", "loader", "append"}, "is for a kernel; a CD or a disk brings its own",
         problems);
}

}  // namespace

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

namespace {

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

/// Registers that the host's kernel can keep are an e1000's.
void check_hosted(const Value& software, const WayFacts& way, Problems& problems) {
  const Value *registers = software.find("registers"), *devices = software.find("devices");
  const std::string& have = devices == nullptr ? way.devices : devices->text;
  if (way.hosted && registers != nullptr && registers->text == "kernel" && have == "pv")
    problems.add(registers->place, registers->text, "the host's kernel keeps the registers of an e1000 card",
                 "devices: emulated beside it");
}

}  // namespace

/// A period is one of the kernel's words, in ms.
void check_tick(const Value& software, Problems& problems) {
  const Value* tick = software.find("tick");
  if (tick != nullptr && tick->count % kMillisecond != 0)
    problems.add(tick->place, tick->text, "not a whole number of ms");
}

/// What a machine says of its own has to go together with what the software says of all.
void check_machines_words(const Value& cell, const Value& software, const WayFacts& way, Problems& problems) {
  const Value *vms = cell.find("vms"), *usual = software.find("devices");
  if (vms == nullptr) return;
  for (const Value& vm : vms->items) {
    const Value *own = vm.find("devices"), *paging = vm.find("paging");
    const std::string& have = own != nullptr ? own->text : usual != nullptr ? usual->text : way.devices;
    if (way.hosted && own != nullptr && have == "pv" && says(software, "registers", "kernel"))
      problems.add(own->place, own->text, "the host's kernel keeps the registers of an e1000 card",
                   "emulated, or software: {registers: process}");
    if (way.split && paging != nullptr && paging->text == "shadow" && have == "pv" &&
        says(software, "receive", "flip"))
      problems.add(paging->place, paging->text, "pages are exchanged in the second stage's tables",
                   "nested, or software: {receive: copy}");
  }
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
    check_tick(*software, problems);
    check_machines_words(cell, *software, *way, problems);
    refuse(cell, {"events"}, "is for ways: teaching systems have nobody to ask", problems);
  }
  if (workload != nullptr && workload->mentions("program"))
    refuse(*workload, {"phases"}, "is of the workload, and another program runs", problems);
  if (vms == nullptr) return;
  for (const Value& vm : vms->items) {
    if (!model) refuse(vm, {"devices", "paging", "program"}, "is for a model", problems);
  }
}

}  // namespace hvlab::scenario
