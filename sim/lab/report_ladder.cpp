// Requests on their way: of each kind the median one of each architecture, and the means.
#include <fmt/format.h>

#include <array>

#include "sim/lab/report_ladder_svg.hpp"
#include "sim/lab/report_sections.hpp"

namespace hvlab::lab {

namespace {

using observe::IoOperation;

constexpr std::array kOperations = {IoOperation::Read, IoOperation::Write,   IoOperation::Flush,
                                    IoOperation::Send, IoOperation::Receive, IoOperation::RoundTrip,
                                    IoOperation::Ping};

/// A run's requests, read once for all pictures.
struct RunRequests {
  size_t entry;
  u64 frequency_hz;
  views::Requests requests;
};

std::vector<RunRequests> requests_of(const ReportInput& input, const ReportBlock& block) {
  std::vector<RunRequests> all;
  for (const size_t entry : block.runs) {
    const views::OpenRun& run = *input.runs.runs[input.entries[entry].open];
    if (!run.reader().has(record::kRequestsFile)) continue;
    const u64 frequency = run.trace() != nullptr ? run.trace()->frequency_hz() : 0;
    all.push_back(
        {entry, frequency, views::Requests::load(run.reader().path() / record::kRequestsFile, frequency)});
  }
  return all;
}

std::vector<LadderWay> ways_of(const ReportInput& input, const std::vector<RunRequests>& runs,
                               IoOperation operation) {
  std::vector<LadderWay> ways;
  for (const RunRequests& run : runs) {
    const views::Requests::Group* group = run.requests.innermost(operation);
    if (group == nullptr) continue;
    const views::Request median = run.requests.read(run.requests.at_percentile(*group, 50));
    ways.push_back(
        {input.entries[run.entry].title, views::ladder_of(median, run.frequency_hz), group->by_time.size()});
  }
  return ways;
}

std::string ladders(const ReportInput& input, const ReportBlock& block, Inks& inks) {
  const std::vector<RunRequests> runs = requests_of(input, block);
  std::vector<std::string> panels;
  for (const IoOperation operation : kOperations) {
    const std::vector<LadderWay> ways = ways_of(input, runs, operation);
    if (ways.empty()) continue;
    const std::string title = input.say(std::string("report.operation.") + observe::name(operation));
    panels.push_back(html::panel(
        title, ladder_svg(input, ways, input.say("report.requests.ladder", {title, block.title}), inks)));
  }
  return panels.empty() ? "" : html::panels("operation", panels);
}

}  // namespace

std::string requests_section(const ReportInput& input, Inks& inks) {
  const std::string panels = block_panels(input.blocks, [&](const ReportBlock& block) {
    return ladders(input, block, inks) + requests_table(input, block);
  });
  return panels.empty() ? "" : html::paragraph(input.say("report.requests.intro")) + panels;
}

}  // namespace hvlab::lab
