#include "sim/media/rotating_disk.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"

namespace hvlab::media {
namespace {

/// A command that has waited this long goes next, however far it is (assumed; drives have such a bound).
constexpr Picoseconds kLongestWait = 500 * kMillisecond;
/// How many of the oldest cached writes compete for the arm.
constexpr size_t kDestageWindow = 64;
/// Neighbouring cached writes go to the platter together up to this size, so that a read never waits for
/// long.
constexpr u64 kDestageBytes = 512 * 1024;

}  // namespace

RotatingDisk::RotatingDisk(const DiskProfile& profile) : profile_(profile), geometry_(profile.rotating) {
  state_.link.bytes_per_second = profile.link_bytes_per_second;
}

/// When the first bit at `offset` is under the head if the arm starts at `now`.
Picoseconds RotatingDisk::positioned_at(u64 offset, bool write, Picoseconds now) const {
  const DiskPlace to = geometry_.place(offset);
  const u64 distance =
      to.cylinder > state_.cylinder ? to.cylinder - state_.cylinder : state_.cylinder - to.cylinder;
  Picoseconds move = geometry_.seek(distance);
  if (distance == 0 && to.track != state_.track) move = profile_.rotating.head_switch;
  if (move != 0 && write) move += profile_.rotating.write_settle;
  const Picoseconds there = now + move;
  const Picoseconds revolution = geometry_.revolution();
  return there + (geometry_.angle(to) + revolution - there % revolution) % revolution;
}

/// Moves `bytes` between platter and buffer; returns the end, until which the arm is taken.
Picoseconds RotatingDisk::access(u64 offset, u64 bytes, bool write, Picoseconds now) {
  stop_read_ahead(now);
  const Picoseconds end = positioned_at(offset, write, now) + geometry_.transfer(offset, bytes);
  const DiskPlace last = geometry_.place(offset + bytes - 1);
  state_.cylinder = last.cylinder;
  state_.track = last.track;
  state_.arm_free_at = end;
  return end;
}

void RotatingDisk::keep_segment(Range range) {
  if (range.begin == range.end || profile_.rotating.read_segment_bytes == 0) return;
  if (state_.segments.size() >= profile_.rotating.read_segments)
    state_.segments.erase(state_.segments.begin());
  state_.segments.push_back(range);
}

/// The arm leaves the track: what was read ahead so far stays as a segment, and the arm is where reading
/// ended.
void RotatingDisk::stop_read_ahead(Picoseconds now) {
  ReadAhead& ahead = state_.ahead;
  if (!ahead.active) return;
  ahead.active = false;
  const Picoseconds span = now > ahead.since ? now - ahead.since : 0;
  const u64 end = ahead.start + geometry_.transferred(ahead.start, span, ahead.limit - ahead.start);
  const DiskPlace at = geometry_.place(std::max<u64>(end, 1) - 1);
  state_.cylinder = at.cylinder;
  state_.track = at.track;
  const u64 size = profile_.rotating.read_segment_bytes;
  keep_segment({std::max(ahead.begin, end > size ? end - size : 0), end});
}

/// True if all of the command's bytes are in the buffer already: read before, or written and not yet
/// destaged.
bool RotatingDisk::buffered(const DiskCommand& command) const {
  const u64 begin = command.offset, end = begin + command.bytes;
  const auto holds = [&](const Range& range) { return range.begin <= begin && end <= range.end; };
  return std::any_of(state_.segments.begin(), state_.segments.end(), holds) ||
         std::any_of(state_.dirty.begin(), state_.dirty.end(), holds);
}

/// True if a read at `offset` meets the running read-ahead: buffered by it or about to pass under the head.
bool RotatingDisk::streaming(u64 offset, Picoseconds now) const {
  const ReadAhead& ahead = state_.ahead;
  return ahead.active && ahead.begin <= offset && offset <= ahead.limit &&
         now <= ahead.since + geometry_.transfer(ahead.start, ahead.limit - ahead.start);
}

bool RotatingDisk::needs_arm(const DiskCommand& command, Picoseconds now) const {
  switch (command.operation) {
    case BlockOperation::Read: return !buffered(command) && !streaming(command.offset, now);
    case BlockOperation::Write:
      return state_.dirty_bytes + command.bytes > profile_.rotating.write_cache_bytes;
    case BlockOperation::Flush: return true;
    case BlockOperation::Discard: return false;
  }
  return true;
}

/// What the buffer can serve goes first; else, once the arm is free, what the head reaches first.
std::optional<size_t> RotatingDisk::choose(const std::deque<DiskCommand>& queue, Picoseconds now) {
  destage_until(now);
  std::optional<size_t> best;
  Picoseconds soonest = kNever;
  const bool arm_free = state_.arm_free_at <= now;
  for (size_t i = 0; i < queue.size(); ++i) {
    const DiskCommand& command = queue[i];
    if (!needs_arm(command, now)) return i;
    if (!arm_free) continue;
    const bool overdue = now - command.arrived > kLongestWait;
    const Picoseconds reached =
        overdue || command.operation == BlockOperation::Flush
            ? now
            : positioned_at(command.offset, command.operation == BlockOperation::Write, now);
    if (reached < soonest) best = i, soonest = reached;
  }
  return best;
}

Picoseconds RotatingDisk::begin(const DiskCommand& command, Picoseconds now) {
  switch (command.operation) {
    case BlockOperation::Read: return read(command, now);
    case BlockOperation::Write: return write(command, now);
    case BlockOperation::Flush:
      while (!state_.dirty.empty()) destage_one(std::max(now, state_.arm_free_at));
      return std::max(now, state_.arm_free_at) + profile_.write_overhead;
    case BlockOperation::Discard: break;
  }
  return now + profile_.write_overhead;
}

Picoseconds RotatingDisk::read(const DiskCommand& command, Picoseconds now) {
  const Picoseconds ready = now + profile_.read_overhead;
  if (command.bytes == 0 || buffered(command)) return state_.link.transfer(command.bytes, ready);
  const u64 end = command.offset + command.bytes;
  const u64 more = profile_.rotating.read_segment_bytes;
  Picoseconds off_platter;
  if (streaming(command.offset, now)) {
    ReadAhead& ahead = state_.ahead;
    off_platter = end > ahead.start ? ahead.since + geometry_.transfer(ahead.start, end - ahead.start) : now;
    ahead.limit = std::max(ahead.limit, end + more);
    if (end > more) ahead.begin = std::max(ahead.begin, end - more);
    state_.arm_free_at = std::max(state_.arm_free_at, off_platter);
  } else {
    off_platter = access(command.offset, command.bytes, false, ready);
    state_.ahead = {true, command.offset, end, end + more, off_platter};
  }
  // The link is faster than the platter: only what it moves after the last bit was read adds time.
  const Picoseconds last_sectors = off_platter > ready ? std::min<u64>(command.bytes, 4096) : command.bytes;
  return state_.link.transfer(last_sectors, std::max(off_platter, ready));
}

Picoseconds RotatingDisk::write(const DiskCommand& command, Picoseconds now) {
  const Picoseconds arrived = state_.link.transfer(command.bytes, now + profile_.write_overhead);
  const Range range{command.offset, command.offset + command.bytes};
  if (command.bytes == 0) return arrived;
  drop_buffered(range);
  if (command.bytes > profile_.rotating.write_cache_bytes)
    return access(command.offset, command.bytes, true,
                  std::max(now, state_.arm_free_at) + profile_.write_overhead);
  Picoseconds room = arrived;
  while (state_.dirty_bytes + command.bytes > profile_.rotating.write_cache_bytes) {
    destage_one(std::max(now, state_.arm_free_at));
    room = std::max(room, state_.arm_free_at);
  }
  add_dirty(range);
  state_.arm_free_at = std::max(state_.arm_free_at, arrived);
  return room;
}

void RotatingDisk::add_dirty(Range range) {
  state_.dirty_bytes += range.end - range.begin;
  for (Range& old : state_.dirty) {
    if (old.end != range.begin || range.end - old.begin > kDestageBytes) continue;
    old.end = range.end;
    return;
  }
  state_.dirty.push_back(range);
}

/// What is rewritten is no longer valid in the read segments.
void RotatingDisk::drop_buffered(Range range) {
  std::erase_if(state_.segments,
                [&](const Range& old) { return old.begin < range.end && range.begin < old.end; });
  ReadAhead& ahead = state_.ahead;
  if (ahead.begin < range.end && range.begin < ahead.limit) ahead.active = false;
}

/// Writes the cached range that the head reaches first, of the oldest.
void RotatingDisk::destage_one(Picoseconds now) {
  size_t best = 0;
  Picoseconds soonest = kNever;
  for (size_t i = 0; i < std::min(state_.dirty.size(), kDestageWindow); ++i) {
    const Picoseconds reached = positioned_at(state_.dirty[i].begin, true, now);
    if (reached < soonest) best = i, soonest = reached;
  }
  const Range range = state_.dirty[best];
  state_.dirty.erase(state_.dirty.begin() + static_cast<std::ptrdiff_t>(best));
  state_.dirty_bytes -= range.end - range.begin;
  access(range.begin, range.end - range.begin, true, now);
}

/// What the idle arm has written since it was last looked at.
void RotatingDisk::destage_until(Picoseconds now) {
  while (!state_.dirty.empty() && state_.arm_free_at < now) destage_one(state_.arm_free_at);
}

}  // namespace hvlab::media
