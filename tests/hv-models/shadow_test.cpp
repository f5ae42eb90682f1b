// Shadow tables against a model of a TLB: whatever a guest does to its tables, what the processor would find
// in the shadow is what the guest's tables say, or what they said and the guest has not yet invalidated.
// Would catch: a page that outlives its invalidation or a load of CR3; rights, accessed and dirty bits that
// are lost or made up; tables that run out; memory that is not the guest's.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>

#include "hv-models/hypervisor/guest_walk.hpp"
#include "hv-models/hypervisor/paging_mode.hpp"
#include "hv-models/hypervisor/shadow_tables.hpp"
#include "hv-models/runtime/memory.hpp"
#include "sim/arch/exceptions.hpp"

using namespace hvlab;
using namespace hvlab::hypervisor;

// The runtime's pages are the host's here; direct() and physical() of memory_layout.hpp are each other's
// inverse for its addresses too.
void* runtime::allocate_pages(unsigned order) {
  return std::aligned_alloc(u64{4096} << order, u64{4096} << order);
}
void* runtime::allocate_zeroed_page() { return std::memset(runtime::allocate_pages(0), 0, 4096); }
void runtime::free_pages(void* first) { std::free(first); }

namespace {

using namespace entry;
constexpr u64 kPage = 4096, kMemory = 2 * GuestMemory::kBlock;

// A guest in 64-bit mode with tables that a test writes, and its shadow.
struct Guest {
  std::unique_ptr<VirtualMachine> machine = std::make_unique<VirtualMachine>();
  VirtualProcessor& vcpu = machine->vcpus[0];
  ShadowTables shadow;
  u64 next_table = 0x10'0000;

  Guest() {
    REQUIRE(machine->memory.create(kMemory));
    REQUIRE(shadow.create());
    vcpu.machine = machine.get();
    Registers& r = vcpu.registers;
    r.cr0 = arch::cr0::kPe | arch::cr0::kPg | arch::cr0::kWp;
    r.cr4 = arch::cr4::kPae;
    r.efer = arch::efer::kLme | arch::efer::kLma | arch::efer::kNxe;
    r.cr3 = new_table();
    shadow.reset(4, true);
    shadow.select(r.cr3, machine->memory);
  }
  ~Guest() {
    shadow.destroy();
    machine->memory.free();
  }

  u64& word(u64 physical) { return *static_cast<u64*>(machine->memory.at(physical, 8)); }
  u64 new_table() { return next_table += kPage; }

  /// The guest's entry for `linear` of `level`, with tables on the way that allow everything.
  u64& guest_entry(u64 linear, unsigned level = 0) {
    u64 table = vcpu.registers.cr3;
    for (unsigned at = 3;; --at) {
      u64& entry = word(table + (linear >> (12 + 9 * at) & 511) * 8);
      if (at == level) return entry;
      if ((entry & kPresent) == 0) entry = new_table() | kPresent | kWrite | kUser;
      table = entry & kAddress;
    }
  }

  /// What the processor finds: the leaf, or 0.
  u64 found(u64 linear) {
    u64 table = shadow.root();
    for (unsigned at = 3;; --at) {
      const u64 entry = runtime::direct<u64>(table)[linear >> (12 + 9 * at) & 511];
      if ((entry & kPresent) == 0) return 0;
      if (at == 0 || (entry & kLarge) != 0) return entry;
      table = entry & kAddress;
    }
  }
  u64 host(u64 physical) { return machine->memory.physical(physical); }

  /// As the page-fault handler does for a page of 4 KiB; the error code of the guest's fault, or 0.
  u32 touch(u64 linear, WalkAccess access) {
    const WalkResult walk = access_guest(vcpu, linear, access);
    if (!walk.found) return walk.error | 0x8000'0000;
    ShadowPage page;
    page.linear = align_down(linear, kPage);
    page.physical = host(align_down(walk.address, kPage));
    page.writable = walk.writable && walk.dirty;
    page.user = walk.user;
    page.no_execute = walk.no_execute;
    page.guest_entries = walk.entries;
    REQUIRE(page.physical != 0);
    shadow.fill(page);
    return 0;
  }
  void load_cr3(u64 root) {
    vcpu.registers.cr3 = root;
    shadow.select(root, machine->memory);
  }
};

constexpr u64 kLinear = 0x7f12'3456'7000;
constexpr WalkAccess kRead{false, true, false}, kWriteIt{true, true, false};

}  // namespace

