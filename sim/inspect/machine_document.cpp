#include "sim/inspect/machine_document.hpp"

#include <algorithm>

#include "sim/inspect/device_document.hpp"
#include "sim/inspect/interrupt_document.hpp"

namespace hvlab::inspect {

using cpu::Cpu;

namespace {

constexpr size_t kMostBlocks = 64;  // control blocks that a document shows

/// What is told of every document alike: which parts of the machine it leaves out.
constexpr const char* kNotShown[] = {
    "x87 and MMX registers, variable and fixed MTRRs, performance counters",
    "of devices: filters and statistics of network controllers, firmware's configuration, CMOS RAM",
    "counts that move by themselves (APIC timer, PIT, HPET, RTC, time-stamp counter)", "caches and the TLB"};

std::span<const u8> block_of(const board::Machine& machine, u64 address) {
  const u8* page = machine.ram().page(align_down(address, 4096));
  return page == nullptr ? std::span<const u8>{} : std::span<const u8>{page, 4096};
}

/// Which processor is in the guest of `block` now.
std::optional<size_t> runs_on(const board::Machine& machine, u64 block) {
  for (size_t i = 0; i < machine.processors().count(); ++i) {
    const Cpu& cpu = machine.processors().at(i).state();
    if (cpu.guest != nullptr && last_block(cpu) == block) return i;
  }
  return std::nullopt;
}

Json guest_json(const MachineView& view, u64 block) {
  Json json = {{"block", hex(block)}};
  const auto known = std::ranges::find(view.virtual_processors, block, &VirtualProcessor::block);
  if (known == view.virtual_processors.end()) return json;
  json["vm"] = known->vm;
  json["vcpu"] = known->vcpu;
  return json;
}

Json processor_json(const board::Machine& machine, const MachineView& view, size_t index) {
  const execute::Processor& processor = machine.processors().at(index);
  const Cpu& cpu = processor.state();
  Json json = {{"processor", index},
               {"time", machine.processors().frequency().time_of(processor.cycles())},
               {"cycles", processor.cycles()},
               {"instructions", processor.instructions()},
               {"account", observe::name(processor.ledger().current())}};
  json.update(condition_json(cpu));
  const auto block = last_block(cpu);
  json["in_guest"] = cpu.guest != nullptr;
  if (block) json[cpu.guest != nullptr ? "guest" : "last_guest"] = guest_json(view, *block);
  if (Json refused = refused_entry_json(cpu); !refused.is_null()) json["refused_entry"] = std::move(refused);
  json["registers"] = registers_json(cpu);
  json["code"] = code_json(code_around(cpu, view.code_before, view.code_after, view.symbol));
  if (view.address) json["walk"] = walk_json(explain_walk(cpu, *view.address));
  json["apic"] = local_apic_json(*machine.interrupt_controllers().local.at(index));
  return json;
}

Json block_json(const board::Machine& machine, const MachineView& view, const VirtualProcessor& vcpu) {
  const std::span<const u8> bytes = block_of(machine, vcpu.block);
  Json json = {{"vm", vcpu.vm},
               {"vcpu", vcpu.vcpu},
               {"entries", vcpu.entries},
               {"exits", vcpu.exits},
               {"guest_cycles", vcpu.guest_cycles}};
  const auto where = runs_on(machine, vcpu.block);
  json["runs_on"] = where ? Json(*where) : Json();
  json.update(control_block_json(block_kind(machine.processors().at(0).state()), vcpu.block, bytes));
  if (where || bytes.empty()) return json;
  const Cpu guest = guest_of(machine.processors().at(0).state(), bytes);
  json.update(held_state_json(guest));
  json["code"] = code_json(code_around(guest, view.code_before, view.code_after, view.symbol));
  if (view.address) json["walk"] = walk_json(explain_walk(guest, *view.address));
  return json;
}

Json devices_json(const board::Machine& machine, const board::Statistics& statistics) {
  const Json states = device_states_json(machine.devices());
  Json list = Json::array();
  for (const board::DeviceRecord& device : statistics.devices) {
    list.push_back({{"name", device.name},
                    {"port_reads", device.ports.reads},
                    {"port_writes", device.ports.writes},
                    {"memory_reads", device.memory.reads},
                    {"memory_writes", device.memory.writes}});
    if (const auto state = states.find(device.name); state != states.end()) list.back().update(*state);
  }
  return list;
}

}  // namespace

Json machine_document(const board::Machine& machine, const MachineView& view) {
  const board::Statistics statistics = machine.statistics();
  Json json = {{"schema", "hvlab.machine/1"},
               {"time", machine.processors().time()},
               {"frequency_hz", machine.processors().frequency().hertz},
               {"instructions", statistics.instructions},
               {"events", statistics.events.total}};
  json["processors"] = Json::array();
  for (size_t i = 0; i < machine.processors().count(); ++i)
    if (!view.processor || *view.processor == i)
      json["processors"].push_back(processor_json(machine, view, i));
  json["control_blocks"] = Json::array();
  const size_t blocks = std::min(kMostBlocks, view.virtual_processors.size());
  for (size_t i = 0; i < blocks; ++i)
    json["control_blocks"].push_back(block_json(machine, view, view.virtual_processors[i]));
  json["interrupt_controllers"] = interrupt_controllers_json(machine.interrupt_controllers());
  json["devices"] = devices_json(machine, statistics);
  json["consoles"] = Json::array();
  for (const ConsoleTail& console : view.consoles)
    json["consoles"].push_back({{"name", console.name}, {"tail", console.text}});
  json["not_shown"] = kNotShown;
  return json;
}

Json walk_document(const board::Machine& machine, size_t processor, std::optional<u64> block, u64 linear,
                   mmu::Access access) {
  const Cpu& cpu = machine.processors().at(processor).state();
  const auto where = block ? runs_on(machine, *block) : std::optional(processor);
  if (where) return walk_json(explain_walk(machine.processors().at(*where).state(), linear, access));
  const std::span<const u8> bytes = block_of(machine, *block);
  if (bytes.empty()) return {{"fault", "the control block is not in memory"}};
  return walk_json(explain_walk(guest_of(cpu, bytes), linear, access));
}

}  // namespace hvlab::inspect
