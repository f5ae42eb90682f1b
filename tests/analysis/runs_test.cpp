// What is made of a recording: words, choices, exports, a moment's states, the point where two part.
#include <SQLiteCpp/SQLiteCpp.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <sstream>

#include "sample_run.hpp"
#include "sim/analysis/compare_runs.hpp"
#include "sim/analysis/exports.hpp"
#include "sim/analysis/run_statistics.hpp"
#include "sim/analysis/run_top.hpp"
#include "sim/base/user_error.hpp"
#include "sim/record/run_writer.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::analysis;
using record::RecordChoice;
using record::RecordFilter;
using record::TraceReader;

namespace {

struct Recording {
  test::TemporaryFolder folder{"analysis"};
  std::string path = (folder.path / "t").string();
  Recording() { test::write_recording(path); }
};

std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char part[4096];
  for (size_t got; (got = std::fread(part, 1, sizeof part, pipe)) != 0;) text.append(part, got);
  REQUIRE(pclose(pipe) == 0);
  return text;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::string texts(const TraceReader& trace, const std::vector<std::string>& conditions) {
  RecordFilter filter;
  for (const std::string& condition : conditions) filter.add(condition);
  const RecordChoice wanted(trace, filter);
  std::string all;
  trace.each(0, kNever, [&](const record::Record& r) {
    if (wanted(r)) all += record_text(trace, r) + "\n";
    return true;
  });
  return all;
}

}  // namespace

// Catches filters that let others through or keep theirs out, and names that nobody has.
TEST_CASE("conditions choose records; they are printed in words") {
  const Recording recording;
  const TraceReader trace(recording.path);
  CHECK(texts(trace, {"kind=vm-exit"}) ==
        "0.000000020000  0  vm 1 vcpu 0   vm-exit           npf, info 14, at ffff8000\n"
        "0.000000040000  0  vm 1 vcpu 0   vm-exit           hlt, info 0, at ffff8000\n");
  CHECK(count(texts(trace, {"reason=hlt"}), "\n") == 1);
  CHECK(texts(trace, {"kind=request-start,mark", "lane=disk"}) ==
        "0.000000025000  0  disk          request-start     number 1, 512 bytes out\n"
        "0.000000050000  0  disk          mark              HVLAB done\n");
  CHECK(texts(trace, {"core=1"}).empty());
  CHECK_THROWS_WITH(texts(trace, {"kind=vm-exits"}), Catch::Contains("vm-exit,"));
  for (const char* bad : {"vm-exit", "kind=", "core=x", "colour=red", ""}) {
    RecordFilter filter;
    CHECK_THROWS_AS(filter.add(bad), UserError);
  }
}

// Catches a moment's states that are those of another, and shares that do not make up the window.
TEST_CASE("a moment's states and what was done around it") {
  const Recording recording;
  const TraceReader trace(recording.path);
  const auto tables = run_top(trace, 28'000, 20'000);
  CHECK(text_of(tables[0]) ==
        "At 0.000000028000 s\n"
        "  lane         state          core  since (s)\n"
        "  core 0       hypervisor           0.000000022000\n"
        "  disk         busy                 0.000000025000\n"
        "  vm 1 vcpu 0  exit-handling  0     0.000000020000\n");
  CHECK(json_of(tables[1]).dump() ==
        R"([{"lane":"core 0","state":"guest-kernel","microseconds":0.011,"percent":55.0},)"
        R"({"lane":"core 0","state":"hypervisor","microseconds":0.009,"percent":45.0},)"
        R"({"lane":"disk","state":"idle","microseconds":0.003,"percent":23.076923076923077},)"
        R"({"lane":"disk","state":"busy","microseconds":0.01,"percent":76.92307692307692},)"
        R"({"lane":"vm 1 vcpu 0","state":"running","microseconds":0.01,"percent":50.0},)"
        R"({"lane":"vm 1 vcpu 0","state":"exit-handling","microseconds":0.01,"percent":50.0}])");
  CHECK(tables[2].rows.size() == 1);
}

