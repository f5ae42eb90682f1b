// What a refusal is made of: which resource is short, by how much, which rule is in the way, on how many
// hosts.
#pragma once

#include <functional>
#include <vector>

#include "sim/cluster/refusal.hpp"
#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

/// What there is too little of, and how much is missing.
struct Lack {
  enum class Of : u8 { Nothing, Memory /* MiB */, ProcessorTime /* MHz */, Space /* GiB */, Slots };
  Of of = Of::Nothing;
  u64 amount = 0;
};

/// Hosts that refuse a machine for one reason.
struct RefusalPart {
  Refusal why = Refusal::None;
  u32 hosts = 1;
  Lack lack;           // where it is least
  Index host = kNone;  // there; the first, if nothing is lacking
  Index with = kNone;  // machine on that host, or the one that leads others elsewhere: of rules
};

/// Why something in the log was refused.
struct Explained {
  size_t occurrence = 0;           // its place in the log
  bool of_all_hosts = false;       // else of the host that was asked
  std::vector<RefusalPart> parts;  // those of most hosts first
};

struct Explanations {
  std::vector<Explained> all;  // in the order of the log
  u32 of_all_hosts = 0;
};

/// The particulars of `host` refusing the machine for this reason.
RefusalPart particulars(const Simulation& sim, Index machine, Index host, Refusal why,
                        Index datastore = kNone);

/// The reasons of all hosts together; `why` says it of one, None: it has none and is left out.
std::vector<RefusalPart> why_nowhere(const Simulation& sim,
                                     const std::function<RefusalPart(Index host)>& why);
/// What keeps the machine off each host, by may_be_on().
std::vector<RefusalPart> why_nowhere(const Simulation& sim, Index machine);

/// Tells that a host refuses a machine, with the particulars.
void tell_refused(Simulation& sim, Index machine, Index host, Refusal why, Index datastore = kNone);

/// Notes the reasons of what stands at this place of the log.
void explain(Simulation& sim, size_t occurrence, std::vector<RefusalPart> parts, bool of_all_hosts = true);

/// Whether another look at all hosts is worth it: of very many refusals the first are explained.
bool explains_more(const Simulation& sim);

/// The explanation of an occurrence of the log; null if it has none.
const Explained* explanation_of(const Simulation& sim, size_t occurrence);

}  // namespace hvlab::cluster
