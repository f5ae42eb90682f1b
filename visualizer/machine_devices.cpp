// Interrupt controllers, and the devices with what they have in their registers.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/machine_panes.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::MachineApic;
using views::MachineDevice;
using views::MachineDocument;

namespace {

void wrapped(const std::string& text) {
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopTextWrapPos();
}

std::string vectors(const Frame& frame, const std::vector<u64>& all) {
  return all.empty() ? frame.say("machine_view.none") : fmt::format("{}", fmt::join(all, ", "));
}

std::string digits(const std::string& value) { return value.starts_with("0x") ? value.substr(2) : value; }

// A name in its column, then what it is.
void draw_row(Frame& frame, const std::string& name, const std::string& text, bool pale = false) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::TextDisabled("%s", name.c_str());
  ImGui::TableNextColumn();
  ImGui::PushTextWrapPos(0);
  ImGui::TextColored(color_of(pale ? frame.look.faint : frame.look.ink), "%s", text.c_str());
  ImGui::PopTextWrapPos();
}

bool begin_rows(Frame& frame, const char* id) {
  push_value_rows(frame.look);
  if (ImGui::BeginTable(id, 2, ImGuiTableFlags_NoSavedSettings)) {
    ImGui::TableSetupColumn("name", ImGuiTableColumnFlags_WidthFixed, frame.look.px(110));
    ImGui::TableSetupColumn("text", ImGuiTableColumnFlags_WidthStretch);
    return true;
  }
  ImGui::PopStyleVar();
  return false;
}

void end_rows() {
  ImGui::EndTable();
  ImGui::PopStyleVar();
}

void draw_apic(Frame& frame, const MachineApic& apic) {
  if (!begin_rows(frame, "apic")) return;
  const auto word = [&](const char* key) { return frame.say(std::string("machine_view.apic.") + key); };
  draw_row(
      frame, word("mode"),
      fmt::format("{}, ID {}, {}", apic.mode, apic.id, word(apic.software_enabled ? "enabled" : "disabled")));
  draw_row(frame, word("priority"),
           frame.say("machine_view.apic.priorities",
                     {digits(apic.task_priority), digits(apic.processor_priority)}));
  draw_row(frame, word("requested"), vectors(frame, apic.requested), apic.requested.empty());
  draw_row(frame, word("in_service"), vectors(frame, apic.in_service), apic.in_service.empty());
  draw_row(frame, word("timer"),
           fmt::format("{}, {}", apic.timer_mode,
                       apic.timer_running
                           ? frame.say("machine_view.apic.counts_from", {show_count(apic.timer_initial)})
                           : word("stopped")),
           !apic.timer_running);
  for (const views::MachineRegister& one : apic.lvt)
    draw_row(frame, "LVT " + one.name, one.text, one.text.find("masked") != std::string::npos);
  end_rows();
}

void draw_pins(Frame& frame, const MachineDocument& document) {
  if (!begin_rows(frame, "pins")) return;
  size_t masked = 0;
  for (const views::MachinePin& pin : document.pins) {
    const bool is_masked = pin.text == "masked";
    masked += is_masked ? 1 : 0;
    if (is_masked && !pin.asserted) continue;
    draw_row(frame, frame.say("machine_view.pin", {std::to_string(pin.pin)}),
             pin.text + (pin.asserted ? ", " + frame.say("machine_view.asserted") : ""), is_masked);
  }
  if (masked != 0) draw_row(frame, "", frame.say("machine_view.masked_pins", {std::to_string(masked)}), true);
  end_rows();
}

void draw_pics(Frame& frame, const MachineDocument& document) {
  if (!begin_rows(frame, "pics")) return;
  for (const views::MachinePic& pic : document.pics)
    draw_row(frame, pic.name,
             frame.say("machine_view.pic", {digits(pic.requests), digits(pic.in_service), digits(pic.mask),
                                            digits(pic.level), std::to_string(pic.vector_base)}),
             pic.mask == "0xff");
  end_rows();
}

