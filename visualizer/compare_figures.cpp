// Heads of the columns, where time goes, figures with their ratios, how they went over time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/compare_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

using views::Figure;

constexpr double kNotable = 0.05;  // a ratio so far from 1 has a colour

double whole(const std::vector<std::pair<std::string, double>>& ledger) {
  double sum = 0;
  for (const auto& [account, seconds] : ledger) sum += seconds;
  return sum;
}

PicosecondDelta to_delta(double seconds) {
  return static_cast<PicosecondDelta>(std::llround(seconds * 1e12));
}

// Shares of the longest bar, so that lengths can be compared; with `scale` 0 each has its own.
void draw_bar(Frame& frame, const std::vector<std::pair<std::string, double>>& ledger, ImVec2 from, ImVec2 to,
              double scale) {
  const Look& look = frame.look;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const double all = whole(ledger), unit = scale > 0 ? scale : all;
  if (unit <= 0) return;
  float x = from.x;
  for (const auto& [account, seconds] : ledger) {
    const float width = (to.x - from.x) * static_cast<float>(seconds / unit);
    const ImVec2 begin{x, from.y}, end{x + width, to.y};
    fill(list, look, begin, end, views::style_of(account));
    if (ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(begin, end))
      ImGui::SetTooltip("%s\n%s · %s", account.c_str(), show_share(seconds / all).c_str(),
                        show_time(to_delta(seconds)).c_str());
    x += width;
  }
  list->AddRect(from, {x, to.y}, faded(look.ink, 0.35F));
}

// The accounts that show anywhere, once.
float draw_accounts(const Comparing& comparing, float top) {
  Frame& frame = comparing.frame;
  std::vector<std::string> accounts;
  const auto take = [&](const auto& ledger) {
    for (const auto& [account, seconds] : ledger)
      if (seconds > 0.002 * whole(ledger) && std::ranges::find(accounts, account) == accounts.end())
        accounts.push_back(account);
  };
  for (const Column& column : comparing.columns) {
    if (column.told != nullptr) take(column.told->ledger);
    take(column.kept->ledger);
  }
  if (accounts.empty()) return top;
  ImGui::SetCursorScreenPos({comparing.columns.front().left, top});
  const float left = comparing.columns.front().left;
  const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
  for (size_t i = 0; i < accounts.size(); ++i) {
    const std::string key = "timeline.states." + accounts[i];
    const std::string& words = frame.say.has(key) ? frame.say(key) : accounts[i];
    const float width = ImGui::CalcTextSize(words.c_str()).x + frame.look.px(24);
    if (i != 0) ImGui::SameLine(0, frame.look.px(16));
    if (i != 0 && ImGui::GetCursorScreenPos().x + width > right) {
      ImGui::NewLine();
      ImGui::SetCursorScreenPos({left, ImGui::GetCursorScreenPos().y});
    }
    legend(frame.look, views::style_of(accounts[i]), words);
  }
  return ImGui::GetItemRectMax().y + frame.look.px(10);
}

void draw_figure(const Comparing& comparing, const Column& column, Figure figure, double most, float top) {
  const Look& look = comparing.frame.look;
  const double value = column.told->figure(figure).value_or(-1);
  if (value < 0) return ImGui::GetWindowDrawList()->AddText({column.left, top}, look.faint, "–");
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float line = ImGui::GetTextLineHeight(), bar = top + line + look.px(2);
  const float width = column.right - column.left;
  list->AddRectFilled({column.left, bar}, {column.right, bar + look.px(3)}, faded(look.line, 0.5F));
  list->AddRectFilled({column.left, bar},
                      {column.left + width * static_cast<float>(value / most), bar + look.px(3)},
                      look.color(views::style_of_series(column.number)));
  list->AddText({column.left, top}, look.ink, show_figure(figure, value).c_str());
  if (column.base == nullptr || column.base == column.told) return;
  const double reference = column.base->figure(figure).value_or(0);
  if (reference <= 0) return;
  const double ratio = value / reference;
  const double worse = (ratio - 1) * views::worse(figure);
  const ImU32 color = worse > kNotable ? look.bad : worse < -kNotable ? look.good : look.faint;
  draw_right(fmt::format("×{:.{}f}", ratio, ratio < 99.5 ? 2 : 0), column.right, top, color);
}

