// Every exit of every guest, one line each, written while the machine runs.
#pragma once

#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "sim/observe/event.hpp"
#include "sim/observe/exit_totals.hpp"
#include "sim/observe/linux_view.hpp"

namespace hvlab::lab {

/// Writes comma-separated values with a first line of names. A line appears when the virtual processor is
/// entered again, since it tells what the exit took; at the end of the run those that were not.
class ExitLog final : public observe::Observer {
 public:
  /// Writes to `file`. `totals` gives machines and virtual processors their numbers and must see each event
  /// first. `guest_kernel`: the Linux that guests boot, for names of its functions; empty: no names.
  /// `frequency_hz` of the processors. Throws UserError if the file cannot be written.
  ExitLog(const std::string& file, const observe::ExitTotals& totals, const std::string& guest_kernel,
          u64 frequency_hz);

  void on_event(const observe::Event& event) override;

  /// Writes what is still open. Throws UserError if not everything could be written.
  void finish();

 private:
  /// An exit whose virtual processor has not been entered again.
  struct Open {
    observe::Event exit{};
    u64 info2 = 0, guest_cycles = 0;
  };

  void write(u64 block, const Open& open, const observe::Event* entry);
  std::string symbol_at(u64 address) const;

  std::string file_;
  std::ofstream out_;
  const observe::ExitTotals& totals_;
  u64 frequency_hz_;
  std::optional<observe::LinuxView> guest_;
  std::map<unsigned, u64> inside_;  // the control block by which each core is in a guest, or last was
  std::map<u64, Open> open_;        // by control block
};

}  // namespace hvlab::lab
