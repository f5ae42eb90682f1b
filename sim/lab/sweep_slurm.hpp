// A sweep's cells as a Slurm job array: submitting it, and what is left of it.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// What the user says about the cluster.
struct SlurmWishes {
  size_t cells_each = 4;          // cells that one element of the array runs, one after the other
  std::vector<std::string> more;  // further words for sbatch, such as --partition=night
};

/// One job array: elements 0 to `elements` - 1 each run `program sweep-element DIRECTORY INDEX`.
struct SlurmArray {
  std::string program;    // absolute path, the same on every node
  std::string directory;  // of the sweep, absolute, the same on every node
  size_t elements = 0;
};

/// The script that sbatch gets.
std::string slurm_script(const SlurmArray& array);

/// Submits the array and returns its job id. Throws UserError if there is no sbatch here or it refuses.
std::string slurm_submit(const SlurmArray& array, const SlurmWishes& wishes);

/// How many of the job's elements wait or run: 0 once it has ended. Nothing is known (-1) while the
/// controller does not answer.
int slurm_elements_left(const std::string& job);

/// Takes the job's elements out of the queue; those that run are stopped.
void slurm_cancel(const std::string& job);

}  // namespace hvlab::lab