// One line over time, all columns on one scale.
void draw_line(const Comparing& comparing, const Column& column, const std::vector<double>& values,
               double most, ImVec2 from, ImVec2 to) {
  Frame& frame = comparing.frame;
  const Look& look = frame.look;
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddLine({from.x, to.y}, to, look.line);
  const auto [begin, end] = frame.span();
  const double span = static_cast<double>(end - begin);
  const auto x_of = [&](PicosecondDelta time) {
    return from.x + (to.x - from.x) * static_cast<float>(static_cast<double>(time - begin) / span);
  };
  list->PushClipRect(from, {to.x, to.y + 1}, true);
  const views::Series& series = column.kept->series;
  const ImU32 color = look.color(views::style_of_series(column.number));
  for (size_t i = 0; i < values.size() && most > 0; ++i) {
    if (values[i] <= 0) continue;
    const PicosecondDelta time = column.run->shared(series.first + series.width * i);
    const float left = x_of(time), right = x_of(time + static_cast<PicosecondDelta>(series.width));
    const float height = (to.y - from.y) * static_cast<float>(values[i] / most);
    list->AddRectFilled({left, to.y - std::max(height, 1.0F)}, {std::max(right, left + 1), to.y}, color);
  }
  if (frame.state.at) list->AddLine({x_of(*frame.state.at), from.y}, {x_of(*frame.state.at), to.y}, look.ink);
  list->PopClipRect();
}

// A click sets the cursor; pointing tells the value there.
void point(const Comparing& comparing, const Column& column, const std::vector<double>& values,
           std::string (*show)(double), ImVec2 from, ImVec2 to) {
  Frame& frame = comparing.frame;
  if (!ImGui::IsWindowHovered() || !ImGui::IsMouseHoveringRect(from, to)) return;
  const auto [begin, end] = frame.span();
  const double part = (ImGui::GetIO().MousePos.x - from.x) / (to.x - from.x);
  const PicosecondDelta time = begin + static_cast<PicosecondDelta>(part * static_cast<double>(end - begin));
  if (ImGui::IsMouseDown(ImGuiMouseButton_Left)) frame.state.at = time;
  const views::Series& series = column.kept->series;
  const Picoseconds own = column.run->own(time);
  const size_t bucket = own < series.first ? values.size() : (own - series.first) / series.width;
  if (bucket < values.size())
    ImGui::SetTooltip("%s\n%s", show_time(time, (end - begin) / 500).c_str(), show(values[bucket]).c_str());
}

struct Line {
  const char* name;
  std::vector<double> views::Series::* values;
  std::string (*show)(double);
};
constexpr Line kLines[] = {
    {"exits", &views::Series::exits, [](double value) { return show_figure(Figure::Exits, value); }},
    {"requests", &views::Series::requests, [](double value) { return show_figure(Figure::Exits, value); }},
    {"latency", &views::Series::latency, [](double value) { return show_figure(Figure::Latency, value); }}};

}  // namespace

float draw_heads(const Comparing& comparing, float top) {
  Frame& frame = comparing.frame;
  const Look& look = frame.look;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float line = ImGui::GetTextLineHeight();
  for (const Column& column : comparing.columns) {
    const float width = column.right - column.left, side = look.px(10);
    fill(list, look, {column.left, top + look.px(4)}, {column.left + side, top + look.px(4) + side},
         views::style_of_series(column.number));
    ImGui::PushFont(look.strong);
    list->AddText({column.left + side * 1.6F, top}, look.ink,
                  fitted(column.run->name(), width - side * 1.6F).c_str());
    ImGui::PopFont();
    std::string below = frame.say(std::string("layers.shape.") + views::name(column.kept->picture.shape));
    ImU32 color = look.faint;
    const record::TraceReader* trace = column.run->trace();
    if (frame.state.at && trace != nullptr && column.run->own(*frame.state.at) > trace->end())
      below = frame.say("compare.ended", {show_time(column.run->shared(trace->end()))});
    if (!column.run->problem().empty()) below = column.run->problem(), color = look.bad;
    if (column.told != nullptr && !column.told->failure.empty())
      below = column.told->failure, color = look.bad;
    list->AddText({column.left, top + line + look.px(2)}, color, fitted(below, width).c_str());
    if (ImGui::IsWindowHovered() &&
        ImGui::IsMouseHoveringRect({column.left, top}, {column.right, top + 2 * line}))
      ImGui::SetTooltip("%s\n%s", column.run->argument().c_str(), below.c_str());
  }
  return top + 2 * line + look.px(10);
}

