#include "sim/lab/report_command.hpp"

#include <filesystem>
#include <iostream>

#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/report_page.hpp"

namespace hvlab::lab {

namespace po = boost::program_options;

namespace {

po::options_description describe() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("output,o", po::value<std::string>()->value_name("FILE"), "the page, an HTML file; required")
      ("lang", po::value<std::string>()->value_name("LANGUAGE")->default_value("en"), "en or ja")
      ("title", po::value<std::string>()->value_name("TEXT"), "its heading (default: the scenario's title)")
      ("run", po::value<std::vector<std::string>>()->value_name("RUN"), "a run")
      ("help", "show this");
  // clang-format on
  return options;
}

int print_help(const po::options_description& options) {
  std::cout
      << "usage: hvlab report RUN... -o FILE [OPTION]...\n\nWrites runs side by side as one page of HTML "
         "that needs nothing else: comparison, ledger, the ways of\nrequests, timelines, exits. A RUN is a "
         "run directory, a folder of them "
         "(the latest), or a NAME in runs/;\none of several cells stands for them. Runs that still go on, "
         "were stopped or are damaged are "
         "reported\nas far as they go, and the page says so.\n\n"
      << options
      << "\nExit status: 0; 2 for a mistake in the command line or if the file cannot be written; 6 if a "
         "run is not there.\n";
  return 0;
}

}  // namespace

int report_command(const std::vector<std::string>& arguments) {
  const po::options_description options = describe();
  const po::variables_map values = parse_arguments("report", arguments, options, "run");
  if (values.count("help") != 0) return print_help(options);
  const std::vector<std::string> runs = texts_of(values, "run");
  if (runs.empty()) throw UserError("report: give a run, or several; see 'hvlab report --help'");
  if (values.count("output") == 0) throw UserError("report: -o FILE is missing; see 'hvlab report --help'");
  const std::string path = values["output"].as<std::string>();
  if (std::filesystem::is_directory(path))
    throw UserError("report: -o '" + path + "' is a folder; give a file");
  write_report(runs, path, values["lang"].as<std::string>(),
               values.count("title") != 0 ? values["title"].as<std::string>() : "");
  return 0;
}

}  // namespace hvlab::lab
