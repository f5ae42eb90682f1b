// Checks on the host-state area (SDM vol. 3, 27.2.2 to 27.2.4).
#include "sim/vmx/check_helpers.hpp"

namespace hvlab::vmx {

namespace {

using enum Control;
using arch::vmx::operator+;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

bool canonical(In e, Field f) { return cpu::canonical(e.vmcs[f]); }

// Not in the list, because their features are not there: CET (CR4.CET, S_CET, SSP), PKRS, LAM and FRED.
constexpr Check kRegisterChecks[] = {
    {"host CR0 has the fixed bits of VMX operation",
     [](In e) {
       return fixed_bits_hold(e.vmcs[Field::HostCr0], e.cpu.vmx.cr0_fixed0, e.cpu.vmx.cr0_fixed1,
                              kUncheckedCr0);
     }},
    {"host CR4 has the fixed bits of VMX operation",
     [](In e) {
       return fixed_bits_hold(e.vmcs[Field::HostCr4], e.cpu.vmx.cr4_fixed0, e.cpu.vmx.cr4_fixed1, 0);
     }},
    {"host CR3 is within the physical-address width",
     [](In e) { return !beyond(e, e.vmcs[Field::HostCr3]); }},
    {"host IA32_SYSENTER_ESP is canonical", [](In e) { return canonical(e, Field::HostSysenterEsp); }},
    {"host IA32_SYSENTER_EIP is canonical", [](In e) { return canonical(e, Field::HostSysenterEip); }},
    {"\"load IA32_PERF_GLOBAL_CTRL\": reserved bits of the host's are 0",
     [](In e) {
       return !has(e, ExitLoadPerfGlobalCtrl) ||
              (e.vmcs[Field::HostPerfGlobalCtrl] & ~kPerfGlobalCtrlBits) == 0;
     }},
    {"\"load IA32_PAT\": the host's memory types exist",
     [](In e) { return !has(e, ExitLoadPat) || pat_valid(e.vmcs[Field::HostPat]); }},
    {"\"load IA32_EFER\": reserved bits of the host's are 0",
     [](In e) { return !has(e, ExitLoadEfer) || (e.vmcs[Field::HostEfer] & ~efer_bits(e)) == 0; }},
    {"\"load IA32_EFER\": the host's LMA and LME are as \"host address-space size\"",
     [](In e) {
       if (!has(e, ExitLoadEfer)) return true;
       const u64 both = efer::kLma | efer::kLme;
       return (e.vmcs[Field::HostEfer] & both) == (has(e, HostAddressSpaceSize) ? both : 0);
     }},
};

constexpr Check kSegmentChecks[] = {
    {"RPL and TI of the host's selectors are 0",
     [](In e) {
       for (unsigned n = 0; n < 7; ++n)  // ES, CS, SS, DS, FS, GS, TR
         if ((field16(e, Field::HostEsSelector + n) & 7) != 0) return false;
       return true;
     }},
    {"host CS selector is not null", [](In e) { return field16(e, Field::HostCsSelector) != 0; }},
    {"host TR selector is not null", [](In e) { return field16(e, Field::HostTrSelector) != 0; }},
    {"host SS selector is not null without \"host address-space size\"",
     [](In e) { return has(e, HostAddressSpaceSize) || field16(e, Field::HostSsSelector) != 0; }},
    {"host base addresses of FS, GS, TR, GDTR and IDTR are canonical",
     [](In e) {
       return canonical(e, Field::HostFsBase) && canonical(e, Field::HostGsBase) &&
              canonical(e, Field::HostTrBase) && canonical(e, Field::HostGdtrBase) &&
              canonical(e, Field::HostIdtrBase);
     }},
};

bool host_cr4(In e, u64 mask) { return (e.vmcs[Field::HostCr4] & mask) != 0; }

constexpr Check kAddressSpaceChecks[] = {
    {"outside IA-32e mode: \"IA-32e mode guest\" is 0",
     [](In e) { return e.cpu.long_active() || !has(e, Ia32eModeGuest); }},
    {"outside IA-32e mode: \"host address-space size\" is 0",
     [](In e) { return e.cpu.long_active() || !has(e, HostAddressSpaceSize); }},
    {"in IA-32e mode: \"host address-space size\" is 1",
     [](In e) { return !e.cpu.long_active() || has(e, HostAddressSpaceSize); }},
    // The two before exclude that it is this one.
    {"without \"host address-space size\": \"IA-32e mode guest\" is 0",
     [](In e) { return has(e, HostAddressSpaceSize) || !has(e, Ia32eModeGuest); }},
    {"without \"host address-space size\": host CR4.PCIDE is 0",
     [](In e) { return has(e, HostAddressSpaceSize) || !host_cr4(e, cr4::kPcide); }},
    {"without \"host address-space size\": bits 63:32 of host RIP are 0",
     [](In e) { return has(e, HostAddressSpaceSize) || (e.vmcs[Field::HostRip] >> 32) == 0; }},
    {"\"host address-space size\": host CR4.PAE is 1",
     [](In e) { return !has(e, HostAddressSpaceSize) || host_cr4(e, cr4::kPae); }},
    {"\"host address-space size\": host RIP is canonical",
     [](In e) { return !has(e, HostAddressSpaceSize) || canonical(e, Field::HostRip); }},
    // Again only for the list: such a processor is never in IA-32e mode.
    {"without Intel 64: \"IA-32e mode guest\" and \"host address-space size\" are 0",
     [](In e) {
       return e.cpu.has(arch::Feature::Lm) || (!has(e, Ia32eModeGuest) && !has(e, HostAddressSpaceSize));
     }},
};

}  // namespace

std::span<const Check> host_register_checks() { return kRegisterChecks; }
bool host_registers_hold(In e) { return all_hold<kRegisterChecks>(e); }
std::span<const Check> host_segment_checks() { return kSegmentChecks; }
bool host_segments_hold(In e) { return all_hold<kSegmentChecks>(e); }
std::span<const Check> address_space_checks() { return kAddressSpaceChecks; }
bool address_space_holds(In e) { return all_hold<kAddressSpaceChecks>(e); }

}  // namespace hvlab::vmx
