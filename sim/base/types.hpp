// Short names for the fixed-width integers that registers, addresses and counters are made of.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hvlab {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;
using std::size_t;

/// A point of simulated time, or a span of it, in picoseconds since the machine's reset (wraps after 213
/// days).
using Picoseconds = u64;
inline constexpr Picoseconds kNanosecond = 1'000;
inline constexpr Picoseconds kMicrosecond = 1'000'000;
inline constexpr Picoseconds kMillisecond = 1'000'000'000;
inline constexpr Picoseconds kSecond = 1'000'000'000'000;
/// "No deadline": later than every time a run can reach.
inline constexpr Picoseconds kNever = ~Picoseconds{0};

}  // namespace hvlab
