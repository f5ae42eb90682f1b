#include "sim/views/ladder.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"

namespace hvlab::views {

using observe::IoWhere;

namespace {

struct RungFacts {
  const char* name;
  const char* style;
  bool at_rest;  // no processor works on what is there
};
constexpr std::array<RungFacts, kRungs> kFacts = {{{"program", "guest-user", false},
                                                   {"guest-kernel", "guest-kernel", false},
                                                   {"other-guest", "other-guest", false},
                                                   {"switch", "world-switch", false},
                                                   {"hypervisor", "hypervisor", false},
                                                   {"host-kernel", "host-kernel", false},
                                                   {"vmm-process", "vmm-process", false},
                                                   {"management-kernel", "management-vm-kernel", false},
                                                   {"management-user", "management-vm-user", false},
                                                   {"waiting", "waiting", true},
                                                   {"device", "medium", true},
                                                   {"medium", "medium", true},
                                                   {"unknown", "unknown", true}}};

constexpr std::array<Rung, observe::kIoPlaces> kRungOfPlace = {
    Rung::Program,    Rung::GuestKernel, Rung::OtherGuest, Rung::Switch,           Rung::Switch,
    Rung::Hypervisor, Rung::HostKernel,  Rung::VmmProcess, Rung::ManagementKernel, Rung::ManagementUser,
    Rung::Waiting,    Rung::Waiting,     Rung::Device,     Rung::Medium,           Rung::Unknown};

const RungFacts& facts(Rung rung) { return kFacts[static_cast<size_t>(rung)]; }

// The step under way at `time`; the last one at the end.
size_t step_at(const Ladder& ladder, Picoseconds time) {
  const auto after = std::ranges::upper_bound(ladder.steps, time, {}, &Step::begin);
  return after == ladder.steps.begin() ? 0 : static_cast<size_t>(after - ladder.steps.begin()) - 1;
}

}  // namespace

const char* name(Rung rung) { return facts(rung).name; }
const char* style_name(Rung rung) { return facts(rung).style; }

Rung rung_of(IoWhere where, unsigned system) {
  if (where == IoWhere::HostUser && system == 0) return Rung::Program;
  return kRungOfPlace[static_cast<size_t>(where)];
}

Ladder ladder_of(const Request& request, u64 frequency_hz) {
  const observe::IoRequest& io = request.io;
  Ladder ladder;
  ladder.began = io.begin;
  ladder.length = io.end - io.begin;
  ladder.cycles = request.cycles;
  const auto cycle = [&](Picoseconds time) { return scale_up(time, frequency_hz, kSecond); };
  for (const observe::IoPiece& piece : io.pieces) {
    ladder.steps.push_back({.rung = rung_of(piece.where, io.system),
                            .stage = piece.stage,
                            .label = observe::io_hop_label(io.operation, piece.stage, piece.where),
                            .leaves_guest = piece.where == IoWhere::Exit,
                            .core = piece.core,
                            .begin = piece.begin - io.begin,
                            .end = piece.end - io.begin,
                            .cycles = cycle(piece.end) - cycle(piece.begin)});
  }
  settle(ladder);
  return ladder;
}

void settle(Ladder& ladder) {
  std::array<bool, kRungs> used{};
  ladder.crossings = 0;
  for (const Step& step : ladder.steps) {
    used[static_cast<size_t>(step.rung)] = true;
    ladder.crossings += step.leaves_guest;
  }
  ladder.rungs.clear();
  for (size_t i = 0; i < kRungs; ++i) {
    if (used[i]) ladder.rungs.push_back(static_cast<Rung>(i));
  }
}

Moment moment_at(const Ladder& ladder, Picoseconds time) {
  Moment moment;
  moment.over = time >= ladder.length;
  if (ladder.steps.empty()) return moment;
  moment.step = step_at(ladder, time);
  for (size_t i = 0; i <= moment.step; ++i) {
    const Step& step = ladder.steps[i];
    moment.spent[static_cast<size_t>(step.rung)] += std::min(step.end, time) - std::min(step.begin, time);
    moment.crossings += step.leaves_guest;
  }
  const Step& now = ladder.steps[moment.step];
  moment.in_step = std::min(time, now.end) - now.begin;
  return moment;
}

Picoseconds next_step(const Ladder& ladder, Picoseconds time) {
  const auto after = std::ranges::upper_bound(ladder.steps, time, {}, &Step::begin);
  return after == ladder.steps.end() ? ladder.length : after->begin;
}

Picoseconds previous_step(const Ladder& ladder, Picoseconds time) {
  const auto at = std::ranges::lower_bound(ladder.steps, time, {}, &Step::begin);
  return at == ladder.steps.begin() ? 0 : std::prev(at)->begin;
}

std::vector<Picoseconds> places_of(const Ladder& ladder, Picoseconds most) {
  std::vector<Picoseconds> places;
  Picoseconds place = 0;
  for (const Step& step : ladder.steps) {
    places.push_back(place);
    place += facts(step.rung).at_rest ? std::min(step.length(), most) : step.length();
  }
  places.push_back(place);
  return places;
}

Picoseconds short_wait(const std::vector<const Ladder*>& ladders) {
  Picoseconds longest = 0;
  for (const Ladder* ladder : ladders) {
    Picoseconds busy = 0;
    for (const Step& step : ladder->steps) busy += facts(step.rung).at_rest ? 0 : step.length();
    longest = std::max(longest, busy);
  }
  return std::max<Picoseconds>(longest / 8, 1);
}

double place_at(const Ladder& ladder, const std::vector<Picoseconds>& places, Picoseconds time) {
  if (ladder.steps.empty()) return 0;
  const size_t i = step_at(ladder, time);
  const Step& step = ladder.steps[i];
  const auto begin = static_cast<double>(places[i]), end = static_cast<double>(places[i + 1]);
  if (step.length() == 0) return begin;
  const double part = static_cast<double>(std::min(time, step.end) - step.begin);
  return begin + (end - begin) * part / static_cast<double>(step.length());
}

Picoseconds time_at(const Ladder& ladder, const std::vector<Picoseconds>& places, double place) {
  if (ladder.steps.empty() || place <= 0) return 0;
  const auto after = std::ranges::upper_bound(places, static_cast<Picoseconds>(place));
  if (after == places.end()) return ladder.length;
  const auto i = static_cast<size_t>(after - places.begin()) - 1;
  const Step& step = ladder.steps[i];
  const double part =
      (place - static_cast<double>(places[i])) / static_cast<double>(places[i + 1] - places[i]);
  return step.begin + static_cast<Picoseconds>(part * static_cast<double>(step.length()));
}

std::array<Picoseconds, kRungs> time_on_rungs(const Ladder& ladder) {
  std::array<Picoseconds, kRungs> times{};
  for (const Step& step : ladder.steps) times[static_cast<size_t>(step.rung)] += step.length();
  return times;
}

}  // namespace hvlab::views
