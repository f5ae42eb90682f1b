// The exits of shadow paging: page faults, control registers, invalidations.
#include "hv-models/hypervisor/guest_walk.hpp"
#include "hv-models/hypervisor/handlers.hpp"
#include "hv-models/hypervisor/instruction.hpp"
#include "hv-models/hypervisor/shadow.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::hypervisor {
namespace {

using arch::Exception;

constexpr u64 kLargePage = u64{2} << 20;

void flush(VirtualProcessor& vcpu, ShadowChange change, u64 linear) {
  if (change == ShadowChange::OnePage) vendor().flush_page(vcpu, linear);
  if (change == ShadowChange::More) mark_stale(vcpu);
}

// The page is writable here only once the guest's entry is dirty. A supervisor that write protection does not
// bind (CR0.WP = 0) writes to a page that programs may read: until they do, it is the supervisor's alone, and
// not for execution if SMEP keeps it from programs' pages.
ShadowPage page_for(const VirtualProcessor& vcpu, const WalkResult& found, WalkAccess access, u64 linear) {
  const GuestMemory& memory = vcpu.machine->memory;
  ShadowPage page;
  page.writable = found.writable && found.dirty;
  page.user = found.user;
  page.no_execute = found.no_execute;
  page.guest_entries = found.entries;
  if (access.write && !found.writable) {
    page.writable = true;
    page.user = false;
    page.no_execute = found.no_execute || (found.user && (vcpu.registers.cr4 & arch::cr4::kSmep) != 0);
  }
  const u64 large = align_down(found.address, kLargePage);
  page.large = found.page_bytes >= kLargePage && memory.at(large, kLargePage) != nullptr &&
               memory.physical(large) % kLargePage == 0;
  const u64 bytes = page.large ? kLargePage : 4096;
  page.linear = align_down(linear, bytes);
  page.physical = memory.physical(align_down(found.address, bytes));
  return page;
}

// A page fault in the delivery of a page fault is a double fault, and one in the delivery of that the end
// (SDM vol. 3, table 6-5).
Outcome raise_page_fault(VirtualProcessor& vcpu, const Exit& exit, u32 error) {
  const int delivered = vendor().exception_in_delivery(vcpu);
  if (delivered == static_cast<int>(Exception::DoubleFault)) return give_up(vcpu, exit, "triple fault");
  if (delivered == static_cast<int>(Exception::PageFault))
    return raise_with_error(vcpu, static_cast<u8>(Exception::DoubleFault), 0);
  vcpu.registers.cr2 = exit.address;
  return raise_with_error(vcpu, static_cast<u8>(Exception::PageFault), error);
}

Outcome finish(VirtualProcessor& vcpu, bool allowed, unsigned length) {
  if (!allowed) return raise_with_error(vcpu, static_cast<u8>(Exception::GeneralProtection), 0);
  return go_on(vcpu, length);
}

u64 read_control(const Registers& r, unsigned number) {
  return number == 0 ? r.cr0 : number == 3 ? r.cr3 : r.cr4;
}

bool write_control(VirtualProcessor& vcpu, unsigned number, u64 value) {
  if (number == 0) return set_cr0(vcpu, value);
  return number == 3 ? set_cr3(vcpu, value) : set_cr4(vcpu, value);
}

// What the processor has said of the instruction, or, where it has not, what its bytes say.
bool find_instruction(const VirtualProcessor& vcpu, const Exit& exit, bool write, ControlInstruction& to) {
  using Kind = ControlInstruction::Kind;
  if (!exit.string && exit.length != 0) {
    to = {write ? Kind::Write : Kind::Read, exit.length, exit.control, exit.gpr, 8};
    return true;
  }
  u8 bytes[15];
  const unsigned count = fetch_instruction(vcpu, bytes);
  return decode_control(bytes, count, code_bytes(vcpu.registers), to);
}

Outcome handle_control(VirtualProcessor& vcpu, const Exit& exit, bool write) {
  using Kind = ControlInstruction::Kind;
  ControlInstruction i;
  if (!find_instruction(vcpu, exit, write, i))
    return give_up(vcpu, exit, "reaches a control register by an instruction that nobody decodes");
  Registers& r = vcpu.registers;
  u64& gpr = r.gpr[i.gpr];
  const u64 mask = low_mask(8 * (r.long_code ? 8 : 4));
  constexpr u64 kStatusWord = 0xf, kSticky = arch::cr0::kPe;
  switch (i.kind) {
    case Kind::Read: gpr = read_control(r, i.control) & mask; return go_on(vcpu, i.length);
    case Kind::Write: return finish(vcpu, write_control(vcpu, i.control, gpr & mask), i.length);
    case Kind::ClearTaskSwitched: return finish(vcpu, set_cr0(vcpu, r.cr0 & ~arch::cr0::kTs), i.length);
    case Kind::LoadStatusWord:
      return finish(vcpu, set_cr0(vcpu, (r.cr0 & ~(kStatusWord & ~kSticky)) | (gpr & kStatusWord)), i.length);
    case Kind::StoreStatusWord:
      gpr = i.bytes == 2 ? (gpr & ~u64{0xffff}) | (r.cr0 & 0xffff) : r.cr0;
      return go_on(vcpu, i.length);
    default: return give_up(vcpu, exit, "control register");
  }
}

}  // namespace

Outcome handle_page_fault(VirtualProcessor& vcpu, const Exit& exit) {
  const WalkAccess access{(exit.error & arch::pf::kWrite) != 0, (exit.error & arch::pf::kUser) != 0,
                          (exit.error & arch::pf::kFetch) != 0};
  const WalkResult found = access_guest(vcpu, exit.address, access);
  if (found.again) return Outcome::Continue;
  if (!found.found) return raise_page_fault(vcpu, exit, found.error);
  if (vcpu.machine->memory.at(align_down(found.address, 4096), 4096) == nullptr) {
    Exit device = exit;
    device.kind = ExitKind::Memory;
    device.address = found.address;
    device.write = access.write;
    return handle_device_access(vcpu, device);
  }
  flush(vcpu, vcpu.shadow->tables.fill(page_for(vcpu, found, access, exit.address)), exit.address);
  return Outcome::Continue;
}

Outcome handle_read_control(VirtualProcessor& vcpu, const Exit& exit) {
  return handle_control(vcpu, exit, false);
}
Outcome handle_write_control(VirtualProcessor& vcpu, const Exit& exit) {
  return handle_control(vcpu, exit, true);
}

// Without the processor's help the address is not looked for: then all pages are invalidated.
Outcome handle_invalidate_page(VirtualProcessor& vcpu, const Exit& exit) {
  if (exit.length != 0) {
    flush(vcpu, vcpu.shadow->tables.invalidate(exit.address), exit.address);
    return go_on(vcpu, exit.length);
  }
  u8 bytes[15];
  ControlInstruction i;
  if (!decode_control(bytes, fetch_instruction(vcpu, bytes), code_bytes(vcpu.registers), i))
    return give_up(vcpu, exit, "INVLPG");
  vcpu.shadow->select = true;
  return go_on(vcpu, i.length);
}

}  // namespace hvlab::hypervisor
