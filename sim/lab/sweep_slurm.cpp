#include "sim/lab/sweep_slurm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "sim/base/child.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::lab {

namespace {

constexpr int kNotFound = 127;  // what a child ends with whose program is not there

struct Answer {
  int status;
  std::string output, errors;
};

Answer ask(const std::vector<std::string>& arguments) {
  Child child(arguments, false);
  while (child.read_some()) {
  }
  const int status = child.wait();
  return {status, child.output(), child.errors()};
}

/// Whether an element will wait for ever if nobody does anything: squeue(1), job reason codes. Others wait
/// for their turn, for resources, for a time.
bool for_good(const std::string& state, const std::string& reason) {
  static constexpr const char* kSigns[] = {
      "held",       "Held",          "HoldMaxRequeue", "NeverSatisfied",     "DOWN",
      "NodeDown",   "PartitionDown", "Inactive",       "PartitionNodeLimit", "PartitionTimeLimit",
      "NotAllowed", "InvalidQOS",    "InvalidAccount", "BadConstraints",     "ReqNodeNotAvail"};
  return state == "PENDING" && std::ranges::any_of(kSigns, [&](const char* sign) {
           return reason.find(sign) != std::string::npos;
         });
}

/// A word of a shell script, whatever is in it.
std::string quoted(const std::string& word) {
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

}  // namespace

std::string slurm_script(const SlurmArray& array) {
  return fmt::format("#!/bin/sh\nexec {} sweep-element {} \"$SLURM_ARRAY_TASK_ID\"\n", quoted(array.program),
                     quoted(array.directory));
}

std::string slurm_submit(const SlurmArray& array, const SlurmWishes& wishes) {
  const std::string log = array.directory + "/elements/%a.log";
  std::vector<std::string> words = {
      "sbatch",
      "--parsable",
      "--job-name=hvlab-sweep",
      fmt::format("--array=0-{}", array.elements - 1),
      "--ntasks=1",
      "--cpus-per-task=1",
      "--requeue",  // after a node's failure: cells that have ended are not run again
      "--output=" + log,
      "--error=" + log,
      "--chdir=" + array.directory};
  words.insert(words.end(), wishes.more.begin(), wishes.more.end());
  words.push_back(array.directory + "/elements/job.sh");
  const Answer answer = ask(words);
  if (answer.status == kNotFound)
    throw UserError(
        "--slurm: there is no sbatch here; install slurm-client, or leave --slurm out to use this machine's "
        "processors");
  if (answer.status != 0)
    throw UserError("--slurm: sbatch refuses: " + answer.errors.substr(0, answer.errors.find('\n')));
  return answer.output.substr(0, answer.output.find_first_of(";\n"));  // "JOB" or "JOB;CLUSTER"
}

SlurmQueue read_slurm_queue(const std::string& lines) {
  SlurmQueue queue;
  queue.answered = true;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    ++queue.left;
    const size_t bar = std::min(line.find('|'), line.size());
    const std::string state = line.substr(0, bar), reason = line.substr(std::min(bar + 1, line.size()));
    if (!for_good(state, reason)) continue;
    ++queue.held;
    queue.why = state + ", " + reason;
  }
  return queue;
}

SlurmQueue slurm_queue(const std::string& job) {
  const Answer answer = ask({"squeue", "--noheader", "--array", "--jobs=" + job, "--format=%T|%r"});
  if (answer.status == 0) return read_slurm_queue(answer.output);
  SlurmQueue queue;
  // squeue does not know a job that has been gone for a while.
  queue.answered = answer.errors.find("Invalid job id") != std::string::npos;
  return queue;
}

void slurm_cancel(const std::string& job) { ask({"scancel", job}); }

}  // namespace hvlab::lab
