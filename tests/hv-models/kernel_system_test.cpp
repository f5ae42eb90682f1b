// The kernel boots and runs programs, with one to four processors.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <regex>

#include "disk_files.hpp"
#include "kernel_run.hpp"
#include "sim/timing/profile.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

// One run of the workload by this host's own kernel: what every other has to print too.
lab::WorkloadLog on_this_host(const std::string& disk) {
  Child child({HVLAB_WORKLOAD, "--quick", "--disk", disk}, false);
  REQUIRE(finish(child) == 0);
  return lab::parse_workload_log(child.output());
}

// The number that `pattern` (with one group) finds in `text`, where it has to find one.
long number_in(const std::string& text, const std::string& pattern) {
  std::smatch found;
  CAPTURE(pattern);
  REQUIRE(std::regex_search(text, found, std::regex(pattern)));
  return std::stol(found[1].str());
}

}  // namespace

TEST_CASE("the workload that Linux runs computes the same here, whatever the number of processors") {
  const TemporaryFolder folder("kernel");
  const std::string disk = make_disk(folder.path / "disk");
  const lab::WorkloadLog expected = on_this_host(make_disk(folder.path / "host"));
  REQUIRE(expected.phases.size() == 9);
  for (unsigned processors = 1; processors <= 4; ++processors) {
    const KernelRun run = run_kernel(processors, "/bin/workload --quick --disk /dev/disk0", {"--disk", disk});
    CAPTURE(processors, run.console, run.errors);
    REQUIRE(run.well());
    const lab::WorkloadLog log = lab::parse_workload_log(run.console);
    CHECK(log.processors == processors);
    check_same(log, expected);
  }
}

// Catches a profile without what the kernel takes for granted, and a kernel that uses what CPUID does not
// show.
TEST_CASE("the kernel runs on every processor profile") {
  for (const std::string& profile : timing::profile_names()) {
    const KernelRun run = run_kernel(2, "/bin/workload --quick", {"--cpu", profile});
    CAPTURE(profile, run.console, run.errors);
    REQUIRE(run.well());
    CHECK(lab::parse_workload_log(run.console).processors == 2);
  }
}

// Catches turns of processors that show in what they measure: one that spins until the next turn of the one
// that holds the lock, or is ahead of one that it has just woken.
TEST_CASE("what processors do together takes as long in short turns as in the usual ones") {
  const auto phases = [](const std::vector<std::string>& options) {
    return lab::parse_workload_log(run_kernel(4, "/bin/workload --quick", options).console).phases;
  };
  const auto usual = phases({}), fine = phases({"--slice", "100"});
  REQUIRE(usual.size() == fine.size());
  for (size_t i = 0; i < usual.size(); ++i) {
    CAPTURE(usual[i].name);
    const double ratio = static_cast<double>(usual[i].nanoseconds) / static_cast<double>(fine[i].nanoseconds);
    CHECK(ratio > 0.9);
    CHECK(ratio < 1.1);
  }
}

// Catches a console that keeps the processor while its port sends, and a thread that waits for a slice's end
// although it had much less than the one that runs: then each request to a disk takes milliseconds.
TEST_CASE("who waits for a disk goes on soon, whatever the others print and compute") {
  const TemporaryFolder folder("kernel");
  const std::string disks[] = {make_disk(folder.path / "disk0"), make_disk(folder.path / "disk1")};
  const auto disk_phase = [](const lab::WorkloadLog& log) {
    REQUIRE(log.done);
    const auto found = std::ranges::find(log.phases, "disk", &lab::PhaseResult::name);
    REQUIRE(found != log.phases.end());
    return found->nanoseconds;
  };
  const KernelRun alone = run_kernel(1, "/bin/workload --quick --disk /dev/disk0", {"--disk", disks[0]});
  const KernelRun both = run_kernel(1, "/bin/launch 2 /bin/workload --quick --disk /dev/disk@",
                                    {"--disk", disks[0], "--disk", disks[1]});
  CAPTURE(alone.console, both.console);
  const auto least = disk_phase(lab::parse_workload_log(alone.console));
  const auto logs = lab::parse_workload_logs(both.console);
  REQUIRE(logs.size() == 2);
  for (const lab::WorkloadLog& log : logs) CHECK(disk_phase(log) < 3 * least);
}

TEST_CASE("a program that attacks the kernel is ended, and the rest goes on") {
  for (const unsigned processors : {1u, 3u}) {
    const KernelRun run = run_kernel(processors, "/bin/init /bin/attack ; /bin/files /tmp");
    CAPTURE(processors, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.says("attack: all contained"));
    CHECK(run.says("files: 12 checked in /tmp"));
  }
}

