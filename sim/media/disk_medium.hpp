// A disk behind the BlockMedium port: an image's bytes at a profile's speed.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/media/disk_image.hpp"
#include "sim/media/disk_profile.hpp"
#include "sim/media/disk_timing.hpp"
#include "sim/ports/block_medium.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::media {

/// Requests wait at the host's side until one of the drive's queue places is free, then in the drive until
/// its mechanism takes them. Bytes move at completion: a read sees the disk as of then, a write that is
/// abandoned never happened.
class DiskMedium final : public BlockMedium {
 public:
  /// `name` begins the name of the clock event ("disk0").
  DiskMedium(std::string name, DiskImage image, const DiskProfile& profile, Clock& clock);

  void attach(BlockClient& client) override { client_ = &client; }
  u64 capacity() const override { return image_.capacity(); }
  bool read_only() const override { return image_.read_only(); }
  void submit(BlockRequest request) override;
  void abandon() override;

  const DiskImage& image() const { return image_; }
  const DiskProfile& profile() const { return profile_; }
  /// Requests not yet completed.
  size_t in_flight() const { return waiting_.size() + requests_.size() + serving_.size(); }

 private:
  struct Serving {
    BlockRequest request;
    Picoseconds done_at = 0;
    bool possible = true;  // false: refused by the drive (range, read-only)
  };

  bool possible(const BlockRequest& request) const;
  void dispatch();
  void serve(BlockRequest request, Picoseconds done_at, bool possible);
  void arm();
  void fire();
  BlockCompletion perform(Serving serving);

  DiskImage image_;
  const DiskProfile profile_;
  Clock& clock_;
  EventId event_;
  std::unique_ptr<DiskMechanism> mechanism_;
  BlockClient* client_ = nullptr;
  std::deque<BlockRequest> waiting_;   // the drive's queue is full
  std::deque<BlockRequest> requests_;  // in the drive, not begun; as in commands_
  std::deque<DiskCommand> commands_;
  std::vector<Serving> serving_;  // begun; by completion time, equal times by the order of beginning
  bool in_fire_ = false;
};

}  // namespace hvlab::media
