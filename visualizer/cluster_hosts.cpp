// Hosts as boxes with their machines in them: large and told in words, as tiles, or as a heat map.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/cluster_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

using record::HostCondition;
using views::Box;
using views::HostPicture;

views::HostMeasure measure_of(const Frame& frame) {
  const std::string chosen = frame.state.option("cluster.colour");
  return chosen == "memory"  ? views::HostMeasure::Memory
         : chosen == "power" ? views::HostMeasure::Power
                             : views::HostMeasure::Processors;
}

bool works(const HostPicture& host) {
  return host.condition == HostCondition::On || host.condition == HostCondition::Maintenance;
}

void tell_host(const ClusterView& view, const ClusterRun& run, const HostPicture& host) {
  const record::HostFacts& facts = run.facts().hosts[host.host];
  std::string text = facts.name + "\n" + host_words(view.frame, run.facts(), host);
  text += fmt::format("\n{}  {} / {}\n{}  {}\n{}  {:.0f} W\n{}", view.frame.say("cluster.processors"),
                      percent(host.used), percent(host.wanted), view.frame.say("cluster.memory"),
                      percent(host.memory), view.frame.say("cluster.power"), host.power,
                      view.frame.say("cluster.machines_here", {std::to_string(host.machines.size())}));
  ImGui::SetTooltip("%s", text.c_str());
}

/// A measure in words and as a curve, in the head of a large box.
struct Meter {
  const char* key;
  std::string now;
  const std::vector<float>* curve;
  float most;
};

void draw_meter(const ClusterView& view, const ClusterRun& run, const Meter& meter, u32 host,
                const Box& box) {
  const Look& look = view.look();
  const float words = look.px(92), value = look.px(66);
  {
    const OverWays over(view);
    view.list()->AddText({box.left, box.top}, look.faint, fitted(view.frame.say(meter.key), words).c_str());
    const float width = text_width(meter.now);
    view.list()->AddText({box.left + words + value - width, box.top}, look.ink, meter.now.c_str());
  }
  const views::ClusterCurves& curves = run.kept->small;
  const Box plot{box.left + words + value + look.px(8), box.top + look.px(1), box.right,
                 box.bottom - look.px(2)};
  if (plot.width() < look.px(30)) return;
  draw_curve(view.list(), plot, meter.curve->data() + size_t{host} * curves.columns, curves.columns,
             meter.most, look.accent, look.color(views::style_of_load(2)));
  const float x = plot.left + plot.width() * static_cast<float>(static_cast<double>(view.at - view.from) /
                                                                static_cast<double>(view.until - view.from));
  if (x >= plot.left && x <= plot.right) view.list()->AddLine({x, plot.top}, {x, plot.bottom}, look.ink);
}

// Words at the right of a large box's title, the most important first.
std::string badges(const ClusterView& view, const ClusterRun& run, const HostPicture& host) {
  const bool plain = host.condition == HostCondition::On && host.watch == record::HostWatch::Heard &&
                     !host.isolated && !host.primary;
  return plain ? "" : host_words(view.frame, run.facts(), host);
}

void draw_large(ClusterView& view, const ClusterRun& run, const HostPicture& host, const Box& box) {
  const Look& look = view.look();
  const float line = ImGui::GetTextLineHeight(), pad = look.px(8);
  const record::HostFacts& facts = run.facts().hosts[host.host];
  const float right = box.right - pad;
  float y = box.top + look.px(6);
  {
    const OverWays over(view);
    ImGui::PushFont(look.strong);
    const std::string title = fitted(facts.name, right - box.left - pad);
    const float title_width = text_width(title);
    view.list()->AddText({box.left + pad, y}, look.ink, title.c_str());
    ImGui::PopFont();
    const std::string words = fitted(badges(view, run, host), right - box.left - 2 * pad - title_width);
    view.list()->AddText({right - text_width(words), y}, works(host) ? look.faint : look.bad, words.c_str());
  }
  y += line + look.px(3);
  if (!works(host)) {
    const Box rest{box.left + pad, y, right, box.bottom - pad};
    fill(view.list(), look, from_of(rest), to_of(rest), views::style_of_host(host.condition));
    return;
  }
  const views::ClusterCurves& curves = run.kept->small;
  const Meter meters[] = {
      {"cluster.processors", percent(host.wanted), &curves.wanted, 1.25F},
      {"cluster.memory", percent(host.memory), &curves.memory, 1},
      {"cluster.power", fmt::format("{:.0f} W", host.power), &curves.power, float(facts.full_mw) / 1000}};
  for (const Meter& meter : meters) {
    draw_meter(view, run, meter, host.host, {box.left + pad, y, right, y + line});
    y += line + look.px(2);
  }
  draw_cluster_machines(view, run, host, {box.left + pad, y + look.px(3), right, box.bottom - pad});
}

