#include "hv-models/hypervisor/guest_walk.hpp"

#include "sim/arch/registers.hpp"

namespace hvlab::hypervisor {
namespace {

constexpr u64 kPresent = 1, kWrite = 2, kUser = 4, kLarge = 0x80, kNoExecute = u64{1} << 63;
constexpr u64 kAddress = 0x000f'ffff'ffff'f000;

struct Mode {
  unsigned levels;  // 0: no paging
  unsigned entry;   // bytes of an entry
  unsigned index_bits;
};

// SDM vol. 3, 4.1.1.
Mode mode_of(const Registers& r) {
  if ((r.cr0 & arch::cr0::kPg) == 0) return {0, 0, 0};
  if ((r.cr4 & arch::cr4::kPae) == 0) return {2, 4, 10};
  return (r.efer & arch::efer::kLma) != 0 ? Mode{4, 8, 9} : Mode{3, 8, 9};
}

}  // namespace

WalkResult walk_guest(const VirtualProcessor& vcpu, u64 linear) {
  const Registers& r = vcpu.registers;
  const Mode mode = mode_of(r);
  if (mode.levels == 0) return {true, linear & 0xffff'ffff, 0, 7, false, false, 4096};
  u64 table = mode.levels == 4 ? r.cr3 & kAddress : r.cr3 & (mode.levels == 3 ? 0xffff'ffe0 : 0xffff'f000);
  WalkResult result;
  result.rights = 7;
  for (unsigned level = mode.levels; level-- > 0;) {
    const unsigned shift = 12 + mode.index_bits * level;
    const u64 index = linear >> shift & ((u64{1} << mode.index_bits) - 1);
    u64 entry = 0;
    if (!vcpu.machine->memory.read(table + index * mode.entry, &entry, mode.entry) || (entry & kPresent) == 0)
      return result;
    // PAE's four pointers have no rights (4.4.1).
    if (!(mode.levels == 3 && level == 2)) result.rights &= static_cast<u8>(entry | kPresent);
    result.no_execute = result.no_execute || (mode.entry == 8 && (entry & kNoExecute) != 0);
    const bool may_be_large = level == 1 || (level == 2 && mode.levels == 4);
    if (level == 0 || (may_be_large && (entry & kLarge) != 0)) {
      result.found = true;
      result.large = level != 0;
      result.page_bytes = u64{1} << shift;
      result.address = (entry & kAddress & ~(result.page_bytes - 1)) | (linear & (result.page_bytes - 1));
      return result;
    }
    table = entry & (mode.entry == 8 ? kAddress : 0xffff'f000);
  }
  return result;
}

namespace {

template <typename Move>
bool each_page(const VirtualProcessor& vcpu, u64 linear, u64 bytes, Move move) {
  for (u64 done = 0; done < bytes;) {
    const WalkResult at = walk_guest(vcpu, linear + done);
    const u64 left = 4096 - (linear + done) % 4096, part = bytes - done < left ? bytes - done : left;
    if (!at.found || !move(at.address, done, part)) return false;
    done += part;
  }
  return true;
}

}  // namespace

bool read_linear(const VirtualProcessor& vcpu, u64 linear, void* to, u64 bytes) {
  return each_page(vcpu, linear, bytes, [&](u64 address, u64 done, u64 part) {
    return vcpu.machine->memory.read(address, static_cast<u8*>(to) + done, part);
  });
}

bool write_linear(const VirtualProcessor& vcpu, u64 linear, const void* from, u64 bytes) {
  return each_page(vcpu, linear, bytes, [&](u64 address, u64 done, u64 part) {
    return vcpu.machine->memory.write(address, static_cast<const u8*>(from) + done, part);
  });
}

}  // namespace hvlab::hypervisor
