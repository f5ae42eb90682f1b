// Runs that are looked at: what they are aligned by, those that are still written, and those that are
// damaged.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "sim/base/user_error.hpp"
#include "sim/observe/event.hpp"
#include "sim/record/run_writer.hpp"
#include "sim/record/trace_writer.hpp"
#include "sim/views/run_set.hpp"

namespace hvlab::views {
namespace {

namespace fs = std::filesystem;
using record::Json;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "hvlab-views-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string() + "/"; }

 private:
  fs::path path_;
};

constexpr u8 kExit = static_cast<u8>(observe::EventKind::VmExit);

/// A trace that is written step by step; its marks are lines of the console.
class Trace {
 public:
  explicit Trace(const std::string& directory)
      : writer_(directory + record::kTraceFile,
                {.level = record::RecordLevel::Summary, .frequency_hz = 1'000'000'000}) {
    writer_.name({.table = record::NameTable::Kind, .key = kExit, .value = 0, .text = "vm-exit"});
  }
  void exit_at(Picoseconds time) {
    writer_.append({.time = time, .a = 0, .b = 0, .rip = 0, .kind = kExit, .core = 0, .lane = 0});
  }
  void mark(Picoseconds begun, const std::string& line) {
    writer_.name({.table = record::NameTable::Mark, .key = ++marks_, .value = 0, .text = line});
    writer_.append({.time = begun + 1000,
                    .a = marks_,
                    .b = begun,
                    .rip = 0,
                    .kind = record::trace_kind::kMark,
                    .core = 0,
                    .lane = 0});
  }
  record::TraceWriter& operator*() { return writer_; }

 private:
  record::TraceWriter writer_;
  u64 marks_ = 0;
};

Picoseconds origin_of(const OpenRun& run, const char* alignment) {
  const auto origin = find_origin(run, alignment_of(alignment));
  return origin ? *origin : kNever;
}

}  // namespace

TEST_CASE("an alignment survives its text, and a wrong one is told") {
  for (const char* text : {"start", "mark:HVLAB start", "phase:disk", "phase:disk#2", "event:vm-exit#17"}) {
    CAPTURE(text);
    CHECK(to_text(alignment_of(text)) == text);
  }
  CHECK(alignment_of("mark:a#b").what == "a#b");  // no number behind
  for (const char* text : {"", "phase:", "nowhere", "marks:x"})
    CHECK_THROWS_AS(alignment_of(text), UserError);
}

TEST_CASE("runs are aligned by a line's beginning, a phase's beginning, the n-th event") {
  const Folder folder;
  record::RunWriter writer(folder / "one", Json::object());
  {
    Trace trace(folder / "one");
    trace.exit_at(5'000);
    trace.mark(10'000'000, "HVLAB start size=full");
    trace.mark(90'000'000, "HVLAB phase=disk hash=1 ns=50000 bytes=4");
    trace.mark(93'000'000, "HVLAB instance=2 HVLAB phase=link hash=1 ns=3000");
    trace.exit_at(95'000'000);
    (*trace).finish();
  }
  writer.finish(record::RunState::Complete, Json::object());
  const OpenRun run(folder / "one");
  CHECK(origin_of(run, "start") == 0);
  CHECK(origin_of(run, "mark:HVLAB start") == 10'000'000);
  CHECK(origin_of(run, "phase:disk") ==
        40'000'000);  // its line begins when it is over, and says how long it was
  CHECK(origin_of(run, "event:vm-exit") == 5'000);
  CHECK(origin_of(run, "event:vm-exit#2") == 95'000'000);
  CHECK(origin_of(run, "event:vm-exit#3") == kNever);
  CHECK(origin_of(run, "event:no-such") == kNever);
  CHECK(origin_of(run, "phase:link") == 90'000'000);  // several instances say which
  CHECK(origin_of(run, "phase:dis") == kNever);
}

TEST_CASE(
    "shared time is 0 where runs are aligned; who lacks the place counts from its start, and is named") {
  const Folder folder;
  for (const char* name : {"with", "without"}) {
    record::RunWriter writer(folder / name, Json::object());
    Trace trace(folder / name);
    if (name == std::string("with")) trace.mark(7'000'000, "HVLAB start");
    trace.exit_at(20'000'000);
    (*trace).finish();
    writer.finish(record::RunState::Complete, Json::object());
  }
  RunSet set = open_runs({folder / "with", folder / "without"});
  CHECK(set.align(alignment_of("mark:HVLAB start")) == std::vector<std::string>{set.runs[1]->name()});
  CHECK(set.runs[0]->shared(7'000'000) == 0);
  CHECK(set.runs[0]->shared(0) == -7'000'000);
  CHECK(set.runs[0]->own(-8'000'000) == 0);
  CHECK(set.runs[0]->own(5) == 7'000'005);
  CHECK(set.runs[1]->shared(20'000'000) == 20'000'000);
  CHECK(set.span() == std::pair<PicosecondDelta, PicosecondDelta>{-7'000'000, 20'000'000});
}

TEST_CASE("a run that is still written grows when it is looked at again") {
  const Folder folder;
  auto writer = std::make_unique<record::RunWriter>(folder / "live", Json::object());
  OpenRun early(folder / "live");
  CHECK(early.live());
  CHECK(early.trace() == nullptr);
  CHECK(!early.problem().empty());
  Trace trace(folder / "live");
  trace.exit_at(1'000);
  (*trace).flush();
  REQUIRE(early.refresh());
  REQUIRE(early.trace() != nullptr);
  CHECK(early.trace()->end() == 1'000);
  const unsigned generation = early.generation();
  CHECK(!early.refresh());
  CHECK(early.generation() == generation);
  trace.exit_at(2'000);
  (*trace).flush();
  CHECK(early.refresh());
  CHECK(early.trace()->end() == 2'000);
  CHECK(early.generation() > generation);
  (*trace).finish();
  writer->finish(record::RunState::Complete, Json::object());
  CHECK(early.refresh());
  CHECK(!early.live());
  CHECK(early.trace()->complete());
  CHECK(!early.refresh());
}

TEST_CASE("damaged runs are told, all at once; a damaged trace is shown as far as it goes") {
  const Folder folder;
  for (const char* name : {"whole", "cut", "junk"}) {
    record::RunWriter writer(folder / name, Json::object());
    Trace trace(folder / name);
    for (Picoseconds time = 0; time < 40'000; ++time) trace.exit_at(time);
    (*trace).finish();
    writer.finish(record::RunState::Complete, Json::object());
  }
  fs::resize_file((folder / "cut") + record::kTraceFile,
                  fs::file_size((folder / "cut") + record::kTraceFile) * 2 / 3);
  std::ofstream((folder / "junk") + record::kRunFile) << "{";
  const OpenRun cut(folder / "cut");
  REQUIRE(cut.trace() != nullptr);
  CHECK(!cut.problem().empty());
  CHECK(cut.trace()->records() > 0);
  try {
    open_runs({folder / "whole", folder / "junk", folder / "nowhere"});
    FAIL("two of them cannot be opened");
  } catch (const UserError& error) {
    const std::string said = error.what();
    CHECK(said.find("junk") != std::string::npos);
    CHECK(said.find("nowhere") != std::string::npos);
    CHECK(said.find("whole") == std::string::npos);
  }
}

TEST_CASE("long names lose what they have in common, and stay apart") {
  using Names = std::vector<std::string>;
  CHECK(told_apart({"monolithic · 1 core", "hosted · 1 core"}) ==
        Names{"monolithic · 1 core", "hosted · 1 core"});
  CHECK(
      told_apart({"program /bin/init /bin/workload --quick", "program /bin/init /bin/workload --quick & a b",
                  "program /bin/init /bin/workload --quick & c"}) ==
      Names{"… /bin/workload --quick", "… & a b", "… & c"});
  CHECK(told_apart({"program /bin/init /bin/workload --quick", "attack",
                    "program /bin/init /bin/workload --quick & c"}) ==
        Names{"… /bin/workload --quick", "attack", "… & c"});
  CHECK(told_apart({"program /bin/workload/of/mine --first", "program /bin/workload/of/mine --fast"}) ==
        Names{"… --first", "… --fast"});
  CHECK(told_apart({"a-single-word-that-is-very-long-1", "a-single-word-that-is-very-long-2"}) ==
        Names{"a-single-word-that-is-very-long-1", "a-single-word-that-is-very-long-2"});
  CHECK(told_apart({"only one that is as long as can be said"}).size() == 1);
}

TEST_CASE("a run is called by its name, not by when it was") {
  const Folder folder;
  fs::create_directories(folder / "attack/20261129T010203Z");
  std::ofstream(folder / "attack/20261129T010203Z" + "run.json")
      << R"({"schema": "hvlab.run/1", "state": "complete"})";
  CHECK(OpenRun(folder / "attack/20261129T010203Z").name() == "attack");
}

TEST_CASE("a cell that is opened by itself is called as among the others") {
  const Folder folder;
  fs::create_directories(folder / "run/model=a");
  std::ofstream(folder / "run" + "run.json") << R"({"schema": "hvlab.run/1", "state": "complete", "cells": [
    {"cell": "model=a", "folder": "model=a", "settings": {"software.model": "a"}}]})";
  std::ofstream(folder / "run/model=a" + "run.json") << R"({"schema": "hvlab.run/1", "state": "complete"})";
  const RunSet set = open_runs({folder / "run/model=a"});
  REQUIRE(set.runs.size() == 1);
  CHECK(set.runs[0]->name() == "a");
  CHECK(fs::equivalent(set.runs[0]->argument(), folder / "run/model=a"));
}

}  // namespace hvlab::views
