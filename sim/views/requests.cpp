#include "sim/views/requests.hpp"

#include <algorithm>
#include <fstream>
#include <tuple>

#include "sim/base/user_error.hpp"

namespace hvlab::views {

using observe::IoOperation;
using observe::IoTotals;

Requests Requests::load(const std::filesystem::path& path, u64 frequency_hz, Progress* progress) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UserError("there is no " + path.string() + ": no request of this run was followed");
  Requests requests(frequency_hz);
  requests.path_ = path;
  std::error_code ignored;
  if (progress != nullptr) progress->all = std::filesystem::file_size(path, ignored);
  std::string line;
  u64 offset = 0, number = 0, bad = 0, first_bad = 0;
  bool broken_off = false;
  while (std::getline(file, line)) {
    ++number;
    if (const auto request = parse_request(line)) {
      requests.add(*request, offset, line.size());
    } else if (file.eof()) {
      broken_off = true;
    } else if (bad++ == 0) {
      first_bad = number;
    }
    offset += line.size() + 1;
    if (progress == nullptr) continue;
    progress->done = offset;
    if (progress->stop) break;
  }
  requests.arrange();
  if (bad != 0) {
    requests.problem_ = path.string() + ": line " + std::to_string(first_bad) + " is no request" +
                        (bad == 1 ? "" : ", nor are " + std::to_string(bad - 1) + " others") + "; left out";
  } else if (broken_off) {
    requests.problem_ = path.string() + ": breaks off within line " + std::to_string(number);
  }
  return requests;
}

void Requests::add(const Request& request, u64 offset, size_t bytes) {
  const observe::IoRequest& io = request.io;
  const IoTotals::Key key{io.system, io.operation, io.bytes};
  auto group = std::ranges::lower_bound(groups_, key, {}, &Group::key);
  if (group == groups_.end() || group->key != key)
    group = groups_.insert(group, Group{.key = key, .exits = {}, .by_begin = {}, .by_time = {}});
  group->by_begin.push_back(static_cast<u32>(lines_.size()));
  for (const auto& [reason, count] : request.exits) group->exits[reason] += count;
  lines_.push_back(
      {.offset = offset, .bytes = static_cast<u32>(bytes), .begin = io.begin, .time = io.end - io.begin});
  totals_.add(io);
}

void Requests::arrange() {
  for (Group& group : groups_) {
    std::ranges::stable_sort(group.by_begin, {}, [&](u32 number) { return lines_[number].begin; });
    group.by_time = group.by_begin;
    std::ranges::stable_sort(group.by_time, {}, [&](u32 number) { return lines_[number].time; });
  }
}

const Requests::Group* Requests::find(const IoTotals::Key& key) const {
  const auto group = std::ranges::lower_bound(groups_, key, {}, &Group::key);
  return group != groups_.end() && group->key == key ? &*group : nullptr;
}

const Requests::Group* Requests::innermost(IoOperation operation) const {
  // Received frames as long as those that programs send: they are the answers.
  const Group* sent = operation == IoOperation::Receive ? innermost(IoOperation::Send) : nullptr;
  const auto rank = [&](const Group& group) {
    const IoTotals::Group& of = totals(group);
    const auto& [system, ignored, bytes] = group.key;
    // The management VM is a virtual machine too: what others carry out goes before what carries it out.
    return std::tuple(of.parts != 0, system, sent != nullptr && std::get<2>(sent->key) == bytes, of.called,
                      of.requests);
  };
  const Group* best = nullptr;
  for (const Group& group : groups_) {
    if (std::get<1>(group.key) == operation && (best == nullptr || rank(group) > rank(*best))) best = &group;
  }
  return best;
}

u32 Requests::at_percentile(const Group& group, unsigned percent) const {
  const size_t all = group.by_time.size();
  const size_t rank = std::clamp<size_t>((all * percent + 99) / 100, 1, all);  // 1 is the quickest
  const Picoseconds time = lines_[group.by_time[rank - 1]].time;
  return *std::ranges::lower_bound(group.by_time, time, {}, [&](u32 number) { return lines_[number].time; });
}

