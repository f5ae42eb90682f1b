// hvlab-view: the window on runs. docs/visualizer.md.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "sim/base/user_error.hpp"
#include "sim/record/run_files.hpp"
#include "sim/record/run_reader.hpp"
#include "sim/views/lesson_files.hpp"
#include "visualizer/app.hpp"
#include "visualizer/session.hpp"

namespace hvlab::visualizer {

namespace {

bool makes_files(const Request& request) {
  return !request.screenshot.empty() || !request.csv.empty() || request.bench > 0;
}

bool is_given(const Request& request, const std::string& name) {
  return std::ranges::find(request.given, name) != request.given.end();
}

// What was left last time, under what the command line says.
Request with_session(const Request& request, const std::vector<std::string>& arguments) {
  const auto last = last_session(session_folder(), request.state.runs);
  if (!last) return request;
  std::vector<std::string> all;
  for (const std::string& argument : last->arguments) {
    const bool option = argument.starts_with("--");
    std::string name = option ? argument.substr(2, argument.find('=') - 2) : "run";
    if (is_given(request, name)) continue;
    // A lesson keeps by itself how far one has come: of what was open last only the look of the window
    // counts.
    const bool looks = name == "lang" || name == "theme" || name == "scale" || name == "present";
    if (is_given(request, "lesson") && !looks) continue;
    if ((name == "from" || name == "until") && is_given(request, "zoom")) continue;
    all.push_back(argument);
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  Request merged = request_from_arguments(all);
  if (!request.size_given && last->width >= 320 && last->height >= 320) {
    merged.width = last->width;
    merged.height = last->height;
  }
  return merged;
}

// A cluster's run has nothing that the first view would show.
bool first_is_cluster(const Request& request) {
  if (request.state.runs.empty()) return false;
  const record::RunReader run(request.state.runs.front());
  if (!run.has_cells()) return run.has(record::kClusterFile);
  const std::vector<record::RunReader> cells = run.cells();
  return !cells.empty() && cells.front().has(record::kClusterFile);
}

Request read_request(const std::vector<std::string>& arguments) {
  Request request = request_from_arguments(arguments);
  if (request.help || request.fresh || makes_files(request)) return request;
  try {
    return with_session(request, arguments);
  } catch (const UserError&) {  // another version remembered what this one does not know
    return request;
  }
}

}  // namespace

}  // namespace hvlab::visualizer

int main(int argc, char** argv) {
  using namespace hvlab;
  using namespace hvlab::visualizer;
  try {
    Request request = read_request({argv + 1, argv + argc});
    if (request.help) {
      std::cout << help_text();
      return 0;
    }
    if (request.state.lesson == "list") {
      std::cout << views::lesson_list(views::load_lessons(request.state.language));
      return 0;
    }
    if (!request.state.lesson.empty())
      views::find_lesson(views::load_lessons(request.state.language), request.state.lesson);
    if (request.bench > 0 && !is_given(request, "view")) request.state.view = "timeline";
    if (request.state.runs.empty() && request.state.lesson.empty())
      throw UserError("view: which run? `hvlab demo` makes some; see 'hvlab view --help'");
    if (!is_given(request, "view") && request.state.view == "compare" && first_is_cluster(request))
      request.state.view = "cluster";
    return run_viewer(request);
  } catch (const record::RunMissing& error) {
    std::cerr << "hvlab: " << error.what() << '\n';
    return 6;
  } catch (const UserError& error) {
    std::cerr << "hvlab: " << error.what() << '\n';
    return 2;
  }
}
