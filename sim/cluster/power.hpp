// What servers draw: files of profiles/power, each figure with its source.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster/host.hpp"
#include "sim/media/figures.hpp"

namespace hvlab::cluster {

struct PowerProfile {
  std::string name;
  PowerCurve curve;
  std::vector<media::Figure> figures;
};

/// Reads profile `name` ("ibm-x3550-m3", or a .yaml file's path). Throws UserError.
PowerProfile load_power(const std::string& name);

}  // namespace hvlab::cluster
