// Catches plots that gnuplot would not draw as meant, and tables that a spreadsheet would not read.
#include <catch2/catch.hpp>

#include "sim/sweep/plot.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::sweep;

namespace {

Question question(const std::vector<std::string>& axes) {
  Question asked{"s.yaml", "", {}, {}};
  for (const std::string& axis : axes) asked.axes.push_back(parse_axis(axis));
  for (const Combination& combination : combinations(asked.axes)) {
    Cell cell{static_cast<u32>(asked.cells.size()), "grid", {}};
    for (size_t i = 0; i < combination.size(); ++i)
      cell.settings.emplace_back(asked.axes[i].path, combination[i]);
    asked.cells.push_back(std::move(cell));
  }
  return asked;
}

Results numbered(const Question& asked) {
  Results all;
  for (const Cell& cell : asked.cells) all[cell.id] = {0, "", {{"time", static_cast<double>(cell.id), "s"}}};
  return all;
}

}  // namespace

TEST_CASE("a line for each value of the other axis") {
  const Question asked = question({"cores=1,2", "way=bare,kvm"});
  const std::vector<Plot> plots = plots_of(asked, numbered(asked));
  REQUIRE(plots.size() == 2);
  CHECK(plots[0].path == "cores");
  REQUIRE(plots[0].series.size() == 2);
  CHECK(plots[0].series[1].name == "way=kvm");
  CHECK(plots[0].series[1].points == std::vector<std::pair<std::string, double>>{{"1", 1}, {"2", 3}});
}

TEST_CASE("more lines than colours become their mean") {
  const Question asked = question({"cores=1,2", "disk=a,b,c,d,e,f,g,h,i"});
  const std::vector<Plot> plots = plots_of(asked, numbered(asked));
  REQUIRE(plots[0].series.size() == 1);
  CHECK(plots[0].series[0].name == "mean of 9");
  CHECK(plots[0].series[0].points[0].second == 4);  // 0..8
}

TEST_CASE("numbers are drawn to scale, names one after the other") {
  const Question numbers = question({"x=1ms,2ms"}), names = question({"x=bare,kvm"});
  const std::string drawn = gnuplot_program(plots_of(numbers, numbered(numbers))[0], "a.svg");
  CHECK(drawn.find("0.001") != std::string::npos);
  CHECK(drawn.find("xtic") == std::string::npos);
  CHECK(gnuplot_program(plots_of(names, numbered(names))[0], "a.svg").find("1 1 \"kvm\"") !=
        std::string::npos);
}

TEST_CASE("a text cannot end a string of gnuplot's and go on as a command") {
  Plot plot{"a'; system 'x", "", "p\"q\\", {{"", {{"na\"me\nEOD", 1}}}}};
  const std::string program = gnuplot_program(plot, "it's.svg");
  CHECK(program.find("set output 'it''s.svg'") != std::string::npos);
  CHECK(program.find("'a''; system ''x against") != std::string::npos);
  CHECK(program.find("\"na\\\"meEOD\"") != std::string::npos);
  CHECK(file_name(plot) == "a___system__x-p_q_");
}

TEST_CASE("CSV quotes what has to be quoted and leaves unknown values empty") {
  const test::TemporaryFolder folder("sweep");
  Question asked = question({"x=a,b"});
  asked.cells[1].settings[0].second = "b,\"c\"";
  Store store = Store::create(folder.path / "s.sqlite", asked);
  store.finish(0, {0, "", {{"time", 0.5, "s"}}});
  CHECK(csv_of(store, asked) == "cell,kind,status,x,time\r\n0,grid,0,a,0.5\r\n1,grid,,\"b,\"\"c\"\"\",\r\n");
}
