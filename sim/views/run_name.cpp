#include "sim/views/run_name.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "sim/views/sweep_curves.hpp"

namespace hvlab::views {

namespace {

namespace fs = std::filesystem;

// "cores=2,model=hosted" as people say it: "hosted · 2 cores".
std::string cell_name(const record::Json& settings) {
  std::string name, counts;
  for (const auto& [path, value] : settings.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    const std::string last = path.substr(path.rfind('.') + 1);
    if (last == "cores") {
      counts += " · " + text + (text == "1" ? " core" : " cores");
    } else if (last == "model" || last == "way") {
      name = text + (name.empty() ? "" : " · " + name);
    } else {
      name += (name.empty() ? "" : " · ") + last + " " + text;
    }
  }
  return name.empty() && !counts.empty() ? counts.substr(4) : name + counts;
}

// What the folder of a cell that was opened by itself says: "cores=2,model=hosted"; nothing if it is no
// cell's.
record::Json settings_of(const std::string& folder) {
  record::Json settings = record::Json::object();
  for (size_t at = 0; at < folder.size();) {
    const size_t end = std::min(folder.find(',', at), folder.size()), equals = folder.find('=', at);
    if (equals == std::string::npos || equals > end) return record::Json::object();
    settings[folder.substr(at, equals - at)] = folder.substr(equals + 1, end - equals - 1);
    at = end + 1;
  }
  return settings;
}

// "20261129T010203Z", as directories of runs are called.
bool is_stamp(const std::string& name) {
  return name.size() == 16 && name[8] == 'T' && name[15] == 'Z' &&
         std::ranges::count_if(name, [](unsigned char c) { return std::isdigit(c) != 0; }) == 14;
}

}  // namespace

std::string run_name(const record::RunReader& reader) {
  if (!reader.settings().empty()) return cell_name(reader.settings());
  std::string title = reader.title();
  while (title.size() > 1 && title.ends_with('/')) title.pop_back();
  const std::string last = title.substr(title.rfind('/') + 1);
  const fs::path cell = fs::path(title).parent_path(), cells = cell.parent_path();
  if (cells.filename() == "runs" && is_sweep(cells.parent_path())) return "cell " + cell.filename().string();
  const std::string above = fs::path(title).parent_path().filename().string();
  if (is_stamp(last) && !above.empty()) return above;
  const record::Json settings = settings_of(last);
  if (!settings.empty()) return cell_name(settings);
  return last.empty() ? title : last;
}

}  // namespace hvlab::views
