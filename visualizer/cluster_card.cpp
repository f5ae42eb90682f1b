// The card at the right: what is chosen, told in words and figures; without a choice, what goes on now.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/cluster_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

using Kind = ClusterChoice::Kind;
using record::ClusterMove;

// It leaves room for the card's cross.
void title(const Frame& frame, const std::string& text) {
  ImGui::PushFont(frame.look.strong);
  ImGui::PushTextWrapPos(ImGui::GetWindowContentRegionMax().x - ImGui::GetFrameHeight());
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopFont();
}

void sentence(const std::string& text, bool faint = false) {
  ImGui::PushTextWrapPos(0);
  faint ? ImGui::TextDisabled("%s", text.c_str()) : ImGui::TextUnformatted(text.c_str());
  ImGui::PopTextWrapPos();
}

// A name at the left, what it is at the right.
void row(const Frame& frame, const char* key, const std::string& value) {
  ImGui::TextDisabled("%s", frame.say(key).c_str());
  ImGui::SameLine(frame.look.px(140));
  sentence(value);
}

bool link(const Frame& frame, const std::string& text, int id) {
  ImGui::PushID(id);
  ImGui::PushStyleColor(ImGuiCol_Text, frame.look.accent);
  const std::string shown = fitted(text, ImGui::GetContentRegionAvail().x);
  const bool clicked = ImGui::Selectable(shown.c_str());
  if (shown != text && ImGui::IsItemHovered()) ImGui::SetTooltip("%s", text.c_str());
  ImGui::PopStyleColor();
  ImGui::PopID();
  return clicked;
}

std::string stage_words(const Frame& frame, const views::MoveProgress& progress) {
  std::string text = frame.say(std::string("cluster.stage.") + record::name(progress.stage));
  if (progress.stage == record::MoveStage::Rounds)
    text += " " + std::to_string(progress.round + 1) + " · " + percent(progress.part);
  if (progress.stage == record::MoveStage::Disk) text += " · " + percent(progress.part);
  return text;
}

std::string way_of(const record::ClusterFacts& facts, const ClusterMove& move) {
  std::string text = views::machine_name(facts, move.machine) + ":  " + views::host_name(facts, move.from);
  if (move.to != move.from)
    text += " → " + (move.to == record::kNobody ? "…" : views::host_name(facts, move.to));
  if (move.store != record::kNobody) text += " → " + views::store_name(facts, move.store);
  return text;
}

void round_rows(const ClusterView& view, const ClusterRun& run, const ClusterMove& move) {
  const std::vector<views::RoundPicture> rounds = views::rounds_of(move, run.facts().policy);
  const Frame& frame = view.frame;
  const float line = ImGui::GetTextLineHeightWithSpacing() + frame.look.px(4);
  const float height = line * (static_cast<float>(std::min<size_t>(rounds.size(), 6)) + 1.4F);
  if (!ImGui::BeginTable("rounds", 5, kNumbersTable, {0, height})) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn("#", ImGuiTableColumnFlags_WidthFixed, frame.look.px(20));
  for (const char* key : {"cluster.lasted", "cluster.sent", "cluster.written", "cluster.speed"})
    ImGui::TableSetupColumn(frame.say(key).c_str());
  header_row(frame.look, 0);
  for (size_t i = 0; i < rounds.size(); ++i) {
    ImGui::TableNextRow();
    const std::string cells[] = {std::to_string(i + 1), views::span_text(rounds[i].ends - rounds[i].begins),
                                 views::amount_text(static_cast<double>(rounds[i].sent)),
                                 views::amount_text(static_cast<double>(rounds[i].written)),
                                 percent(rounds[i].speed)};
    for (const std::string& cell : cells) {
      ImGui::TableNextColumn();
      right_text(frame.look, cell);
    }
  }
  ImGui::EndTable();
}

