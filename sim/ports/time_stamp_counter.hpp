// A processor's time-stamp counter, as its local APIC sees it for TSC-deadline mode.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab {

class TimeStampCounter {
 public:
  virtual ~TimeStampCounter() = default;
  /// IA32_TIME_STAMP_COUNTER now, including what software added to it (IA32_TSC_ADJUST, writes of the TSC).
  virtual u64 tsc() const = 0;
};

}  // namespace hvlab
