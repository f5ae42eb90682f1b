#include "visualizer/live_runs.hpp"

#include <algorithm>

namespace hvlab::visualizer {

namespace {

std::string folder_of(const views::OpenRun& run) { return run.reader().path().string(); }

// The file is read when it has grown; until then it can lack records that the tail goes on from.
bool show_tail(LiveRun& live, views::OpenRun& run, unsigned& tries) {
  constexpr unsigned kMostTries = 3;
  std::optional<record::TraceTail> tail = live.take_tail();
  if (!tail) return false;
  run.refresh();
  if (run.set_tail(std::move(*tail))) {
    tries = 0;
    return true;
  }
  if (++tries < kMostTries) live.ask_tail();
  return false;
}

}  // namespace

LiveRun* LiveRuns::of(const views::OpenRun& run) {
  const auto found = std::ranges::find(attached_, folder_of(run), &Attached::folder);
  return found == attached_.end() ? nullptr : found->live.get();
}

LiveState LiveRuns::state(const views::OpenRun& run, const std::string& address) {
  LiveRun* live = of(run);
  return live == nullptr ? LiveState{} : live->state(address);
}

// A run is attached to once: one that refuses, or has gone, is not asked again.
bool LiveRuns::attach_new(const views::RunSet& runs) {
  const auto is_over = [&](const Attached& one) {
    return std::ranges::none_of(
        runs.runs, [&](const auto& run) { return run->live() && folder_of(*run) == one.folder; });
  };
  bool changed = std::erase_if(attached_, is_over) != 0;
  for (const auto& run : runs.runs) {
    if (!run->live() || of(*run) != nullptr) continue;
    const std::optional<std::string> socket = record::live_socket(run->reader().run());
    if (!socket) continue;
    attached_.push_back({folder_of(*run), std::make_unique<LiveRun>(*socket)});
    changed = true;
  }
  return changed;
}

bool LiveRuns::poll_one(Attached& one, views::OpenRun& run, double now) {
  bool changed = one.live->poll(now);
  changed |= show_tail(*one.live, run, one.tail_tries);
  if (one.was_attached && !one.live->attached()) gone_.push_back(run.name());
  one.was_attached = one.live->attached();
  return changed;
}

bool LiveRuns::poll(const views::RunSet& runs, double now) {
  bool changed = attach_new(runs);
  for (Attached& one : attached_)
    for (const auto& run : runs.runs)
      if (folder_of(*run) == one.folder) changed |= poll_one(one, *run, now);
  return changed;
}

const std::vector<double>& live_speeds() {
  static const std::vector<double> kSpeeds = {0, 1, 0.1, 0.01, 0.001, 0.0001};
  return kSpeeds;
}

double other_speed(double speed, int by) {
  const std::vector<double>& all = live_speeds();
  // One that somebody else has set stands before the first that is not faster.
  auto place = std::ranges::find(all, speed) - all.begin();
  if (place == std::ssize(all)) {
    place = 1;
    while (place + 1 < std::ssize(all) && all[static_cast<size_t>(place)] > speed) ++place;
    return all[static_cast<size_t>(by > 0 ? place : place - 1)];
  }
  return all[static_cast<size_t>(std::clamp<std::ptrdiff_t>(place + by, 0, std::ssize(all) - 1))];
}

}  // namespace hvlab::visualizer
