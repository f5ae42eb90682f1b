// The explained walk against the processor's own, over random tables.
#include "sim/inspect/page_walk.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using inspect::explain_walk;
using inspect::Walk;
using mmu::Access;

namespace {

constexpr u64 kTablesEnd = 0x8'0000;  // guest's and nested tables are below it, from kTables on

std::vector<u8> tables_of(const GuestMachine& m) {
  return {m.bus.ram.data() + kTables, m.bus.ram.data() + kTablesEnd};
}
void restore(GuestMachine& m, const std::vector<u8>& tables) {
  std::copy(tables.begin(), tables.end(), m.bus.ram.data() + kTables);
}

/// Both walks of one access; the first must leave memory and processor as they were.
void compare(GuestMachine& m, u64 linear, Access access) {
  const std::vector<u8> before = tables_of(m);
  const Walk told = explain_walk(m.cpu(), linear, access);
  REQUIRE(tables_of(m) == before);
  const mmu::WalkResult did = mmu::walk(m.cpu(), linear, access, m.cpu().cpl == 3, mmu::Rights::Current);
  restore(m, before);
  CAPTURE(linear, static_cast<int>(access), told.fault);
  REQUIRE(told.fault.empty() == !did.fault);
  REQUIRE(told.references == did.references);
  if (did.fault) {
    REQUIRE(told.nested_fault == did.nested);
    const bool extended = did.nested && m.cpu().second_stage.ept();
    REQUIRE(told.error == (extended ? m.cpu().fault.qualification : did.error));
    return;
  }
  REQUIRE(told.physical == (did.translation.page | (linear & low_mask(did.translation.shift))));
  REQUIRE(told.shift == did.translation.shift);
  REQUIRE(told.writable ==
          mmu::permitted(m.cpu(), did.translation, Access::Write, m.cpu().cpl == 3, mmu::Rights::Current));
  REQUIRE(told.executable ==
          mmu::permitted(m.cpu(), did.translation, Access::Execute, m.cpu().cpl == 3, mmu::Rights::Current));
}

/// Flips a few bits of entries; attributes more often than addresses.
void spoil(GuestMachine& m, std::mt19937_64& random) {
  for (unsigned i = 0; i < 12; ++i) {
    const u64 entry = kTables + random() % ((kTablesEnd - kTables) / 8) * 8;
    constexpr unsigned kBits[] = {0, 1, 2, 3, 5, 6, 7, 7, 8, 13, 21, 51, 52, 63};
    m.poke<u64>(entry, m.peek<u64>(entry) ^ bit(kBits[random() % std::size(kBits)]));
  }
}

/// 4-level, PAE or 32-bit paging, in whose eyes the tables are what they are; of both stages.
void choose_mode(GuestMachine& m, u64 mode) {
  cpu::Cpu& c = m.cpu();
  c.efer = mode == 0 ? c.efer | arch::efer::kLma : c.efer & ~arch::efer::kLma;
  c.cr4 = mode == 2 ? (c.cr4 & ~arch::cr4::kPae) | arch::cr4::kPse : c.cr4 | arch::cr4::kPae;
  for (unsigned i = 0; i < 4; ++i) c.pdpte[i] = m.peek<u64>(kTables + i * 8);
}

/// Identity-maps all RAM by EPT, where GuestMachine has its nested tables.
void extended_tables(GuestMachine& m) {
  m.nested_paging();
  for (u64 page = 0; page < m.bus.ram.size(); page += 4096)
    m.poke<u64>(m.nested_pte(page), page | 7 | 6 << 3);
}

}  // namespace

