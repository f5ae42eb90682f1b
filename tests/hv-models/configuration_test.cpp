#include "hv-models/hypervisor/configuration.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace hvlab::hypervisor;

namespace {

Configuration read(const std::string& line) {
  Configuration result;
  char error[160];
  INFO(line);
  const bool well = read_configuration(line.c_str(), result, error, sizeof error);
  INFO(error);
  REQUIRE(well);
  return result;
}

std::string mistake(const std::string& line) {
  Configuration result;
  char error[160];
  CHECK_FALSE(read_configuration(line.c_str(), result, error, sizeof error));
  return error;
}

}  // namespace

// Would catch: a word that is not read, or read into another place; a guest that gets its neighbour's command
// line.
TEST_CASE("the documented command line says what it means") {
  const Configuration c = read(
      "scheduler=relaxed skew=500 slice=2000 pause=yield "
      "vm1=vcpus:4,memory:96,disk:virtio,net:e1000,sends:3,registers:kernel,frames:shared,paging:shadow "
      "vm2=vcpus:2,shares:500,reservation:20,limit:150,cores:0+2-3 -- run=/bin/workload --quick -- "
      "run=/bin/spin");
  CHECK(std::string(c.scheduler) == "relaxed");
  CHECK(c.skew == 500);
  CHECK(c.slice == 2000);
  CHECK(c.on_pause == schedule::OnPause::Yield);
  REQUIRE(c.count == 2);
  const MachineConfiguration &a = c.machines[0], &b = c.machines[1];
  CHECK(a.vcpus == 4);
  CHECK(a.memory == 96);
  CHECK(a.disk == DiskKind::Virtio);
  CHECK(a.net == NetworkKind::E1000);
  CHECK(a.sends == 3);
  CHECK(a.registers == RegistersBy::Kernel);
  CHECK(a.frames == FramesBy::Shared);
  CHECK(saves_world_switches(a));
  CHECK(a.paging == Paging::Shadow);
  CHECK(a.shares == 1000);
  CHECK(a.cores == ~0u);
  CHECK(std::string(a.command_line) == "run=/bin/workload --quick");
  CHECK(b.vcpus == 2);
  CHECK(b.memory == 64);
  CHECK(b.disk == DiskKind::None);
  CHECK(b.net == NetworkKind::None);
  CHECK(b.sends == 1);
  CHECK_FALSE(saves_world_switches(b));
  CHECK(b.shares == 500);
  CHECK(b.reservation == 20);
  CHECK(b.limit == 150);
  CHECK(b.cores == 0b1101);
  CHECK(std::string(b.command_line) == "run=/bin/spin");
}

TEST_CASE("how a split card's frames go, and how large the second stage's pages are") {
  const Configuration c = read(
      "management=offload:on,pages:small vm1=net:pv,transmit:map,receive:flip,offload:on,pages:small "
      "vm2=net:pv,transmit:header vm3=net:pv -- run=/bin/init");
  CHECK((c.management.offload && c.management.pages == Pages::Small && !splits_card(c.machines[2])));
  const MachineConfiguration& a = c.machines[0];
  CHECK((a.transmit == Transmit::Map && a.receive == Receive::Flip && a.offload && a.pages == Pages::Small));
  CHECK((c.machines[1].transmit == Transmit::Header && splits_card(c.machines[1])));
  CHECK((c.machines[2].transmit == Transmit::Copy && c.machines[2].receive == Receive::Copy));
  CHECK((!c.machines[2].offload && c.machines[2].pages == Pages::Large));
}

TEST_CASE("what is not said has its default, and the last command line serves all further machines") {
  CHECK(read("").count == 1);
  CHECK(std::string(read("exit=debug ide=pio -- run=/bin/init").machines[0].command_line) == "run=/bin/init");
  const Configuration c = read("vm3=vcpus:2 -- a -- b c");
  REQUIRE(c.count == 3);
  CHECK(c.machines[0].vcpus == 1);
  CHECK(std::string(c.machines[0].command_line) == "a");
  CHECK(std::string(c.machines[1].command_line) == "b c");
  CHECK(std::string(c.machines[2].command_line) == "b c");
  CHECK(c.machines[2].vcpus == 2);
  CHECK(std::string(read("vm1= --").machines[0].command_line).empty());
}

TEST_CASE("a mistake gets one message that says where and what would be right") {
  CHECK(mistake("vm1=disk:scsi") == "vm1=disk:scsi: disk is one of: none, ide, virtio, pv");
  CHECK(mistake("vm1=cpus:2").find("a virtual machine has vcpus, memory") != std::string::npos);
  for (const char* line :
       {"vm1=vcpus:0", "vm1=vcpus:9", "vm1=memory:15", "vm1=memory:", "vm1=vcpus:2x",
        "vm9=", "vm1=cores:", "vm1=cores:32", "vm1=cores:2-x", "vm1=limit:801", "skew=a", "slice=99",
        "pause=never", "scheduler=abcdefghijklmnopqrst", "vm1=vcpus:1 -- a -- b"}) {
    CHECK_FALSE(mistake(line).empty());
  }
  CHECK(mistake("-- " + std::string(300, 'x')).empty() == false);
  CHECK(std::string(read("-- run=a --b c").machines[0].command_line) == "run=a --b c");
}
