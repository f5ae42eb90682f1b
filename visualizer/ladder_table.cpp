#include "visualizer/ladder_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "visualizer/ladder_picture.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

using views::HopTimes;

// What of each hop stands in the columns of several runs.
struct Measure {
  const char* name;
  double (*of)(const HopTimes&);
};
constexpr std::array kMeasures = {
    Measure{"mean", [](const HopTimes& hop) { return hop.mean; }},
    Measure{"p50", [](const HopTimes& hop) { return static_cast<double>(hop.p50); }},
    Measure{"p90", [](const HopTimes& hop) { return static_cast<double>(hop.p90); }},
    Measure{"p99", [](const HopTimes& hop) { return static_cast<double>(hop.p99); }},
    Measure{"max", [](const HopTimes& hop) { return static_cast<double>(hop.most); }},
};

const Measure& measure_of(const Frame& frame) {
  const auto* found = std::ranges::find_if(
      kMeasures, [&](const Measure& each) { return frame.state.option("ladder.measure") == each.name; });
  return found == kMeasures.end() ? kMeasures.front() : *found;
}

std::string microseconds(double picoseconds) {
  return fmt::format("{:.3f}", picoseconds / static_cast<double>(kMicrosecond));
}

const HopTimes& whole(const RunLadder& it) { return it.hops->back(); }

std::string hop_name(const Frame& frame, const HopTimes& hop) {
  return hop.label.empty() ? frame.say("ladder.whole") : step_text(frame, hop.label);
}

// All that is known of one run's hops.
void draw_one(Frame& frame, const RunLadder& it) {
  static constexpr const char* kColumns[] = {"hop", "requests", "mean", "share", "p50",
                                             "p90", "p99",      "max",  "cycles"};
  if (!ImGui::BeginTable("hops", std::size(kColumns), kNumbersTable)) return;
  ImGui::TableSetupScrollFreeze(1, 1);
  for (const char* column : kColumns)
    ImGui::TableSetupColumn(frame.say(std::string("ladder.columns.") + column).c_str(), 0,
                            column == kColumns[0] ? 3.0F : 1.0F);
  header_row(frame.look, 1);
  double largest = 0;
  for (size_t i = 0; i + 1 < it.hops->size(); ++i) largest = std::max(largest, (*it.hops)[i].mean);
  for (const HopTimes& hop : *it.hops) {
    const bool last = hop.label.empty();
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushFont(last ? frame.look.strong : frame.look.text);
    ImGui::TextUnformatted(hop_name(frame, hop).c_str());
    ImGui::PopFont();
    ImGui::TableNextColumn();
    right_text(frame.look, show_count(hop.requests), true);
    ImGui::TableNextColumn();
    last ? right_text(frame.look, microseconds(hop.mean))
         : bar_cell(frame.look, hop.mean, largest, microseconds(hop.mean));
    ImGui::TableNextColumn();
    right_text(frame.look, whole(it).mean > 0 ? fmt::format("{:.1f}", 100 * hop.mean / whole(it).mean) : "",
               true);
    for (const Picoseconds time : {hop.p50, hop.p90, hop.p99, hop.most}) {
      ImGui::TableNextColumn();
      right_text(frame.look, microseconds(static_cast<double>(time)));
    }
    ImGui::TableNextColumn();
    right_text(frame.look, fmt::format("{:.0f}", hop.mean_cycles), true);
  }
  ImGui::EndTable();
}

void choose_measure(Frame& frame) {
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", frame.say("ladder.table_of").c_str());
  ImGui::SameLine(0, frame.look.px(10));
  Choices choices;
  for (const Measure& measure : kMeasures)
    choices.emplace_back(measure.name, frame.say(std::string("ladder.columns.") + measure.name));
  choose(frame, "ladder.measure", choices);
}

// One number of each hop for each run.
void draw_several(Frame& frame, const std::vector<const RunLadder*>& with) {
  std::vector<std::vector<HopTimes>> tables;
  tables.reserve(with.size());
  for (const RunLadder* it : with) tables.push_back(*it->hops);
  const Measure& measure = measure_of(frame);
  double largest = 0;
  for (const auto& table : tables)
    for (size_t i = 0; i + 1 < table.size(); ++i) largest = std::max(largest, measure.of(table[i]));
  if (!ImGui::BeginTable("hops", static_cast<int>(with.size()) + 1, kNumbersTable)) return;
  ImGui::TableSetupScrollFreeze(1, 1);
  ImGui::TableSetupColumn(frame.say("ladder.columns.hop").c_str(), 0, 1.6F);
  for (size_t i = 0; i < with.size(); ++i)
    ImGui::TableSetupColumn((with[i]->run->name() + "##" + std::to_string(i)).c_str(), 0, 1.0F);
  header_row(frame.look, 1);
  for (const std::vector<int>& row : views::joined_hops(tables)) {
    const auto any = std::ranges::find_if(row, [](int at) { return at >= 0; });
    const HopTimes& named = tables[static_cast<size_t>(any - row.begin())][static_cast<size_t>(*any)];
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushFont(named.label.empty() ? frame.look.strong : frame.look.text);
    ImGui::TextUnformatted(hop_name(frame, named).c_str());
    ImGui::PopFont();
    for (size_t i = 0; i < row.size(); ++i) {
      ImGui::TableNextColumn();
      if (row[i] < 0) {
        right_text(frame.look, "–", true);
        continue;
      }
      const double value = measure.of(tables[i][static_cast<size_t>(row[i])]);
      named.label.empty() ? right_text(frame.look, microseconds(value))
                          : bar_cell(frame.look, value, largest, microseconds(value));
    }
  }
  ImGui::EndTable();
}

