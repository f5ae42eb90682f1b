// Datastores beneath hosts, and machines on their way between hosts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/cluster_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

using views::Box;

constexpr float kStoreHeight = 46, kLeastStore = 150;  // at scale 1

size_t stores_in_a_row(const ClusterView& view, const ClusterRun& run) {
  const float gap = view.look().px(10);
  return std::max<size_t>(
      1, static_cast<size_t>((run.area.width() + gap) / (view.look().px(kLeastStore) + gap)));
}

// More than two rows of them would leave hosts no room: those that follow are in the list of a host's card.
size_t shown_stores(const ClusterView& view, const ClusterRun& run) {
  return std::min(run.facts().stores.size(), 2 * stores_in_a_row(view, run));
}

void draw_store(ClusterView& view, const ClusterRun& run, u32 store, const Box& box) {
  const Look& look = view.look();
  const record::StoreFacts& facts = run.facts().stores[store];
  const record::StoreSample& now = run.kept->state.stores[store];
  const float line = ImGui::GetTextLineHeight(), pad = look.px(6);
  view.list()->AddRectFilled(from_of(box), to_of(box), look.panel, look.px(3));
  const views::ClusterCurves& curves = run.kept->small;
  if (curves.columns != 0)
    draw_curve(view.list(), {box.left + 1, box.top + line + look.px(8), box.right - 1, box.bottom - 1},
               curves.busy.data() + size_t{store} * curves.columns, curves.columns, 1, look.accent, look.bad);
  const bool chosen = view.is_chosen(run, ClusterChoice::Kind::Store, store);
  const bool bad = now.up == 0 || now.served < 950;
  view.list()->AddRect(from_of(box), to_of(box),
                       chosen ? look.ink
                       : bad  ? look.bad
                              : look.line,
                       look.px(3), 0, chosen || bad ? look.px(2) : 1);
  const std::string state = now.up == 0 ? view.frame.say("cluster.store_down")
                                        : fmt::format("{} · {}", percent(now.busy / 1000.0),
                                                      views::span_text(u64{now.response} * 1000));
  const float room = box.width() - 2 * pad, width = text_width(state);
  const std::string name = fitted(facts.name, std::max(0.0F, room - width - look.px(8)));
  view.list()->AddText({box.left + pad, box.top + look.px(4)}, look.ink, name.c_str());
  view.list()->AddText({box.right - pad - width, box.top + look.px(4)}, bad ? look.bad : look.faint,
                       state.c_str());
  if (!is_pointed_at(box)) return;
  ImGui::SetTooltip("%s", view.frame
                              .say("cluster.store_tip",
                                   {facts.name, show_count(now.offered), percent(now.served / 1000.0),
                                    percent(now.busy / 1000.0), views::span_text(u64{now.response} * 1000)})
                              .c_str());
  if (ImGui::IsMouseClicked(0)) view.choose(ClusterChoice::Kind::Store, run, store);
}

ImVec2 middle_of(const Box& box) { return {(box.left + box.right) / 2, (box.top + box.bottom) / 2}; }

// A curve from one host to another, bent so that the ways there and back are two.
ImVec2 on_way(ImVec2 from, ImVec2 to, float part) {
  const ImVec2 along{to.x - from.x, to.y - from.y};
  const ImVec2 bend{(from.x + to.x) / 2 - along.y * 0.14F, (from.y + to.y) / 2 + along.x * 0.14F};
  const float a = (1 - part) * (1 - part), b = 2 * part * (1 - part), c = part * part;
  return {a * from.x + b * bend.x + c * to.x, a * from.y + b * bend.y + c * to.y};
}

void draw_way(const ClusterView& view, ImVec2 from, ImVec2 to, float done, ImU32 color, float width) {
  constexpr int kParts = 24;
  for (int i = 0; i < kParts; ++i) {
    const float a = static_cast<float>(i) / kParts, b = static_cast<float>(i + 1) / kParts;
    view.list()->AddLine(on_way(from, to, a), on_way(from, to, b), b <= done ? color : faded(color, 0.35F),
                         width);
  }
}

}  // namespace

