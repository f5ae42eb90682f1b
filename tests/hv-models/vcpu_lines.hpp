// What a hypervisor says of where its virtual processors' time went: its lines `HVLAB vcpu`.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <sstream>
#include <string>
#include <utility>

namespace hvlab::test {

/// Of one virtual processor, by the words of its line: nanoseconds.
using VcpuTimes = std::map<std::string, double>;

/// Those whose machine has ended, by machine and virtual processor. Each has one line.
inline std::map<std::pair<int, int>, VcpuTimes> times_of_vcpus(const std::string& console) {
  std::map<std::pair<int, int>, VcpuTimes> all;
  std::istringstream lines(console);
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.find("HVLAB vcpu ");
    if (at == std::string::npos) continue;
    CAPTURE(line);
    std::istringstream words(line.substr(at + 11));
    VcpuTimes times;
    for (std::string word; words >> word;) {
      const size_t equals = word.find('=');
      REQUIRE(equals != std::string::npos);
      times[word.substr(0, equals)] = std::stod(word.substr(equals + 1));
    }
    const std::pair who = {static_cast<int>(times.at("vm")), static_cast<int>(times.at("vcpu"))};
    REQUIRE(all.emplace(who, times).second);
  }
  return all;
}

}  // namespace hvlab::test
