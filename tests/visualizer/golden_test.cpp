// Catches a view that looks other than it did when somebody looked at it. The pictures in golden/ are of the
// fixture's runs; docs/contributing.md says how to bless new ones.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cluster_runs.hpp"
#include "picture_compare.hpp"
#include "sim/base/types.hpp"
#include "viewer_run.hpp"

namespace hvlab::test {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> arguments;
};

using Json = nlohmann::ordered_json;

/// Instructions about an exit of the fixture's run `scheduling`, at 3 GHz: long and short ones, one that left
/// its guest, one that repeats, an interrupt, the end of the list.
Json instructions() {
  struct One {
    u64 cycles;
    const char *account, *text;
  };
  static constexpr One kOnes[] = {{2, "guest-kernel", "test eax, eax"},
                                  {1, "guest-kernel", "jnz 0xffffffff80103438"},
                                  {800, "guest-kernel", "pause"},
                                  {120, "hypervisor", "vmsave rax"},
                                  {2, "hypervisor", "mov rax, qword ptr [rsp+0x8]"},
                                  {2, "hypervisor", "mov qword ptr [rax+0x8], rcx"},
                                  {1, "hypervisor", "xor ecx, ecx"},
                                  {1, "hypervisor", "inc ecx"},
                                  {90, "hypervisor", "rep movsb byte ptr [rdi], byte ptr [rsi]"},
                                  {60, "hypervisor", "stgi"},
                                  {70, "host-kernel", "sti"},
                                  {5, "host-kernel", "iretq"}};
  Json list = {{"schema", "hvlab.instructions/1"},
               {"frequency_hz", 3'000'000'000},
               {"processors", 2},
               {"from", 20'002'000'000},
               {"until", 20'002'983'000}};
  u64 cycle = 60'007'797 - 3;  // the exit's, and what comes before it
  for (const One& one : kOnes) {
    const std::string text = one.text;
    Json json = {{"time", cycle * 1000 / 3}, {"processor", 0}, {"rip", "0xffffffff80103438"},
                 {"cycles", one.cycles},     {"text", text},   {"account", one.account}};
    json["completed"] = text != "pause" && text != "sti";
    json["interrupted"] = text == "sti";
    list["instructions"].push_back(json);
    cycle += one.cycles;
  }
  return list;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"compare", {"architectures", "--view=compare", "--at=60ms"}},
      {"compare-ja-dark", {"architectures", "--view=compare", "--lang=ja", "--theme=dark"}},
      {"ladder", {"architectures", "--view=ladder"}},
      {"ladder-exit-dark", {"architectures", "--view=ladder", "--set=ladder.mode=exit", "--theme=dark"}},
      {"timeline",
       {"architectures", "--view=timeline", "--align=phase:disk", "--from=-200us", "--until=4ms", "--at=1ms",
        "--marker-a=1ms", "--marker-b=2ms"}},
      {"timeline-ja-dark", {"scheduling", "--view=timeline", "--lang=ja", "--theme=dark"}},
      {"timeline-instructions",
       {"scheduling", "--view=timeline", "--from=20002835ns", "--until=20002990ns", "--at=20002866ns"}},
      {"machine",
       {"architectures/model=hosted", "--view=machine", "--at=60ms", "--set=machine.before=59999980000"}},
      {"machine-ja-dark",
       {"architectures/model=hosted", "--view=machine", "--at=60ms", "--lang=ja", "--theme=dark",
        "--set=machine.before=59998000000", "--set=machine.processor=1:0", "--set=machine.part=devices",
        "--set=machine.toggled=device-com1;control"}},
      {"walk",
       {"architectures/model=hosted", "--view=machine", "--at=60ms", "--set=machine.processor=1:0",
        "--set=machine.address=0xffffffff80105c16", "--set=machine.walk_at=8"}},
      {"machine-narrow",
       {"architectures/model=hosted", "--view=machine", "--at=60ms", "--set=machine.before=59998000000",
        "--set=machine.changed_only=yes", "--set=machine.search=exit", "--present"}},
      {"exits-ja", {"architectures", "--view=exits", "--lang=ja"}},
      {"exits", {"architectures", "--view=exits", "--show=2", "--set=exits.by=vcpu-reason"}},
      {"sweep", {"architectures", "--view=sweep", "--set=sweep.folder=sweep"}},
      {"lesson", {"--lesson=3", "--view=lesson"}},
      {"lesson-ja-present", {"--lesson=3", "--view=lesson", "--lang=ja", "--present", "--set=lesson.step=2"}},
      {"cluster", {"cluster-large", "--at=12h", "--set=cluster.chosen=1:host:1"}},
      {"cluster-move", {"cluster-drs", "--set=cluster.chosen=1:move:2"}},
      {"cluster-ja-dark", {"cluster-drs", "cluster-none", "--lang=ja", "--theme=dark", "--at=50420s"}},
      {"cluster-heat", {"cluster-heat", "--view=cluster", "--at=15h"}},
      {"compare-8", {"architectures", "architectures", "architectures", "--view=compare"}},
  };
  return kCases;
}

}  // namespace

TEST_CASE("every view looks as it did when it was looked at") {
  const Fixture fixture;
  write_cluster_run("cluster-large", cluster_day(2, true), cluster::kDays);
  write_cluster_run("cluster-drs", cluster_day(6, true), cluster::kDays);
  write_cluster_run("cluster-none", cluster_day(6, false), cluster::kDays);
  write_cluster_run("cluster-heat", cluster_day(300, false), 16 * cluster::kHours);
  std::ofstream("answers/inspect-instructions.json") << instructions();
  for (const Case& one : cases()) {
    CAPTURE(one.name);
    std::vector<std::string> arguments = one.arguments;
    arguments.insert(arguments.end(), {"--size=1200x760", "--scale=1", "--screenshot=made.png"});
    const Ended ended = run_to_end(viewer_words(arguments));
    CAPTURE(ended.errors);
    REQUIRE(ended.status == 0);
    CHECK_THAT(compare_with_golden("made.png", one.name), Catch::Equals(""));
  }
}

TEST_CASE("a file that cannot be written is told in one line, and nothing is left of it") {
  const Fixture fixture;
  for (const char* option : {"--screenshot=", "--csv="}) {
    const Ended ended =
        run_to_end(viewer_words({"architectures", "--view=exits", option + std::string("none/made")}));
    CAPTURE(option, ended.errors);
    CHECK(ended.status == 2);
    CHECK(ended.errors.find("hvlab: 'none/made': cannot write the ") == 0);
    CHECK(std::ranges::count(ended.errors, '\n') == 1);
    CHECK(!std::filesystem::exists("none"));
  }
}

}  // namespace hvlab::test
