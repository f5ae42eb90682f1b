#include "hv-models/devices/pci_function.hpp"

namespace hvlab::devices {
namespace {

constexpr u8 kCommand = 0x04, kStatus = 0x06, kClass = 0x08, kFirstBar = 0x10, kSubsystem = 0x2c,
             kCapabilities = 0x34, kInterruptLine = 0x3c, kInterruptPin = 0x3d;
constexpr u8 kAnswersPorts = 1, kAnswersMemory = 2;
constexpr u8 kHasCapabilities = 0x10;

}  // namespace

PciFunction::PciFunction(u16 vendor, u16 device, u32 class_revision) {
  set(0, vendor, 2);
  set(2, device, 2);
  set(kClass, class_revision, 4);
  space_[kCommand] = kAnswersPorts | kAnswersMemory;
  writable_[kCommand] = 0x07;
  writable_[kCommand + 1] = 0x04;  // INTx disable
  writable_[kInterruptLine] = 0xff;
}

void PciFunction::set(u8 offset, u32 value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) space_[offset + i] = static_cast<u8>(value >> 8 * i);
}

u32 PciFunction::read(u8 offset) const {
  u32 value = 0;
  for (unsigned i = 0; i < 4 && offset + i < 256; ++i) value |= u32{space_[offset + i]} << 8 * i;
  return value;
}

void PciFunction::write(u8 offset, u32 value, unsigned bytes) {
  for (unsigned i = 0; i < bytes && offset + i < 256; ++i) {
    u8& at = space_[offset + i];
    const u8 mask = writable_[offset + i];
    at = static_cast<u8>((at & ~mask) | (static_cast<u8>(value >> 8 * i) & mask));
  }
}

void PciFunction::add_memory(unsigned bar, u32 bytes, u32 address) {
  const u8 offset = static_cast<u8>(kFirstBar + 4 * bar);
  set(offset, address, 4);
  const u32 mask = ~(bytes - 1);
  for (unsigned i = 0; i < 4; ++i) writable_[offset + i] = static_cast<u8>(mask >> 8 * i);
}

void PciFunction::add_ports(unsigned bar, u32 bytes, u16 first) {
  add_memory(bar, bytes, first | 1u);
  writable_[kFirstBar + 4 * bar] &= 0xfc;
}

void PciFunction::set_interrupt(u8 line) {
  space_[kInterruptLine] = line;
  space_[kInterruptPin] = 1;
}

void PciFunction::set_subsystem(u16 vendor, u16 device) {
  set(kSubsystem, vendor, 2);
  set(kSubsystem + 2, device, 2);
}

u8 PciFunction::add_capability(const u8* from, u8 bytes) {
  const u8 at = next_free_;
  for (u8 i = 0; i < bytes; ++i) space_[at + i] = from[i];
  space_[at + 1] = 0;
  if (last_capability_ == 0) {
    space_[kCapabilities] = at;
    space_[kStatus] |= kHasCapabilities;
  } else {
    space_[last_capability_ + 1] = at;
  }
  last_capability_ = at;
  next_free_ = static_cast<u8>(at + ((bytes + 3) & ~3));
  return at;
}

bool PciFunction::memory_at(unsigned bar, u64& address) const {
  address = read(static_cast<u8>(kFirstBar + 4 * bar)) & ~15u;
  return (space_[kCommand] & kAnswersMemory) != 0 && address != 0;
}

bool PciFunction::ports_at(unsigned bar, u64& first) const {
  first = read(static_cast<u8>(kFirstBar + 4 * bar)) & 0xfffc;
  return (space_[kCommand] & kAnswersPorts) != 0 && first != 0;
}

}  // namespace hvlab::devices