// Catches any rule of paging that the explanation has otherwise than the processor, of either stage, and any
// bit that looking changes.
TEST_CASE("an explained walk comes to what the processor's walk comes to, and changes nothing") {
  std::mt19937_64 random(7);
  GuestMachine m(amd_everything());
  m.nested_paging();
  const std::vector<u8> whole = tables_of(m);
  unsigned faults = 0;
  for (unsigned round = 0; round < 3000; ++round) {
    restore(m, whole);
    spoil(m, random);
    cpu::Cpu& c = m.cpu();
    c.second_stage = {.on = random() % 2 == 0, .root = kNested, .cr4 = c.cr4, .efer = c.efer};
    c.cpl = random() % 2 == 0 ? 3 : 0;
    c.cr4 ^= random() % 2 == 0 ? arch::cr4::kSmep : arch::cr4::kSmap;
    c.efer ^= random() % 8 == 0 ? arch::efer::kNxe : 0;
    choose_mode(m, random() % 3);
    const u64 linear = random() % (8 << 20);
    for (const Access access : {Access::Read, Access::Write, Access::Execute}) {
      compare(m, linear, access);
      faults += explain_walk(c, linear, access).fault.empty() ? 0 : 1;
    }
  }
  CHECK(faults > 300);   // the tables were spoilt ...
  CHECK(faults < 8000);  // ... and not all
}

// Catches any rule of EPT that the explanation has otherwise than the processor.
TEST_CASE("an explained walk through EPT comes to what the processor's walk comes to") {
  std::mt19937_64 random(11);
  GuestMachine m(everything());
  extended_tables(m);
  const std::vector<u8> whole = tables_of(m);
  unsigned faults = 0, nested = 0;
  for (unsigned round = 0; round < 3000; ++round) {
    restore(m, whole);
    spoil(m, random);
    cpu::Cpu& c = m.cpu();
    c.second_stage = {.on = true,
                      .root = kNested,
                      .kind = cpu::SecondStageKind::Ept,
                      .accessed_dirty = random() % 2 == 0,
                      .mode_based_execute = random() % 2 == 0,
                      .ept_features = {.execute_only = random() % 2 == 0,
                                       .pages_2m = random() % 2 == 0,
                                       .pages_1g = random() % 2 == 0,
                                       .advanced_information = random() % 2 == 0}};
    c.cpl = random() % 2 == 0 ? 3 : 0;
    choose_mode(m, random() % 3);
    c.apic_access_page = random() % 8 == 0 ? kTables + 0x3000 : cpu::State::kNoPage;
    const u64 linear = random() % (8 << 20);
    for (const Access access : {Access::Read, Access::Write, Access::Execute}) {
      compare(m, linear, access);
      const Walk walk = explain_walk(c, linear, access);
      faults += walk.fault.empty() ? 0 : 1;
      nested += walk.nested_fault ? 1 : 0;
    }
  }
  CHECK(nested > 300);
  CHECK(faults < 8000);
}

// Catches entries of EPT that are told with the names of other tables' bits.
TEST_CASE("EPT entries have their own names") {
  GuestMachine m(everything());
  extended_tables(m);
  cpu::Cpu& c = m.cpu();
  c.second_stage = {.on = true,
                    .root = kNested,
                    .kind = cpu::SecondStageKind::Ept,
                    .accessed_dirty = true,
                    .mode_based_execute = true};
  m.poke<u64>(m.nested_pte(kData), kData | 0x47 | 6 << 3 | 0x700 | bit(63));
  const Walk walk = explain_walk(c, kData);
  REQUIRE(walk.fault.empty());
  CHECK(walk.extended);
  CHECK(std::string(walk.second_mode) == "4-level");
  REQUIRE(walk.nested.size() == 4);
  using Names = std::vector<std::string>;
  CHECK(walk.nested[0].flags == Names{"read", "write", "execute"});
  CHECK(std::string(walk.nested[0].table) == "PML4");
  CHECK(walk.nested[3].flags == Names{"read", "write", "execute", "execute-user", "write-back", "ignore-pat",
                                      "accessed", "dirty", "suppress-ve"});
  m.poke<u64>(m.nested_pte(kData), kData | 2);
  CHECK(explain_walk(c, kData).fault ==
        "EPT misconfiguration at the guest's page: writable, but not readable");
}

