#include "sim/views/flame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/base/bits.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/ledger.hpp"

namespace hvlab::views {

using observe::Account;
using record::LaneType;
using record::Record;
using record::TraceReader;

namespace {

constexpr u64 kNone = ~u64{0}, kEarlier = ~u64{1};  // instead of a reason's code
constexpr size_t kMostPlaces = 1U << 18;            // sums kept apart; further functions share one

// Accounts that work on an exit.
constexpr bool works_on_exit(u64 account) {
  return account == static_cast<u64>(Account::Hypervisor) ||
         account == static_cast<u64>(Account::HostKernel) ||
         account == static_cast<u64>(Account::VmmProcess) ||
         account == static_cast<u64>(Account::WorldSwitch);
}

constexpr bool ends_exit(u64 account) {
  return account == static_cast<u64>(Account::Idle) || account == static_cast<u64>(Account::HostUser);
}

class FlameSums {
 public:
  FlameSums(const TraceReader& trace, Picoseconds from, Picoseconds until, FlameBy by)
      : trace_(trace), from_(from), until_(until), by_(by) {
    for (const auto& [lane, held] : trace.states_at(from)) hold(lane, held);
  }

  void take(const Record& record) {
    if (record.time < from_ || record.time >= until_) return;
    if (record.kind == static_cast<u8>(observe::EventKind::VmExit)) {
      Core& core = cores_[record.core];
      core.reason = record.a;
      core.rip = record.rip;
    } else if (record.kind == record::trace_kind::kState) {
      state(record);
    }
  }

  FlameNode finish() {
    for (auto& [lane, core] : cores_) charge(lane, core, std::min(until_, std::max(trace_.end(), from_)));
    return tree();
  }

 private:
  struct Core {
    u64 account = record::kStateEnded;
    Picoseconds since = 0;
    u64 reason = kNone, rip = 0;  // of the exit that it deals with
    unsigned vm = 0;              // whose virtual processor it runs, or has left last
  };
  using Place = std::tuple<u64, u64, u64, u64>;  // top, account, reason, address

  const record::LaneInfo* info(u16 lane) const {
    const auto found = trace_.lanes().find(lane);
    return found == trace_.lanes().end() ? nullptr : &found->second;
  }

  void hold(u16 lane, const Record& held) {
    const record::LaneInfo* about = info(lane);
    if (about == nullptr) return;
    if (about->type == LaneType::Core) {
      cores_[lane].account = held.a;
      cores_[lane].since = from_;
    } else if (about->type == LaneType::Vcpu && held.a != record::kStateEnded) {
      if (held.a == static_cast<u64>(record::VcpuState::Handling)) cores_[held.core].reason = kEarlier;
      if (held.a <= static_cast<u64>(record::VcpuState::Handling)) cores_[held.core].vm = about->vm;
    }
  }

  void state(const Record& record) {
    const record::LaneInfo* about = info(record.lane);
    if (about == nullptr) return;
    if (about->type == LaneType::Core) {
      Core& core = cores_[record.lane];
      charge(record.lane, core, record.time);
      core.account = record.a;
      if (ends_exit(record.a)) {
        core.reason = kNone;
        core.vm = 0;
      }
    } else if (about->type == LaneType::Vcpu && record.a == static_cast<u64>(record::VcpuState::Running)) {
      // The switch into the guest is the exit's until its account ends, which is now.
      Core& core = cores_[record.core];
      charge(record.core, core, record.time);
      core.reason = kNone;
      core.vm = about->vm;
    }
  }

  u64 cycle_at(Picoseconds time) const { return scale_up(time, trace_.frequency_hz(), kSecond); }

  void charge(u16 lane, Core& core, Picoseconds until) {
    if (core.account != record::kStateEnded && until > core.since) {
      const u64 cycles = cycle_at(until) - cycle_at(core.since);
      const bool of_exit = core.reason != kNone && works_on_exit(core.account);
      Place place{by_ == FlameBy::Core ? lane : core.vm, core.account, of_exit ? core.reason : kNone,
                  of_exit && core.reason != kEarlier ? function(core.rip) : 0};
      if (sums_.size() >= kMostPlaces && !sums_.contains(place)) std::get<3>(place) = kNone;
      sums_[place] += cycles;
    }
    core.since = std::max(core.since, until);
  }

  // Where the function begins that `address` is in; the address if that is not known.
  u64 function(u64 address) const {
    const auto& names = trace_.names(record::NameTable::GuestSymbol);
    const auto after = names.upper_bound(address);
    if (after == names.begin()) return address;
    const auto& [begin, entry] = *std::prev(after);
    return entry.value == 0 || address - begin < entry.value ? begin : address;
  }

  static FlameNode node(FlameNode::Kind kind, u64 key, std::string text = "") {
    FlameNode made;
    made.kind = kind;
    made.key = key;
    made.text = std::move(text);
    return made;
  }

  FlameNode top_node(u64 key) const {
    if (by_ == FlameBy::Core) {
      const record::LaneInfo* about = info(static_cast<u16>(key));
      return node(FlameNode::Kind::Core, key, about == nullptr ? "" : about->name);
    }
    if (key == 0) return node(FlameNode::Kind::Host, key);
    return node(FlameNode::Kind::Machine, key, fmt::format("vm {}", key));
  }

