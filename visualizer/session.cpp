#include "visualizer/session.hpp"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace hvlab::visualizer {

namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;
constexpr const char* kFile = "view.json";
constexpr size_t kMost = 50;

// Runs are told apart by where they are, so that "latest" here is not "latest" elsewhere.
Json key_of(const std::vector<std::string>& runs) {
  Json key = Json::array();
  std::error_code ignored;
  for (const std::string& run : runs) key.push_back(fs::absolute(run, ignored).string());
  return key;
}

// The newest first. Empty if there is no such file or it is none of ours.
Json read(const fs::path& folder) {
  std::ifstream in(folder / kFile);
  Json all = Json::parse(in, nullptr, false);
  return all.is_array() ? all : Json::array();
}

}  // namespace

fs::path session_folder() {
  const auto from = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  if (const fs::path config = from("XDG_CONFIG_HOME"); !config.empty()) return config / "hvlab";
  return from("HOME") / ".config" / "hvlab";
}

std::optional<Session> last_session(const fs::path& folder, const std::vector<std::string>& runs) {
  try {
    for (const Json& one : read(folder)) {
      if (!runs.empty() && one.at("runs") != key_of(runs)) continue;
      return Session{one.at("arguments").get<std::vector<std::string>>(), one.at("width").get<int>(),
                     one.at("height").get<int>()};
    }
  } catch (const Json::exception&) {
    return std::nullopt;  // another version's, or damaged: as if there were none
  }
  return std::nullopt;
}

void remember(const fs::path& folder, const std::vector<std::string>& runs, const Session& session) {
  Json all = Json::array();
  const Json key = key_of(runs);
  all.push_back({{"runs", key},
                 {"arguments", session.arguments},
                 {"width", session.width},
                 {"height", session.height}});
  for (const Json& one : read(folder)) {
    if (all.size() < kMost && one.is_object() && one.contains("runs") && one["runs"] != key)
      all.push_back(one);
  }
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  const fs::path beside = folder / (std::string(kFile) + ".part");
  std::ofstream out(beside);
  out << all.dump(1) << '\n';
  out.close();
  if (out) fs::rename(beside, folder / kFile, ignored);
}

}  // namespace hvlab::visualizer