TEST_CASE("threads, their locks, and memory that other processors use while it changes") {
  for (const unsigned processors : {1u, 4u}) {
    const KernelRun run = run_kernel(processors, "/bin/threads");
    CAPTURE(processors, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.says("threads: all well"));
  }
}

TEST_CASE("calls by chance with arguments by chance harm nobody but their program") {
  for (const char* seed : {"1", "3", "21"}) {
    const KernelRun run =
        run_kernel(2, std::string("/bin/init /bin/attack --chance ") + seed + " ; /bin/files /tmp");
    CAPTURE(seed, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.says("files: 12 checked in /tmp"));
  }
}

TEST_CASE("what is written to a disk is read back, by every driver, after the files were mounted anew") {
  const TemporaryFolder folder("kernel");
  const std::string disk = make_disk(folder.path / "disk");
  struct Way {
    const char *interface, *words, *kind;
  };
  for (const Way& way :
       {Way{"virtio", "", "virtio"}, Way{"ide", "", "ide-dma"}, Way{"ide", "ide=pio", "ide-pio"}}) {
    const KernelRun run =
        run_kernel(2,
                   "/bin/init /bin/mount --format /dev/disk0 /mnt ; /bin/files /mnt keep ; /bin/mount --off "
                   "/mnt ; /bin/mount /dev/disk0 /mnt ; /bin/files /mnt check",
                   {"--disk", disk + ",if=" + way.interface}, way.words);
    CAPTURE(way.kind, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.console.find(std::string("kind=") + way.kind) != std::string::npos);
    CHECK(number_in(run.console, "files: (12) checked in /mnt\n[^]*files: 12 checked in /mnt") == 12);
  }
}

// Catches a bind that ends with the call that made it, since nobody holds a disk's node; a disk that is taken
// away, and could be mounted anew, while its files are bound elsewhere; a bound name that is removed; layers
// of views.
TEST_CASE("what is bound stays until it is taken away, and keeps what it shows") {
  const TemporaryFolder folder("kernel");
  const std::string disk = make_disk(folder.path / "disk");
  const KernelRun run = run_kernel(1,
                                   "/bin/init /bin/mount --format /dev/disk0 /mnt ; /bin/probe make /mnt/f ; "
                                   "/bin/mount --bind /bin/probe /mnt/f ; "
                                   "/mnt/f make /tmp/z ; /bin/mount --bind-to-read /mnt /tmp ; /tmp/f make "
                                   "/tmp/y ; /bin/mount --off /mnt ; "
                                   "/bin/mount --bind /bin /tmp ; /bin/mount --off /tmp ; /bin/mount --off "
                                   "/tmp ; /bin/mount --off /mnt/f ; "
                                   "/bin/mount --off /mnt ; /bin/mount --off /mnt",
                                   {"--disk", disk});
  CAPTURE(run.console, run.errors);
  CHECK(run.status == 3);                                  // four of them failed, as they have to
  CHECK(run.says("probe: /tmp/z was made"));               // through the bound program
  CHECK(run.says("probe: /tmp/y cannot be made"));         // /tmp is the disk, to be read
  CHECK(number_of(run.console, "mount: error -16") == 1);  // the disk, while it is bound
  CHECK(number_of(run.console, "mount: error -30") == 1);  // nothing is bound over a view
  CHECK(number_of(run.console, "mount: error -22") == 2);  // nothing is there any more: /tmp, /mnt
}

TEST_CASE("files outlive the machine") {
  const TemporaryFolder folder("kernel");
  const std::string disk = make_disk(folder.path / "disk") + ",persist";
  const KernelRun first =
      run_kernel(1, "/bin/init /bin/mount --format /dev/disk0 /mnt ; /bin/files /mnt keep", {"--disk", disk});
  CAPTURE(first.console, first.errors);
  REQUIRE(first.well());
  const KernelRun second = run_kernel(1, "/bin/init /bin/mount /dev/disk0 /mnt ; /bin/files /mnt check",
                                      {"--disk", disk + ",if=ide"});
  CAPTURE(second.console, second.errors);
  CHECK(second.well());
}

TEST_CASE("pings, datagrams and requests reach the other end of the wire and come back, by both cards") {
  for (const char* card : {"virtio", "e1000"}) {
    for (const unsigned processors : {1u, 4u}) {
      const KernelRun run = run_kernel(processors, "/bin/network", {"--net", "peer", "--nic", card});
      CAPTURE(card, processors, run.console, run.errors);
      CHECK(run.well());
      CHECK(run.says("network: 20 pings answered"));
      CHECK(run.says("network: 20 datagrams echoed"));
      CHECK(run.says("network: pattern of 1000 bytes received"));
    }
  }
}

