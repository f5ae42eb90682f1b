// The part of a processor profile that says what CPUID tells besides features, names and sizes: mapping
// 'cpuid'.
#pragma once

#include "sim/timing/profile.hpp"
#include "sim/timing/yaml_reader.hpp"

namespace hvlab::timing {

/// Reads mapping 'cpuid' of `file` into `profile`, whose identity and features must be known. Throws
/// UserError, also if a feature has no room in the leaves there are.
void read_cpuid(YamlMap& file, Profile& profile);

}  // namespace hvlab::timing
