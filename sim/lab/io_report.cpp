#include "sim/lab/io_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/run_statistics.hpp"
#include "sim/observe/exit_totals.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;
using observe::IoTotals;

namespace {

void write_exits(JsonWriter& json, const std::map<u64, u64>& exits) {
  json.key("exits").begin_object();
  for (const auto& [reason, count] : exits) json.member(observe::exit_label(reason), count);
  json.end_object();
}

void write_times(JsonWriter& json, const IoTotals::Times& times, u64 requests) {
  json.member("picoseconds", times.sum).member("cycles", times.cycles);
  json.member("p50", times.percentile(50, requests)).member("p90", times.percentile(90, requests));
  json.member("p99", times.percentile(99, requests)).member("most", times.percentile(100, requests));
}

void write_group(JsonWriter& json, const IoTotals::Key& key, const IoTotals::Group& group) {
  const auto& [system, operation, bytes] = key;
  json.begin_object()
      .member("system", u64{system})
      .member("operation", name(operation))
      .member("bytes", bytes);
  json.member("requests", group.requests).member("complete", group.complete).member("called", group.called);
  json.member("parts", group.parts);
  json.member("copies_known", group.copies_known).member("copied", group.copied);
  write_exits(json, group.exits);
  write_times(json, group.total, group.requests);
  json.key("hops").begin_array();
  for (const IoTotals::Hop* each : IoTotals::in_order(group)) {
    const auto& [hop, times] = *each;
    json.begin_object().member("stage", name(hop.first)).member("where", name(hop.second));
    json.member("label", io_hop_label(operation, hop.first, hop.second))
        .member("requests", times.each.size());
    write_times(json, times, group.requests);
    json.end_object();
  }
  json.end_array().end_object();
}

double as_number(const Json& group, const char* key) { return group.at(key).get<double>(); }

}  // namespace

void write_io(JsonWriter& json, const IoTotals& totals) {
  json.key("io").begin_array();
  for (const auto& [key, group] : totals.groups()) write_group(json, key, group);
  json.end_array();
}

void write_io_request(std::ostream& out, const observe::IoRequest& request, board::Frequency frequency) {
  Json line;
  line["system"] = request.system;
  line["operation"] = name(request.operation);
  line["sector"] = request.sector;
  line["bytes"] = request.bytes;
  line["begin"] = request.begin;
  line["end"] = request.end;
  line["cycles"] = frequency.cycle_at(request.end) - frequency.cycle_at(request.begin);
  line["complete"] = request.complete();
  line["parts"] = request.parts;
  if (request.copy_known) line["copied"] = request.copied;
  for (const auto& [reason, count] : request.exits) line["exits"][observe::exit_label(reason)] = count;
  Json unseen = Json::array();
  for (size_t n = 0; n < observe::kIoStages; ++n) {
    const auto stage = static_cast<observe::IoStage>(n);
    const bool possible = stage != observe::IoStage::Injected || request.system != 0;
    if (possible && !request.saw(stage)) unseen.push_back(name(stage));
  }
  line["unseen"] = unseen;
  for (const observe::IoPiece& piece : request.pieces) {
    line["pieces"].push_back({name(piece.stage), name(piece.where), piece.core, piece.begin, piece.end,
                              frequency.cycle_at(piece.end) - frequency.cycle_at(piece.begin)});
  }
  out << line.dump() << '\n';
}

std::string io_ladder(const Json& group) {
  const double requests = std::max(1.0, as_number(group, "requests"));
  const double whole = as_number(group, "picoseconds");
  std::string text = fmt::format("  {:<34} {:>10} {:>10} {:>12} {:>7}\n", "hop of a request", "mean us",
                                 "median us", "mean cycles", "share");
  const auto line = [&](const std::string& label, const Json& times) {
    const double time = as_number(times, "picoseconds");
    text += fmt::format("  {:<34} {:>10.3f} {:>10.3f} {:>12.0f} {:>6.1f}%\n", label,
                        time / requests / kMicrosecond, as_number(times, "p50") / kMicrosecond,
                        as_number(times, "cycles") / requests, whole > 0 ? 100 * time / whole : 0.0);
  };
  for (const Json& hop : group.at("hops")) line(hop.at("label").get<std::string>(), hop);
  line("the request", group);
  return text;
}

const Json* innermost_io(const Json& io, const std::string& operation) {
  return analysis::innermost_group(io, operation);
}

}  // namespace hvlab::lab
