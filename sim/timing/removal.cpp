#include "sim/timing/removal.hpp"

#include <algorithm>

#include "sim/base/user_error.hpp"
#include "sim/timing/vmx_reader.hpp"

namespace hvlab::timing {

namespace {

using arch::vmx::Control;

/// A part of VMX that one may want to do without. Several rows with one name are one part.
struct VmxPart {
  const char* name;
  Control control;
};
constexpr VmxPart kVmxParts[] = {
    {"apicv", Control::ApicRegisterVirtualization},
    {"apicv", Control::VirtualInterruptDelivery},
    {"apicv", Control::ProcessPostedInterrupts},
    {"ept", Control::EnableEpt},
    {"flexpriority", Control::VirtualizeApicAccesses},
    {"ple", Control::PauseLoopExiting},
    {"pml", Control::EnablePml},
    {"preemption_timer", Control::ActivatePreemptionTimer},
    {"shadow_vmcs", Control::VmcsShadowing},
    {"tsc_scaling", Control::UseTscScaling},
    {"unrestricted", Control::UnrestrictedGuest},
    {"vnmi", Control::VirtualNmis},
    {"vpid", Control::EnableVpid},
};

bool has_vmx(const Profile& profile) {
  return profile.has_vmx_data && std::ranges::count(profile.features, "vmx") != 0;
}

/// True if there was something to take off.
bool remove_vmx_part(const std::string& name, Profile& profile) {
  if (!has_vmx(profile)) return false;
  if (const auto control = arch::vmx::control_by_name(name)) return remove_vmx_control(profile.vmx, *control);
  bool removed = false;
  for (const VmxPart& part : kVmxParts)
    if (part.name == name && remove_vmx_control(profile.vmx, part.control)) removed = true;
  return removed;
}

bool remove_feature(const std::string& name, Profile& profile) {
  if (std::erase(profile.features, name) == 0) return remove_vmx_part(name, profile);
  remove_vmx_controls_of(name, profile.vmx);
  return true;
}

}  // namespace

void remove_features(const std::string& removals, Profile& profile) {
  for (size_t at = 0; at < removals.size();) {
    const size_t end = std::min(removals.find(',', at + 1), removals.size());
    const std::string word = removals.substr(at + 1, end - at - 1);
    if (!word.starts_with('-') || !remove_feature(word.substr(1), profile)) {
      throw UserError("processor profile '" + profile.name + removals + "': '" + word +
                      "' is not '-' and a feature, or a part of VMX, that the profile has");
    }
    at = end;
  }
}

std::vector<std::string> vmx_parts(const Profile& profile) {
  std::vector<std::string> names;
  if (!has_vmx(profile)) return names;
  for (const VmxPart& part : kVmxParts) {
    const bool listed = !names.empty() && names.back() == part.name;
    if (!listed && profile.vmx.has(part.control)) names.emplace_back(part.name);
  }
  return names;
}

}  // namespace hvlab::timing
