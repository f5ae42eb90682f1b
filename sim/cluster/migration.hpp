// Machines moved while they run: to another host, to another datastore, or both; and hosts emptied.
#pragma once

#include <string_view>
#include <vector>

#include "sim/cluster/life.hpp"
#include "sim/cluster/precopy.hpp"
#include "sim/cluster/refusal.hpp"
#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

enum class MovePhase : u8 {
  Waiting,     // for others: a host takes part in few moves at a time
  Disk,        // the disk is copied while the machine runs; what it writes goes to both
  Rounds,      // of pre-copy
  LastCopy,    // the machine is stopped
  SwitchOver,  // likewise
  Done,
  Failed,
};

/// What asked for a move.
enum class MoveReason : u8 {
  Order,        // somebody
  Maintenance,  // its host is to be emptied
  PowerSaving,  // its host is to be switched off
  Rule,         // where it is, a rule is broken
  Balance,      // another host has less to do
  Count
};
std::string_view name(MoveReason reason);

/// Why a machine is moved, with the figures that decided it.
struct MoveCause {
  MoveReason reason = MoveReason::Order;
  PlaceRule rule = PlaceRule::None;  // of Rule: the broken one
  // Of Balance, with what is decided already taken as done:
  u32 imbalance_before = 0;  // thousandths (balancing.hpp)
  u32 imbalance_after = 0;
  u32 load_from = 0;  // thousandths of the hosts' processors that are wanted, before
  u32 load_to = 0;
  u64 benefit = 0;  // MHz x s, as of benefit()
  u64 cost = 0;     // likewise, as of cost()
};

struct Move {
  Index machine = kNone;
  Index from = kNone;
  Index to = kNone;         // kNone while waiting: the best host when its turn comes
  Index datastore = kNone;  // that its disk goes to; kNone: stays where it is
  MovePhase phase = MovePhase::Waiting;
  Refusal why = Refusal::None;  // of Failed
  MoveCause cause;
  std::vector<Round> rounds;
  u64 left = 0;  // bytes to be sent in this round
  Index flow = kNone;
  Nanoseconds asked = 0;
  Nanoseconds began = 0;
  Nanoseconds copied_disk = 0;  // when memory's rounds began
  Nanoseconds round_began = 0;
  Sum used_before = 0;  // MHz x ns that the machine had got by then
  Nanoseconds stopped = 0;
  Nanoseconds ended = 0;
  u64 sent = 0;      // bytes
  u64 downtime = 0;  // ns
  u32 version = 0;

  bool is_over() const { return phase == MovePhase::Done || phase == MovePhase::Failed; }
};

struct Moves {
  PrecopyPolicy policy;  // "vmotion" unless said otherwise
  u32 at_a_time = 4;     // moves of one host: 4 on 1 Gbit/s, 8 on 10 Gbit/s in VMware's published limits
  u32 service = 500;     // MHz that a move takes of both hosts (assumed)
  std::vector<Move> all;
  std::vector<Index> waiting;  // in the order in which they were asked for
  std::vector<Index> emptied;  // hosts in maintenance that are being emptied

  Moves();
};

/// Asks the manager to move a running machine to host `to` (kNone: whichever suits best when its turn comes;
/// the same host: the disk alone moves) and, unless `datastore` is kNone, its disk there. What can be said
/// now is said now; later failures are in the log and in the move.
Refusal ask_move(Simulation& sim, Index machine, Index to, Index datastore = kNone,
                 const MoveCause& cause = {});

/// Why a running machine could not move to `to` now; None if it could. kNone as datastore: its disk stays.
Refusal may_move(const Simulation& sim, Index machine, Index to, Index datastore = kNone);

/// The host with the least load that it could move to; kNone: none.
Index best_host_for(const Simulation& sim, Index machine);

/// Ends a move: the machine stays, or goes on, where it was.
void fail_move(Simulation& sim, Index move, Refusal why);

/// What the move's flow had to copy is copied.
void part_is_copied(Simulation& sim, Index move);

/// The switch-over is over.
void move_step(Simulation& sim, Index move, u32 version);

/// The policy's patience is over: a move whose machine still runs fails.
void move_takes_too_long(Simulation& sim, Index move);

/// Starts waiting moves whose hosts have a place free.
void start_waiting(Simulation& sim);

/// Maintenance mode: the host takes no machines any more and gives those that it has away. The log says when
/// it is empty. None, or why the manager does not do it. `reason` is that of the machines' moves.
Refusal enter_maintenance(Simulation& sim, Index host, MoveReason reason = MoveReason::Maintenance);
void leave_maintenance(Simulation& sim, Index host);

/// Machines on hosts that are to be emptied that found no other host, or were not running then, are tried
/// again. At each load step.
void go_on_emptying(Simulation& sim);

/// Why a host in maintenance is to be emptied.
MoveReason why_emptied(const Simulation& sim, Index host);

/// Tells of hosts that are empty now.
void tell_of_emptied(Simulation& sim);

}  // namespace hvlab::cluster
