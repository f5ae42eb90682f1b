// Each architecture with each kind of devices: every request to a disk and every frame is followed, as the
// program, the wire and the architecture say it must be.
#include <map>

#include "followed_run.hpp"
#include "hypervisor_run.hpp"

using namespace hvlab;
using namespace hvlab::test;
using Json = nlohmann::json;

namespace {

struct Architecture {
  const char* name;
  const char *image, *module;
  const char* before;      // words for the hypervisor; "": the program runs on the kernel
  unsigned system;         // whose requests they are
  unsigned frame_copies;   // on a frame's way, outside the system that sends or gets it
  const char* doorbell;    // the exit that a frame costs at least; "": none
  const char* passes;      // a place that every frame out passes; "": none
  bool disk_copied;        // by whoever carries out the request
  unsigned instances = 1;  // of the program
  bool awaits = true;      // the program is in its call when an answer comes; false: it still sends
};

const Architecture kAll[] = {
    {"bare", HVLAB_KERNEL, HVLAB_PROGRAMS, "", 0, 0, "", "", false},
    {"container", HVLAB_KERNEL, HVLAB_PROGRAMS, "/bin/launch --contain --address 10.0.2.21 1 ", 0, 0, "", "",
     false},
    {"apps", HVLAB_KERNEL, HVLAB_PROGRAMS, "/bin/launch 2 ", 0, 0, "", "", false, 2},
    {"monolithic", HVLAB_MONOLITHIC, HVLAB_KERNEL, "vm1=disk:ide,net:e1000", 1, 1, "npf", "hypervisor",
     false},
    {"monolithic, pv", HVLAB_MONOLITHIC, HVLAB_KERNEL, "vm1=disk:virtio,net:virtio", 1, 1, "npf",
     "hypervisor", false},
    // Into the program's frame, into the call's buffer, into the kernel's packet; and back.
    {"hosted", HVLAB_KERNEL, HVLAB_HOSTED, "model=hosted vm1=disk:ide,net:e1000", 1, 3, "npf", "host-user",
     true},
    {"hosted, pv", HVLAB_KERNEL, HVLAB_HOSTED, "model=hosted vm1=disk:virtio,net:virtio", 1, 3, "npf",
     "host-user", true},
    {"driver domain", HVLAB_DRIVER_DOMAIN, HVLAB_KERNEL, "vm1=disk:ide,net:e1000", 1, 3, "npf",
     "management-user", true, 1, false},
    {"driver domain, pv", HVLAB_DRIVER_DOMAIN, HVLAB_KERNEL, "vm1=disk:pv,net:pv", 1, 1, "vmmcall",
     "management-kernel", false},
    {"partition", HVLAB_PARTITION, HVLAB_KERNEL, "vm1=disk:virtio,net:virtio", 1, 0, "", "", false},
};

// What `workload --quick` does (workloads/workload/main.cpp), and what that is on the wire.
constexpr u64 kBlocks = 4, kBlock = 16 * 1024;       // written, and read back
constexpr u64 kRounds = 25, kTries = 3;              // of link and ping; before link, ping and link-bulk
constexpr u64 kDatagram = 64, kDatagramFrame = 106;  // 14 + 20 + 8 + 64
constexpr u64 kPing = 64, kPingFrame = 98;           // 14 + 20 + 64
constexpr u64 kStream = 64 * 1024, kTcpFrame = 54, kSegment = 1460;

Followed follow(const Architecture& a, unsigned processors) {
  const bool guest = a.system != 0;
  std::vector<std::string> options = {"--net", "peer", "--nic", "virtio"};
  const std::vector<DiskFile> disks(a.instances);
  for (const DiskFile& disk : disks) {
    options.emplace_back("--disk");
    options.push_back(disk.path.string() + ",if=virtio");
  }
  const bool launched = !guest && *a.before != '\0';
  const std::string program = std::string("/bin/workload --quick --disk ") +
                              (launched ? "/dev/disk@" : "/dev/disk0") +
                              " --link 10.0.2.2 --ping 10.0.2.2 --link-bulk 10.0.2.2 syscall";
  std::string words;
  if (guest) {
    words = std::string(a.before) + " -- exit=debug run=" + program;
    if (std::string(a.module) == HVLAB_KERNEL) options.insert(options.end(), {"--module", HVLAB_PROGRAMS});
  } else {
    words = "run=" + std::string(a.before) + program;
  }
  return follow_image(a.image, a.module, processors, words, std::move(options));
}

std::vector<Json> some(const Followed& seen, unsigned system, const char* operation, u64 bytes) {
  std::vector<Json> found;
  for (const Json& each : seen.requests) {
    if (each.at("system") == system && each.at("operation") == operation && each.at("bytes") == bytes)
      found.push_back(each);
  }
  return found;
}

// AMD's reason, or what Intel's processors call the same.
u64 exits(const Json& request, const std::string& reason) {
  static const std::map<std::string, std::vector<std::string>> kIntel = {
      {"npf", {"EPT_VIOLATION", "EPT_MISCONFIG"}}, {"vmmcall", {"VMCALL"}}, {"io", {"IO_INSTRUCTION"}}};
  if (!request.contains("exits") || reason.empty()) return 0;
  u64 sum = 0;
  for (const std::string& each : on_intel() ? kIntel.at(reason) : std::vector{reason})
    sum += request.at("exits").value(each, u64{0});
  return sum;
}

bool passes(const Json& request, const std::string& place) {
  for (const Json& piece : request.at("pieces"))
    if (piece[1] == place) return true;
  return false;
}

// Its pieces follow each other from its beginning to its end, and each is somebody's.
void check_whole(const Json& request) {
  u64 at = request.at("begin"), cycles = 0;
  for (const Json& piece : request.at("pieces")) {
    CHECK(piece[3] == at);
    CHECK(piece[1] != "unknown");
    at = piece[4];
    cycles += piece[5].get<u64>();
  }
  CHECK(at == request.at("end"));
  CHECK(cycles == request.at("cycles"));
  CHECK(request.at("complete").get<bool>());
}

void check_disk(const Followed& seen, const Architecture& a) {
  for (const char* operation : {"read", "write"}) {
    const auto requests = some(seen, a.system, operation, kBlock);
    CHECK(requests.size() == kBlocks * a.instances);
    for (const Json& each : requests) {
      CAPTURE(each.dump());
      CHECK(passes(each, "medium"));
      CHECK(exits(each, a.doorbell) + exits(each, "io") >= (*a.doorbell != '\0' ? 1 : 0));
      const bool carried = each.at("parts") != 0;
      CHECK(carried == (*a.doorbell != '\0'));
      if (carried) CHECK(each.at("copied") == (a.disk_copied ? kBlock : 0));
    }
  }
  CHECK(some(seen, a.system, "flush", 0).size() == a.instances);
}

// `own`: bytes that the system itself copies between the program and the frame.
void check_frames(const Followed& seen, const Architecture& a, u64 frame, u64 own, u64 count) {
  CAPTURE(frame);
  const auto sends = some(seen, a.system, "send", frame), receives = some(seen, a.system, "receive", frame);
  CHECK(sends.size() == count);
  CHECK(receives.size() == count);
  for (const Json& each : sends) {
    CAPTURE(each.dump());
    CHECK(each.at("copied") == own + a.frame_copies * frame);
    CHECK((*a.doorbell == '\0' || exits(each, a.doorbell) >= 1));
    CHECK((*a.passes == '\0' || passes(each, a.passes)));
    CHECK(passes(each, "device"));
  }
  u64 waited = 0;
  for (const Json& each : receives) {
    CAPTURE(each.dump());
    // Where nobody waited it is only in the socket.
    const u64 way = a.frame_copies * frame, copied = each.value("copied", u64{0});
    CHECK((copied == own + way || copied == way));
    waited += copied == own + way;
    CHECK((*a.doorbell == '\0' || each.contains("exits")));
  }
  // An exit takes longer on Intel's: guests still send when the answer comes.
  if (a.awaits && !(on_intel() && a.system != 0 && *a.doorbell != '\0')) CHECK(waited == count);
}

// Payload of TCP in frames that were sent or received: those of other lengths than all that is no segment.
u64 stream_bytes(const Followed& seen, unsigned system, const char* operation) {
  u64 sum = 0;
  for (const Json& each : seen.requests) {
    const u64 bytes = each.at("bytes");
    const bool other =
        bytes == kDatagramFrame || bytes == kPingFrame || bytes == kTcpFrame + 4 || bytes < kTcpFrame;
    const bool padded = bytes == 60;  // ARP
    if (each.at("system") == system && each.at("operation") == operation && !other && !padded)
      sum += bytes - kTcpFrame;
  }
  return sum;
}

// Every frame that the machine's card has sent or received is somebody's, but the last that came as the
// machine was switched off.
void check_wire(const Followed& seen) {
  std::map<std::string, u64> followed;
  for (const Json& each : seen.requests) ++followed[each.at("operation").get<std::string>()];
  const Json& events = seen.statistics.at("events");
  CHECK(followed["send"] == events.at("frame-sent"));
  const u64 received = events.at("frame-received");
  CHECK(followed["receive"] <= received);
  CHECK(followed["receive"] + 1 >= received);
}

// No request has had exits that its machine has not, and where there is no machine there are none.
void check_exits(const Followed& seen, const Architecture& a) {
  std::map<std::string, u64> all, trips;
  for (const Json& each : seen.statistics.at("exits"))
    if (each.value("vm", u64{0}) == a.system)
      all[each.at("reason").get<std::string>()] += each.at("count").get<u64>();
  for (const Json& each : seen.requests) {
    if (!each.contains("exits")) continue;
    CHECK(a.system != 0);
    const bool trip = each.at("operation") == "ping" || each.at("operation") == "round-trip";
    for (const auto& [reason, count] : each.at("exits").items())
      if (trip && each.at("system") == a.system) trips[reason] += count.get<u64>();
  }
  // One after the other they share none.
  for (const auto& [reason, count] : trips) CHECK(count <= all[reason]);
}

void check(const Architecture& a, unsigned processors) {
  CAPTURE(a.name, processors);
  const Followed seen = follow(a, processors);
  CAPTURE(seen.run.console, seen.run.errors);
  REQUIRE(seen.run.well());
  for (const Json& each : seen.requests) {
    CAPTURE(each.dump());
    check_whole(each);
  }
  check_disk(seen, a);
  const u64 trips = (kRounds + kTries) * a.instances;
  CHECK(some(seen, a.system, "round-trip", kDatagram).size() == trips);
  CHECK(some(seen, a.system, "ping", kPing).size() == kRounds * a.instances);
  check_frames(seen, a, kDatagramFrame, kDatagram, trips);
  check_frames(seen, a, kPingFrame, kPing, kRounds * a.instances);
  for (const Json& each : some(seen, a.system, "send", kTcpFrame + kSegment))
    CHECK(each.at("copied") == kSegment + a.frame_copies * (kTcpFrame + kSegment));
  // A stream there, with the request for a file; the same back, and the file.
  CHECK(stream_bytes(seen, a.system, "send") >= kStream * a.instances);
  CHECK(stream_bytes(seen, a.system, "receive") >= 2 * kStream * a.instances);
  check_wire(seen);
  check_exits(seen, a);
}

}  // namespace

// Catches requests that are lost on their way through an architecture, stages that nobody saw, frames taken
// for others of their length, copies that are not counted or counted for another frame, and exits of somebody
// else.
TEST_CASE("in every architecture each request to disk and wire is followed") {
  for (const Architecture& each : kAll)
    for (const unsigned processors : {1u, 2u}) check(each, processors);
}
