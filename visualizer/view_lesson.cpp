// A guided lab: its text at the left, the view that it talks about beside it.
#include <GLFW/glfw3.h>

#include <algorithm>
#include <optional>

#include "sim/base/user_error.hpp"
#include "visualizer/lesson_parts.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

using views::Chapter;
using views::Lesson;
using views::LessonProgress;
using views::LessonStep;

namespace {

/// What goes on beside the state: documents read, programs that run, what was kept.
struct Classroom {
  std::vector<Lesson> lessons;
  std::string language, lesson, saved, results_of, problem;
  LessonRunner runner;
  views::LessonResults results{{}};
  float scroll = 0, scroll_most = 0;  // of the text
  std::optional<float> scroll_to;
};

Classroom& classroom() {
  static Classroom one;
  return one;
}

void read_lessons(Classroom& room, const ViewState& state) {
  if (room.language == state.language) return;
  room.lessons = views::load_lessons(state.language);
  room.language = state.language;
}

// A lesson that is begun: at its first step, or where it was left.
void enter_lesson(Classroom& room, Frame& frame, const Lesson& lesson) {
  if (room.lesson == lesson.name) return;
  room.lesson = lesson.name;
  room.runner.clear();
  room.scroll_to = 0;
  frame.state.lesson = lesson.name;
  const bool fresh = std::ranges::none_of(
      frame.state.options, [](const auto& option) { return option.first.starts_with("lesson."); });
  if (fresh && !frame.still) set_progress(frame.state, views::load_progress(progress_file(), lesson.name));
}

void keep_progress(Classroom& room, const Frame& frame, const LessonProgress& progress) {
  const std::string all = room.lesson + " " + std::to_string(progress.step) + " " +
                          views::to_text(progress.given) + " " + views::to_text(progress.runs);
  if (frame.still || room.saved == all) return;
  if (!room.saved.empty()) views::save_progress(progress_file(), room.lesson, progress);
  room.saved = all;
}

void take_runs(Classroom& room, Frame& frame, LessonProgress& progress) {
  if (room.runner.running()) {
    room.runner.poll(frame.ask);
    frame.again = true;
  }
  for (const auto& [scenario, directory] : room.runner.directories()) progress.runs[scenario] = directory;
  const std::string of = views::to_text(progress.runs) + (room.runner.running() ? " running" : "");
  if (room.results_of == of && !room.runner.running()) return;
  room.results_of = of;
  room.results = views::LessonResults(progress.runs);
}

// A bar of the lesson's steps, those of a chapter close together. A click goes there.
void draw_steps(LessonFrame& at) {
  const Look& look = at.frame.look;
  const std::vector<LessonStep>& steps = at.lesson.steps;
  const ImVec2 from = ImGui::GetCursorScreenPos();
  const float gap = look.px(3), between = look.px(10), height = look.px(5);
  const float room = ImGui::GetContentRegionAvail().x - between * (views::kChapters - 1) -
                     gap * static_cast<float>(steps.size() - views::kChapters);
  const float width = room / static_cast<float>(steps.size());
  float x = from.x;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (i != 0) x += steps[i].chapter == steps[i - 1].chapter ? gap : between;
    ImGui::SetCursorScreenPos({x, from.y});
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::InvisibleButton("step", {width, look.px(14)})) at.progress.step = static_cast<unsigned>(i);
    const bool hovered = ImGui::IsItemHovered();
    if (hovered) ImGui::SetTooltip("%s", steps[i].title.c_str());
    const ImU32 color = i == at.progress.step  ? look.accent
                        : i < at.progress.step ? faded(look.accent, 0.45F)
                                               : look.line;
    const float y = from.y + look.px(4);
    ImGui::GetWindowDrawList()->AddRectFilled({x, y}, {x + width, y + height}, hovered ? look.accent : color,
                                              look.px(2));
    ImGui::PopID();
    x += width;
  }
  ImGui::SetCursorScreenPos({from.x, from.y + look.px(18)});
}

void draw_head(LessonFrame& at, const LessonStep& step) {
  const Look& look = at.frame.look;
  ImGui::TextDisabled("%s", at.lesson.title.c_str());
  draw_steps(at);
  ImGui::PushFont(look.heading);
  ImGui::TextUnformatted(step.title.c_str());
  ImGui::PopFont();
  ImGui::Dummy({1, look.px(2)});
}

