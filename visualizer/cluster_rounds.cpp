// Rounds of pre-copy as a picture: what each sent, what was written meanwhile, and how little would be enough
// to stop the machine.
#include <algorithm>
#include <cmath>

#include "visualizer/cluster_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

using views::RoundPicture;

// Bytes on a scale of their logarithm from a megabyte on: rounds differ by factors.
struct Scale {
  double least = 1e6, most = 1e9;
  float top = 0, bottom = 0;
  float y(double bytes) const {
    const double part = std::log(std::max(bytes, least) / least) / std::log(most / least);
    return bottom - static_cast<float>(std::clamp(part, 0.0, 1.0)) * (bottom - top);
  }
};

Scale scale_of(const std::vector<RoundPicture>& rounds, double enough, float top, float bottom) {
  Scale scale{.top = top, .bottom = bottom};
  scale.most = std::max(10 * scale.least, enough);
  for (const RoundPicture& round : rounds)
    scale.most = std::max({scale.most, static_cast<double>(round.sent), static_cast<double>(round.written)});
  return scale;
}

}  // namespace

void draw_cluster_round_chart(ClusterView& view, const ClusterRun& run, const record::ClusterMove& move) {
  const Look& look = view.look();
  const Frame& frame = view.frame;
  const std::vector<RoundPicture> rounds = views::rounds_of(move, run.facts().policy);
  legend(look, views::style_of("vm-moving"), frame.say("cluster.sent"));
  ImGui::SameLine(0, look.px(14));
  legend(look, views::style_of("vm-short"), frame.say("cluster.written"));
  const double enough = views::enough_bytes(run.facts().policy, rounds.back().bandwidth);
  ImGui::PushStyleColor(ImGuiCol_Text, look.good);
  ImGui::TextUnformatted(("- -  " + frame.say("cluster.enough", {views::amount_text(enough)})).c_str());
  ImGui::PopStyleColor();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, height = look.px(84);
  const Scale scale = scale_of(rounds, enough, at.y + look.px(4), at.y + height);
  const float each = std::min(width / static_cast<float>(rounds.size()), look.px(44));
  {
    Fills fills(ImGui::GetWindowDrawList(), look);
    for (size_t i = 0; i < rounds.size(); ++i) {
      const float left = at.x + each * static_cast<float>(i), bar = std::max(1.0F, each * 0.4F);
      const float opacity = rounds[i].begins <= run.moment ? 1 : 0.35F;
      fills.add({left, scale.y(static_cast<double>(rounds[i].sent))}, {left + bar, scale.bottom},
                views::style_of("vm-moving"), opacity);
      fills.add({left + bar, scale.y(static_cast<double>(rounds[i].written))}, {left + 2 * bar, scale.bottom},
                views::style_of("vm-short"), opacity);
    }
  }
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddLine({at.x, scale.bottom}, {at.x + width, scale.bottom}, look.line);
  const float y = scale.y(enough);
  for (float x = at.x; x < at.x + width; x += look.px(8))
    list->AddLine({x, y}, {x + look.px(4), y}, look.good, look.px(1.5F));
  ImGui::Dummy({width, height + look.px(4)});
}

}  // namespace hvlab::visualizer
