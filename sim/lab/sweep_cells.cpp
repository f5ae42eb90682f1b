#include "sim/lab/sweep_cells.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/base/child.hpp"
#include "sim/base/user_error.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/numbers.hpp"
#include "sim/record/output_file.hpp"

namespace hvlab::lab {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kKeptErrors = 4000;  // characters of standard error worth keeping

std::string cell_file(const std::string& directory, u32 cell) {
  return fmt::format("{}/cells/{}.json", directory, cell);
}
std::string element_file(const std::string& directory, size_t element) {
  return fmt::format("{}/elements/{}.json", directory, element);
}

/// Whole or not at all: another process may look at any time, and this one may end at any time.
void write_whole(const std::string& file, const std::string& text) {
  if (const std::string problem = record::replace_file(file, text); !problem.empty())
    throw UserError(problem);
}

std::string read_whole(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

void write_cell(const std::string& directory, const CellEnd& end) {
  const json document = {
      {"schema", "hvlab.sweep-cell/1"},
      {"cell", end.cell},
      {"status", end.status},
      {"output", end.output},
      {"errors", end.errors.substr(end.errors.size() - std::min(end.errors.size(), kKeptErrors))}};
  // What a guest printed may be no UTF-8.
  write_whole(cell_file(directory, end.cell),
              document.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

std::optional<CellEnd> read_cell(const std::string& directory, u32 cell) {
  const json document = json::parse(read_whole(cell_file(directory, cell)), nullptr, false);
  try {
    return CellEnd{document.at("cell"), document.at("status"), document.at("output"), document.at("errors")};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

void remove_cell(const std::string& directory, u32 cell) {
  std::error_code ignored;
  fs::remove(cell_file(directory, cell), ignored);
}

void write_element(const std::string& directory, size_t element, const std::vector<CellCommand>& cells) {
  json document = json::array();
  for (const CellCommand& command : cells)
    document.push_back({{"cell", command.cell}, {"arguments", command.arguments}});
  write_whole(element_file(directory, element), document.dump(1) + "\n");
}

std::vector<CellCommand> read_element(const std::string& directory, size_t element) {
  const std::string file = element_file(directory, element);
  const json document = json::parse(read_whole(file), nullptr, false);
  std::vector<CellCommand> cells;
  try {
    for (const json& entry : document) cells.push_back({entry.at("cell"), entry.at("arguments")});
  } catch (const json::exception&) {
    throw UserError("'" + file + "': this is no element of a sweep");
  }
  if (cells.empty()) throw UserError("'" + file + "': this is no element of a sweep");
  return cells;
}

sweep::Outcome outcome_of(const CellEnd& end) {
  sweep::Outcome outcome{end.status, fmt::format("runs/{}", end.cell), {}};
  const json document = json::parse(end.output, nullptr, false);
  if (!document.is_object() || !document.contains("cells") || document["cells"].empty()) return outcome;
  const json& metrics = document["cells"][0].value("metrics", json::object());
  for (const auto& [name, metric] : metrics.items()) {
    if (!metric.is_object() || !metric.contains("value") || !metric["value"].is_number()) continue;
    sweep::Metric& made =
        outcome.metrics.emplace_back(sweep::Metric{name, metric["value"], metric.value("unit", "")});
    if (made.unit == "ps") made = {name, made.value * 1e-12, "s"};  // people plot seconds
  }
  return outcome;
}

int sweep_element_command(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2)
    throw UserError("sweep-element is for job arrays that 'hvlab sweep --slurm' submits");
  const std::string& directory = arguments[0];
  for (const CellCommand& command :
       read_element(directory, parse_count("sweep-element", arguments[1], 0, ~u32{0}))) {
    if (read_cell(directory, command.cell)) continue;  // this element was begun before, on a node that failed
    std::vector<std::string> words = command.arguments;
    words.insert(words.begin(), "/proc/self/exe");
    Child child(words, false);
    while (child.read_some()) {
    }
    const int status = child.wait();
    write_cell(directory, {command.cell, status, child.output(), child.errors()});
  }
  return 0;
}

}  // namespace hvlab::lab
