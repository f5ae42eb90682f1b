// The report of small runs. Catches text of a guest that becomes HTML, numbers other than the comparison's,
// runs that are not whole and take the others with them, facts of the host in the page, texts without a
// catalogue.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "sim/base/user_error.hpp"
#include "sim/lab/report_html.hpp"
#include "sim/lab/report_page.hpp"
#include "sim/lab/report_svg.hpp"
#include "sim/lab/report_timeline_data.hpp"
#include "sim/observe/event.hpp"
#include "sim/record/run_writer.hpp"
#include "sim/record/trace_writer.hpp"
#include "temporary_folder.hpp"

namespace hvlab::lab {
namespace {

namespace fs = std::filesystem;
using record::Json;

constexpr const char* kHostile = "</script><script>alert('x')</script><img src=x onerror=\"y\">&\xff\x01";

/// What `hvlab boot --record` would leave of a machine with one processor that was busy for 60 of 100 us.
Json statistics(const std::string& line) {
  return {
      {"instructions", 1000},
      {"cycles", 300000},
      {"seconds", 1e-4},
      {"ledger", {{"guest-user", 60000}, {"hypervisor", 120000}, {"idle", 120000}}},
      {"exits",
       {{{"vm", 1}, {"vcpu", 0}, {"reason", "npf"}, {"count", 1234}, {"handled", 1234}, {"cycles", 98765}}}},
      {"marks", {{{"seconds", 5e-5}, {"line", line}}}},
      {"costs",
       {{{"name", "vm_exit"}, {"value", 800}, {"origin", "assumed"}, {"source", "assumed: <guess>"}}}},
      {"end", {{"why", "power-off"}, {"status", 0}}}};
}

/// Processor 0: 40 us idle, then 60 us of hypervisor, in columns of 2^20 ps.
void write_trace(const std::string& path) {
  record::TraceWriter trace(path, {.level = record::RecordLevel::Summary, .frequency_hz = 3'000'000'000});
  trace.name({record::NameTable::Lane, 0, record::lane_value(record::LaneType::Core, 0, 0), "core <0>"});
  trace.name({record::NameTable::Account, 2, 0, "hypervisor"});
  trace.name({record::NameTable::Account, 10, 0, "idle"});
  const auto state = [&](Picoseconds time, u64 account) {
    trace.append({.time = time,
                  .a = account,
                  .b = 0,
                  .rip = 0,
                  .kind = record::trace_kind::kState,
                  .core = 0,
                  .lane = 0});
    trace.summary().state(0, time, account);
  };
  state(0, 10);
  state(40'000'000, 2);
  state(100'000'000, record::kStateEnded);
  trace.finish();
}

struct Place : test::TemporaryFolder {
  Place() : TemporaryFolder("report") {}

  std::string run(const std::string& name, const std::string& line = "HVLAB start",
                  const char* host = "here") const {
    const std::string directory = (path / name).string() + "/";
    record::RunWriter writer(directory, Json{{"hvlab", "0.1.0"}, {"host", {{"name", host}}}});
    writer.put(record::kStatsFile, statistics(line).dump(-1, ' ', false, Json::error_handler_t::replace));
    writer.put(record::kResolvedFile,
               R"({"processor": "amd-zen2", "processors": 1, "kernel": {"file": "<b>k</b>"}})");
    write_trace(writer.streamed(record::kTraceFile));
    writer.finish(record::RunState::Complete, Json::object());
    return directory;
  }
  void overwrite(const std::string& file, const std::string& content) const {
    std::ofstream(path / file) << content;
  }
  std::string text(const std::string& file) const {
    std::ifstream in(path / file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

std::string page_of(const std::vector<std::string>& runs, const std::string& language = "en") {
  return report_page(read_report_input(runs, language, ""));
}

size_t count(const std::string& text, const std::string& what) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++found;
  return found;
}

bool has(const std::string& text, const std::string& what) { return count(text, what) != 0; }

}  // namespace

TEST_CASE("text is text, whatever is in it") {
  CHECK(html::escaped("<a b=\"c\" d='e'>&") == "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
  CHECK(html::escaped("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80") == "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
  // overlong, a surrogate, beyond Unicode, cut off, a stray byte, control characters
  for (const char* bad :
       {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xBF", "\x1B", "\x7F"}) {
    CAPTURE(bad);
    CHECK(html::escaped(bad).starts_with("\xEF\xBF\xBD"));
  }
  CHECK(html::identifier("Guest User<x>") == "guest-user-x-");
}

TEST_CASE("numbers are told with three to four digits and their unit") {
  CHECK(html::time_text(0.0400900) == "40.1 ms");
  CHECK(html::time_text(9.996e-7) == "1.00 µs");
  CHECK(html::time_text(6.97e-9) == "6.97 ns");
  CHECK(html::bytes_text(70238208) == "67.0 MiB");
  CHECK(html::count_text(1234567) == "1\u2009234\u2009567");
  CHECK(svg::tick_step(0.35, 6) == Approx(0.1));
  CHECK(svg::tick_step(100, 4) == Approx(50));
}

TEST_CASE("what a guest printed cannot become a part of the page") {
  const Place place;
  const std::string page = page_of({place.run("one", kHostile)});
  CHECK(count(page, "<script") == 3);  // texts, data, the script itself
  CHECK(count(page, "</script") == 3);
  CHECK(!has(page, "<img"));
  CHECK(!has(page, "<b>k"));
  CHECK(!has(page, "core <0>"));
  CHECK(has(page, "&lt;script&gt;alert(&#39;x&#39;)"));
  CHECK(has(page, "assumed: &lt;guess&gt;"));
}

TEST_CASE("cells carry the comparison's numbers, whole, and say where they stand in it") {
  const Place place;
  const std::vector<std::string> runs = {place.run("one"), place.run("two")};
  const ReportInput input = read_report_input(runs, "en", "");
  const std::string page = report_page(input);
  const std::regex cell(R"x(data-at="([^"]*)" data-value="([^"]*)")x");
  size_t cells = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), cell), end; at != end; ++at, ++cells) {
    CAPTURE((*at)[1].str());
    CHECK(input.document.at(Json::json_pointer((*at)[1].str())).dump() == (*at)[2].str());
  }
  CHECK(cells >= 10);
  CHECK(has(page, R"(data-at="/ways/1/ledger/hypervisor" data-value="120000">40.0 µs)"));
  CHECK(has(page, R"(data-at="/ways/0/exits/0/count" data-value="1234">)"));
}

TEST_CASE("equal runs give equal pages, on whatever host they were") {
  const Place place;
  const std::string here = place.run("a/run", "HVLAB start", "one-host"),
                    there = place.run("b/run", "HVLAB start", "another-host");
  const std::string page = page_of({here});
  // The name is the user's; what the directory is called is all that may differ.
  CHECK(std::regex_replace(page_of({there}), std::regex("/b/run"), "/a/run") == page);
  CHECK(!has(page, "one-host"));
}

TEST_CASE("every text of the page is in the catalogue of its language") {
  const Place place;
  const std::string run = place.run("one");
  for (const char* language : {"en", "ja"}) {
    const std::string page = page_of({run}, language);
    CAPTURE(language);
    CHECK(has(page, std::string("<html lang=\"") + language));
    CHECK(!std::regex_search(page, std::regex(R"([>"(]report\.[a-z_.]+)")));
  }
  CHECK_THROWS_AS(page_of({run}, "fr"), UserError);
}

TEST_CASE("a run that is not whole is told as far as it goes, with the others") {
  const Place place;
  const std::string good = place.run("good"), killed = place.run("killed"), damaged = place.run("damaged"),
                    cut = place.run("cut");
  fs::remove(killed + record::kStatsFile);
  place.overwrite("killed/run.json", R"({"schema": "hvlab.run/1", "state": "partial"})");
  place.overwrite("damaged/stats.json", "{\"instructions\": 1");
  place.overwrite("cut/trace.hvt", place.text("cut/trace.hvt").substr(0, 70));
  const ReportInput input = read_report_input({good, killed, damaged, cut}, "en", "");
  REQUIRE(input.entries.size() == 4);
  CHECK(input.entries[1].way == kNotCompared);
  CHECK(input.entries[2].way == kNotCompared);
  CHECK(input.entries[3].way == 1);
  const std::string page = report_page(input);
  for (const char* note :
       {"was stopped before its end", "has no statistics", "cannot be compared", "has no whole trace"}) {
    CAPTURE(note);
    CHECK(has(page, note));
  }
  CHECK(count(page, "<figure class=\"run\">") == 3);  // the killed and the damaged one have their traces
  CHECK_THROWS_AS(page_of({good, "nowhere"}), record::RunMissing);
}

TEST_CASE("a page that cannot be written leaves nothing, and what was there before") {
  const Place place;
  const std::string run = place.run("one"), file = (place.path / "report.html").string();
  place.overwrite("report.html", "before");
  CHECK_THROWS_AS(write_report({run}, (place.path / "no" / "report.html").string(), "en"), UserError);
  CHECK_THROWS_AS(write_report({"nowhere"}, file, "en"), UserError);
  CHECK(place.text("report.html") == "before");
  write_report({run}, file, "en", "A <title>");
  CHECK(has(place.text("report.html"), "<title>A &lt;title&gt; – HVLab</title>"));
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(place.path)) files += entry.is_regular_file() ? 1 : 0;
  CHECK(files == 1);
}

TEST_CASE("columns of the timeline show what a lane did when, to a sixteenth of a column") {
  const Place place;
  const record::RunReader run(place.run("one"));
  const unsigned shift = shift_for(100'000'000, 100);
  CHECK(shift == 20);  // 100 us in columns of 1.05 us
  const TimelineColumns columns = timeline_columns(run.trace(), shift);
  CHECK(columns.columns == 96);
  REQUIRE(columns.lanes.size() == 1);
  const TimelineLane& lane = columns.lanes.front();
  REQUIRE(lane.states.size() == 2);
  CHECK(lane.states[0].name == "hypervisor");
  CHECK(lane.states[1].name == "idle");  // what rests stands above
  // 40 us are 38 columns and 0.147 of one, 2.35 sixteenths.
  CHECK(run_lengths(lane.states[0].parts) == "0x38,14,16x56,6");
  CHECK(run_lengths(lane.states[1].parts) == "16x38,2,0x57");
  CHECK(lane.shares == "hypervisor 60.0 %, idle 40.0 %");
  CHECK(lettered_lengths({0, 0, 16, 3, 3, 3}) == "a2qd3");
}

}  // namespace hvlab::lab