void outlook_words(const ClusterView& view, const ClusterRun& run, const ClusterMove& move) {
  const std::vector<views::RoundPicture> rounds = views::rounds_of(move, run.facts().policy);
  if (rounds.empty()) return;
  // As it was at the cursor: of the last round that had ended.
  const views::RoundPicture* last = nullptr;
  for (const views::RoundPicture& round : rounds)
    if (round.ends <= run.moment || last == nullptr) last = &round;
  static constexpr const char* kWords[] = {"first", "enough", "converges", "stuck", "slowed"};
  const double enough = views::enough_bytes(run.facts().policy, last->bandwidth);
  sentence(view.frame.say(std::string("cluster.outlook.") + kWords[static_cast<size_t>(last->outlook)],
                          {views::rate_text(last->dirtying), views::rate_text(last->bandwidth),
                           views::amount_text(static_cast<double>(last->written)), views::amount_text(enough),
                           fmt::format("{:.0f}", last->rounds_left), percent(last->speed)}));
}

void move_card(ClusterView& view, const ClusterRun& run, u32 place) {
  const Frame& frame = view.frame;
  const ClusterMove& move = run.reader->moves()[place];
  title(frame, way_of(run.facts(), move));
  sentence(stage_words(frame, views::progress_of(move, run.moment)), true);
  title(frame, frame.say("cluster.why.title"));
  for (const views::WhySentence& why : views::why_moved(frame.say, run.facts(), move)) sentence(why.text);
  if (!move.rounds.empty()) {
    title(frame, frame.say("cluster.rounds", {run.facts().policy.name}));
    draw_cluster_round_chart(view, run, move);
    outlook_words(view, run, move);
    round_rows(view, run, move);
  }
  if (views::has_begun(move) &&
      link(frame, frame.say("cluster.go_begin", {views::clock_text(move.began, 1'000'000'000)}), 1))
    view.go_to(run, move.began);
  if (move.is_over() &&
      link(frame, frame.say("cluster.go_end", {views::clock_text(move.ended, 1'000'000'000)}), 2))
    view.go_to(run, move.ended);
}

// Over the span, with what it is now as a line.
void large_curve(const ClusterView& view, const ClusterRun& run, const std::vector<float>& values, u32 place,
                 float most) {
  const Look& look = view.look();
  const views::ClusterCurves& curves = run.kept->small;
  if (curves.columns == 0) return;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, height = look.px(44);
  draw_curve(ImGui::GetWindowDrawList(), {at.x, at.y, at.x + width, at.y + height},
             values.data() + size_t{place} * curves.columns, curves.columns, most, look.accent, look.bad);
  const float x = at.x + width * static_cast<float>(static_cast<double>(view.at - view.from) /
                                                    static_cast<double>(view.until - view.from));
  ImGui::GetWindowDrawList()->AddLine({x, at.y}, {x, at.y + height}, look.ink);
  ImGui::Dummy({width, height});
}

void host_card(ClusterView& view, const ClusterRun& run, u32 place) {
  const Frame& frame = view.frame;
  const views::HostPicture& host = run.picture().hosts[place];
  const record::HostFacts& facts = run.facts().hosts[place];
  const record::HostSample& now = run.kept->state.hosts[place];
  title(frame, facts.name);
  sentence(host_words(frame, run.facts(), host), true);
  row(frame, "cluster.processors",
      frame.say("cluster.host_processors", {percent(host.wanted), percent(host.used),
                                            std::to_string(facts.cores), std::to_string(facts.core_mhz)}));
  row(frame, "cluster.memory",
      frame.say("cluster.host_memory", {percent(host.memory), fmt::format("{:.1f}", now.committed / 1024.0),
                                        fmt::format("{:.0f}", facts.memory / 1024.0)}));
  row(frame, "cluster.power",
      frame.say("cluster.host_power",
                {fmt::format("{:.0f}", host.power), fmt::format("{:.0f}", facts.idle_mw / 1000.0),
                 fmt::format("{:.0f}", facts.full_mw / 1000.0)}));
  if (now.served != 0) row(frame, "cluster.for_moves", fmt::format("{} MHz", now.served));
  large_curve(view, run, run.kept->small.wanted, place, 1.25F);
  title(frame, frame.say("cluster.machines_here", {std::to_string(host.machines.size())}));
  std::vector<u32> machines = host.machines;
  std::ranges::stable_sort(machines, std::greater{},
                           [&](u32 machine) { return run.kept->state.machines[machine].wants; });
  for (const u32 machine : machines) {
    const record::MachineSample& sample = run.kept->state.machines[machine];
    const std::string text = fmt::format("{}  {} / {} MHz", run.facts().machines[machine].name,
                                         show_count(sample.gets()), show_count(sample.wants));
    if (link(frame, text, static_cast<int>(machine))) view.choose(Kind::Machine, run, machine);
  }
}

void machine_card(ClusterView& view, const ClusterRun& run, u32 place) {
  const Frame& frame = view.frame;
  const record::MachineFacts& facts = run.facts().machines[place];
  const record::MachineSample& now = run.kept->state.machines[place];
  title(frame, facts.name);
  sentence(frame.say(std::string("cluster.state.") + name(run.picture().machines[place])), true);
  row(frame, "cluster.where", views::host_name(run.facts(), now.host));
  row(frame, "cluster.disk",
      fmt::format("{} · {} GiB", views::store_name(run.facts(), now.store), facts.disk));
  row(frame, "cluster.size",
      frame.say("cluster.machine_size",
                {std::to_string(facts.processors), fmt::format("{:.1f}", facts.memory / 1024.0)}));
  row(frame, "cluster.processors",
      frame.say("cluster.gets", {show_count(now.gets()), show_count(now.wants)}));
  row(frame, "cluster.way", facts.way);
  row(frame, "cluster.priority", frame.say("cluster.restarts." + facts.priority));
  title(frame, frame.say("cluster.its_moves"));
  bool any = false;
  for (u32 i = 0; i < run.reader->moves().size(); ++i) {
    const ClusterMove& move = run.reader->moves()[i];
    if (move.machine != place) continue;
    any = true;
    const std::string text = views::clock_text(move.asked, 1'000'000'000) + "  " +
                             views::host_name(run.facts(), move.from) + " → " +
                             views::host_name(run.facts(), move.to);
    if (!link(frame, text, static_cast<int>(i))) continue;
    view.choose(Kind::Move, run, i);
    view.go_to(run, views::has_begun(move) ? move.began : move.asked);
  }
  if (!any) sentence(frame.say("cluster.no_moves"), true);
}

void store_card(ClusterView& view, const ClusterRun& run, u32 place) {
  const Frame& frame = view.frame;
  const record::StoreFacts& facts = run.facts().stores[place];
  const record::StoreSample& now = run.kept->state.stores[place];
  title(frame, facts.name);
  sentence(frame.say("cluster.kind." + facts.kind), true);
  row(frame, "cluster.requests",
      frame.say("cluster.store_requests", {show_count(now.offered), percent(now.served / 1000.0)}));
  row(frame, "cluster.busy", percent(now.busy / 1000.0));
  row(frame, "cluster.response", views::span_text(u64{now.response} * 1000));
  row(frame, "cluster.used", fmt::format("{} / {} GiB", show_count(now.used), show_count(facts.capacity)));
  if (facts.disks != 0)
    row(frame, "cluster.disks",
        frame.say("cluster.store_disks", {std::to_string(facts.disks), std::to_string(now.failed_disks)}));
  large_curve(view, run, run.kept->small.busy, place, 1);
}

void event_card(ClusterView& view, const ClusterRun& run, u32 place) {
  const Frame& frame = view.frame;
  const record::ClusterEvent& event = run.reader->events()[place];
  const std::string& kind = run.facts().events[event.what].name;
  title(frame, views::event_words(frame.say, kind));
  const std::string of = views::subjects_text(run.facts(), event);
  if (!of.empty()) sentence(of);
  if (const std::string value = views::value_words(frame.say, run.facts(), event); !value.empty())
    sentence(value, true);
  sentence(views::clock_text(event.at, 1'000'000), true);
  if (event.by < run.facts().hosts.size())
    sentence(frame.say("cluster.by", {run.facts().hosts[event.by].name}), true);
  if (kind != "power-on" || event.count != 1) {
    if (frame.say.has("cluster.about." + kind)) sentence(frame.say("cluster.about." + kind));
    return;
  }
  const views::Restart restart = views::restart_of(*run.reader, place);
  title(frame, frame.say("cluster.why.title"));
  sentence(frame.say("cluster.why.restart", {views::host_name(run.facts(), restart.from),
                                             views::clock_text(restart.down_since, 1'000'000'000),
                                             views::span_text(event.at - restart.down_since)}));
  sentence(frame.say("cluster.why.restart_place", {views::host_name(run.facts(), event.host)}));
}

// Of several runs which one it is.
std::string name_of(const ClusterView& view, const ClusterRun& run) {
  return view.runs.size() > 1 ? run.run->name() + "  ·  " : "";
}

// Without a choice: what moves, and what of hosts is not as it should be.
void now_card(ClusterView& view) {
  const Frame& frame = view.frame;
  title(frame, frame.say("cluster.now"));
  bool any = false;
  int id = 0;
  for (const ClusterRun& run : view.runs) {
    for (const u32 place : run.picture().moves) {
      const ClusterMove& move = run.reader->moves()[place];
      any = true;
      const std::string text = name_of(view, run) + way_of(run.facts(), move) + "  ·  " +
                               stage_words(frame, views::progress_of(move, run.moment));
      if (link(frame, text, ++id)) view.choose(Kind::Move, run, place);
      if (id > 60) break;
    }
    for (const views::HostPicture& host : run.picture().hosts) {
      if (host.condition == record::HostCondition::On && host.watch == record::HostWatch::Heard) continue;
      any = true;
      const std::string text = name_of(view, run) + run.facts().hosts[host.host].name + "  ·  " +
                               host_words(frame, run.facts(), host);
      if (id > 120) break;
      if (link(frame, text, ++id)) view.choose(Kind::Host, run, host.host);
    }
  }
  if (!any) sentence(frame.say("cluster.quiet"), true);
}

size_t places_of(const ClusterRun& run, Kind kind) {
  switch (kind) {
    case Kind::Host: return run.facts().hosts.size();
    case Kind::Machine: return run.facts().machines.size();
    case Kind::Store: return run.facts().stores.size();
    case Kind::Move: return run.reader->moves().size();
    case Kind::Event: return run.reader->events().size();
    case Kind::None: break;
  }
  return 0;
}

using DrawCard = void (*)(ClusterView&, const ClusterRun&, u32);
constexpr DrawCard kCards[] = {nullptr, host_card, machine_card, store_card, move_card, event_card};

}  // namespace

void draw_cluster_card(ClusterView& view) {
  const ClusterRun* run = view.run_of(view.chosen.run);
  const bool chosen = run != nullptr && view.chosen.place < places_of(*run, view.chosen.kind);
  const float room = ImGui::GetContentRegionAvail().y;
  ImGui::BeginChild("card", {0, room * (chosen ? 0.56F : 0.3F)});
  if (chosen) {
    // Where the cross is, no title begins.
    const float cross = ImGui::GetFrameHeight();
    const ImVec2 at = ImGui::GetCursorPos();
    ImGui::SetCursorPosX(ImGui::GetWindowContentRegionMax().x - cross);
    if (ImGui::SmallButton("×")) view.frame.state.set("cluster.chosen", "");
    ImGui::SetCursorPos(at);
    const ClusterChoice now = view.chosen;
    kCards[static_cast<size_t>(now.kind)](view, *run, now.place);
  } else {
    now_card(view);
  }
  ImGui::EndChild();
  ImGui::Separator();
}

}  // namespace hvlab::visualizer
