#include "sim/media/flash_disk.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"

namespace hvlab::media {

FlashDisk::FlashDisk(const DiskProfile& profile) : profile_(profile) {
  state_.link.bytes_per_second = profile.link_bytes_per_second;
  state_.channels.resize(profile.flash.channels);
}

/// Commands begin in the order of arrival; dies and link sort out the rest. A flush waits behind nothing:
/// begin() knows when everything accepted before it is programmed.
std::optional<size_t> FlashDisk::choose(const std::deque<DiskCommand>& queue, Picoseconds) {
  return queue.empty() ? std::nullopt : std::optional<size_t>(0);
}

Picoseconds FlashDisk::begin(const DiskCommand& command, Picoseconds now) {
  switch (command.operation) {
    case BlockOperation::Read: return read(command, now);
    case BlockOperation::Write: return write(command, now);
    case BlockOperation::Flush: return flush(now);
    case BlockOperation::Discard: break;  // a note in the translation table
  }
  return now + profile_.write_overhead;
}

Picoseconds FlashDisk::read(const DiskCommand& command, Picoseconds now) {
  const auto& flash = profile_.flash;
  Picoseconds ready = now + profile_.read_overhead;
  const Picoseconds start = ready;
  if (flash.channels != 0 && command.bytes != 0) {
    const u64 last = (command.offset + command.bytes - 1) / flash.page_bytes;
    for (u64 page = command.offset / flash.page_bytes; page <= last; ++page) {
      Channel& channel = state_.channels[page % flash.channels];
      if (channel.open_page != page) channel.free_at = std::max(channel.free_at, start) + flash.page_read;
      channel.open_page = page;
      ready = std::max(ready, channel.free_at);
    }
  }
  return state_.link.transfer(command.bytes, ready);
}

/// A write is done when the buffer has it; once the dies are behind by more than the buffer holds, it waits
/// for them. The translation layer writes whole pages to whichever die is next, wherever the data belongs.
Picoseconds FlashDisk::write(const DiskCommand& command, Picoseconds now) {
  const auto& flash = profile_.flash;
  const Picoseconds arrived = state_.link.transfer(command.bytes, now + profile_.write_overhead);
  if (flash.channels == 0) return arrived;
  for (state_.partial_page += command.bytes; state_.partial_page >= flash.page_bytes;
       state_.partial_page -= flash.page_bytes) {
    program_page(arrived);
  }
  const u64 row = flash.page_bytes * flash.channels;
  const Picoseconds slack = scale(flash.write_buffer_bytes, flash.page_program, row);
  const Picoseconds behind = drained();
  return behind > slack ? std::max(arrived, behind - slack) : arrived;
}

/// A page that is only partly filled must be programmed as it is to be durable.
Picoseconds FlashDisk::flush(Picoseconds now) {
  if (state_.partial_page != 0) program_page(now);
  state_.partial_page = 0;
  return std::max(now, drained()) + profile_.write_overhead;
}

void FlashDisk::program_page(Picoseconds not_before) {
  Channel& channel = state_.channels[state_.next_write];
  channel.free_at = std::max(channel.free_at, not_before) + profile_.flash.page_program;
  channel.open_page = ~u64{0};
  state_.next_write = (state_.next_write + 1) % profile_.flash.channels;
}

Picoseconds FlashDisk::drained() const {
  Picoseconds latest = 0;
  for (const Channel& channel : state_.channels) latest = std::max(latest, channel.free_at);
  return latest;
}

}  // namespace hvlab::media
