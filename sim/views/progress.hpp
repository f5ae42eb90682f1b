// How far something that takes long has come, told between two threads.
#pragma once

#include <atomic>

#include "sim/base/types.hpp"

namespace hvlab::views {

struct Progress {
  std::atomic<u64> done{0}, all{0};  // bytes or records, whatever is counted
  std::atomic<bool> stop{false};     // set by whoever no longer wants it

  /// From 0 to 1.
  double fraction() const {
    const u64 whole = all;
    return whole == 0 ? 0 : static_cast<double>(done) / static_cast<double>(whole);
  }
};

}  // namespace hvlab::views
