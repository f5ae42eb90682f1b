#include "visualizer/live_words.hpp"

namespace hvlab::visualizer {

namespace {

std::string words_of(const Frame& frame, const ShownVersion& shown) {
  const views::OpenRun& run = *shown.run;
  if (shown.version != 0 && shown.version != run.generation())
    return frame.say("live.words_old", {run.name()});
  const Picoseconds end = run.trace() == nullptr ? 0 : run.trace()->end();
  const char* key = run.lacks_tail() ? "live.words_files" : "live.words_all";
  return frame.say(key, {run.name(), show_time(run.shared(end), 1000)});
}

}  // namespace

void draw_live_words(const Frame& frame, const std::vector<ShownVersion>& shown) {
  std::string text;
  for (const ShownVersion& one : shown)
    if (one.run->live()) text += (text.empty() ? "" : "   ·   ") + words_of(frame, one);
  if (!text.empty()) ImGui::TextDisabled("%s", text.c_str());
}

}  // namespace hvlab::visualizer
