#include "sim/base/data_path.hpp"

#include <cstdlib>
#include <system_error>

#include "sim/base/user_error.hpp"

namespace hvlab {
namespace fs = std::filesystem;

fs::path data_folder(const std::string& subfolder) {
  std::error_code error;
  if (const char* chosen = std::getenv("HVLAB_DATA"); chosen != nullptr && *chosen != '\0') {
    fs::path folder = fs::path(chosen) / subfolder;
    if (fs::is_directory(folder, error)) return folder;
    throw UserError("HVLAB_DATA is set to '" + std::string(chosen) + "', but there is no folder '" +
                    subfolder + "' in it");
  }
  fs::path in_source = fs::path(HVLAB_SOURCE_DIR) / subfolder;
  if (fs::is_directory(in_source, error)) return in_source;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  fs::path installed = program.parent_path().parent_path() / "share" / "hvlab" / subfolder;
  if (!error && fs::is_directory(installed, error)) return installed;
  throw UserError("data folder '" + subfolder + "' not found in " + HVLAB_SOURCE_DIR + " or " +
                  installed.string() + "; set HVLAB_DATA to the folder that holds it");
}

}  // namespace hvlab
