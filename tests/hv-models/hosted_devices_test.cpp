// The hosted VMM with disks, cards, several machines, and guests that attack.
#include "hosted_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

// What each would catch: check_computes().
TEST_CASE("the same with other numbers of processors") {
  const lab::WorkloadLog expected = bare_log();
  check_computes(1, 1, expected);
  check_computes(1, 4, expected);
  check_computes(2, 1, expected);
  check_computes(2, 4, expected);
  check_computes(3, 2, expected);
  check_computes(4, 2, expected);
}

// Would catch: machines that share what is each one's own; lines that mix.
TEST_CASE("several machines run beside each other, and each says which it is") {
  const lab::WorkloadLog expected = bare_log();
  const KernelRun run = run_hosted(2, "vm1=vcpus:2 vm2=vcpus:1 vm3=vcpus:2", "run=/bin/workload --quick");
  CAPTURE(run.console, run.errors);
  REQUIRE(run.well());
  const std::vector<lab::WorkloadLog> logs = lab::parse_workload_logs(run.console);
  REQUIRE(logs.size() == 3);
  for (const lab::WorkloadLog& log : logs) check_same(log, expected);
}

// Would catch: data that reaches another place of the disk or of the guest's memory, frames that are lost, by
// any of the devices and with any number of processors.
TEST_CASE("disk and network give a guest what they give the machine, through every device") {
  const TemporaryFolder folder("hosted");
  const std::vector<std::string> devices = {"--disk", make_disk(folder.path / "disk"), "--net", "peer"};
  const std::string workload =
      "run=/bin/workload --quick --disk /dev/disk0 --link 10.0.2.2 --link-bulk 10.0.2.2 cpu";
  const KernelRun bare = run_image(HVLAB_KERNEL, HVLAB_HOSTED, 1, "exit=debug " + workload, devices);
  CAPTURE(bare.console, bare.errors);
  REQUIRE(bare.well());
  const lab::WorkloadLog expected = lab::parse_workload_log(bare.console);
  REQUIRE(expected.phases.size() == 4);
  struct Case {
    unsigned cores, vcpus;
    const char* devices;
  };
  for (const Case& c : {Case{1, 1, "disk:ide,net:e1000"}, Case{2, 1, "disk:virtio,net:virtio"},
                        Case{4, 2, "disk:ide,net:virtio"}, Case{3, 4, "disk:virtio,net:e1000"},
                        Case{2, 2, "disk:ide,net:e1000,paging:shadow"}}) {
    const std::string words = std::string("vm1=vcpus:") + std::to_string(c.vcpus) + "," + c.devices;
    const KernelRun run = run_hosted(c.cores, words, workload, devices);
    CAPTURE(words, c.cores, run.console, run.errors);
    REQUIRE(run.well());
    check_same(lab::parse_workload_log(run.console), expected);
  }
}

// Would catch: sends that wait for ever, or are lost or repeated; a tail register that goes back when several
// processors send; combining that saves nothing, or costs requests nothing.
TEST_CASE("sends that wait for each other make a stream faster and each request slower") {
  const std::string workload = "run=/bin/workload --quick --link 10.0.2.2 --link-bulk 10.0.2.2 link";
  for (const char* net : {"e1000", "virtio"}) {
    for (const unsigned vcpus : {1u, 3u}) {
      const auto phases = [&](const char* sends) {
        const KernelRun run =
            run_hosted(vcpus, std::string("vm1=vcpus:") + std::to_string(vcpus) + ",net:" + net + sends,
                       workload, {"--net", "peer"});
        CAPTURE(net, vcpus, sends, run.console, run.errors);
        REQUIRE(run.well());
        return lab::parse_workload_log(run.console).phases;
      };
      const auto single = phases(""), combined = phases(",sends:8");
      REQUIRE(single.size() == 2);
      REQUIRE(combined.size() == 2);
      CHECK(combined[0].hash == single[0].hash);
      CHECK(combined[1].hash == single[1].hash);
      if (vcpus > 1) continue;
      CHECK(combined[0].nanoseconds > single[0].nanoseconds);
      CHECK(combined[1].nanoseconds < single[1].nanoseconds);
    }
  }
}

// Would catch: data that is lost, repeated or cut where the kernel answers registers, doorbells wait and
// frames are taken without a thread, alone and together, with one processor and with several; an interrupt
// that is never seen; a receiver that waits for room that there is.
TEST_CASE("what saves changes of worlds changes no data") {
  struct Case {
    unsigned cores, vcpus;
    const char* words;
  };
  for (const Case& c :
       {Case{1, 1, ",registers:kernel"}, Case{1, 1, ",frames:poll"}, Case{1, 1, ",frames:shared"},
        Case{1, 1, ",registers:kernel,sends:3,frames:shared"},
        Case{1, 2, ",registers:kernel,sends:3,frames:poll"},
        Case{2, 2, ",registers:kernel,sends:3,frames:shared"}, Case{3, 2, ",registers:kernel,frames:poll"},
        Case{2, 1, ",registers:kernel,frames:shared"},
        Case{4, 4, ",registers:kernel,sends:8,frames:shared,paging:shadow"}}) {
    const KernelRun run = run_hosted(c.cores, "vm1=vcpus:" + std::to_string(c.vcpus) + ",net:e1000" + c.words,
                                     "run=/bin/bulk --kibibytes 300 --check", {"--net", "peer"});
    CAPTURE(c.cores, c.vcpus, c.words, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.says("HVLAB done"));
  }
  const KernelRun virtio = run_hosted(2, "vm1=vcpus:2,net:virtio,sends:3,frames:shared",
                                      "run=/bin/bulk --kibibytes 300 --check", {"--net", "peer"});
  CAPTURE(virtio.console, virtio.errors);
  CHECK(virtio.says("HVLAB done"));
}

