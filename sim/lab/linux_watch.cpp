#include "sim/lab/linux_watch.hpp"

#include "sim/base/user_error.hpp"
#include "sim/boot/bzimage.hpp"
#include "sim/boot/image_file.hpp"
#include "sim/boot/vmlinux_extract.hpp"
#include "sim/lab/guest_memory.hpp"

namespace hvlab::lab {

void LinuxWatch::learn() {
  learnt_ = true;
  try {
    boot::ImageFile file{kernel_.substr(kernel_.rfind('/') + 1), boot::read_file(kernel_, "kernel"), ""};
    if (boot::is_bzimage(file.bytes)) file.bytes = boot::cached_vmlinux(file);
    view_ = observe::LinuxView::from_vmlinux(file.bytes);
  } catch (const UserError&) {
    // The guest runs all the same; what it does just has no names.
  }
}

void LinuxWatch::on_event(const observe::Event& event) {
  if (event.kind != observe::EventKind::SystemCall) return;
  if (!learnt_) learn();
  if (view_ && !view_->located()) view_->locate(machine_.processors().at(event.core).state().lstar);
  ++callers_[caller_of(event.core)][event.a];
}

LinuxWatch::Caller LinuxWatch::caller_of(unsigned core) const {
  if (!view_) return {};
  const auto process = view_->current_process(
      core, [&](u64 address, void* to, size_t bytes) { return peek(machine_, core, address, to, bytes); });
  return process ? Caller{process->tgid, process->name} : Caller{};
}

std::string LinuxWatch::call_name(u64 number) const {
  const std::string name = view_ ? view_->system_call_name(number) : "";
  return name.empty() ? std::to_string(number) : name;
}

std::string LinuxWatch::symbol_at(u64 address) const {
  const observe::Symbol* symbol = view_ ? view_->symbol_at(address) : nullptr;
  if (symbol == nullptr || (address >> 63) == 0) return "";
  char offset[32];
  std::snprintf(offset, sizeof offset, "+0x%llx",
                static_cast<unsigned long long>(address - view_->slide() - symbol->address));
  return symbol->name + offset;
}

}  // namespace hvlab::lab
