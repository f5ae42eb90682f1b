// What a processor profile leaves out of the real part.
#pragma once

#include <string>
#include <vector>

namespace hvlab::timing {

/// Features that the real part has and HVLab does not implement, as Linux and the manuals call them, from
/// profile `name` (as load_profile takes it). They raise #UD and are not advertised. Throws UserError.
std::vector<std::string> features_not_modelled(const std::string& name);

}  // namespace hvlab::timing
