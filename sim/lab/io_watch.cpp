#include "sim/lab/io_watch.hpp"

#include "sim/lab/guest_memory.hpp"
#include "sim/lab/io_report.hpp"

namespace hvlab::lab {

namespace {

observe::IoTracker::Costs costs_of(const board::Machine& machine) {
  const timing::Profile& profile = machine.profile();
  return {.frequency_hz = machine.processors().frequency().hertz,
          .entry_cycles = profile.vm_entry,
          .exit_cycles = profile.vm_exit};
}

/// With shadow paging the processor's tables lead from the guest's linear addresses to the machine's pages;
/// where its physical pages are, only the hypervisor knows.
std::optional<u64> resolve(const board::Machine& machine, unsigned core, u64 page) {
  const cpu::Cpu& cpu = machine.processors().at(core).state();
  if (cpu.guest != nullptr && !cpu.second_stage.on) return std::nullopt;
  return machine_page(machine, core, page);
}

}  // namespace

IoWatch::IoWatch(board::Machine& machine, const LinuxWatch* kernel, std::ofstream* list)
    : machine_(machine),
      linux_(kernel),
      list_(list),
      totals_(machine.processors().frequency().hertz),
      tracker_(costs_of(machine), [this](const observe::IoRequest& request) { take(request); }),
      marked_(tracker_, [this](unsigned core, u64 page) { return resolve(machine_, core, page); }) {}

void IoWatch::begin(const observe::LinuxRequests& kernel) {
  io_.emplace(
      kernel, tracker_,
      observe::LinuxIo::Machine{
          .read = [this](unsigned core, u64 address, void* to,
                         size_t bytes) { return peek(machine_, core, address, to, bytes); },
          .resolve = [this](unsigned core, u64 page) { return resolve(machine_, core, page); },
          .area = [this](unsigned core) { return kernel_area(machine_.processors().at(core).state()); },
          .third = [this](unsigned core) { return machine_.processors().at(core).state().gpr[arch::kRdx]; },
          .probe = [this](std::vector<u64> at) { machine_.processors().at(0).probe(std::move(at)); }});
}

void IoWatch::on_event(const observe::Event& event) {
  if (linux_ != nullptr && !io_) {
    if (const auto& kernel = linux_->requests()) begin(*kernel);
  }
  if (io_) {
    io_->on_event(event);
  } else {
    tracker_.on_event(event);
  }
  marked_.on_event(event);
}

void IoWatch::take(const observe::IoRequest& request) {
  totals_.add(request);
  if (list_ != nullptr && list_->is_open())
    write_io_request(*list_, request, machine_.processors().frequency());
}

}  // namespace hvlab::lab
