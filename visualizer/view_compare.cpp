// Runs side by side: layers, where time goes, figures, how they went; below what differs most, and why.
#include <GLFW/glfw3.h>

#include <algorithm>

#include "sim/views/sweep_curves.hpp"
#include "visualizer/compare_parts.hpp"
#include "visualizer/parts.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

bool playing = false;  // moves the cursor; what is shown depends on the cursor alone

PicosecondDelta window_width(const Frame& frame) {
  const auto [from, until] = frame.span();
  const PicosecondDelta chosen = frame.state.number("compare.window");
  return chosen > 0 ? chosen : std::max<PicosecondDelta>((until - from) / 100, 1'000'000);
}

std::vector<std::string> question(const Frame& frame) {
  const ViewState& state = frame.state;
  std::vector<std::string> words{"compare", "--json", "--workload"};
  if (const std::string base = state.option("compare.baseline"); !base.empty())
    words.insert(words.end(), {"--baseline", base});
  // A sweep's folder is no run: its cells are.
  const bool sweep =
      std::ranges::any_of(state.runs, [](const std::string& name) { return views::is_sweep(name); });
  if (sweep)
    for (const auto& run : frame.runs.runs) words.push_back(run->reader().path());
  else
    words.insert(words.end(), state.runs.begin(), state.runs.end());
  return words;
}

// What is shown of a run, made anew only where the span or the run has changed.
const KeptRun& keep(Frame& frame, const views::OpenRun& run) {
  auto& kept = frame.kept.of<KeptRun>(run);
  if (kept.generation != run.generation()) {
    kept = KeptRun{};
    kept.generation = run.generation();
    kept.picture = views::layer_picture(views::layer_facts(run));
  }
  if (run.trace() == nullptr) return kept;
  const record::TraceReader& trace = *run.trace();
  std::pair<Picoseconds, Picoseconds> window{0, trace.end()};
  if (frame.state.at)
    window =
        views::window_around(trace, run.own(*frame.state.at), static_cast<Picoseconds>(window_width(frame)));
  if (kept.window != window) {
    kept.window = window;
    kept.counters = views::layer_counters(kept.picture, trace, window.first, window.second);
    kept.ledger = views::ledger_between(trace, window.first, window.second);
  }
  const auto [from, until] = frame.span();
  const std::pair<Picoseconds, Picoseconds> span{run.own(from), run.own(until)};
  if (kept.series_span != span) {
    kept.series_span = span;
    kept.series = views::series_between(trace, span.first, span.second, 160);
  }
  return kept;
}

float combo_width(const Frame& frame, const std::string& nothing, const std::vector<std::string>& all) {
  float width = ImGui::CalcTextSize(nothing.c_str()).x;
  for (const std::string& one : all) width = std::max(width, ImGui::CalcTextSize(one.c_str()).x);
  return width + frame.look.px(40);
}

void combo(Frame& frame, const char* option, const std::string& nothing,
           const std::vector<std::string>& all) {
  Choices choices{{"", nothing}};
  for (const std::string& one : all) choices.emplace_back(one, one);
  choose_from(frame, option, choices, combo_width(frame, nothing, all) / frame.look.scale);
}

void next_of(Frame& frame, const char* option, const std::vector<std::string>& all) {
  const auto at = std::ranges::find(all, frame.state.option(option));
  if (all.empty()) return;
  if (at == all.end())
    frame.state.set(option, all.front());
  else
    frame.state.set(option, at + 1 == all.end() ? std::string() : *(at + 1));
}