u64 accesses(const MachineDevice& device) {
  return device.port_reads + device.port_writes + device.memory_reads + device.memory_writes;
}

void draw_state(Frame& frame, const MachineDevice& device) {
  const Look& look = frame.look;
  ImGui::Indent(look.px(14));
  if (!device.place.empty()) {
    ImGui::PushTextWrapPos(0);
    ImGui::TextDisabled("%s", device.place.c_str());
    ImGui::PopTextWrapPos();
  }
  ImGui::TextDisabled("%s", frame
                                .say("machine_view.accesses",
                                     {show_count(device.port_reads), show_count(device.port_writes),
                                      show_count(device.memory_reads), show_count(device.memory_writes)})
                                .c_str());
  std::string group;
  if (!device.state.empty() && begin_rows(frame, device.name.c_str())) {
    for (const views::MachineRegister& one : device.state) {
      if (one.group != group) {
        group = one.group;
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        ImGui::TextUnformatted(group.c_str());
      }
      ImGui::TableNextRow();
      ImGui::TableNextColumn();
      ImGui::TextColored(color_of(one.changed ? look.bad : look.faint), "%s", one.name.c_str());
      ImGui::TableNextColumn();
      if (!one.value.empty()) draw_digits(look, one.value, one.changed);
      if (one.text.empty()) continue;
      if (!one.value.empty()) ImGui::SameLine(0, look.px(10));
      ImGui::PushTextWrapPos(0);
      ImGui::TextColored(color_of(one.value.empty() ? look.ink : look.faint), "%s", one.text.c_str());
      ImGui::PopTextWrapPos();
    }
    end_rows();
  }
  ImGui::Unindent(look.px(14));
}

bool has_changed(const MachineDevice& device) {
  return std::ranges::any_of(device.state, &views::MachineRegister::changed);
}

}  // namespace

void draw_machine_interrupts(Frame& frame, const MachineDocument& document, const MachineChoice& choice) {
  if (const auto& apic = choice.processor->apic) {
    draw_caption(frame.look,
                 frame.say("machine_view.local_apic", {std::to_string(choice.processor->number)}));
    draw_apic(frame, *apic);
  } else {
    wrapped(frame.say("machine_view.no_apic"));
  }
  if (document.ioapic_id) {
    ImGui::Dummy({0, frame.look.px(4)});
    draw_caption(frame.look, frame.say("machine_view.io_apic"));
    draw_pins(frame, document);
  }
  if (document.pics.empty()) return;
  ImGui::Dummy({0, frame.look.px(4)});
  draw_caption(frame.look, "8259");
  draw_pics(frame, document);
}

void draw_machine_devices(Frame& frame, const MachineDocument& document) {
  const Look& look = frame.look;
  for (const MachineDevice& device : document.devices) {
    if (device.state.empty() && accesses(device) == 0 && device.place.empty()) continue;
    const float top = ImGui::GetCursorPosY();
    const bool open = draw_toggle(frame, "device-" + device.name, device.name, false);
    const float below = ImGui::GetCursorPosY();
    const std::string count = accesses(device) == 0 ? "\u2013" : show_count(accesses(device));
    ImGui::SetCursorPos(
        {ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x - text_width(count) - look.px(4),
         top + look.px(2)});
    ImGui::TextColored(color_of(has_changed(device) ? look.bad : look.faint), "%s", count.c_str());
    const float name =
        look.px(26) + look.strong->CalcTextSizeA(look.strong->FontSize, 1e4F, 0, device.name.c_str()).x;
    const float room = ImGui::GetContentRegionMax().x - name - text_width(count) - look.px(16);
    ImGui::SetCursorPos({name, top + look.px(2)});
    ImGui::TextDisabled("%s", fitted(device.kind, room).c_str());
    ImGui::SetCursorPosY(below);
    if (open) draw_state(frame, device);
  }
}

}  // namespace hvlab::visualizer