  FlameNode reason_node(u64 reason) const {
    if (reason == kEarlier) return node(FlameNode::Kind::Earlier, reason);
    return node(FlameNode::Kind::Reason, reason, trace_.name(record::NameTable::ExitReason, reason));
  }

  FlameNode function_node(u64 address) const {
    if (address == kNone) return node(FlameNode::Kind::Others, kNone);
    const std::string symbol = guest_symbol(trace_, address);
    return node(FlameNode::Kind::Function, address, symbol.empty() ? fmt::format("{:x}h", address) : symbol);
  }

  FlameNode tree() const {
    FlameNode root;
    // Places are in order, so that what belongs together follows each other.
    const auto child = [](FlameNode& parent, u64 key, auto make) -> FlameNode& {
      if (parent.children.empty() || parent.children.back().key != key) parent.children.push_back(make());
      return parent.children.back();
    };
    for (const auto& [place, cycles] : sums_) {
      const u64 top = std::get<0>(place), account = std::get<1>(place), reason = std::get<2>(place);
      root.cycles += cycles;
      FlameNode& top_box = child(root, top, [&] { return top_node(top); });
      top_box.cycles += cycles;
      FlameNode& account_box = child(top_box, account, [&] {
        return node(FlameNode::Kind::Account, account, trace_.name(record::NameTable::Account, account));
      });
      account_box.cycles += cycles;
      if (reason == kNone) continue;
      FlameNode& reason_box = child(account_box, reason, [&] { return reason_node(reason); });
      reason_box.cycles += cycles;
      if (reason == kEarlier) continue;
      const u64 address = std::get<3>(place);
      child(reason_box, address, [&] { return function_node(address); }).cycles += cycles;
    }
    arrange(root);
    return root;
  }

  // The largest first; of functions, the small ones together.
  static void arrange(FlameNode& node) {
    std::vector<FlameNode>& list = node.children;
    std::ranges::stable_sort(list, std::greater<>(), &FlameNode::cycles);
    if (node.kind == FlameNode::Kind::Reason && list.size() > kMostFunctions) {
      FlameNode others = FlameSums::node(FlameNode::Kind::Others, kNone);
      for (size_t i = kMostFunctions; i < list.size(); ++i) others.cycles += list[i].cycles;
      list.resize(kMostFunctions);
      list.push_back(others);
    }
    for (FlameNode& each : list) arrange(each);
  }

  const TraceReader& trace_;
  Picoseconds from_, until_;
  FlameBy by_;
  std::map<u16, Core> cores_;  // by lane
  std::map<Place, u64> sums_;
};

void add_boxes(const FlameNode& node, const FlameBox& box, double scale, double least,
               std::vector<FlameBox>& boxes) {
  boxes.push_back(box);
  double at = box.begin;
  for (size_t i = 0; i < node.children.size(); ++i) {
    const FlameNode& each = node.children[i];
    const double width = static_cast<double>(each.cycles) * scale;
    if (width >= least) {
      FlameBox inner = box;
      inner.node = &each;
      inner.parent = &node;
      inner.depth = box.depth + 1;
      inner.begin = at;
      inner.end = at + width;
      inner.path.push_back(i);
      add_boxes(each, inner, scale, least, boxes);
    }
    at += width;
  }
}

}  // namespace

u64 FlameNode::own() const {
  u64 rest = cycles;
  for (const FlameNode& child : children) rest -= child.cycles;
  return rest;
}

FlameNode flame_of(const TraceReader& trace, Picoseconds from, Picoseconds until, FlameBy by,
                   Progress* progress) {
  FlameSums sums(trace, from, until, by);
  scan_span(
      trace, from, until, progress, [&](const Record& record) { sums.take(record); }, [] { return false; });
  return sums.finish();
}

FlameNode without_account(const FlameNode& root, const std::string& account) {
  FlameNode rest = root;
  std::erase_if(rest.children, [&](const FlameNode& child) {
    const bool gone = child.kind == FlameNode::Kind::Account && child.text == account;
    if (gone) rest.cycles -= child.cycles;
    return gone;
  });
  for (FlameNode& child : rest.children) {
    rest.cycles -= child.cycles;
    child = without_account(child, account);
    rest.cycles += child.cycles;
  }
  std::ranges::stable_sort(rest.children, std::greater<>(), &FlameNode::cycles);
  return rest;
}

std::vector<FlameBox> flame_boxes(const FlameNode& root, double least) {
  std::vector<FlameBox> boxes;
  if (root.cycles == 0) return boxes;
  FlameBox whole;
  whole.node = &root;
  whole.end = 1;
  add_boxes(root, whole, 1 / static_cast<double>(root.cycles), least, boxes);
  return boxes;
}

const FlameNode& flame_node(const FlameNode& root, const std::vector<size_t>& path) {
  const FlameNode* node = &root;
  for (const size_t child : path) {
    if (child >= node->children.size()) break;
    node = &node->children[child];
  }
  return *node;
}

}  // namespace hvlab::views
