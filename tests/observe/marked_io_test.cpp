// Requests of systems that mark what they do: whose they are, what carries them out, what is copied.
#include "sim/observe/marked_io.hpp"

#include <catch2/catch.hpp>

using namespace hvlab;
using namespace hvlab::observe;
using arch::mark::DiskOperation;
using arch::mark::Kind;

namespace {

constexpr u64 kGuestBlock = 0x10000, kManagementBlock = 0x20000, kGuestRoot = 0x90000,
              kManagementRoot = 0xA0000;
constexpr u64 kToMedium = u64{1} << 63;

/// A machine of one processor whose software marks; each event comes 10 ns after the one before it.
struct Bench {
  std::vector<IoRequest> done;
  IoTracker tracker{{.frequency_hz = 1'000'000'000, .entry_cycles = 2, .exit_cycles = 3},
                    [this](IoRequest request) { done.push_back(std::move(request)); }};
  /// A guest's memory lies 1 MiB further up in the machine.
  MarkedIo marked{
      tracker, [this](unsigned core, u64 page) {
        return std::optional<u64>(tracker.block_of(static_cast<u8>(core)) != 0 ? page + 0x10'0000 : page);
      }};
  Picoseconds now = 1'000'000;
  bool in_guest = false, user = false;

  void event(EventKind kind, u64 a = 0, u64 b = 0, DeviceId device = 0) {
    now += 10 * kNanosecond;
    const Event event{
        .time = now, .a = a, .b = b, .rip = 0, .kind = kind, .core = 0, .device = device, .sequence = 0};
    tracker.on_event(event);
    marked.on_event(event);
  }
  void mark(Kind kind, u64 first, u64 second = 0, u64 third = 0) {
    event(EventKind::Mark, static_cast<u64>(kind) | (user ? 3u << 16 : 0u) | (in_guest ? 1u << 18 : 0u),
          first);
    event(EventKind::MarkDetail, second, third);
  }
  void enter(u64 block, u64 root) { event(EventKind::VmEntry, block, root), in_guest = true; }
  void leave(u64 reason = 0x7B) { event(EventKind::VmExit, reason), in_guest = false; }
  void start(u64 request, DiskOperation operation, u64 sector, u64 bytes, u64 memory) {
    mark(Kind::DiskMemory, request, memory, bytes);
    mark(Kind::DiskStart, request, arch::mark::disk_sector(1, sector),
         arch::mark::disk_size(operation, bytes));
  }
  void device(u64 number, u64 size) {
    event(EventKind::Doorbell, 0, 0, 5);
    event(EventKind::RequestStart, number, size, 5);
    event(EventKind::RequestDone, number, size, 5);
    event(EventKind::MessageInterrupt, 0xFEE0'0000, 0x30, 5);
    event(EventKind::Interrupt, 0x30);
  }
};

bool spends(const IoRequest& request, IoStage stage, IoWhere where) {
  for (const IoPiece& piece : request.pieces)
    if (piece.stage == stage && piece.where == where) return true;
  return false;
}

}  // namespace

// Catches requests that are charged to another thread than the one that waits for them, and ones that a
// driver without room is told of twice.
TEST_CASE("a kernel's marks make requests with call and return") {
  Bench b;
  b.mark(Kind::ThreadSwitch, 0x77);
  b.event(EventKind::RingChange, 0, 3);
  b.event(EventKind::RingChange, 3, 0);
  b.event(EventKind::SystemCall, 17);
  const Picoseconds call = b.now;
  b.mark(Kind::DiskRequest, 0x500, 0x77);
  b.start(0x500, DiskOperation::Write, 8, 4096, 0x3000);  // no room
  b.event(EventKind::PortRead, 0);
  b.start(0x500, DiskOperation::Write, 8, 4096, 0x3000);
  const Picoseconds submitted = b.now;
  b.device(1, 4096 | kToMedium);
  b.mark(Kind::DiskDone, 0x500);
  b.event(EventKind::RingChange, 0, 3);
  REQUIRE(b.done.size() == 1);
  const IoRequest& r = b.done[0];
  CHECK(r.complete());
  CHECK(r.begin == call);
  CHECK(r.end == b.now);
  CHECK((r.operation == IoOperation::Write && r.sector == 8 && r.bytes == 4096));
  Picoseconds device = 0;
  for (const IoPiece& piece : r.pieces)
    if (piece.stage == IoStage::Device) device = piece.begin;
  CHECK(device >= submitted);
}

// Catches programs that speak for their kernel, and guests that speak for the hypervisor.
TEST_CASE("what user mode and guests say of others is not believed") {
  Bench b;
  b.user = true;
  b.start(0x500, DiskOperation::Read, 8, 4096, 0x3000);
  b.mark(Kind::DiskDone, 0x500);
  b.user = false;
  b.in_guest = true;
  b.mark(Kind::ControlBlock, kGuestBlock, arch::mark::vcpu_id(9, 0), 1);
  b.mark(Kind::Hypervisor, 0);
  b.in_guest = false;
  b.enter(kGuestBlock, kGuestRoot);
  CHECK(b.tracker.system_of(0) == 1);
  CHECK(b.done.empty());
}

// Catches a guest's request that is not found again where its disk is a part of the machine's, or where it is
// carried out piece by piece, and copies that are guessed although the hypervisor says them.
TEST_CASE("a hypervisor with drivers of its own carries out a guest's request in pieces") {
  Bench b;
  b.mark(Kind::Hypervisor, 0);
  b.mark(Kind::ControlBlock, kGuestBlock, arch::mark::vcpu_id(3, 0));
  b.mark(Kind::VmDisk, arch::mark::vcpu_id(3, 0), 1000);
  b.mark(Kind::VcpuState, arch::mark::vcpu_id(3, 0), 0);
  b.enter(kGuestBlock, 0);
  b.start(0x500, DiskOperation::Read, 16, 8192, 0x3000);
  b.leave();
  for (const u64 part : {0, 1}) {
    b.start(0x900 + part, DiskOperation::Read, 1016 + part * 8, 4096, 0x80000);
    b.device(part, 4096);
    b.mark(Kind::DiskCopy, 0x900 + part, 4096);
    b.mark(Kind::DiskDone, 0x900 + part);
  }
  b.enter(kGuestBlock, 0);
  b.event(EventKind::Interrupt, 0x20);
  b.mark(Kind::DiskDone, 0x500);
  REQUIRE(b.done.size() == 3);
  const IoRequest& r = b.done[2];
  CHECK((r.system == 3 && r.parts == 2));
  CHECK(r.complete());
  CHECK((r.copy_known && r.copied == 8192));
  CHECK(spends(r, IoStage::Submit, IoWhere::Hypervisor));
  CHECK_FALSE(spends(r, IoStage::Submit, IoWhere::HostKernel));
}

// Catches memory of a guest that is compared as if it were the machine's.
TEST_CASE("no copy where the driver has the guest's own pages") {
  Bench b;
  b.enter(kGuestBlock, kGuestRoot);
  b.start(0x500, DiskOperation::Read, 16, 4096, 0x3000);
  b.leave();
  b.start(0x900, DiskOperation::Read, 5016, 4096, 0x10'3000);
  b.device(1, 4096);
  b.mark(Kind::DiskDone, 0x900);
  b.enter(kGuestBlock, kGuestRoot);
  b.mark(Kind::DiskDone, 0x500);
  REQUIRE(b.done.size() == 2);
  CHECK(b.done[1].parts == 1);
  CHECK((b.done[1].copy_known && b.done[1].copied == 0));
}

// Catches a management VM whose requests do not reach the device, or whose time is another guest's.
TEST_CASE("the management VM's requests carry out those of guests") {
  Bench b;
  b.mark(Kind::Hypervisor, 0);
  b.mark(Kind::ControlBlock, kManagementBlock, arch::mark::vcpu_id(1, 0), 1);
  b.mark(Kind::ControlBlock, kGuestBlock, arch::mark::vcpu_id(2, 0));
  b.enter(kGuestBlock, kGuestRoot);
  b.start(0x500, DiskOperation::Write, 16, 4096, 0x3000);
  b.leave(0x81);
  b.enter(kManagementBlock, kManagementRoot);
  b.event(EventKind::Interrupt, 0x40);
  b.start(0x500, DiskOperation::Write, 16, 4096, 0x8000);
  b.device(1, 4096 | kToMedium);
  b.mark(Kind::DiskDone, 0x500);
  b.leave(0x81);
  b.enter(kGuestBlock, kGuestRoot);
  b.event(EventKind::Interrupt, 0x41);
  b.mark(Kind::DiskDone, 0x500);
  REQUIRE(b.done.size() == 2);
  CHECK((b.done[0].system == 1 && b.done[0].complete()));
  const IoRequest& r = b.done[1];
  CHECK((r.system == 2 && r.parts == 1));
  CHECK(r.complete());
  CHECK(spends(r, IoStage::Submit, IoWhere::ManagementKernel));
  CHECK(spends(r, IoStage::Complete, IoWhere::ManagementKernel));
  CHECK_FALSE(spends(r, IoStage::Submit, IoWhere::OtherGuest));
}

// Catches the waiting of a virtual processor that is nobody's because its hypervisor has no threads.
TEST_CASE("a virtual processor that was made ready and waits is waiting") {
  Bench b;
  b.mark(Kind::Hypervisor, 0);
  const u64 guest = arch::mark::vcpu_id(1, 0), other = arch::mark::vcpu_id(2, 0);
  b.mark(Kind::ControlBlock, kGuestBlock, guest);
  b.mark(Kind::VcpuState, guest, 0);
  b.enter(kGuestBlock, kGuestRoot);
  b.start(0x500, DiskOperation::Read, 0, 4096, 0x3000);
  b.leave(0x78);
  b.mark(Kind::VcpuState, guest, 3);
  b.start(0x900, DiskOperation::Read, 0, 4096, 0x80000);
  b.mark(Kind::VcpuState, other, 0);
  b.device(1, 4096);
  b.mark(Kind::DiskDone, 0x900);
  b.mark(Kind::VcpuState, guest, 1);
  b.event(EventKind::PortRead, 0);
  b.mark(Kind::VcpuState, other, 1);
  b.mark(Kind::VcpuState, guest, 0);
  b.enter(kGuestBlock, kGuestRoot);
  b.event(EventKind::Interrupt, 0x20);
  b.mark(Kind::DiskDone, 0x500);
  REQUIRE(b.done.size() == 2);
  CHECK(b.done[1].complete());
  CHECK(spends(b.done[1], IoStage::Complete, IoWhere::Waiting));
}