void draw_tile(ClusterView& view, const ClusterRun& run, const HostPicture& host, const Box& box) {
  const Look& look = view.look();
  const float line = ImGui::GetTextLineHeight(), pad = look.px(3);
  const Box inner{box.left + pad, box.top + pad, box.right - pad, box.bottom - pad};
  float y = inner.top;
  const std::string load = percent(host.measure(measure_of(view.frame)));
  const float load_width = text_width(load);
  if (box.height() > 2.6F * line) {
    const OverWays over(view);
    const bool has_load = works(host) && inner.width() > load_width + look.px(24);
    const std::string title = short_name(run.facts().hosts[host.host].name,
                                         inner.width() - (has_load ? load_width + look.px(6) : 0) -
                                             (host.primary ? look.px(14) : 0)) +
                              (host.primary ? " ◆" : "");
    view.list()->AddText({inner.left + look.px(1), y}, look.ink, title.c_str());
    if (has_load)
      view.list()->AddText({inner.right - load_width, y}, host.wanted > 1 ? look.bad : look.faint,
                           load.c_str());
    y += line + look.px(1);
  }
  const float curve = box.height() > look.px(92) ? look.px(16) : 0;
  const float gauge = look.px(4);
  if (!works(host)) {
    fill(view.list(), look, {inner.left, y}, to_of(inner), views::style_of_host(host.condition));
    return;
  }
  const double part = host.measure(measure_of(view.frame));
  view.list()->AddRectFilled({inner.left, y}, {inner.right, y + gauge}, look.line);
  fill(view.list(), look, {inner.left, y},
       {inner.left + inner.width() * static_cast<float>(std::min(part, 1.0)), y + gauge},
       views::style_of_load(std::max(part, 0.6)));
  y += gauge + look.px(2);
  draw_cluster_machines(view, run, host,
                        {inner.left, y, inner.right, inner.bottom - (curve > 0 ? curve + look.px(2) : 0)});
  if (curve == 0) return;
  const views::ClusterCurves& curves = run.kept->small;
  const Box plot{inner.left, inner.bottom - curve, inner.right, inner.bottom};
  draw_curve(view.list(), plot, curves.wanted.data() + size_t{host.host} * curves.columns, curves.columns,
             1.25F, look.accent, look.color(views::style_of_load(2)));
}

void outline(const ClusterView& view, const ClusterRun& run, const HostPicture& host, const Box& box) {
  const Look& look = view.look();
  const bool maintenance = host.condition == HostCondition::Maintenance;
  ImU32 color = look.line;
  float width = 1;
  if (maintenance) color = look.color(views::style_of("host-maintenance")), width = look.px(2);
  if (host.watch != record::HostWatch::Heard)
    color = look.color(views::style_of(views::EventClass::Availability)), width = look.px(2);
  if (host.condition == HostCondition::Failed) color = look.bad, width = look.px(2);
  if (view.is_chosen(run, ClusterChoice::Kind::Host, host.host)) color = look.ink, width = look.px(2.5F);
  view.list()->AddRect(from_of(box), to_of(box), color, look.px(3), 0, width);
}

void draw_heat(ClusterView& view, const ClusterRun& run, const std::vector<Box>& boxes) {
  const Look& look = view.look();
  const views::HostMeasure what = measure_of(view.frame);
  {
    Fills fills(view.list(), look);
    for (const HostPicture& host : run.picture().hosts) {
      const Box& box = boxes[host.host];
      const bool plain = works(host) && host.condition != HostCondition::Maintenance;
      fills.add(from_of(box), to_of(box),
                plain ? views::style_of_load(host.measure(what)) : views::style_of_host(host.condition));
    }
  }
  const OverWays over(view);
  const float line = ImGui::GetTextLineHeight();
  const bool numbers = boxes[0].width() > look.px(34) && boxes[0].height() > line;
  for (const HostPicture& host : run.picture().hosts) {
    const Box& box = boxes[host.host];
    if (numbers && works(host)) {
      const std::string text = fmt::format("{:.0f}", host.measure(what) * 100);
      const views::Style style = views::style_of_load(host.measure(what));
      const ImU32 ground = look.color(style);
      const ImVec2 at{(box.left + box.right - text_width(text)) / 2, (box.top + box.bottom - line) / 2};
      // Numbers on hatches are not read.
      if (style.hatch != views::Hatch::None)
        view.list()->AddRectFilled({at.x - 2, at.y}, {at.x + text_width(text) + 2, at.y + line}, ground);
      view.list()->AddText(at, words_on(look, ground), text.c_str());
    }
    if (view.is_chosen(run, ClusterChoice::Kind::Host, host.host))
      view.list()->AddRect({box.left - 1, box.top - 1}, {box.right + 1, box.bottom + 1}, look.ink, 0, 0,
                           look.px(2));
  }
}

