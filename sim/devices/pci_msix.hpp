// The MSI-X vector table and pending-bit array of a PCI function (PCI 3.0, 6.8.2).
#pragma once

#include <vector>

#include "sim/base/types.hpp"
#include "sim/ports/register_target.hpp"

namespace hvlab::devices {

class PciFunction;

struct MsixEntry {
  u64 address = 0;
  u32 data = 0;
  bool masked = true;
};

struct MsixState {
  std::vector<MsixEntry> table;
  std::vector<u64> pending;  // one bit a vector
};

/// The BAR that holds both: the table from offset 0, the pending bits behind it.
class MsixBank final : public RegisterTarget {
 public:
  explicit MsixBank(PciFunction& function) : function_(function) {}

  /// Offset of the pending bits for `vectors` entries, and the size of the whole BAR.
  static u32 pending_offset(u16 vectors);
  static u64 bar_size(u16 vectors);

  /// Aligned dword and qword accesses only, as the specification restricts software; others read 0, write
  /// nothing.
  u64 read(u64 offset, unsigned size) override;
  void write(u64 offset, unsigned size, u64 value) override;

 private:
  u32 read_dword(u64 offset) const;
  void write_dword(u64 offset, u32 value);
  MsixState& state() const;

  PciFunction& function_;
};

}  // namespace hvlab::devices
