#include "sim/timing/vmx_reader.hpp"

#include <algorithm>
#include <span>

namespace hvlab::timing {
namespace {

namespace vmx = arch::vmx;
using vmx::Capabilities;
using vmx::Control;

/// A bit of a capability MSR as profiles call it.
struct Ability {
  const char* name;
  u64 bits;
};

/// IA32_VMX_EPT_VPID_CAP (A.10).
constexpr Ability kEptVpid[] = {
    {"execute-only", vmx::ept_vpid::kExecuteOnly},
    {"4-level walk", vmx::ept_vpid::kWalk4},
    {"uncacheable tables", vmx::ept_vpid::kUncacheable},
    {"write-back tables", vmx::ept_vpid::kWriteBack},
    {"2 MiB pages", vmx::ept_vpid::k2m},
    {"1 GiB pages", vmx::ept_vpid::k1g},
    {"INVEPT", vmx::ept_vpid::kInvept},
    {"accessed and dirty flags", vmx::ept_vpid::kAccessedDirty},
    {"advanced exit information", vmx::ept_vpid::kAdvancedInformation},
    {"single-context INVEPT", vmx::ept_vpid::kInveptSingle},
    {"all-context INVEPT", vmx::ept_vpid::kInveptAll},
    {"INVVPID", vmx::ept_vpid::kInvvpid},
    {"individual-address INVVPID", vmx::ept_vpid::kInvvpidAddress},
    {"single-context INVVPID", vmx::ept_vpid::kInvvpidSingle},
    {"all-context INVVPID", vmx::ept_vpid::kInvvpidAll},
    {"globals-retaining INVVPID", vmx::ept_vpid::kInvvpidKeepGlobal},
};

/// IA32_VMX_MISC (A.6), but for its numbers.
constexpr Ability kMisc[] = {
    {"stores IA-32e mode guest", vmx::misc::kStoreLma},
    {"activity HLT", vmx::misc::kHlt},
    {"activity shutdown", vmx::misc::kShutdown},
    {"activity wait-for-SIPI", vmx::misc::kWaitForSipi},
    {"writes read-only fields", vmx::misc::kWriteReadOnly},
    {"injects with length 0", vmx::misc::kShortInjection},
};

/// IA32_VMX_VMFUNC (A.11).
constexpr Ability kFunctions[] = {{"EPTP switching", 1}};

/// Controls that HVLab knows by name and does not implement: what they are about it does not model.
constexpr Control kNotImplemented[] = {
    Control::ExitLoadPerfGlobalCtrl,
    Control::EntryLoadPerfGlobalCtrl,  // architectural performance monitoring
    Control::EnclsExiting,             // SGX
    Control::ConcealFromPt,
    Control::ExitConcealFromPt,  // processor trace
    Control::EntryConcealFromPt,
    Control::ExitClearBndcfgs,
    Control::EntryLoadBndcfgs,  // MPX
    Control::EntryToSmm,
    Control::DeactivateDualMonitor,  // VMX in system-management mode
};

/// A control that only a processor with another one has, or with a feature.
struct Dependency {
  Control control, needs;
};
constexpr Dependency kDependencies[] = {
    {Control::UnrestrictedGuest, Control::EnableEpt},
    {Control::EnablePml, Control::EnableEpt},
    {Control::EptViolationVe, Control::EnableEpt},
    {Control::ModeBasedExecute, Control::EnableEpt},
    {Control::VirtualNmis, Control::NmiExiting},
    {Control::NmiWindowExiting, Control::VirtualNmis},
    {Control::SavePreemptionTimer, Control::ActivatePreemptionTimer},
    {Control::VirtualizeX2apicMode, Control::UseTprShadow},
    {Control::ApicRegisterVirtualization, Control::UseTprShadow},
    {Control::VirtualInterruptDelivery, Control::UseTprShadow},
    {Control::ProcessPostedInterrupts, Control::VirtualInterruptDelivery},
    {Control::ProcessPostedInterrupts, Control::AcknowledgeInterruptOnExit},
};
struct FeatureNeed {
  Control control;
  const char* feature;
};
constexpr FeatureNeed kFeatureNeeds[] = {
    {Control::EnableRdtscp, "rdtscp"},     {Control::EnableInvpcid, "invpcid"},
    {Control::RdrandExiting, "rdrand"},    {Control::RdseedExiting, "rdseed"},
    {Control::MonitorExiting, "monitor"},  {Control::MwaitExiting, "monitor"},
    {Control::HostAddressSpaceSize, "lm"}, {Control::Ia32eModeGuest, "lm"},
    {Control::EnableXsaves, "xsaves"},
};

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }
std::string_view name_of(Control c) { return vmx::kControlRows[static_cast<size_t>(c)].name; }

bool has_feature(const Profile& profile, std::string_view name) {
  return std::ranges::count(profile.features, name) != 0;
}

/// The control that an item of 'controls' names.
Control read_control(const YamlMap& map, const YAML::Node& item) {
  const auto control = vmx::control_by_name(item.Scalar());
  if (!control) map.fail(item, quoted(item.Scalar()) + " is no control (sim/arch/vmx_controls.inc)");
  if (std::ranges::count(kNotImplemented, *control) != 0)
    map.fail(item, "HVLab does not implement the control " + quoted(item.Scalar()));
  if ((vmx::kDefault1[static_cast<size_t>(vmx::word_of(*control))] & vmx::bit_of(*control)) != 0)
    map.fail(item, "the control " + quoted(item.Scalar()) + " is 1 on every processor");
  return *control;
}

void check_control(const YamlMap& map, const YAML::Node& item, Control control, const Profile& profile) {
  const Capabilities& c = profile.vmx;
  const auto need = [&](bool met, std::string_view what) {
    if (!met) map.fail(item, quoted(item.Scalar()) + " needs " + quoted(what));
  };
  if (vmx::word_of(control) == vmx::Word::Secondary)
    need(c.has(Control::ActivateSecondaryControls), name_of(Control::ActivateSecondaryControls));
  for (const Dependency& each : kDependencies)
    if (each.control == control) need(c.has(each.needs), name_of(each.needs));
  for (const FeatureNeed& each : kFeatureNeeds)
    if (each.control == control) need(has_feature(profile, each.feature), each.feature);
}

void read_controls(YamlMap& map, Profile& profile) {
  map.take_list("controls");
  std::vector<Control> controls;
  const YAML::Node list = map.take("controls");
  for (const auto& item : list) controls.push_back(read_control(map, item));
  vmx::allow_controls(profile.vmx, controls.data(), controls.size());
  for (size_t n = 0; n < controls.size(); ++n) check_control(map, list[n], controls[n], profile);
}

u64 read_abilities(YamlMap& map, const char* key, std::span<const Ability> known) {
  map.take_list(key);
  u64 word = 0;
  for (const auto& item : map.take(key)) {
    const auto ability =
        std::ranges::find(known, item.Scalar(), [](const Ability& each) { return std::string(each.name); });
    if (ability == known.end()) {
      std::string all;
      for (const Ability& each : known) all += (all.empty() ? "" : ", ") + std::string(each.name);
      map.fail(item, quoted(item.Scalar()) + " is none of " + all);
    }
    word |= ability->bits;
  }
  return word;
}

void read_misc(YamlMap& map, Capabilities& c) {
  c.misc = read_abilities(map, "misc", kMisc);
  if (c.has(Control::ActivatePreemptionTimer)) c.misc |= map.take_integer("timer_rate", 0, 31);
  c.misc |= map.take_integer("cr3_targets", 0, 256) << vmx::misc::kCr3TargetsShift;
  const bool stores = (c.misc & vmx::misc::kStoreLma) != 0;
  if (c.has(Control::UnrestrictedGuest) && !stores)
    map.fail(map.take("misc"), "'unrestricted guest' needs 'stores IA-32e mode guest' (SDM vol. 3, A.6)");
}

constexpr u64 kVpidPart = ~u64{0} << 32;  // of IA32_VMX_EPT_VPID_CAP

/// The part of the EPT and VPID capabilities that the controls need, and no more (A.10).
void check_ept_vpid(YamlMap& map, const Capabilities& c) {
  const YAML::Node node = map.take("ept_vpid");
  constexpr u64 kLeast = vmx::ept_vpid::kWalk4 | vmx::ept_vpid::kWriteBack;
  if (c.has(Control::EnableEpt) && (c.ept_vpid & kLeast) != kLeast)
    map.fail(node, "'enable EPT' needs '4-level walk' and 'write-back tables'");
  if (!c.has(Control::EnableEpt) && (c.ept_vpid & ~kVpidPart) != 0)
    map.fail(node, "there are abilities of EPT without 'enable EPT'");
  if (!c.has(Control::EnableVpid) && (c.ept_vpid & kVpidPart) != 0)
    map.fail(node, "there are abilities of VPID without 'enable VPID'");
  if (c.has(Control::EnablePml) && (c.ept_vpid & vmx::ept_vpid::kAccessedDirty) == 0)
    map.fail(node, "'enable PML' needs 'accessed and dirty flags'");
}

void add_names(u64 word, std::span<const Ability> known, std::vector<std::string>& names) {
  for (const Ability& each : known)
    if ((word & each.bits) != 0) names.emplace_back(each.name);
}

/// Abilities without the control that they are about say nothing.
void drop_abilities(Capabilities& c) {
  constexpr u64 kEptpSwitching = kFunctions[0].bits;
  if (!c.has(Control::EnableEpt)) {
    c.ept_vpid &= kVpidPart;
    c.vm_functions &= ~kEptpSwitching;
  }
  if (!c.has(Control::EnableVpid)) c.ept_vpid &= ~kVpidPart;
  if (!c.has(Control::EnableVmFunctions)) c.vm_functions = 0;
  if (!c.has(Control::ActivatePreemptionTimer)) c.misc &= ~vmx::misc::kTimerRate;
}

}  // namespace

