#include "hv-models/hypervisor/shadow.hpp"

#include <new>

#include "hv-models/hypervisor/paging_mode.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/memory.hpp"

namespace hvlab::hypervisor {
namespace {

using namespace arch;

constexpr unsigned kOrder = 3;  // pages of a ShadowPaging
static_assert(sizeof(ShadowPaging) <= u64{4096} << kOrder);

// What decides how translations come about.
constexpr u64 kCr0Paging = cr0::kPg | cr0::kWp,
              kCr4Paging = cr4::kPse | cr4::kPae | cr4::kPge | cr4::kSmep | cr4::kSmap,
              kEferPaging = efer::kNxe | efer::kLma;

// The processor pages always, with 8-byte entries, and obeys write protection in the hypervisor's name.
// Without PE that is "paged real mode" (APM vol. 2, 15.19). Caches are no business of a guest.
u64 real_cr0(const Registers& r) { return (r.cr0 & ~(cr0::kCd | cr0::kNw)) | cr0::kPg | cr0::kWp | cr0::kEt; }

// Without paging all memory is everybody's: nothing to be kept from the supervisor. No page is global: they
// would outlive the flush of a guest's address space.
u64 real_cr4(const Registers& r) {
  const bool paging = (r.cr0 & cr0::kPg) != 0;
  return (r.cr4 & ~(cr4::kPge | (paging ? 0 : cr4::kSmep | cr4::kSmap))) | cr4::kPae;
}

// 64-bit mode only once the guest is in it.
u64 real_efer(const Registers& r) {
  const bool is_long = (r.efer & efer::kLma) != 0;
  return (r.efer & efer::kSce) | efer::kNxe | (is_long ? efer::kLme | efer::kLma : 0);
}

u64 cr4_bits() {
  constexpr u32 kFsgsbase = 0, kSmep = 7, kSmap = 20;
  static u64 found = 0;
  if (found != 0) return found;
  found = cr4::kVme | cr4::kPvi | cr4::kTsd | cr4::kDe | cr4::kPse | cr4::kPae | cr4::kMce | cr4::kPge |
          cr4::kPce | cr4::kOsfxsr | cr4::kOsxmmexcpt;
  const u32 leaf7 = runtime::cpuid(0).eax >= 7 ? runtime::cpuid(7).ebx : 0;
  if (test_bit(leaf7, kFsgsbase)) found |= cr4::kFsgsbase;
  if (test_bit(leaf7, kSmep)) found |= cr4::kSmep;
  if (test_bit(leaf7, kSmap)) found |= cr4::kSmap;
  return found;
}

}  // namespace

bool create_shadow(VirtualProcessor& vcpu) {
  void* place = runtime::allocate_pages(kOrder);
  if (place == nullptr) return false;
  vcpu.shadow = new (place) ShadowPaging;
  if (!vcpu.shadow->tables.create()) {
    destroy_shadow(vcpu);
    return false;
  }
  vendor().intercept_control(vcpu);
  return true;
}

void destroy_shadow(VirtualProcessor& vcpu) {
  if (vcpu.shadow == nullptr) return;
  vcpu.shadow->tables.destroy();
  runtime::free_pages(vcpu.shadow);
  vcpu.shadow = nullptr;
}

void prepare_shadow(VirtualProcessor& vcpu) {
  ShadowPaging& shadow = *vcpu.shadow;
  const Registers& r = vcpu.registers;
  const u64 cr0 = r.cr0 ^ shadow.cr0, cr4 = r.cr4 ^ shadow.cr4, efer = r.efer ^ shadow.efer;
  const PagingMode mode = paging_mode(r);
  if ((cr0 | cr4 | efer) != 0) {
    if ((cr0 & kCr0Paging) != 0 || (cr4 & kCr4Paging) != 0 || (efer & kEferPaging) != 0) {
      const bool is_long = mode.levels == 4;
      shadow.tables.reset(is_long ? 4 : 3, is_long);
      shadow.select = true;
    }
    vendor().use_control(vcpu, real_cr0(r), real_cr4(r), real_efer(r));
    shadow.cr0 = r.cr0, shadow.cr4 = r.cr4, shadow.efer = r.efer;
  }
  if (!shadow.select) return;
  shadow.select = false;
  shadow.tables.select(mode.root(r.cr3), vcpu.machine->memory);
  vendor().use_tables(vcpu, shadow.tables.root());
  mark_stale(vcpu);
}

bool set_cr0(VirtualProcessor& vcpu, u64 value) {
  Registers& r = vcpu.registers;
  const bool paging = (value & cr0::kPg) != 0, was = (r.cr0 & cr0::kPg) != 0;
  if (value >> 32 != 0) return false;
  if (paging && (value & cr0::kPe) == 0) return false;
  if ((value & cr0::kNw) != 0 && (value & cr0::kCd) == 0) return false;
  if (paging && !was && (r.efer & efer::kLme) != 0 && ((r.cr4 & cr4::kPae) == 0 || r.long_code)) return false;
  if (!paging && was && r.long_code) return false;
  constexpr u64 kDefined = cr0::kPe | cr0::kMp | cr0::kEm | cr0::kTs | cr0::kNe | cr0::kWp | cr0::kAm |
                           cr0::kNw | cr0::kCd | cr0::kPg;
  r.cr0 = (value & kDefined) | cr0::kEt;
  r.efer = paging && (r.efer & efer::kLme) != 0 ? r.efer | efer::kLma : r.efer & ~efer::kLma;
  return true;
}

bool set_cr3(VirtualProcessor& vcpu, u64 value) {
  const unsigned address_bits = runtime::cpuid(0x8000'0008).eax & 0xff;
  if ((vcpu.registers.efer & efer::kLma) != 0 && value >> address_bits != 0) return false;
  vcpu.registers.cr3 = value;
  vcpu.shadow->select = true;
  return true;
}

bool set_cr4(VirtualProcessor& vcpu, u64 value) {
  Registers& r = vcpu.registers;
  if ((value & ~cr4_bits()) != 0) return false;
  if ((r.efer & efer::kLma) != 0 && (value & cr4::kPae) == 0) return false;
  r.cr4 = value;
  return true;
}

}  // namespace hvlab::hypervisor
