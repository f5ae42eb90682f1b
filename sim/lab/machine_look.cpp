#include "sim/lab/machine_look.hpp"

#include <algorithm>
#include <set>

#include "sim/arch/xen.hpp"
#include "sim/inspect/control_block.hpp"
#include "sim/lab/guest_memory.hpp"

namespace hvlab::lab {

namespace {

std::vector<std::string> device_names(const board::Machine& machine) {
  const std::vector<board::DeviceRecord> devices = machine.statistics().devices;
  std::vector<std::string> names(devices.size());
  std::ranges::transform(devices, names.begin(), &board::DeviceRecord::name);
  return names;
}

GuestConsoles::Machine looked_at(const board::Machine& machine) {
  return {
      .state = [&machine](unsigned core) -> const cpu::Cpu& { return machine.processors().at(core).state(); },
      .read = [&machine](unsigned core, u64 address, void* to,
                         size_t bytes) { return peek(machine, core, address, to, bytes); }};
}

/// Virtual processors of paravirtual guests have no control block to show.
std::set<std::pair<unsigned, unsigned>> paravirtual(const observe::ExitTotals& exits) {
  std::set<std::pair<unsigned, unsigned>> found;
  for (const observe::ExitTotals::Row& row : exits.rows())
    if (arch::xen::is_exit_code(row.reason)) found.emplace(row.vm, row.vcpu);
  return found;
}

}  // namespace

MachineLook::MachineLook(const board::Machine& machine, const BootOptions& options)
    : machine_(machine),
      symbols_(options.kernel, files_beside(options)),
      exits_(machine.processors().frequency().hertz),
      consoles_(device_names(machine)),
      guests_(exits_, looked_at(machine),
              [this](const std::string& name, u8 byte) { consoles_.write(name, byte); }) {}

record::Json MachineLook::document(const Wishes& wishes) {
  inspect::MachineView view;
  view.symbol = [this](const cpu::Cpu& cpu, u64 address) { return symbols_.at(cpu, address); };
  const auto without_block = paravirtual(exits_);
  for (const observe::ExitTotals::Vcpu& vcpu : exits_.vcpus()) {
    if (without_block.contains({vcpu.vm, vcpu.vcpu})) continue;
    view.virtual_processors.push_back(
        {vcpu.vm, vcpu.vcpu, vcpu.block, vcpu.entries, vcpu.exits, vcpu.guest_cycles});
  }
  view.consoles = consoles_.tails(wishes.console_bytes);
  view.address = wishes.address;
  view.processor = wishes.processor;
  return inspect::machine_document(machine_, view);
}

std::optional<u64> MachineLook::block_of(unsigned vm, unsigned vcpu) const {
  for (const observe::ExitTotals::Vcpu& one : exits_.vcpus())
    if (one.vm == vm && one.vcpu == vcpu) return one.block;
  return std::nullopt;
}

observe::ExitTotals::Vcpu MachineLook::vcpu_on(size_t core) const {
  const auto block = inspect::last_block(machine_.processors().at(core).state());
  return block ? exits_.vcpu_at(*block) : observe::ExitTotals::Vcpu{};
}

}  // namespace hvlab::lab