// What an exit's layers took, in cycles.
void draw_layers(Frame& frame, const std::vector<RunLadder>& ladders) {
  std::vector<std::array<u64, views::kRungs>> cycles(ladders.size());
  std::array<bool, views::kRungs> used{};
  for (size_t i = 0; i < ladders.size(); ++i)
    for (const views::Step& step : ladders[i].ladder.steps) {
      if (step.begin < ladders[i].ladder.zero ||
          (&step == &ladders[i].ladder.steps.back() && ladders[i].exit.entered))
        continue;
      cycles[i][static_cast<size_t>(step.rung)] += step.cycles;
      used[static_cast<size_t>(step.rung)] = true;
    }
  if (!ImGui::BeginTable("layers", static_cast<int>(ladders.size()) + 1, kNumbersTable)) return;
  ImGui::TableSetupScrollFreeze(1, 1);
  ImGui::TableSetupColumn(frame.say("ladder.columns.layer").c_str(), 0, 1.6F);
  for (size_t i = 0; i < ladders.size(); ++i)
    ImGui::TableSetupColumn((ladders[i].run->name() + "##" + std::to_string(i)).c_str(), 0, 1.0F);
  header_row(frame.look, 1);
  const auto row = [&](const std::string& text, auto value, ImFont* font) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushFont(font);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopFont();
    for (size_t i = 0; i < ladders.size(); ++i) {
      ImGui::TableNextColumn();
      const u64 number = value(i);
      right_text(frame.look, number == 0 ? "–" : show_count(number), number == 0);
    }
  };
  for (size_t rung = 0; rung < views::kRungs; ++rung)
    if (used[rung])
      row(
          frame.say(std::string("ladder.rungs.") + views::name(static_cast<views::Rung>(rung))),
          [&](size_t i) { return cycles[i][rung]; }, frame.look.text);
  row(frame.say("ladder.whole_exit"), [&](size_t i) { return ladders[i].ladder.cycles; }, frame.look.strong);
  ImGui::EndTable();
}

// For a file: all numbers, in picoseconds and cycles.
Table hops_for_file(const std::vector<const RunLadder*>& with) {
  Table table{.name = "hops",
              .columns = {"run", "system", "operation", "bytes", "stage", "where", "hop", "requests",
                          "mean_ps", "p50_ps", "p90_ps", "p99_ps", "most_ps", "mean_cycles"},
              .rows = {}};
  for (const RunLadder* it : with) {
    const auto& [system, operation, bytes] = it->group->key;
    for (const HopTimes& hop : *it->hops) {
      const bool last = hop.label.empty();
      table.rows.push_back({it->run->name(), std::to_string(system), observe::name(operation),
                            std::to_string(bytes), last ? "" : observe::name(hop.stage),
                            last ? "" : observe::name(hop.where), last ? "the request" : hop.label,
                            std::to_string(hop.requests), fmt::format("{:.0f}", hop.mean),
                            std::to_string(hop.p50), std::to_string(hop.p90), std::to_string(hop.p99),
                            std::to_string(hop.most), fmt::format("{:.1f}", hop.mean_cycles)});
    }
  }
  return table;
}

Table steps_for_file(const std::vector<RunLadder>& ladders) {
  Table table{.name = "steps",
              .columns = {"run", "layer", "what", "core", "begin_ps", "end_ps", "cycles"},
              .rows = {}};
  for (const RunLadder& it : ladders)
    for (const views::Step& step : it.ladder.steps) {
      const auto time = [&](Picoseconds at) {
        return std::to_string(static_cast<PicosecondDelta>(at) -
                              static_cast<PicosecondDelta>(it.ladder.zero));
      };
      table.rows.push_back({it.run->name(), name(step.rung), step.label, std::to_string(step.core),
                            time(step.begin), time(step.end), std::to_string(step.cycles)});
    }
  return table;
}

}  // namespace

float table_height(const Frame& frame, const std::vector<RunLadder>& ladders, float most) {
  size_t rows = 6;
  for (const RunLadder& it : ladders) rows = std::max(rows, it.hops == nullptr ? 0 : it.hops->size());
  const float row = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
  return std::min(most, static_cast<float>(rows + 1) * row + frame.look.px(50));
}

void draw_ladder_table(Frame& frame, const std::vector<RunLadder>& ladders, float height) {
  std::vector<const RunLadder*> with;
  for (const RunLadder& it : ladders)
    if (it.hops != nullptr) with.push_back(&it);
  if (frame.wants_tables) {
    if (!with.empty()) frame.tables.push_back(hops_for_file(with));
    frame.tables.push_back(steps_for_file(ladders));
  }
  ImGui::BeginChild("table", {0, height}, false);
  if (frame.state.option("ladder.mode") == "exit") {
    draw_layers(frame, ladders);
  } else if (with.size() == 1) {
    ImGui::TextDisabled("%s", frame.say("ladder.table_one").c_str());
    draw_one(frame, *with.front());
  } else if (!with.empty()) {
    choose_measure(frame);
    draw_several(frame, with);
  }
  ImGui::EndChild();
}

}  // namespace hvlab::visualizer
