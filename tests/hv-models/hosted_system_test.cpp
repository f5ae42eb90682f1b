// The hosted VMM on the teaching kernel: guests compute what the machine itself does.
#include "hosted_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

// What each would catch: check_computes().
TEST_CASE("a guest computes the same as the machine, with any number of processors on any number") {
  const lab::WorkloadLog expected = bare_log();
  check_computes(1, 2, expected);
  check_computes(4, 4, expected);
}

// Would catch: a program that gets at memory, files or processors that are not its own by /dev/vm.
TEST_CASE("a program gets from /dev/vm what is its own, and nothing else") {
  for (const unsigned cores : {1u, 2u}) {
    const KernelRun run = run_image(HVLAB_KERNEL, HVLAB_HOSTED, cores,
                                    "exit=debug run=/bin/init /bin/vm ; /bin/vm ; /bin/files /tmp");
    CAPTURE(cores, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.says("vm: all well"));
    CHECK(run.says("files: 12 checked in /tmp"));
  }
}

// Would catch: a call of /dev/vm's that believes its arguments, two that meet at one machine, memory that
// goes away under a guest, an end in the middle.
TEST_CASE("a VMM that keeps to nothing harms nobody else") {
  const KernelRun run = run_image(HVLAB_KERNEL, HVLAB_HOSTED, 2,
                                  "exit=debug run=/bin/init /bin/badvmm 2 ; /bin/files /tmp ; /bin/vm");
  CAPTURE(run.console, run.errors);
  CHECK(run.well());
  CHECK(run.says("badvmm: over"));
  CHECK(run.says("vm: all well"));
}

TEST_CASE("mistakes in the command line are told, and nothing runs") {
  const KernelRun run = run_hosted(1, "vm1=disk:scsi", "run=/bin/workload");
  CHECK_FALSE(run.well());
  CHECK(run.says("vmm: vm1=disk:scsi: disk is one of: none, ide, virtio, pv"));
  const KernelRun large = run_hosted(1, "vm1=memory:600", "run=/bin/workload");
  CHECK_FALSE(large.well());
}
