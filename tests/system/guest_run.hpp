// Real systems on the built program: what the tests of this directory share.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hvlab::test {

/// A directory of its own, removed at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  std::string folder() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
};

/// Has workloads/fetch take `systems` into the cache; ends the program with status 77 (skipped) if they
/// cannot be had.
void need_systems(const std::vector<std::string>& systems);

/// $XDG_CACHE_HOME/hvlab/debian or what stands for it.
std::string debian_cache();
std::string debian_kernel();

/// The archive that `recipe` (a path) lists, written to `to`. `arguments` follow CACHE and WORKLOAD.
void assemble(const std::string& recipe, const std::vector<std::string>& arguments,
              const std::filesystem::path& to);

std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, const std::string& bytes);

struct GuestRun {
  int status = -1;      // of `hvlab boot`
  std::string console;  // without carriage returns
  std::string errors;
  /// True if the console has exactly this line.
  bool says(const std::string& line) const;
};

/// `hvlab boot --reproducible` with `arguments`; stopped after 120 s of simulated time unless they say when.
GuestRun run_guest(const std::vector<std::string>& arguments);

}  // namespace hvlab::test
