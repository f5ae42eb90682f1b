// Solid-state disks: pages striped over flash dies that work at the same time, and a write buffer before
// them. A RAM disk is one without dies: overhead and link only.
#pragma once

#include <vector>

#include "sim/media/disk_timing.hpp"

namespace hvlab::media {

class FlashDisk final : public DiskMechanism {
 public:
  explicit FlashDisk(const DiskProfile& profile);

  std::optional<size_t> choose(const std::deque<DiskCommand>& queue, Picoseconds now) override;
  Picoseconds retry_at() const override { return kNever; }
  Picoseconds begin(const DiskCommand& command, Picoseconds now) override;

 private:
  struct Channel {
    Picoseconds free_at = 0;
    u64 open_page = ~u64{0};  // what its page register holds: read again without touching the array
  };
  struct State {
    DiskLink link;
    std::vector<Channel> channels;
    size_t next_write = 0;  // the channel that the next buffered page is programmed on
    u64 partial_page = 0;   // bytes of it that wait to be programmed together
  };

  Picoseconds read(const DiskCommand& command, Picoseconds now);
  Picoseconds write(const DiskCommand& command, Picoseconds now);
  Picoseconds flush(Picoseconds now);
  void program_page(Picoseconds not_before);
  Picoseconds drained() const;

  const DiskProfile profile_;
  State state_;
};

}  // namespace hvlab::media