void take_mouse(ClusterView& view, const ClusterRun& run, const std::vector<Box>& boxes) {
  for (const HostPicture& host : run.picture().hosts) {
    if (!is_pointed_at(boxes[host.host])) continue;
    if (!view.told) tell_host(view, run, host);
    if (ImGui::IsMouseClicked(0) && !view.taken) view.choose(ClusterChoice::Kind::Host, run, host.host);
  }
}

struct HeadingPart {
  const char* key;
  unsigned weight;  // where there is no room the least goes first
  std::string value;
};

// What all hosts of a run come to, in one line that is no wider than `width` if it can be.
std::string heading(const ClusterView& view, const ClusterRun& run, float width) {
  const views::ClusterPicture& picture = run.picture();
  const record::ManagerSample& manager = run.kept->state.manager[0];
  const auto share = [](double part, double all) { return percent(all > 0 ? part / all : 0); };
  std::vector<HeadingPart> parts = {
      {"hosts", 7, fmt::format("{}/{}", picture.on, picture.hosts.size())},
      {"processors", 6, share(picture.wanted, picture.capacity)},
      {"memory", 4, share(picture.committed, picture.memory)},
      {"power", 3, fmt::format("{:.2f} kW", picture.power / 1000)},
      {"machines", 5, fmt::format("{}/{}", picture.running, picture.machines.size())},
      {"imbalance", 2, fmt::format("{:.1f} %", manager.imbalance / 10.0)}};
  while (true) {
    std::string text = manager.works == 0 ? view.frame.say("cluster.no_manager") : "";
    for (const HeadingPart& part : parts)
      text += (text.empty() ? "" : " · ") +
              view.frame.say(std::string("cluster.heading.") + part.key, {part.value});
    if (parts.size() == 1 || text_width(text) <= width) return text;
    parts.erase(std::ranges::min_element(parts, {}, &HeadingPart::weight));
  }
}

void draw_heading(ClusterView& view, const ClusterRun& run) {
  const Look& look = view.look();
  float x = run.area.left;
  if (view.frame.runs.runs.size() > 1) {
    const float side = look.px(9), line = ImGui::GetTextLineHeight();
    fill(view.list(), look, {x, run.area.top + (line - side) / 2},
         {x + side, run.area.top + (line + side) / 2}, views::style_of_series(run.number));
    x += side + look.px(6);
    // Names differ at their ends: they are cut last.
    const float gap = look.px(12), least = text_width(heading(view, run, 0));
    ImGui::PushFont(look.strong);
    const std::string name = fitted(run.run->name(), run.area.right - x - gap - least);
    view.list()->AddText({x, run.area.top}, look.ink, name.c_str());
    x += text_width(name) + gap;
    ImGui::PopFont();
  }
  const bool works = run.kept->state.manager[0].works != 0;
  const std::string words = heading(view, run, run.area.right - x);
  view.list()->AddText({x, run.area.top}, works ? look.faint : look.bad,
                       fitted(words, run.area.right - x).c_str());
  if (is_pointed_at({x, run.area.top, run.area.right, run.area.top + ImGui::GetTextLineHeight()}))
    ImGui::SetTooltip("%s\n%s", run.run->name().c_str(), heading(view, run, 1e9F).c_str());
}

void keep_curves(ClusterView& view, ClusterRun& run, float width) {
  const auto time = [&](PicosecondDelta shared) { return run.run->own(shared) / 1000; };
  const auto columns = static_cast<u32>(std::clamp(width, 8.0F, 240.0F));
  views::ClusterCurves& kept = run.kept->small;
  const record::ClusterTime from = time(view.from), until = std::max(time(view.until), from + 1);
  if (kept.from == from && kept.until == until && kept.columns == columns) return;
  kept = views::cluster_curves(*run.reader, from, until, columns);
}

