// The part of a processor profile that says what its VMX can do: mapping 'vmx' (SDM vol. 3, appendix A).
#pragma once

#include "sim/timing/profile.hpp"
#include "sim/timing/yaml_reader.hpp"

namespace hvlab::timing {

/// Reads mapping 'vmx' of `file`, if there is one, into `profile`, whose features must be known. Throws
/// UserError on anything that HVLab does not implement, that does not go together, or if it is missing though
/// the feature "vmx" is there.
void read_vmx(YamlMap& file, Profile& profile);

/// What a processor with these capabilities has, by the names that profiles use: controls (the manual's
/// names), then what stands in the other capability MSRs.
std::vector<std::string> vmx_names(const arch::vmx::Capabilities& capabilities);

/// Takes a control off a processor, with every control that needs it and every ability that is about it.
/// False: there is nothing to take off, for the processor lacks the control or no processor does (A.2,
/// "default1").
bool remove_vmx_control(arch::vmx::Capabilities& capabilities, arch::vmx::Control control);

/// The same for the controls that no processor has without CPUID feature `feature`.
void remove_vmx_controls_of(std::string_view feature, arch::vmx::Capabilities& capabilities);

}  // namespace hvlab::timing
