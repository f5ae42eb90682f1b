#include "sim/boot/acpi_table.hpp"

#include <cstring>
#include <numeric>

namespace hvlab::boot {

void set_checksum(std::vector<u8>& bytes, size_t from, size_t count, size_t at) {
  bytes[at] = 0;
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(from);
  bytes[at] = static_cast<u8>(-std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(count), 0));
}

AcpiTable::AcpiTable(std::string_view signature, u8 revision) {
  const auto text = [this](std::string_view characters) {
    bytes_.insert(bytes_.end(), characters.begin(), characters.end());
  };
  text(signature);
  add32(0);  // length
  add8(revision);
  add8(0);  // checksum
  text("HVLAB ");
  text("HVLABPC ");
  add32(1);
  text("HVL ");
  add32(1);
}

AcpiTable& AcpiTable::add(u64 value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) bytes_.push_back(static_cast<u8>(value >> (8 * i)));
  return *this;
}

AcpiTable& AcpiTable::zeros(size_t count) {
  bytes_.insert(bytes_.end(), count, 0);
  return *this;
}

AcpiTable& AcpiTable::add_port(u16 port, u8 bits, u8 access_size) {
  if (port == 0) return zeros(12);
  constexpr u8 kSystemIo = 1;
  return add8(kSystemIo).add8(bits).add8(0).add8(access_size).add64(port);
}

std::vector<u8> AcpiTable::finish() {
  const auto length = static_cast<u32>(bytes_.size());
  std::memcpy(bytes_.data() + 4, &length, 4);
  set_checksum(bytes_, 0, bytes_.size(), 9);
  return bytes_;
}

}  // namespace hvlab::boot
