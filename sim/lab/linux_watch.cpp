#include "sim/lab/linux_watch.hpp"

#include <cstdio>

#include "sim/boot/load.hpp"
#include "sim/lab/guest_memory.hpp"

namespace hvlab::lab {

void LinuxWatch::learn() {
  learnt_ = true;
  // Without symbols the guest runs all the same; what it does just has no names.
  const std::vector<u8> vmlinux = boot::linux_symbols_file(kernel_);
  auto view = observe::LinuxView::from_vmlinux(vmlinux);
  if (!view) return;
  requests_ = observe::LinuxRequests::from_vmlinux(vmlinux, view->symbols());
  tasks_ = observe::LinuxTasks::from_vmlinux(vmlinux);
  activity_.emplace(std::move(*view), [this](unsigned core, u64 address, void* to, size_t bytes) {
    return peek(machine_, core, address, to, bytes);
  });
}

void LinuxWatch::on_event(const observe::Event& event) {
  if (event.kind != observe::EventKind::SystemCall) return;
  if (machine_.processors().at(event.core).state().guest != nullptr) return;
  if (!learnt_) learn();
  if (activity_) activity_->on_event(event);
}

std::string LinuxWatch::symbol_at(u64 address) const {
  if (!activity_ || (address >> 63) == 0) return "";
  const observe::Symbol* symbol = activity_->view().symbol_at(address);
  if (symbol == nullptr) return "";
  char offset[32];
  std::snprintf(offset, sizeof offset, "+0x%llx",
                static_cast<unsigned long long>(address - activity_->view().slide() - symbol->address));
  return symbol->name + offset;
}

}  // namespace hvlab::lab
