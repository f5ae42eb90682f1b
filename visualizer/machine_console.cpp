// The end of what stood on a console at the moment, its lines with their times where the trace has them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "sim/base/user_error.hpp"
#include "sim/views/lane_details.hpp"
#include "visualizer/machine_panes.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::MachineConsole;

namespace {

/// The run's marks, read once for each of its generations.
struct KeptMarks {
  std::optional<unsigned> generation;
  std::vector<views::ConsoleMark> marks;
};

const std::vector<views::ConsoleMark>& marks_of(const Frame& frame, const views::OpenRun& run) {
  KeptMarks& kept = frame.kept.of<KeptMarks>(run);
  if (kept.generation == run.generation()) return kept.marks;
  kept.generation = run.generation();
  kept.marks.clear();
  try {
    if (run.trace() != nullptr) kept.marks = views::console_marks(*run.trace());
  } catch (const UserError&) {  // a damaged trace: lines without times; the run's heading says so
  }
  return kept.marks;
}

struct Line {
  std::string text;
  std::optional<Picoseconds> time;
};

// Controls of terminals (colours, cursor) are no text.
std::vector<Line> lines_of(const std::string& tail) {
  std::vector<Line> lines(1);
  bool escape = false;
  for (const char c : tail) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (escape) {
      escape = !letter;
    } else if (c == '\x1b') {
      escape = true;
    } else if (c == '\n') {
      lines.emplace_back();
    } else if (static_cast<u8>(c) >= 0x20) {
      lines.back().text += c;
    }
  }
  if (lines.back().text.empty()) lines.pop_back();
  return lines;
}

// Lines of the same text are told apart by their order, counted from the end: the tail has the latest.
void set_times(std::vector<Line>& lines, const std::vector<views::ConsoleMark>& marks, Picoseconds until) {
  std::map<std::string, std::vector<Picoseconds>> times;
  for (const views::ConsoleMark& mark : marks)
    if (mark.time <= until) times[mark.text].push_back(mark.time);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    const auto found = times.find(line->text);
    if (found == times.end() || found->second.empty()) continue;
    line->time = found->second.back();
    found->second.pop_back();
  }
}

// The guest's own if one is looked at, else the last.
const MachineConsole* chosen_console(const Frame& frame, const views::MachineDocument& document,
                                     const MachineChoice& choice) {
  const auto named = [&](const std::string& name) {
    const auto found = std::ranges::find(document.consoles, name, &MachineConsole::name);
    return found == document.consoles.end() ? nullptr : &*found;
  };
  if (const MachineConsole* one = named(frame.state.option("machine.console"))) return one;
  if (choice.block != nullptr) {
    const std::string whose = fmt::format("vm{}-", choice.block->vm);
    for (const MachineConsole& one : document.consoles)
      if (one.name.starts_with(whose)) return &one;
  }
  return document.consoles.empty() ? nullptr : &document.consoles.front();
}

void draw_lines(Frame& frame, const MachineSource& source, const std::vector<Line>& lines) {
  const Look& look = frame.look;
  ImGui::PushFont(look.mono);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, look.px(2)});
  float times = 0;
  for (const Line& line : lines)
    if (line.time)
      times = std::max(times, text_width(show_time(source.run->shared(*line.time))) + look.px(12));
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(lines.size()));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const Line& line = lines[static_cast<size_t>(i)];
      const float left = ImGui::GetCursorPosX() + look.px(6);
      if (line.time) {
        const std::string time = show_time(source.run->shared(*line.time));
        ImGui::SetCursorPosX(left + times - look.px(12) - text_width(time));
        ImGui::TextDisabled("%s", time.c_str());
        ImGui::SameLine();
      }
      ImGui::SetCursorPosX(left + times);
      ImGui::TextUnformatted(line.text.data(), line.text.data() + line.text.size());
    }
  }
  if (ImGui::GetScrollY() >= ImGui::GetScrollMaxY()) ImGui::SetScrollHereY(1);
  ImGui::PopStyleVar();
  ImGui::PopFont();
}

}  // namespace

void draw_machine_console(Frame& frame, const MachineSource& source, const MachineChoice& choice) {
  const MachineConsole* console = chosen_console(frame, *source.document, choice);
  draw_caption(frame.look, frame.say("machine_view.console"));
  if (console == nullptr) {
    ImGui::TextDisabled("%s", frame.say("machine_view.no_console").c_str());
    return;
  }
  ImGui::SameLine();
  for (const MachineConsole& one : source.document->consoles) {
    ImGui::SameLine(0, frame.look.px(8));
    const bool chosen = &one == console;
    ImGui::PushStyleColor(ImGuiCol_Text, chosen ? frame.look.accent : frame.look.faint);
    const ImVec2 size = ImGui::CalcTextSize(one.name.c_str());
    if (ImGui::Selectable(one.name.c_str(), false, 0, size)) frame.state.set("machine.console", one.name);
    ImGui::PopStyleColor();
  }
  ImGui::PushStyleColor(ImGuiCol_ChildBg, frame.look.panel);
  ImGui::BeginChild("console", {0, 0}, false, ImGuiWindowFlags_HorizontalScrollbar);
  std::vector<Line> lines = lines_of(console->tail);
  set_times(lines, marks_of(frame, *source.run), source.when);
  draw_lines(frame, source, lines);
  ImGui::EndChild();
  ImGui::PopStyleColor();
}

}  // namespace hvlab::visualizer
