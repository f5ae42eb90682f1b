#include "sim/lab/run_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <iostream>
#include <optional>

#include "sim/analysis/compare_runs.hpp"
#include "sim/analysis/run_statistics.hpp"
#include "sim/analysis/run_top.hpp"
#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/cluster_compare.hpp"
#include "sim/lab/cluster_trace.hpp"
#include "sim/lab/comparison.hpp"
#include "sim/lab/comparison_beside.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/numbers.hpp"
#include "sim/lab/text_table.hpp"
#include "sim/record/record_text.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;
using analysis::Json;
using analysis::StatBy;
using analysis::Table;
using record::RunReader;

constexpr const char* kRunHelp =
    "A RUN is a run directory, a folder of them (the latest), a NAME in runs/, or NAME/CELL "
    "(two/cores=1).\n\n";

po::options_description common_options() {
  po::options_description options("Options", 110, 60);
  options.add_options()("json", "as one JSON document")("run", po::value<std::vector<std::string>>(),
                                                        "a run");
  return options;
}

// The command line; nothing if --help was given and printed.
std::optional<po::variables_map> parse(const std::string& command, const std::vector<std::string>& arguments,
                                       po::options_description& options, const char* usage) {
  options.add_options()("help", "show this");
  po::variables_map values = parse_arguments(command, arguments, options, "run");
  if (values.count("help") == 0) return values;
  std::cout << usage << kRunHelp << options
            << "\nExit status: 0, 1 if compared runs differ, 2 for a mistake in the command line or a "
               "damaged file, 6 if a run "
               "or\na part of it is not there.\n";
  return std::nullopt;
}

std::vector<RunReader> open_runs(const std::string& command, const po::variables_map& values, size_t least,
                                 size_t most) {
  const std::vector<std::string> names = texts_of(values, "run");
  if (names.size() < least || names.size() > most)
    throw UserError(command + ": give " + (most == 1 ? "one run" : "a run with cells, or two runs or more") +
                    "; see 'hvlab " + command + " --help'");
  std::vector<RunReader> runs;
  runs.reserve(names.size());
  for (const std::string& name : names) {
    runs.emplace_back(name);
    if (runs.back().state() != record::RunState::Complete)
      std::cerr << "hvlab: note: run '" << name << "' is " << record::name(runs.back().state()) << '\n';
  }
  return runs;
}

bool have_cells(const std::vector<RunReader>& runs) {
  return std::ranges::any_of(runs, [](const RunReader& run) { return run.has_cells(); });
}

/// Runs with cells stand for these.
std::vector<RunReader> with_cells(const std::vector<RunReader>& runs) {
  std::vector<RunReader> all;
  for (const RunReader& run : runs) {
    if (!run.has_cells()) {
      all.push_back(run);
      continue;
    }
    for (RunReader& cell : run.cells()) all.push_back(std::move(cell));
  }
  return all;
}

/// Throws UserError if one of these options was given: they are of machines.
void refuse_of_clusters(const std::string& command, const po::variables_map& values,
                        std::initializer_list<const char*> options) {
  for (const char* option : options)
    if (values.count(option) != 0 && !values[option].defaulted())
      throw UserError(
          fmt::format("{}: --{} is of runs of machines, and this is one of a cluster", command, option));
}

void print(const std::vector<Table>& tables) {
  bool first = true;
  for (const Table& table : tables) {
    const std::string text = analysis::text_of(table);
    if (text.empty()) continue;
    if (!first) std::cout << '\n';
    std::cout << text;
    first = false;
  }
}

void print(const po::variables_map& values, const char* schema, const std::vector<Table>& tables) {
  if (values.count("json") != 0)
    std::cout << analysis::document(schema, tables).dump(2) << '\n';
  else
    print(tables);
}

