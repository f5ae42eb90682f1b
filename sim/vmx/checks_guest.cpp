// Checks on the guest's control registers, debug registers and MSRs, descriptor-table registers, RIP and
// RFLAGS (SDM vol. 3, 27.3.1.1, 27.3.1.3 and 27.3.1.4).
#include "sim/vmx/check_helpers.hpp"

namespace hvlab::vmx {

namespace {

using enum Control;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;
namespace flag = arch::flag;

bool canonical(In e, Field f) { return cpu::canonical(e.vmcs[f]); }

u64 unchecked_cr0(In e) {
  return has(e, UnrestrictedGuest) ? kUncheckedCr0 | cr0::kPe | cr0::kPg : kUncheckedCr0;
}

/// LMA is as "IA-32e mode guest"; with paging LME is too.
bool guest_efer_modes(In e) {
  if (!has(e, EntryLoadEfer)) return true;
  const u64 value = e.vmcs[Field::GuestEfer];
  const bool lma = (value & efer::kLma) != 0, lme = (value & efer::kLme) != 0;
  return lma == has(e, Ia32eModeGuest) && (!guest_cr0(e, cr0::kPg) || lma == lme);
}

/// IA32_BNDCFGS: 11:2 are reserved, 63:12 an address.
bool bndcfgs_valid(u64 value) {
  constexpr u64 kReserved = 0xFFC;
  return (value & kReserved) == 0 && cpu::canonical(value & ~u64{0xFFF});
}

// Not in the list, because their features are not there: CET, RTIT_CTL, LBR_CTL, PKRS, UINV, LAM and FRED.
constexpr Check kRegisterChecks[] = {
    {"guest CR0 has the fixed bits of VMX operation",
     [](In e) {
       return fixed_bits_hold(e.vmcs[Field::GuestCr0], e.cpu.vmx.cr0_fixed0, e.cpu.vmx.cr0_fixed1,
                              unchecked_cr0(e));
     }},
    {"guest CR0.PG needs CR0.PE", [](In e) { return !guest_cr0(e, cr0::kPg) || guest_cr0(e, cr0::kPe); }},
    {"guest CR4 has the fixed bits of VMX operation",
     [](In e) {
       return fixed_bits_hold(e.vmcs[Field::GuestCr4], e.cpu.vmx.cr4_fixed0, e.cpu.vmx.cr4_fixed1, 0);
     }},
    {"\"load debug controls\": reserved bits of IA32_DEBUGCTL are 0",
     [](In e) {
       return !has(e, EntryLoadDebugControls) || (e.vmcs[Field::GuestDebugCtl] & ~kDebugCtlBits) == 0;
     }},
    {"\"IA-32e mode guest\" needs guest CR0.PG and CR4.PAE",
     [](In e) {
       return !has(e, Ia32eModeGuest) ||
              (guest_cr0(e, cr0::kPg) && (e.vmcs[Field::GuestCr4] & cr4::kPae) != 0);
     }},
    {"without \"IA-32e mode guest\": guest CR4.PCIDE is 0",
     [](In e) { return has(e, Ia32eModeGuest) || (e.vmcs[Field::GuestCr4] & cr4::kPcide) == 0; }},
    {"guest CR3 is within the physical-address width",
     [](In e) { return !beyond(e, e.vmcs[Field::GuestCr3]); }},
    {"\"load debug controls\": bits 63:32 of DR7 are 0",
     [](In e) { return !has(e, EntryLoadDebugControls) || (e.vmcs[Field::GuestDr7] >> 32) == 0; }},
    {"guest IA32_SYSENTER_ESP is canonical", [](In e) { return canonical(e, Field::GuestSysenterEsp); }},
    {"guest IA32_SYSENTER_EIP is canonical", [](In e) { return canonical(e, Field::GuestSysenterEip); }},
    {"\"load IA32_PERF_GLOBAL_CTRL\": reserved bits of the guest's are 0",
     [](In e) {
       return !has(e, EntryLoadPerfGlobalCtrl) ||
              (e.vmcs[Field::GuestPerfGlobalCtrl] & ~kPerfGlobalCtrlBits) == 0;
     }},
    {"\"load IA32_PAT\": the guest's memory types exist",
     [](In e) { return !has(e, EntryLoadPat) || pat_valid(e.vmcs[Field::GuestPat]); }},
    {"\"load IA32_EFER\": reserved bits of the guest's are 0",
     [](In e) { return !has(e, EntryLoadEfer) || (e.vmcs[Field::GuestEfer] & ~efer_bits(e)) == 0; }},
    {"\"load IA32_EFER\": the guest's LMA is as \"IA-32e mode guest\", and under paging as LME",
     guest_efer_modes},
    {"\"load IA32_BNDCFGS\": reserved bits are 0 and the address is canonical",
     [](In e) { return !has(e, EntryLoadBndcfgs) || bndcfgs_valid(e.vmcs[Field::GuestBndcfgs]); }},
};

constexpr Check kDescriptorTableChecks[] = {
    {"guest base addresses of GDTR and IDTR are canonical",
     [](In e) { return canonical(e, Field::GuestGdtrBase) && canonical(e, Field::GuestIdtrBase); }},
    {"bits 31:16 of the guest's GDTR and IDTR limits are 0",
     [](In e) {
       return (field32(e, Field::GuestGdtrLimit) >> 16) == 0 &&
              (field32(e, Field::GuestIdtrLimit) >> 16) == 0;
     }},
};

bool code64(In e) {
  return has(e, Ia32eModeGuest) && (field32(e, Field::GuestCsAccessRights) & arch::attribute::kLong) != 0;
}
/// Bits 63:48 of RIP must be alike, but not like bit 47: where the two differ the guest is entered and
/// faults.
bool rip_sign_extended(In e) {
  const u64 high = e.vmcs[Field::GuestRip] >> 48;
  return !code64(e) || high == 0 || high == 0xFFFF;
}

constexpr u64 kRflagsReserved = ~low_mask(22) | bit(15) | bit(5) | bit(3);

constexpr Check kRipRflagsChecks[] = {
    {"bits 63:32 of guest RIP are 0 outside 64-bit mode",
     [](In e) { return code64(e) || (e.vmcs[Field::GuestRip] >> 32) == 0; }},
    {"bits 63:48 of guest RIP are identical in 64-bit mode", rip_sign_extended},
    {"reserved bits of guest RFLAGS are 0, and bit 1 is 1",
     [](In e) { return !guest_rflag(e, kRflagsReserved) && guest_rflag(e, flag::kFixed1); }},
    {"guest RFLAGS.VM is 0 in IA-32e mode and with CR0.PE = 0",
     [](In e) { return !guest_rflag(e, flag::kVm) || (!has(e, Ia32eModeGuest) && guest_cr0(e, cr0::kPe)); }},
    {"guest RFLAGS.IF is 1 if an external interrupt is injected",
     [](In e) { return !injects(e, arch::vmx::interruption::Type::External) || guest_rflag(e, flag::kIf); }},
};

}  // namespace

std::span<const Check> guest_register_checks() { return kRegisterChecks; }
bool guest_registers_hold(In e) { return all_hold<kRegisterChecks>(e); }
std::span<const Check> guest_descriptor_table_checks() { return kDescriptorTableChecks; }
bool guest_descriptor_tables_hold(In e) { return all_hold<kDescriptorTableChecks>(e); }
std::span<const Check> guest_rip_rflags_checks() { return kRipRflagsChecks; }
bool guest_rip_rflags_hold(In e) { return all_hold<kRipRflagsChecks>(e); }

}  // namespace hvlab::vmx
