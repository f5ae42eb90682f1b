// Catches a page walk that is drawn in another order than the processor reads in, cells in wrong places, bits
// of the address that are given to another level, and faults that are told wrongly.
#include "sim/views/walk_picture.hpp"

#include <catch2/catch.hpp>

#include "sim/views/walk_words.hpp"

namespace hvlab::views {
namespace {

MachineStep entry(const char* table, u64 low, u64 high) {
  MachineStep it;
  it.table = table;
  it.address = "0x2000", it.system_address = "0x9000";
  it.entry = "0x0000000000003007";
  it.leads_to = "table", it.next = "0x3000";
  it.flags = {"present", "writable"};
  it.index = 5, it.high_bit = high, it.low_bit = low;
  return it;
}

std::vector<MachineStep> four_levels() {
  std::vector<MachineStep> steps = {entry("PML4", 39, 47), entry("PDPT", 30, 38), entry("PD", 21, 29),
                                    entry("PT", 12, 20)};
  steps.back().page_bytes = 4096;
  return steps;
}

MachineWalk one_stage() {
  MachineWalk walk;
  walk.linear = "0xffff812345678abc", walk.physical = "0x8abc";
  walk.page_bytes = 4096;
  walk.allowed = {"read"};
  walk.steps = four_levels();
  walk.paging = true, walk.mode = "4-level";
  return walk;
}

MachineWalk two_stages() {
  MachineWalk walk = one_stage();
  walk.guest_physical = "0x7abc";
  walk.second_stage = true;
  walk.second_mode = "4-level";
  walk.nested = four_levels();
  for (MachineStep& step : walk.steps) step.nested = four_levels();
  return walk;
}

}  // namespace

TEST_CASE("two stages of four levels are 24 reads: each table's nested walk, its entry, at last the page's") {
  const MachineWalk walk = two_stages();
  const WalkPicture it = walk_picture(walk);
  CHECK(it.rows == std::vector<std::string>{"PML4", "PDPT", "PD", "PT", ""});
  CHECK(it.columns == std::vector<std::string>{"PML4", "PDPT", "PD", "PT", ""});
  REQUIRE(it.references.size() == 24);
  CHECK(it.reads == 24);
  for (size_t i = 0; i < 24; ++i) {
    CAPTURE(i);
    const WalkReference& one = it.references[i];
    CHECK(one.number == i + 1);
    CHECK(one.row == i / 5);
    CHECK(one.column == i % 5);
    CHECK(one.second == (i % 5 != 4));
    CHECK(one.guest == (i < 20 ? &walk.steps[i / 5] : nullptr));
  }
  CHECK(it.at(0) == it.at(1));
  CHECK(it.at(99) == &it.references[23]);
}

TEST_CASE(
    "a large page of the second stage leaves places empty, one of the first stage has a longer offset") {
  MachineWalk walk = two_stages();
  walk.steps.pop_back();
  walk.steps[2].page_bytes = 2 << 20;
  walk.steps[1].nested.pop_back();
  const WalkPicture it = walk_picture(walk);
  CHECK(it.reads == 3 * 5 - 1 + 4);
  CHECK(it.references[8].column == 4);  // the PDPT's entry, behind three nested ones
  REQUIRE(it.fields.size() == 4);
  CHECK((it.fields[3].table.empty() && it.fields[3].high == 20));
  CHECK(it.fields[3].value == 0x78abc);
}

TEST_CASE("the address is split as its mode has it") {
  MachineWalk walk = one_stage();
  const auto values = [&] {
    std::vector<u64> all;
    for (const WalkField& field : walk_picture(walk).fields) all.push_back(field.value);
    return all;
  };
  CHECK(values() == std::vector<u64>{0x102, 0x8D, 0x2B, 0x78, 0xABC});
  walk.mode = "5-level";
  CHECK(values() == std::vector<u64>{0x1FF, 0x102, 0x8D, 0x2B, 0x78, 0xABC});
  walk.linear = "0xc0123456", walk.mode = "PAE";
  CHECK(values() == std::vector<u64>{3, 0, 0x123, 0x456});
  walk.mode = "32-bit";
  CHECK(values() == std::vector<u64>{0x300, 0x123, 0x456});
  walk.paging = false;
  CHECK(values() == std::vector<u64>{0xc0123456});
  CHECK(walk_picture(walk).references.size() == 4);
}

TEST_CASE(
    "a register is no read of memory, and an entry that the second stage does not lead to is none at all") {
  MachineWalk walk = two_stages();
  walk.second_stage = false, walk.nested.clear();
  for (MachineStep& step : walk.steps) step.nested.clear();
  walk.steps[0].in_register = true;
  CHECK(walk_picture(walk).reads == 3);
  CHECK(walk_picture(walk).references.at(0).number == 0);
  CHECK(walk_picture(walk).references.at(1).number == 1);
  walk = two_stages();
  walk.steps.resize(2), walk.nested.clear();
  walk.steps[1].fault = "nested: not present", walk.steps[1].read = false;
  walk.steps[1].nested.resize(2), walk.steps[1].nested[1].fault = "not present";
  const WalkPicture it = walk_picture(walk);
  CHECK(it.reads == 7);
  CHECK(it.references.back().second);
}

TEST_CASE("words say what is read for whom, where it leads, and which bits a fault has") {
  const Messages say = Messages::load("en");
  MachineWalk walk = two_stages();
  const WalkPicture it = walk_picture(walk);
  const std::string nested = words_of(say, it.references[6]), own = words_of(say, it.references[9]);
  CHECK(nested.find("second stage") != std::string::npos);
  CHECK(nested.find("for the guest's PDPT entry") != std::string::npos);
  CHECK(own.find("8 bytes at 0x9000: PDPT entry 5") != std::string::npos);
  CHECK(nested.find("Bits 38 to 30 of the guest-physical") != std::string::npos);
  CHECK(own.find("Bits 38 to 30 of the linear") != std::string::npos);
  CHECK(own.find("present, writable") != std::string::npos);
  CHECK(own.find("table at 0x3000") != std::string::npos);
  CHECK(result_of(say, walk).find("0x7abc") != std::string::npos);
  walk.fault = "page fault: PT entry: not present", walk.error = "0x00000006";
  CHECK(result_of(say, walk).find("not present, write, user") != std::string::npos);
  CHECK(error_bits(0x19) == std::vector<std::string>{"present", "read", "supervisor", "reserved", "fetch"});
}

}  // namespace hvlab::views
