#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "visualizer/exits_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::ExitRow;

namespace {

using Key = std::tuple<unsigned, unsigned, std::string, observe::ExitClass>;
Key key_of(const ExitRow& row) { return {row.vm, row.vcpu, row.reason_name, row.exit_class}; }

bool is_by_reason(const Frame& frame) {
  const std::string& by = frame.state.option("exits.by");
  return by == "reason" || by == "vcpu-reason";
}

// A click keeps to what the row is about; on what is kept to, lets go.
void keep_to(Frame& frame, const ExitRow& row) {
  const std::string& by = frame.state.option("exits.by");
  const auto toggle = [&](const char* option, const std::string& value) {
    frame.state.set(option, frame.state.option(option) == value ? std::string() : value);
  };
  if (by == "class") toggle("exits.class", row.reason_name);
  if (is_by_reason(frame)) toggle("exits.reason", row.reason_name);
  if (by != "reason" && by != "class") toggle("exits.vm", std::to_string(row.vm));
  if (by == "vcpu" || by == "vcpu-reason") toggle("exits.vcpu", std::to_string(row.vcpu));
  frame.state.set_number("exits.page", 1);
}

void name_cell(Frame& frame, const ExitRow& row, int id) {
  ImGui::PushID(id);
  if (ImGui::Selectable(row_text(frame, row).c_str(), false, ImGuiSelectableFlags_SpanAllColumns))
    keep_to(frame, row);
  ImGui::PopID();
}

std::string percent_text(u64 part, u64 whole) {
  return whole == 0 ? ""
                    : fmt::format("{:.1f}", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

void draw_numbers(Frame& frame, const ExitRow& row, const ExitRow& all, bool costs, bool sum) {
  const Look& look = frame.look;
  const auto cell = [&](const std::string& text, bool faint = false) {
    ImGui::TableNextColumn();
    right_text(look, text, faint);
  };
  ImGui::TableNextColumn();
  sum ? right_text(look, show_count(row.count))
      : bar_cell(look, static_cast<double>(row.count), static_cast<double>(all.count), show_count(row.count));
  cell(percent_text(row.count, all.count), true);
  const bool known = costs && row.handled != 0;
  ImGui::TableNextColumn();
  sum || !known ? right_text(look, known ? show_count(row.cycles) : "–")
                : bar_cell(look, static_cast<double>(row.cycles), static_cast<double>(all.cycles),
                           show_count(row.cycles));
  cell(known ? percent_text(row.cycles, all.cycles) : "–", true);
  cell(known ? show_count(static_cast<u64>(std::llround(row.mean()))) : "–");
  cell(known ? show_count(row.least) : "–", true);
  for (const unsigned percent : {50U, 90U, 99U}) cell(known ? show_count(row.percentile(percent)) : "–");
  cell(known ? show_count(row.most) : "–", true);
}

void draw_one(Frame& frame, const RunExits& it) {
  static constexpr const char* kColumns[] = {"what", "class", "count", "count_share", "cycles", "share",
                                             "mean", "least", "p50",   "p90",         "p99",    "most"};
  static constexpr float kWidths[] = {1.6F, 1.3F, 1.0F, 0.8F, 1.7F, 0.8F, 1.0F, 0.9F, 0.9F, 1.0F, 1.0F, 1.3F};
  const bool long_names = frame.state.option("exits.by") == "vcpu-reason";
  if (!ImGui::BeginTable("exits", std::size(kColumns), kNumbersTable)) return;
  ImGui::TableSetupScrollFreeze(1, 1);
  for (size_t i = 0; i < std::size(kColumns); ++i)
    ImGui::TableSetupColumn(frame.say(std::string("exits.columns.") + kColumns[i]).c_str(), 0,
                            i == 0 && long_names ? 2 * kWidths[i] : kWidths[i]);
  header_row(frame.look, 0b11);
  const ExitRow all = views::total(it.rows);
  int id = 0;
  for (const ExitRow& row : it.rows) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    name_cell(frame, row, id++);
    ImGui::TableNextColumn();
    if (is_by_reason(frame)) ImGui::TextUnformatted(class_text(frame, row.exit_class).c_str());
    draw_numbers(frame, row, all, it.costs, false);
  }
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushFont(frame.look.strong);
  ImGui::TextUnformatted(frame.say("exits.all").c_str());
  ImGui::PopFont();
  ImGui::TableNextColumn();
  draw_numbers(frame, all, all, it.costs, true);
  ImGui::EndTable();
}

struct Measure {
  const char* name;
  double (*of)(const ExitRow& row, double seconds);
  bool costs;  // only with costs
};
constexpr std::array kMeasures = {
    Measure{"count", [](const ExitRow& row, double) { return static_cast<double>(row.count); }, false},
    Measure{"rate",
            [](const ExitRow& row, double seconds) {
              return seconds > 0 ? static_cast<double>(row.count) / seconds : 0;
            },
            false},
    Measure{"cycles", [](const ExitRow& row, double) { return static_cast<double>(row.cycles); }, true},
    Measure{"mean", [](const ExitRow& row, double) { return row.mean(); }, true},
    Measure{"p50", [](const ExitRow& row, double) { return static_cast<double>(row.percentile(50)); }, true},
    Measure{"p99", [](const ExitRow& row, double) { return static_cast<double>(row.percentile(99)); }, true},
};

double seconds_of(const RunExits& it) {
  const Picoseconds end = std::min(it.until, it.run->trace() == nullptr ? it.until : it.run->trace()->end());
  return end > it.from ? static_cast<double>(end - it.from) / static_cast<double>(kSecond) : 0;
}

// Rows that any run has, those first that weigh most in one.
std::vector<ExitRow> joined(const std::vector<RunExits>& runs, const Measure& measure) {
  std::map<Key, std::pair<double, ExitRow>> found;
  for (const RunExits& it : runs)
    for (const ExitRow& row : it.rows) {
      auto& entry = found.try_emplace(key_of(row), 0, row).first->second;
      entry.first = std::max(entry.first, measure.of(row, seconds_of(it)));
    }
  std::vector<std::pair<double, ExitRow>> order;
  order.reserve(found.size());
  for (auto& [key, entry] : found) order.push_back(std::move(entry));
  std::ranges::stable_sort(order, std::greater<>(), &std::pair<double, ExitRow>::first);
  std::vector<ExitRow> rows;
  rows.reserve(order.size());
  for (auto& [weight, row] : order) rows.push_back(std::move(row));
  return rows;
}

void draw_several(Frame& frame, const std::vector<RunExits>& runs) {
  Choices choices;
  for (const Measure& each : kMeasures)
    choices.emplace_back(each.name, frame.say(std::string("exits.per_run.") + each.name));
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", frame.say("exits.measure").c_str());
  ImGui::SameLine();
  choose(frame, "exits.measure", choices);
  const auto* chosen = std::ranges::find_if(
      kMeasures, [&](const Measure& each) { return frame.state.option("exits.measure") == each.name; });
  const Measure& measure = chosen == kMeasures.end() ? kMeasures.front() : *chosen;
  if (!ImGui::BeginTable("exits", static_cast<int>(runs.size()) + 1, kNumbersTable)) return;
  ImGui::TableSetupScrollFreeze(1, 1);
  ImGui::TableSetupColumn(frame.say("exits.columns.what").c_str(), 0, 1.2F);
  for (size_t i = 0; i < runs.size(); ++i)
    ImGui::TableSetupColumn((runs[i].run->name() + "##" + std::to_string(i)).c_str(), 0, 1.0F);
  header_row(frame.look, 1);
  double largest = 0;
  for (const RunExits& it : runs)
    for (const ExitRow& row : it.rows) largest = std::max(largest, measure.of(row, seconds_of(it)));
  const auto number = [&](const RunExits& it, const ExitRow& row, bool sum) {
    ImGui::TableNextColumn();
    if (row.count == 0 || (measure.costs && (!it.costs || row.handled == 0)))
      return right_text(frame.look, "–", true);
    const double value = measure.of(row, seconds_of(it));
    const std::string text = show_count(static_cast<u64>(std::llround(value)));
    sum ? right_text(frame.look, text) : bar_cell(frame.look, value, largest, text);
  };
  int id = 0;
  for (const ExitRow& row : joined(runs, measure)) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    name_cell(frame, row, id++);
    for (const RunExits& it : runs) {
      const auto own = std::ranges::find(it.rows, key_of(row), key_of);
      number(it, own == it.rows.end() ? ExitRow() : *own, false);
    }
  }
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushFont(frame.look.strong);
  ImGui::TextUnformatted(frame.say("exits.all").c_str());
  ImGui::PopFont();
  for (const RunExits& it : runs) number(it, views::total(it.rows), true);
  ImGui::EndTable();
}

Table for_file(const std::vector<RunExits>& runs) {
  Table table{.name = "exits",
              .columns = {"run", "vm", "vcpu", "reason", "class", "exits", "handled", "cycles", "least",
                          "mean", "p50", "p90", "p99", "most"},
              .rows = {}};
  for (const RunExits& it : runs)
    for (const ExitRow& row : it.rows)
      table.rows.push_back({it.run->name(), row.vm == 0 ? "" : std::to_string(row.vm),
                            row.vm == 0 ? "" : std::to_string(row.vcpu), row.reason_name,
                            row.reason_name.empty() ? "" : name(row.exit_class), std::to_string(row.count),
                            std::to_string(row.handled), std::to_string(row.cycles),
                            std::to_string(row.least), fmt::format("{:.1f}", row.mean()),
                            std::to_string(row.percentile(50)), std::to_string(row.percentile(90)),
                            std::to_string(row.percentile(99)), std::to_string(row.most)});
  return table;
}

}  // namespace

std::string class_text(const Frame& frame, observe::ExitClass exit_class) {
  return frame.say(std::string("exits.classes.") + name(exit_class));
}

std::string row_text(const Frame& frame, const ExitRow& row) {
  const std::string& by = frame.state.option("exits.by");
  std::string vm = frame.say("exits.vm", {std::to_string(row.vm)});
  std::string vcpu = frame.say("exits.vcpu", {std::to_string(row.vm), std::to_string(row.vcpu)});
  if (by == "machine") return vm;
  if (by == "vcpu") return vcpu;
  if (by == "class") return class_text(frame, row.exit_class);
  // Exits of one reason may be of several classes.
  const bool split = row.exit_class != observe::exit_class(row.reason);
  const std::string reason =
      split ? row.reason_name + " · " + class_text(frame, row.exit_class) : row.reason_name;
  return by == "vcpu-reason" ? vcpu + "   " + reason : reason;
}

void draw_exit_table(Frame& frame, const std::vector<RunExits>& runs) {
  if (frame.wants_tables) frame.tables.push_back(for_file(runs));
  runs.size() == 1 ? draw_one(frame, runs.front()) : draw_several(frame, runs);
}

}  // namespace hvlab::visualizer
