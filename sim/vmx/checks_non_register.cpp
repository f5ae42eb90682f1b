// Checks on the guest's non-register state and its PDPTEs (SDM vol. 3, 27.3.1.5 and 27.3.1.6).
#include "sim/mmu/paging_entry.hpp"
#include "sim/vmx/check_helpers.hpp"

namespace hvlab::vmx {

namespace {

using enum Control;
using arch::vmx::GuestActivity;
using arch::vmx::operator+;
using Type = arch::vmx::interruption::Type;
namespace interruptibility = arch::vmx::interruptibility;
namespace misc = arch::vmx::misc;
namespace flag = arch::flag;

u32 blocking(In e, u32 mask) { return field32(e, Field::GuestInterruptibility) & mask; }
bool activity_is(In e, GuestActivity a) { return field32(e, Field::GuestActivity) == static_cast<u32>(a); }

// --- activity state ---

bool activity_exists(In e) {
  switch (field32(e, Field::GuestActivity)) {
    case static_cast<u32>(GuestActivity::Active): return true;
    case static_cast<u32>(GuestActivity::Hlt): return (e.cpu.vmx.misc & misc::kHlt) != 0;
    case static_cast<u32>(GuestActivity::Shutdown): return (e.cpu.vmx.misc & misc::kShutdown) != 0;
    case static_cast<u32>(GuestActivity::WaitForSipi): return (e.cpu.vmx.misc & misc::kWaitForSipi) != 0;
    default: return false;
  }
}
bool injected_exception_is(In e, arch::Exception vector) {
  return injects(e, Type::HardwareException) && (interruption_info(e) & 0xFF) == static_cast<u32>(vector);
}
/// The event to be injected is not one that the activity state blocks.
bool injection_reaches_activity(In e) {
  if (!injects(e) || activity_is(e, GuestActivity::Active)) return true;
  const bool machine_check = injected_exception_is(e, arch::Exception::MachineCheck);
  if (activity_is(e, GuestActivity::Hlt))
    return injects(e, Type::External) || injects(e, Type::Nmi) || injects(e, Type::Other) || machine_check ||
           injected_exception_is(e, arch::Exception::Debug);
  if (activity_is(e, GuestActivity::Shutdown)) return injects(e, Type::Nmi) || machine_check;
  return false;
}

// --- pending debug exceptions ---

constexpr u64 kPendingReserved = ~low_mask(17) | bit(15) | bit(13) | (low_mask(12) & ~low_mask(4));
constexpr u64 kPendingBs = bit(14), kPendingRtm = bit(16);

/// Where no instruction comes between VM entry and the pending trap, BS is as TF and BTF would have set it.
bool single_step_matters(In e) {
  return blocking(e, interruptibility::kSti | interruptibility::kMovSs) != 0 ||
         activity_is(e, GuestActivity::Hlt);
}
bool single_stepping(In e) {
  return guest_rflag(e, flag::kTf) && (e.vmcs[Field::GuestDebugCtl] & arch::msr::kDebugCtlBtf) == 0;
}
bool pending(In e, u64 mask) { return (e.vmcs[Field::GuestPendingDebug] & mask) != 0; }

// --- VMCS link pointer ---

u64 link(In e) { return e.vmcs[Field::VmcsLinkPointer]; }
bool linked(In e) { return link(e) != arch::vmx::kNoVmcs; }
bool link_revision(In e) {
  if (!linked(e)) return true;
  const u32 shadow = has(e, VmcsShadowing) ? arch::vmx::kShadowIndicator : 0;
  return peek<u32>(e.cpu, link(e)) == (e.cpu.vmx.revision | shadow);
}

constexpr u8 kLink = entry_failure::kLinkPointer;

constexpr Check kNonRegisterChecks[] = {
    // Activity state.
    {"the activity state is one that IA32_VMX_MISC has", activity_exists},
    {"the activity state is not HLT where SS's DPL is not 0",
     [](In e) {
       const u32 dpl = (field32(e, Field::GuestSsAccessRights) >> 5) & 3;
       return !activity_is(e, GuestActivity::Hlt) || dpl == 0;
     }},
    {"the activity state is active where STI or MOV SS blocks",
     [](In e) {
       return activity_is(e, GuestActivity::Active) ||
              blocking(e, interruptibility::kSti | interruptibility::kMovSs) == 0;
     }},
    {"the activity state does not block the injected event", injection_reaches_activity},
    {"the activity state is not wait-for-SIPI with \"entry to SMM\"",
     [](In e) { return !has(e, EntryToSmm) || !activity_is(e, GuestActivity::WaitForSipi); }},
    // Interruptibility state.
    {"reserved bits of the interruptibility state are 0",
     [](In e) { return (field32(e, Field::GuestInterruptibility) >> 5) == 0; }},
    {"STI and MOV SS do not both block",
     [](In e) { return !blocking(e, interruptibility::kSti) || !blocking(e, interruptibility::kMovSs); }},
    {"STI does not block where RFLAGS.IF is 0",
     [](In e) { return !blocking(e, interruptibility::kSti) || guest_rflag(e, flag::kIf); }},
    {"neither STI nor MOV SS blocks an injected external interrupt",
     [](In e) {
       return !injects(e, Type::External) || !blocking(e, interruptibility::kSti | interruptibility::kMovSs);
     }},
    {"MOV SS does not block an injected NMI",
     [](In e) { return !injects(e, Type::Nmi) || !blocking(e, interruptibility::kMovSs); }},
    {"outside SMM: blocking by SMI is 0", [](In e) { return !blocking(e, interruptibility::kSmi); }},
    {"\"entry to SMM\": blocking by SMI is 1",
     [](In e) { return !has(e, EntryToSmm) || blocking(e, interruptibility::kSmi); }},
    // The manual lets a processor require this or not, and has a qualification for those that do.
    {"STI does not block an injected NMI",
     [](In e) { return !injects(e, Type::Nmi) || !blocking(e, interruptibility::kSti); },
     entry_failure::kNmiInjection},
    {"\"virtual NMIs\": an injected NMI is not blocked by NMI",
     [](In e) {
       return !has(e, VirtualNmis) || !injects(e, Type::Nmi) || !blocking(e, interruptibility::kNmi);
     }},
    // There is no SGX, which it would need.
    {"the enclave-interruption bit is 0 on a processor without SGX",
     [](In e) { return !blocking(e, interruptibility::kEnclave); }},
    // Pending debug exceptions. Bit 11 would be bus-lock detection's.
    {"reserved bits of the pending debug exceptions are 0",
     [](In e) { return !pending(e, kPendingReserved); }},
    {"BS is pending where STI or MOV SS blocks, or in HLT, if TF is 1 and BTF is 0",
     [](In e) { return !single_step_matters(e) || !single_stepping(e) || pending(e, kPendingBs); }},
    {"BS is not pending where STI or MOV SS blocks, or in HLT, if TF is 0 or BTF is 1",
     [](In e) { return !single_step_matters(e) || single_stepping(e) || !pending(e, kPendingBs); }},
    {"RTM is not pending on a processor without RTM", [](In e) { return !pending(e, kPendingRtm); }},
    // VMCS link pointer.
    {"bits 11:0 of the VMCS link pointer are 0", [](In e) { return !linked(e) || (link(e) & 0xFFF) == 0; },
     kLink},
    {"the VMCS link pointer is within the physical-address width",
     [](In e) { return !linked(e) || !beyond(e, link(e)); }, kLink},
    {"the VMCS link pointer's region has the revision, and is a shadow VMCS with \"VMCS shadowing\" only",
     link_revision, kLink},
    {"the VMCS link pointer is not the current VMCS", [](In e) { return !linked(e) || link(e) != e.current; },
     kLink},
};

// --- PDPTEs ---

bool pae_paging(In e) {
  return guest_cr0(e, arch::cr0::kPg) && (e.vmcs[Field::GuestCr4] & arch::cr4::kPae) != 0 &&
         !has(e, Ia32eModeGuest);
}
/// As MOV to CR3 checks them (4.4.1): reserved bits matter in entries that are present.
bool pdptes_valid(In e) {
  if (!pae_paging(e)) return true;
  const u64 table = e.vmcs[Field::GuestCr3] & 0xFFFF'FFE0;
  for (unsigned n = 0; n < 4; ++n) {
    const u64 entry =
        has(e, EnableEpt) ? e.vmcs[Field::GuestPdpte0 + n] : peek<u64>(e.cpu, table + n * sizeof(u64));
    if ((entry & mmu::kPresent) != 0 && (entry & mmu::pdpte_reserved(e.cpu)) != 0) return false;
  }
  return true;
}

constexpr Check kPdpteChecks[] = {
    {"PAE paging: reserved bits of present PDPTEs are 0", pdptes_valid, entry_failure::kPdptes},
};

}  // namespace

std::span<const Check> guest_non_register_checks() { return kNonRegisterChecks; }
bool guest_non_registers_hold(In e) { return all_hold<kNonRegisterChecks>(e); }
std::span<const Check> guest_pdpte_checks() { return kPdpteChecks; }
bool guest_pdptes_hold(In e) { return all_hold<kPdpteChecks>(e); }

}  // namespace hvlab::vmx
