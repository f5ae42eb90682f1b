// Machines in their host's box: how large, in which shade, under which name.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/cluster_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

using views::Box;
using views::HostPicture;

void tell_machine(const ClusterView& view, const ClusterRun& run, u32 machine) {
  const record::MachineFacts& facts = run.facts().machines[machine];
  const record::MachineSample& sample = run.kept->state.machines[machine];
  ImGui::SetTooltip(
      "%s\n%s\n%s", facts.name.c_str(),
      view.frame.say(std::string("cluster.state.") + name(run.picture().machines[machine])).c_str(),
      view.frame.say("cluster.gets", {show_count(sample.gets()), show_count(sample.wants)}).c_str());
}

// How much of what it could want a machine gets, for the shade of its box.
float shade_of(const ClusterRun& run, u32 machine) {
  const record::MachineSample& sample = run.kept->state.machines[machine];
  const u32 mhz = sample.host < run.facts().hosts.size() ? run.facts().hosts[sample.host].core_mhz : 1000;
  const double most = std::max(1.0, double(mhz) * run.facts().machines[machine].processors);
  return static_cast<float>(std::clamp(sample.gets() / most, 0.0, 1.0));
}

float opacity_of(const ClusterRun& run, u32 machine) { return 0.35F + 0.65F * shade_of(run, machine); }

struct MachineBox {
  u32 machine = 0;
  Box box;
  bool coming = false;  // it is on its way here
};

std::vector<MachineBox> machine_boxes(const ClusterView& view, const ClusterRun& run, const HostPicture& host,
                                      const Box& area) {
  const bool memory = view.frame.state.option("cluster.area") == "memory";
  std::vector<MachineBox> boxes;
  std::vector<double> weights;
  const auto add = [&](u32 machine, bool coming) {
    const record::MachineFacts& facts = run.facts().machines[machine];
    boxes.push_back({machine, {}, coming});
    weights.push_back(memory ? facts.memory : facts.processors);
  };
  for (const u32 machine : host.machines) add(machine, false);
  for (const u32 move : host.coming) add(static_cast<u32>(run.reader->moves()[move].machine), true);
  const record::HostFacts& facts = run.facts().hosts[host.host];
  const std::vector<Box> places = views::strips_of(weights, memory ? facts.memory : facts.cores, area);
  for (size_t i = 0; i < boxes.size(); ++i) boxes[i].box = places[i];
  return boxes;
}

void draw_machine_name(const ClusterView& view, const ClusterRun& run, const MachineBox& one,
                       const Box& inner, const views::Style& style, float opacity) {
  const Look& look = view.look();
  const float line = ImGui::GetTextLineHeight();
  if (inner.width() < look.px(24) || inner.height() < line) return;
  const record::MachineFacts& facts = run.facts().machines[one.machine];
  const std::string name = short_name(facts.name, inner.width() - look.px(6));
  if (name.empty() || name == "…") return;
  const ImVec2 at{inner.left + look.px(4), inner.top + look.px(1)};
  const ImU32 color = look.color(style), ink = one.coming ? look.faint : words_on(look, color, opacity);
  // Words on hatches are not read.
  if (style.hatch != views::Hatch::None && !one.coming)
    view.list()->AddRectFilled({at.x - 2, at.y}, {at.x + text_width(name) + 2, at.y + line}, color);
  view.list()->AddText(at, ink, name.c_str());
  if (one.coming || style.hatch != views::Hatch::None || inner.height() < 2.2F * line ||
      inner.width() < look.px(80))
    return;
  const std::string gets =
      fitted(fmt::format("{} MHz", show_count(run.kept->state.machines[one.machine].gets())),
             inner.width() - look.px(6));
  view.list()->AddText({at.x, at.y + line}, faded(ink, 0.8F), gets.c_str());
}

}  // namespace

std::string short_name(const std::string& name, float width) {
  const std::string whole = fitted(name, width);
  if (whole == name) return whole;
  const size_t hyphen = name.rfind('-');
  const std::string end = hyphen == std::string::npos ? "" : name.substr(hyphen + 1);
  return !end.empty() && text_width(end) <= width ? end : whole;
}

void draw_cluster_machines(ClusterView& view, const ClusterRun& run, const HostPicture& host,
                           const Box& area) {
  const Look& look = view.look();
  view.list()->AddRectFilled(from_of(area), to_of(area), look.panel);
  const std::vector<MachineBox> boxes = machine_boxes(view, run, host, area);
  const float inset = area.width() > look.px(120) ? 1.0F : 0.5F;
  const auto inner_of = [&](const MachineBox& one) {
    return Box{one.box.left + inset, one.box.top + inset, one.box.right - inset, one.box.bottom - inset};
  };
  {
    Fills fills(view.list(), look);
    for (const MachineBox& one : boxes) {
      const Box inner = inner_of(one);
      if (one.coming || inner.width() <= 0 || inner.height() <= 0) continue;
      const views::MachineLook state = run.picture().machines[one.machine];
      const bool shaded = state == views::MachineLook::Running;
      fills.add(from_of(inner), to_of(inner), views::style_of(name(state)),
                shaded ? opacity_of(run, one.machine) : 1);
    }
  }
  const OverWays over(view);
  for (const MachineBox& one : boxes) {
    const Box inner = inner_of(one);
    if (one.coming)
      view.list()->AddRect(from_of(inner), to_of(inner), look.color(views::style_of("vm-moving")), 0, 0,
                           look.px(1.5F));
    const views::MachineLook state = run.picture().machines[one.machine];
    const float opacity = state == views::MachineLook::Running ? opacity_of(run, one.machine) : 1;
    draw_machine_name(view, run, one, inner, views::style_of(name(state)), opacity);
    if (view.is_chosen(run, ClusterChoice::Kind::Machine, one.machine))
      view.list()->AddRect(from_of(inner), to_of(inner), look.ink, 0, 0, look.px(2));
    if (!is_pointed_at(one.box)) continue;
    tell_machine(view, run, one.machine);
    view.told = true;
    if (ImGui::IsMouseClicked(0)) view.choose(ClusterChoice::Kind::Machine, run, one.machine);
  }
}

}  // namespace hvlab::visualizer
