#include "hv-models/hypervisor/guest_walk.hpp"

#include "hv-models/hypervisor/paging_mode.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "sim/arch/exceptions.hpp"

namespace hvlab::hypervisor {
namespace {

using namespace entry;

// Of the machine's processor, which is the guest's.
struct Processor {
  unsigned address_bits;
  bool huge_pages;  // of 1 GiB
};

const Processor& processor() {
  static Processor found = {0, false};
  if (found.address_bits == 0) {
    constexpr unsigned kPage1Gb = 26;
    found = {runtime::cpuid(0x8000'0008).eax & 0xff, test_bit(runtime::cpuid(0x8000'0001).edx, kPage1Gb)};
  }
  return found;
}

// One entry that the walk met, and where it is.
struct Step {
  void* at;
  u64 entry;
};

u64 read_entry(const void* at, unsigned bytes) {
  return bytes == 8 ? __atomic_load_n(static_cast<const u64*>(at), __ATOMIC_RELAXED)
                    : __atomic_load_n(static_cast<const u32*>(at), __ATOMIC_RELAXED);
}

// False if it is no longer what it was.
bool replace_entry(void* at, unsigned bytes, u64 was, u64 is) {
  if (bytes == 8) {
    return __atomic_compare_exchange_n(static_cast<u64*>(at), &was, is, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
  }
  u32 narrow = static_cast<u32>(was);
  return __atomic_compare_exchange_n(static_cast<u32*>(at), &narrow, static_cast<u32>(is), false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

bool is_large(const PagingMode& mode, const Registers& r, unsigned level, u64 entry) {
  if ((entry & kLarge) == 0 || level == 0) return false;
  if (mode.entry_bytes == 4) return (r.cr4 & arch::cr4::kPse) != 0;
  return level == 1 || (level == 2 && mode.levels == 4);
}

// Bits that must be zero (SDM vol. 3, tables 4-3 to 4-20).
u64 reserved_bits(const PagingMode& mode, const Registers& r, unsigned level, bool large, u64 page_bytes) {
  if (mode.entry_bytes == 4) return large ? bit(21) : 0;
  u64 reserved = low_mask(52) & ~low_mask(processor().address_bits);
  if ((r.efer & arch::efer::kNxe) == 0) reserved |= kNoExecute;
  if (mode.is_register(level)) return reserved | ~low_mask(52) | 0x1e6;
  if (level == 3 || (level == 2 && large && !processor().huge_pages)) reserved |= kLarge;
  if (large) reserved |= (page_bytes - 1) & ~low_mask(13);
  return reserved;
}

// A page of 4 MiB has bits 39..32 of its address in bits 20..13 (PSE-36; SDM vol. 3, table 4-4).
u64 page_address(const PagingMode& mode, u64 entry, u64 page_bytes) {
  if (mode.entry_bytes == 8) return entry & kAddress & ~(page_bytes - 1);
  const u64 high = page_bytes > 4096 ? bits(entry, 20, 13) << 32 : 0;
  return (entry & 0xffff'f000 & ~(page_bytes - 1)) | high;
}

/// Follows the tables. `steps` by level; `last`: the level of the page's entry, or of the one that is not
/// there. The rights are collected on the way.
WalkResult follow(const VirtualProcessor& vcpu, const PagingMode& mode, u64 linear, Step (&steps)[4],
                  unsigned& last) {
  const Registers& r = vcpu.registers;
  WalkResult result;
  result.writable = result.user = true;
  u64 table = mode.root(r.cr3);
  for (unsigned level = mode.levels; level-- > 0;) {
    last = level;
    const u64 place = table + mode.index(linear, level) * mode.entry_bytes;
    void* at = vcpu.machine->memory.at(place, mode.entry_bytes);
    if (at == nullptr) return result;  // no memory there: as if it were not present
    const u64 entry = read_entry(at, mode.entry_bytes);
    steps[level] = {at, entry};
    result.entries[level] = entry;
    if ((entry & kPresent) == 0) return result;
    const bool large = is_large(mode, r, level, entry);
    const u64 page_bytes = u64{1} << mode.shift(level);
    if ((entry & reserved_bits(mode, r, level, large, page_bytes)) != 0) {
      result.error = arch::pf::kPresent | arch::pf::kReserved;
      return result;
    }
    if (!mode.is_register(level)) {
      result.writable = result.writable && (entry & kWrite) != 0;
      result.user = result.user && (entry & kUser) != 0;
    }
    result.no_execute = result.no_execute || (mode.entry_bytes == 8 && (entry & kNoExecute) != 0);
    if (level == 0 || large) {
      result.found = true;
      result.page_bytes = page_bytes;
      result.dirty = (entry & kDirty) != 0;
      result.address = page_address(mode, entry, page_bytes) | (linear & (page_bytes - 1));
      return result;
    }
    table = entry & (mode.entry_bytes == 8 ? kAddress : 0xffff'f000);
  }
  return result;
}

// SDM vol. 3, 4.6.1.
bool permitted(const Registers& r, const WalkResult& page, WalkAccess access) {
  if (access.user && !page.user) return false;
  if (access.write && !page.writable && (access.user || (r.cr0 & arch::cr0::kWp) != 0)) return false;
  if (access.fetch && page.no_execute) return false;
  if (access.user || !page.user) return true;
  if (access.fetch) return (r.cr4 & arch::cr4::kSmep) == 0;
  // Implicit accesses of a program's instructions have no say by AC.
  return (r.cr4 & arch::cr4::kSmap) == 0 || (r.cpl != 3 && (r.rflags & arch::flag::kAc) != 0);
}

// False if an entry has changed meanwhile.
bool mark_used(const PagingMode& mode, Step (&steps)[4], unsigned last, bool write, WalkResult& result) {
  for (unsigned level = mode.levels; level-- > last;) {
    if (mode.is_register(level)) continue;
    const u64 was = steps[level].entry;
    const u64 is = was | kAccessed | (write && level == last ? kDirty : 0);
    if (is != was && !replace_entry(steps[level].at, mode.entry_bytes, was, is)) return false;
    result.entries[level] = is;
  }
  result.dirty = result.dirty || write;
  return true;
}

// SDM vol. 3, 4.7.
u32 error_code(const Registers& r, WalkAccess access) {
  const bool tells_fetch =
      (r.cr4 & arch::cr4::kSmep) != 0 || ((r.cr4 & arch::cr4::kPae) != 0 && (r.efer & arch::efer::kNxe) != 0);
  return (access.write ? arch::pf::kWrite : 0) | (access.user ? arch::pf::kUser : 0) |
         (access.fetch && tells_fetch ? arch::pf::kFetch : 0);
}

WalkResult unpaged(u64 linear) {
  WalkResult result;
  result.found = result.writable = result.user = result.dirty = true;
  result.address = linear & 0xffff'ffff;
  result.page_bytes = u64{2} << 20;
  return result;
}

}  // namespace

WalkResult walk_guest(const VirtualProcessor& vcpu, u64 linear) {
  const PagingMode mode = paging_mode(vcpu.registers);
  if (mode.levels == 0) return unpaged(linear);
  Step steps[4] = {};
  unsigned last = 0;
  return follow(vcpu, mode, linear, steps, last);
}

WalkResult access_guest(const VirtualProcessor& vcpu, u64 linear, WalkAccess access) {
  const PagingMode mode = paging_mode(vcpu.registers);
  if (mode.levels == 0) return unpaged(linear);
  Step steps[4] = {};
  unsigned last = 0;
  WalkResult result = follow(vcpu, mode, linear, steps, last);
  if (result.found && !permitted(vcpu.registers, result, access)) {
    result.found = false;
    result.error = arch::pf::kPresent;
  }
  if (result.found && !mark_used(mode, steps, last, access.write, result)) {
    result.found = false;
    result.again = true;
  }
  result.error |= error_code(vcpu.registers, access);
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
