// The cursor one exit or one instruction back and on. Exits are the trace's; instructions are had of `hvlab
// inspect --instructions`, which runs the recorded run again (docs/live.md).
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/base/user_error.hpp"
#include "sim/views/instructions.hpp"
#include "sim/views/record_search.hpp"
#include "visualizer/machine_panes.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

// How far back an earlier instruction is looked for: most begin some nanoseconds before, those that a
// halted processor executed last may have long before.
constexpr Picoseconds kBack[] = {kMicrosecond, 64 * kMicrosecond, 4096 * kMicrosecond};
constexpr const char* kAhead = "64";    // instructions that are asked for at once
constexpr const char* kMost = "50000";  // and at most

/// An instruction that is looked for.
struct InstructionStep {
  bool back = false;
  Picoseconds from = 0;
  u64 processor = 0;
  size_t tries = 0;  // of kBack that had none
};

struct KeptSteps {
  std::optional<InstructionStep> step;
  std::string problem;
  // Begins of one processor's instructions that are known one after the other.
  std::vector<Picoseconds> begins;
  u64 processor = 0;
};

std::vector<std::string> question_of(const views::OpenRun& run, const InstructionStep& step) {
  const auto time = [](Picoseconds at) { return at == 0 ? std::string("0") : std::to_string(at) + "ps"; };
  const Picoseconds back = kBack[std::min(step.tries, std::size(kBack) - 1)];
  const Picoseconds at = step.back ? step.from - std::min(step.from, back) : step.from;
  std::vector<std::string> words = {"inspect", run.reader().path().string(), "--at", time(at)};
  if (step.back) words.insert(words.end(), {"--until", time(step.from)});
  words.insert(words.end(), {"--instructions", step.back ? kMost : kAhead, "--cpu",
                             std::to_string(step.processor), "--json"});
  return words;
}

/// The next or the one before among those that are known; nothing if they do not say.
std::optional<Picoseconds> known(const KeptSteps& kept, const InstructionStep& step) {
  if (kept.processor != step.processor) return std::nullopt;
  const auto at = std::ranges::lower_bound(kept.begins, step.from);
  if (at == kept.begins.end() || *at != step.from) return std::nullopt;
  if (step.back) return at == kept.begins.begin() ? std::nullopt : std::optional(*std::prev(at));
  return std::next(at) == kept.begins.end() ? std::nullopt : std::optional(*std::next(at));
}

void go(Frame& frame, const views::OpenRun& run, Picoseconds to) { frame.state.at = run.shared(to); }

/// What the answer says, or that it is to be looked further back.
void take_list(Frame& frame, const views::OpenRun& run, KeptSteps& kept, const record::Json& document) {
  const views::InstructionList list = views::instruction_list(document);
  InstructionStep& step = *kept.step;
  std::vector<Picoseconds> begins;
  if (step.processor < list.processors.size())
    for (const views::Instruction& one : list.processors[step.processor])
      if (!one.interrupted) begins.push_back(one.begin);
  if (step.back && begins.empty() && step.from > kBack[step.tries] && ++step.tries < std::size(kBack)) return;
  const Picoseconds from = step.from;
  const bool back = step.back;
  kept.step.reset();
  if (back) {
    if (begins.empty()) {
      kept.problem = frame.say("machine_view.no_instruction");
      return;
    }
    kept.begins = begins;
    kept.begins.push_back(from);
    return go(frame, run, begins.back());
  }
  kept.begins = begins;
  const auto next = std::ranges::upper_bound(begins, from);
  if (next != begins.end()) return go(frame, run, *next);
  kept.problem = frame.say("machine_view.no_instruction");
}

void pursue(Frame& frame, const views::OpenRun& run, KeptSteps& kept) {
  if (!kept.step) return;
  if (const auto found = known(kept, *kept.step)) {
    kept.step.reset();
    return go(frame, run, *found);
  }
  const std::vector<std::string> question = question_of(run, *kept.step);
  const Answer& answer = frame.ask.ask(question);
  if (answer.state == Answer::State::Waiting) return;
  kept.processor = kept.step->processor;
  try {
    if (answer.state == Answer::State::Failed) throw UserError(answer.error);
    take_list(frame, run, kept, answer.document);
  } catch (const UserError& error) {
    kept.problem = error.what();
    kept.step.reset();
  }
  frame.ask.forget(question);
  frame.again = true;
}

