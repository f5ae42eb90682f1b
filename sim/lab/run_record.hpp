// `hvlab boot --record`: a run directory of one boot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/board/machine.hpp"
#include "sim/lab/boot_options.hpp"
#include "sim/lab/guest_consoles.hpp"
#include "sim/lab/known_symbols.hpp"
#include "sim/lab/run_watch.hpp"
#include "sim/record/console_files.hpp"
#include "sim/record/run_writer.hpp"
#include "sim/record/trace_recorder.hpp"

namespace hvlab::lab {

/// What was booted, every default said, files by name and size: resolved.json.
record::Json resolved_boot(const BootOptions& options);

class RunRecord final : public observe::Observer {
 public:
  /// Makes the directory that `options` ask for and begins to record what `machine` reports to its ledgers'
  /// watcher; its events have to be passed to on_event(). run.json gets the members of `more` as well, and
  /// keeps them, but for "live", which is about the run while it goes on. Throws UserError.
  RunRecord(const BootOptions& options, board::Machine& machine, const record::Json& more = {});
  ~RunRecord() override;
  RunRecord(const RunRecord&) = delete;
  RunRecord& operator=(const RunRecord&) = delete;

  void on_event(const observe::Event& event) override {
    if (trace_) trace_->on_event(event);
    consoles_.on_event(event);
    if (guests_) guests_->on_event(event);
    if (event.kind == observe::EventKind::SystemCall && exits_ != nullptr && exits_->in_guest(event.core))
      guest_system_calls_ = event.b;
  }

  /// Records what virtual machines write on their consoles; `exits` gives them their numbers and must see
  /// each event before on_event() does.
  void watch_guests(const observe::ExitTotals& exits);

  /// Records what it is told of threads; null if there is no trace.
  observe::ThreadWatcher* threads() { return trace_ ? &trace_->threads() : nullptr; }

  /// Ends it with what came out. Throws UserError if something could not be written: the directory then says
  /// that it is partial. `input`: what the guest was given to read.
  void finish(const board::RunEnd& end, const RunWatch& watch, double host_seconds,
              const record::Json& input);

  /// Where the list of requests goes (docs/io-path.md).
  std::string requests_file() const { return run_.streamed(record::kRequestsFile); }
  /// The trace as far as it has come; null if there is none.
  const record::TraceWriter* trace() const { return trace_ ? &trace_->writer() : nullptr; }
  /// Something beside the record's own files could not be written.
  void note_problem(const std::string& problem) { run_.note_problem(problem); }

 private:
  record::NameEntry guest_symbol(u64 address);

  board::Machine& machine_;
  record::RunWriter run_;
  std::optional<record::TraceRecorder> trace_;
  record::ConsoleFiles consoles_;
  std::optional<GuestConsoles> guests_;
  KnownSymbols symbols_;
  const observe::ExitTotals* exits_ = nullptr;
  u64 guest_system_calls_ = 0;  // where a virtual machine's system has them begin
};

}  // namespace hvlab::lab
