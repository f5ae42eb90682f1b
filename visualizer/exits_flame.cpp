#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/exits_parts.hpp"

namespace hvlab::visualizer {

using views::FlameBox;
using views::FlameNode;

namespace {

std::string node_text(const Frame& frame, const FlameNode& node) {
  switch (node.kind) {
    case FlameNode::Kind::All:
      return frame.say(frame.state.flag("exits.idle") ? "exits.all_processors" : "exits.all_busy");
    case FlameNode::Kind::Host: return frame.say("exits.host");
    case FlameNode::Kind::Earlier: return frame.say("exits.earlier");
    case FlameNode::Kind::Others: return frame.say("exits.others");
    case FlameNode::Kind::Account: {
      const std::string key = "timeline.states." + node.text;
      return frame.say.has(key) ? frame.say(key) : node.text;
    }
    default: return node.text;
  }
}

// An account has its own style; what is within an exit's part has that of the account it is in, lighter.
struct Paint {
  views::Style style;
  float opacity = 1;
};

Paint paint_of(const FlameNode& node, const std::string& account) {
  switch (node.kind) {
    case FlameNode::Kind::All: return {views::style_of("idle")};
    case FlameNode::Kind::Core:
    case FlameNode::Kind::Host:
    case FlameNode::Kind::Machine: return {views::style_of("halted")};
    case FlameNode::Kind::Account: return {views::style_of(node.text)};
    case FlameNode::Kind::Reason:
    case FlameNode::Kind::Earlier: return {views::style_of(account), 0.55F};
    default: return {views::style_of(account), 0.3F};
  }
}

std::vector<size_t> path_of(const std::string& text) {
  std::vector<size_t> path;
  for (size_t at = 0; at < text.size();) {
    const size_t dot = std::min(text.find('.', at), text.size());
    path.push_back(static_cast<size_t>(std::strtoul(text.substr(at, dot - at).c_str(), nullptr, 10)));
    at = dot + 1;
  }
  return path;
}

std::string text_of(const std::vector<size_t>& path) {
  std::string text;
  for (const size_t each : path) text += (text.empty() ? "" : ".") + std::to_string(each);
  return text;
}

void tell(const Frame& frame, const FlameBox& box, const FlameNode& root) {
  const auto percent = [&](const FlameNode& of) {
    return fmt::format("{:.1f}", 100 * static_cast<double>(box.node->cycles) /
                                     static_cast<double>(std::max<u64>(of.cycles, 1)));
  };
  ImGui::BeginTooltip();
  ImGui::PushFont(frame.look.strong);
  ImGui::TextUnformatted(node_text(frame, *box.node).c_str());
  ImGui::PopFont();
  ImGui::TextUnformatted(frame
                             .say("exits.flame_box", {show_count(box.node->cycles), percent(root),
                                                      percent(box.parent == nullptr ? root : *box.parent)})
                             .c_str());
  ImGui::EndTooltip();
}

void draw_boxes(Frame& frame, const FlameNode& root, const std::vector<size_t>& path) {
  const FlameNode& top = views::flame_node(root, path);
  const ImVec2 corner = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  const float row = std::min(ImGui::GetTextLineHeight() + frame.look.px(8), room.y / 5);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  // The account that what is looked into is within.
  std::string outer;
  for (size_t depth = 0; depth <= path.size(); ++depth) {
    const FlameNode& node =
        views::flame_node(root, {path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth)});
    if (node.kind == FlameNode::Kind::Account) outer = node.text;
  }
  std::vector<std::string> account(8, outer);  // by depth
  std::optional<FlameBox> pointed;
  struct Label {
    ImVec2 at, end;
    std::string text;
  };
  std::vector<Label> labels;
  {
    Fills fills(list, frame.look);
    for (const FlameBox& box : views::flame_boxes(top, 1 / static_cast<double>(std::max(room.x, 1.0F)))) {
      if (box.depth + 1 >= account.size()) continue;
      const std::string& own = account[box.depth + 1] = box.node->kind == FlameNode::Kind::Account
                                                            ? box.node->text
                                                        : box.depth == 0 ? outer
                                                                         : account[box.depth];
      const float x0 = corner.x + static_cast<float>(box.begin) * room.x,
                  x1 = corner.x + static_cast<float>(box.end) * room.x;
      const float y = corner.y + row * static_cast<float>(box.depth);
      const Paint paint = paint_of(*box.node, own);
      fills.add({x0, y}, {std::max(x1 - 1, x0 + 1), y + row - 1}, paint.style, paint.opacity);
      if (x1 - x0 > frame.look.px(26))
        labels.push_back({{x0, y}, {x1 - 1, y + row - 1}, node_text(frame, *box.node)});
      if (ImGui::IsWindowHovered() && mouse.x >= x0 && mouse.x < x1 && mouse.y >= y && mouse.y < y + row)
        pointed = box;
    }
  }
  for (const Label& label : labels) {
    const float width =
        std::min(ImGui::CalcTextSize(label.text.c_str()).x, label.end.x - label.at.x - frame.look.px(8));
    const float y = std::round(label.at.y + (row - ImGui::GetTextLineHeight()) / 2);
    list->PushClipRect(label.at, label.end, true);
    list->AddRectFilled({label.at.x + frame.look.px(2), y},
                        {label.at.x + width + frame.look.px(8), y + ImGui::GetTextLineHeight()},
                        faded(frame.look.ground, 0.80F), frame.look.px(3));
    list->AddText({label.at.x + frame.look.px(5), y}, frame.look.ink, label.text.c_str());
    list->PopClipRect();
  }
  if (!pointed) return;
  tell(frame, *pointed, root);
  if (!ImGui::IsMouseClicked(ImGuiMouseButton_Left)) return;
  std::vector<size_t> next = path;
  next.insert(next.end(), pointed->path.begin(), pointed->path.end());
  if (pointed->depth == 0 && !next.empty()) next.pop_back();  // one step back
  frame.state.set("exits.path", text_of(next));
}

void add_rows(Table& table, const Frame& frame, const std::string& run, const FlameNode& node,
              const std::string& before) {
  const std::string path = before + (before.empty() ? "" : " / ") + node_text(frame, node);
  table.rows.push_back({run, path, std::to_string(node.cycles), std::to_string(node.own())});
  for (const FlameNode& child : node.children) add_rows(table, frame, run, child, path);
}

}  // namespace

void draw_exit_flame(Frame& frame, const RunExits& it) {
  const FlameNode* root = flame_of_run(frame, it);
  if (root == nullptr) {
    ImGui::TextDisabled(
        "%s", frame.say("exits.loading", {fmt::format("{:.0f}", 100 * std::max(it.loading, 0.0))}).c_str());
    return;
  }
  if (frame.wants_tables) {
    Table& table = frame.tables.emplace_back(
        Table{.name = "flame", .columns = {"run", "where", "cycles", "own_cycles"}, .rows = {}});
    add_rows(table, frame, it.run->name(), *root, "");
  }
  draw_boxes(frame, *root, path_of(frame.state.option("exits.path")));
}

}  // namespace hvlab::visualizer
