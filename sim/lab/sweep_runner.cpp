#include "sim/lab/sweep_runner.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sim/base/user_error.hpp"
#include "sim/lab/child_pool.hpp"

namespace hvlab::lab {

namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(500);
constexpr const char* kJob = "job";  // under which the store keeps the job's id
// squeue may say nothing for a while when the controller restarts; this many looks in a row without an answer
// end the waiting.
constexpr int kPatience = 600;

std::string title(const sweep::Question& question, u32 cell) {
  std::string text;
  for (const auto& [path, value] : question.cells[cell].settings) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", path.substr(path.rfind('.') + 1), value);
  }
  return text.empty() ? "cell" : text;
}

enum class Waited : u8 { Ended, Stopped, InVain };

/// Looks at the queue and at what has arrived until the job has ended. `cells` is how many it had. In vain:
/// nothing of it runs or will run, or Slurm says nothing, for too many looks in a row; it is left as it is.
Waited wait_for_job(sweep::Store& store, const std::string& directory, const std::string& job, size_t cells,
                    int held_looks) {
  const StopNoted stop;
  ProgressLine line;
  size_t arrived = 0;
  for (int unanswered = 0, held = 0;;) {
    const SlurmQueue queue = slurm_queue(job);  // before the files: what it wrote at its very end counts
    const size_t came = collect_cells(store, directory);
    arrived += came;
    if (StopNoted::stopped()) return line.clear(), Waited::Stopped;
    if (queue.answered && queue.left == 0) return line.clear(), Waited::Ended;
    unanswered = queue.answered ? 0 : unanswered + 1;
    held = queue.held != 0 && queue.held == queue.left && came == 0 ? held + 1 : queue.answered ? 0 : held;
    const std::string left = !queue.answered   ? "no answer from Slurm"
                             : queue.held != 0 ? fmt::format("{} elements in the queue, {} of them held ({})",
                                                             queue.left, queue.held, queue.why)
                                               : fmt::format("{} elements in the queue", queue.left);
    if (held >= held_looks || unanswered >= kPatience) {
      line.clear();
      fmt::print(
          stderr,
          "hvlab: job {}: {}. The sweep waits no longer; the job stays as it is. See 'scontrol show job {}', "
          "release or cancel it, and go on with --resume\n",
          job, left, job);
      return Waited::InVain;
    }
    line.show({fmt::format("job {}: {} of {} cells, {}", job, arrived, cells, left)});
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

void write_script(const SlurmArray& array) {
  const std::string file = array.directory + "/elements/job.sh";
  std::ofstream out(file, std::ios::binary);
  out << slurm_script(array);
  out.close();
  if (!out) throw UserError("'" + file + "': cannot write there");
  chmod(file.c_str(), 0755);
}

}  // namespace

size_t collect_cells(sweep::Store& store, const std::string& directory) {
  size_t collected = 0;
  for (const u32 cell : store.unfinished()) {
    if (const std::optional<CellEnd> end = read_cell(directory, cell)) {
      store.finish(cell, outcome_of(*end));
      // One that has to run again must not be taken for its own next attempt.
      if (sweep::Store::runs_again(end->status)) remove_cell(directory, cell);
      ++collected;
    }
  }
  return collected;
}

bool run_cells_here(sweep::Store& store, const std::string& directory, const std::vector<CellCommand>& cells,
                    size_t at_once) {
  const sweep::Question question = store.question();
  std::vector<PoolTask> tasks;
  for (const CellCommand& command : cells) {
    std::vector<std::string> words = command.arguments;
    words.insert(words.begin(), "/proc/self/exe");
    tasks.push_back({title(question, command.cell), std::move(words)});
  }
  ProgressLine line;
  size_t done = 0;
  return run_pool(tasks, at_once, line, [&](const PoolEnd& end) {
    const CellEnd cell{cells[end.index].cell, end.status, end.output, end.errors};
    write_cell(directory, cell);
    store.finish(cell.cell, outcome_of(cell));
    line.note(fmt::format("{}/{} {}: {:.1f} s{}", ++done, cells.size(), tasks[end.index].title,
                          end.host_seconds, end.status == 0 ? "" : fmt::format(", status {}", end.status)));
  });
}

bool run_cells_by_slurm(sweep::Store& store, const std::string& directory,
                        const std::vector<CellCommand>& cells, const SlurmWishes& wishes) {
  const SlurmArray array{fs::read_symlink("/proc/self/exe").string(),
                         fs::absolute(directory).lexically_normal().string(),
                         (cells.size() + wishes.cells_each - 1) / wishes.cells_each};
  for (size_t element = 0; element < array.elements; ++element) {
    const size_t first = element * wishes.cells_each;
    const size_t count = std::min(wishes.cells_each, cells.size() - first);
    write_element(directory, element,
                  {cells.begin() + static_cast<std::ptrdiff_t>(first),
                   cells.begin() + static_cast<std::ptrdiff_t>(first + count)});
  }
  write_script(array);
  const std::string job = slurm_submit(array, wishes);
  store.note(kJob, job);
  fmt::print(stderr, "job {}: {} elements of up to {} cells\n", job, array.elements, wishes.cells_each);
  const Waited waited = wait_for_job(store, directory, job, cells.size(), wishes.held_looks);
  if (waited == Waited::Stopped) slurm_cancel(job);
  if (waited != Waited::InVain) store.note(kJob, "");
  return waited != Waited::Stopped;
}

EarlierJob wait_for_earlier_job(sweep::Store& store, const std::string& directory,
                                const SlurmWishes& wishes) {
  const std::string job = store.noted(kJob);
  if (job.empty()) return EarlierJob::Over;
  const SlurmQueue queue = slurm_queue(job);
  if (queue.answered && queue.left == 0) return EarlierJob::Over;
  fmt::print(stderr, "job {} of this sweep is in the queue; waiting for it\n", job);
  const Waited waited = wait_for_job(store, directory, job, store.unfinished().size(), wishes.held_looks);
  if (waited == Waited::Stopped) return EarlierJob::Stopped;
  if (waited == Waited::InVain) return EarlierJob::Stuck;
  store.note(kJob, "");
  return EarlierJob::Over;
}

}  // namespace hvlab::lab
