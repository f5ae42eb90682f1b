// Runs the cells of a sweep that have no result yet, here or on a cluster.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/sweep_cells.hpp"
#include "sim/lab/sweep_slurm.hpp"

namespace hvlab::lab {

/// Takes into the store what cells have left in the folder since. Returns how many.
size_t collect_cells(sweep::Store& store, const std::string& directory);

/// Runs `cells` on this machine, `at_once` side by side, with progress on standard error. False if the user
/// stopped it.
bool run_cells_here(sweep::Store& store, const std::string& directory, const std::vector<CellCommand>& cells,
                    size_t at_once);

/// Runs `cells` as a job array and waits for it. False if the user stopped it, which takes it out of the
/// queue. Throws UserError if Slurm does not take it. What an element could not do stays unfinished,
/// and so does a job that is held for good: that is said, and it is left in the queue for --resume.
bool run_cells_by_slurm(sweep::Store& store, const std::string& directory,
                        const std::vector<CellCommand>& cells, const SlurmWishes& wishes);

enum class EarlierJob : u8 { Over, Stopped, Stuck };

/// Waits for the job array that an earlier sweep left behind, if it still has elements. Stopped by the user,
/// or stuck (its elements are held for good, or Slurm says nothing), the job is left as it is.
EarlierJob wait_for_earlier_job(sweep::Store& store, const std::string& directory, const SlurmWishes& wishes);

}  // namespace hvlab::lab
