// What stands around the views: tabs, choices, runs, the line at the foot, the list of keys.
#include <GLFW/glfw3.h>

#include <algorithm>

#include "sim/views/cluster_picture.hpp"
#include "visualizer/app.hpp"
#include "visualizer/live_bar.hpp"
#include "visualizer/parts.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

bool tab(const Look& look, const std::string& text, bool chosen) {
  ImGui::PushFont(chosen ? look.strong : look.text);
  ImGui::PushStyleColor(ImGuiCol_Button, chosen ? faded(look.accent, 0.16F) : 0);
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 0);
  const bool clicked = ImGui::Button(text.c_str());
  ImGui::PopStyleVar();
  ImGui::PopStyleColor();
  ImGui::PopFont();
  return clicked;
}

float button_width(const std::string& text) {
  return ImGui::CalcTextSize(text.c_str()).x + 2 * ImGui::GetStyle().FramePadding.x;
}

// What runs can be aligned by: the phases and marks that the first one has.
std::vector<std::string> alignments(const views::RunSet& runs) {
  std::vector<std::string> found{"start"};
  if (runs.runs.empty() || runs.runs[0]->trace() == nullptr) return found;
  const record::TraceReader& trace = *runs.runs[0]->trace();
  for (const auto& [key, entry] : trace.names(record::NameTable::Mark)) {
    const std::string prefix = "HVLAB phase=";
    const size_t begin = entry.text.find(prefix);  // "HVLAB instance=N " may stand before it
    if (!entry.text.starts_with("HVLAB ") || begin == std::string::npos) continue;
    const size_t name = begin + prefix.size();
    const std::string phase = "phase:" + entry.text.substr(name, entry.text.find(' ', name) - name);
    if (std::ranges::find(found, phase) == found.end()) found.push_back(phase);
  }
  found.emplace_back("mark:HVLAB start");
  found.emplace_back("event:vm-exit");
  found.emplace_back("event:request-start");
  return found;
}

}  // namespace

void App::draw_tabs(Frame& frame) {
  ImGui::PushFont(look_.heading);
  ImGui::TextUnformatted("HVLab");
  ImGui::PopFont();
  const std::vector<View>& all = all_views();
  for (size_t i = 0; i < all.size(); ++i) {
    ImGui::SameLine(0, look_.px(i == 0 ? 20 : 2));
    if (tab(look_, frame.say(std::string("view.") + all[i].name), state_.view == all[i].name))
      state_.view = all[i].name;
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("%zu", i + 1);
  }
}

void App::draw_choices(Frame& frame) {
  const std::string language = state_.language == "en" ? "日本語" : "English";
  const std::string ground = frame.say(state_.dark ? "window.light" : "window.dark");
  const std::string& keys = frame.say("window.keys");
  const std::string align = to_text(state_.align);
  const float combo = std::max(look_.px(150), ImGui::CalcTextSize(align.c_str()).x + look_.px(40));
  const float label = ImGui::CalcTextSize(frame.say("window.align").c_str()).x + look_.px(8);
  const float gap = ImGui::GetStyle().ItemSpacing.x;
  const float width =
      label + combo + button_width(language) + button_width(ground) + button_width(keys) + 3 * gap;
  const float left = ImGui::GetWindowContentRegionMax().x - width;
  ImGui::SameLine();
  if (left > ImGui::GetCursorPosX() + gap)
    ImGui::SetCursorPosX(left);
  else
    ImGui::NewLine();
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", frame.say("window.align").c_str());
  ImGui::SameLine(0, look_.px(8));
  ImGui::SetNextItemWidth(combo);
  if (ImGui::BeginCombo("##align", align.c_str())) {
    for (const std::string& one : alignments(runs_))
      if (ImGui::Selectable(one.c_str(), one == align)) {
        state_.align = views::alignment_of(one);
        state_.from.reset();
        state_.until.reset();
      }
    ImGui::EndCombo();
  }
  ImGui::SameLine();
  if (ImGui::Button(language.c_str())) state_.language = state_.language == "en" ? "ja" : "en";
  ImGui::SameLine();
  if (ImGui::Button(ground.c_str())) state_.dark = !state_.dark;
  ImGui::SameLine();
  if (ImGui::Button(keys.c_str())) help_ = !help_;
}

