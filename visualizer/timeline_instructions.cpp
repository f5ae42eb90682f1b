// Single instructions beneath the processors that execute them, once they are wide enough: had from `hvlab
// inspect --instructions`, which runs the recorded run again (docs/live.md).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/user_error.hpp"
#include "visualizer/timeline.hpp"

namespace hvlab::visualizer {

namespace {

using views::Instruction;

// The processor of a line's row.
unsigned processor_of(const TimelineShown& shown, const TimelineLine& line) {
  return shown.run->trace()->lanes().at(shown.kept->rows[line.index].lanes.front()).number;
}

const std::vector<Instruction>* instructions_of(const TimelineShown& shown, const TimelineLine& line) {
  const auto& list = shown.kept->instructions.list;
  const unsigned processor = processor_of(shown, line);
  return list && processor < list->processors.size() ? &list->processors[processor] : nullptr;
}

bool are_wanted(const Frame& frame, const TimeArea& area, const TimelineShown& shown) {
  const std::string choice = frame.state.option("timeline.instructions");
  if (choice == "no" || shown.run->trace() == nullptr) return false;
  return choice == "yes" ||
         views::instructions_fit(area.until - area.from, area.columns(), shown.run->trace()->frequency_hz());
}

// Takes the answer to the question for `stretch`, asked now if it is a new one.
void take(Frame& frame, const views::OpenRun& run, const views::InstructionStretch& stretch,
          TimelineInstructions& kept) {
  const std::string path = run.reader().path().string();
  if (kept.stretch != stretch) {
    // What has gone out of sight is not waited for, nor kept: a list takes megabytes.
    if (kept.stretch) frame.ask.forget(views::instruction_question(path, *kept.stretch));
    kept.stretch = stretch;
    kept.list.reset();
  }
  if (kept.list) return;
  const Answer& answer = frame.ask.ask(views::instruction_question(path, stretch));
  switch (answer.state) {
    case Answer::State::Waiting: frame.loading = true; return;
    case Answer::State::Failed: kept.problem = answer.error; return;
    case Answer::State::Done: kept.list = views::instruction_list(answer.document); return;
  }
}

void take_run(Frame& frame, const TimeArea& area, const TimelineShown& shown) {
  TimelineInstructions& kept = shown.kept->instructions;
  kept.wanted = are_wanted(frame, area, shown);
  kept.problem.clear();
  const PicosecondDelta until = area.until + static_cast<PicosecondDelta>(shown.run->origin());
  if (!kept.wanted || until <= 0) return;
  const auto stretch = views::instruction_stretch(shown.run->own(area.from), static_cast<Picoseconds>(until));
  try {
    if (stretch)
      take(frame, *shown.run, *stretch, kept);
    else
      kept.problem = frame.say("timeline.instructions_wide");
  } catch (const UserError& error) {
    kept.problem = error.what();
  }
  if (!kept.problem.empty() && frame.status.empty())
    frame.status = frame.say("timeline.no_instructions", {shown.run->name(), kept.problem});
}

void say_in_row(const Timeline& timeline, float y, float height, const std::string& words) {
  const Look& look = timeline.frame.look;
  timeline.list()->AddText({timeline.area.left + look.px(6), y + (height - look.text->FontSize) / 2},
                           look.faint, words.c_str());
}

std::string words_of(const Frame& frame, const Instruction& one) {
  return one.interrupted ? frame.say("timeline.interrupted") : one.text;
}

// The whole instruction if there is room, else its mnemonic, else nothing.
void draw_words(const Timeline& timeline, const Instruction& one, ImVec2 from, ImVec2 to, ImU32 ground) {
  const Look& look = timeline.frame.look;
  const float size = std::round(look.mono->FontSize * 0.8F), pad = look.px(3);
  for (const std::string& words : {words_of(timeline.frame, one), one.mnemonic()}) {
    const float width = look.mono->CalcTextSizeA(size, 10'000, 0, words.c_str()).x;
    if (from.x + width + 2 * pad > to.x) continue;
    const float y = from.y + (to.y - from.y - size) / 2;
    timeline.list()->AddRectFilled({from.x + pad - 1, y}, {from.x + pad + width + 1, y + size}, ground);
    timeline.list()->AddText(look.mono, size, {from.x + pad, y}, ink_on(ground) | IM_COL32_A_MASK,
                             words.c_str());
    return;
  }
}

void draw_cells(Timeline& timeline, const TimelineShown& shown, const std::vector<Instruction>& all, float y,
                float height) {
  const Look& look = timeline.frame.look;
  const auto origin = static_cast<PicosecondDelta>(shown.run->origin());
  const auto cells = views::instruction_cells(all, timeline.area.from + origin, timeline.area.until + origin,
                                              timeline.area.columns());
  const float top = y + look.px(1), foot = y + height - look.px(4);
  const auto box = [&](const views::InstructionCell& cell) {
    const float left = std::max(timeline.area.left, timeline.area.left + static_cast<float>(cell.left));
    const float right = std::min(timeline.area.right, timeline.area.left + static_cast<float>(cell.right));
    const float gap = right - left >= 4 ? 1.0F : 0.0F;  // so that neighbours are told apart
    return std::pair(ImVec2{left, top}, ImVec2{std::max(right - gap, left + 1), foot});
  };
  {
    Fills fills(timeline.list(), look);
    for (const views::InstructionCell& cell : cells) {
      const auto [from, to] = box(cell);
      const bool narrow = to.x - from.x < 3;  // has no gap to its neighbours
      const float opacity = narrow && cell.first % 2 != 0 ? 0.7F : 1.0F;
      fills.add(from, to, views::style_of(all[cell.first].account), opacity);
    }
  }
  for (const views::InstructionCell& cell : cells) {
    const Instruction& one = all[cell.first];
    const auto [from, to] = box(cell);
    if (cell.count != 1) continue;
    if (!one.completed)  // it ended otherwise: in an exit, a fault, an interrupt
      timeline.list()->AddRectFilled({from.x, foot}, {to.x, foot + look.px(2)}, look.bad);
    if (to.x - from.x >= look.px(18))
      draw_words(timeline, one, from, to, look.color(views::style_of(one.account)));
  }
}

// Whose it is: a virtual processor, or nobody's but the host's.
std::string owner_of(const Frame& frame, const Instruction& one) {
  if (one.vm != 0) return frame.say("timeline.of_vcpu", {std::to_string(one.vm), std::to_string(one.vcpu)});
  return frame.say(one.in_guest ? "timeline.of_guest" : "timeline.of_host");
}

void say_faint(const std::string& text) { ImGui::TextDisabled("%s", text.c_str()); }

void say_instruction(const Frame& frame, const TimelineShown& shown, const Instruction& one) {
  ImGui::PushFont(frame.look.mono);
  ImGui::TextUnformatted(words_of(frame, one).c_str());
  if (!one.target.empty()) ImGui::TextUnformatted(("\u2192 " + one.target).c_str());
  ImGui::PopFont();
  if (!one.symbol.empty()) ImGui::TextUnformatted(one.symbol.c_str());
  ImGui::TextUnformatted(fmt::format("RIP {:016x}", one.rip).c_str());
  legend(frame.look, views::style_of(one.account), state_words(frame, one.account));
  ImGui::SameLine(0, frame.look.px(10));
  say_faint(owner_of(frame, one) + ", CPL " + std::to_string(one.cpl));
  if (one.cycles)
    ImGui::TextUnformatted(frame.say("timeline.cycles_to_next", {show_count(*one.cycles)}).c_str());
  if (!one.completed && !one.interrupted) ImGui::TextUnformatted(frame.say("timeline.not_completed").c_str());
  say_faint(frame.say("timeline.since", {show_time(shown.run->shared(one.begin), 1)}));
}

}  // namespace

void take_timeline_instructions(Frame& frame, const TimeArea& area, const std::vector<TimelineShown>& runs) {
  for (const TimelineShown& shown : runs) take_run(frame, area, shown);
}

void draw_timeline_instructions(Timeline& timeline, const TimelineLine& line) {
  const TimelineShown& shown = timeline.runs[line.run];
  const TimelineInstructions& kept = shown.kept->instructions;
  const Look& look = timeline.frame.look;
  const float y = timeline.screen_y(line);
  timeline.list()->AddText({timeline.names + look.px(27), y + (line.height - look.text->FontSize) / 2},
                           look.faint, timeline.frame.say("timeline.instructions").c_str());
  if (!kept.problem.empty()) return say_in_row(timeline, y, line.height, "\u2013");  // the status says why
  if (!kept.list) return say_in_row(timeline, y, line.height, timeline.frame.say("timeline.computing"));
  if (const auto* instructions = instructions_of(shown, line))
    draw_cells(timeline, shown, *instructions, y, line.height);
  const float end = timeline.area.x(shown.run->shared(kept.list->until));
  if (end >= timeline.area.left && end < timeline.area.right)
    timeline.list()->AddText({end + look.px(6), y + (line.height - look.text->FontSize) / 2}, look.faint,
                             timeline.frame.say("timeline.instructions_end").c_str());
}

void hover_timeline_instructions(const Timeline& timeline, const TimelineLine& line, PicosecondDelta time) {
  const TimelineShown& shown = timeline.runs[line.run];
  const auto* instructions = instructions_of(shown, line);
  if (instructions == nullptr) return;
  const Instruction* one = views::instruction_at(*instructions, shown.run->own(time));
  if (one == nullptr) return;
  ImGui::BeginTooltip();
  say_instruction(timeline.frame, shown, *one);
  ImGui::EndTooltip();
}

}  // namespace hvlab::visualizer
