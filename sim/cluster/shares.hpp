// Who gets how much when there is not enough for all: shares between reservations and limits.
#pragma once

#include <span>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

/// One that wants of something scarce (MHz here), and what it gets.
struct Claimant {
  u32 wants = 0;        // already cut by its limit
  u32 reservation = 0;  // of what it wants, so much it gets before any other
  u32 shares = 1;       // its weight in what is left; 0 is as little as 1
  u32 gets = 0;
};

/// Divides `capacity`: sets everybody's `gets` and returns their sum, which is the lesser of capacity and of
/// all that is wanted. Nobody gets more than it wants or less than min(wants, reservation), provided that
/// these fit; if they do not (a broken admission), they are cut in the order of the list.
u64 divide(std::span<Claimant> claimants, u64 capacity);

}  // namespace hvlab::cluster
