// What is where in a cluster at one moment: what its picture is made of.
#pragma once

#include <string>
#include <vector>

#include "sim/record/cluster_reader.hpp"
#include "sim/views/palette.hpp"

namespace hvlab::views {

/// What of a host is shown.
enum class HostMeasure : u8 { Processors, Memory, Power };

struct HostPicture {
  u32 host = 0;
  record::HostCondition condition = record::HostCondition::On;
  record::HostWatch watch = record::HostWatch::Heard;
  bool isolated = false;      // says so of itself
  bool primary = false;       // watches the others
  double wanted = 0;          // of its processors, migrations included; more than 1: too much
  double used = 0;            // of its processors
  double memory = 0;          // of its memory: committed
  double power = 0;           // watts
  double power_part = 0;      // of what it draws with all processors busy
  std::vector<u32> machines;  // on it, ascending
  std::vector<u32> coming;    // moves to it that are under way, by their places in the reader's list

  double measure(HostMeasure what) const;
};

/// How a machine is, in one word; how it looks is style_of() of its name.
enum class MachineLook : u8 { Off, Starting, Running, Short, Stopped, Frozen, Moving, Count };
const char* name(MachineLook look);

struct ClusterPicture {
  std::vector<HostPicture> hosts;
  std::vector<MachineLook> machines;
  std::vector<u32> moves;     // that are asked for and not over, those that wait for their turn last
  std::vector<u32> homeless;  // machines on no host
  u32 on = 0;                 // hosts
  u32 running = 0;            // machines that serve, those that move included
  double capacity = 0, wanted = 0, used = 0;  // MHz of hosts that are on
  double memory = 0, committed = 0;           // MiB of hosts that are on
  double power = 0;                           // watts, of all
};

/// `state` is of `time`.
ClusterPicture cluster_picture(const record::ClusterReader& reader, const record::ClusterState& state,
                               record::ClusterTime time);

/// "short" if it gets less than 95 % of what it wants.
bool is_short(const record::MachineSample& sample);

/// Colour and hatch of a host that is no heat: "off", "failed", "maintenance"; of a share of its processors,
/// or memory, that is in use: the more, the darker; with a hatch above 1.
Style style_of_host(record::HostCondition condition);
Style style_of_load(double part);

/// Which moment to show first: in the middle of the longest move, else where something breaks first, else in
/// the middle of it all.
record::ClusterTime first_moment(const record::ClusterReader& reader);

/// "05:12:30", with days in front where there are any ("2d 05:12:30"); with fractions of a second if `grain`
/// (nanoseconds that make a difference) is less than one.
std::string clock_text(record::ClusterTime time, record::ClusterTime grain);
/// A span: "85 ms", "12.4 s", "3 min 20 s", "5 h 10 min", "2 d 4 h".
std::string span_text(record::ClusterTime span);

/// The text at `place`; empty if a damaged file names one that there is not.
const std::string& text_at(const std::vector<std::string>& texts, u64 place);
/// The names of things, "-" for nobody.
std::string host_name(const record::ClusterFacts& facts, u64 host);
std::string machine_name(const record::ClusterFacts& facts, u64 machine);
std::string store_name(const record::ClusterFacts& facts, u64 store);

}  // namespace hvlab::views
