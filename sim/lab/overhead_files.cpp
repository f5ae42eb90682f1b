#include "sim/lab/overhead_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/check.hpp"
#include "sim/base/user_error.hpp"
#include "sim/media/figures.hpp"

namespace hvlab::lab {

namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

/// The processor that a profile's name ends in; empty if it is the usual one's.
std::string processor_in(const std::string& name) {
  for (const std::string& processor : media::profile_names("cpu"))
    if (name.ends_with("-" + processor)) return processor;
  return "";
}

}  // namespace

cluster::Overhead overhead_file(const std::string& folder, const std::string& name) {
  const auto path = [&](const std::string& which) { return (fs::path(folder) / (which + ".yaml")).string(); };
  if (fs::is_regular_file(path(name))) return cluster::load_overhead(path(name));
  const std::string processor = processor_in(name);
  const std::string usual = name.substr(0, processor.empty() ? 0 : name.size() - processor.size() - 1);
  if (usual.empty() || !fs::is_regular_file(path(usual)))
    throw UserError(
        fmt::format("there is no '{}': write one with a title and what runs do not measure, after "
                    "the pattern of the others",
                    path(usual.empty() ? name : usual)));
  cluster::Overhead overhead = cluster::load_overhead(path(usual));
  overhead.name = name;
  overhead.title += fmt::format(" On a processor as {}.", processor);
  return overhead;
}

void take_measured(cluster::Overhead& overhead, const MeasuredOverhead& measured) {
  for (const media::Figure& figure : measured.figures) {
    const auto place = std::ranges::find(overhead.figures, figure.name, &media::Figure::name);
    HVLAB_CHECK(place != overhead.figures.end());
    *place = figure;
  }
}

std::string overhead_text(const cluster::Overhead& overhead) {
  std::string text = "title: " + quoted(overhead.title) + "\n";
  for (const media::Figure& figure : overhead.figures)
    text += fmt::format("{}: {{value: {}, source: {}}}\n", figure.name, figure.value, quoted(figure.source));
  return text;
}

}  // namespace hvlab::lab