StatBy parse_by(const std::string& text) {
  static constexpr std::pair<const char*, StatBy> kBy[] = {
      {"all", StatBy::All},       {"vm", StatBy::Vm},       {"vcpu", StatBy::Vcpu},
      {"reason", StatBy::Reason}, {"class", StatBy::Class}, {"layer", StatBy::Layer},
      {"device", StatBy::Device}};
  for (const auto& [name, by] : kBy)
    if (text == name) return by;
  throw UserError("--by '" + text + "': give one of vm, vcpu, reason, class, layer, device, all");
}

void print_parting(const analysis::RunComparison::Parting& parting) {
  std::cout << "\nEvents of " << parting.first << " and " << parting.second;
  if (!parting.where) {
    std::cout << ": equal\n";
    return;
  }
  std::cout << ": " << parting.where->index << " are equal, then they part\n";
  for (const std::string& line : parting.where->common) std::cout << "    " << line << '\n';
  for (const std::string& line : parting.where->first) std::cout << "  - " << line << '\n';
  for (const std::string& line : parting.where->second) std::cout << "  + " << line << '\n';
}

Json json_of(const std::vector<RunReader>& runs, const analysis::RunComparison& result) {
  Json json = analysis::document("hvlab.compare/1", result.tables);
  json["equal"] = result.equal;
  json["runs"] = Json::array();
  for (const RunReader& run : runs)
    json["runs"].push_back({{"name", run.title()}, {"state", record::name(run.state())}});
  json["events"] = Json::array();
  for (const auto& parting : result.partings) {
    Json one = {{"first", parting.first}, {"second", parting.second}, {"equal", !parting.where}};
    if (parting.where) {
      one["index"] = parting.where->index;
      one["picoseconds"] = parting.where->time;
      one["common"] = parting.where->common;
      one["first_goes_on"] = parting.where->first;
      one["second_goes_on"] = parting.where->second;
    }
    json["events"].push_back(one);
  }
  return json;
}

}  // namespace

int stat_command(const std::vector<std::string>& arguments) {
  po::options_description options = common_options();
  options.add_options()("by", po::value<std::string>()->value_name("WHAT")->default_value("all"),
                        "vm, vcpu, reason, class, layer, device or all");
  const auto values =
      parse("stat", arguments, options, "usage: hvlab stat RUN [OPTION]...\n\nWhat a run measured. ");
  if (!values) return 0;
  const StatBy by = parse_by((*values)["by"].as<std::string>());
  const std::vector<RunReader> runs = open_runs("stat", *values, 1, 1);
  if (const std::vector<RunReader> singles = with_cells(runs); all_clusters(singles)) {
    refuse_of_clusters("stat", *values, {"by"});
    if (runs.front().has_cells())
      print_cluster_cells(singles, values->count("json") != 0, output_width());
    else
      print_cluster_statistics(singles.front(), values->count("json") != 0, output_width());
    return 0;
  }
  print(*values, "hvlab.stat/1", analysis::run_statistics(runs.front(), by));
  return 0;
}

namespace {

/// The workload of each cell side by side, as the demo shows it; or, if there are teaching systems and
/// Debian's, each beside its counterpart.
int compare_workloads(Comparison comparison, const po::variables_map& values) {
  const bool ways = values.count("workload") != 0 || values.count("baseline") != 0;
  const bool beside = !ways && has_counterparts(comparison);
  if (values.count("baseline") != 0) compare_with(comparison, values["baseline"].as<std::string>());
  if (values.count("json") != 0) {
    const Json json = beside ? beside_json(comparison) : comparison_json(comparison);
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  } else if (beside) {
    std::cout << beside_text(comparison, output_width());
  } else {
    std::cout << comparison_text(
        comparison, {.exits = values.count("exits") != 0, .hops = values.count("hops") != 0}, output_width());
  }
  std::cout << std::flush;
  std::cerr << comparison_failures(comparison);
  return all_good(comparison) ? 0 : exit_status::kNotAsExpected;
}

/// Every number side by side, and where events part.
int compare_numbers(const std::vector<RunReader>& runs, const po::variables_map& values) {
  const u64 context = parse_count("--context", values["context"].as<std::string>(), 0, 1000);
  const analysis::RunComparison result =
      analysis::compare_runs(runs, values.count("all") != 0, static_cast<unsigned>(context));
  if (values.count("json") != 0) {
    std::cout << json_of(runs, result).dump(2) << '\n';
  } else {
    if (result.equal) std::cout << "The runs are equal.\n\n";
    print(result.tables);
    for (const auto& parting : result.partings) print_parting(parting);
  }
  return result.equal ? 0 : exit_status::kNotAsExpected;
}

}  // namespace

