// Many hosts: where machines are and what they get at a moment, over time, and why they moved.
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/cluster_parts.hpp"
#include "visualizer/parts.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

using record::ClusterTime;
using views::Box;

bool playing = false;  // moves the cursor; what is shown depends on the cursor alone

constexpr PicosecondDelta kSecond = 1'000'000'000'000;

ClusterTime own_time(const views::OpenRun& run, PicosecondDelta shared) { return run.own(shared) / 1000; }

std::vector<ClusterRun> shown_runs(Frame& frame) {
  std::vector<ClusterRun> runs;
  for (const size_t number : frame.shown_numbers()) {
    views::OpenRun& run = *frame.runs.runs[number];
    if (run.cluster() == nullptr) continue;
    ClusterRun shown;
    shown.run = &run;
    shown.reader = run.cluster();
    shown.kept = &frame.kept.of<ClusterKept>(run);
    shown.number = static_cast<unsigned>(number);
    if (shown.kept->generation != run.generation()) {
      *shown.kept = ClusterKept{};
      shown.kept->generation = run.generation();
    }
    runs.push_back(shown);
  }
  return runs;
}

// The picture of the moment, made anew only when it is another one.
void look_at_moment(ClusterRun& run, PicosecondDelta at) {
  run.moment = std::min(own_time(*run.run, at), run.reader->end());
  if (run.kept->moment == run.moment) return;
  run.kept->moment = run.moment;
  run.kept->state = run.reader->at(run.moment);
  run.kept->picture = views::cluster_picture(*run.reader, run.kept->state, run.moment);
}

PicosecondDelta speed(const Frame& frame, PicosecondDelta span) {
  const long long chosen = frame.state.number("cluster.speed");
  return chosen > 0 ? chosen * kSecond : std::max<PicosecondDelta>(span / 40, 1);
}

void play(ClusterView& view) {
  Frame& frame = view.frame;
  if (!playing || frame.still) return;
  const double by = static_cast<double>(speed(frame, view.until - view.from)) * std::min(frame.delta, 0.1F);
  view.at += std::max<PicosecondDelta>(static_cast<PicosecondDelta>(by), 1);
  if (view.at >= view.until) view.at = view.until, playing = false;
  frame.state.at = view.at;
  frame.animate = true;
}

// To the next occurrence of those that the filter leaves, of all runs.
void jump(ClusterView& view, bool forward) {
  const ClusterRun* best = nullptr;
  u32 event = 0;
  PicosecondDelta found = 0;
  for (const ClusterRun& run : view.runs) {
    const std::vector<u32>& places = cluster_events(view, run);
    const size_t at = forward ? views::next_event(*run.reader, places, run.moment)
                              : views::event_before(*run.reader, places, run.moment);
    if (at >= places.size()) continue;
    const auto time = run.run->shared(views::picoseconds_of(run.reader->events()[places[at]].at));
    if (best != nullptr && (forward ? time >= found : time <= found)) continue;
    best = &run, event = places[at], found = time;
  }
  if (best == nullptr) return;
  choose_event(view, *best, event);
  view.go_to(*best, best->reader->events()[event].at);
}

void zoom(ClusterView& view, double factor) {
  const auto [first, last] = view.frame.runs.span();
  const double length = std::clamp(static_cast<double>(view.until - view.from) * factor, 1e9,
                                   static_cast<double>(std::max<PicosecondDelta>(last - first, 1)));
  const PicosecondDelta middle = std::clamp(view.at, view.from, view.until);
  const double part = static_cast<double>(middle - view.from) / static_cast<double>(view.until - view.from);
  const double from = std::clamp(static_cast<double>(middle) - part * length, static_cast<double>(first),
                                 std::max(static_cast<double>(first), static_cast<double>(last) - length));
  view.frame.show_span(static_cast<PicosecondDelta>(from), static_cast<PicosecondDelta>(from + length));
}

void next_of(Frame& frame, const char* option, std::initializer_list<const char*> all) {
  const std::string now = frame.state.option(option);
  const auto* at = std::ranges::find(all, now);
  frame.state.set(option, std::string(at == all.end() || at + 1 == all.end() ? *all.begin() : *(at + 1)));
}

