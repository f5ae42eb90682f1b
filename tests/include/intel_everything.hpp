// A processor of Intel's kind with VMX and all of it that HVLab has, for tests.
#pragma once

#include <algorithm>

#include "machine_code.hpp"

namespace hvlab::test {

/// Controls that the room of VMX does not have: what they are about does not exist here.
inline bool vmx_control_absent(arch::vmx::Control c) {
  using enum arch::vmx::Control;
  constexpr arch::vmx::Control kAbsent[] = {
      EnclsExiting, ConcealFromPt,    ExitLoadPerfGlobalCtrl, ExitClearBndcfgs,   ExitConcealFromPt,
      EntryToSmm,   EntryLoadBndcfgs, DeactivateDualMonitor,  EntryConcealFromPt, EntryLoadPerfGlobalCtrl};
  return std::ranges::find(kAbsent, c) != std::end(kAbsent);
}

/// Every control that there is, the TRUE capability MSRs, every ability of EPT, VPID and IA32_VMX_MISC.
inline arch::vmx::Capabilities vmx_everything() {
  namespace vmx = arch::vmx;
  vmx::Capabilities c;
  c.revision = 0x12;
  c.true_controls = true;
  std::vector<vmx::Control> controls;
  for (size_t n = 0; n < vmx::kControls; ++n)
    if (const auto control = static_cast<vmx::Control>(n); !vmx_control_absent(control))
      controls.push_back(control);
  vmx::allow_controls(c, controls.data(), controls.size());
  c.misc = 5 | vmx::misc::kStoreLma | vmx::misc::kHlt | vmx::misc::kShutdown | vmx::misc::kWaitForSipi |
           u64{4} << vmx::misc::kCr3TargetsShift | vmx::misc::kWriteReadOnly | vmx::misc::kShortInjection;
  using namespace vmx::ept_vpid;
  c.ept_vpid = kExecuteOnly | kWalk4 | kWalk5 | kUncacheable | kWriteBack | k2m | k1g | kInvept |
               kAccessedDirty | kAdvancedInformation | kInveptSingle | kInveptAll | kInvvpid |
               kInvvpidAddress | kInvvpidSingle | kInvvpidAll | kInvvpidKeepGlobal;
  c.vm_functions = 1;  // EPTP switching
  return c;
}

/// everything() of an Intel processor: with VMX, without what is AMD's alone.
inline timing::Profile intel_everything() {
  timing::Profile p = everything();
  const auto amd = [](const std::string& name) {
    constexpr std::string_view kAmd[] = {
        "svm",          "npt",         "lbrv",          "svm_lock",    "nrip_save",   "tsc_scale",
        "vmcb_clean",   "flushbyasid", "decodeassists", "pausefilter", "pfthreshold", "vgif",
        "perfctr_core", "amd_ibpb",    "amd_ibrs",      "amd_stibp",   "amd_ssbd"};
    return std::ranges::find(kAmd, name) != std::end(kAmd);
  };
  std::erase_if(p.features, amd);
  p.features.emplace_back("vmx");
  p.vmx = vmx_everything();
  return p;
}

}  // namespace hvlab::test