// The step's text, which scrolls by itself.
void draw_text(Classroom& room, LessonFrame& at, const LessonStep& step, float foot) {
  ImGui::BeginChild("text", {0, ImGui::GetContentRegionAvail().y - foot}, false);
  if (room.scroll_to) ImGui::SetScrollY(*room.scroll_to);
  room.scroll_to.reset();
  if (at.progress.step == 0 && !at.lesson.intro.empty()) {
    views::Span intro;
    intro.text = at.lesson.intro;
    draw_spans(at.frame, at.reading, {intro}, at.frame.look.faint);
    ImGui::Dummy({1, at.frame.look.px(4)});
  }
  draw_blocks(at.frame, at.reading, step.blocks);
  draw_questions(at, step);
  if (step.chapter == Chapter::Run) draw_run(at);
  if (step.chapter == Chapter::Change) draw_commands(at, step);
  ImGui::Dummy({1, at.frame.look.px(12)});
  room.scroll = ImGui::GetScrollY();
  room.scroll_most = ImGui::GetScrollMaxY();
  ImGui::EndChild();
}

void go(Classroom& room, LessonFrame& at, int by) {
  const int last = static_cast<int>(at.lesson.steps.size()) - 1;
  const auto next = static_cast<unsigned>(std::clamp(static_cast<int>(at.progress.step) + by, 0, last));
  if (next == at.progress.step) return;
  at.progress.step = next;
  room.scroll_to = 0;
}

void draw_foot(Classroom& room, LessonFrame& at) {
  const Frame& frame = at.frame;
  ImGui::Dummy({1, frame.look.px(4)});
  ImGui::BeginDisabled(at.progress.step == 0);
  if (ImGui::Button(frame.say("lesson.back").c_str())) go(room, at, -1);
  ImGui::EndDisabled();
  ImGui::SameLine();
  ImGui::BeginDisabled(at.progress.step + 1 == at.lesson.steps.size());
  if (ImGui::Button(frame.say("lesson.next").c_str())) go(room, at, 1);
  ImGui::EndDisabled();
  ImGui::SameLine();
  const std::string count =
      std::to_string(at.progress.step + 1) + " / " + std::to_string(at.lesson.steps.size());
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", count.c_str());
  const std::string& all = frame.say("lesson.all");
  ImGui::SameLine(ImGui::GetWindowContentRegionMax().x - ImGui::CalcTextSize(all.c_str()).x -
                  2 * ImGui::GetStyle().FramePadding.x);
  if (ImGui::Button(all.c_str())) at.frame.state.lesson.clear();
}

// A remote's keys: a page of the text further, and behind its end the next step.
void take_keys(Classroom& room, LessonFrame& at, float page) {
  Frame& frame = at.frame;
  if (frame.pressed(GLFW_KEY_PAGE_DOWN)) {
    if (room.scroll + 1 < room.scroll_most) {
      room.scroll_to = std::min(room.scroll + page * 0.85F, room.scroll_most);
    } else {
      go(room, at, 1);
    }
  }
  if (frame.pressed(GLFW_KEY_PAGE_UP)) {
    if (room.scroll > 1) {
      room.scroll_to = std::max(room.scroll - page * 0.85F, 0.0F);
    } else {
      go(room, at, -1);
    }
  }
  if (frame.pressed(GLFW_KEY_S)) views::skip_all(at.lesson, at.progress);
  const Chapter chapter = at.lesson.steps[at.progress.step].chapter;
  if (frame.pressed(GLFW_KEY_ENTER) && chapter == Chapter::Run && may_run(at)) run_lesson(at);
}

// What a step's view shall show, if its runs are there.
void open_view(Classroom& room, Frame& frame, const LessonStep& step, const LessonProgress& progress) {
  room.problem.clear();
  try {
    const std::vector<std::string> arguments = views::view_arguments(step, progress.runs);
    if (arguments.empty()) {
      frame.state.set("lesson.view", std::string());
      frame.state.set("lesson.shown", std::string());
      return;
    }
    const std::vector<std::string> open = look_at(frame.state, arguments);
    if (!open.empty()) frame.open_runs = open;
  } catch (const UserError& error) {
    room.problem = error.what();
  }
}

bool is_ours(const KeyPress& press) {
  return press.key == GLFW_KEY_PAGE_DOWN || press.key == GLFW_KEY_PAGE_UP || press.key == GLFW_KEY_ENTER ||
         press.key == GLFW_KEY_S;
}

