// The report of clusters' runs: their sections are there, say what was recorded, and nothing of a run becomes
// HTML.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "cluster_samples.hpp"
#include "sim/lab/report_page.hpp"
#include "sim/record/run_writer.hpp"
#include "temporary_folder.hpp"

namespace hvlab::lab {
namespace {

void write_run(const std::string& folder, u32 hosts, const record::Json& statistics) {
  record::RunWriter run(folder + "/", {});
  test::write_cluster(run.streamed(record::kClusterFile), hosts, 12, 60);
  if (!statistics.is_null()) run.put(record::kStatsFile, statistics.dump());
  run.finish(record::RunState::Complete, {});
}

size_t times(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a report of clusters has their sections, and none of machines") {
  const test::TemporaryFolder folder("report-cluster");
  const std::string one = (folder.path / "one").string(), two = (folder.path / "two").string();
  write_run(one, 3,
            {{"metrics",
              {{"energy", {{"value", 1.5}, {"unit", "kWh"}}},
               {"work.gigacycles", {{"value", 11680.4}, {"unit", ""}}},
               {"moves.size", {{"value", 9.056e9}, {"unit", "B"}}},
               {"imbalance", {{"value", 0.0000884}, {"unit", ""}}},
               {"host.a.used", {{"value", 1}}},
               {"group.web.moves", {{"value", 1}}}}}});
  write_run(two, 4, nullptr);
  for (const char* language : {"en", "ja"}) {
    const std::string page = report_page(read_report_input({one, two}, language, "Many <hosts>"));
    CAPTURE(language);
    for (const char* id : {"cluster", "cluster_places", "cluster_moves", "cluster_events", "cluster_basis"})
      CHECK(page.find(std::string("<section id=\"") + id + "\"") != std::string::npos);
    CHECK(page.find("<section id=\"phases\"") == std::string::npos);
    CHECK(page.find("<section id=\"timeline\"") == std::string::npos);
    CHECK(times(page, "class=\"cluster\" viewBox") == 2);
    CHECK(page.find("1.5 kWh") != std::string::npos);
    // Those of all hosts together, in numbers that are read.
    CHECK(page.find("host.a.used") == std::string::npos);
    CHECK(page.find("group.web.moves") == std::string::npos);
    CHECK(page.find(">9.06 GB<") != std::string::npos);
    CHECK(page.find("e+0") == std::string::npos);
    CHECK(page.find(">0.0001<") != std::string::npos);
    CHECK(page.find("30.0 %") != std::string::npos);  // the move's imbalance before
    CHECK(page.find("host-1 → host-2") != std::string::npos);
    CHECK(page.find("assumed: 100 ms") != std::string::npos);
    CHECK(page.find("Many <hosts>") == std::string::npos);
    // No message stands for itself.
    CHECK(page.find(">report.") == std::string::npos);
    CHECK(page.find("cluster.why") == std::string::npos);
    CHECK(page.find("class=\"notes\"") == std::string::npos);
  }
}

TEST_CASE("equal runs of clusters have equal pages, and one that broke off is there as far as it goes") {
  const test::TemporaryFolder folder("report-cluster");
  const std::string one = (folder.path / "one").string(), two = (folder.path / "sub" / "one").string();
  write_run(one, 3, nullptr);
  write_run(two, 3, nullptr);
  CHECK(report_page(read_report_input({one}, "en", "")) == report_page(read_report_input({two}, "en", "")));
  const auto file = std::filesystem::path(one) / record::kClusterFile;
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 100);
  const std::string page = report_page(read_report_input({one}, "en", ""));
  CHECK(page.find("broke off") != std::string::npos);
  CHECK(page.find("<section id=\"cluster\"") != std::string::npos);
}

}  // namespace hvlab::lab
