// What can be taken off a processor profile by its name: "intel-skylake,-ept,-smap".
#pragma once

#include <string>
#include <vector>

#include "sim/timing/profile.hpp"

namespace hvlab::timing {

/// Takes off `profile` what `removals` (",-npt,-smap", perhaps empty) names: CPUID features, and of VMX a
/// part by its short name ("ept") or a control by the manual's ("enable EPT"). What needs the thing goes with
/// it. Throws UserError on a word that is no such name or names what the profile has not.
void remove_features(const std::string& removals, Profile& profile);

/// The short names of the parts that can be taken off this profile's VMX, in alphabetical order; none without
/// VMX.
std::vector<std::string> vmx_parts(const Profile& profile);

}  // namespace hvlab::timing