void take_keys(ClusterView& view) {
  Frame& frame = view.frame;
  const PicosecondDelta step = std::max<PicosecondDelta>((view.until - view.from) / 200, 1);
  const auto move = [&](PicosecondDelta by) {
    frame.state.at = std::clamp(view.at + by, view.from, view.until);
  };
  if (frame.pressed(GLFW_KEY_RIGHT)) move(step);
  if (frame.pressed(GLFW_KEY_LEFT)) move(-step);
  if (frame.pressed(GLFW_KEY_HOME)) frame.state.at = view.from;
  if (frame.pressed(GLFW_KEY_END)) frame.state.at = view.until;
  if (frame.pressed(GLFW_KEY_DOWN) || frame.pressed(GLFW_KEY_N)) jump(view, true);
  if (frame.pressed(GLFW_KEY_UP) || frame.pressed(GLFW_KEY_P)) jump(view, false);
  if (frame.pressed(GLFW_KEY_SPACE)) {
    playing = !playing;
    if (playing && view.at >= view.until) frame.state.at = view.at = view.from;
  }
  if (frame.pressed(GLFW_KEY_W)) zoom(view, 0.8);
  if (frame.pressed(GLFW_KEY_S)) zoom(view, 1.25);
  if (frame.pressed(GLFW_KEY_F)) frame.state.from.reset(), frame.state.until.reset();
  if (frame.pressed(GLFW_KEY_M)) next_of(frame, "cluster.area", {"memory", "vcpus"});
  if (frame.pressed(GLFW_KEY_C)) next_of(frame, "cluster.colour", {"processors", "memory", "power"});
  if (frame.pressed(GLFW_KEY_DELETE) || frame.pressed(GLFW_KEY_BACKSPACE))
    frame.state.set("cluster.chosen", "");
}

void label(const Frame& frame, const char* key) {
  ImGui::SameLine(0, frame.look.px(16));
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", frame.say(key).c_str());
  ImGui::SameLine(0, frame.look.px(8));
}

void draw_choices(ClusterView& view) {
  Frame& frame = view.frame;
  if (ImGui::Button(frame.say(playing ? "cluster.pause" : "cluster.play").c_str(), {frame.look.px(76), 0}))
    playing = !playing;
  ImGui::SameLine();
  Choices speeds;
  for (const char* one : {"", "1", "10", "60", "600", "3600"})
    speeds.emplace_back(one, frame.say("cluster.speeds." + std::string(*one == '\0' ? "auto" : one)));
  choose_from(frame, "cluster.speed", speeds, 130);
  label(frame, "cluster.colour");
  choose(frame, "cluster.colour",
         {{"processors", frame.say("cluster.processors")},
          {"memory", frame.say("cluster.memory")},
          {"power", frame.say("cluster.power")}});
  label(frame, "cluster.area");
  choose(frame, "cluster.area",
         {{"memory", frame.say("cluster.memory")}, {"vcpus", frame.say("cluster.vcpus")}});
  const std::string clock = views::clock_text(view.runs.front().moment,
                                              static_cast<ClusterTime>((view.until - view.from) / 2'000'000));
  ImGui::PushFont(frame.look.heading);
  const float right = ImGui::GetWindowContentRegionMax().x - text_width(clock);
  ImGui::SameLine();
  if (right > ImGui::GetCursorPosX()) {
    ImGui::SetCursorPosX(right);
    ImGui::TextUnformatted(clock.c_str());
  } else {
    ImGui::NewLine();
  }
  ImGui::PopFont();
}

// The areas of the runs, side by side.
void place_runs(ClusterView& view, const Box& area) {
  const float gap = view.look().px(16), count = static_cast<float>(view.runs.size());
  const float each = (area.width() + gap) / count;
  for (size_t i = 0; i < view.runs.size(); ++i) {
    const float left = area.left + each * static_cast<float>(i);
    view.runs[i].area = {left, area.top, left + each - gap, area.bottom};
  }
}