// Catches steps that are told of the wrong stage, out of order or without the nested walk of each table.
TEST_CASE("a walk of two stages has every step of both") {
  GuestMachine m;
  m.nested_paging();
  cpu::Cpu& c = m.cpu();
  c.second_stage = {.on = true, .root = kNested, .cr4 = c.cr4, .efer = c.efer};
  const Walk walk = explain_walk(c, kData + 0x123);
  REQUIRE(walk.fault.empty());
  REQUIRE(walk.steps.size() == 4);
  CHECK(walk.references == 24);
  for (size_t i = 0; i < 4; ++i) {
    CHECK(walk.steps[i].stage == inspect::Stage::First);
    CHECK(walk.steps[i].level == 4 - i);
    REQUIRE(walk.steps[i].nested.size() == 4);
    CHECK(walk.steps[i].nested[3].stage == inspect::Stage::Second);
    CHECK(walk.steps[i].system_address == walk.steps[i].address);  // identity-mapped
  }
  CHECK(walk.steps[3].address == m.pte_address(kData));
  CHECK(walk.steps[3].page_shift == 12);
  CHECK(walk.nested.size() == 4);
  CHECK(walk.guest_physical == kData + 0x123);
  // The guest's page table stands where the second stage does not let it be written.
  m.poke<u64>(m.nested_pte(kTables + 0x2000), (kTables + 0x2000) | 5);
  const Walk denied = explain_walk(c, kData);
  CHECK(denied.nested_fault);
  REQUIRE(denied.steps.size() == 3);
  CHECK(denied.steps[2].fault == "nested: not writable");
}

// Catches bits of the address that are told of another level, or of the other stage's address, and a mode
// that is another. Bits are those of the manual's figures (SDM vol. 3, 4.3 to 4.5), typed independently.
TEST_CASE("each step says which bits of which address chose the entry") {
  GuestMachine m;
  m.nested_paging();
  cpu::Cpu& c = m.cpu();
  c.second_stage = {.on = true, .root = kNested, .cr4 = c.cr4, .efer = c.efer};
  const Walk walk = explain_walk(c, kData + 0x123);
  CHECK(std::string(walk.mode) == "4-level");
  CHECK(std::string(walk.second_mode) == "4-level");
  REQUIRE(walk.steps.size() == 4);
  static constexpr unsigned kHigh[] = {47, 38, 29, 20}, kLow[] = {39, 30, 21, 12};
  for (size_t i = 0; i < 4; ++i) {
    CAPTURE(i);
    const inspect::WalkStep& step = walk.steps[i];
    CHECK((step.high_bit == kHigh[i] && step.low_bit == kLow[i] && step.read));
    CHECK(step.index == ((kData >> kLow[i]) & 511));
    CHECK(step.index == (step.address & 0xFFF) / 8);
    REQUIRE(step.nested.size() == 4);
    CHECK(step.nested[i].high_bit == kHigh[i]);
    CHECK(step.nested[i].index == ((step.address >> kLow[i]) & 511));
  }
  c.second_stage.on = false;
  choose_mode(m, 1);
  const Walk pae = explain_walk(c, kData);
  CHECK(std::string(pae.mode) == "PAE");
  CHECK((pae.steps.at(0).high_bit == 31 && pae.steps.at(0).low_bit == 30));
  choose_mode(m, 2);
  const Walk narrow = explain_walk(c, kData);
  CHECK(std::string(narrow.mode) == "32-bit");
  CHECK((narrow.steps.at(0).high_bit == 31 && narrow.steps.at(0).low_bit == 22));
}

// Catches a device that is read, and so changed, by somebody who only looks.
TEST_CASE("tables that are not in memory are not read") {
  GuestMachine m;
  m.cpu().cr3 = 0xFEE0'0000;
  const Walk walk = explain_walk(m.cpu(), kData);
  CHECK(walk.fault.find("not in memory") != std::string::npos);
  CHECK(m.bus.accesses.empty());
  u8 byte = 0;
  CHECK(inspect::read_linear(m.cpu(), kData, &byte, 1) == 0);
}

TEST_CASE("linear memory is read across pages up to the first that is not mapped") {
  GuestMachine m;
  m.poke<u32>(kData + 0xFFE, 0x44332211);
  u8 bytes[4] = {};
  CHECK(inspect::read_linear(m.cpu(), kData + 0xFFE, bytes, 4) == 4);
  CHECK(bytes[3] == 0x44);
  m.poke<u64>(m.pte_address(kData + 0x1000), 0);
  CHECK(inspect::read_linear(m.cpu(), kData + 0xFFE, bytes, 4) == 2);
}
