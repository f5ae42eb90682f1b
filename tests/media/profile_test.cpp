// Profiles of media: those that come with HVLab load, and mistakes are named with their place.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/media/disk_profile.hpp"
#include "sim/media/link_profile.hpp"

using namespace hvlab;
using namespace hvlab::media;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

/// What loading a copy of the disk profile "ram" says after `from` was replaced by `to`.
std::string complaint(const std::string& from, const std::string& to) {
  std::stringstream text;
  text << std::ifstream(data_folder("profiles/disk") / "ram.yaml").rdbuf();
  std::string content = text.str();
  const auto at = content.find(from);
  REQUIRE(at != std::string::npos);
  content.replace(at, from.size(), to);
  char folder[] = "/tmp/hvlab-profile-XXXXXX";
  const fs::path path = fs::path(::mkdtemp(folder)) / "mine.yaml";
  std::ofstream(path) << content;
  std::string message;
  try {
    load_disk_profile(path);
  } catch (const UserError& error) {
    message = error.what();
  }
  fs::remove_all(path.parent_path());
  return message;
}

}  // namespace

TEST_CASE("every profile that comes with HVLab loads, each figure with its source", "[media]") {
  for (const std::string& name : profile_names("disk")) {
    const DiskProfile profile = load_disk_profile(name);
    CHECK(profile.name == name);
    CHECK(profile.figures.size() >= 4);
    for (const Figure& figure : profile.figures) CHECK_FALSE(figure.source.empty());
  }
  for (const std::string& name : profile_names("link")) CHECK(load_link_profile(name).figures.size() == 4);
  CHECK(load_link_profile("ethernet-1g").bits_per_second == 1'000'000'000);
}

TEST_CASE("mistakes in a profile are named with line and column", "[media]") {
  CHECK_THAT(complaint("kind: memory", "kind: tape"),
             Contains("mine.yaml:2:7") && Contains("rotating, flash, memory"));
  CHECK_THAT(complaint("queue_depth: {value: 1024", "queue_depth: {value: 0"),
             Contains("whole number from 1 to"));
  CHECK_THAT(complaint("queue_depth: {value: 1024", "queue_depth: {value: -3"), Contains("whole number"));
  CHECK_THAT(complaint("queue_depth:", "queue_deph:"), Contains("'queue_depth' is missing"));
  CHECK_THAT(complaint("kind: memory", "kind: memory\nrpm: 5"),
             Contains("mine.yaml:3:1") && Contains("'rpm'"));
  CHECK_THAT(complaint(", source: \"assumed\"}", "}"), Contains("{value: NUMBER, source: TEXT}"));
  CHECK_THAT(complaint("kind: memory", "kind: [memory"), Contains("mine.yaml:"));
}

TEST_CASE("an unknown profile's message lists the known ones", "[media]") {
  CHECK_THROWS_WITH(load_disk_profile("floppy"), Contains("hdd-7200, ram, ssd-nvme, ssd-sata"));
  CHECK_THROWS_WITH(load_disk_profile("/nonexistent.yaml"), Contains("cannot be read"));
}
