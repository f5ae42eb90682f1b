// What must hold in every cluster at every time, whatever happened to it.
#pragma once

#include <string>
#include <vector>

namespace hvlab::cluster {

struct Simulation;

/// Settles everything and looks at all laws; a sentence for each that is broken, none if all hold.
std::vector<std::string> broken_laws(Simulation& sim);

}  // namespace hvlab::cluster