float draw_ledgers(const Comparing& comparing, float top) {
  Frame& frame = comparing.frame;
  const Look& look = frame.look;
  const std::string phase = frame.state.option("compare.phase");
  const float height = look.px(18);
  double longest = 0;
  for (const Column& column : comparing.columns)
    if (column.told != nullptr) longest = std::max(longest, whole(column.told->ledger));
  if (longest > 0) {
    row_name(comparing, frame.say("compare.ledger"), top, phase.empty() ? frame.say("compare.all") : phase);
    for (const Column& column : comparing.columns)
      if (column.told != nullptr)
        draw_bar(frame, column.told->ledger, {column.left, top}, {column.right, top + height}, longest);
    top += std::max(height, 2 * ImGui::GetTextLineHeight()) + look.px(4);
  }
  row_name(comparing, frame.say("compare.shares"), top,
           frame.say(frame.state.at ? "compare.at_cursor" : "compare.whole_run"));
  for (const Column& column : comparing.columns)
    draw_bar(frame, column.kept->ledger, {column.left, top}, {column.right, top + height}, 0);
  return draw_accounts(comparing, top + 2 * ImGui::GetTextLineHeight() + look.px(4));
}

float draw_figures(const Comparing& comparing, float top) {
  Frame& frame = comparing.frame;
  const float row = ImGui::GetTextLineHeight() + frame.look.px(11);
  for (size_t i = 0; i < static_cast<size_t>(Figure::Count); ++i) {
    const auto figure = static_cast<Figure>(i);
    double most = 0;
    for (const Column& column : comparing.columns)
      if (column.told != nullptr) most = std::max(most, column.told->figure(figure).value_or(0));
    if (most <= 0) continue;
    row_name(comparing, frame.say(std::string("compare.figure.") + views::name(figure)), top);
    for (const Column& column : comparing.columns)
      if (column.told != nullptr) draw_figure(comparing, column, figure, most, top);
    top += row;
  }
  return top + frame.look.px(4);
}

float draw_series(const Comparing& comparing, float top) {
  Frame& frame = comparing.frame;
  const float height = frame.look.px(32), gap = frame.look.px(5);
  for (const Line& line : kLines) {
    double most = 0;
    for (const Column& column : comparing.columns)
      for (const double value : column.kept->series.*line.values) most = std::max(most, value);
    if (most <= 0) continue;
    row_name(comparing, frame.say(std::string("compare.series.") + line.name), top,
             frame.say("compare.up_to", {line.show(most)}));
    for (const Column& column : comparing.columns) {
      const std::vector<double>& values = column.kept->series.*line.values;
      const ImVec2 from{column.left, top}, to{column.right, top + height};
      draw_line(comparing, column, values, most, from, to);
      point(comparing, column, values, line.show, from, to);
    }
    top += height + gap;
  }
  return top;
}

std::string show_share(double share) {
  return fmt::format("{:.{}f}%", 100 * share, share > 0 && share < 0.0095 ? 1 : 0);
}

std::string show_rounded(double value) { return show_count(static_cast<u64>(std::llround(value))); }

std::string show_figure(Figure figure, double value) {
  switch (figure) {
    case Figure::Memory: return show_bytes(value);
    case Figure::Throughput: return fmt::format("{:.1f} MB/s", value * 1e-6);
    case Figure::Exits: return show_rounded(value) + "/s";
    case Figure::Time:
    case Figure::Latency:
    case Figure::Start:
    case Figure::Count: break;
  }
  return show_time(to_delta(value));
}

}  // namespace hvlab::visualizer
