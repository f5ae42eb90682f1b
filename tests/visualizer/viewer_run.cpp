#include "viewer_run.hpp"

#include <poll.h>

#include <catch2/catch.hpp>
#include <cstdlib>

namespace hvlab::test {

namespace fs = std::filesystem;

Fixture::Fixture() : before_(fs::current_path()) {
  std::string name = (fs::temp_directory_path() / "hvlab-view-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  folder_ = name;
  const std::string archive = HVLAB_FIXTURE "/runs.tar.zst";
  REQUIRE(run_to_end({"tar", "xf", archive, "-C", name}).status == 0);
  fs::copy(HVLAB_FIXTURE "/fake_hvlab", folder_ / "fake_hvlab");
  fs::current_path(folder_);
  setenv("XDG_CONFIG_HOME", (folder_ / "config").c_str(), 1);
}

Fixture::~Fixture() {
  fs::current_path(before_);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<std::string> viewer_words(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{HVLAB_VIEWER, "--program=./fake_hvlab"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

Ended run_to_end(const std::vector<std::string>& words) {
  Child child(words, false);
  do {
    pollfd requests[] = {{child.output_descriptor(), POLLIN, 0}, {child.errors_descriptor(), POLLIN, 0}};
    poll(requests, 2, 1000);
  } while (child.read_some());
  const int status = child.wait();
  return {status, child.output(), child.errors()};
}

}  // namespace hvlab::test
