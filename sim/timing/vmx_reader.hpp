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

}  // namespace hvlab::timing
