#include <fstream>
#include <iostream>

#include "sim/analysis/exports.hpp"
#include "sim/analysis/table.hpp"
#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/cluster_trace.hpp"
#include "sim/lab/numbers.hpp"
#include "sim/lab/run_commands.hpp"
#include "sim/record/output_file.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;
using record::Record;
using record::TraceReader;

constexpr const char* kUsage =
    "usage: hvlab trace RUN [OPTION]...\n"
    "       hvlab trace RUN --export FORMAT FILE [OPTION]...\n\n"
    "Prints a run's events (of a cluster its log), or exports them: for Perfetto's viewer, as CSV, as a "
    "SQLite file. A RUN is a "
    "run\n"
    "directory, a folder of them (the latest), a NAME in runs/, or NAME/CELL (two/cores=1).\n\n";

po::options_description trace_options() {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("run", po::value<std::vector<std::string>>(), "a run")
      ("filter", po::value<std::vector<std::string>>()->value_name("KEY=NAME,..."),
       "only these: kind=, lane=, core= or exit reason=; of a cluster what=, machine=, host=, datastore=; may be repeated, all have to hold")
      ("from", text("TIME"), "from this simulated time on, like 1.25s or 800us")
      ("until", text("TIME"), "before this time")
      ("limit", text("N"), "print at most so many")
      ("export", text("FORMAT"), "perfetto, csv or sqlite, to FILE, or to standard output (not sqlite)")
      ("json", "print them as one JSON document")
      ("help", "show this");
  // clang-format on
  return options;
}

std::string text_of(const po::variables_map& values, const char* option, const char* otherwise) {
  return values.count(option) != 0 ? values[option].as<std::string>() : otherwise;
}

struct Span {
  Picoseconds from = 0, until = record::RecordFilter{}.until;
};

/// What --from and --until say. Throws UserError if nothing is in between.
Span span_of(const po::variables_map& values) {
  Span span;
  if (values.count("from") != 0) span.from = parse_span("--from", text_of(values, "from", ""));
  if (values.count("until") != 0) span.until = parse_span("--until", text_of(values, "until", ""));
  if (span.until <= span.from) throw UserError("trace: --until is not behind --from");
  return span;
}

record::RecordFilter parse_filter(const po::variables_map& values) {
  record::RecordFilter filter;
  for (const std::string& condition : texts_of(values, "filter")) filter.add(condition);
  const Span span = span_of(values);
  filter.from = span.from;
  filter.until = span.until;
  return filter;
}

void print(const TraceReader& trace, const record::RecordFilter& filter, u64 limit, bool as_json) {
  const record::RecordChoice wanted(trace, filter);
  analysis::Table table{.key = "records",
                        .title = "",
                        .columns = {{"picoseconds", ""},
                                    {"core", ""},
                                    {"lane", ""},
                                    {"kind", ""},
                                    {"detail", ""},
                                    {"a", ""},
                                    {"b", ""},
                                    {"rip", ""}},
                        .rows = {}};
  u64 count = 0;
  trace.each(filter.from, filter.until, [&](const Record& r) {
    if (!wanted(r)) return true;
    if (count++ == limit) return false;
    if (!as_json) {
      std::cout << record::record_text(trace, r) << '\n';
      return std::cout.good();
    }
    table.rows.push_back({r.time, u64{r.core}, trace.name(record::NameTable::Lane, r.lane),
                          trace.name(record::NameTable::Kind, r.kind), record::detail_text(trace, r), r.a,
                          r.b, r.rip});
    return true;
  });
  if (as_json) std::cout << analysis::document("hvlab.trace/1", {table}).dump(2) << '\n';
}

using Export = void (*)(const TraceReader&, const record::RecordFilter&, std::ostream&);

void export_to(const TraceReader& trace, const record::RecordFilter& filter, const std::string& format,
               const std::string& file) {
  if (format == "sqlite") {
    if (file == "-") throw UserError("--export sqlite needs a FILE");
    return analysis::export_sqlite(trace, filter, file);
  }
  if (format != "perfetto" && format != "csv")
    throw UserError("--export '" + format + "': give one of perfetto, csv, sqlite");
  const Export write = format == "csv" ? &analysis::export_csv : &analysis::export_perfetto;
  if (file == "-") return write(trace, filter, std::cout);
  record::Replacement replacement(file);
  std::ofstream out(replacement.written(), std::ios::binary);
  if (!out) throw UserError("--export: '" + file + "': cannot write there");
  write(trace, filter, out);
  out.close();
  if (out && replacement.take_place()) return;
  throw UserError("--export: '" + file + "': writing failed; what was written is gone");
}

}  // namespace

int trace_command(const std::vector<std::string>& arguments) {
  const po::options_description options = trace_options();
  const po::variables_map values = parse_arguments("trace", arguments, options, "run");
  if (values.count("help") != 0) {
    std::cout << kUsage << options
              << "\nExit status: 0, 2 for a mistake in the command line or a damaged file, 6 if there is no "
                 "such run or trace.\n";
    return 0;
  }
  const std::vector<std::string> names = texts_of(values, "run");
  const bool exports = values.count("export") != 0;
  if (names.empty() || names.size() > (exports ? 2 : 1))
    throw UserError("trace: give one run; see 'hvlab trace --help'");
  if (exports && (values.count("limit") != 0 || values.count("json") != 0))
    throw UserError(
        "trace: --limit and --json are for printing; --export takes --filter, --from and --until");
  const u64 limit = parse_count("--limit", text_of(values, "limit", "18446744073709551615"), 0, ~u64{0});
  const record::RunReader run(names.front());
  if (has_cluster_log(run)) {
    if (exports)
      throw UserError("trace --export: a cluster's log is cluster.jsonl in the run directory, or --json");
    const Span span = span_of(values);
    print_cluster_log(run, texts_of(values, "filter"), span.from, span.until, limit,
                      values.count("json") != 0);
    return 0;
  }
  const record::RecordFilter filter = parse_filter(values);
  const TraceReader trace = run.trace();
  if (!trace.problem().empty()) std::cerr << "hvlab: note: " << trace.problem() << '\n';
  if (exports)
    export_to(trace, filter, text_of(values, "export", ""), names.size() == 2 ? names[1] : "-");
  else
    print(trace, filter, limit, values.count("json") != 0);
  return 0;
}

}  // namespace hvlab::lab
