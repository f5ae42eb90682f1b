// Requests of the kernel followed hop by hop, by its marks.
#include <algorithm>

#include "disk_files.hpp"
#include "followed_run.hpp"

using namespace hvlab;
using namespace hvlab::test;
using Json = nlohmann::json;

namespace {

Followed follow(unsigned processors, const std::string& program, std::vector<std::string> options) {
  return follow_image(HVLAB_KERNEL, HVLAB_PROGRAMS, processors, "run=" + program, std::move(options));
}

u64 count(const Json& io, const std::string& operation, const char* what) {
  u64 sum = 0;
  for (const Json& group : io)
    if (group.at("operation") == operation) sum += group.at(what).get<u64>();
  return sum;
}

// Pieces that follow each other from the request's beginning to its end.
bool contiguous(const Json& request) {
  u64 at = request.at("begin");
  for (const Json& piece : request.at("pieces")) {
    if (piece[3] != at || piece[4].get<u64>() <= at) return false;
    at = piece[4];
  }
  return at == request.at("end");
}

}  // namespace

// Catches requests of which a stage is missing, that belong to no system call, or whose hops are not their
// time.
TEST_CASE("each request to a disk is followed from its call to its return") {
  const TemporaryFolder folder("disk");
  const std::string disk = make_disk(folder.path / "disk");
  for (const char* interface : {"virtio", "ide"}) {
    for (const unsigned processors : {1u, 3u}) {
      const Followed seen = follow(processors, "/bin/workload --quick --disk /dev/disk0",
                                   {"--disk", disk + ",if=" + interface});
      CAPTURE(interface, processors, seen.run.console, seen.run.errors);
      REQUIRE(seen.run.well());
      CHECK(seen.requests.size() == 9);
      for (const char* operation : {"read", "write"}) {
        CHECK(count(seen.io(), operation, "requests") == 4);
        CHECK(count(seen.io(), operation, "complete") == 4);
        CHECK(count(seen.io(), operation, "called") == 4);
      }
      for (const Json& request : seen.requests) {
        CAPTURE(request.dump());
        CHECK(contiguous(request));
        CHECK(request.at("system") == 0);
      }
    }
  }
}

// Catches datagrams and pings that are not followed onto the wire and back.
TEST_CASE("datagrams and pings are round trips") {
  for (const char* card : {"virtio", "e1000"}) {
    const Followed seen = follow(1, "/bin/network", {"--net", "peer", "--nic", card});
    CAPTURE(card, seen.run.console, seen.run.errors);
    REQUIRE(seen.run.well());
    CHECK(count(seen.io(), "ping", "requests") == 20);
    CHECK(count(seen.io(), "round-trip", "requests") > 20);  // 20 datagrams, a pattern
    for (const char* trip : {"round-trip", "ping"})
      CHECK(count(seen.io(), trip, "requests") == count(seen.io(), trip, "complete"));
    for (const Json& request : seen.requests) CHECK(contiguous(request));
  }
}

// Catches requests of a virtual machine that are not found again among its hypervisor's, though its disk is a
// part of the machine's; stages that are missing; copies where the driver has the guest's own memory, and
// none where it has not.
TEST_CASE("a guest's requests are followed through its hypervisor to the disk and back") {
  const TemporaryFolder folder("disk");
  const std::string disk = make_disk(folder.path / "disk"),
                    guests = " -- exit=debug run=/bin/workload --quick --disk /dev/disk0";
  struct Model {
    const char *image, *module, *words;
    unsigned carrier;   // the system that has the drivers
    const char* place;  // where a guest's requests must have been
    bool copies;
  };
  const Model models[] = {
      {HVLAB_MONOLITHIC, HVLAB_KERNEL, "vm1=disk:virtio vm2=disk:ide", 0, "hypervisor", false},
      {HVLAB_KERNEL, HVLAB_HOSTED, "model=hosted vm1=disk:virtio vm2=disk:ide", 0, "host-user", true},
      {HVLAB_DRIVER_DOMAIN, HVLAB_KERNEL, "vm1=disk:pv vm2=disk:pv,paging:shadow", 3, "management-kernel",
       false},
  };
  for (const Model& model : models) {
    const Followed seen = follow_image(model.image, model.module, 2, model.words + guests,
                                       {"--module", HVLAB_PROGRAMS, "--disk", disk});
    CAPTURE(model.words, seen.run.console, seen.run.errors);
    REQUIRE(seen.run.well());
    unsigned of_guests = 0, whole = 0;
    for (const Json& request : seen.requests) {
      CAPTURE(request.dump());
      CHECK(contiguous(request));
      // One may be done by the handler of an interrupt that came before it was: that of the other machine's.
      if (request.at("system") == model.carrier) continue;
      for (const Json& stage : request.at("unseen")) CHECK((stage == "interrupt" || stage == "handler"));
      whole += request.at("complete").get<bool>();
      ++of_guests;
      CHECK(request.at("parts") >= 1);
      if (request.contains("copied"))
        CHECK(request.at("copied") == (model.copies ? request.at("bytes") : Json(0)));
      CHECK(std::ranges::any_of(request.at("pieces"),
                                [&](const Json& piece) { return piece[1] == model.place; }));
    }
    CHECK(of_guests == 18);
    CHECK(whole >= 14);
    CHECK(seen.requests.size() >= 36);
  }
}

// Catches round trips that end in the hypervisor, or are taken for another machine's.
TEST_CASE("a guest's datagrams and pings are followed through the monolithic hypervisor's switch") {
  for (const char* card : {"virtio", "e1000"}) {
    const Followed seen = follow_image(HVLAB_MONOLITHIC, HVLAB_KERNEL, 2,
                                       std::string("vm1=net:") + card + " -- exit=debug run=/bin/network",
                                       {"--module", HVLAB_PROGRAMS, "--net", "peer"});
    CAPTURE(card, seen.run.console, seen.run.errors);
    REQUIRE(seen.run.well());
    CHECK(count(seen.io(), "ping", "requests") == 20);
    CHECK(count(seen.io(), "round-trip", "requests") > 20);
    for (const char* trip : {"round-trip", "ping"})
      CHECK(count(seen.io(), trip, "requests") == count(seen.io(), trip, "complete"));
    for (const Json& request : seen.requests) {
      CHECK(request.at("system") == 1);
      CHECK(contiguous(request));
    }
  }
}
