// What a way of virtualizing costs: figures of profiles/overhead/*.yaml, each with the run that it comes
// from; and what machines work at, profiles/mix/*.yaml, which decides how much of that they pay.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "sim/cluster/types.hpp"
#include "sim/media/figures.hpp"

namespace hvlab::cluster {

/// Kinds of work that cost a way more than another: what the phases of the machine tier's workload of these
/// names do (docs/workloads.md). Its other phases use devices, and are paid by request and packet.
inline constexpr std::array<const char*, 8> kWork = {"cpu",  "stream",  "chase", "syscall",
                                                     "pipe", "process", "file",  "network"};

/// Of each kind.
using PerWork = std::array<u32, kWork.size()>;

/// What a machine works at.
struct Mix {
  std::string name;
  std::string title;  // what it stands for, a sentence
  PerWork parts{};    // of the processor time that it takes without virtualization; 1000 together
  std::vector<media::Figure> figures;
};

struct Overhead {
  std::string name;
  std::string title;               // what it stands for, a sentence
  std::string mix;                 // that `processor` is of
  PerWork work{};                  // processor time in thousandths of that on the machine itself
  u32 processor = 1000;            // the same of a mix; 1000: no more than there
  u32 disk_request = 0;            // cycles of the host for each request to a disk, besides the guest's own
  Nanoseconds disk_latency = 0;    // by which each takes longer
  u32 packet = 0;                  // cycles for each packet, likewise
  Nanoseconds packet_latency = 0;  // by which each takes longer
  u32 stream_kib = 0;              // cycles for each KiB of a stream of large packets
  u32 memory = 0;                  // MiB for each instance besides the guest's own
  u32 memory_permille = 0;         // of the guest's own in addition
  Nanoseconds launch = 0;          // from being started to its first program
  Nanoseconds services = 0;        // from there until it serves
  bool migrates = true;            // this way can move a running instance
  Nanoseconds standstill = 0;      // of a moved one, besides copying; 0: as the migration's policy says
  std::vector<media::Figure> figures;

  Nanoseconds start_up() const { return launch + services; }
};

/// Reads profile `name` ("bare", "container", "kvm", ..., or a .yaml file's path). Throws UserError.
Overhead load_overhead(const std::string& name);

/// Reads mix `name` ("web-server", ..., or a .yaml file's path). Throws UserError, also if its parts are not
/// 1000 together.
Mix load_mix(const std::string& name);

/// Figures that are other than a file's: "kvm.memory_mib", "web-server.cpu_permille".
using SetFigures = std::vector<std::pair<std::string, u64>>;

/// The source of a figure that somebody set in place of the profile's.
inline constexpr const char* kSetSource = "set in the scenario";

/// Sets those of `figures` that are this profile's or mix's; what is more than one may say is the most that
/// it may. The parts of a mix count by their proportion.
void set_figures(Overhead& overhead, const SetFigures& figures);
void set_figures(Mix& mix, const SetFigures& figures);

/// Sets what a way costs a machine that works at `mix`.
void apply_mix(Overhead& overhead, const Mix& mix);

/// The names of all figures of the profiles and mixes that come with HVLab: "kvm.memory_mib".
std::vector<std::string> overhead_figures();

/// A machine that costs nothing, for what-if and tests.
Overhead no_overhead();

/// "measured" (by a run of the machine tier), "sourced", "assumed" or "set" (kSetSource).
const char* origin_of(const media::Figure& figure);

}  // namespace hvlab::cluster
