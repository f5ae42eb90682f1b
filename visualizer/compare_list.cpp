// What differs most, in sentences; small helps for all parts; tables for CSV.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/compare_parts.hpp"
#include "visualizer/parts.hpp"
#include "visualizer/rich_text.hpp"

namespace hvlab::visualizer {

namespace {

using views::Figure;

void draw_difference(Frame& frame, const views::ToldDifference& each, unsigned number) {
  const Look& look = frame.look;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float wide = ImGui::GetContentRegionAvail().x - look.px(98);
  const ImVec2 size = ImGui::CalcTextSize(each.why.c_str(), nullptr, false, wide);
  if (!ImGui::IsRectVisible({look.px(98) + wide, size.y})) {  // scrolled away
    ImGui::Dummy(size);
    return ImGui::Dummy({1, look.px(1)});
  }
  const std::string ratio = each.ratio ? fmt::format("×{:.{}f}", *each.ratio, *each.ratio < 99.5 ? 2 : 0)
                                       : frame.say("compare.only");
  const float side = look.px(10);
  fill(ImGui::GetWindowDrawList(), look, {at.x, at.y + look.px(4)}, {at.x + side, at.y + look.px(4) + side},
       views::style_of_series(number));
  ImGui::PushFont(look.strong);
  draw_right(ratio, at.x + look.px(84), at.y, look.ink);
  ImGui::PopFont();
  ImGui::SetCursorScreenPos({at.x + look.px(98), at.y});
  draw_wrapped(frame, each.why);
  if (ImGui::IsItemHovered()) {
    std::string text =
        fmt::format("{} · {}: {} / {} {}", each.run, each.what, each.value, each.reference, each.unit);
    for (const std::string& name : each.explained) text += "\nhvlab explain " + name;
    ImGui::SetTooltip("%s", text.c_str());
  }
  if (ImGui::IsItemClicked() && each.what == "phase.time") frame.state.set("compare.phase", each.subject);
  ImGui::Dummy({1, look.px(1)});
}

std::string text_of(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

}  // namespace

void draw_differences(const Comparing& comparing) {
  Frame& frame = comparing.frame;
  ImGui::PushFont(frame.look.strong);
  ImGui::TextUnformatted(frame.say("compare.differs").c_str());
  ImGui::PopFont();
  ImGui::SameLine(0, frame.look.px(12));
  ImGui::TextDisabled(
      "%s", frame.say("compare.differs_how", {std::to_string(comparing.differences.size())}).c_str());
  ImGui::BeginChild("differences", {0, 0});
  if (comparing.differences.empty()) ImGui::TextDisabled("%s", frame.say("compare.no_differences").c_str());
  for (const views::ToldDifference& each : comparing.differences)
    draw_difference(frame, each, static_cast<unsigned>(each.place));
  ImGui::EndChild();
}

std::vector<Table> compare_tables(const Comparing& comparing) {
  Table figures{.name = "figures", .columns = {"run", "processors"}, .rows = {}};
  for (size_t i = 0; i < static_cast<size_t>(Figure::Count); ++i)
    figures.columns.push_back(std::string(views::name(static_cast<Figure>(i))) + " (" +
                              views::unit(static_cast<Figure>(i)) + ")");
  Table ledger{.name = "ledger", .columns = {"run", "account", "seconds of phases"}, .rows = {}};
  Table shown{.name = "ledger at the cursor, or of the whole run",
              .columns = {"run", "from (ps)", "until (ps)", "account", "seconds"},
              .rows = {}};
  for (const Column& column : comparing.columns) {
    for (const auto& [account, seconds] : column.kept->ledger)
      shown.rows.push_back({column.run->name(), std::to_string(column.kept->window.first),
                            std::to_string(column.kept->window.second), account, fmt::format("{}", seconds)});
    if (column.told == nullptr) continue;
    std::vector<std::string> row{column.run->name(), std::to_string(column.told->processors)};
    for (size_t i = 0; i < static_cast<size_t>(Figure::Count); ++i)
      row.push_back(text_of(column.told->figure(static_cast<Figure>(i))));
    figures.rows.push_back(std::move(row));
    for (const auto& [account, seconds] : column.told->ledger)
      ledger.rows.push_back({column.run->name(), account, fmt::format("{}", seconds)});
  }
  Table differences{.name = "differences",
                    .columns = {"what", "subject", "run", "baseline", "processors", "value", "reference",
                                "unit", "ratio", "why"},
                    .rows = {}};
  for (const views::ToldDifference& each : comparing.differences)
    differences.rows.push_back({each.what, each.subject, each.run, each.baseline,
                                std::to_string(each.processors), fmt::format("{}", each.value),
                                fmt::format("{}", each.reference), each.unit, text_of(each.ratio), each.why});
  return {figures, ledger, shown, differences};
}

void draw_right(const std::string& text, float right, float y, ImU32 color) {
  ImGui::GetWindowDrawList()->AddText({right - ImGui::CalcTextSize(text.c_str()).x, y}, color, text.c_str());
}

void row_name(const Comparing& comparing, const std::string& text, float y, const std::string& below) {
  const Look& look = comparing.frame.look;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float width = look.px(122);
  list->AddText({comparing.left, y}, look.ink, fitted(text, width).c_str());
  if (!below.empty())
    list->AddText({comparing.left, y + ImGui::GetTextLineHeight()}, look.faint, fitted(below, width).c_str());
}

}  // namespace hvlab::visualizer