void draw_all(ClusterView& view) {
  const Look& look = view.look();
  const ImVec2 at = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  const float time = cluster_time_height(view), gap = look.px(14);
  const float pane = std::clamp(room.x * 0.3F, look.px(290), look.px(460));
  const float bottom = at.y + room.y - time - look.px(6);
  place_runs(view, {at.x, at.y, at.x + room.x - pane - gap, bottom});
  draw_cluster_hosts(view);
  ImGui::SetCursorScreenPos({at.x + room.x - pane, at.y});
  ImGui::BeginChild("pane", {pane, bottom - at.y});
  draw_cluster_card(view);
  draw_cluster_list(view);
  ImGui::EndChild();
  view.list()->AddLine({at.x + room.x - pane - gap / 2, at.y}, {at.x + room.x - pane - gap / 2, bottom},
                       look.line);
  draw_cluster_time(view, bottom + look.px(6));
}

}  // namespace

ClusterChoice choice_of(const std::string& text) {
  static constexpr std::pair<const char*, ClusterChoice::Kind> kKinds[] = {
      {"host", ClusterChoice::Kind::Host},
      {"machine", ClusterChoice::Kind::Machine},
      {"store", ClusterChoice::Kind::Store},
      {"move", ClusterChoice::Kind::Move},
      {"event", ClusterChoice::Kind::Event}};
  const size_t first = text.find(':'), second = text.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos) return {};
  const auto run = number_in(text.substr(0, first)), place = number_in(text.substr(second + 1));
  const std::string kind = text.substr(first + 1, second - first - 1);
  for (const auto& [name, value] : kKinds)
    if (kind == name && run && *run > 0 && place && *place < record::kNobody)
      return {value, static_cast<unsigned>(*run) - 1, static_cast<u32>(*place)};
  return {};
}

std::string text_of(const ClusterChoice& choice) {
  static constexpr const char* kNames[] = {"", "host", "machine", "store", "move", "event"};
  if (choice.kind == ClusterChoice::Kind::None) return "";
  return fmt::format("{}:{}:{}", choice.run + 1, kNames[static_cast<size_t>(choice.kind)], choice.place);
}

void ClusterView::choose(ClusterChoice::Kind kind, const ClusterRun& run, u32 place) {
  chosen = {kind, run.number, place};
  taken = true;
  frame.state.set("cluster.chosen", text_of(chosen));
}

void ClusterView::go_to(const ClusterRun& run, record::ClusterTime time) {
  at = run.run->shared(views::picoseconds_of(time));
  frame.state.at = at;
  if (at >= from && at <= until) return;
  const PicosecondDelta length = until - from;
  frame.show_span(at - length / 2, at - length / 2 + length);
}

const ClusterRun* ClusterView::run_of(unsigned number) const {
  const auto found = std::ranges::find(runs, number, &ClusterRun::number);
  return found == runs.end() ? nullptr : &*found;
}

std::string percent(double part) { return fmt::format("{:.0f} %", part * 100); }

void draw_cluster(Frame& frame) {
  ClusterView view{.frame = frame, .runs = shown_runs(frame), .chosen = {}};
  if (view.runs.empty()) return nothing_to_show(frame, "view.cluster", frame.say("cluster.none"));
  std::tie(view.from, view.until) = frame.span();
  const ClusterRun& first = view.runs.front();
  view.at =
      frame.state.at.value_or(first.run->shared(views::picoseconds_of(views::first_moment(*first.reader))));
  view.chosen = choice_of(frame.state.option("cluster.chosen"));
  for (ClusterRun& run : view.runs) look_at_moment(run, view.at);
  take_keys(view);
  play(view);
  for (ClusterRun& run : view.runs) look_at_moment(run, frame.state.at.value_or(view.at));
  draw_choices(view);
  draw_all(view);
  if (frame.status.empty()) frame.status = frame.say("cluster.keys");
  if (frame.wants_tables) frame.tables = cluster_tables(view);
}

}  // namespace hvlab::visualizer
