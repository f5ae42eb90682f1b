#include "sim/lab/exit_log.hpp"

#include <fmt/format.h>

#include "sim/base/bits.hpp"
#include "sim/base/user_error.hpp"
#include "sim/boot/load.hpp"

namespace hvlab::lab {

using observe::Event;
using observe::EventKind;

namespace {

/// Seconds with all digits that time has.
std::string seconds(Picoseconds time) { return fmt::format("{}.{:012}", time / kSecond, time % kSecond); }

}  // namespace

ExitLog::ExitLog(const std::string& file, const observe::ExitTotals& totals, const std::string& guest_kernel,
                 u64 frequency_hz)
    : file_(file), out_(file), totals_(totals), frequency_hz_(frequency_hz) {
  if (!out_) throw UserError("--exits '" + file + "': cannot write there");
  if (!guest_kernel.empty())
    guest_ = observe::LinuxView::from_vmlinux(boot::linux_symbols_file(guest_kernel));
  if (guest_) {
    // Where it was linked to run, until its own system calls say otherwise.
    if (const auto entry = guest_->symbols().address_of("entry_SYSCALL_64")) guest_->locate(*entry);
  }
  out_ << "exit,core,vm,vcpu,reason,exitinfo1,exitinfo2,rip,symbol,guest_cycles,cycles,entry,entry_core,"
          "class\n";
}

void ExitLog::on_event(const Event& event) {
  switch (event.kind) {
    case EventKind::VmEntry: {
      inside_[event.core] = event.a;
      const auto open = open_.find(event.a);
      if (open == open_.end()) break;
      write(event.a, open->second, &event);
      open_.erase(open);
      break;
    }
    case EventKind::VmExit: open_[inside_[event.core]] = {event, 0, 0}; break;
    case EventKind::VmExitDetail:
      if (const auto open = open_.find(inside_[event.core]); open != open_.end()) {
        open->second.info2 = event.a;
        open->second.guest_cycles = event.b;
      }
      break;
    case EventKind::SystemCall:
      if (guest_ && totals_.in_guest(event.core)) guest_->locate(event.b);
      break;
    default: break;
  }
}

std::string ExitLog::symbol_at(u64 address) const {
  if (!guest_ || (address >> 63) == 0) return "";
  const observe::Symbol* symbol = guest_->symbol_at(address);
  if (symbol == nullptr) return "";
  return fmt::format("{}+{:#x}", symbol->name, address - guest_->slide() - symbol->address);
}

void ExitLog::write(u64 block, const Open& open, const Event* entry) {
  const observe::ExitTotals::Vcpu who = totals_.vcpu_at(block);
  const Event& exit = open.exit;
  out_ << fmt::format("{},{},{},{},{},{:#x},{:#x},{:#x},{},{},", seconds(exit.time), exit.core, who.vm,
                      who.vcpu, observe::exit_label(exit.a), exit.b, open.info2, exit.rip,
                      symbol_at(exit.rip), open.guest_cycles);
  if (entry != nullptr) {
    out_ << fmt::format("{},{},{}", scale(entry->time - exit.time, frequency_hz_, kSecond),
                        seconds(entry->time), entry->core);
  } else {
    out_ << ",,";
  }
  out_ << ',' << name(observe::exit_class(exit.a, exit.b, open.info2)) << '\n';
}

void ExitLog::finish() {
  for (const auto& [block, open] : open_) write(block, open, nullptr);
  open_.clear();
  if (!out_.flush()) throw UserError("--exits '" + file_ + "': writing failed");
}

}  // namespace hvlab::lab
