// What VMX's cached translations are tagged with, and what drops them (SDM vol. 3, 29.4).
#include <catch2/catch.hpp>

#include <functional>

#include "machine_code.hpp"
#include "sim/mmu/tlb.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

struct Context {
  u16 vpid;
  u64 ep4ta;
};
constexpr u64 kA = 0x10'0000, kB = 0x20'0000;
/// Linear mappings of VPIDs 0 to 2; combined ones of each with two tables.
constexpr Context kContexts[] = {{0, mmu::kNoEpt}, {1, mmu::kNoEpt}, {2, mmu::kNoEpt}, {0, kA},
                                 {0, kB},          {1, kA},          {1, kB},          {2, kA}};
constexpr u64 kLinear = 0x1234'5000, kOther = 0x2345'6000, kGlobal = 0x3456'7000;

/// Every context has room for its translations of one page.
timing::Profile many_ways() {
  timing::Profile p = everything();
  p.tlb_ways_small = 48;
  return p;
}

struct Tagged : Machine {
  Tagged() : Machine(many_ways()) {
    long_mode();
    for (const Context& c : kContexts) {
      const u32 asid = mmu::tag_of(cpu(), c.vpid, c.ep4ta);
      for (const u16 pcid : {u16{0}, u16{5}}) {
        insert(asid, pcid, kLinear, false);
        insert(asid, pcid, kOther, false);
      }
      insert(asid, 0, kGlobal, true);
    }
  }
  void insert(u32 asid, u16 pcid, u64 linear, bool global) {
    mmu::Translation t;
    t.page = linear;
    t.global = global;
    cpu().tlb->insert(linear, mmu::space_of(asid, pcid), t);
  }
  bool holds(const Context& c, u16 pcid, u64 linear) {
    return cpu().tlb->find(linear, mmu::space_of(mmu::tag_of(cpu(), c.vpid, c.ep4ta), pcid)) != nullptr;
  }
  void enter(const Context& c, u16 pcid = 0) {
    cpu().asid = mmu::tag_of(cpu(), c.vpid, c.ep4ta);
    cpu().cr4 |= arch::cr4::kPcide;
    cpu().cr3 = kTables | pcid;
    mmu::select_address_space(cpu());
  }
};

using Drops = std::function<bool(const Context&, u16 pcid, u64 linear)>;

/// Exactly what `drops` says is gone.
void expect(Tagged& m, const Drops& drops) {
  for (const Context& c : kContexts) {
    for (const u16 pcid : {u16{0}, u16{5}}) {
      for (const u64 linear : {kLinear, kOther, kGlobal}) {
        CAPTURE(c.vpid, c.ep4ta, pcid, linear);
        CHECK(m.holds(c, pcid, linear) == !drops(c, pcid, linear));
      }
    }
  }
}

}  // namespace

// Catches pairs that share a number, or a pair that has two.
TEST_CASE("each pair of VPID and EP4TA has a number of its own, VMX root's is 0") {
  Tagged m;
  std::vector<u32> numbers;
  for (const Context& c : kContexts) {
    const u32 n = mmu::tag_of(m.cpu(), c.vpid, c.ep4ta);
    CHECK(std::find(numbers.begin(), numbers.end(), n) == numbers.end());
    numbers.push_back(n);
    CHECK(mmu::tag_of(m.cpu(), c.vpid, c.ep4ta) == n);
  }
  CHECK(numbers[0] == 0);
}

// Catches a number that is used anew with the old pair's translations, or that is taken from a pair in use.
TEST_CASE("numbers that run out are taken from the pair asked for longest ago, and lose their translations") {
  Tagged m;
  const u32 first = mmu::tag_of(m.cpu(), kContexts[1].vpid, kContexts[1].ep4ta);
  for (u32 n = 0; n < 300; ++n) {
    mmu::tag_of(m.cpu(), kContexts[1].vpid, kContexts[1].ep4ta);
    const u32 number = mmu::tag_of(m.cpu(), static_cast<u16>(100 + n), kA);
    REQUIRE(number < mmu::Tags::kCount);
    CHECK(m.cpu().tlb->find(kLinear, mmu::space_of(number, 0)) == nullptr);
  }
  CHECK(mmu::tag_of(m.cpu(), kContexts[1].vpid, kContexts[1].ep4ta) == first);
  CHECK(m.holds(kContexts[1], 0, kLinear));
}