void draw_beside(Frame& frame, const std::string& name) {
  const auto view =
      std::ranges::find(all_views(), name, [](const View& one) { return std::string(one.name); });
  if (view == all_views().end() || name == "lesson") return;
  Frame inner = frame;
  std::erase_if(inner.key_presses, is_ours);
  inner.open_runs.clear();
  view->draw(inner);
  frame.animate |= inner.animate;
  frame.loading |= inner.loading;
  frame.again |= inner.again;
  frame.tables = std::move(inner.tables);
  frame.status = inner.status;
  if (!inner.open_runs.empty()) frame.open_runs = inner.open_runs;
}

void draw_beside_head(Frame& frame, const std::string& name) {
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", frame.say("view." + name).c_str());
  const std::string& alone = frame.say("lesson.alone");
  ImGui::SameLine(ImGui::GetWindowContentRegionMax().x - ImGui::CalcTextSize(alone.c_str()).x -
                  2 * ImGui::GetStyle().FramePadding.x);
  if (ImGui::Button(alone.c_str())) frame.state.view = name;
}

void draw_column(Classroom& room, LessonFrame& at, const LessonStep& step, float width) {
  ImGui::BeginChild("lesson", {width, 0}, false,
                    ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  const float page = ImGui::GetContentRegionAvail().y - at.frame.look.px(110);
  draw_head(at, step);
  draw_text(room, at, step,
            ImGui::GetFrameHeight() + at.frame.look.px(4) + 3 * ImGui::GetStyle().ItemSpacing.y);
  draw_foot(room, at);
  ImGui::EndChild();
  take_keys(room, at, page);
}

// The view beside the text, and below it what its runs printed, if the text talks of that.
void draw_side(Frame& frame, const std::string& name) {
  ImGui::SameLine(0, frame.look.px(22));
  ImGui::BeginChild("beside", {0, 0}, false, ImGuiWindowFlags_NoScrollWithMouse);
  draw_beside_head(frame, name);
  const bool console = frame.state.flag("lesson.console");
  if (console)
    ImGui::BeginChild("upper", {0, ImGui::GetContentRegionAvail().y * 0.42F}, false,
                      ImGuiWindowFlags_NoScrollWithMouse);
  draw_beside(frame, name);
  if (console) ImGui::EndChild();
  if (console) draw_consoles(frame);
  ImGui::EndChild();
}

void draw_open_lesson(Classroom& room, Frame& frame, const Lesson& lesson) {
  LessonProgress progress = progress_of(frame.state);
  progress.step = std::min(progress.step, static_cast<unsigned>(lesson.steps.size()) - 1);
  take_runs(room, frame, progress);
  Reading reading{.words = words_of(frame)};
  LessonFrame at{.frame = frame,
                 .lesson = lesson,
                 .progress = progress,
                 .runner = room.runner,
                 .results = room.results,
                 .reading = reading};
  const LessonStep& step = lesson.steps[progress.step];
  open_view(room, frame, step, progress);
  const std::string beside = frame.runs.runs.empty() ? "" : frame.state.option("lesson.view");
  const ImVec2 area = ImGui::GetContentRegionAvail();
  const Look& look = frame.look;
  const float alone = std::min(area.x, look.px(860)),
              left = std::max(area.x * 0.39F, std::min(look.px(520), area.x * 0.5F));
  if (beside.empty()) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + (area.x - alone) / 2);
  draw_column(room, at, step, beside.empty() ? alone : left);
  if (!beside.empty()) draw_side(frame, beside);
  set_progress(frame.state, progress);
  keep_progress(room, frame, progress);
  if (frame.status.empty()) frame.status = room.problem.empty() ? frame.say("lesson.keys") : room.problem;
}

}  // namespace

void draw_lesson(Frame& frame) {
  Classroom& room = classroom();
  try {
    read_lessons(room, frame.state);
    if (frame.state.lesson.empty()) {
      std::erase_if(frame.state.options,
                    [](const auto& option) { return option.first.starts_with("lesson."); });
      room.lesson.clear();
      draw_lesson_list(frame, room.lessons);
      return;
    }
    const Lesson& lesson = views::find_lesson(room.lessons, frame.state.lesson);
    enter_lesson(room, frame, lesson);
    draw_open_lesson(room, frame, lesson);
  } catch (const UserError& error) {
    nothing_to_show(frame, "view.lesson", error.what());
  }
}

}  // namespace hvlab::visualizer