Request Requests::read(u32 number) const {
  const Line& line = lines_.at(number);
  std::ifstream file(path_, std::ios::binary);
  std::string text(line.bytes, '\0');
  file.seekg(static_cast<std::streamoff>(line.offset));
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  auto request = file ? parse_request(text) : std::nullopt;
  if (!request) throw UserError(path_.string() + ": has changed since it was read");
  return std::move(*request);
}

namespace {

HopTimes row_of(const IoTotals::Times& times, u64 among, u64 requests) {
  const auto all = static_cast<double>(std::max<u64>(among, 1));
  return {.label = {},
          .requests = requests,
          .mean = static_cast<double>(times.sum) / all,
          .mean_cycles = static_cast<double>(times.cycles) / all,
          .p50 = times.percentile(50, among),
          .p90 = times.percentile(90, among),
          .p99 = times.percentile(99, among),
          .most = times.percentile(100, among)};
}

bool same_hop(const HopTimes& a, const HopTimes& b) {
  return a.stage == b.stage && a.where == b.where && a.label == b.label;
}

// The row of `kinds` that a hop of `table` belongs in: that of the same place, else one with the same label
// that the table has nothing else for: one system's driver is beside another's, though one is in a
// hypervisor.
size_t row_for(const std::vector<const HopTimes*>& kinds, const HopTimes& hop,
               const std::vector<HopTimes>& table) {
  for (size_t i = 0; i < kinds.size(); ++i)
    if (same_hop(*kinds[i], hop)) return i;
  for (size_t i = 0; i < kinds.size(); ++i) {
    const auto is_kind = [&](const HopTimes& own) { return same_hop(own, *kinds[i]); };
    const auto alike = [&](const HopTimes& own) { return own.stage == hop.stage && own.label == hop.label; };
    if (kinds[i]->stage == hop.stage && kinds[i]->label == hop.label &&
        std::ranges::none_of(table, is_kind) && std::ranges::count_if(table, alike) == 1)
      return i;
  }
  return kinds.size();
}

}  // namespace

std::vector<HopTimes> hop_table(const Requests& requests, const Requests::Group& group) {
  const IoTotals::Group& totals = requests.totals(group);
  std::vector<HopTimes> rows;
  for (const IoTotals::Hop* hop : IoTotals::in_order(totals)) {
    const auto& [place, times] = *hop;
    HopTimes& row = rows.emplace_back(row_of(times, totals.requests, times.each.size()));
    row.stage = place.first;
    row.where = place.second;
    row.label = observe::io_hop_label(std::get<1>(group.key), row.stage, row.where);
  }
  rows.push_back(row_of(totals.total, totals.requests, totals.requests));
  return rows;
}

std::vector<std::vector<int>> joined_hops(const std::vector<std::vector<HopTimes>>& tables) {
  // Each table's hops find their places in the longest one: behind the one that they follow in their own.
  std::vector<size_t> order(tables.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, std::greater<>(), [&](size_t i) { return tables[i].size(); });
  std::vector<std::vector<int>> rows;
  std::vector<const HopTimes*> kinds;
  for (const size_t table : order) {
    size_t at = 0;
    for (size_t i = 0; i < tables[table].size(); ++i) {
      const HopTimes& hop = tables[table][i];
      size_t place = row_for(kinds, hop, tables[table]);
      if (place == kinds.size()) {
        place = at;
        kinds.insert(kinds.begin() + static_cast<std::ptrdiff_t>(at), &hop);
        rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(at), std::vector<int>(tables.size(), -1));
      }
      rows[place][table] = static_cast<int>(i);
      at = place + 1;
    }
  }
  return rows;
}

}  // namespace hvlab::views
