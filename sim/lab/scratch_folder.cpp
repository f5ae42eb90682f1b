#include "sim/lab/scratch_folder.hpp"

#include <cstdlib>
#include <filesystem>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

namespace fs = std::filesystem;

ScratchFolder::ScratchFolder(const std::string& purpose)
    // mkdtemp() puts letters of its own in place of the last six.
    : path_((fs::temp_directory_path() / ("hvlab-" + purpose + "-XXXXXX")).string()) {
  if (mkdtemp(path_.data()) == nullptr) throw UserError("cannot make a folder '" + path_ + "'");
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace hvlab::lab
