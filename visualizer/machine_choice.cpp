// Which processor is looked at, and how it stands.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/machine_panes.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::MachineControlBlock;
using views::MachineDocument;
using views::MachineProcessor;

namespace {

std::string key_of(const MachineControlBlock& block) { return fmt::format("{}:{}", block.vm, block.vcpu); }

const MachineProcessor* processor_of(const MachineDocument& document, u64 number) {
  const auto found = std::ranges::find(document.processors, number, &MachineProcessor::number);
  return found == document.processors.end() ? nullptr : &*found;
}

const MachineControlBlock* block_of(const MachineDocument& document, const MachineProcessor& processor) {
  if (!processor.guest) return nullptr;
  const auto found =
      std::ranges::find(document.blocks, processor.guest->block, &MachineControlBlock::address);
  return found == document.blocks.end() ? nullptr : &*found;
}

// One button of a row; those that find no room go on in the next line.
bool draw_button(Frame& frame, const std::string& text, bool chosen, bool first) {
  const Look& look = frame.look;
  const float width = text_width(text) + 2 * ImGui::GetStyle().FramePadding.x;
  if (!first) ImGui::SameLine(0, look.px(2));
  if (!first && ImGui::GetContentRegionAvail().x < width) ImGui::NewLine();
  ImGui::PushStyleColor(ImGuiCol_Button, chosen ? faded(look.accent, 0.22F) : look.panel);
  const bool pressed = ImGui::Button(text.c_str());
  ImGui::PopStyleColor();
  return pressed;
}

std::string guest_text(const Frame& frame, const views::MachineGuest& guest) {
  return guest.vm && guest.vcpu
             ? frame.say("exits.vcpu", {std::to_string(*guest.vm), std::to_string(*guest.vcpu)})
             : frame.say("machine_view.block_at", {guest.block});
}

std::string where_text(const Frame& frame, const MachineChoice& choice) {
  const MachineProcessor& it = *choice.processor;
  if (choice.is_virtual && choice.block->runs_on)
    return frame.say("machine_view.runs_on", {std::to_string(*choice.block->runs_on)});
  if (choice.is_virtual) return frame.say("machine_view.does_not_run");
  if (!it.guest) return frame.say("machine_view.no_guest");
  return frame.say(it.in_guest ? "machine_view.in_guest" : "machine_view.last_guest",
                   {guest_text(frame, *it.guest)});
}

// What stands after each other, with a point between.
class Line {
 public:
  explicit Line(const Look& look) : look_(look) {}
  void add(const std::string& text, ImU32 color) {
    if (text.empty()) return;
    const std::string point = "\u00b7";
    const float gap = look_.px(9);
    if (!first_) {
      ImGui::SameLine(0, gap);
      if (ImGui::GetContentRegionAvail().x < text_width(text) + 2 * gap) {
        ImGui::NewLine();
      } else {
        ImGui::TextDisabled("%s", point.c_str());
        ImGui::SameLine(0, gap);
      }
    }
    first_ = false;
    ImGui::TextColored(color_of(color), "%s", text.c_str());
  }
  void began() { first_ = false; }

 private:
  const Look& look_;
  bool first_ = true;
};

}  // namespace

MachineChoice chosen_machine(const ViewState& state, const MachineDocument& document) {
  const std::string chosen = state.option("machine.processor");
  MachineChoice choice;
  for (const MachineControlBlock& block : document.blocks) {
    if (key_of(block) != chosen) continue;
    const MachineProcessor* on = block.runs_on ? processor_of(document, *block.runs_on) : nullptr;
    return {on == nullptr ? &block.guest : on, &block, true};
  }
  if (const auto number = number_in(chosen)) choice.processor = processor_of(document, *number);
  if (choice.processor == nullptr && !document.processors.empty())
    choice.processor = &document.processors.front();
  if (choice.processor != nullptr) choice.block = block_of(document, *choice.processor);
  return choice;
}

void draw_machine_processors(Frame& frame, const MachineDocument& document) {
  const MachineChoice choice = chosen_machine(frame.state, document);
  bool first = true;
  for (const MachineProcessor& one : document.processors) {
    const bool chosen = !choice.is_virtual && choice.processor == &one;
    const std::string number = std::to_string(one.number);
    if (draw_button(frame, frame.say("machine_view.processor", {number}), chosen, first))
      frame.state.set("machine.processor", one.number == document.processors.front().number ? "" : number);
    first = false;
  }
  for (const MachineControlBlock& block : document.blocks) {
    const bool chosen = choice.is_virtual && choice.block == &block;
    const std::string text = frame.say("exits.vcpu", {std::to_string(block.vm), std::to_string(block.vcpu)}) +
                             (block.runs_on ? fmt::format(" \u2192 {}", *block.runs_on) : "");
    if (draw_button(frame, text, chosen, first)) frame.state.set("machine.processor", key_of(block));
    first = false;
  }
}

void draw_machine_condition(Frame& frame, const MachineChoice& choice) {
  const Look& look = frame.look;
  const MachineProcessor& it = *choice.processor;
  Line line(look);
  if (!it.account.empty()) {
    legend(look, views::style_of(it.account), frame.say("timeline.states." + it.account));
    line.began();
  }
  line.add(where_text(frame, choice), it.in_guest ? look.accent : look.ink);
  if (!it.mode.empty()) {
    line.add(frame.say("machine_view.mode." + it.mode), look.ink);
    line.add("CPL " + std::to_string(it.cpl), look.ink);
  }
  if (!it.activity.empty()) {
    line.add(frame.say("machine_view.activity." + it.activity),
             it.activity == "active" ? look.ink : look.bad);
    line.add(frame.say(!it.gif                 ? "machine_view.gif_clear"
                       : it.interrupts_enabled ? "machine_view.interrupts_on"
                                               : "machine_view.interrupts_off"),
             look.ink);
  }
  if (it.interrupt_shadow) line.add(frame.say("machine_view.shadow"), look.ink);
  if (!it.waiting.empty())
    line.add(frame.say("machine_view.waiting", {fmt::format("{}", fmt::join(it.waiting, ", "))}), look.bad);
  if (it.cycles != 0)
    line.add(frame.say("machine_view.counts", {show_count(it.cycles), show_count(it.instructions)}),
             look.faint);
}

}  // namespace hvlab::visualizer
