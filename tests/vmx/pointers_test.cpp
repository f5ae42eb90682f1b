// VMCLEAR, VMPTRLD, VMPTRST (SDM vol. 3, 25.11.3, 31.3).
#include <catch2/catch.hpp>

#include "root_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::vmx::Control;
using arch::vmx::kShadowIndicator;

TEST_CASE("VMCLEAR: the launch state is clear, the VMCS is not current any more, fields stay") {
  RootMachine m;
  m.in_root();
  m.vmcs().launched = 1;
  m.vmcs()[arch::vmx::Field::GuestRip] = 0x1234;
  m.vmcs(kOtherVmcs).launched = 1;
  REQUIRE(m.execute(kVmclear, kOtherVmcs) == Ended::Succeed);
  CHECK(m.vmcs(kOtherVmcs).launched == 0);
  CHECK(m.unit().current == kVmcs);  // another one than the current
  CHECK(m.vmcs().launched == 1);
  REQUIRE(m.execute(kVmclear, kVmcs) == Ended::Succeed);
  CHECK(m.vmcs().launched == 0);
  CHECK(m.vmcs()[arch::vmx::Field::GuestRip] == 0x1234);
  CHECK(m.unit().current == kNone);
}

TEST_CASE("VMCLEAR works on a region of any revision") {
  RootMachine m;
  m.in_root();
  m.poke<u32>(kOtherVmcs, 0x7777);
  CHECK(m.execute(kVmclear, kOtherVmcs) == Ended::Succeed);
}

// Errors of both, which need a current VMCS to be told.
TEST_CASE("VMCLEAR and VMPTRLD: address, VMXON pointer") {
  RootMachine m;
  m.in_root();
  for (const u64 address : {kOtherVmcs + 1, kOtherVmcs + 0x800, kOtherVmcs | bit(40), kOtherVmcs | bit(63)}) {
    CHECK(m.fails(2, kVmclear, address));
    CHECK(m.fails(9, kVmptrld, address));
  }
  CHECK(m.fails(3, kVmclear, kVmxonRegion));
  CHECK(m.fails(10, kVmptrld, kVmxonRegion));
  CHECK(m.unit().current == kVmcs);
  m.in_root(kNone);
  for (const u64 address : {kOtherVmcs + 1, kVmxonRegion}) {
    CHECK(m.execute(kVmclear, address) == Ended::FailInvalid);
    CHECK(m.execute(kVmptrld, address) == Ended::FailInvalid);
  }
}

// IA32_VMX_BASIC bit 48 is clear: addresses are as wide as the processor's.
TEST_CASE("regions may lie above 4 GiB") {
  RootMachine m;
  m.in_root();
  CHECK(m.execute(kVmclear, u64{1} << 39) == Ended::Succeed);
  CHECK(m.fails(11, kVmptrld, u64{1} << 39));  // nothing there but all ones
}

TEST_CASE("VMPTRLD: revision identifier; shadow VMCSs where VMCS shadowing exists") {
  RootMachine m;
  m.in_root();
  REQUIRE(m.execute(kVmptrld, kOtherVmcs) == Ended::Succeed);
  CHECK(m.unit().current == kOtherVmcs);
  m.in_root();
  m.poke<u32>(kOtherVmcs, m.cpu().vmx.revision + 1);
  CHECK(m.fails(11, kVmptrld, kOtherVmcs));
  m.poke<u32>(kOtherVmcs, m.cpu().vmx.revision | kShadowIndicator);
  CHECK(m.execute(kVmptrld, kOtherVmcs) == Ended::Succeed);
  RootMachine without(intel_without(Control::VmcsShadowing));
  without.in_root();
  without.poke<u32>(kOtherVmcs, without.cpu().vmx.revision | kShadowIndicator);
  CHECK(without.fails(11, kVmptrld, kOtherVmcs));
  without.poke<u32>(kOtherVmcs, without.cpu().vmx.revision);
  CHECK(without.execute(kVmptrld, kOtherVmcs) == Ended::Succeed);
}

TEST_CASE("VMPTRLD without a current VMCS, in 32-bit mode with a 64-bit operand") {
  RootMachine m;
  m.paged_protected_mode();
  m.in_root(kNone);
  REQUIRE(m.execute(kVmptrld, kVmcs) == Ended::Succeed);
  CHECK(m.unit().current == kVmcs);
  CHECK(m.fails(9, kVmptrld, kVmcs | bit(45)));
}

TEST_CASE("VMPTRST: stores the pointer, or all ones") {
  RootMachine m;
  m.in_root();
  REQUIRE(m.execute(kVmptrst, 0) == Ended::Succeed);
  CHECK(m.peek<u64>(kData) == kVmcs);
  m.in_root(kNone);
  REQUIRE(m.execute(kVmptrst, 0) == Ended::Succeed);
  CHECK(m.peek<u64>(kData) == ~u64{0});
}

TEST_CASE("operands fault as those of other instructions do") {
  RootMachine m;
  m.in_root();
  m.cpu().gpr[arch::kRdi] = 0x7FFF'0000'0000;
  for (const Bytes& bytes : {kVmclear, kVmptrld, kVmptrst}) CHECK(m.execute(bytes) == Ended::PageFault);
  m.cpu().gpr[arch::kRdi] = bit(62);  // not canonical
  for (const Bytes& bytes : {kVmclear, kVmptrld, kVmptrst}) CHECK(m.execute(bytes) == Ended::Protection);
  CHECK(m.unit().current == kVmcs);
}
