#include "sim/cluster/shares.hpp"

#include <algorithm>

namespace hvlab::cluster {

namespace {

// Water level at which a claimant with one share gets 1 / kScale.
constexpr u64 kScale = 4096;

u32 floor_of(const Claimant& claimant) { return std::min(claimant.wants, claimant.reservation); }

u32 at_level(const Claimant& claimant, u64 level) {
  const Sum share = Sum{std::max(claimant.shares, 1u)} * level / kScale;
  const u32 bounded = share >= claimant.wants ? claimant.wants : static_cast<u32>(share);
  return std::max(bounded, floor_of(claimant));
}

u64 sum_at_level(std::span<const Claimant> claimants, u64 level) {
  u64 sum = 0;
  for (const Claimant& claimant : claimants) sum += at_level(claimant, level);
  return sum;
}

u64 hand_out_in_order(std::span<Claimant> claimants, u64 capacity) {
  u64 left = capacity;
  for (Claimant& claimant : claimants) {
    claimant.gets = static_cast<u32>(std::min<u64>(floor_of(claimant), left));
    left -= claimant.gets;
  }
  return capacity - left;
}

}  // namespace

u64 divide(std::span<Claimant> claimants, u64 capacity) {
  u64 wanted = 0, reserved = 0;
  for (Claimant& claimant : claimants) {
    claimant.gets = claimant.wants;
    wanted += claimant.wants;
    reserved += floor_of(claimant);
  }
  if (wanted <= capacity) return wanted;
  if (reserved > capacity) return hand_out_in_order(claimants, capacity);
  u64 low = 0, high = u64{1} << 45;  // at which one share of one claimant is more than all
  while (high - low > 1) {
    const u64 middle = (low + high) / 2;
    (sum_at_level(claimants, middle) <= capacity ? low : high) = middle;
  }
  u64 left = capacity;
  for (Claimant& claimant : claimants) left -= claimant.gets = at_level(claimant, low);
  // What rounding left over goes to those who still want, in the order of the list.
  for (Claimant& claimant : claimants) {
    const auto more = static_cast<u32>(std::min<u64>(left, at_level(claimant, high) - claimant.gets));
    claimant.gets += more;
    left -= more;
  }
  return capacity;
}

}  // namespace hvlab::cluster
