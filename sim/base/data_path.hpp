// Where HVLab's data files (profiles, recipes) are. Hosted programs only.
#pragma once

#include <filesystem>
#include <string>

namespace hvlab {

/// The data folder `subfolder` ("profiles/cpu"): under $HVLAB_DATA if that is set, else in the source tree
/// this program was built from, else in ../share/hvlab beside the program. Throws UserError if it is in none
/// of them.
std::filesystem::path data_folder(const std::string& subfolder);

}  // namespace hvlab
