#include "sim/views/cluster_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/views/cluster_moves.hpp"
#include "sim/views/cluster_picture.hpp"
#include "sim/views/cluster_words.hpp"

namespace hvlab::views {

using record::ClusterEvent;
using record::ClusterFacts;
using record::ClusterReader;
using record::ClusterTime;

namespace {

struct Named {
  std::string_view event;
  EventClass what;
};
constexpr Named kClasses[] = {{"fault", EventClass::Fault},        {"repair", EventClass::Fault},
                              {"data-lost", EventClass::Fault},    {"died", EventClass::Fault},
                              {"disk-away", EventClass::Fault},    {"disk-back", EventClass::Fault},
                              {"rebuilt", EventClass::Fault},      {"move-began", EventClass::Move},
                              {"move-stopped", EventClass::Move},  {"moved", EventClass::Move},
                              {"disk-moved", EventClass::Move},    {"move-failed", EventClass::Move},
                              {"round", EventClass::Round},        {"evacuated", EventClass::Host},
                              {"switched-off", EventClass::Host},  {"switched-on", EventClass::Host},
                              {"balanced", EventClass::Balance},   {"refused", EventClass::Refusal},
                              {"no-manager", EventClass::Refusal}, {"power-on", EventClass::Machine},
                              {"serves", EventClass::Machine},     {"power-off", EventClass::Machine},
                              {"snapshot", EventClass::Machine}};

constexpr std::array<const char*, static_cast<size_t>(EventClass::Count)> kNames = {
    "fault", "availability", "move", "round", "machine", "host", "balance", "refusal"};

// Whether a filter's list of classes, or, without one, what is worth telling first, has it.
bool is_wanted(const EventFilter& filter, EventClass what, const ClusterEvent& event) {
  if (filter.classes.empty()) {
    if (what == EventClass::Machine) return event.count == 1;  // a restart
    if (what == EventClass::Balance) return event.count != 0;
    return what != EventClass::Round;
  }
  return ("," + filter.classes + ",").find("," + std::string(name(what)) + ",") != std::string::npos;
}

}  // namespace

const char* name(EventClass what) { return kNames[static_cast<size_t>(what)]; }

std::optional<EventClass> known_class(std::string_view event_name) {
  if (event_name.starts_with("ha-")) return EventClass::Availability;
  const auto* found = std::ranges::find(kClasses, event_name, &Named::event);
  if (found == std::end(kClasses)) return std::nullopt;
  return found->what;
}

EventClass class_of(std::string_view event_name) {
  return known_class(event_name).value_or(EventClass::Machine);
}

Style style_of(EventClass what) {
  static constexpr std::array<Style, static_cast<size_t>(EventClass::Count)> kStyles = {{
      {0xd55e00, 0xe8772a, Hatch::None},  // fault
      {0xcc79a7, 0xd895ba, Hatch::None},  // availability
      {0x0072b2, 0x2f93d1, Hatch::None},  // move
      {0x56b4e9, 0x8bcdf2, Hatch::None},  // round
      {0x009e73, 0x2bbf95, Hatch::None},  // machine
      {0x5b6b7a, 0x9aabba, Hatch::None},  // host
      {0xe69f00, 0xf0b73c, Hatch::None},  // balance
      {0x8a6d3b, 0xb39a6b, Hatch::None},  // refusal
  }};
  return kStyles[static_cast<size_t>(what)];
}

std::vector<std::string> subjects_of(const ClusterFacts& facts, const ClusterEvent& event) {
  std::vector<std::string> names;
  if (event.machine < facts.machines.size()) names.push_back(facts.machines[event.machine].name);
  if (event.host < facts.hosts.size()) names.push_back(facts.hosts[event.host].name);
  if (event.to < facts.hosts.size() && event.to != event.host) names.push_back(facts.hosts[event.to].name);
  if (event.store < facts.stores.size()) names.push_back(facts.stores[event.store].name);
  return names;
}

std::string subjects_text(const ClusterFacts& facts, const ClusterEvent& event) {
  const std::vector<std::string> names = subjects_of(facts, event);
  const bool machine = event.machine < facts.machines.size();
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i == 1 && machine ? ": " : " → ") + names[i];
  return text;
}

std::string value_text(const ClusterFacts& facts, const ClusterEvent& event) {
  if (event.what >= facts.events.size()) return "";
  const std::string& kind = facts.events[event.what].value;
  if (kind == "bytes") return amount_text(static_cast<double>(event.value));
  if (kind == "ns") return span_text(event.value);
  if (kind == "refusal") return text_at(facts.refusals, event.value);
  if (kind == "fault") return text_at(facts.faults, event.value);
  if (kind == "reason") return text_at(facts.reasons, event.value);
  if (kind == "permille") return fmt::format("{:.1f} %", static_cast<double>(event.value) / 10);
  return "";
}

std::vector<u32> filtered_events(const ClusterReader& reader, const EventFilter& filter,
                                 const Messages* say) {
  const ClusterFacts& facts = reader.facts();
  std::vector<EventClass> classes;
  std::vector<bool> called_so;
  for (const auto& kind : facts.events) {
    classes.push_back(class_of(kind.name));
    called_so.push_back(
        kind.name.find(filter.text) != std::string::npos ||
        (say != nullptr && event_words(*say, kind.name).find(filter.text) != std::string::npos));
  }
  std::vector<u32> places;
  for (u32 i = 0; i < reader.events().size(); ++i) {
    const ClusterEvent& event = reader.events()[i];
    if (!is_wanted(filter, classes[event.what], event)) continue;
    if (!called_so[event.what] &&
        std::ranges::none_of(subjects_of(facts, event), [&](const std::string& subject) {
          return subject.find(filter.text) != std::string::npos;
        }))
      continue;
    places.push_back(i);
  }
  return places;
}

Flags flags_of(const ClusterReader& reader, ClusterTime from, ClusterTime until, u32 columns) {
  Flags flags{columns, std::vector<u32>(static_cast<size_t>(EventClass::Count) * columns)};
  if (columns == 0 || until <= from) return flags;
  std::vector<EventClass> classes;
  for (const auto& kind : reader.facts().events) classes.push_back(class_of(kind.name));
  const auto& events = reader.events();
  for (auto at = std::ranges::lower_bound(events, from, {}, &ClusterEvent::at); at != events.end(); ++at) {
    if (at->at > until) break;
    const auto column =
        static_cast<u32>(static_cast<unsigned __int128>(at->at - from) * columns / (until - from));
    ++flags.counts[static_cast<size_t>(classes[at->what]) * columns + std::min(column, columns - 1)];
  }
  return flags;
}

size_t next_event(const ClusterReader& reader, const std::vector<u32>& places, ClusterTime time) {
  const auto at = [&](u32 place) { return reader.events()[place].at; };
  return static_cast<size_t>(std::ranges::upper_bound(places, time, {}, at) - places.begin());
}

size_t event_before(const ClusterReader& reader, const std::vector<u32>& places, ClusterTime time) {
  const auto at = [&](u32 place) { return reader.events()[place].at; };
  const auto found = std::ranges::lower_bound(places, time, {}, at);
  return found == places.begin() ? places.size() : static_cast<size_t>(found - places.begin()) - 1;
}

}  // namespace hvlab::views