// Would catch: registers of a card that is not an e1000 that are said to be kept.
TEST_CASE("the kernel keeps registers of an e1000 alone") {
  const KernelRun run =
      run_hosted(1, "vm1=net:virtio,registers:kernel", "run=/bin/bulk send", {"--net", "peer"});
  CAPTURE(run.console, run.errors);
  CHECK_FALSE(run.well());
  CHECK(run.console.find("registers:kernel is for net:e1000") != std::string::npos);
}

// Would catch: a kernel with a tick that writes to its timer in between, wakes nobody, or computes otherwise.
TEST_CASE("a kernel with a tick does the same work, later") {
  const lab::WorkloadLog expected = bare_log();
  for (const unsigned cores : {1u, 3u}) {
    const KernelRun run =
        run_hosted(cores, "tick=10 vm1=vcpus:" + std::to_string(cores), "tick=10 run=/bin/workload --quick");
    CAPTURE(cores, run.console, run.errors);
    REQUIRE(run.well());
    check_same(lab::parse_workload_log(run.console), expected);
  }
}

// Would catch: a guest that reads or writes beyond its part of the disk; files that do not survive the guest.
TEST_CASE("each machine has its part of the disk, and finds its files again") {
  const TemporaryFolder folder("hosted");
  const std::string disk = make_disk(folder.path / "disk") + ",persist";
  const std::string machines = "vm1=disk:ide vm2=disk:virtio";
  const KernelRun first =
      run_hosted(2, machines, "run=/bin/init /bin/mount --format /dev/disk0 /mnt ; /bin/files /mnt keep",
                 {"--disk", disk});
  CAPTURE(first.console, first.errors);
  REQUIRE(first.well());
  const KernelRun second = run_hosted(
      1, machines, "run=/bin/init /bin/mount /dev/disk0 /mnt ; /bin/files /mnt check", {"--disk", disk});
  CAPTURE(second.console, second.errors);
  REQUIRE(second.well());
  CHECK(second.says("vm1: files: 12 checked in /mnt"));
  CHECK(second.says("vm2: files: 12 checked in /mnt"));
}

// Would catch: words of a disk's data that are lost when an interrupt comes between them.
TEST_CASE("a disk driver without DMA moves every word through the VMM") {
  const TemporaryFolder folder("hosted");
  const KernelRun run = run_hosted(
      1, "vm1=disk:ide", "ide=pio run=/bin/init /bin/mount --format /dev/disk0 /mnt ; /bin/files /mnt keep",
      {"--disk", make_disk(folder.path / "disk")});
  CAPTURE(run.console, run.errors);
  CHECK(run.well());
  CHECK(run.says("HVLAB kernel disk=disk0 kind=ide-pio sectors=32768"));
  CHECK(run.says("files: 12 checked in /mnt"));
}

// Would catch: a guest that reaches the host, its VMM or its neighbour: by instructions, MSRs, hypercalls,
// ports, addresses, interrupts, devices programmed by chance; by holding the processor; by what no VMM can do
// for it.
TEST_CASE("a guest that attacks from ring 0 harms itself alone") {
  const TemporaryFolder folder("hosted");
  const std::vector<std::string> devices = {"--disk", make_disk(folder.path / "disk"), "--net", "peer"};
  const lab::WorkloadLog expected = bare_log();
  struct Case {
    const char *attack, *words;
  };
  for (const auto& [attack, words] :
       {Case{"everything", "paging:nested"}, Case{"everything", "paging:shadow"},
        Case{"everything", "registers:kernel,sends:3,frames:shared"},
        Case{"everything", "registers:kernel,frames:poll"},
        Case{"time", "registers:kernel,sends:3,frames:shared"}, Case{"fetch", "paging:nested"},
        Case{"fetch", "paging:shadow,registers:kernel,sends:3,frames:shared"}}) {
    const KernelRun run =
        run_hosted(2, std::string("vm1=disk:virtio,net:e1000,") + words + " vm2=vcpus:2,disk:ide,net:virtio",
                   std::string("attack=") + attack + " -- run=/bin/workload --quick", devices);
    CAPTURE(attack, words, run.console, run.errors);
    const std::vector<lab::WorkloadLog> logs = lab::parse_workload_logs(run.console);
    REQUIRE(logs.size() == 2);
    check_same(logs[1], expected);
    const bool survives = std::string(attack) != "fetch";
    CHECK(run.well() == survives);
    CHECK((run.console.find(std::string("attack: ") + attack + " over") != std::string::npos) == survives);
  }
}

// Would catch: as "a VMM that keeps to nothing harms nobody else", where nobody has thought of it; a
// neighbour's guest that its calls reach.
TEST_CASE("VMMs that keep to nothing, by chance, beside others") {
  for (unsigned seed = 10; seed < 22; ++seed) {
    const KernelRun run =
        run_image(HVLAB_KERNEL, HVLAB_HOSTED, seed % 4 + 1,
                  "exit=debug run=/bin/init /bin/badvmm " + std::to_string(seed) +
                      " & /bin/vmm vm1=vcpus:2 -- run=/bin/files /tmp & /bin/files /tmp & /bin/vm");
    CAPTURE(seed, run.console, run.errors);
    CHECK(run.well());  // each of them
  }
}
