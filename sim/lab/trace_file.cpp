#include "sim/lab/trace_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "sim/base/user_error.hpp"
#include "sim/scenario/quantity.hpp"

namespace hvlab::lab {

namespace {

std::string last_field(const std::string& line) {
  const size_t end = line.find_last_not_of(" \t\r");
  if (end == std::string::npos) return "";
  const size_t comma = line.find_last_of(",;\t", end);
  const size_t begin = line.find_first_not_of(" \t", comma == std::string::npos ? 0 : comma + 1);
  return begin > end ? "" : line.substr(begin, end - begin + 1);
}

}  // namespace

std::vector<u16> read_trace_file(const std::string& folder, const std::string& file) {
  constexpr double kAll = 1000;
  const std::string path = (std::filesystem::path(folder) / file).lexically_normal().string();
  std::ifstream in(path, std::ios::binary);
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw UserError("trace '" + path + "': is a folder");
  if (!in) throw UserError("trace '" + path + "': cannot be read: " + std::strerror(errno));
  std::vector<u16> samples;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    const std::string field = last_field(line);
    if (field.empty() && line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::optional<double> value = scenario::parse_number(field);
    if (!value && number == 1) continue;
    if (!value || *value > 1)
      throw UserError(fmt::format("{}:{}: '{}' is no part of a machine's processors: a number from 0 to 1 is",
                                  path, number, field));
    samples.push_back(static_cast<u16>(std::lround(*value * kAll)));
  }
  if (samples.empty()) throw UserError("trace '" + path + "': no samples in it");
  return samples;
}

}  // namespace hvlab::lab
