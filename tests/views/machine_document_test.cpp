// Catches a machine's document that loses members, a hostile one that throws, and registers marked wrongly.
#include "sim/views/machine_document.hpp"

#include <catch2/catch.hpp>

namespace hvlab::views {
namespace {

record::Json document(const char* rax) {
  return record::Json::parse(std::string(R"({"time": 7, "processors": [{"processor": 1, "mode": "64-bit",
    "registers": {"general": [{"name": "rax", "value": ")") +
                             rax + R"("}, {"name": "rbx", "value": "0x1"}]},
    "code": [{"address": "0x10", "text": "nop", "current": true}],
    "walk": {"linear": "0x5", "second_stage": true, "steps": [{"table": "PML4", "flags": ["present"],
      "nested": [{"table": "PT", "fault": "not present"}]}]}}]})");
}

}  // namespace

TEST_CASE("a machine's document becomes plain data") {
  const MachineDocument it = machine_document(document("0x2"));
  CHECK(it.time == 7);
  REQUIRE(it.processors.size() == 1);
  const MachineProcessor& one = it.processors[0];
  CHECK(one.number == 1);
  CHECK(one.code.at(0).current);
  CHECK(one.walk.steps.at(0).flags.at(0) == "present");
  CHECK(one.walk.steps.at(0).nested.at(0).fault == "not present");
}

TEST_CASE("what is missing or of another type in a machine's document is left out") {
  for (const char* text :
       {"null", "[]", "{}", R"({"time": "x", "processors": 3})", R"({"processors": [null]})",
        R"({"processors": [{"registers": [1], "code": [7], "walk": {"steps": [0]}}]})"})
    CHECK_NOTHROW(machine_document(record::Json::parse(text)));
}

TEST_CASE("a register is marked if its value is another than before") {
  MachineDocument now = machine_document(document("0x3"));
  mark_changed(now, machine_document(document("0x2")));
  CHECK(now.processors.at(0).registers.at(0).changed);
  CHECK_FALSE(now.processors.at(0).registers.at(1).changed);
}

}  // namespace hvlab::views
