// INVEPT and INVVPID (SDM vol. 3, 29.4.3.1, 31.3).
#include <catch2/catch.hpp>

#include <functional>

#include "root_machine.hpp"
#include "sim/mmu/tlb.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace arch::vmx;

namespace {

constexpr u64 kTableA = 0x10'0000, kTableB = 0x20'0000;
constexpr u64 kEptpA = kTableA | 6 | 3 << 3;  // write-back, four levels
constexpr u64 kLinear = 0x1234'5000, kGlobal = 0x3456'7000;

struct Context {
  u16 vpid;
  u64 ep4ta;
};
constexpr Context kContexts[] = {{0, mmu::kNoEpt}, {1, mmu::kNoEpt}, {2, mmu::kNoEpt}, {0, kTableA},
                                 {0, kTableB},     {1, kTableA},     {1, kTableB},     {2, kTableA}};

/// Every context has room for its translations of one page.
timing::Profile many_ways(timing::Profile p) {
  p.tlb_ways_small = 48;
  return p;
}

struct Cached : RootMachine {
  explicit Cached(timing::Profile p = intel_everything()) : RootMachine(many_ways(std::move(p))) {
    in_root();
    for (const Context& c : kContexts) {
      insert(c, kLinear, false);
      insert(c, kGlobal, true);
    }
  }
  void insert(const Context& c, u64 linear, bool global) {
    mmu::Translation t;
    t.page = linear;
    t.global = global;
    cpu().tlb->insert(linear, space(c), t);
  }
  mmu::Space space(const Context& c) { return mmu::space_of(mmu::tag_of(cpu(), c.vpid, c.ep4ta), 0); }
  bool holds(const Context& c, u64 linear) { return cpu().tlb->find(linear, space(c)) != nullptr; }

  Ended execute_with(const Bytes& bytes, u64 type, u64 low, u64 high = 0) {
    cpu().gpr[arch::kRax] = type;
    poke<u64>(kData + 8, high);
    return execute(bytes, low);
  }
  bool refuses(const Bytes& bytes, u64 type, u64 low, u64 high = 0) {
    cpu().gpr[arch::kRax] = type;
    poke<u64>(kData + 8, high);
    return fails(28, bytes, low);
  }
};

using Drops = std::function<bool(const Context&, u64 linear)>;
/// The instruction succeeds and drops these and nothing else.
void drops(const Bytes& bytes, u64 type, u64 low, u64 high, const Drops& dropped) {
  Cached m;
  REQUIRE(m.execute_with(bytes, type, low, high) == Ended::Succeed);
  for (const Context& c : kContexts)
    for (const u64 linear : {kLinear, kGlobal}) {
      INFO("VPID " << c.vpid << ", EP4TA " << std::hex << c.ep4ta << ", page " << linear);
      CHECK(m.holds(c, linear) == !dropped(c, linear));
    }
}

timing::Profile without(u64 ept_vpid_bits) {
  return intel_with([=](Capabilities& c) { c.ept_vpid &= ~ept_vpid_bits; });
}

}  // namespace

TEST_CASE("INVEPT drops what it is asked to, of all VPIDs") {
  drops(kInvept, 1, kEptpA, 0, [](const Context& c, u64) { return c.ep4ta == kTableA; });
  // Bits 11..0 are no part of what is tagged.
  drops(kInvept, 1, kEptpA | 1 << 6, 0, [](const Context& c, u64) { return c.ep4ta == kTableA; });
  drops(kInvept, 2, 0, 0, [](const Context& c, u64) { return c.ep4ta != mmu::kNoEpt; });
}

TEST_CASE("INVVPID drops what it is asked to, with and without EPT") {
  drops(kInvvpid, 0, 1, kLinear,
        [](const Context& c, u64 linear) { return c.vpid == 1 && linear == kLinear; });
  drops(kInvvpid, 1, 1, 0, [](const Context& c, u64) { return c.vpid == 1; });
  drops(kInvvpid, 2, 0, 0, [](const Context& c, u64) { return c.vpid != 0; });
  drops(kInvvpid, 3, 1, 0, [](const Context& c, u64 linear) { return c.vpid == 1 && linear != kGlobal; });
}

TEST_CASE("INVEPT: types that there are") {
  Cached m;
  for (const u64 type : {u64{0}, u64{3}, u64{4}, u64{255}, bit(32) | 1, bit(63) | 2})
    CHECK(m.refuses(kInvept, type, kEptpA));
  CHECK(Cached(without(ept_vpid::kInveptSingle)).refuses(kInvept, 1, kEptpA));
  CHECK(Cached(without(ept_vpid::kInveptSingle)).execute_with(kInvept, 2, 0) == Ended::Succeed);
  CHECK(Cached(without(ept_vpid::kInveptAll)).refuses(kInvept, 2, kEptpA));
  CHECK(Cached(without(ept_vpid::kInveptAll)).execute_with(kInvept, 1, kEptpA) == Ended::Succeed);
}