void read_vmx(YamlMap& file, Profile& profile) {
  if (!file.has("vmx")) {
    if (has_feature(profile, "vmx")) file.fail(file.node(), "feature 'vmx' needs the key 'vmx'");
    return;
  }
  YamlMap map = file.take_map("vmx");
  profile.has_vmx_data = true;
  Capabilities& c = profile.vmx;
  c.revision = static_cast<u32>(map.take_integer("revision", 0, 0x7FFF'FFFF));
  c.true_controls = map.take_flag("true_controls");
  c.io_information = map.take_flag("io_information");
  read_controls(map, profile);
  read_misc(map, c);
  if (c.has(Control::EnableEpt) || c.has(Control::EnableVpid)) {
    c.ept_vpid = read_abilities(map, "ept_vpid", kEptVpid);
    check_ept_vpid(map, c);
  }
  if (c.has(Control::EnableVmFunctions)) c.vm_functions = read_abilities(map, "vm_functions", kFunctions);
  profile.vmx_not_modelled = map.take_list("not_modelled");
  for (const auto& item : map.take("not_modelled"))
    if (const auto control = vmx::control_by_name(item.Scalar()); control && c.has(*control))
      map.fail(item, "the control " + quoted(item.Scalar()) + " is there after all");
  map.finish();
}

std::vector<std::string> vmx_names(const Capabilities& c) {
  std::vector<std::string> names;
  for (size_t n = 0; n < vmx::kControls; ++n) {
    const auto control = static_cast<Control>(n);
    if (c.has(control)) names.emplace_back(name_of(control));
  }
  add_names(c.misc, kMisc, names);
  add_names(c.ept_vpid, kEptVpid, names);
  add_names(c.vm_functions, kFunctions, names);
  return names;
}

bool remove_vmx_control(Capabilities& c, Control control) {
  const auto word = static_cast<size_t>(vmx::word_of(control));
  if (!c.has(control) || (vmx::kDefault1[word] & vmx::bit_of(control)) != 0) return false;
  c.allowed1[word] &= ~vmx::bit_of(control);
  for (const Dependency& each : kDependencies)
    if (each.needs == control) remove_vmx_control(c, each.control);
  if (control == Control::ActivateSecondaryControls)
    c.allowed1[static_cast<size_t>(vmx::Word::Secondary)] = 0;
  drop_abilities(c);
  return true;
}

void remove_vmx_controls_of(std::string_view feature, Capabilities& c) {
  for (const FeatureNeed& each : kFeatureNeeds)
    if (each.feature == feature) remove_vmx_control(c, each.control);
}

}  // namespace hvlab::timing
