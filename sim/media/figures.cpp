#include "sim/media/figures.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::media {
namespace fs = std::filesystem;
namespace {

fs::path find_profile(const std::string& kind, const std::string& name) {
  if (name.find('/') != std::string::npos || name.ends_with(".yaml")) return name;
  fs::path file = data_folder("profiles/" + kind) / (name + ".yaml");
  std::error_code ignored;
  if (!name.empty() && fs::is_regular_file(file, ignored)) return file;
  std::string known;
  for (const std::string& each : profile_names(kind)) known += (known.empty() ? "" : ", ") + each;
  throw UserError("unknown " + kind + " profile '" + name + "'; known are: " + known +
                  " (or a .yaml file's path)");
}

bool parse_number(const std::string& text, u64& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

FigureFile::FigureFile(const std::string& kind, const std::string& name) {
  const fs::path path = find_profile(kind, name);
  path_ = path.string();
  name_ = path.stem().string();
  try {
    root_ = YAML::LoadFile(path_);
  } catch (const YAML::BadFile&) {
    throw UserError(path_ + ": cannot be read");
  } catch (const YAML::Exception& error) {
    throw UserError(path_ + ":" + std::to_string(error.mark.line + 1) + ":" +
                    std::to_string(error.mark.column + 1) + ": " + error.msg);
  }
  if (!root_.IsMap()) fail(root_, "expected a mapping of names to figures");
}

void FigureFile::fail(const YAML::Node& at, const std::string& message) const {
  const YAML::Mark mark = at.Mark();
  throw UserError(path_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1) + ": " +
                  message);
}

void FigureFile::fail(const std::string& key, const std::string& message) const {
  fail(root_[key] ? root_[key] : root_, "'" + key + "' " + message);
}

YAML::Node FigureFile::take(const std::string& key) {
  const YAML::Node& constant = root_;
  const YAML::Node node = constant[key];
  if (!node) fail(root_, "'" + key + "' is missing");
  taken_.push_back(key);
  return node;
}

std::string FigureFile::text(const std::string& key) {
  const YAML::Node node = take(key);
  if (!node.IsScalar()) fail(node, "'" + key + "' must be a text");
  return node.Scalar();
}

u64 FigureFile::figure(const std::string& key, u64 low, u64 high) {
  const YAML::Node node = take(key);
  if (!node.IsMap() || node.size() != 2 || !node["value"] || !node["source"] || !node["value"].IsScalar() ||
      !node["source"].IsScalar() || node["source"].Scalar().empty())
    fail(node, "'" + key + "' must be {value: NUMBER, source: TEXT}");
  u64 value = 0;
  if (!parse_number(node["value"].Scalar(), value) || value < low || value > high)
    fail(node["value"],
         "'" + key + "' must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  figures.push_back({key, value, node["source"].Scalar()});
  return value;
}

void FigureFile::finish() const {
  for (const auto& entry : root_) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
    if (std::find(taken_.begin(), taken_.end(), key) == taken_.end())
      fail(entry.first, "'" + key + "' is not a key of this kind of profile");
  }
}

std::vector<std::string> profile_names(const std::string& kind) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(data_folder("profiles/" + kind)))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace hvlab::media
