#include "hv-models/svm/permission_maps.hpp"

#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/spin_lock.hpp"
#include "sim/arch/msr.hpp"
#include "sim/arch/svm.hpp"

namespace hvlab::svm {
namespace {

PermissionMaps maps = {};
runtime::SpinLock lock;

// VMSAVE and VMLOAD exchange them with the guest, which may have them for itself.
constexpr u32 kOwn[] = {arch::msr::kStar,         arch::msr::kLstar,      arch::msr::kCstar,
                        arch::msr::kFmask,        arch::msr::kFsBase,     arch::msr::kGsBase,
                        arch::msr::kKernelGsBase, arch::msr::kSysenterCs, arch::msr::kSysenterEsp,
                        arch::msr::kSysenterEip};

// Two bits an MSR, reads and writes: 0-1FFFh from byte 0, C000_0000h from byte 800h, C001_0000h from 1000h.
void let_through(u8* map, u32 msr) {
  constexpr u32 kSecond = 0xc000'0000, kSecondAt = 0x800;
  const u32 bit_number = 2 * (msr & 0x1fff) + (msr >= kSecond ? kSecondAt * 8 : 0);
  map[bit_number / 8] = static_cast<u8>(map[bit_number / 8] & ~(3u << bit_number % 8));
}

u8* new_map(unsigned order) {
  u8* map = static_cast<u8*>(runtime::allocate_pages(order));
  if (map != nullptr) memset(map, 0xff, runtime::kPageBytes << order);
  return map;
}

}  // namespace

bool set_up_permission_maps() {
  const runtime::Hold hold(lock);
  if (maps.msr != 0) return true;
  u8 *io = new_map(2), *msr = new_map(1);
  if (io == nullptr || msr == nullptr) {
    runtime::free_pages(io);
    runtime::free_pages(msr);
    return false;
  }
  for (const u32 each : kOwn) let_through(msr, each);
  maps = {runtime::physical(io), runtime::physical(msr)};
  return true;
}

const PermissionMaps& permission_maps() { return maps; }

}  // namespace hvlab::svm
