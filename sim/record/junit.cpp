#include "sim/record/junit.hpp"

#include <algorithm>
#include <cstdio>

namespace hvlab::record {

namespace {

// Text as XML 1.0 may hold it; control characters, which it may not, become question marks.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\n': result += "&#10;"; break;
      default: result += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
    }
  }
  return result;
}

std::string seconds(Picoseconds time) {
  char text[40];
  std::snprintf(text, sizeof text, "%llu.%06llu", static_cast<unsigned long long>(time / kSecond),
                static_cast<unsigned long long>(time % kSecond / kMicrosecond));
  return text;
}

std::string case_xml(const std::string& suite, const JunitCase& it) {
  std::string xml = "  <testcase classname=\"" + escaped(suite) + "\" name=\"" + escaped(it.name) +
                    "\" time=\"" + seconds(it.time) + "\"";
  if (it.failure.empty()) return xml + "/>\n";
  const std::string element = it.is_error ? "error" : "failure";
  return xml + ">\n    <" + element + " message=\"" + escaped(it.failure) + "\"/>\n  </testcase>\n";
}

}  // namespace

std::string junit_xml(const std::string& suite, const std::vector<JunitCase>& cases) {
  const auto failed = [&](bool errors) {
    return std::to_string(std::ranges::count_if(
        cases, [&](const JunitCase& it) { return !it.failure.empty() && it.is_error == errors; }));
  };
  Picoseconds time = 0;
  for (const JunitCase& it : cases) time += it.time;
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"" + escaped(suite) +
                    "\" tests=\"" + std::to_string(cases.size()) + "\" failures=\"" + failed(false) +
                    "\" errors=\"" + failed(true) + "\" time=\"" + seconds(time) + "\">\n";
  for (const JunitCase& it : cases) xml += case_xml(suite, it);
  return xml + "</testsuite>\n";
}

}  // namespace hvlab::record
