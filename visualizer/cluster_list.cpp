// What happened, one below the other: filtered, and to jump to.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "visualizer/cluster_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

using views::EventClass;

struct Line {
  const ClusterRun* run;
  u32 event;
};

// Of all runs, in order of the shared time.
std::vector<Line> lines_of(ClusterView& view) {
  std::vector<Line> lines;
  for (const ClusterRun& run : view.runs)
    for (const u32 event : cluster_events(view, run)) lines.push_back({&run, event});
  if (view.runs.size() > 1)
    std::ranges::stable_sort(lines, {}, [](const Line& line) {
      return line.run->run->shared(views::picoseconds_of(line.run->reader->events()[line.event].at));
    });
  return lines;
}

PicosecondDelta time_of_line(const Line& line) {
  return line.run->run->shared(views::picoseconds_of(line.run->reader->events()[line.event].at));
}

bool has_class(const std::string& classes, EventClass what) {
  return ("," + classes + ",").find("," + std::string(name(what)) + ",") != std::string::npos;
}

void toggle_class(Frame& frame, EventClass what) {
  std::string list;
  const std::string before = frame.state.option("cluster.events");
  for (size_t i = 0; i < static_cast<size_t>(EventClass::Count); ++i) {
    const auto one = static_cast<EventClass>(i);
    if (has_class(before, one) != (one == what)) list += (list.empty() ? "" : ",") + std::string(name(one));
  }
  frame.state.set("cluster.events", list);
}

void draw_filter(ClusterView& view) {
  Frame& frame = view.frame;
  const std::string classes = frame.state.option("cluster.events");
  const float right = ImGui::GetWindowContentRegionMax().x;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {frame.look.px(4), frame.look.px(2)});
  for (size_t i = 0; i < static_cast<size_t>(EventClass::Count); ++i) {
    const auto what = static_cast<EventClass>(i);
    const std::string text = frame.say(std::string("cluster.class.") + name(what));
    const float width = text_width(text) + frame.look.px(26);
    if (i != 0) ImGui::SameLine(0, frame.look.px(3));
    if (ImGui::GetCursorPosX() + width > right) ImGui::NewLine();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool on = has_class(classes, what);
    ImGui::PushStyleColor(ImGuiCol_Button, on ? faded(frame.look.accent, 0.22F) : frame.look.panel);
    if (ImGui::Button(("    " + text).c_str())) toggle_class(frame, what);
    ImGui::PopStyleColor();
    const float side = frame.look.px(8), top = at.y + (ImGui::GetItemRectSize().y - side) / 2;
    fill(ImGui::GetWindowDrawList(), frame.look, {at.x + frame.look.px(6), top},
         {at.x + frame.look.px(6) + side, top + side}, views::style_of(what));
  }
  ImGui::PopStyleVar();
  char text[128] = {};
  std::strncpy(text, frame.state.option("cluster.search").c_str(), sizeof text - 1);
  ImGui::SetNextItemWidth(-1);
  if (ImGui::InputTextWithHint("##search", frame.say("cluster.search").c_str(), text, sizeof text))
    frame.state.set("cluster.search", std::string(text));
}

void draw_line(ClusterView& view, const Line& line, bool past) {
  const Look& look = view.look();
  const record::ClusterEvent& event = line.run->reader->events()[line.event];
  const std::string& kind = line.run->facts().events[event.what].name;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::PushID(static_cast<int>(line.event * 8 + line.run->number));
  const bool chosen = view.is_chosen(*line.run, ClusterChoice::Kind::Event, line.event);
  if (ImGui::Selectable("##line", chosen)) {
    choose_event(view, *line.run, line.event);
    view.go_to(*line.run, event.at);
  }
  ImGui::PopID();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float height = ImGui::GetTextLineHeight(), side = look.px(8);
  const float right = at.x + ImGui::GetContentRegionAvail().x;
  fill(list, look, {at.x, at.y + (height - side) / 2}, {at.x + side, at.y + (height + side) / 2},
       views::style_of(views::class_of(kind)));
  float x = at.x + look.px(13);
  if (view.runs.size() > 1) {
    const float bar = look.px(3);
    list->AddRectFilled({x, at.y}, {x + bar, at.y + height},
                        look.color(views::style_of_series(line.run->number)));
    x += bar + look.px(4);
  }
  const std::string clock = views::clock_text(event.at, 1'000'000'000);
  ImGui::PushFont(look.mono);
  list->AddText({x, at.y}, past ? look.ink : look.faint, clock.c_str());
  x += text_width(clock) + look.px(8);
  ImGui::PopFont();
  std::string text = views::event_words(view.frame.say, kind);
  const std::string value = views::value_words(view.frame.say, line.run->facts(), event);
  const std::string of = views::subjects_text(line.run->facts(), event);
  if (!of.empty()) text += " · " + of;
  if (!value.empty()) text += " · " + value;
  list->AddText({x, at.y}, past ? look.ink : look.faint, fitted(text, right - x).c_str());
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s\n%s", clock.c_str(), text.c_str());
}

void draw_lines(ClusterView& view, const std::vector<Line>& lines) {
  const auto after = std::ranges::upper_bound(lines, view.at, {}, time_of_line);
  const auto now = static_cast<int>(after - lines.begin());
  // The cursor's place stays in sight when it moves.
  static PicosecondDelta followed = -1;
  static size_t followed_lines = 0;
  if (followed != view.at || followed_lines != lines.size() || view.frame.still) {
    const float line = ImGui::GetTextLineHeightWithSpacing();
    ImGui::SetScrollY(std::max(0.0F, line * static_cast<float>(now) - ImGui::GetWindowHeight() / 2));
    followed = view.at;
    followed_lines = lines.size();
  }
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(lines.size()), ImGui::GetTextLineHeightWithSpacing());
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
      draw_line(view, lines[static_cast<size_t>(i)], i < now);
  clipper.End();
}

}  // namespace

