#include "sim/arch/features.hpp"

namespace hvlab::arch {

namespace {
// In the order of the enumeration.
constexpr const char* kNames[] = {
#define FEATURE(id, name, leaf, reg, bit) name,
#include "sim/arch/features.inc"
#undef FEATURE
};
}  // namespace

std::optional<Feature> feature_by_name(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i)
    if (name == kNames[i]) return static_cast<Feature>(i);
  return std::nullopt;
}

const char* name(Feature feature) { return kNames[static_cast<size_t>(feature)]; }

}  // namespace hvlab::arch
