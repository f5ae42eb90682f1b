#include "sim/views/exit_walk.hpp"

#include <algorithm>
#include <array>

#include "sim/base/bits.hpp"
#include "sim/observe/ledger.hpp"

namespace hvlab::views {

using observe::Account;
using record::Record;
using record::TraceReader;

namespace {

constexpr Picoseconds kLongestOpen = kMillisecond;  // of an exit that has not ended
constexpr unsigned kContext = 12;                   // the guest before and after: this part of the exit

struct AccountFacts {
  Rung rung;
  const char* label;
};
// What an account of the exit's processor is while the guest is outside.
constexpr std::array<AccountFacts, observe::kAccounts> kFacts = {
    {{Rung::OtherGuest, "another guest's program"},
     {Rung::OtherGuest, "another guest's kernel"},
     {Rung::Hypervisor, "hypervisor"},
     {Rung::HostKernel, "host kernel"},
     {Rung::VmmProcess, "another program"},
     {Rung::VmmProcess, "user-space VMM"},
     {Rung::ManagementKernel, "management VM's kernel"},
     {Rung::ManagementUser, "management VM's program"},
     {Rung::Hypervisor, "translation"},
     {Rung::Switch, "world switch"},
     {Rung::Waiting, "idle"}}};

const AccountFacts& facts(u64 account) {
  static constexpr AccountFacts kUnknown{Rung::Unknown, "not known"};
  return account < kFacts.size() ? kFacts[account] : kUnknown;
}

Rung guest_rung(u64 account) {
  switch (static_cast<Account>(account)) {
    case Account::GuestUser: return Rung::Program;
    case Account::ManagementVmKernel: return Rung::ManagementKernel;
    case Account::ManagementVmUser: return Rung::ManagementUser;
    default: return Rung::GuestKernel;
  }
}

// The account of processor `core` before `from`, and its changes from then to `until`.
std::vector<Record> accounts(const TraceReader& trace, u16 core, Picoseconds from, Picoseconds until) {
  std::vector<Record> list;
  const auto held = trace.states_at(from == 0 ? 0 : from - 1);
  if (const auto found = held.find(core); found != held.end()) list.push_back(found->second);
  trace.each(from, until, [&](const Record& record) {
    if (record.lane == core && record.kind == record::trace_kind::kState) list.push_back(record);
    return true;
  });
  return list;
}

class Walk {
 public:
  Walk(const TraceReader& trace, const Exit& exit)
      : exit_(exit),
        hz_(trace.frequency_hz()),
        end_(exit.entered ? exit.entry
                          : std::min(exit.time + kLongestOpen, std::max(trace.end(), exit.time + 1))),
        context_(std::max<Picoseconds>((end_ - exit.time) / kContext, 1)),
        accounts_(accounts(trace, exit.core, exit.time, end_ + 1)) {}

  Ladder ladder() {
    const Picoseconds ran = std::min(context_, scale(exit_.guest_cycles, kSecond, hz_));
    ladder_.began = exit_.time - std::min(exit_.time, ran);
    ladder_.zero = exit_.time - ladder_.began;
    // What the processor was charged to before it left.
    const u64 before = accounts_.empty() ? 1 : accounts_.front().a;
    add(guest_rung(before), "guest", ladder_.began, exit_.time);
    outside();
    if (exit_.entered) {
      add(guest_rung(before), "guest", exit_.entry, exit_.entry + context_);
      ladder_.steps.back().core = exit_.entry_core;
    }
    ladder_.length = ladder_.steps.empty() ? 0 : ladder_.steps.back().end;
    ladder_.cycles = cycle(end_) - cycle(exit_.time);
    settle(ladder_);
    return std::move(ladder_);
  }

 private:
  u64 cycle(Picoseconds time) const { return scale_up(time, hz_, kSecond); }

  void outside() {
    const bool moved = exit_.entered && exit_.entry_core != exit_.core;
    Picoseconds at = exit_.time;
    u64 account = static_cast<u64>(Account::WorldSwitch);
    bool first = true;
    const auto until = [&](Picoseconds time) {
      const Picoseconds end = std::clamp(time, at, end_);
      if (end == at) return;
      const AccountFacts& fact = facts(account);
      const bool leaves = first && fact.rung == Rung::Switch;
      const bool enters = !moved && end == end_ && exit_.entered && fact.rung == Rung::Switch && !leaves;
      add(fact.rung, leaves ? "exit" : enters ? "entry" : fact.label, at, end);
      ladder_.steps.back().leaves_guest = leaves || (fact.rung == Rung::Switch && !enters && after_guest());
      first = false;
      at = end;
    };
    for (const Record& record : accounts_) {
      if (record.time < exit_.time) continue;
      if (record.time > exit_.time || !first) until(record.time);
      account = record.a;
      if (moved && facts(account).rung == Rung::Waiting) break;  // the rest happens elsewhere
    }
    if (moved) account = static_cast<u64>(Account::Idle);
    until(end_);
  }

  bool after_guest() const {
    return ladder_.steps.size() > 1 && ladder_.steps[ladder_.steps.size() - 2].rung == Rung::OtherGuest;
  }

  void add(Rung rung, const char* label, Picoseconds begin, Picoseconds end) {
    if (end <= begin) return;
    ladder_.steps.push_back({.rung = rung,
                             .label = label,
                             .core = exit_.core,
                             .begin = begin - ladder_.began,
                             .end = end - ladder_.began,
                             .cycles = cycle(end) - cycle(begin)});
  }

  Exit exit_;
  u64 hz_;
  Picoseconds end_, context_;
  std::vector<Record> accounts_;
  Ladder ladder_;
};

}  // namespace

Ladder walk_of(const TraceReader& trace, const Exit& exit) { return Walk(trace, exit).ladder(); }

}  // namespace hvlab::views
