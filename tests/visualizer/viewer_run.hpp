// Runs the viewer as a user does: a program of its own on the fixture's runs, with a display that nobody
// sees.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/child.hpp"

namespace hvlab::test {

/// A folder of its own with the fixture's runs (architectures, scheduling) and a stand-in for hvlab, removed
/// at the end; the current folder while it lives.
class Fixture {
 public:
  Fixture();
  ~Fixture();
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_, before_;
};

/// The viewer's command line: it asks the stand-in, and remembers in the fixture's folder.
std::vector<std::string> viewer_words(const std::vector<std::string>& arguments);

struct Ended {
  int status = 0;
  std::string output, errors;
};

/// Runs a program to its end.
Ended run_to_end(const std::vector<std::string>& words);

}  // namespace hvlab::test