TEST_CASE("a container has numbers, files and a network of its own") {
  const KernelRun run =
      run_kernel(2,
                 "/bin/init /bin/contain /bin/probe identity ; /bin/contain --root /bin /probe identity ; "
                 "/bin/contain /bin/probe hit 2 ; /bin/contain --network /bin/workload --quick network",
                 {"--net", "peer"});
  CAPTURE(run.console, run.errors);
  CHECK(run.well());
  CHECK(run.says("probe: number 1, /bin is here"));
  CHECK(run.says("probe: number 1, /bin is not here"));
  CHECK(run.says("probe: hit 2 gave -3"));  // no such process, though outside there is one
  const KernelRun cut_off = run_kernel(1, "/bin/contain --network /bin/network", {"--net", "peer"});
  CAPTURE(cut_off.console);
  CHECK_FALSE(cut_off.well());  // nobody to ping
}

// Catches instances that find each other's files, or devices that are not theirs.
TEST_CASE("containers side by side have a root each, with the devices that they were given") {
  const TemporaryFolder folder("kernel");
  const std::string disk = make_disk(folder.path / "disk");
  const KernelRun run =
      run_kernel(1,
                 "/bin/init /bin/launch --contain 2 /bin/probe make /tmp/x /tmp/../../bin/y /bin/files "
                 "/dev/disk@ /tmp/../dev/console ; /bin/probe make /tmp/x",
                 {"--disk", disk, "--disk", disk});
  CAPTURE(run.console, run.errors);
  CHECK(run.well());
  for (const std::string name : {"HVLAB instance=1 ", "HVLAB instance=2 "}) {
    CHECK(run.says(name + "probe: /tmp/x was made"));
    CHECK(run.says(name + "probe: /tmp/../dev/console was made"));  // an ordinary file of its own /dev
  }
  CHECK(run.says("HVLAB instance=1 probe: /dev/disk0 was there"));
  CHECK(run.says("HVLAB instance=2 probe: /dev/disk1 was there"));
  CHECK(number_of(run.console, "probe: /tmp/../../bin/y cannot be made") == 2);  // programs are shared
  CHECK(number_of(run.console, "probe: /bin/files was there") == 2);
  CHECK(run.says("probe: /tmp/x was made"));
}

// Would catch: a way up out of a root; a mount, a signal, a wait, a call of /dev/vm's that reaches outside; a
// program of all that one of them can change.
TEST_CASE("a container that tries to get out stays inside") {
  const TemporaryFolder folder("kernel");
  const KernelRun run = run_kernel(
      2, "/bin/init /bin/launch --contain --address 10.0.2.21 2 /bin/escape ; /bin/files /tmp ; /bin/network",
      {"--disk", make_disk(folder.path / "disk"), "--net", "peer"});
  CAPTURE(run.console, run.errors);
  CHECK(run.well());
  CHECK(run.says("HVLAB instance=1 escape: none"));
  CHECK(run.says("HVLAB instance=2 escape: none"));
  CHECK(run.says("files: 12 checked in /tmp"));
}

// Would catch: a container inside a container that has what the outer one may not: processes, or a share.
TEST_CASE("containers inside a container are inside its limits") {
  const KernelRun run = run_kernel(2, "/bin/contain --processes 5 /bin/escape limits");
  CAPTURE(run.console, run.errors);
  CHECK(run.says("escape: 4 processes"));
  const KernelRun pair =
      run_kernel(1,
                 "/bin/init /bin/contain --weight 100 /bin/contain --weight 1000000 /bin/probe "
                 "spin 150 & /bin/probe spin 150");
  CAPTURE(pair.console);
  const long first = number_in(pair.console, "spin 150 took (\\d+) ms");  // the one outside
  const long second = number_in(pair.console, "took \\d+ ms[^]*took (\\d+) ms");
  CHECK(first * 3 < second * 2);  // with equal shares they would end together
}

// Would catch: a bridge that loses, doubles or shows frames to those whom they are not for; a system that
// loses its own network when the bridge takes its card; a container that outlives its port.
TEST_CASE("taps, containers and the system share the machine's card, each with an address of its own") {
  for (const char* card : {"virtio", "e1000"}) {
    for (const unsigned processors : {1u, 4u}) {
      const KernelRun run = run_kernel(processors,
                                       "/bin/init /bin/network ; /bin/tap ; /bin/contain --address 10.0.2.21 "
                                       "/bin/network ; /bin/network ; /bin/contain --address 10.0.2.21 "
                                       "/bin/network & /bin/contain --address 10.0.2.22 /bin/network & "
                                       "/bin/network",
                                       {"--net", "peer", "--nic", card});
      CAPTURE(card, processors, run.console, run.errors);
      CHECK(run.well());
      CHECK(run.says("tap: all well"));
      CHECK(number_of(run.console, "network: pattern of 1000 bytes received") == 6);
    }
  }
}

