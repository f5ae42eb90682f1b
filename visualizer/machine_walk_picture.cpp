// Of the page walk: the address in bit fields, and the grid of references.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/machine_walk.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::WalkField;
using views::WalkPicture;
using views::WalkReference;

namespace {

void text_in(const Look& look, ImFont* font, ImVec2 at, float width, ImU32 color, const std::string& text) {
  ImGui::PushFont(font);
  const std::string shown = fitted(text, width - look.px(4));
  ImGui::GetWindowDrawList()->AddText({at.x + (width - text_width(shown)) / 2, at.y}, color, shown.c_str());
  ImGui::PopFont();
}

// The field of the linear address that chose the entry of `now`: of a nested one none.
bool is_chosen(const WalkField& field, const WalkReference* now) {
  return now != nullptr && !now->second && !field.table.empty() && now->step->low_bit == field.low;
}

// Where the cells of the grid are.
struct GridPlace {
  ImVec2 from;
  float names, cell, line;  // width of the rows' names and of a cell, height of a row

  ImVec2 cell_at(size_t row, size_t column) const {
    return {from.x + names + cell * static_cast<float>(column), from.y + line * static_cast<float>(row + 1)};
  }
};

ImVec2 middle(const GridPlace& place, const WalkReference& one) {
  const ImVec2 at = place.cell_at(one.row, one.column);
  return {at.x + place.cell / 2, at.y + place.line / 2};
}

void draw_names(Frame& frame, const WalkPicture& picture, const GridPlace& place) {
  const Look& look = frame.look;
  for (size_t i = 0; i < picture.columns.size(); ++i) {
    const std::string& name = picture.columns[i];
    text_in(look, look.text, ImVec2{place.cell_at(0, i).x, place.from.y + look.px(1)}, place.cell, look.faint,
            !name.empty()                 ? name
            : picture.columns.size() == 1 ? frame.say("walk.entry")
                                          : frame.say("walk.own_entry"));
  }
  for (size_t i = 0; i < picture.rows.size(); ++i) {
    const std::string& name = picture.rows[i];
    text_in(look, look.text, {place.from.x, place.cell_at(i, 0).y + look.px(2)}, place.names, look.faint,
            name.empty() ? frame.say("walk.page") : name);
  }
}

// From each reference to the next, as far as the walk is shown.
void draw_way(const Look& look, const WalkPicture& picture, const GridPlace& place,
              const WalkReference* now) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (size_t i = 1; i < picture.references.size() && &picture.references[i] <= now; ++i)
    list->AddLine(middle(place, picture.references[i - 1]), middle(place, picture.references[i]),
                  faded(look.accent, 0.6F), look.px(1.5F));
}

void draw_cell(Frame& frame, const WalkPicture& picture, const GridPlace& place, size_t index,
               const WalkReference* now) {
  const Look& look = frame.look;
  const WalkReference& one = picture.references[index];
  const ImVec2 at = place.cell_at(one.row, one.column);
  const ImVec2 from = {at.x + look.px(3), at.y + look.px(2)};
  const ImVec2 to = {at.x + place.cell - look.px(3), at.y + place.line - look.px(2)};
  const bool done = &one <= now, current = &one == now, fault = !one.step->fault.empty();
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(from, to, look.ground, look.px(3));
  const ImU32 ink = fault && done ? look.bad : look.accent;
  if (done) list->AddRectFilled(from, to, current ? ink : faded(ink, one.second ? 0.16F : 0.32F), look.px(3));
  list->AddRect(from, to, done ? ink : look.line, look.px(3));
  // What is no read of memory has no number; a fault has its sign besides its colour.
  std::string text = one.number != 0 ? std::to_string(one.number) : "–";
  if (fault && done) text += " !";
  text_in(look, look.mono, {at.x, at.y + look.px(2)}, place.cell,
          current ? look.ground
          : done  ? look.ink
                  : look.faint,
          text);
  ImGui::SetCursorScreenPos(from);
  ImGui::PushID(static_cast<int>(index));
  if (ImGui::InvisibleButton("cell", {to.x - from.x, to.y - from.y}))
    frame.state.set_number("machine.walk_at", static_cast<long long>(index + 1));
  if (ImGui::IsItemHovered())
    ImGui::SetTooltip("%s %s\n%s", one.step->table.c_str(), one.step->system_address.c_str(),
                      one.step->entry.c_str());
  ImGui::PopID();
}

}  // namespace

void draw_walk_fields(Frame& frame, const views::MachineWalk& walk, const WalkPicture& picture,
                      const WalkReference* now) {
  const Look& look = frame.look;
  const ImVec2 from = ImGui::GetCursorScreenPos();
  const float room = ImGui::GetContentRegionAvail().x - 2, line = look.mono->FontSize + look.px(2);
  const float width = room / static_cast<float>(picture.fields.size()), height = 3 * line;
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (size_t i = 0; i < picture.fields.size(); ++i) {
    const WalkField& field = picture.fields[i];
    const ImVec2 at = {from.x + width * static_cast<float>(i), from.y};
    const bool chosen = is_chosen(field, now);
    if (chosen) list->AddRectFilled(at, {at.x + width, at.y + height}, faded(look.accent, 0.3F));
    list->AddRect(at, {at.x + width + 1, at.y + height}, look.line);
    const std::string name = field.table.empty() ? frame.say("walk.offset") : field.table;
    text_in(look, look.text, at, width, look.faint, fmt::format("{} {}:{}", name, field.high, field.low));
    text_in(look, look.mono, {at.x, at.y + line}, width, field.reached ? look.ink : look.faint,
            fmt::format("{:#x}", field.value));
    text_in(look, look.mono, {at.x, at.y + 2 * line}, width, look.faint, std::to_string(field.value));
  }
  ImGui::Dummy({room, height + look.px(2)});
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", walk.linear.c_str());
}

void draw_walk_grid(Frame& frame, const WalkPicture& picture, const WalkReference* now) {
  const Look& look = frame.look;
  const float room = ImGui::GetContentRegionAvail().x, names = look.px(52);
  const float columns = static_cast<float>(picture.columns.size());
  const GridPlace place = {ImGui::GetCursorScreenPos(), names,
                           std::min((room - names) / columns, look.px(110)),
                           look.text->FontSize + look.px(5)};
  draw_names(frame, picture, place);
  draw_way(look, picture, place, now);
  for (size_t i = 0; i < picture.references.size(); ++i) draw_cell(frame, picture, place, i, now);
  ImGui::SetCursorScreenPos(place.from);
  ImGui::Dummy({room, place.line * static_cast<float>(picture.rows.size() + 1)});
}

}  // namespace hvlab::visualizer
