#include "hv-models/partition/pci_view.hpp"

#include "hv-models/partition/functions.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::partition {
namespace {

using devices::Access;

constexpr u16 kAddressPort = 0xcf8, kDataPort = 0xcfc;
constexpr u8 kCommand = 0x04, kCacheLine = 0x0c, kFirstBar = 0x10, kEndOfBars = 0x28;

u32 read(const Function& f, u8 offset) {
  const unsigned bar = (offset - kFirstBar) / 4u;
  if (offset >= kFirstBar && offset < kEndOfBars && (f.sizing >> bar & 1) != 0) return f.bars[bar].mask;
  return drivers::pci_read(f.pci, offset);
}

// Where registers lie is firmware's: a partition learns how large they are, and moves none. Capabilities
// (MSI) could interrupt a neighbour's processor.
void write(Function& f, u8 offset, u32 value) {
  if (offset >= kFirstBar && offset < kEndOfBars) {
    const u32 bar = 1u << (offset - kFirstBar) / 4u;
    f.sizing = (value | 0xf) == ~u32{0} ? f.sizing | bar : f.sizing & ~bar;
  } else if (offset == kCommand || offset == kCacheLine) {
    drivers::pci_write(f.pci, offset, value);
  }
}

// Bytes and words are part of a register of 32 bits.
void access_data(PciView& view, Access& access) {
  Function* f =
      function_at(static_cast<u8>(view.selected >> 11 & 31), static_cast<u8>(view.selected >> 8 & 7));
  const bool there = (view.selected & 0x80ff'0000) == 0x8000'0000 && f != nullptr;
  const bool own = there && f->owner == view.number;
  const u8 offset = static_cast<u8>(view.selected & 0xfc);
  const unsigned shift = 8 * static_cast<unsigned>(access.address - kDataPort);
  const u64 mask = low_mask(8 * access.bytes);
  if (!access.write) {
    access.value = own || (there && f->bridge) ? read(*f, offset) >> shift & mask : mask;
  } else if (own) {
    const u32 kept = read(*f, offset) & ~static_cast<u32>(mask << shift);
    // Ones in the status half would clear what a write to the command half alone does not touch.
    const u32 low = offset == kCommand && shift < 16 ? kept & 0xffff : kept;
    write(*f, offset, low | static_cast<u32>((access.value & mask) << shift));
  }
}

}  // namespace

bool access_pci(PciView& view, Access& access) {
  const u64 port = access.address;
  if (port == kAddressPort && access.bytes == 4) {
    if (access.write) view.selected = static_cast<u32>(access.value);
    access.value = view.selected;
    return true;
  }
  if (port < kDataPort || port + access.bytes > kDataPort + 4u) return false;
  access_data(view, access);
  return true;
}

}  // namespace hvlab::partition
