#include "sim/lab/view_command.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

namespace {

namespace fs = std::filesystem;

fs::path own_program() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path("hvlab") : program;
}

// Beside this program, where it was installed, or where it is built.
fs::path viewer() {
  const fs::path beside = own_program().parent_path() / "hvlab-view";
  std::error_code ignored;
  return fs::exists(beside, ignored) ? beside : fs::path(HVLAB_VIEWER);
}

}  // namespace

int view_command(const std::vector<std::string>& arguments) {
  const std::string program = viewer().string(), asked = "--program=" + own_program().string();
  std::vector<std::string> words{program, asked};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv(program.c_str(), pointers.data());
  if (errno == ENOENT) throw UserError("view: the viewer is not built; `./hvlab view` builds it");
  throw UserError("view: '" + program + "' cannot be started: " + std::strerror(errno));
}

}  // namespace hvlab::lab
