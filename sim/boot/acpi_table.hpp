// Assembling one ACPI table: fields are appended in the order of the specification's tables.
#pragma once

#include <string_view>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::boot {

/// Makes the sum of `bytes` zero modulo 256 by setting the byte at `at`.
void set_checksum(std::vector<u8>& bytes, size_t from, size_t count, size_t at);

/// A table with the common header (ACPI 6.4, table 5.4) and what follows it.
class AcpiTable {
 public:
  AcpiTable(std::string_view signature, u8 revision);

  AcpiTable& add8(u8 value) { return add(value, 1); }
  AcpiTable& add16(u16 value) { return add(value, 2); }
  AcpiTable& add32(u32 value) { return add(value, 4); }
  AcpiTable& add64(u64 value) { return add(value, 8); }
  AcpiTable& zeros(size_t count);
  /// A generic address structure (table 5.1) for I/O ports; all zeros if `port` is 0.
  AcpiTable& add_port(u16 port, u8 bits, u8 access_size);

  size_t size() const { return bytes_.size(); }
  /// The table with length and checksum filled in.
  std::vector<u8> finish();

 private:
  AcpiTable& add(u64 value, unsigned bytes);
  std::vector<u8> bytes_;
};

}  // namespace hvlab::boot
