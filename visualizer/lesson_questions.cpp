#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <map>

#include "visualizer/lesson_parts.hpp"

namespace hvlab::visualizer {

using views::Given;
using views::Outcome;
using views::Question;

namespace {

// "1360", "13.4", "0.05": three digits that count.
std::string number_text(double value) {
  const double size = std::abs(value);
  const int digits = size == 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  if (value == std::round(value) && size < 1e6) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, digits);
}

std::string with_unit(const Frame& frame, double value, const std::string& unit) {
  const std::string key = "lesson.unit." + (unit == "%" ? "percent" : unit);
  return number_text(value) + (unit.empty() ? "" : " " + frame.say(key));
}

ImU32 color_of(const Look& look, Outcome::How how) {
  using enum Outcome::How;
  if (how == Right || how == Near) return look.good;
  return how == Order || how == Far ? look.bad : look.faint;
}

const char* verdict_key(Outcome::How how) {
  using enum Outcome::How;
  switch (how) {
    case Right: return "lesson.verdict.right";
    case Near: return "lesson.verdict.near";
    case Order: return "lesson.verdict.order";
    case Far: return "lesson.verdict.far";
    default: return "lesson.verdict.skipped";
  }
}

/// A frame around what is drawn between its beginning and end.
class Card {
 public:
  Card(const Look& look, ImU32 edge) : look_(look), edge_(edge) {
    from_ = ImGui::GetCursorScreenPos();
    width_ = ImGui::GetContentRegionAvail().x;
    ImGui::GetWindowDrawList()->ChannelsSplit(2);
    ImGui::GetWindowDrawList()->ChannelsSetCurrent(1);
    ImGui::Dummy({1, look.px(6)});
    ImGui::Indent(look.px(14));
    ImGui::BeginGroup();
    // the region's right edge, less the card's own margin
    ImGui::PushItemWidth(-look.px(14));
  }
  ~Card() {
    ImGui::PopItemWidth();
    ImGui::EndGroup();
    ImGui::Unindent(look_.px(14));
    ImGui::Dummy({1, look_.px(4)});
    const ImVec2 to = {from_.x + width_, ImGui::GetCursorScreenPos().y};
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->ChannelsSetCurrent(0);
    list->AddRectFilled(from_, to, look_.panel, look_.px(6));
    list->AddRectFilled(from_, {from_.x + look_.px(3), to.y}, edge_, look_.px(2));
    list->ChannelsMerge();
    ImGui::Dummy({1, look_.px(6)});
  }
  Card(const Card&) = delete;
  Card& operator=(const Card&) = delete;

 private:
  const Look& look_;
  ImU32 edge_;
  ImVec2 from_;
  float width_;
};

// A circle, full if it is chosen; with a tick if it is what was measured.
void draw_circle(const Look& look, ImVec2 middle, bool chosen, bool right) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float radius = look.px(6);
  list->AddCircle(middle, radius, chosen ? look.accent : look.faint, 0, look.px(1.4F));
  if (chosen) list->AddCircleFilled(middle, look.px(3.2F), look.accent);
  if (!right) return;
  const ImVec2 tick[] = {{middle.x - look.px(24), middle.y},
                         {middle.x - look.px(20.5F), middle.y + look.px(4)},
                         {middle.x - look.px(14), middle.y - look.px(5)}};
  list->AddPolyline(tick, 3, look.good, 0, look.px(2));
}

void draw_options(LessonFrame& at, const Question& question, size_t number, const Outcome& outcome) {
  const Look& look = at.frame.look;
  const Given given = at.progress.answer(number);
  const bool measured = outcome.how != Outcome::How::Unknown;
  for (unsigned i = 0; i < question.options.size(); ++i) {
    ImGui::PushID(static_cast<int>(i));
    const bool chosen = given.how == Given::How::Option && given.option == i;
    const ImVec2 from = ImGui::GetCursorScreenPos();
    const float margin = look.px(measured ? 44 : 22);
    ImGui::Indent(margin);
    ImGui::BeginGroup();
    draw_spans(at.frame, at.reading, question.options[i]);
    ImGui::EndGroup();
    ImGui::Unindent(margin);
    const ImVec2 after = ImGui::GetCursorScreenPos();
    const float height = ImGui::GetItemRectSize().y;
    draw_circle(look, {from.x + margin - look.px(14), from.y + look.text->FontSize * 0.71F}, chosen,
                measured && outcome.option == i);
    if (!measured) {
      ImGui::SetCursorScreenPos(from);
      if (ImGui::Selectable("##option", false, 0, {ImGui::GetContentRegionAvail().x - look.px(14), height}))
        at.progress.set(number, {.how = Given::How::Option, .option = i});
      ImGui::SetCursorScreenPos(after);
    }
    ImGui::PopID();
  }
}

