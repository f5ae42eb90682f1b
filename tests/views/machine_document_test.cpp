// Catches a machine's document that loses members, a hostile one that throws, and values marked wrongly.
#include "sim/views/machine_document.hpp"

#include <catch2/catch.hpp>

namespace hvlab::views {
namespace {

using record::Json;

// Every member that docs/live.md names, each with a value of its own.
Json whole() {
  return Json::parse(R"({
    "schema": "hvlab.machine/1", "time": 7, "frequency_hz": 3000, "instructions": 8, "events": 9,
    "processors": [{
      "processor": 1, "time": 10, "cycles": 11, "instructions": 12, "mode": "64-bit", "cpl": 3,
      "activity": "halted", "account": "hypervisor", "interrupts_enabled": true, "gif": false,
      "interrupt_shadow": true, "waiting": ["nmi"], "in_guest": true,
      "guest": {"vm": 1, "vcpu": 0, "block": "0xb000"},
      "registers": {
        "general": [{"name": "rax", "value": "0x2"}, {"name": "rbx", "value": "0x1"}],
        "segments": [{"name": "cs", "value": "0x0008", "text": "code", "base": "0x0", "limit": "0xff", "attributes": "0xa"}],
        "msrs": [{"name": "star", "value": "0x0", "number": "0xc0000081"}]},
      "code": [{"address": "0x10", "bytes": "90", "text": "nop", "symbol": "f+0x1", "target": "g", "current": true}],
      "walk": {"linear": "0x5", "access": "read", "privilege": "user", "paging": true, "second_stage": true,
        "guest_physical": "0x6", "physical": "0x7", "page_bytes": 4096, "allowed": ["read"], "references": 24,
        "mode": "PAE", "second_mode": "4-level",
        "nested": [{"stage": "second", "table": "PD"}],
        "steps": [{"stage": "first", "level": 4, "table": "PML4", "index": 3, "high_bit": 47, "low_bit": 39, "read": false, "flags": ["present"], "in_register": true,
          "page_bytes": 4096, "nested": [{"table": "PT", "fault": "not present", "nested": [{}]}]}]},
      "apic": {"id": 5, "mode": "xapic", "software_enabled": true, "requested": [224], "in_service": [33],
        "lvt": [{"name": "timer", "value": "0xe0", "text": "vector 224"}],
        "timer": {"mode": "periodic", "running": true, "initial_count": 100, "divide_configuration": 11, "started": 6}}}],
    "control_blocks": [{
      "vm": 1, "vcpu": 2, "entries": 3, "exits": 4, "guest_cycles": 5, "runs_on": null, "address": "0xb000",
      "kind": "svm", "code": [{"text": "hlt"}], "walk": {"linear": "0x5"},
      "fields": [{"group": "exit", "name": "EXITCODE", "offset": "0x0070", "value": "0x4e", "text": "npf"}]}],
    "interrupt_controllers": {
      "ioapic": {"id": 2, "pins": [{"pin": 4, "asserted": true, "entry": "0x31", "text": "vector 49"}]},
      "pic": [{"name": "master", "requests": "0x01", "in_service": "0x02", "mask": "0xfb", "level": "0x04", "vector_base": 32}]},
    "devices": [{"name": "com1", "kind": "16550A", "place": "ports 0x3f8", "port_reads": 1, "port_writes": 2,
      "memory_reads": 3, "memory_writes": 4, "state": [{"group": "", "name": "LSR", "value": "0x60", "text": "THRE"}]}],
    "consoles": [{"name": "com1", "tail": "hello"}],
    "not_shown": ["caches"]})");
}

// `json` with each of its members in turn replaced by `other`, or taken away.
void with_each_other(Json& json, const Json& other, const std::function<void()>& look) {
  if (!json.is_structured()) return;
  for (auto& one : json) {
    const Json kept = one;
    one = other;
    look();
    one = kept;
    with_each_other(one, other, look);
  }
}

}  // namespace

TEST_CASE("a machine's document becomes plain data") {
  const MachineDocument it = machine_document(whole());
  CHECK(std::vector{it.time, it.frequency_hz, it.instructions, it.events} == std::vector<u64>{7, 3000, 8, 9});
  CHECK(it.not_shown == std::vector<std::string>{"caches"});
  CHECK(it.consoles.at(0).tail == "hello");
  REQUIRE(it.processors.size() == 1);
  const MachineProcessor& one = it.processors[0];
  CHECK(std::vector{one.number, one.time, one.cycles, one.instructions, one.cpl} ==
        std::vector<u64>{1, 10, 11, 12, 3});
  CHECK((one.interrupts_enabled && !one.gif && one.interrupt_shadow && one.in_guest));
  CHECK(one.waiting.at(0) == "nmi");
  CHECK(one.guest.value().vm == 1);
  CHECK(one.guest.value().block == "0xb000");
  CHECK(one.code.at(0).current);
}