// Catches threads that are shown while they sleep, waits without their system call, and exports without them.
TEST_CASE("threads and containers: what they did where, and in which call they stopped") {
  const test::TemporaryFolder folder("threads");
  const std::string path = (folder.path / "t").string();
  {
    record::TraceRecorder recorder({.file = path,
                                    .level = record::RecordLevel::Summary,
                                    .frequency_hz = 1'000'000'000,
                                    .cores = 2,
                                    .devices = {"nobody"}});
    using observe::ThreadState;
    observe::ThreadWatcher& threads = recorder.threads();
    threads.group_named({.number = 1, .container = true, .id = 5, .path = "/box"});
    threads.thread_named({.number = 0, .pid = 7, .tgid = 7, .name = "sh", .group = 1});
    threads.thread_named({.number = 1, .pid = 9, .tgid = 8, .name = "server", .group = 0});
    threads.call_named(202, "futex");
    threads.thread_changed({0, 1, 10'000, ThreadState::Running, 0});
    threads.group_changed(1, 1, 10'000, 1);
    threads.thread_changed({1, 0, 10'000, ThreadState::Sleeping, 203});
    threads.thread_changed({0, 1, 20'000, ThreadState::Blocked, 203});
    threads.group_changed(1, 1, 20'000, 0);
    recorder.finish({40, 40});
  }
  const TraceReader trace(path);
  CHECK(texts(trace, {"lane=sh 7,container /box"}) ==
        "0.000000010000  1  sh 7          state             running\n"
        "0.000000010000  1  container /box  state             running\n"
        "0.000000020000  1  sh 7          state             blocked in futex\n"
        "0.000000020000  1  container /box  state             idle\n"
        "0.000000040000  0  sh 7          state             ended\n"
        "0.000000040000  0  container /box  state             ended\n");
  const auto tables = run_top(trace, 25'000, 20'000);
  CHECK(text_of(tables[0]) ==
        "At 0.000000025000 s\n"
        "  lane  state             core  since (s)\n"
        "  sh 7  blocked in futex  1     0.000000020000\n");
  CHECK(json_of(tables[1]).dump() ==
        R"([{"lane":"container /box","state":"idle","microseconds":0.015,"percent":75.0},)"
        R"({"lane":"container /box","state":"running","microseconds":0.005,"percent":25.0},)"
        R"({"lane":"sh 7","state":"running","microseconds":0.005,"percent":25.0},)"
        R"({"lane":"sh 7","state":"blocked","microseconds":0.015,"percent":75.0}])");
  const std::string file = (folder.path / "db").string();
  export_sqlite(trace, {}, file);
  SQLite::Database db(file);
  CHECK(db.execAndGet("SELECT end_ps - begin_ps FROM states WHERE core = 1 AND call = 'futex'").getInt64() ==
        20'000);
  CHECK(db.execAndGet("SELECT group_concat(name) FROM lanes WHERE vm = 1").getString() ==
        "container /box,sh 7");
  std::ofstream out(folder.path / "p", std::ios::binary);
  export_perfetto(trace, {}, out);
  out.close();
  const std::string text = output_of("protoc --decode=perfetto.protos.Trace -I " HVLAB_SOURCE_DIR
                                     "/sim/analysis perfetto.proto <" +
                                     (folder.path / "p").string());
  CHECK(count(text, "name: \"sleeping in futex\"") == 1);
  CHECK(count(text, "name: \"container /box\"") == 1);
}

// Catches messages that Perfetto's own field numbers do not decode.
TEST_CASE("the Perfetto export is decoded by protoc") {
  const Recording recording;
  const TraceReader trace(recording.path);
  const std::string file = (recording.folder.path / "p").string();
  std::ofstream out(file, std::ios::binary);
  export_perfetto(trace, {}, out);
  out.close();
  const std::string text = output_of(
      "protoc --decode=perfetto.protos.Trace -I " HVLAB_SOURCE_DIR "/sim/analysis perfetto.proto <" + file);
  CHECK(count(text, "track_descriptor {") == 5 + 3);
  CHECK(count(text, "name: \"vm 1 vcpu 0\"") == 1);
  CHECK(count(text, "name: \"hypervisor\"") == 1);  // interned
  CHECK(count(text, "name: \"vm-exit npf\"") == 1);
  CHECK(count(text, "string_value: \"HVLAB done\"") == 1);
  CHECK(count(text, "sequence_flags: 3") == 1);
  CHECK(count(text, "TYPE_SLICE_BEGIN") == count(text, "TYPE_SLICE_END"));
  CHECK(count(text, "pointer_value: 4294934528") == 5);
  // Fields that the description does not know are printed by their numbers.
  for (const char* line : {"  1: ", "  2: ", "  5: ", "  7: ", "  9: "}) CHECK(count(text, line) == 0);
}

// Catches intervals that do not cover the run, and tables that lack rows.
TEST_CASE("the SQLite export has states as intervals, exits by name, every record") {
  const Recording recording;
  const TraceReader trace(recording.path);
  const std::string file = (recording.folder.path / "db").string();
  export_sqlite(trace, {}, file);
  export_sqlite(trace, {}, file);  // replaces it
  SQLite::Database db(file);
  CHECK(db.execAndGet("SELECT count(*) FROM records").getInt64() == 33);
  CHECK(db.execAndGet("SELECT sum(end_ps - begin_ps) FROM states WHERE lane = 0").getInt64() == 60'000);
  CHECK(db.execAndGet("SELECT end_ps - begin_ps FROM states WHERE state = 'busy'").getInt64() == 10'000);
  CHECK(db.execAndGet("SELECT group_concat(reason) FROM exits").getString() == "npf,hlt");
  CHECK(db.execAndGet("SELECT text FROM marks").getString() == "HVLAB done");
  CHECK(db.execAndGet("SELECT name FROM lanes WHERE type = 'vcpu' AND vm = 1").getString() == "vm 1 vcpu 0");
  CHECK_THROWS_AS(export_sqlite(trace, {}, "/no/such/folder/db"), UserError);
}

// Catches two recordings that are called equal when they are not, or part in the wrong place.
TEST_CASE("the first difference of two recordings, with what is around it") {
  const Recording recording;
  const std::string other = (recording.folder.path / "u").string();
  test::write_recording(other, 0x60);
  const TraceReader a(recording.path), b(other);
  CHECK(!first_divergence(a, a, 2));
  const auto found = first_divergence(a, b, 2);
  REQUIRE(found);
  CHECK(found->time == 40'000);
  REQUIRE(found->common.size() == 2);
  CHECK(found->common[1].find("disk          state             idle") != std::string::npos);
  REQUIRE(found->first.size() == 2);
  CHECK(found->first[0].find("vm-exit           hlt") != std::string::npos);
  CHECK(found->second[0].find("vm-exit           interrupt") != std::string::npos);
  CHECK(found->first[1].find("halted") != std::string::npos);
}

// Catches differences of numbers that no table shows.
TEST_CASE("runs side by side: what differs is shown, equal runs are equal") {
  const test::TemporaryFolder folder("compare");
  const auto run = [&](const std::string& name, u64 idle, u64 writes) {
    const std::string path = (folder.path / name).string();
    record::RunWriter writer(path, {});
    const record::Json stats = {{"seconds", 0.5},
                                {"instructions", 10},
                                {"cycles", 100 + idle},
                                {"ledger", {{"idle", idle}, {"host-kernel", 100}, {"guest-user", 0}}},
                                {"exits", record::Json::array()},
                                {"io",
                                 {{{"system", 0},
                                   {"operation", "write"},
                                   {"requests", 9},
                                   {"picoseconds", 1},
                                   {"hops", Json::array()}},
                                  {{"system", 1},
                                   {"operation", "write"},
                                   {"requests", 2},
                                   {"picoseconds", idle * 100'000},
                                   {"hops", {{{"label", "medium"}, {"picoseconds", 1'000'000}}}}}}},
                                {"devices", {{{"name", "disk"}, {"port_writes", writes}}}}};
    writer.put(record::kStatsFile, stats.dump());
    writer.finish(record::RunState::Complete, {});
    return path;
  };
  std::vector<record::RunReader> runs;
  for (const std::string& path : {run("a", 20, 3), run("b", 30, 9)}) runs.emplace_back(path);
  const RunComparison result = compare_runs(runs, false, 3);
  CHECK(!result.equal);
  CHECK(json_of(result.tables[1]).dump() ==
        R"([{"account":"idle","run1":20,"run2":30,"ratio":1.5},)"
        R"({"account":"host-kernel","run1":100,"run2":100,"ratio":1.0}])");
  CHECK(
      json_of(result.tables[5]).dump() ==
      R"([{"hop":"the request","run1":1,"run2":1.5,"ratio":1.5},{"hop":"medium","run1":0.5,"run2":0.5,"ratio":1.0}])");
  CHECK(json_of(result.tables.back()).dump() ==
        R"([{"metric":"devices.disk.port_writes","run1":3,"run2":9,"ratio":3.0}])");
  runs.erase(runs.begin());
  runs.push_back(runs.front());
  CHECK(compare_runs(runs, false, 3).equal);
}

// Catches runs on two vendors' processors without a row in common, runs of one vendor with tables that say
// nothing more, and old runs, which have no classes.
TEST_CASE("exits by class are what runs on two vendors' processors have in common") {
  const test::TemporaryFolder folder("compare-classes");
  const auto exit = [](const char* reason, const char* exit_class, u64 count) {
    Json row = {{"vm", 1},        {"vcpu", 0},    {"reason", reason},
                {"count", count}, {"handled", 1}, {"cycles", 10 * count},
                {"least", 5},     {"most", 9}};
    if (*exit_class != '\0') row["class"] = exit_class;
    return row;
  };
  const auto run = [&](const std::string& name, const Json& exits) {
    const std::string path = (folder.path / name).string();
    record::RunWriter writer(path, {});
    const Json stats = {{"seconds", 0.5},          {"instructions", 10}, {"cycles", 100},
                        {"ledger", {{"idle", 1}}}, {"exits", exits},     {"io", Json::array()},
                        {"devices", Json::array()}};
    writer.put(record::kStatsFile, stats.dump());
    writer.finish(record::RunState::Complete, {});
    return record::RunReader(path);
  };
  const record::RunReader amd = run("amd", {exit("npf", "mmio", 3), exit("npf", "nested-page-fault", 4)});
  const record::RunReader old = run("old", {exit("npf", "", 7), exit("hlt", "", 2)});
  const record::RunReader intel = run("intel", {exit("EPT_MISCONFIG", "mmio", 6), exit("HLT", "hlt", 2)});
  const auto keys = [](const RunComparison& result) {
    std::string text;
    for (const Table& table : result.tables) text += table.key + " ";
    return text;
  };
  const RunComparison both = compare_runs({amd, intel}, false, 3);
  CHECK(both.tables[2].key == "exit_classes");
  CHECK(json_of(both.tables[2]).dump() ==
        R"([{"class":"hlt","run1":0,"run2":2,"ratio":null},{"class":"mmio","run1":3,"run2":6,"ratio":2.0},)"
        R"({"class":"nested-page-fault","run1":4,"run2":0,"ratio":0.0}])");
  CHECK(keys(compare_runs({amd, old}, false, 3)).find("exit_classes") == std::string::npos);
  CHECK(json_of(exits_by_class(old.stats().at("exits")))[0].at("class") == "nested-page-fault");
  const Json rows = json_of(exits_by_reason(amd.stats().at("exits")));
  REQUIRE(rows.size() == 2);
  CHECK((rows[0].at("reason") == "npf" && rows[0].at("class") == "nested-page-fault"));
  CHECK((rows[1].at("class") == "mmio" && rows[1].at("exits") == 3));
}