TEST_CASE("a page is there from its first use until the guest takes it away and says so") {
  Guest guest;
  guest.guest_entry(kLinear) = 0x5000 | kPresent | kWrite | kUser;
  CHECK(guest.found(kLinear) == 0);
  REQUIRE(guest.touch(kLinear, kRead) == 0);
  CHECK((guest.found(kLinear) & kAddress) == guest.host(0x5000));
  CHECK((guest.found(kLinear) & kWrite) == 0);  // not dirty yet
  CHECK((guest.guest_entry(kLinear) & (kAccessed | kDirty)) == kAccessed);
  REQUIRE(guest.touch(kLinear, kWriteIt) == 0);
  CHECK((guest.found(kLinear) & kWrite) != 0);
  CHECK((guest.guest_entry(kLinear) & kDirty) != 0);

  SECTION("by INVLPG") {
    guest.guest_entry(kLinear) = 0;
    CHECK(guest.shadow.invalidate(kLinear) == ShadowChange::OnePage);
    CHECK(guest.found(kLinear) == 0);
  }
  SECTION("by CR3, which keeps what is as it was") {
    guest.guest_entry(kLinear + kPage) = 0x6000 | kPresent | kUser;
    REQUIRE(guest.touch(kLinear + kPage, kRead) == 0);
    guest.guest_entry(kLinear) = 0x7000 | kPresent | kUser;
    guest.load_cr3(guest.vcpu.registers.cr3);
    CHECK(guest.found(kLinear) == 0);
    CHECK((guest.found(kLinear + kPage) & kAddress) == guest.host(0x6000));
  }
  SECTION("by a table above it") {
    guest.guest_entry(kLinear, 2) = 0;
    guest.load_cr3(guest.vcpu.registers.cr3);
    CHECK(guest.found(kLinear) == 0);
  }
  SECTION("while another address space is in use") {
    const u64 first = guest.vcpu.registers.cr3;
    guest.load_cr3(guest.new_table());
    CHECK(guest.found(kLinear) == 0);
    guest.load_cr3(first);
    CHECK((guest.found(kLinear) & kAddress) == guest.host(0x5000));
    guest.load_cr3(guest.new_table());
    guest.word(first + (kLinear >> 39 & 511) * 8) = 0;
    guest.load_cr3(first);
    CHECK(guest.found(kLinear) == 0);
  }
  SECTION("unless a clean page is to be seen as written again") {
    guest.guest_entry(kLinear) &= ~kDirty;
    guest.load_cr3(guest.vcpu.registers.cr3);
    CHECK((guest.found(kLinear) & kWrite) == 0);
  }
}

TEST_CASE("rights are those of all levels, and faults say why") {
  Guest guest;
  guest.guest_entry(kLinear) = 0x5000 | kPresent | kWrite | kUser | kNoExecute;
  constexpr u32 kFault = 0x8000'0000;
  namespace pf = arch::pf;
  CHECK(guest.touch(kLinear + kPage, kRead) == (kFault | pf::kUser));
  CHECK(guest.touch(kLinear, {false, true, true}) == (kFault | pf::kPresent | pf::kUser | pf::kFetch));
  guest.guest_entry(kLinear, 1) &= ~kWrite;
  CHECK(guest.touch(kLinear, kWriteIt) == (kFault | pf::kPresent | pf::kUser | pf::kWrite));
  CHECK(guest.touch(kLinear, {true, false, false}) == (kFault | pf::kPresent | pf::kWrite));
  guest.vcpu.registers.cr0 &= ~arch::cr0::kWp;
  CHECK(guest.touch(kLinear, {true, false, false}) == 0);
  guest.guest_entry(kLinear, 2) &= ~kUser;
  CHECK(guest.touch(kLinear, kRead) == (kFault | pf::kPresent | pf::kUser));
  CHECK(guest.touch(kLinear, {false, false, false}) == 0);
  guest.guest_entry(kLinear, 3) |= kLarge;  // must be 0 there
  CHECK(guest.touch(kLinear, kRead) == (kFault | pf::kPresent | pf::kUser | pf::kReserved));
  guest.guest_entry(kLinear, 3) = 0x4000'0000 | kPresent;  // no memory
  CHECK(guest.touch(kLinear, kRead) == (kFault | pf::kUser));
}

TEST_CASE("supervisors are kept from programs' pages by SMEP and SMAP") {
  Guest guest;
  Registers& r = guest.vcpu.registers;
  guest.guest_entry(kLinear) = 0x5000 | kPresent | kWrite | kUser;
  r.cr4 |= arch::cr4::kSmep | arch::cr4::kSmap;
  CHECK(guest.touch(kLinear, {false, false, true}) != 0);
  CHECK(guest.touch(kLinear, {false, false, false}) != 0);
  r.rflags |= arch::flag::kAc;
  CHECK(guest.touch(kLinear, {false, false, false}) == 0);
  r.cpl = 3;  // the processor's own access, of a program's instruction
  CHECK(guest.touch(kLinear, {false, false, false}) != 0);
  CHECK(guest.touch(kLinear, {false, true, true}) == 0);
}

