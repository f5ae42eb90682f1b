#include "sim/cluster/power.hpp"

#include <fmt/format.h>

namespace hvlab::cluster {

PowerProfile load_power(const std::string& name) {
  constexpr u64 kMost = 100'000'000;  // mW
  media::FigureFile file("power", name);
  PowerProfile profile;
  profile.name = file.name();
  for (size_t step = 0; step < profile.curve.load.size(); ++step)
    profile.curve.load[step] = static_cast<u32>(file.figure(fmt::format("load_{}_mw", 10 * step), 0, kMost));
  profile.curve.off = static_cast<u32>(file.figure("off_mw", 0, kMost));
  file.finish();
  profile.figures = file.figures;
  return profile;
}

}  // namespace hvlab::cluster
