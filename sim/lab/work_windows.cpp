#include "sim/lab/work_windows.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace hvlab::lab {

namespace {

// How the workload's lines begin that end its start and its phases; equally long.
constexpr std::string_view kStartLine = "HVLAB start ", kPhaseLine = "HVLAB phase=";
constexpr size_t kMostPhases = 64;  // a guest that makes the calls for ever must not fill the host's memory

using Row = observe::ExitTotals::Row;
using Waits = observe::VcpuWaits::Times;

Row& row_of(std::vector<Row>& rows, const Row& like) {
  const auto found = std::ranges::find_if(
      rows, [&](const Row& row) { return row.reason == like.reason && row.exit_class == like.exit_class; });
  if (found != rows.end()) return *found;
  rows.push_back({.reason = like.reason, .exit_class = like.exit_class});
  return rows.back();
}

Waits& waits_of(std::vector<Waits>& list, unsigned vm) {
  const auto found = std::ranges::find(list, vm, &Waits::vm);
  if (found != list.end()) return *found;
  list.push_back({.vm = vm});
  return list.back();
}

}  // namespace

u64 WorkWindow::cycles() const { return std::accumulate(ledger.begin(), ledger.end(), u64{0}); }

void WorkWindow::add(const WorkWindow& from, const WorkWindow& to) {
  time += to.time - from.time;
  for (size_t i = 0; i < ledger.size(); ++i) ledger[i] += to.ledger[i] - from.ledger[i];
  std::vector<Row> before = from.exits;
  for (const Row& after : to.exits) {
    const Row& old = row_of(before, after);
    if (after.exits == old.exits && after.handled == old.handled) continue;
    Row& row = row_of(exits, after);
    row.exits += after.exits - old.exits;
    row.handled += after.handled - old.handled;
    row.cycles += after.cycles - old.cycles;
  }
  for (const Waits& after : to.waits) {
    const auto before_it = std::ranges::find(from.waits, after.vm, &Waits::vm);
    const Waits old = before_it == from.waits.end() ? Waits{} : *before_it;
    Waits& sum = waits_of(waits, after.vm);
    sum.runnable += after.runnable - old.runnable;
    sum.waiting += after.waiting - old.waiting;
    sum.beside_idle += after.beside_idle - old.beside_idle;
    sum.partly_running += after.partly_running - old.partly_running;
  }
}

WorkWindow WorkWindows::now(Picoseconds time) {
  WorkWindow state;
  state.time = time;
  for (size_t i = 0; i < machine_.processors().count(); ++i) {
    const execute::Processor& processor = machine_.processors().at(i);
    for (size_t account = 0; account < observe::kAccounts; ++account) {
      state.ledger[account] +=
          processor.ledger().total(static_cast<observe::Account>(account), processor.cycles());
    }
  }
  for (const Row& row : exits_.rows()) {
    Row& sum = row_of(state.exits, row);
    sum.exits += row.exits;
    sum.handled += row.handled;
    sum.cycles += row.cycles;
  }
  state.waits = waits_.times(time);
  return state;
}

void WorkWindows::on_event(const observe::Event& event) {
  if (event.kind == observe::EventKind::SystemCall) called(event.a, event.time);
  if (event.kind == observe::EventKind::Console && !called_) printed(static_cast<u8>(event.a), event.time);
}

void WorkWindows::called(u64 number, Picoseconds time) {
  if (number == kPhaseBegins) {
    called_ = true;
    if (active_++ == 0) begun_ = now(time);
  }
  if (number != kPhaseEnds || active_ == 0) return;
  overlapped_ = overlapped_ || active_ > 1;
  if (--active_ == 0) end(now(time));
}

void WorkWindows::printed(u8 byte, Picoseconds time) {
  if (byte != '\n') {
    if (byte < ' ' || line_.size() == kPhaseLine.size()) return;
    if (line_.empty()) line_begun_ = now(time);
    line_ += static_cast<char>(byte);
    return;
  }
  if (line_ == kPhaseLine && from_line_) end(line_begun_);
  if (line_ == kPhaseLine || line_ == kStartLine) {
    from_line_ = true;
    begun_ = now(time);
  }
  line_.clear();
}

void WorkWindows::end(const WorkWindow& ended) {
  all_.add(begun_, ended);
  if (overlapped_) return phases_.clear();
  if (phases_.size() < kMostPhases) phases_.emplace_back().add(begun_, ended);
}

}  // namespace hvlab::lab
