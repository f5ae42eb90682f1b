#include "sim/observe/vmm_spaces.hpp"

namespace hvlab::observe {

namespace {

constexpr u64 kPage = 0x1000;

/// The physical page of the top-level table (APM vol. 2, 5.3.1 and 5.5.1: CR3 bits 51:12).
constexpr u64 table_of(u64 cr3) { return cr3 & 0x000F'FFFF'FFFF'F000; }

}  // namespace

void VmmSpaces::guest_entered(u64 cr3) {
  if (entered_.insert(table_of(cr3)).second) ++version_;
}

bool VmmSpaces::user_mode(u64 cr3) {
  const u64 table = table_of(cr3);
  if (user_.insert(table).second) ++version_;
  if (entered_.contains(table)) return true;
  const u64 other_half = table ^ kPage;
  return (table & kPage) != 0 && entered_.contains(other_half) && !user_.contains(other_half);
}

}  // namespace hvlab::observe
