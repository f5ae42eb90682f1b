// A run of which every request to a disk or a network card is followed: what its tests share.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>

#include "kernel_run.hpp"
#include "temporary_folder.hpp"

namespace hvlab::test {

struct Followed {
  KernelRun run;
  nlohmann::json statistics;
  std::vector<nlohmann::json> requests;  // one by one

  const nlohmann::json& io() const { return statistics.at("io"); }
};

/// `image` with `module`, as `words` on its command line say.
inline Followed follow_image(const std::string& image, const std::string& module, unsigned processors,
                             const std::string& words, std::vector<std::string> options) {
  const TemporaryFolder folder("followed");
  const std::string statistics = (folder.path / "stats").string(), list = (folder.path / "requests").string();
  options.insert(options.end(), {"--stats", statistics, "--io-requests", list});
  Followed result{.run = run_image(image, module, processors, "exit=debug " + words, options),
                  .statistics = {},
                  .requests = {}};
  result.statistics = nlohmann::json::parse(std::ifstream(statistics));
  std::ifstream lines(list);
  for (std::string line; std::getline(lines, line);) result.requests.push_back(nlohmann::json::parse(line));
  return result;
}

}  // namespace hvlab::test
