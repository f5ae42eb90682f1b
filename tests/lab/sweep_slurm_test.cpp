// What the queue says of a job, in squeue's words.
#include "sim/lab/sweep_slurm.hpp"

#include <catch2/catch.hpp>

using namespace hvlab::lab;

// Catches a job that only waits its turn taken for one that is held for good, and the other way round.
TEST_CASE("elements that will never run are told from those that wait their turn") {
  const SlurmQueue waiting = read_slurm_queue(
      "RUNNING|None\nPENDING|Priority\nPENDING|Resources\nPENDING|BeginTime\n"
      "PENDING|JobArrayTaskLimit\nCOMPLETING|None\nPENDING|Dependency\n");
  CHECK((waiting.answered && waiting.left == 7 && waiting.held == 0));
  for (const char* reason :
       {"JobHeldUser", "JobHeldAdmin", "launch failed requeued held", "JobHoldMaxRequeue",
        "DependencyNeverSatisfied",
        "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions",
        "PartitionDown", "PartitionInactive", "PartitionTimeLimit", "BadConstraints", "AccountNotAllowed"}) {
    CAPTURE(reason);
    const SlurmQueue held = read_slurm_queue(std::string("RUNNING|None\nPENDING|") + reason + "\n");
    CHECK((held.left == 2 && held.held == 1));
    CHECK(held.why == std::string("PENDING, ") + reason);
  }
  CHECK(read_slurm_queue("").left == 0);
  CHECK(read_slurm_queue("RUNNING|JobHeldUser\n").held == 0);
}
