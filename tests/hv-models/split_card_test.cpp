// Split network cards on the simulated machine, with each way that frames can take between two machines.
// Every byte that goes out and comes in is looked at by /bin/bulk.
#include "hypervisor_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

KernelRun run_split(unsigned cores, const std::string& card, const std::string& line) {
  return run_image(HVLAB_DRIVER_DOMAIN, HVLAB_KERNEL, cores, "exit=debug " + line,
                   {"--module", HVLAB_PROGRAMS, "--nic", card, "--net", "peer", "--link", "ethernet-10g"});
}

const std::string kBulk = "/bin/bulk --check --kibibytes 300";

}  // namespace

// Would catch: a byte that is lost, doubled or of another frame; a page that both machines have, or that a
// processor still finds at its old place; a packet whose pages are given back too early or never; a wrong
// checksum, since the peer looks at each.
TEST_CASE("bytes arrive whatever way they take") {
  struct Case {
    unsigned cores, vcpus;
    const char *card, *management, *words;
  };
  for (const Case& c : {Case{1, 1, "virtio", "", "transmit:map"},
                        {2, 2, "virtio", "vcpus:2", "transmit:map,receive:flip"},
                        {1, 1, "virtio", "", "transmit:header,receive:flip"},
                        {2, 2, "virtio", "", "offload:on"},
                        {1, 1, "virtio", "offload:on", "offload:on,transmit:map,receive:flip"},
                        {2, 2, "virtio", "vcpus:2,offload:on", "offload:on,transmit:header,receive:flip"},
                        {3, 2, "e1000", "", "offload:on,transmit:header,receive:flip"},
                        {1, 1, "e1000", "pages:small", "offload:on,transmit:map,pages:small"}}) {
    const std::string management = *c.management == 0 ? "" : std::string("management=") + c.management + " ";
    const KernelRun run = run_split(
        c.cores, c.card,
        management + "vm1=net:pv,vcpus:" + std::to_string(c.vcpus) + "," + c.words + " -- run=" + kBulk);
    CAPTURE(c.cores, c.vcpus, c.card, c.management, c.words, run.console, run.errors);
    CHECK(run.well());
    CHECK(number_of(run.console, "HVLAB phase=send hash=4b000") == 1);
    CHECK(number_of(run.console, "HVLAB phase=receive hash=4b000") == 1);
  }
}

// Would catch: machines that get each other's pages, or lose theirs, when both exchange them; frames from one
// guest to the other that stay unfinished.
TEST_CASE("several guests with cards of different manners") {
  const KernelRun run = run_split(
      2, "virtio",
      "vm1=net:pv,transmit:map,receive:flip,offload:on vm2=net:pv,receive:flip vm3=net:pv,transmit:header "
      "-- run=" +
          kBulk + " -- run=/bin/init /bin/network answer 7 21 & " + kBulk + " -- run=/bin/init " + kBulk +
          " ; /bin/network echo 10.0.2.22 7");
  CAPTURE(run.console, run.errors);
  CHECK(run.well());
  CHECK(number_of(run.console, "HVLAB phase=receive hash=4b000") == 3);
  CHECK(run.console.find("20 datagrams echoed") != std::string::npos);
}

// Would catch: a card that is told to do more than it does.
TEST_CASE("the machine's own card completes checksums and cuts frames") {
  const KernelRun run =
      run_kernel(1, "/bin/bulk --check --kibibytes 300",
                 {"--nic", "virtio", "--net", "peer", "--link", "ethernet-10g"}, "offload=on ");
  CAPTURE(run.console, run.errors);
  CHECK(run.well());
  CHECK(number_of(run.console, "HVLAB phase=send hash=4b000") == 1);
}

// Would catch: words that are accepted and do nothing.
TEST_CASE("what a card cannot do is said") {
  CHECK(
      run_split(1, "virtio", "vm1=net:e1000,transmit:map -- run=/bin/init").console.find("a split card's") !=
      std::string::npos);
  CHECK(run_split(1, "virtio", "vm1=net:pv,paging:shadow,receive:flip -- run=/bin/init")
            .console.find("receive:flip needs paging:nested") != std::string::npos);
}