// Would catch: another answer through the bridge than by the card itself; TCP that loses or repeats bytes, or
// hangs.
TEST_CASE("the workload's link phases give the same in a container as outside") {
  const std::vector<std::string> wire = {"--net", "peer"};
  const std::string workload = "/bin/workload --quick --link 10.0.2.2 --link-bulk 10.0.2.2 link";
  const KernelRun bare = run_kernel(2, workload, wire);
  const KernelRun container = run_kernel(2, "/bin/contain --address 10.0.2.21 " + workload, wire);
  CAPTURE(bare.console, container.console, container.errors);
  REQUIRE(bare.well());
  REQUIRE(container.well());
  const lab::WorkloadLog outside = lab::parse_workload_log(bare.console);
  const lab::WorkloadLog inside = lab::parse_workload_log(container.console);
  REQUIRE(outside.phases.size() == 2);
  REQUIRE(inside.phases.size() == 2);
  for (size_t i = 0; i < 2; ++i) CHECK(inside.phases[i].hash == outside.phases[i].hash);
}

TEST_CASE("limits on processes and memory hold, for that container alone") {
  const KernelRun run = run_kernel(
      2,
      "/bin/init /bin/contain --processes 5 /bin/probe processes ; /bin/probe processes ; /bin/contain "
      "--pages 100 /bin/probe pages 50 ; /bin/contain --pages 100 /bin/probe pages 200");
  CAPTURE(run.console, run.errors);
  CHECK(run.says("probe: 4 processes"));
  CHECK(run.says("probe: 50 processes"));
  CHECK(run.says("probe: 50 pages"));
  CHECK(run.says("contain: killed by 11"));
}

// Catches limits of one that hold for the other, and lines of faults that are mixed with a program's.
TEST_CASE("programs side by side have limits of their own; a fault of one harms no other") {
  const KernelRun run = run_kernel(
      1,
      "/bin/launch --each /bin/neighbour crash 20 --each --pages 100 /bin/neighbour memory 40 --each "
      "/bin/probe pages 1000");
  CAPTURE(run.console);
  CHECK(number_of(run.console, "(neighbour): page fault at rip ") >= 2);
  CHECK(run.console.find("instance=2 neighbour: 0 times 512 pages\n") != std::string::npos);
  CHECK(number_in(run.console, "instance=2 memory=(\\d+)") <= 100 * 4096);
  CHECK(run.console.find("HVLAB instance=3 probe: 1000 pages\n") != std::string::npos);
}

// Catches a fault of the kernel's that ends one program alone.
TEST_CASE("a kernel that is brought down takes all with it") {
  const KernelRun run =
      run_kernel(1, "/bin/launch --contain --each /bin/neighbour kernel 20 --each /bin/neighbour idle 40");
  CAPTURE(run.console);
  CHECK_FALSE(run.well());
  CHECK(run.console.find("PANIC: call 520 asks for it") != std::string::npos);
  CHECK(run.console.find("HVLAB instance=") == std::string::npos);
}

TEST_CASE("a quota bounds processor time, weights divide it") {
  const KernelRun alone =
      run_kernel(1, "/bin/init /bin/probe spin 150 ; /bin/contain --quota 10 /bin/probe spin 150");
  CAPTURE(alone.console);
  const long free_time = number_in(alone.console, "spin 150 took (\\d+) ms");
  const long bounded = number_in(alone.console, "took \\d+ ms[^]*took (\\d+) ms");
  CHECK(free_time > 0);
  CHECK(bounded > 5 * free_time);

  const KernelRun pair = run_kernel(1,
                                    "/bin/init /bin/contain --weight 3000 /bin/probe spin 150 & /bin/contain "
                                    "--weight 1000 /bin/probe spin 150");
  CAPTURE(pair.console);
  const long heavy = number_in(pair.console, "spin 150 took (\\d+) ms");  // ends first
  const long light = number_in(pair.console, "took \\d+ ms[^]*took (\\d+) ms");
  // With three quarters the heavy one needs 4/3 of the time it would need alone; then the light one has all.
  CHECK(std::abs(heavy - free_time * 4 / 3) <= 10);
  CHECK(std::abs(light - free_time * 2) <= 10);
}

TEST_CASE("a machine with little memory ends what asks for too much, and goes on") {
  const KernelRun run = run_kernel(
      2, "/bin/init /bin/probe pages 5000 ; /bin/files /tmp ; /bin/probe pages 100", {"--memory", "16M"});
  CAPTURE(run.console, run.errors);
  CHECK(run.says("init: /bin/probe killed by 11"));
  CHECK(run.says("probe: 100 pages"));
}