float cluster_stores_height(const ClusterView& view, const ClusterRun& run) {
  const size_t shown = shown_stores(view, run), row = stores_in_a_row(view, run);
  if (shown == 0 || run.facts().hosts.size() > 400) return 0;
  const auto rows = static_cast<float>((shown + row - 1) / row);
  return rows * view.look().px(kStoreHeight + 8) - view.look().px(8);
}

void draw_cluster_stores(ClusterView& view, const ClusterRun& run, const Box& area) {
  const size_t shown = shown_stores(view, run), row = std::min(shown, stores_in_a_row(view, run));
  const float gap = view.look().px(10), height = view.look().px(kStoreHeight);
  const float width = std::min((area.width() + gap) / static_cast<float>(row) - gap, view.look().px(420));
  for (u32 i = 0; i < shown; ++i) {
    const float left = area.left + static_cast<float>(i % row) * (width + gap);
    const float top = area.top + static_cast<float>(i / row) * (height + view.look().px(8));
    draw_store(view, run, i, {left, top, left + width, top + height});
  }
}

void draw_cluster_moves(ClusterView& view, const ClusterRun& run, const std::vector<Box>& hosts) {
  const Look& look = view.look();
  const float size = std::min(look.px(16), std::max(look.px(6), hosts.front().height() * 0.3F));
  const bool named = run.picture().moves.size() <= 24 && hosts.front().width() > look.px(60);
  for (const u32 place : run.picture().moves) {
    const record::ClusterMove& move = run.reader->moves()[place];
    const views::MoveProgress progress = views::progress_of(move, run.moment);
    if (progress.stage == record::MoveStage::Waiting) break;
    if (move.to >= hosts.size() || move.to == move.from) continue;
    const ImVec2 from = middle_of(hosts[move.from]), to = middle_of(hosts[move.to]);
    const bool stopped = progress.stage == record::MoveStage::LastCopy;
    const views::Style style = views::style_of(stopped ? "vm-stopped" : "vm-moving");
    const ImU32 color = look.color(style);
    const bool chosen = view.is_chosen(run, ClusterChoice::Kind::Move, place);
    draw_way(view, from, to, static_cast<float>(progress.way), color, look.px(chosen ? 3 : 1.8F));
    const ImVec2 at = on_way(from, to, static_cast<float>(progress.way));
    const OverWays over(view);
    const std::string name = named ? run.facts().machines[move.machine].name : "";
    const float half = std::max(size / 2, named ? (text_width(name) + look.px(10)) / 2 : 0);
    const float tall = named ? std::max(size / 2, ImGui::GetTextLineHeight() / 2 + look.px(2)) : size / 2;
    const Box box{at.x - half, at.y - tall, at.x + half, at.y + tall};
    view.list()->AddRectFilled({box.left - 1, box.top - 1}, {box.right + 1, box.bottom + 1}, look.ground,
                               look.px(3));
    fill(view.list(), look, from_of(box), to_of(box), style);
    if (chosen)
      view.list()->AddRect({box.left - 2, box.top - 2}, {box.right + 2, box.bottom + 2}, look.ink, look.px(3),
                           0, look.px(2));
    if (named) {
      const float words = text_width(name);
      view.list()->AddRectFilled({at.x - words / 2 - 1, box.top + 1}, {at.x + words / 2 + 1, box.bottom - 1},
                                 color);
      view.list()->AddText({at.x - words / 2, at.y - ImGui::GetTextLineHeight() / 2}, words_on(look, color),
                           name.c_str());
    }
    if (!is_pointed_at(box)) continue;
    ImGui::SetTooltip("%s", run.facts().machines[move.machine].name.c_str());
    view.told = true;
    if (ImGui::IsMouseClicked(0)) view.choose(ClusterChoice::Kind::Move, run, place);
  }
}

}  // namespace hvlab::visualizer