TEST_CASE("a guest that uses more address spaces and tables than there is room for goes on") {
  Guest guest;
  std::vector<u64> roots;
  for (unsigned i = 0; i < 20; ++i)
    roots.push_back(guest.vcpu.registers.cr3), guest.load_cr3(guest.new_table());
  for (unsigned i = 0; i < 3000; ++i) {
    guest.load_cr3(roots[i % roots.size()]);
    guest.next_table = 0x10'0000 + 0x2'0000;  // tables are shared: nobody minds
    const u64 linear = u64{i} * 0x4'1234'5000 & 0x7fff'ffff'f000;
    guest.guest_entry(linear) = 0x5000 | kPresent | kUser;
    if (guest.touch(linear, kRead) == 0) CHECK((guest.found(linear) & kAddress) == guest.host(0x5000));
    CHECK(guest.shadow.used() <= ShadowTables::kMost);
  }
}

// Each page may be found as any of the entries that it has had since it was last invalidated.
TEST_CASE("by chance: nothing is found that was invalidated, whatever the guest does") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Guest guest;
    const u64 roots[2] = {guest.vcpu.registers.cr3, guest.new_table()};
    u64 pages[24];
    for (unsigned i = 0; i < 24; ++i) pages[i] = (u64{i % 3} << 39) + (u64{i % 4} << 21) + u64{i} * kPage;
    std::map<std::pair<u64, u64>, std::vector<u64>> allowed;  // by root and page: entries
    for (unsigned step = 0; step < 3000; ++step) {
      const u64 root = guest.vcpu.registers.cr3, page = pages[random() % 24];
      const std::pair<u64, u64> key{root, page};
      switch (random() % 8) {
        case 0:
        case 1: {
          u64 entry = (0x20'0000 + random() % 64 * kPage) | kUser | (random() % 4 != 0 ? kPresent : 0) |
                      (random() % 2 != 0 ? kWrite : 0) | (random() % 2 != 0 ? kNoExecute : 0);
          guest.guest_entry(page) = entry;
          allowed[key].push_back(entry);
          break;
        }
        case 2:
          guest.shadow.invalidate(page);
          allowed[key] = {guest.guest_entry(page)};
          break;
        case 3: {
          const u64 next = roots[random() % 2];
          guest.load_cr3(next);
          for (const u64 each : pages) allowed[{next, each}] = {guest.guest_entry(each)};
          break;
        }
        default: guest.touch(page, {random() % 2 != 0, true, false}); break;
      }
      for (const u64 each : pages) {
        const u64 found = guest.found(each);
        if (found == 0) continue;
        bool fits = false;
        for (const u64 entry : allowed[{guest.vcpu.registers.cr3, each}]) {
          fits = fits || ((entry & kPresent) != 0 && (found & kAddress) == guest.host(entry & kAddress) &&
                          (found & kNoExecute) == (entry & kNoExecute) && (found & kWrite & ~entry) == 0);
        }
        REQUIRE(fits);
      }
    }
  }
}

// Would catch: an exchanged page that is still found at its old place, bytes that are taken for a row
// although a page between them has gone.
TEST_CASE("a guest's memory with pages that have been exchanged") {
  GuestMemory memory;
  REQUIRE(memory.create(kMemory));
  u8* other = static_cast<u8*>(runtime::allocate_pages(0));
  const u64 at = 5 * kPage, before = memory.physical(at);
  CHECK(memory.at(at - 8, 16) != nullptr);
  REQUIRE(memory.set_page(at, runtime::physical(other)));
  CHECK(memory.physical(at + 12) == runtime::physical(other) + 12);
  CHECK(memory.physical(at + kPage) == before + kPage);
  CHECK(memory.at(at, kPage) == other);
  CHECK((memory.at(at - 8, 16) == nullptr || before == runtime::physical(other)));
  const u8 text[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  u8 back[16] = {};
  REQUIRE(memory.write(at - 8, text, sizeof text));
  CHECK(other[0] == 9);
  REQUIRE(memory.read(at - 8, back, sizeof back));
  CHECK(std::equal(std::begin(text), std::end(text), std::begin(back)));
  REQUIRE(memory.set_page(at, 0));
  CHECK(memory.physical(at) == 0);
  CHECK(memory.at(at, 1) == nullptr);
  CHECK_FALSE(memory.read(at - 8, back, sizeof back));
  CHECK(memory.at(GuestMemory::kBlock, 16) != nullptr);  // another block
  CHECK_FALSE(memory.set_page(u64{GuestMemory::kMostBlocks} * GuestMemory::kBlock, 0));
  // A page where there was no memory at all, beyond the end.
  REQUIRE(memory.set_page(kMemory + 3 * kPage, before));
  CHECK(memory.physical(kMemory + 3 * kPage + 1) == before + 1);
  CHECK(memory.physical(kMemory) == 0);
}
