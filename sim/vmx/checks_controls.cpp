// Checks on the VM-exit and VM-entry control fields (SDM vol. 3, 27.2.1.2 and 27.2.1.3).
#include "sim/vmx/check_helpers.hpp"

namespace hvlab::vmx {

namespace {

namespace interruption = arch::vmx::interruption;
using Type = interruption::Type;
using enum Control;

/// An MSR area of `count` entries of 16 bytes is aligned, begins and ends within the physical-address width.
/// Sums cannot wrap where the first comparison holds.
bool area_aligned(In e, Field count, Field address) {
  return field32(e, count) == 0 || ((e.vmcs[address] & 0xF) == 0 && !beyond(e, e.vmcs[address]));
}
bool area_ends_within(In e, Field count, Field address) {
  const u64 entries = field32(e, count);
  return entries == 0 || (!beyond(e, e.vmcs[address]) && !beyond(e, e.vmcs[address] + entries * 16 - 1));
}

constexpr Check kExitChecks[] = {
    {"reserved bits in the VM-exit controls",
     [](In e) { return word_allowed(e, Word::Exit, Field::ExitControls); }},
    {"\"save VMX-preemption timer value\" needs \"activate VMX-preemption timer\"",
     [](In e) { return has(e, ActivatePreemptionTimer) || !has(e, SavePreemptionTimer); }},
    {"the VM-exit MSR-store address is a multiple of 16 within the physical-address width",
     [](In e) { return area_aligned(e, Field::ExitMsrStoreCount, Field::ExitMsrStoreAddress); }},
    {"the VM-exit MSR-store area ends within the physical-address width",
     [](In e) { return area_ends_within(e, Field::ExitMsrStoreCount, Field::ExitMsrStoreAddress); }},
    {"the VM-exit MSR-load address is a multiple of 16 within the physical-address width",
     [](In e) { return area_aligned(e, Field::ExitMsrLoadCount, Field::ExitMsrLoadAddress); }},
    {"the VM-exit MSR-load area ends within the physical-address width",
     [](In e) { return area_ends_within(e, Field::ExitMsrLoadCount, Field::ExitMsrLoadAddress); }},
};

// --- event injection ---

Type type(In e) { return interruption::type_of(interruption_info(e)); }
unsigned vector(In e) { return interruption_info(e) & 0xFF; }

bool type_exists(In e) {
  if (!injects(e)) return true;
  const bool other = e.cpu.vmx.has(MonitorTrapFlag);
  return static_cast<unsigned>(type(e)) != 1 && (type(e) != Type::Other || other);
}
bool vector_fits(In e) {
  if (injects(e, Type::Nmi)) return vector(e) == 2;
  if (injects(e, Type::HardwareException)) return vector(e) <= 31;
  if (injects(e, Type::Other)) return vector(e) == 0;  // a pending MTF VM exit
  return true;
}
/// The event has an error code if and only if the exception has one in protected mode. Without "unrestricted
/// guest" CR0.PE counts as 1, as on processors, even where the guest-state area has it clear, which fails
/// later. IA32_VMX_BASIC bit 56 is 0.
bool error_code_delivered_rightly(In e) {
  if (!injects(e)) return true;
  const bool protected_mode = !has(e, UnrestrictedGuest) || guest_cr0(e, arch::cr0::kPe);
  const bool has_one = type(e) == Type::HardwareException && vector(e) <= 31 &&
                       arch::pushes_error_code(static_cast<arch::Exception>(vector(e)));
  return ((interruption_info(e) & interruption::kErrorValid) != 0) == (protected_mode && has_one);
}
bool instruction_length_fits(In e) {
  if (!injects(e, Type::Software) && !injects(e, Type::SoftwareException) &&
      !injects(e, Type::PrivilegedSoftware))
    return true;
  const u32 length = field32(e, Field::EntryInstructionLength);
  return length <= 15 && (length != 0 || (e.cpu.vmx.misc & arch::vmx::misc::kShortInjection) != 0);
}

constexpr u32 kReservedInfo = 0x7FFF'F000;   // bits 30:12
constexpr u32 kReservedError = 0xFFFF'0000;  // bits 31:16: bit 15 is SGX's on recent processors

constexpr Check kEntryChecks[] = {
    {"reserved bits in the VM-entry controls",
     [](In e) { return word_allowed(e, Word::Entry, Field::EntryControls); }},
    {"event injection: the interruption type exists", type_exists},
    {"event injection: the vector fits the type", vector_fits},
    {"event injection: an error code is delivered where the exception has one, and nowhere else",
     error_code_delivered_rightly},
    {"event injection: reserved bits are 0",
     [](In e) { return !injects(e) || (interruption_info(e) & kReservedInfo) == 0; }},
    {"event injection: bits 31:16 of the error code are 0",
     [](In e) {
       return !injects(e) || (interruption_info(e) & interruption::kErrorValid) == 0 ||
              (field32(e, Field::EntryExceptionErrorCode) & kReservedError) == 0;
     }},
    {"event injection: the instruction length of a software event is 1 to 15, or 0 where IA32_VMX_MISC "
     "says so",
     instruction_length_fits},
    {"the VM-entry MSR-load address is a multiple of 16 within the physical-address width",
     [](In e) { return area_aligned(e, Field::EntryMsrLoadCount, Field::EntryMsrLoadAddress); }},
    {"the VM-entry MSR-load area ends within the physical-address width",
     [](In e) { return area_ends_within(e, Field::EntryMsrLoadCount, Field::EntryMsrLoadAddress); }},
    // There is no system-management mode, so that the third of these three cannot be the one that fails.
    {"outside SMM: \"entry to SMM\" is 0", [](In e) { return !has(e, EntryToSmm); }},
    {"outside SMM: \"deactivate dual-monitor treatment\" is 0",
     [](In e) { return !has(e, DeactivateDualMonitor); }},
    {"\"entry to SMM\" and \"deactivate dual-monitor treatment\" are not both 1",
     [](In e) { return !has(e, EntryToSmm) || !has(e, DeactivateDualMonitor); }},
};

}  // namespace

std::span<const Check> exit_control_checks() { return kExitChecks; }
bool exit_controls_hold(In e) { return all_hold<kExitChecks>(e); }
std::span<const Check> entry_control_checks() { return kEntryChecks; }
bool entry_controls_hold(In e) { return all_hold<kEntryChecks>(e); }

}  // namespace hvlab::vmx