/// From the instruction that is shown, one back or on.
void begin(Frame& frame, const MachineSource& source, const MachineChoice& choice, KeptSteps& kept,
           bool back) {
  if (kept.step || source.busy) return;
  kept.problem.clear();
  const u64 processor = choice.is_virtual ? choice.block->runs_on.value_or(0) : choice.processor->number;
  kept.step = InstructionStep{back, std::max(source.when, choice.processor->time), processor};
  pursue(frame, *source.run, kept);
}

/// Exits of the virtual processor that is chosen, else of all.
void go_to_exit(Frame& frame, const views::OpenRun& run, const MachineChoice& choice, KeptSteps& kept,
                bool back) {
  kept.problem.clear();
  if (run.trace() == nullptr) return;
  try {
    record::RecordFilter filter;
    filter.kinds = {"vm-exit"};
    if (choice.is_virtual)
      filter.lanes = {fmt::format("vm {} vcpu {}", choice.block->vm, choice.block->vcpu)};
    const views::RecordSearch search(*run.trace(), filter);
    const Picoseconds now = run.own(*frame.state.at);
    const auto found = back ? search.previous(now) : search.next(now);
    if (found) return go(frame, run, found->time);
  } catch (const UserError&) {  // a trace that knows no exits
  }
  kept.problem = frame.say("machine_view.no_exit");
}

bool button(const Frame& frame, const char* label, const char* text, const char* keys, float gap) {
  ImGui::SameLine(0, frame.look.px(gap));
  const bool pressed = ImGui::Button(label);
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s  (%s)", frame.say(text).c_str(), keys);
  return pressed;
}

}  // namespace

void draw_machine_steps(Frame& frame, const MachineSource& source, const MachineChoice& choice) {
  KeptSteps& kept = frame.kept.of<KeptSteps>(*source.run);
  pursue(frame, *source.run, kept);
  const Look& look = frame.look;
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", frame.say("machine_view.exit").c_str());
  const bool exit_back = button(frame, "\u25c0##exit", "machine_view.exit_back", "Ctrl \u2190", 6) ||
                         frame.pressed_with(GLFW_KEY_LEFT, GLFW_MOD_CONTROL);
  const bool exit_on = button(frame, "\u25b6##exit", "machine_view.exit_on", "Ctrl \u2192", 2) ||
                       frame.pressed_with(GLFW_KEY_RIGHT, GLFW_MOD_CONTROL);
  ImGui::SameLine(0, look.px(14));
  ImGui::TextDisabled("%s", frame.say("machine_view.instruction").c_str());
  const bool back = button(frame, "\u25c0##instruction", "machine_view.instruction_back", "\u2190", 6) ||
                    frame.pressed(GLFW_KEY_LEFT);
  const bool on = button(frame, "\u25b6##instruction", "machine_view.instruction_on", "\u2192", 2) ||
                  frame.pressed(GLFW_KEY_RIGHT);
  if (exit_back || exit_on) go_to_exit(frame, *source.run, choice, kept, exit_back);
  if (back || on) begin(frame, source, choice, kept, back);
  ImGui::SameLine(0, look.px(14));
  ImGui::PushFont(look.strong);
  ImGui::TextUnformatted(show_time(source.run->shared(source.when), 1000).c_str());
  ImGui::PopFont();
  if (kept.step) frame.again = true;
  const std::string said = kept.step ? frame.say("machine_view.searching") : kept.problem;
  if (said.empty()) return;
  ImGui::SameLine(0, look.px(14));
  ImGui::TextDisabled("%s", fitted(said, ImGui::GetContentRegionAvail().x).c_str());
}

}  // namespace hvlab::visualizer
