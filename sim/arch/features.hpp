// CPUID features that HVLab implements. A profile picks from these; what it does not pick raises #UD.
#pragma once

#include <bitset>
#include <optional>
#include <string_view>

#include "sim/base/types.hpp"

namespace hvlab::arch {

enum class Feature : u8 {
#define FEATURE(id, name, leaf, reg, bit) id,
#include "sim/arch/features.inc"
#undef FEATURE
  Count
};

using FeatureSet = std::bitset<static_cast<size_t>(Feature::Count)>;

/// The feature called `name` in profiles ("sse4_2"), if there is one.
std::optional<Feature> feature_by_name(std::string_view name);
const char* name(Feature feature);

}  // namespace hvlab::arch