void take_keys(Frame& frame, const std::vector<std::string>& phases, const std::vector<std::string>& ways) {
  const auto [from, until] = frame.span();
  const PicosecondDelta step = std::max<PicosecondDelta>(window_width(frame) / 2, 1);
  const auto move = [&](PicosecondDelta by) {
    frame.state.at = std::clamp(frame.state.at.value_or(by > 0 ? from : until) + by, from, until);
  };
  if (frame.pressed(GLFW_KEY_RIGHT)) move(step);
  if (frame.pressed(GLFW_KEY_LEFT)) move(-step);
  if (frame.pressed(GLFW_KEY_DELETE) || frame.pressed(GLFW_KEY_BACKSPACE)) frame.state.at.reset();
  if (frame.pressed(GLFW_KEY_SPACE)) playing = !playing;
  if (frame.pressed(GLFW_KEY_LEFT_BRACKET))
    frame.state.set_number("compare.window", std::max<PicosecondDelta>(window_width(frame) / 2, 1'000));
  if (frame.pressed(GLFW_KEY_RIGHT_BRACKET))
    frame.state.set_number("compare.window", std::min(window_width(frame) * 2, until - from));
  if (frame.pressed(GLFW_KEY_P)) next_of(frame, "compare.phase", phases);
  if (frame.pressed(GLFW_KEY_B)) next_of(frame, "compare.baseline", ways);
}

void play(Frame& frame) {
  if (!playing || frame.still) return;
  constexpr double kSeconds = 20;  // from end to end
  const auto [from, until] = frame.span();
  const auto by = static_cast<PicosecondDelta>(static_cast<double>(until - from) * frame.delta / kSeconds);
  frame.state.at = frame.state.at.value_or(from) + std::max<PicosecondDelta>(by, 1);
  if (*frame.state.at >= until) frame.state.at = until, playing = false;
  frame.animate = true;
}

// A line of time with the cursor, to be dragged.
void draw_scrubber(Frame& frame, float width) {
  const Look& look = frame.look;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = ImGui::GetFrameHeight();
  ImGui::InvisibleButton("##scrubber", {width, height});
  const auto [from, until] = frame.span();
  const double span = static_cast<double>(until - from);
  if (ImGui::IsItemActive()) {
    const double part = std::clamp((ImGui::GetIO().MousePos.x - at.x) / width, 0.0F, 1.0F);
    frame.state.at = from + static_cast<PicosecondDelta>(part * span);
  }
  if (ImGui::IsItemHovered()) frame.status = frame.say("compare.scrub");
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float middle = at.y + height / 2;
  list->AddRectFilled({at.x, middle - look.px(2)}, {at.x + width, middle + look.px(2)}, look.line,
                      look.px(2));
  if (!frame.state.at) return;
  const auto place = [&](PicosecondDelta time) {
    return at.x +
           width * static_cast<float>(static_cast<double>(std::clamp(time, from, until) - from) / span);
  };
  const PicosecondDelta half = window_width(frame) / 2;
  list->AddRectFilled(
      {place(*frame.state.at - half), middle - look.px(5)},
      {std::max(place(*frame.state.at + half), place(*frame.state.at - half) + 2), middle + look.px(5)},
      faded(look.accent, 0.35F), look.px(2));
  list->AddCircleFilled({place(*frame.state.at), middle}, look.px(6), look.accent);
}

void draw_choices(Frame& frame, const std::vector<std::string>& phases,
                  const std::vector<std::string>& ways) {
  if (ImGui::Button(frame.say(playing ? "compare.pause" : "compare.play").c_str())) playing = !playing;
  ImGui::SameLine();
  const std::string &phase = frame.say("compare.phase"), &base = frame.say("compare.baseline");
  float right = frame.look.px(90) + ImGui::CalcTextSize(phase.c_str()).x +
                ImGui::CalcTextSize(base.c_str()).x + combo_width(frame, frame.say("compare.all"), phases) +
                combo_width(frame, frame.say("compare.first"), ways);
  const std::string window = frame.state.at ? frame.say("compare.window", {show_time(window_width(frame))})
                                            : frame.say("compare.whole");
  right += ImGui::CalcTextSize(window.c_str()).x;
  draw_scrubber(frame, std::max(frame.look.px(160), ImGui::GetContentRegionAvail().x - right));
  ImGui::SameLine(0, frame.look.px(14));
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", window.c_str());
  ImGui::SameLine(0, frame.look.px(18));
  ImGui::TextDisabled("%s", phase.c_str());
  ImGui::SameLine();
  combo(frame, "compare.phase", frame.say("compare.all"), phases);
  ImGui::SameLine(0, frame.look.px(18));
  ImGui::TextDisabled("%s", base.c_str());
  ImGui::SameLine();
  combo(frame, "compare.baseline", frame.say("compare.first"), ways);
}

// What is made of a document, until it or what is chosen of it changes.
struct Read {
  std::string text, phase, language;
  std::vector<size_t> shown;
  std::vector<std::string> phases, ways;
  std::vector<views::CompareColumn> told;
  std::vector<views::ToldDifference> differences;
};

const Read& read_answer(const Frame& frame, const Answer& answer) {
  static Read kept;
  const std::string phase = frame.state.option("compare.phase");
  const std::vector<size_t> shown = frame.shown_numbers();
  if (kept.text == answer.text && kept.phase == phase && kept.language == frame.state.language &&
      kept.shown == shown)
    return kept;
  Read made{answer.text, phase, frame.state.language, shown, {}, {}, {}, {}};
  made.phases = views::compared_phases(answer.document);
  made.told = views::compare_columns(answer.document, phase);
  for (const views::CompareColumn& one : made.told)
    if (std::ranges::find(made.ways, one.title) == made.ways.end()) made.ways.push_back(one.title);
  made.differences = views::told_differences(answer.document, shown, phase, frame.state.language);
  return kept = std::move(made);
}

// Asked again when a run that was still written has ended.
void forget_when_over(Frame& frame) {
  static size_t live_before = 0;
  const auto live = static_cast<size_t>(
      std::ranges::count_if(frame.runs.runs, [](const auto& run) { return run->live(); }));
  if (live < live_before) frame.ask.forget(question(frame));
  live_before = live;
}

// The document, as far as it can be had; what is wrong with it otherwise.
std::string read_document(Comparing& comparing, std::vector<std::string>& phases,
                          std::vector<std::string>& ways) {
  Frame& frame = comparing.frame;
  forget_when_over(frame);
  const Answer& answer = frame.ask.ask(question(frame));
  if (answer.state == Answer::State::Waiting) {
    frame.loading = true;
    return frame.say("compare.waiting");
  }
  if (answer.state == Answer::State::Failed) return answer.error;
  try {
    const Read& read = read_answer(frame, answer);
    phases = read.phases;
    ways = read.ways;
    comparing.told = read.told;
    comparing.differences = read.differences;
  } catch (const nlohmann::json::exception& error) {
    return frame.say("compare.strange", {error.what()});
  }
  return "";
}

void place_columns(Comparing& comparing) {
  Frame& frame = comparing.frame;
  const std::vector<size_t> numbers = frame.shown_numbers();
  const float gutter = frame.look.px(128), gap = frame.look.px(14);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  comparing.left = at.x;
  const float room = ImGui::GetContentRegionAvail().x - gutter;
  const float each =
      std::min((room + gap) / static_cast<float>(std::max<size_t>(numbers.size(), 1)), frame.look.px(420));
  for (size_t i = 0; i < numbers.size(); ++i) {
    views::OpenRun& run = *frame.runs.runs[numbers[i]];
    Column column;
    column.run = &run;
    column.number = static_cast<unsigned>(numbers[i]);
    column.kept = &keep(frame, run);
    column.told = views::column_at(comparing.told, numbers[i]);
    if (column.told != nullptr)  // the first of the document with as many processors
      column.base =
          &*std::ranges::find(comparing.told, column.told->processors, &views::CompareColumn::processors);
    column.left = at.x + gutter + each * static_cast<float>(i);
    column.right = column.left + each - gap;
    comparing.columns.push_back(column);
  }
}

}  // namespace

void draw_compare(Frame& frame) {
  if (frame.shown().empty()) return nothing_to_show(frame, "view.compare", frame.say("compare.no_runs"));
  Comparing comparing{.frame = frame, .columns = {}};
  std::vector<std::string> phases, ways;
  const std::string problem = read_document(comparing, phases, ways);
  take_keys(frame, phases, ways);
  play(frame);
  draw_choices(frame, phases, ways);

  const float room = ImGui::GetContentRegionAvail().y;
  static float wanted = 0;  // the columns' own height, as of the frame before
  const float height = std::min(wanted > 0 ? wanted : room * 0.7F, room * 0.78F);
  ImGui::BeginChild("columns", {0, height});
  place_columns(comparing);
  const float top = ImGui::GetCursorScreenPos().y;
  float y = draw_heads(comparing, top);
  y = draw_layers(comparing, y);
  y = draw_ledgers(comparing, y);
  y = draw_figures(comparing, y);
  y = draw_series(comparing, y);
  const float needed = y - top + ImGui::GetStyle().ItemSpacing.y;
  if (wanted != needed) frame.loading = frame.animate = true;
  wanted = needed;
  ImGui::SetCursorScreenPos({comparing.left, top});
  ImGui::Dummy({1, y - top});
  ImGui::EndChild();

  ImGui::Separator();
  if (problem.empty())
    draw_differences(comparing);
  else
    ImGui::TextDisabled("%s", problem.c_str());
  if (frame.status.empty()) frame.status = frame.say("compare.keys");
  if (frame.wants_tables) frame.tables = compare_tables(comparing);
}

}  // namespace hvlab::visualizer
