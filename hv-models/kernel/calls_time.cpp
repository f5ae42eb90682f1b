// Calls about time. There is one clock: nanoseconds since the start.
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/kernel/system_calls.hpp"
#include "hv-models/kernel/user_time.hpp"

namespace hvlab::kernel {
namespace {

namespace clock = runtime::clock;
constexpr u64 kSecond = 1'000'000'000;
constexpr u64 kRealTime = 0, kMonotonic = 1;

}  // namespace

int read_time(AddressSpace& space, u64 address, u64& nanoseconds) {
  TimeSpec time;
  if (space.copy_in(&time, address, sizeof time) < 0) return kFault;
  constexpr i64 kMostSeconds = 1'000'000'000;
  const bool sound = time.seconds >= 0 && time.seconds <= kMostSeconds && time.nanoseconds >= 0 &&
                     time.nanoseconds < static_cast<i64>(kSecond);
  if (!sound) return kInvalid;
  nanoseconds = static_cast<u64>(time.seconds) * kSecond + static_cast<u64>(time.nanoseconds);
  return 0;
}

i64 call_clock_gettime(const Arguments& c) {
  if (c.a[0] != kMonotonic && c.a[0] != kRealTime) return kInvalid;
  const u64 now = clock::now();
  const TimeSpec time{static_cast<i64>(now / kSecond), static_cast<i64>(now % kSecond)};
  return c.process.space->copy_out(c.a[1], &time, sizeof time);
}

i64 call_nanosleep(const Arguments& c) {
  u64 time = 0;
  if (const int result = read_time(*c.process.space, c.a[0], time); result < 0) return result;
  sleep_until(clock::now() + time);
  return 0;
}

i64 call_clock_nanosleep(const Arguments& c) {
  constexpr u64 kAbsolute = 1;
  u64 time = 0;
  if (c.a[0] != kMonotonic && c.a[0] != kRealTime) return kInvalid;
  if (const int result = read_time(*c.process.space, c.a[2], time); result < 0) return result;
  sleep_until((c.a[1] & kAbsolute) != 0 ? time : clock::now() + time);
  return 0;
}

}  // namespace hvlab::kernel