// Catches an INVVPID or INVEPT that drops too little or more than it is asked to.
TEST_CASE("INVVPID's and INVEPT's types, and entries and exits without VPID") {
  {
    Tagged m;
    mmu::flush_vpid_page(m.cpu(), 1, kLinear);
    expect(m, [](const Context& c, u16, u64 linear) { return c.vpid == 1 && linear == kLinear; });
    mmu::flush_vpid_page(m.cpu(), 1, kGlobal);
    expect(m, [](const Context& c, u16, u64 linear) { return c.vpid == 1 && linear != kOther; });
  }
  {
    Tagged m;
    mmu::flush_vpid(m.cpu(), 1);
    expect(m, [](const Context& c, u16, u64) { return c.vpid == 1; });
  }
  {
    Tagged m;
    mmu::flush_vpid(m.cpu(), 1, false);
    expect(m, [](const Context& c, u16, u64 linear) { return c.vpid == 1 && linear != kGlobal; });
  }
  {
    Tagged m;
    mmu::flush_vpid(m.cpu(), 0);
    expect(m, [](const Context& c, u16, u64) { return c.vpid == 0; });
  }
  {
    Tagged m;
    mmu::flush_vpids(m.cpu());
    expect(m, [](const Context& c, u16, u64) { return c.vpid != 0; });
  }
  {
    Tagged m;
    mmu::flush_ep4ta(m.cpu(), kA);
    expect(m, [](const Context& c, u16, u64) { return c.ep4ta == kA; });
  }
  {
    Tagged m;
    mmu::flush_ep4tas(m.cpu());
    expect(m, [](const Context& c, u16, u64) { return c.ep4ta != mmu::kNoEpt; });
  }
}

// Catches instructions that spare other EP4TAs of the same VPID, or touch other VPIDs.
TEST_CASE("INVLPG, INVPCID and writes of control registers act upon the current VPID, whatever the EP4TA") {
  for (const Context& at : kContexts) {
    const auto here = [&](const Context& c) { return c.vpid == at.vpid; };
    CAPTURE(at.vpid, at.ep4ta);
    {
      Tagged m;
      m.enter(at, 5);
      mmu::flush_page(m.cpu(), kLinear);
      expect(m, [&](const Context& c, u16 pcid, u64 linear) {
        return here(c) && pcid == 5 && linear == kLinear;
      });
      mmu::flush_page(m.cpu(), kGlobal);
      expect(m, [&](const Context& c, u16 pcid, u64 linear) {
        return here(c) && ((pcid == 5 && linear == kLinear) || linear == kGlobal);
      });
    }
    {
      Tagged m;
      m.enter(at, 5);
      mmu::flush_address_space(m.cpu());
      expect(m, [&](const Context& c, u16 pcid, u64 linear) {
        return here(c) && pcid == 5 && linear != kGlobal;
      });
    }
    {
      Tagged m;
      m.enter(at);
      mmu::flush_pcid_page(m.cpu(), 5, kOther);
      expect(m, [&](const Context& c, u16 pcid, u64 linear) {
        return here(c) && pcid == 5 && linear == kOther;
      });
    }
    {
      Tagged m;
      m.enter(at);
      mmu::flush_non_global(m.cpu());
      expect(m, [&](const Context& c, u16, u64 linear) { return here(c) && linear != kGlobal; });
      mmu::flush_all(m.cpu());
      expect(m, [&](const Context& c, u16, u64) { return here(c); });
    }
  }
}
