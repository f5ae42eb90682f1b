// VMFUNC and EPTP switching (SDM vol. 3, 26.5.6).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace arch::vmx;

namespace {

constexpr u64 kExitHlt = 12, kExitVmfunc = 59;
constexpr u64 kTablesA = 0x5'0000, kTablesB = 0x5'4000, kList = 0x5'8000;
constexpr u64 kEptpA = kTablesA | 6 | 3 << 3, kEptpB = kTablesB | 6 | 3 << 3 | 1 << 6;
constexpr u64 kWindow = 0x60'0000, kBehindA = 0x60'0000, kBehindB = 0x20'0000;  // pages of 2 MiB
/// mov rbx, [kWindow]
const Bytes kReadWindow{0x48, 0x8B, 0x1C, 0x25, 0x00, 0x00, 0x60, 0x00};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// A guest with two hierarchies of tables, which differ in one page of 2 MiB.
struct Switching : GuestMachine {
  explicit Switching(timing::Profile p = intel_everything()) : GuestMachine(std::move(p)) {
    set(Control::EnableEpt);
    set(Control::EnableVmFunctions);
    field(Field::Eptp) = kEptpA;
    field(Field::EptpListAddress) = kList;
    field(Field::VmFunctionControls) = 1;
    tables(kTablesA, kBehindA);
    tables(kTablesB, kBehindB);
    poke<u64>(kList, kEptpA);
    poke<u64>(kList + 8, kEptpB);
    poke<u64>(kList + 511 * 8, kEptpB);
    poke<u64>(kBehindA, 0xA);
    poke<u64>(kBehindB, 0xB);
  }
  void tables(u64 at, u64 behind_window) {
    poke<u64>(at, (at + 0x1000) | 7);
    poke<u64>(at + 0x1000, (at + 0x2000) | 7);
    for (u64 page = 0; page < bus.ram.size(); page += 2 << 20) {
      const u64 to = page == kWindow ? behind_window : page;
      poke<u64>(at + 0x2000 + (page >> 21) * 8, to | 7 | 6 << 3 | 1 << 7);
    }
  }
  u64& field(Field f) { return vmcs()[f]; }
  /// The basic exit reason of what `program` comes to.
  u64 enter_with(u64 rax, u64 rcx, const Bytes& program = kVmfunc + kReadWindow) {
    cpu().gpr[arch::kRax] = rax;
    cpu().gpr[arch::kRcx] = rcx;
    cpu().gpr[arch::kRbx] = 0;
    Machine::write(kGuestCode, program);
    poke<u8>(kGuestCode + program.size(), 0xF4);
    hvlab::execute::memory_written(*code, kGuestCode, program.size() + 1);
    at_start();
    return enter();
  }
  /// A VM exit of VMFUNC itself, which has done nothing.
  bool leaves(u64 rax, u64 rcx) {
    return enter_with(rax, rcx) == kExitVmfunc && field(Field::GuestRip) == kGuestCode &&
           field(Field::ExitInstructionLength) == 3 && field(Field::ExitQualification) == 0 &&
           field(Field::Eptp) == kEptpA;
  }
};

}  // namespace

// Catches translations of the old tables that are used on, and tables that the next entry does not know of.
TEST_CASE("EPTP switching: other tables from the next access on") {
  const bool vpid = GENERATE(false, true);
  Switching m;
  if (vpid) {
    m.set(Control::EnableVpid);
    m.field(Field::Vpid) = 7;
  }
  m.field(Field::GuestRflags) = 2 | arch::flag::kStatus;
  REQUIRE(m.enter_with(0, 1, kReadWindow + kVmfunc + kReadWindow) == kExitHlt);
  CHECK(m.cpu().gpr[arch::kRbx] == 0xB);
  CHECK(m.field(Field::Eptp) == kEptpB);
  CHECK(m.field(Field::EptpIndex) == 1);
  CHECK((m.field(Field::GuestRflags) & arch::flag::kStatus) ==
        arch::flag::kStatus);  // not one of the instructions that end by flags
  REQUIRE(m.enter_with(0, 0, kReadWindow) == kExitHlt);
  CHECK(m.cpu().gpr[arch::kRbx] == 0xB);
  REQUIRE(m.enter_with(0, 0) == kExitHlt);
  CHECK(m.cpu().gpr[arch::kRbx] == 0xA);
  CHECK(m.field(Field::Eptp) == kEptpA);
  CHECK(m.field(Field::EptpIndex) == 0);
}

TEST_CASE("accessed and dirty flags are the new EPTP's affair") {
  Switching m;
  REQUIRE(m.enter_with(0, 1) == kExitHlt);
  constexpr u64 kAccessed = 1 << 8;
  const u64 entry = kWindow >> 21;
  CHECK((m.peek<u64>(kTablesA + 0x2000 + entry * 8) & kAccessed) == 0);
  CHECK((m.peek<u64>(kTablesB + 0x2000 + entry * 8) & kAccessed) != 0);
}

TEST_CASE("at any privilege; upper halves of RAX and RCX do not count") {
  Switching m;
  m.guest_user();
  m.set(Control::HltExiting, false);
  m.field(Field::ExceptionBitmap) = 1 << 13;  // HLT at CPL 3
  CHECK(m.enter_with(bit(32), bit(32) | 511) == 0);
  CHECK(m.field(Field::Eptp) == kEptpB);
  CHECK(m.field(Field::EptpIndex) == 511);
}

TEST_CASE("#UD: functions off, or a number above 63") {
  Switching m;
  CHECK(m.enter_with(64, 0) == kExitHlt);
  CHECK(m.handler() == 6);
  CHECK(m.enter_with(0x8000'0000, 0) == kExitHlt);
  CHECK(m.handler() == 6);
  m.set(Control::EnableVmFunctions, false);
  CHECK(m.enter_with(0, 1) == kExitHlt);
  CHECK(m.handler() == 6);
  CHECK(m.enter_with(1, 1) == kExitHlt);
  CHECK(m.handler() == 6);
}

TEST_CASE("a VM exit: functions that are not enabled") {
  Switching m;
  for (const u64 function : {1, 2, 31, 32, 63}) CHECK(m.leaves(function, 1));
  m.field(Field::VmFunctionControls) = 0;
  CHECK(m.leaves(0, 1));
}

TEST_CASE("a VM exit: indexes beyond the list, EPTPs that VM entry would not take") {
  Switching m;
  for (const u64 index : {u64{512}, u64{513}, bit(31)}) CHECK(m.leaves(0, index));
  constexpr u64 kBad[] = {0, (kEptpB & ~u64{7}) | 1,       // memory type
                          (kEptpB & ~u64{0x38}) | 2 << 3,  // levels
                          kEptpB | bit(7),                 // reserved
                          kEptpB | bit(40)};               // beyond the physical address
  for (const u64 bad : kBad) {
    INFO(std::hex << bad);
    m.poke<u64>(kList + 8, bad);
    CHECK(m.leaves(0, 1));
  }
}

TEST_CASE("the EPTP index is kept where #VE exists") {
  Switching m(intel_without(Control::EptViolationVe));
  m.field(Field::EptpIndex) = 0x77;
  REQUIRE(m.enter_with(0, 1) == kExitHlt);
  CHECK(m.field(Field::EptpIndex) == 0x77);
  CHECK(m.field(Field::Eptp) == kEptpB);
}
