// The panes of the view "machine" but that of the walk, and what they share.
#pragma once

#include <string>

#include "visualizer/machine_parts.hpp"

namespace hvlab::visualizer {

/// What option machine.processor chooses of a document.
struct MachineChoice {
  const views::MachineProcessor* processor = nullptr;  // a virtual one that does not run: as its block has it
  const views::MachineControlBlock* block = nullptr;   // of the virtual processor that it runs, or ran last
  bool is_virtual = false;                             // a virtual processor is chosen
};
MachineChoice chosen_machine(const ViewState& state, const views::MachineDocument& document);

/// Buttons for processors and virtual processors, and where the chosen one stands.
void draw_machine_processors(Frame& frame, const views::MachineDocument& document);
void draw_machine_condition(Frame& frame, const MachineChoice& choice);
/// Buttons and keys that move the cursor: one exit or one instruction back and on.
void draw_machine_steps(Frame& frame, const MachineSource& source, const MachineChoice& choice);

void draw_machine_registers(Frame& frame, const MachineChoice& choice);
void draw_machine_code(Frame& frame, const MachineChoice& choice);
void draw_machine_block(Frame& frame, const MachineChoice& choice);
void draw_machine_interrupts(Frame& frame, const views::MachineDocument& document,
                             const MachineChoice& choice);
void draw_machine_devices(Frame& frame, const views::MachineDocument& document);
void draw_machine_console(Frame& frame, const MachineSource& source, const MachineChoice& choice);

/// Registers and fields for a file.
void add_machine_tables(Frame& frame, const MachineSource& source);

/// Tables of values in narrow rows.
inline constexpr ImGuiTableFlags kValuesTable =
    ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_NoSavedSettings;
/// The padding of their cells; to be popped.
void push_value_rows(const Look& look);

/// A value in digits, "0x" and the zeros in front pale; one that has changed stands out. A click walks it as
/// an address.
void draw_value(Frame& frame, const views::MachineRegister& one);
/// Without a click.
void draw_digits(const Look& look, const std::string& value, bool changed);
/// Small words over a part of a pane.
void draw_caption(const Look& look, const std::string& text);
/// Pale words in a line with digits, on the same base line.
void words_beside(const Look& look, const std::string& text);
/// A caption to be clicked: whether the part is open. Those whose state is not `open` stand in option
/// machine.toggled.
bool draw_toggle(Frame& frame, const std::string& name, const std::string& text, bool open);

/// Colour of text as ImGui has it.
ImVec4 color_of(ImU32 color);

}  // namespace hvlab::visualizer
