// A sweep's cells as a Slurm job array: submitting it, and what is left of it.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// What the user says about the cluster.
struct SlurmWishes {
  size_t cells_each = 4;          // cells that one element of the array runs, one after the other
  std::vector<std::string> more;  // further words for sbatch, such as --partition=night
  int held_looks = 120;  // so many looks in a row, half a second apart, at a job that is held for good
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

/// What the queue says of a job.
struct SlurmQueue {
  bool answered = false;  // by the controller
  size_t left = 0;        // elements that wait or run; 0 once the job has ended
  size_t held = 0;        // of them, those that will not run unless somebody does something about it
  std::string why;        // of one of these: "PENDING, JobHeldUser"
};
SlurmQueue slurm_queue(const std::string& job);

/// The queue in squeue's words: a line "STATE|REASON" for each element.
SlurmQueue read_slurm_queue(const std::string& lines);

/// Takes the job's elements out of the queue; those that run are stopped.
void slurm_cancel(const std::string& job);

}  // namespace hvlab::lab