void draw_run(ClusterView& view, ClusterRun& run) {
  const Look& look = view.look();
  draw_heading(view, run);
  const float line = ImGui::GetTextLineHeight(), stores = cluster_stores_height(view, run);
  const Box area{run.area.left, run.area.top + line + look.px(6), run.area.right,
                 run.area.bottom - (stores > 0 ? stores + look.px(8) : 0)};
  const size_t count = run.picture().hosts.size();
  const float gap = look.px(count <= 12 ? 10 : count <= 150 ? 5 : 2);
  const std::vector<Box> boxes = views::grid_of(count, area, gap, count <= 2 ? 1.2F : 1.35F);
  const Box& first = boxes.front();
  const bool large = first.width() >= look.px(215) && first.height() >= look.px(170);
  const bool tiles = first.width() >= look.px(40) && first.height() >= look.px(34);
  view.list()->ChannelsSplit(2);
  if (large || tiles) {
    keep_curves(view, run, large ? first.width() - look.px(180) : first.width());
    for (const HostPicture& host : run.picture().hosts) {
      const Box& box = boxes[host.host];
      large ? draw_large(view, run, host, box) : draw_tile(view, run, host, box);
      outline(view, run, host, box);
    }
  } else {
    if (view.chosen.kind == ClusterChoice::Kind::Host || stores > 0) keep_curves(view, run, look.px(120));
    draw_heat(view, run, boxes);
  }
  draw_cluster_moves(view, run, boxes);
  view.list()->ChannelsMerge();
  take_mouse(view, run, boxes);
  if (stores > 0)
    draw_cluster_stores(view, run,
                        {run.area.left, run.area.bottom - stores, run.area.right, run.area.bottom});
}

}  // namespace

ImU32 words_on(const Look& look, ImU32 color, float opacity) {
  const auto channel = [&](int shift) {
    const auto of = [&](ImU32 one) { return static_cast<float>(one >> shift & 0xFF); };
    return of(color) * opacity + of(look.panel) * (1 - opacity);
  };
  const float light = 0.299F * channel(IM_COL32_R_SHIFT) + 0.587F * channel(IM_COL32_G_SHIFT) +
                      0.114F * channel(IM_COL32_B_SHIFT);
  return light > 128 ? opaque(0x101418) : opaque(0xffffff);
}

std::string host_words(const Frame& frame, const record::ClusterFacts& facts, const HostPicture& host) {
  std::string text = frame.say(std::string("cluster.host.") + record::name(host.condition));
  if (!facts.ha) return text;
  if (host.primary) text += " · " + frame.say("cluster.primary");
  if (host.watch != record::HostWatch::Heard)
    text += " · " + frame.say(std::string("cluster.watch.") + record::name(host.watch));
  if (host.isolated) text += " · " + frame.say("cluster.isolated");
  return text;
}

void draw_curve(ImDrawList* list, const Box& box, const float* values, u32 count, float most, ImU32 color,
                ImU32 above) {
  if (count == 0 || most <= 0) return;
  const float width = box.width() / static_cast<float>(count);
  const auto y = [&](float value) {
    return box.bottom - box.height() * std::clamp(value / most, 0.0F, 1.0F);
  };
  const float one = y(1);
  for (u32 i = 0; i < count; ++i) {
    const float left = box.left + width * static_cast<float>(i), top = y(values[i]);
    if (values[i] <= 0) continue;
    const bool over = most > 1 && most < 2 && values[i] > 1.0005F;
    list->AddRectFilled({left, over ? one : top}, {left + width, box.bottom}, faded(color, 0.28F));
    if (over) list->AddRectFilled({left, top}, {left + width, one}, above);
    list->AddRectFilled({left, top}, {left + width, std::min(top + 1.5F, box.bottom)}, over ? above : color);
  }
  list->AddLine({box.left, box.bottom}, {box.right, box.bottom}, faded(color, 0.3F));
}

bool is_pointed_at(const Box& box) {
  return ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(from_of(box), to_of(box));
}

void draw_cluster_hosts(ClusterView& view) {
  for (ClusterRun& run : view.runs) draw_run(view, run);
}

}  // namespace hvlab::visualizer
