// Follows the requests of a run's systems through the machine (docs/io-path.md): of Linux by its functions,
// of others by their marks.
#pragma once

#include <fstream>
#include <optional>

#include "sim/board/machine.hpp"
#include "sim/lab/linux_watch.hpp"
#include "sim/observe/io_totals.hpp"
#include "sim/observe/linux_io.hpp"
#include "sim/observe/marked_io.hpp"

namespace hvlab::lab {

class IoWatch final : public observe::Observer {
 public:
  /// `kernel`, the Linux that was booted (or null), knows its symbols; it gets each event first. `list`, if
  /// it is open, gets a line of JSON for each request.
  IoWatch(board::Machine& machine, const LinuxWatch* kernel, std::ofstream* list);

  void on_event(const observe::Event& event) override;

  /// To be called once after the run.
  void finish() { tracker_.finish(); }

  const observe::IoTotals& totals() const { return totals_; }
  /// Requests that had begun and not ended.
  size_t in_flight() const { return tracker_.in_flight(); }

 private:
  void begin(const observe::LinuxRequests& kernel);
  void take(const observe::IoRequest& request);

  board::Machine& machine_;
  const LinuxWatch* linux_;
  std::ofstream* list_;
  observe::IoTotals totals_;
  observe::IoTracker tracker_;
  std::optional<observe::LinuxIo> io_;
  observe::MarkedIo marked_;
};

}  // namespace hvlab::lab