views::EventFilter cluster_filter(const Frame& frame) {
  return {frame.state.option("cluster.events"), frame.state.option("cluster.search")};
}

const std::vector<u32>& cluster_events(ClusterView& view, const ClusterRun& run) {
  const views::EventFilter filter = cluster_filter(view.frame);
  const views::Messages& say = view.frame.say;
  if (!run.kept->events || run.kept->filter != filter || run.kept->filter_language != say.language()) {
    run.kept->filter = filter;
    run.kept->filter_language = say.language();
    run.kept->events = views::filtered_events(*run.reader, filter, &say);
  }
  return *run.kept->events;
}

void choose_event(ClusterView& view, const ClusterRun& run, u32 event) {
  const record::ClusterEvent& of = run.reader->events()[event];
  const EventClass what = views::class_of(run.facts().events[of.what].name);
  if (what == EventClass::Move || what == EventClass::Round) {
    const auto& moves = run.reader->moves();
    for (u32 i = 0; i < moves.size(); ++i)
      if (moves[i].machine == of.machine && moves[i].asked <= of.at &&
          (!moves[i].is_over() || moves[i].ended >= of.at))
        return view.choose(ClusterChoice::Kind::Move, run, i);
  }
  view.choose(ClusterChoice::Kind::Event, run, event);
}

void draw_cluster_list(ClusterView& view) {
  const std::vector<Line> lines = lines_of(view);
  ImGui::PushFont(view.look().strong);
  ImGui::TextUnformatted(view.frame.say("cluster.occurrences", {show_count(lines.size())}).c_str());
  ImGui::PopFont();
  draw_filter(view);
  ImGui::BeginChild("lines", {0, 0});
  draw_lines(view, lines);
  ImGui::EndChild();
}

std::vector<Table> cluster_tables(ClusterView& view) {
  Table hosts{"hosts",
              {"run", "host", "state", "processors wanted", "processors used", "memory", "watts", "machines"},
              {}};
  Table moves{"moves",
              {"run", "machine", "from", "to", "reason", "asked s", "began s", "ended s", "rounds", "bytes",
               "downtime ns", "state"},
              {}};
  Table events{"occurrences", {"run", "seconds", "what", "of", "value"}, {}};
  const auto seconds = [](record::ClusterTime time) {
    return fmt::format("{}", static_cast<double>(time) * 1e-9);
  };
  for (const ClusterRun& run : view.runs) {
    const record::ClusterFacts& facts = run.facts();
    for (const views::HostPicture& host : run.picture().hosts)
      hosts.rows.push_back({run.run->name(), facts.hosts[host.host].name, record::name(host.condition),
                            fmt::format("{:.4f}", host.wanted), fmt::format("{:.4f}", host.used),
                            fmt::format("{:.4f}", host.memory), fmt::format("{}", host.power),
                            std::to_string(host.machines.size())});
    for (const record::ClusterMove& move : run.reader->moves())
      moves.rows.push_back(
          {run.run->name(), views::machine_name(facts, move.machine), views::host_name(facts, move.from),
           views::host_name(facts, move.to), views::text_at(facts.reasons, move.reason), seconds(move.asked),
           seconds(move.began), seconds(move.ended), std::to_string(move.rounds.size()),
           std::to_string(move.sent), std::to_string(move.downtime), record::name(move.is())});
    for (const u32 place : cluster_events(view, run)) {
      const record::ClusterEvent& event = run.reader->events()[place];
      std::string of;
      for (const std::string& one : views::subjects_of(facts, event)) of += (of.empty() ? "" : " ") + one;
      events.rows.push_back({run.run->name(), seconds(event.at), facts.events[event.what].name, of,
                             views::value_text(facts, event)});
    }
  }
  return {hosts, moves, events};
}

}  // namespace hvlab::visualizer
