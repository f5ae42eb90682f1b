// Second-stage tables: from guest-physical to physical addresses (APM vol. 2, 15.25.5): a page table like any
// other, all of whose pages are user pages.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::svm {

class NestedTables {
 public:
  NestedTables() = default;
  NestedTables(const NestedTables&) = delete;
  NestedTables& operator=(const NestedTables&) = delete;
  ~NestedTables();
  /// False without memory.
  bool set_up();
  /// Maps the page at `guest` to the one at `physical`; false without memory. `writable`: else reads and
  /// execution alone.
  bool map(u64 guest, u64 physical, bool writable = true);
  /// The same for 2 MiB.
  bool map_large(u64 guest, u64 physical);
  /// Takes a page's mapping away; the guest's translations have to be flushed then.
  void unmap(u64 guest);
  u64 root() const { return root_; }

 private:
  u64* entry(u64 guest, unsigned level);
  u64 root_ = 0;
};

}  // namespace hvlab::svm
