// What the runs beside a lesson's text printed on their consoles.
#include "visualizer/lesson_parts.hpp"

namespace hvlab::visualizer {

namespace {

struct Console {
  unsigned generation = 0;  // of the run that it was read from
  std::vector<std::string> lines;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else if (c != '\r') {
      lines.back() += c;
    }
  }
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

const std::vector<std::string>& console_of(const Frame& frame, const views::OpenRun& run) {
  auto& console = frame.kept.of<Console>(run);
  if (console.generation == run.generation()) return console.lines;
  console.generation = run.generation();
  try {
    console.lines = lines_of(run.reader().content("console/com1.txt"));
  } catch (const std::exception&) {
    console.lines.clear();  // nothing was printed yet
  }
  return console.lines;
}

void draw_console(const Frame& frame, const views::OpenRun& run, float width) {
  ImGui::BeginGroup();
  ImGui::PushFont(frame.look.strong);
  ImGui::TextUnformatted(run.name().c_str());
  ImGui::PopFont();
  ImGui::PushStyleColor(ImGuiCol_ChildBg, frame.look.panel);
  ImGui::BeginChild(run.reader().path().c_str(), {width, 0}, false, ImGuiWindowFlags_HorizontalScrollbar);
  ImGui::PushFont(frame.look.mono);
  const std::vector<std::string>& lines = console_of(frame, run);
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(lines.size()));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const std::string& line = lines[static_cast<size_t>(i)];
      const bool ours = line.find("HVLAB ") != std::string::npos;  // of the workload, for HVLab to read
      ImGui::PushStyleColor(ImGuiCol_Text, ours ? frame.look.faint : frame.look.ink);
      ImGui::TextUnformatted((" " + line).c_str());
      ImGui::PopStyleColor();
    }
  }
  ImGui::PopFont();
  ImGui::EndChild();
  ImGui::PopStyleColor();
  ImGui::EndGroup();
}

}  // namespace

void draw_consoles(Frame& frame) {
  const std::vector<views::OpenRun*> runs = frame.shown();
  if (runs.empty()) return;
  ImGui::TextDisabled("%s", frame.say("lesson.console").c_str());
  const float gap = ImGui::GetStyle().ItemSpacing.x;
  const auto count = static_cast<float>(runs.size());
  const float width = (ImGui::GetContentRegionAvail().x - gap * (count - 1)) / count;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (i != 0) ImGui::SameLine();
    draw_console(frame, *runs[i], width);
  }
}

}  // namespace hvlab::visualizer
