#include "sim/observe/core_timeline.hpp"

#include <algorithm>

namespace hvlab::observe {

CoreTimeline::Core& CoreTimeline::core(u8 index) {
  if (index >= cores_.size()) cores_.resize(index + 1u);
  return cores_[index];
}

void CoreTimeline::mark(u8 index, Picoseconds time, IoWhere where, unsigned system) {
  Core& it = core(index);
  if (!it.marks.empty()) time = std::max(time, it.marks.back().time);
  it.marks.push_back(
      {.time = time, .woken = {}, .where = where, .was_woken = false, .system = static_cast<u16>(system)});
}

void CoreTimeline::run(u8 index, Picoseconds time, u64 thread, IoWhere where) {
  woken_.erase(core(index).thread);  // woken while it ran: it has not slept
  core(index).thread = thread;
  mark(index, time, where);
  const auto cause = woken_.find(thread);
  if (cause == woken_.end()) return;
  Mark& last = core(index).marks.back();
  last.was_woken = true;
  last.woken = cause->second;
  woken_.erase(cause);
}

void CoreTimeline::wake(u8 index, Picoseconds time, u64 thread) { woken_.emplace(thread, now(index, time)); }

void CoreTimeline::set_thread(u8 index, u64 thread) { core(index).thread = thread; }

void CoreTimeline::follow(Picoseconds from, Moment at, bool causes, IoStage stage, unsigned system,
                          std::vector<IoPiece>& pieces) const {
  const size_t first = pieces.size();
  const auto piece = [&](IoWhere where, u8 where_core, Picoseconds begin) {
    begin = std::max(begin, from);
    if (begin < at.time) pieces.push_back({stage, where, where_core, begin, at.time});
    at.time = std::min(at.time, begin);
  };
  while (at.time > from) {
    const View view = marks(at.core);
    if (view.core == nullptr || !view.holds(at.index)) {
      piece(IoWhere::Unknown, at.core, from);
      break;
    }
    const Mark& mark = view.before(at.index);
    const bool other = mark.system != 0 && mark.system != system;
    piece(other ? IoWhere::OtherGuest : mark.where, at.core, mark.time);
    --at.index;
    if (!causes || !mark.was_woken || at.time <= from) continue;
    piece(IoWhere::Waiting, at.core, mark.woken.time);
    at.core = mark.woken.core;
    at.index = mark.woken.index;
  }
  std::reverse(pieces.begin() + static_cast<std::ptrdiff_t>(first), pieces.end());
}

void CoreTimeline::path(Picoseconds from, const Moment& to, IoStage stage, unsigned system,
                        std::vector<IoPiece>& pieces) const {
  follow(from, to, true, stage, system, pieces);
}

void CoreTimeline::activity(Picoseconds from, const Moment& to, IoStage stage, unsigned system,
                            std::vector<IoPiece>& pieces) const {
  follow(from, to, false, stage, system, pieces);
}

void CoreTimeline::forget() {
  for (Core& each : cores_) {
    if (each.marks.size() < 2) continue;
    each.forgotten += each.marks.size() - 1;
    each.marks.erase(each.marks.begin(), each.marks.end() - 1);
  }
}

size_t CoreTimeline::size() const {
  size_t sum = 0;
  for (const Core& each : cores_) sum += each.marks.size();
  return sum;
}

}  // namespace hvlab::observe