void draw_number(LessonFrame& at, const Question& question, size_t number) {
  static std::map<std::string, std::string> typed;  // what stands in the fields while it is no number yet
  std::string& text = typed[at.lesson.name + std::to_string(number)];
  const Given given = at.progress.answer(number);
  if (!ImGui::IsAnyItemActive()) text = given.how == Given::How::Number ? number_text(given.number) : "";
  char buffer[32] = {};
  text.copy(buffer, sizeof buffer - 1);
  ImGui::SetNextItemWidth(at.frame.look.px(110));
  ImGui::PushStyleColor(ImGuiCol_FrameBg, at.frame.look.ground);
  const bool changed = ImGui::InputText("##number", buffer, sizeof buffer, ImGuiInputTextFlags_CharsDecimal);
  ImGui::PopStyleColor();
  if (changed) {
    text = buffer;
    char* end = nullptr;
    const double value = std::strtod(buffer, &end);
    const bool whole = end != buffer && *end == '\0' && std::isfinite(value);
    at.progress.set(number, whole ? Given{.how = Given::How::Number, .number = value} : Given{});
  }
  if (question.unit.empty()) return;
  ImGui::SameLine();
  ImGui::TextUnformatted(
      at.frame.say("lesson.unit." + (question.unit == "%" ? "percent" : question.unit)).c_str());
}

std::string given_text(const LessonFrame& at, const Question& question, const Given& given) {
  if (given.how == Given::How::Number) return with_unit(at.frame, given.number, question.unit);
  if (given.how == Given::How::Option && given.option < question.options.size())
    return at.frame.say("lesson.quoted", {views::plain_text(question.options[given.option])});
  return at.frame.say("lesson.nothing_said");
}

// Where the number measured comes from.
void tell_source(const Frame& frame, const Question& question, const Outcome& outcome) {
  const bool each = question.answers.size() > 1 && outcome.option;
  ImGui::BeginTooltip();
  ImGui::TextDisabled("%s", frame.say("lesson.source").c_str());
  ImGui::PushFont(frame.look.mono);
  ImGui::PushTextWrapPos(frame.look.px(560));
  ImGui::TextUnformatted(question.sources[each ? *outcome.option : 0].c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopFont();
  ImGui::EndTooltip();
}

// "1360 cycles"; of options the right one, and what was measured for it.
std::string measured_text(const LessonFrame& at, const Question& question, const Outcome& outcome) {
  std::string number = with_unit(at.frame, outcome.measured, question.unit);
  if (!outcome.option) return number;
  const std::string option =
      at.frame.say("lesson.quoted", {views::plain_text(question.options[*outcome.option])});
  return question.unit.empty() ? option : at.frame.say("lesson.option_and_number", {option, number});
}

// "You expected 200 cycles. It is 1360 cycles." and a kind word.
void draw_outcome(LessonFrame& at, const Question& question, const Given& given, const Outcome& outcome) {
  const std::string measured = measured_text(at, question, outcome);
  views::Span said, verdict;
  const bool skipped = outcome.how == Outcome::How::Skipped;
  said.text = skipped ? at.frame.say("lesson.measured", {measured})
                      : at.frame.say("lesson.said_and_measured", {given_text(at, question, given), measured});
  const ImVec2 from = ImGui::GetCursorScreenPos();
  draw_spans(at.frame, at.reading, {said}, at.frame.look.faint);
  const ImVec2 to = {from.x + ImGui::GetContentRegionAvail().x, ImGui::GetCursorScreenPos().y};
  if (ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(from, to))
    tell_source(at.frame, question, outcome);
  if (skipped) return;
  verdict.text = at.frame.say(verdict_key(outcome.how));
  verdict.strong = true;
  draw_spans(at.frame, at.reading, {verdict}, color_of(at.frame.look, outcome.how));
}

ImU32 edge_of(const Look& look, const Question& question, const Given& given, const Outcome& outcome) {
  if (outcome.how != Outcome::How::Unknown) return color_of(look, outcome.how);
  const bool answered = given.how == Given::How::Number || given.how == Given::How::Option;
  return answered ? look.accent : question.kind == Question::Kind::Open ? look.line : look.faint;
}

void draw_question(LessonFrame& at, const Question& question, size_t number) {
  const Given given = at.progress.answer(number);
  const Outcome outcome =
      outcome_of(question, given, [&](const views::Measure& measure) { return at.results(measure); });
  ImGui::PushID(static_cast<int>(number));
  {
    const Card card(at.frame.look, edge_of(at.frame.look, question, given, outcome));
    views::Spans text = question.text;
    views::Span count;
    count.text = std::to_string(number + 1) + "  ";
    count.strong = true;
    text.insert(text.begin(), count);
    draw_spans(at.frame, at.reading, text);
    if (!question.options.empty()) draw_options(at, question, number, outcome);
    if (outcome.how != Outcome::How::Unknown) {
      draw_outcome(at, question, given, outcome);
    } else if (question.kind == Question::Kind::Number) {
      draw_number(at, question, number);
    } else if (question.kind == Question::Kind::Open) {
      ImGui::TextDisabled("%s", at.frame.say("lesson.think").c_str());
    }
  }
  ImGui::PopID();
}

}  // namespace

void draw_questions(LessonFrame& at, const views::LessonStep& step) {
  const std::vector<const Question*> all = at.lesson.questions();
  for (size_t i = 0; i < all.size(); ++i) {
    for (const Question& question : step.questions) {
      if (&question == all[i]) draw_question(at, question, i);
    }
  }
}

}  // namespace hvlab::visualizer