TEST_CASE("registers have their group, segments their descriptor, MSRs their number") {
  const MachineProcessor one = machine_document(whole()).processors.at(0);
  CHECK(one.registers.at(1).group == "general");
  CHECK(one.registers.at(2).limit == "0xff");
  CHECK(one.registers.at(2).attributes == "0xa");
  CHECK(one.registers.at(3).place == "0xc0000081");
  CHECK(one.registers.at(0).is_set());
  CHECK_FALSE(one.registers.at(3).is_set());
}

TEST_CASE("a walk has its steps, and each step those of the second stage that found it") {
  const MachineWalk walk = machine_document(whole()).processors.at(0).walk;
  CHECK(walk.references == 24);
  CHECK(walk.privilege == "user");
  CHECK(walk.nested.at(0).stage == "second");
  CHECK(walk.steps.at(0).level == 4);
  CHECK(std::vector{walk.steps[0].index, walk.steps[0].high_bit, walk.steps[0].low_bit} ==
        std::vector<u64>{3, 47, 39});
  CHECK((!walk.steps[0].read && walk.nested.at(0).read));
  CHECK((walk.mode == "PAE" && walk.second_mode == "4-level"));
  CHECK(walk.steps.at(0).in_register);
  CHECK(walk.steps.at(0).flags.at(0) == "present");
  CHECK(walk.steps.at(0).nested.at(0).fault == "not present");
  CHECK(walk.steps.at(0).nested.at(0).nested.empty());
}

TEST_CASE("a control block has its fields with their places, and its guest's code") {
  const MachineControlBlock block = machine_document(whole()).blocks.at(0);
  CHECK(block_name(block.kind) == "VMCB");
  CHECK(std::vector{block.vm, block.vcpu, block.entries, block.exits} == std::vector<u64>{1, 2, 3, 4});
  CHECK_FALSE(block.runs_on);
  CHECK(block.fields.at(0).place == "0x0070");
  CHECK(block.fields.at(0).text == "npf");
  CHECK(block.guest.code.at(0).text == "hlt");
  CHECK(block.guest.walk.linear == "0x5");
}

TEST_CASE("a field of a VMCS stands where its encoding says") {
  Json json = whole();
  json["control_blocks"][0]["kind"] = "vmx";
  json["control_blocks"][0]["fields"][0] = {{"name", "GUEST_RIP"}, {"encoding", "0x681e"}};
  const MachineControlBlock block = machine_document(json).blocks.at(0);
  CHECK(block_name(block.kind) == "VMCS");
  CHECK(block.fields.at(0).place == "0x681e");
}

TEST_CASE("interrupt controllers and devices have their registers") {
  const MachineDocument it = machine_document(whole());
  const MachineApic apic = it.processors.at(0).apic.value();
  CHECK(apic.requested == std::vector<u64>{224});
  CHECK(apic.lvt.at(0).text == "vector 224");
  CHECK((apic.timer_running && apic.timer_mode == "periodic" && apic.timer_initial == 100));
  CHECK(it.ioapic_id == 2);
  CHECK(it.pins.at(0).asserted);
  CHECK(it.pics.at(0).vector_base == 32);
  CHECK(it.devices.at(0).memory_writes == 4);
  CHECK(it.devices.at(0).state.at(0).text == "THRE");
}

TEST_CASE("what is missing or of another type in a machine's document is left out") {
  for (const char* text :
       {"null", "[]", "{}", R"({"time": "x", "processors": 3})", R"({"processors": [null]})",
        R"({"processors": [{"registers": [1], "code": [7], "walk": {"steps": [0]}}]})"})
    CHECK_NOTHROW(machine_document(Json::parse(text)));
  Json json = whole();
  for (const Json& other :
       {Json(), Json(-1), Json(1.5), Json("\xFF"), Json(true), Json::array({Json()}), Json({{"name", 1}})})
    with_each_other(json, other, [&] { CHECK_NOTHROW(machine_document(json)); });
}

TEST_CASE("a register, a field or a device's register is marked if its value is another than before") {
  MachineDocument now = machine_document(whole());
  Json json = whole();
  json["processors"][0]["registers"]["general"][0]["value"] = "0x3";
  json["processors"][0]["registers"]["segments"][0]["base"] = "0x9";
  json["control_blocks"][0]["fields"][0]["value"] = "0x4f";
  json["devices"][0]["state"][0]["value"] = "0x61";
  mark_changed(now, machine_document(json));
  const std::vector<MachineRegister>& registers = now.processors.at(0).registers;
  CHECK(registers.at(0).changed);
  CHECK_FALSE(registers.at(1).changed);
  CHECK(registers.at(2).changed);  // the same selector of another descriptor
  CHECK(now.blocks.at(0).fields.at(0).changed);
  CHECK(now.devices.at(0).state.at(0).changed);
  mark_changed(now, machine_document(whole()));
  CHECK_FALSE(registers.at(0).changed);
  mark_changed(now, {});  // nothing is known of before
  CHECK_FALSE(now.blocks.at(0).fields.at(0).changed);
}

}  // namespace hvlab::views
