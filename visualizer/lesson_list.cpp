// The lessons there are, each with what it is about: to choose from.
#include <algorithm>

#include "visualizer/lesson_parts.hpp"

namespace hvlab::visualizer {

void draw_lesson_list(Frame& frame, const std::vector<views::Lesson>& lessons) {
  const Look& look = frame.look;
  const float width = std::min(ImGui::GetContentRegionAvail().x, look.px(860));
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + (ImGui::GetContentRegionAvail().x - width) / 2);
  ImGui::BeginChild("lessons", {width, 0}, false);
  ImGui::Dummy({1, look.px(20)});
  ImGui::PushFont(look.heading);
  ImGui::TextUnformatted(frame.say("lesson.choose").c_str());
  ImGui::PopFont();
  for (const views::Lesson& lesson : lessons) {
    ImGui::Dummy({1, look.px(8)});
    ImGui::PushFont(look.strong);
    const bool chosen = ImGui::Selectable(lesson.title.c_str());
    ImGui::PopFont();
    ImGui::PushTextWrapPos(0);
    ImGui::TextDisabled("%s", lesson.intro.c_str());
    ImGui::PopTextWrapPos();
    if (chosen) frame.state.lesson = lesson.name;
  }
  ImGui::EndChild();
}

}  // namespace hvlab::visualizer