TEST_CASE("INVVPID: types that there are") {
  Cached m;
  for (const u64 type : {u64{4}, u64{255}, bit(32), bit(63) | 2}) CHECK(m.refuses(kInvvpid, type, 1));
  constexpr u64 kCapability[] = {ept_vpid::kInvvpidAddress, ept_vpid::kInvvpidSingle, ept_vpid::kInvvpidAll,
                                 ept_vpid::kInvvpidKeepGlobal};
  for (u64 lacking = 0; lacking < 4; ++lacking) {
    Cached n(without(kCapability[lacking]));
    for (u64 type = 0; type < 4; ++type) {
      INFO("type " << type << " without " << lacking);
      if (type == lacking) {
        CHECK(n.refuses(kInvvpid, type, 1));
      } else {
        CHECK(n.execute_with(kInvvpid, type, 1) == Ended::Succeed);
      }
    }
  }
}

TEST_CASE("without EPT or VPID, or the instruction: #UD, in a guest too") {
  const auto undefined = [](const Bytes& bytes, timing::Profile p) {
    Cached m(p);
    CHECK(m.execute_with(bytes, 1, 1) == Ended::Undefined);
    Cached guest(p);
    Asked asked;
    guest.cpu().guest = &asked;
    CHECK(guest.execute_with(bytes, 1, 1) == Ended::Undefined);
    CHECK(asked.instructions.empty());
  };
  undefined(kInvept, intel_without(Control::EnableEpt));
  undefined(kInvept, without(ept_vpid::kInvept));
  undefined(kInvvpid, intel_without(Control::EnableVpid));
  undefined(kInvvpid, without(ept_vpid::kInvvpid));
}

// Each reason why VM entry would not take the EPTP (27.2.1.1).
TEST_CASE("INVEPT type 1: the EPTP must be one for VM entry") {
  Cached m;
  for (const u64 type : {1, 2, 3, 4, 5, 7}) CHECK(m.refuses(kInvept, 1, (kEptpA & ~u64{7}) | type));
  CHECK(m.execute_with(kInvept, 1, kEptpA & ~u64{7}) == Ended::Succeed);  // uncacheable
  for (const u64 levels : {1, 2, 3, 6, 7, 8})
    CHECK(m.refuses(kInvept, 1, (kEptpA & ~u64{0x38}) | (levels - 1) << 3));
  CHECK(m.execute_with(kInvept, 1, (kEptpA & ~u64{0x38}) | 4 << 3) == Ended::Succeed);  // five
  for (const unsigned n : {7, 8, 9, 10, 11, 40, 51, 52, 63}) CHECK(m.refuses(kInvept, 1, kEptpA | bit(n)));
  CHECK(Cached(without(ept_vpid::kUncacheable)).refuses(kInvept, 1, kEptpA & ~u64{7}));
  CHECK(Cached(without(ept_vpid::kWriteBack)).refuses(kInvept, 1, kEptpA));
  CHECK(Cached(without(ept_vpid::kWalk4)).refuses(kInvept, 1, kEptpA));
  CHECK(Cached(without(ept_vpid::kWalk5)).refuses(kInvept, 1, kEptpA | 4 << 3));
  CHECK(Cached(without(ept_vpid::kAccessedDirty)).refuses(kInvept, 1, kEptpA | 1 << 6));
  CHECK(m.execute_with(kInvept, 2, ~u64{0}) == Ended::Succeed);  // not looked at
}

TEST_CASE("INVVPID: VPID 0, reserved bits, canonical address") {
  Cached m;
  for (const u64 type : {0, 1, 3}) CHECK(m.refuses(kInvvpid, type, 0));
  for (const u64 type : {0, 1, 2, 3})
    for (const unsigned n : {16, 31, 32, 63}) CHECK(m.refuses(kInvvpid, type, 1 | bit(n)));
  CHECK(m.execute_with(kInvvpid, 0, 0xFFFF, kLinear) == Ended::Succeed);
  CHECK(m.refuses(kInvvpid, 0, 1, bit(47)));
  CHECK(m.execute_with(kInvvpid, 0, 1, ~low_mask(47)) == Ended::Succeed);
  for (const u64 type : {1, 2, 3}) CHECK(m.execute_with(kInvvpid, type, 1, bit(47)) == Ended::Succeed);
}

TEST_CASE("32-bit mode: the type has 32 bits") {
  Cached m;
  m.paged_protected_mode();
  CHECK(m.execute_with(kInvept, bit(32) | 1, kEptpA) == Ended::Succeed);
  CHECK(m.execute_with(kInvvpid, bit(32) | 1, 1) == Ended::Succeed);
  CHECK(m.refuses(kInvvpid, 1, 0));
}

TEST_CASE("the type is looked at before the descriptor; without a VMCS VMfailInvalid") {
  Cached m;
  for (const Bytes& bytes : {kInvept, kInvvpid}) {
    m.cpu().gpr[arch::kRdi] = 0x7FFF'0000'0000;
    m.cpu().gpr[arch::kRax] = 9;
    CHECK(m.execute(bytes) == Ended::FailValid);
    m.cpu().gpr[arch::kRax] = 2;  // of all, but the descriptor is read
    CHECK(m.execute(bytes) == Ended::PageFault);
  }
  m.in_root(kNone);
  CHECK(m.execute_with(kInvept, 9, kEptpA) == Ended::FailInvalid);
  CHECK(m.execute_with(kInvvpid, 1, 0) == Ended::FailInvalid);
  CHECK(m.execute_with(kInvvpid, 1, 1) == Ended::Succeed);
}
