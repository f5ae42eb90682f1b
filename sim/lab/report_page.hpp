// The report: runs as one page of HTML that needs nothing but itself. docs/report.md.
#pragma once

#include <string>

#include "sim/lab/report_input.hpp"

namespace hvlab::lab {

/// What the demo calls its page, in the directory of its runs.
inline constexpr const char* kReportFile = "report.html";

/// The whole page, UTF-8; the same bytes for equal runs. Throws UserError if the page's own files are not
/// there (report/).
std::string report_page(const ReportInput& input);

/// Writes the page of the runs `names` to `path`, whole or not at all. Throws UserError.
void write_report(const std::vector<std::string>& names, const std::string& path, const std::string& language,
                  const std::string& title = "");

}  // namespace hvlab::lab
