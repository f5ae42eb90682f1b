#include "sim/views/cluster_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/views/cluster_moves.hpp"

namespace hvlab::views {

using record::ClusterMove;
using record::ClusterTime;
using record::HostCondition;
using record::MachineCondition;

namespace {

constexpr ClusterTime kSecond = 1'000'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                      kDay = 24 * kHour;

HostPicture host_picture(const record::HostFacts& facts, const record::HostSample& sample, u32 host) {
  HostPicture picture;
  picture.host = host;
  picture.condition = sample.is();
  picture.watch = sample.seen();
  picture.isolated = sample.isolated != 0;
  picture.primary = sample.watches != 0;
  const double capacity = std::max(1u, facts.capacity());
  picture.wanted = (static_cast<double>(sample.wanted) + sample.served) / capacity;
  picture.used = (static_cast<double>(sample.given()) + sample.served) / capacity;
  picture.memory = static_cast<double>(sample.committed) / std::max(1u, facts.memory);
  picture.power = sample.power / 1000.0;
  picture.power_part = static_cast<double>(sample.power) / std::max(1u, facts.full_mw);
  return picture;
}

MachineLook look_of(const record::MachineSample& sample) {
  switch (sample.is()) {
    case MachineCondition::Off: return MachineLook::Off;
    case MachineCondition::Starting: return MachineLook::Starting;
    case MachineCondition::Stopped: return MachineLook::Stopped;
    case MachineCondition::Frozen: return MachineLook::Frozen;
    default: return is_short(sample) ? MachineLook::Short : MachineLook::Running;
  }
}

void add_up(ClusterPicture& picture, const record::HostFacts& facts, const record::HostSample& sample) {
  picture.power += sample.power / 1000.0;
  if (sample.is() != HostCondition::On && sample.is() != HostCondition::Maintenance) return;
  ++picture.on;
  picture.capacity += facts.capacity();
  picture.wanted += static_cast<double>(sample.wanted) + sample.served;
  picture.used += static_cast<double>(sample.given()) + sample.served;
  picture.memory += facts.memory;
  picture.committed += sample.committed;
}

}  // namespace

double HostPicture::measure(HostMeasure what) const {
  return what == HostMeasure::Processors ? wanted : what == HostMeasure::Memory ? memory : power_part;
}

bool is_short(const record::MachineSample& sample) {
  return sample.wants != 0 && u64{sample.lacks} * 20 > sample.wants;
}

const char* name(MachineLook look) {
  static constexpr const char* kNames[] = {"vm-off",     "vm-starting", "vm-running", "vm-short",
                                           "vm-stopped", "vm-frozen",   "vm-moving"};
  return kNames[static_cast<size_t>(look)];
}

ClusterPicture cluster_picture(const record::ClusterReader& reader, const record::ClusterState& state,
                               ClusterTime time) {
  const record::ClusterFacts& facts = reader.facts();
  ClusterPicture picture;
  picture.hosts.reserve(state.hosts.size());
  for (u32 host = 0; host < state.hosts.size(); ++host) {
    picture.hosts.push_back(host_picture(facts.hosts[host], state.hosts[host], host));
    add_up(picture, facts.hosts[host], state.hosts[host]);
  }
  picture.machines.reserve(state.machines.size());
  for (u32 machine = 0; machine < state.machines.size(); ++machine) {
    const record::MachineSample& sample = state.machines[machine];
    const MachineLook look = look_of(sample);
    picture.machines.push_back(look);
    picture.running += look == MachineLook::Running || look == MachineLook::Short;
    if (sample.host < picture.hosts.size()) {
      picture.hosts[sample.host].machines.push_back(machine);
    } else {
      picture.homeless.push_back(machine);
    }
  }
  picture.moves = moves_at(reader.moves(), time);
  for (const u32 place : picture.moves) {
    const ClusterMove& move = reader.moves()[place];
    if (progress_of(move, time).stage == record::MoveStage::Waiting) break;
    MachineLook& look = picture.machines[move.machine];
    if (look == MachineLook::Running) look = MachineLook::Moving;
    if (move.to != move.from && move.to < picture.hosts.size())
      picture.hosts[move.to].coming.push_back(place);
  }
  return picture;
}

Style style_of_host(HostCondition condition) {
  switch (condition) {
    case HostCondition::Off: return style_of("host-off");
    case HostCondition::Failed: return style_of("host-failed");
    case HostCondition::Maintenance: return style_of("host-maintenance");
    case HostCondition::Booting: return style_of("host-booting");
    default: return style_of("host-on");
  }
}

namespace {

u32 between(u32 from, u32 to, double part) {
  u32 color = 0;
  for (const int shift : {16, 8, 0}) {
    const double a = from >> shift & 0xFF, b = to >> shift & 0xFF;
    color |= static_cast<u32>(std::lround(a + (b - a) * part)) << shift;
  }
  return color;
}

}  // namespace

Style style_of_load(double part) {
  if (part > 1.0005) return {0xd55e00, 0xe8772a, Hatch::Rising};
  // From nearly the ground to Okabe and Ito's blue.
  const double shade = std::pow(std::clamp(part, 0.0, 1.0), 0.8);
  return {between(0xe3edf5, 0x005a94, shade), between(0x25323d, 0x5fb4ee, shade), Hatch::None};
}

ClusterTime first_moment(const record::ClusterReader& reader) {
  const ClusterMove* longest = nullptr;
  for (const ClusterMove& move : reader.moves())
    if (lasted(move) > (longest == nullptr ? 0 : lasted(*longest))) longest = &move;
  if (longest != nullptr) return longest->began + lasted(*longest) / 2;
  for (const record::ClusterEvent& event : reader.events())
    if (reader.facts().events[event.what].name == "fault") return event.at;
  return reader.end() / 2;
}

std::string clock_text(ClusterTime time, ClusterTime grain) {
  const int digits = grain >= kSecond ? 0 : grain >= kSecond / 1000 ? 3 : grain >= 1000 ? 6 : 9;
  const ClusterTime unit = digits == 0 ? kSecond : digits == 3 ? 1'000'000 : digits == 6 ? 1000 : 1;
  time = (time + unit / 2) / unit * unit;
  std::string text = time >= kDay ? fmt::format("{}d ", time / kDay) : "";
  text +=
      fmt::format("{:02}:{:02}:{:02}", time % kDay / kHour, time % kHour / kMinute, time % kMinute / kSecond);
  if (digits != 0) text += fmt::format(".{:0{}}", time % kSecond / unit, digits);
  return text;
}

std::string span_text(ClusterTime span) {
  const auto in = [&](ClusterTime unit) { return static_cast<double>(span) / static_cast<double>(unit); };
  if (span == 0) return "0 s";
  if (span < 1000) return fmt::format("{} ns", span);
  if (span < 1'000'000) return fmt::format("{:.3g} µs", in(1000));
  if (span < kSecond) return fmt::format("{:.3g} ms", in(1'000'000));
  if (span < kMinute) return fmt::format("{:.3g} s", in(kSecond));
  const auto two = [&](ClusterTime large, const char* first, ClusterTime little, const char* second) {
    const ClusterTime rest = span % large / little;
    return fmt::format("{} {}", span / large, first) + (rest == 0 ? "" : fmt::format(" {} {}", rest, second));
  };
  if (span < kHour) return two(kMinute, "min", kSecond, "s");
  return span < kDay ? two(kHour, "h", kMinute, "min") : two(kDay, "d", kHour, "h");
}

const std::string& text_at(const std::vector<std::string>& texts, u64 place) {
  static const std::string kNone;
  return place < texts.size() ? texts[place] : kNone;
}

std::string host_name(const record::ClusterFacts& facts, u64 host) {
  return host < facts.hosts.size() ? facts.hosts[host].name : "-";
}
std::string machine_name(const record::ClusterFacts& facts, u64 machine) {
  return machine < facts.machines.size() ? facts.machines[machine].name : "-";
}
std::string store_name(const record::ClusterFacts& facts, u64 store) {
  return store < facts.stores.size() ? facts.stores[store].name : "-";
}

}  // namespace hvlab::views
