// Catches cycles that are lost or counted twice, and cycles given to an exit that they do not belong to.
#include <catch2/catch.hpp>

#include "exit_recording.hpp"
#include "sim/views/flame.hpp"
#include "temporary_folder.hpp"

namespace hvlab::views {
namespace {

record::TraceReader recorded() {
  const test::TemporaryFolder folder("views-flame");
  const std::string path = (folder.path / "trace.hvt").string();
  test::record_exits(path);
  return record::TraceReader(path);
}

const FlameNode& child(const FlameNode& node, const std::string& text) {
  const auto found = std::ranges::find(node.children, text, &FlameNode::text);
  CAPTURE(node.text, text);
  REQUIRE(found != node.children.end());
  return *found;
}

void check_sums(const FlameNode& node) {
  u64 sum = 0;
  for (const FlameNode& each : node.children) {
    sum += each.cycles;
    check_sums(each);
  }
  CHECK(sum <= node.cycles);
  CHECK(node.own() == node.cycles - sum);
}

}  // namespace

TEST_CASE("the widths of a flame are the cycles of all processors in the span, exactly") {
  const record::TraceReader trace = recorded();
  for (const FlameBy by : {FlameBy::Core, FlameBy::Machine}) {
    CHECK(flame_of(trace, 0, kNever, by).cycles == 4000);
    CHECK(flame_of(trace, 333 * kNanosecond, 777 * kNanosecond, by).cycles == 2 * 444);
    check_sums(flame_of(trace, 0, kNever, by));
  }
  CHECK(flame_of(trace, 3000 * kNanosecond, kNever, FlameBy::Core).cycles == 0);
}

TEST_CASE("a flame gives cycles to processor, account, reason and the guest's place") {
  const record::TraceReader trace = recorded();
  const FlameNode root = flame_of(trace, 0, kNever, FlameBy::Core);
  REQUIRE(root.children.size() == 2);
  const FlameNode& core = child(root, "core 0");
  CHECK(core.cycles == 2000);
  CHECK(child(core, "idle").cycles == 1280);
  CHECK(child(core, "guest-kernel").cycles == 100 + 50 + 50 + 100);
  CHECK(child(core, "host-kernel").cycles == 100);
  CHECK(child(core, "host-kernel").children.empty());  // before any exit
  const FlameNode& hypervisor = child(core, "hypervisor");
  CHECK(hypervisor.cycles == 30 + 130 + 40 + 10);
  CHECK(child(hypervisor, "npf").cycles == 160);
  CHECK(child(child(hypervisor, "npf"), "ffff8020h").cycles == 130);
  CHECK(child(hypervisor, "io").cycles == 40);
  CHECK(child(child(core, "vmm-process"), "io").cycles == 40);
  CHECK(child(child(core, "world-switch"), "hlt").cycles == 10);
  // The host's kernel after the last exit is still at it; its switch into the other guest too.
  CHECK(child(child(child(root, "core 1"), "host-kernel"), "hlt").cycles == 160);
}

TEST_CASE("a flame by machine has the guests with what their exits take, and the rest apart") {
  const record::TraceReader trace = recorded();
  const FlameNode root = flame_of(trace, 0, kNever, FlameBy::Machine);
  const FlameNode& first = child(root, "vm 1");
  CHECK(child(first, "guest-kernel").cycles == 300 + 1000);
  CHECK(child(child(first, "hypervisor"), "npf").cycles == 160);
  CHECK(child(child(root, "vm 2"), "guest-kernel").cycles == 200 + 120);
  const auto host = std::ranges::find(root.children, FlameNode::Kind::Host, &FlameNode::kind);
  REQUIRE(host != root.children.end());
  CHECK(child(*host, "idle").cycles == 1280 + 400);
  CHECK(child(*host, "host-kernel").cycles == 100);
}

TEST_CASE("an exit from before the span is told apart from those within") {
  const record::TraceReader trace = recorded();
  const FlameNode root = flame_of(trace, 320 * kNanosecond, 520 * kNanosecond, FlameBy::Core);
  const FlameNode& hypervisor = child(child(root, "core 0"), "hypervisor");
  REQUIRE(hypervisor.children.size() == 2);
  CHECK(hypervisor.children[0].kind == FlameNode::Kind::Earlier);
  CHECK(hypervisor.children[0].cycles == 120);
  CHECK(child(hypervisor, "io").cycles == 10);
}

TEST_CASE("idle cycles can be left out, and nothing else is") {
  const record::TraceReader trace = recorded();
  for (const FlameBy by : {FlameBy::Core, FlameBy::Machine}) {
    const FlameNode busy = without_account(flame_of(trace, 0, kNever, by), "idle");
    CHECK(busy.cycles == 4000 - 1280 - 400);
    check_sums(busy);
    for (const FlameNode& top : busy.children)
      for (const FlameNode& account : top.children) CHECK(account.text != "idle");
  }
  CHECK(child(child(without_account(flame_of(trace, 0, kNever, FlameBy::Core), "idle"), "core 0"),
              "guest-kernel")
            .cycles == 300);
}

TEST_CASE("boxes lie within those below them, and small ones are left out") {
  const record::TraceReader trace = recorded();
  const FlameNode root = flame_of(trace, 0, kNever, FlameBy::Core);
  const std::vector<FlameBox> all = flame_boxes(root, 0);
  for (const FlameBox& box : all) {
    CHECK(&flame_node(root, box.path) == box.node);
    CHECK(box.end - box.begin == Approx(static_cast<double>(box.node->cycles) / 4000));
    CHECK(box.end <= 1 + 1e-9);
  }
  const std::vector<FlameBox> some = flame_boxes(root, 0.05);
  CHECK(some.size() < all.size());
  for (const FlameBox& box : some) CHECK(box.end - box.begin >= 0.05 - 1e-9);
}

}  // namespace hvlab::views