int compare_command(const std::vector<std::string>& arguments) {
  po::options_description options = common_options();
  options.add_options()(
      "all",
      "every number that differs, not just the most different ones; of cells too, in place of "
      "the workload's phases")("exits", "of cells: all exits of each virtual machine too")(
      "hops", "of cells: the ways of all kinds of requests, hop by hop")(
      "baseline", po::value<std::string>()->value_name("WAY"),
      "what the others are compared with, by its column's heading; else the first with as many processors")(
      "workload", "the workload's phases of all runs, without cells too, and never beside counterparts")(
      "context", po::value<std::string>()->value_name("N")->default_value("3"),
      "events shown before and after the point where the runs part (0 to 1000)");
  const auto values =
      parse("compare", arguments, options,
            "usage: hvlab compare RUN... [OPTION]...\n\nRuns side by side, and where their "
            "events part. One run of several "
            "cells: its cells, as the demo\nshows them, if they ran the workload; a run of teaching systems "
            "and one of "
            "Debian's: each system\nbeside its counterpart ('hvlab compare teaching real'). ");
  if (!values) return 0;
  std::vector<RunReader> runs = open_runs("compare", *values, 1, ~size_t{0});
  const bool asked = values->count("workload") != 0 || values->count("baseline") != 0;
  if (const std::vector<RunReader> singles = with_cells(runs); all_clusters(singles)) {
    refuse_of_clusters("compare", *values, {"exits", "hops", "baseline", "workload", "context"});
    if (singles.size() < 2) throw UserError("compare: this is one run; give another one to compare it with");
    const bool equal =
        compare_clusters(singles, values->count("all") != 0, values->count("json") != 0, output_width());
    return equal ? 0 : exit_status::kNotAsExpected;
  }
  if ((have_cells(runs) || asked) && values->count("all") == 0) {
    Comparison comparison = read_comparison(runs);
    if (has_workload(comparison)) return compare_workloads(std::move(comparison), *values);
    if (asked)
      throw UserError("compare: none of these runs ran the workload; leave --workload and --baseline out");
  }
  runs = with_cells(runs);
  if (runs.size() < 2) throw UserError("compare: this is one run; give another one to compare it with");
  return compare_numbers(runs, *values);
}

int top_command(const std::vector<std::string>& arguments) {
  po::options_description options = common_options();
  options.add_options()("at", po::value<std::string>()->value_name("TIME"),
                        "the moment, in simulated time since power-on, like 1.25s or 800us; required")(
      "window", po::value<std::string>()->value_name("TIME")->default_value("1ms"), "the span around it");
  const auto values =
      parse("top", arguments, options,
            "usage: hvlab top RUN --at TIME [OPTION]...\n\nWhat each processor, virtual processor and "
            "device did around a moment. ");
  if (!values) return 0;
  if (values->count("at") == 0) throw UserError("top: --at TIME is missing; see 'hvlab top --help'");
  const Picoseconds at = parse_span("--at", (*values)["at"].as<std::string>());
  const Picoseconds window = parse_span("--window", (*values)["window"].as<std::string>());
  const RunReader run = open_runs("top", *values, 1, 1).front();
  refuse_cluster("top", run);
  const record::TraceReader trace = run.trace();
  if (at > trace.end())
    throw UserError("--at: the trace ends at " + record::seconds_text(trace.end()) + " s");
  print(*values, "hvlab.top/1", analysis::run_top(trace, at, window));
  return 0;
}

}  // namespace hvlab::lab
