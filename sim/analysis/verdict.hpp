// What measurements say about a claim: a word, a sentence, and the numbers that it rests on. Verdicts are
// functions of the numbers alone; docs/claims.md explains the rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/analysis/measurement.hpp"

namespace hvlab::analysis {

/// Two figures are equal if the larger is at most this much above the smaller (5 %).
inline constexpr double kTie = 1.05;
/// "Because of" means at least this part of a difference.
inline constexpr double kMostPart = 0.5;

enum class Word { Holds, HoldsIf, DoesNotHold, CannotBeTested };

/// "holds", "holds if", "does not hold", "cannot be tested here".
std::string_view name(Word word);

struct Figure {
  std::string what;
  double value = 0;
  std::string unit;  // "" for a ratio or a share
};

struct Verdict {
  std::string claim;      // "H1"
  std::string statement;  // what is claimed
  Word word = Word::CannotBeTested;
  std::string text;                 // completes the word: what holds where, or why not
  std::vector<Figure> figures;      // what it rests on
  std::vector<std::string> limits;  // what the measurements do not cover
};

/// H1: overhead: hosted above hypervisor above operating-system level, firmware partitions least. Needs all
/// ways of a series (architectures.hpp) but the partition, with equal numbers of processors, one instance.
Verdict judge_overhead(Measurements all);

/// H2: hosted is slow because its I/O crosses the host. Needs hypervisor and hosted of a series with equal
/// numbers of processors.
Verdict judge_hosted_io(Measurements all);

/// H3: the cost for each further instance grows slowest with operating-system-level virtualization. Needs
/// container and a way with virtual machines, with at least two numbers of instances each.
Verdict judge_instance_cost(Measurements all);

/// H4: more instances fit with operating-system-level virtualization. Needs the same, on a machine with a
/// known amount of memory, one instance of each among them.
Verdict judge_density(Measurements all);

/// H5: firmware that partitions takes no processor time, but strands capacity. Needs a partition and the
/// hypervisor of its series with equal numbers of processors, two machines each, of which one runs phases.
Verdict judge_partitioning(Measurements all);

/// H6: hardware assistance lowered overhead somewhat. Needs on one processor or more bare, a way with
/// assistance and one without (techniques.hpp).
Verdict judge_assistance(Measurements all);

/// H7: KVM needs assistance, Xen uses it for unmodified guests. Needs kvm, xen-pv and xen-hvm on processors
/// with and without it.
Verdict judge_need_of_assistance(Measurements all);

/// H8: KVM needs all of a machine's virtual processors at once, ESXi hands out free processors. Needs two
/// machines with several virtual processors under kvm, and under strict and relaxed co-scheduling.
Verdict judge_all_at_once(Measurements all);

/// H9: paravirtual is faster but not portable. Needs two ways with one kind of interface each
/// (techniques.hpp), and one more that runs the same image.
Verdict judge_portability(Measurements all);

/// H12: one application per server is more stable. Needs an application beside /bin/neighbour of each kind,
/// among them one that is idle, as processes of one system (apps) and in virtual machines.
Verdict judge_neighbours(Measurements all);

/// H22: a program of another instruction set runs by translation. Needs bare and a way that translates.
Verdict judge_translation(Measurements all);

/// H24: live migration is the hypervisor's flexibility. Needs ways whose virtual machines are moved while
/// they run (one machine), or hosts that are serviced with their machines in several ways (many hosts).
Verdict judge_moves(Measurements all);

// Of many hosts. Each needs runs of clusters (cluster_run.hpp) with the metrics that its file begins with.

/// H10: raw device mapping is faster, without snapshots, hard to move. Needs files and raw mappings alike in
/// all else.
Verdict judge_disk_mappings(Measurements all);

/// H13: differing peaks raise utilisation, simultaneous ones overload. Needs one host with more and more
/// machines whose peaks are at the same time, and at different ones.
Verdict judge_peaks(Measurements all);

/// H14: ten or eight servers fit on two hosts with redundancy, at lower total cost. Needs the servers as they
/// were, and two hosts of which one is away at the peak.
Verdict judge_consolidation(Measurements all);

/// H15: moving is easy and cheap, the refresh is not spared. Needs a refresh of servers and one of hosts.
Verdict judge_refresh(Measurements all);

/// H16: without shared storage neither live migration nor high availability. Needs moves and failures with
/// and without.
Verdict judge_shared_storage(Measurements all);

/// H17: high availability and balancing are independent. Needs all four of both, one, the other and neither.
Verdict judge_independence(Measurements all);

/// H18: the manager's outage leaves machines running. Needs the same with and without an outage.
Verdict judge_manager_outage(Measurements all);

/// H19: the disks of hyper-converged hosts act as one shared store. Needs the same faults with a pool and an
/// array.
Verdict judge_pooled_storage(Measurements all);

/// H20: storage migration evens the load of disks. Needs windows before, during and after.
Verdict judge_storage_migration(Measurements all);

/// H25: fewer servers and power states save energy. Needs servers as they were, fewer hosts, and power
/// saving.
Verdict judge_energy(Measurements all);

/// -1, 0, 1: `a` is less than, as good as equal to (kTie), more than `b`.
int compare(double a, double b);

/// A part of 1 as "12.3 %".
std::string percent(double share);

/// "a, b and c".
std::string list(const std::vector<std::string>& words, const char* between = ", ");

}  // namespace hvlab::analysis