// A chip for each run: click to show or hide it.
void App::draw_runs(Frame& frame) {
  std::vector<size_t> shown = frame.shown_numbers();
  const float right = ImGui::GetWindowContentRegionMax().x;
  for (size_t i = 0; i < runs_.runs.size(); ++i) {
    const views::OpenRun& run = *runs_.runs[i];
    const bool is_shown = std::ranges::find(shown, i) != shown.end();
    std::string text = run.name();
    if (run.live()) text += " ●";
    if (!run.problem().empty()) text += " !";
    const float width = button_width(text) + look_.px(14);
    if (i != 0) ImGui::SameLine(0, look_.px(4));
    if (ImGui::GetCursorPosX() + width > right) ImGui::NewLine();
    ImGui::PushID(static_cast<int>(i));
    ImGui::PushStyleColor(ImGuiCol_Text, is_shown ? look_.ink : look_.faint);
    ImGui::PushStyleColor(ImGuiCol_Button, is_shown ? look_.panel : 0);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (ImGui::Button(("   " + text).c_str())) {
      is_shown ? std::erase(shown, i) : (shown.push_back(i), 0U);
      std::ranges::sort(shown);
      state_.shown.clear();
      for (const size_t number : shown) state_.shown.push_back(static_cast<unsigned>(number) + 1);
    }
    ImGui::PopStyleColor(2);
    const float side = look_.px(8), top = at.y + (ImGui::GetItemRectSize().y - side) / 2;
    if (is_shown)
      fill(ImGui::GetWindowDrawList(), look_, {at.x + side * 0.7F, top}, {at.x + side * 1.7F, top + side},
           views::style_of_series(static_cast<unsigned>(i)));
    if (ImGui::IsItemHovered()) {
      const std::string state = frame.say(std::string("run.") + record::name(run.reader().state()));
      ImGui::SetTooltip("%s\n%s%s%s", run.argument().c_str(), state.c_str(),
                        run.problem().empty() ? "" : "\n", run.problem().c_str());
    }
    ImGui::PopID();
  }
}

void App::draw_bars(Frame& frame) {
  draw_tabs(frame);
  draw_choices(frame);
  if (!runs_.runs.empty()) draw_runs(frame);
  draw_live_bar(frame);
  ImGui::Separator();
}

void App::draw_status(Frame& frame) {
  ImGui::Separator();
  std::string text = !notice_.empty() ? notice_ : frame.status;
  if (text.empty() && !not_aligned_.empty()) {
    std::string names;
    for (const std::string& name : not_aligned_) names += (names.empty() ? "" : ", ") + name;
    text = frame.say("window.not_aligned", {to_text(state_.align), names});
  }
  const auto [from, until] = frame.span();
  // Of clusters a clock: they run for days.
  const bool clock =
      std::ranges::any_of(runs_.runs, [](const auto& run) { return run->cluster() != nullptr; });
  const PicosecondDelta grain = std::max<PicosecondDelta>((until - from) / 2000, 1);
  std::string cursor;
  if (state_.at)
    cursor = frame.say("window.cursor",
                       {clock && *state_.at >= 0 ? views::clock_text(static_cast<u64>(*state_.at) / 1000,
                                                                     static_cast<u64>(grain) / 1000)
                                                 : show_time(*state_.at, grain)});
  const float right = ImGui::GetWindowContentRegionMax().x - text_width(cursor);
  ImGui::TextDisabled("%s", fitted(text, right - ImGui::GetCursorPosX() - look_.px(12)).c_str());
  if (cursor.empty()) return;
  ImGui::SameLine(right);
  ImGui::TextUnformatted(cursor.c_str());
}

void App::draw_help(Frame& frame) {
  static constexpr const char* kLines[] = {"views", "help",     "widgets", "copy",    "picture", "tables",
                                           "theme", "language", "scale",   "present", "quit"};
  static constexpr const char* kKeys[] = {"1 … 8",  "F1",     "F2",         "Ctrl C", "Ctrl S", "Ctrl E",
                                          "Ctrl T", "Ctrl L", "Ctrl + − 0", "Ctrl P", "Ctrl Q"};
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({size.x / 2, size.y / 2}, ImGuiCond_Always, {0.5F, 0.5F});
  ImGui::Begin(
      "##keys", nullptr,
      ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoSavedSettings);
  ImGui::PushFont(look_.heading);
  ImGui::TextUnformatted(frame.say("window.keys").c_str());
  ImGui::PopFont();
  const auto row = [&](const std::string& key, const std::string& what) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushFont(look_.strong);
    ImGui::TextUnformatted(key.c_str());
    ImGui::PopFont();
    ImGui::TableNextColumn();
    ImGui::TextUnformatted(what.c_str());
  };
  if (ImGui::BeginTable("keys", 2)) {
    for (size_t i = 0; i < std::size(kLines); ++i) row(kKeys[i], frame.say(std::string("keys.") + kLines[i]));
    // Of live runs, and the view's own: "keys_of.timeline" in the catalogue, lines of "KEY: what".
    const std::string own = "keys_of." + state_.view;
    std::string lines = chosen_live(frame).live != nullptr ? frame.say("live.keys") + "\n" : "";
    if (frame.say.has(own)) lines += frame.say(own);
    while (!lines.empty()) {
      const std::string line = lines.substr(0, lines.find('\n'));
      lines.erase(0, line.size() + 1);
      if (const size_t colon = line.find(": "); colon != std::string::npos)
        row(line.substr(0, colon), line.substr(colon + 2));
    }
    ImGui::EndTable();
  }
  ImGui::End();
}

}  // namespace hvlab::visualizer
