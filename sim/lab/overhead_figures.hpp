// What ways of virtualizing cost, told from runs: the figures of profiles/overhead (sim/cluster/overhead.hpp)
// that the machine tier can measure.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/measured_run.hpp"
#include "sim/media/figures.hpp"

namespace hvlab::lab {

/// A run, and how it is named as a source.
struct SourceRun {
  MeasuredRun run;
  std::string origin;  // "scenarios/overhead/ways.yaml, kvm, amd-zen2, Linux 6.1.0-56-amd64, HVLab 0.1, ..."
};

/// What is known of a way on a processor.
struct MeasuredOverhead {
  std::string name;  // of the profile: profile_name()
  std::vector<media::Figure> figures;
};

/// The processor whose figures a way's own name stands for; those of others have it in theirs.
inline constexpr const char* kUsualProcessor = "amd-zen2";

/// "kvm", "kvm-intel-skylake", "teaching-hosted".
std::string profile_name(const MeasuredRun& run);

/// The figures of each way that `runs` say something of, in the order of the runs; the machine itself is
/// what the others are compared with, and costs nothing. Runs are taken for what they are:
///   one instance on one processor: processor time by phase, requests, packets and streams against the
///     machine's own run of the same system and processor; the time from launch to its first program
///     (requests and packets of a system that is warm, if there are such runs)
///   instances whose memory was given to them in full, or that are not machines: memory
///   instances that moved: that they can, and for how long the longest stood still
/// What failed is left out. Figures are rounded to whole ones; what is less than on the machine itself costs
/// nothing, but for processor time by phase, which may be below 1000.
std::vector<MeasuredOverhead> measured_overheads(const std::vector<SourceRun>& runs);

}  // namespace hvlab::lab
