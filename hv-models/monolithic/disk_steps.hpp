// A model's disk job, cut into what a driver takes: whole sectors that lie in a row at an even address. Where
// the guest's memory is cut otherwise, a sector goes through a buffer.
#pragma once

#include "hv-models/devices/pieces.hpp"

namespace hvlab::monolithic {

class DiskSteps {
 public:
  /// The job's pieces are used up from here on.
  void begin(devices::DiskJob& job);
  /// The next step's memory: the guest's, or `buffer`, of one sector, which then holds what is to be written.
  u8* next(u8* buffer);
  u32 sectors() const { return sectors_; }    // of this step; 0: a flush
  u64 sectors_done() const { return done_; }  // before it
  bool needs_buffer() const;                  // the next step does
  /// The step is done. False at the job's end.
  bool finish(const u8* buffer);

 private:
  devices::PieceFront left_ = {};
  devices::DiskJob::Kind kind_ = devices::DiskJob::Kind::Flush;
  u32 sectors_ = 0;
  u64 done_ = 0;
  bool buffered_ = false;
};

}  // namespace hvlab::monolithic
