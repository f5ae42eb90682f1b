// How long a disk takes: the mechanism behind a disk's command queue, without bytes.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "sim/base/types.hpp"
#include "sim/media/disk_profile.hpp"
#include "sim/ports/block_medium.hpp"

namespace hvlab::media {

/// A command in the drive's queue, as far as time is concerned.
struct DiskCommand {
  BlockOperation operation = BlockOperation::Read;
  u64 offset = 0;
  u64 bytes = 0;
  Picoseconds arrived = 0;
};

class DiskMechanism {
 public:
  virtual ~DiskMechanism() = default;

  /// Which of the queued commands the drive begins at `now`; nothing if it must finish something first.
  /// `queue` is in the order of arrival, `now` never decreases.
  virtual std::optional<size_t> choose(const std::deque<DiskCommand>& queue, Picoseconds now) = 0;

  /// When to ask choose() again after it returned nothing; later than the `now` of that call.
  virtual Picoseconds retry_at() const = 0;

  /// Begins `command` at `now` (choose() just picked it) and says when it is complete at the controller.
  virtual Picoseconds begin(const DiskCommand& command, Picoseconds now) = 0;
};

/// The mechanism that `profile` describes.
std::unique_ptr<DiskMechanism> make_mechanism(const DiskProfile& profile);

/// The link between drive and controller: one transfer after the other.
struct DiskLink {
  u64 bytes_per_second = 1;
  Picoseconds free_at = 0;
  /// Moves `bytes` not before `ready`; returns when the last one has arrived.
  Picoseconds transfer(u64 bytes, Picoseconds ready);
};

}  // namespace hvlab::media
