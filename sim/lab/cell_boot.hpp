// From a cell of a scenario to the `hvlab boot` that runs it.
#pragma once

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/lab/scratch_folder.hpp"
#include "sim/scenario/scenario.hpp"

namespace hvlab::lab {

/// A package or an image that a scenario needs is not there: exit status 6.
struct MissingPart : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What scenarios are made of, fetched and assembled once each.
class Parts {
 public:
  Parts() = default;

  /// Has the cache hold what the scenario's ways and kernels need: packages, and an initial RAM file system
  /// of each way; with `refresh` the newest that the mirror has. Looks that every image of the user's own is
  /// there and has its checksum, and that each way's processor can run it. Throws MissingPart.
  void prepare(const scenario::Scenario& scenario, bool refresh = false);

  /// A file of so many zeros, which takes no room. What is written to an image is dropped at the end of a
  /// run, so that one file serves for all. Throws UserError.
  std::string empty_disk(u64 bytes);

 private:
  std::set<std::string> ways_;            // that are ready
  std::optional<ScratchFolder> scratch_;  // where empty disks are; they go with it
};

/// The size of a disk that Parts::empty_disk() made at `file`; nothing if it has not made one called so.
std::optional<u64> empty_disk_bytes(const std::string& file);

/// The arguments of `hvlab boot` for `cell`, whose run directory is `directory`. After Parts::prepare().
/// Throws UserError.
std::vector<std::string> cell_arguments(const scenario::Scenario& scenario, const scenario::Cell& cell,
                                        const std::string& directory, Parts& parts);

/// The words of the kernel's command line that say what is particular about the cell's virtual machines and
/// what happens to them (workloads/guest/init); empty or with a blank in front.
std::string machine_words(const scenario::Cell& cell);

}  // namespace hvlab::lab
