// Catches a room that reaches into a room below it: the order is the one in sim/CMakeLists.txt.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
const fs::path kRoot = HVLAB_SOURCE_DIR;

std::string content(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// The rooms, highest first, as the build adds them.
std::vector<std::string> room_order() {
  const std::string text = content(kRoot / "sim" / "CMakeLists.txt");
  std::smatch list;
  std::vector<std::string> rooms;
  if (!std::regex_search(text, list, std::regex(R"(foreach\(room ([^)]*)\))"))) return rooms;
  std::istringstream words(list[1].str());
  for (std::string room; words >> room;) rooms.push_back(room);
  return rooms;
}

struct Include {
  fs::path file;
  std::string room;      // of the file
  std::string included;  // what stands between the quotes or brackets
};

bool is_source(const fs::path& file) {
  static const std::set<std::string> kExtensions = {".hpp", ".cpp", ".inc", ".h"};
  return kExtensions.contains(file.extension().string());
}

std::vector<Include> includes_of(const std::string& tree) {
  static const std::regex kInclude(R"(^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"])", std::regex::multiline);
  std::vector<Include> found;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / tree)) {
    if (!entry.is_regular_file() || !is_source(entry.path())) continue;
    const std::string text = content(entry.path());
    const std::string room = fs::relative(entry.path(), kRoot / tree).begin()->string();
    for (std::sregex_iterator it(text.begin(), text.end(), kInclude), end; it != end; ++it) {
      found.push_back({fs::relative(entry.path(), kRoot), room, (*it)[1].str()});
    }
  }
  return found;
}

std::vector<Include> includes_of_sim() { return includes_of("sim"); }

}  // namespace

TEST_CASE("every folder of sim/ is a room in the build's order") {
  const std::vector<std::string> order = room_order();
  REQUIRE(order.size() > 10);
  for (const auto& entry : fs::directory_iterator(kRoot / "sim")) {
    if (!entry.is_directory()) continue;
    CAPTURE(entry.path().string());
    CHECK(std::ranges::count(order, entry.path().filename().string()) == 1);
  }
}

TEST_CASE("a room includes only itself and rooms above it") {
  const std::vector<std::string> order = room_order();
  const auto place = [&](const std::string& room) { return std::ranges::find(order, room) - order.begin(); };
  const std::vector<Include> includes = includes_of_sim();
  REQUIRE(includes.size() > 50);
  for (const Include& include : includes) {
    if (!include.included.starts_with("sim/")) continue;
    const std::string rest = include.included.substr(4);
    const std::string included = rest.substr(0, rest.find('/'));
    CAPTURE(include.file.string(), include.included);
    CHECK(place(included) <= place(include.room));
  }
}

TEST_CASE("includes name rooms from the top, never by a relative path") {
  for (const Include& include : includes_of_sim()) {
    CAPTURE(include.file.string(), include.included);
    CHECK(include.included.find("../") == std::string::npos);
    CHECK(!fs::exists(kRoot / "sim" / include.room / include.included));
  }
}

TEST_CASE("the viewer includes readers of runs alone, and no simulator") {
  static const std::set<std::string> kReaders = {"base", "observe", "record", "views"};
  const std::vector<Include> includes = includes_of("visualizer");
  REQUIRE(includes.size() > 50);
  for (const Include& include : includes) {
    if (!include.included.starts_with("sim/")) continue;
    const std::string rest = include.included.substr(4);
    CAPTURE(include.file.string(), include.included);
    CHECK(kReaders.contains(rest.substr(0, rest.find('/'))));
  }
}

TEST_CASE("SystemC stays on the board and in the cluster's kernel, Zydis in the decoder") {
  for (const Include& include : includes_of_sim()) {
    CAPTURE(include.file.string(), include.included);
    const bool carries_time = include.room == "board" || include.file == "sim/cluster/kernel.cpp";
    if (include.included == "systemc") CHECK(carries_time);
    if (include.included.starts_with("tlm")) CHECK(include.room == "board");
    if (include.included.starts_with("Zydis")) CHECK(include.room == "decode");
  }
}

TEST_CASE(
    "the teaching systems use base and arch alone, the runtime nothing above it, programs of the kernel its "
    "interface alone") {
  const std::vector<Include> includes = includes_of("hv-models");
  REQUIRE(includes.size() > 100);
  for (const Include& include : includes) {
    CAPTURE(include.file.string(), include.included);
    if (include.included.starts_with("sim/")) {
      CHECK((include.included.starts_with("sim/base/") || include.included.starts_with("sim/arch/")));
    }
    // What the kernel and its programs say to each other is in headers named so.
    const bool of_kernel =
        include.included.starts_with("hv-models/kernel/") && !include.included.ends_with("_abi.hpp");
    if (include.room == "runtime" || include.room == "user") CHECK_FALSE(of_kernel);
    if (include.room != "user") CHECK_FALSE(include.included.starts_with("hv-models/user/"));
  }
}
