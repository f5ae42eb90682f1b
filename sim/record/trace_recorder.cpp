#include "sim/record/trace_recorder.hpp"

#include <algorithm>
#include <set>

#include "sim/base/bits.hpp"
#include "sim/observe/exit.hpp"
#include "sim/observe/exit_totals.hpp"

namespace hvlab::record {

using observe::Account;
using observe::Event;
using observe::EventKind;

namespace {

constexpr u64 kMostMarks = 4096;
constexpr size_t kMostAddresses = 1U << 18;  // that are named at the end
constexpr size_t kLongestMark = 256;
constexpr u16 kLanesForVcpus = 256;      // that threads leave free
constexpr u64 kSpaceMask = ~u64{0xFFF};  // of CR3: without PCID and cache bits

template <class State>
void name_states(TraceWriter& writer, NameTable table) {
  for (u64 i = 0; i < static_cast<u64>(State::Count); ++i)
    writer.name({.table = table, .key = i, .text = name(static_cast<State>(i))});
}

void name_tables(TraceWriter& writer) {
  for (u64 i = 0; i < static_cast<u64>(EventKind::Count); ++i)
    writer.name({.table = NameTable::Kind, .key = i, .text = name(static_cast<EventKind>(i))});
  writer.name({.table = NameTable::Kind, .key = trace_kind::kMark, .text = "mark"});
  writer.name({.table = NameTable::Kind, .key = trace_kind::kHeld, .text = "held"});
  writer.name({.table = NameTable::Kind, .key = trace_kind::kState, .text = "state"});
  name_states<Account>(writer, NameTable::Account);
  name_states<VcpuState>(writer, NameTable::VcpuState);
  name_states<DeviceState>(writer, NameTable::DeviceState);
  name_states<observe::ThreadState>(writer, NameTable::ThreadState);
  name_states<GroupState>(writer, NameTable::GroupState);
}

}  // namespace

TraceRecorder::TraceRecorder(const Setup& setup)
    : setup_(setup),
      writer_(setup.file, {.level = setup.level, .frequency_hz = setup.frequency_hz}),
      cores_(setup.cores),
      devices_(setup.devices.size()),
      threads_(writer_, [this] { return thread_lane(); }) {
  name_tables(writer_);
  for (unsigned i = 0; i < setup.cores; ++i)
    add_lane(static_cast<u16>(i), LaneType::Core, 0, i, "core " + std::to_string(i));
  for (unsigned i = 1; i < setup.devices.size(); ++i)
    add_lane(device_lane(i), LaneType::Device, 0, i, setup.devices[i]);
  lanes_ = device_lane(static_cast<unsigned>(setup.devices.size()));
}

Picoseconds TraceRecorder::time_of(u64 cycle) const { return scale(cycle, kSecond, setup_.frequency_hz); }

u16 TraceRecorder::device_lane(unsigned device) const {
  return static_cast<u16>(cores_.size() + std::max(device, 1U) - 1);
}

void TraceRecorder::add_lane(u16 lane, LaneType type, unsigned vm, unsigned number, std::string text) {
  writer_.name({.table = NameTable::Lane,
                .key = lane,
                .value = lane_value(type, vm, number),
                .text = std::move(text)});
}

u16 TraceRecorder::thread_lane() { return lanes_ < kMostLanes - kLanesForVcpus ? lanes_++ : kNoLane; }

// The lane of the virtual processor; that of its host processor once there are too many.
u16 TraceRecorder::vcpu_lane(u64 block, u64 root, const Core& core) {
  const observe::VcpuId id = table_.enter(block, root, core.host_space);
  if (const auto found = vcpu_lanes_.find(block); found != vcpu_lanes_.end()) return found->second;
  const u16 lane = lane_of_vcpu(id);
  if (lane != kNoLane) vcpu_lanes_[block] = lane;
  return lane;
}

u16 TraceRecorder::lane_of_vcpu(observe::VcpuId id) {
  const std::pair key(id.vm, id.vcpu);
  if (const auto found = lane_of_id_.find(key); found != lane_of_id_.end()) return found->second;
  if (lanes_ == kMostLanes) return kNoLane;
  const u16 lane = lanes_++;
  add_lane(lane, LaneType::Vcpu, id.vm, id.vcpu,
           "vm " + std::to_string(id.vm) + " vcpu " + std::to_string(id.vcpu));
  vcpus_[lane] = {};
  return lane_of_id_[key] = lane;
}

u16 TraceRecorder::lane_of(const Event& event, const Core& core) const {
  if (event.device != 0 && event.device < devices_.size()) return device_lane(event.device);
  const bool of_guest = core.in_guest || event.kind == EventKind::VmExitDetail;
  return of_guest && core.vcpu != kNoLane ? core.vcpu : static_cast<u16>(event.core);
}

void TraceRecorder::put(const Event& event, u16 lane) {
  writer_.summary().count(lane, event.time, static_cast<u16>(what::kEvents + static_cast<u16>(event.kind)));
  if (setup_.level != RecordLevel::Full && !in_every_trace(event.kind)) return;
  if (lane == event.core && event.rip >> 63 != 0 && addresses_.size() < kMostAddresses)
    addresses_.insert(event.rip);
  writer_.append({.time = event.time,
                  .a = event.a,
                  .b = event.b,
                  .rip = event.rip,
                  .kind = static_cast<u8>(event.kind),
                  .core = event.core,
                  .lane = lane});
}

void TraceRecorder::set_state(u16 lane, u8 core, Picoseconds time, u64 state, u64 detail) {
  last_ = std::max(last_, time);
  writer_.summary().state(lane, time, state);
  writer_.append({.time = time,
                  .a = state,
                  .b = detail,
                  .rip = 0,
                  .kind = trace_kind::kState,
                  .core = core,
                  .lane = lane});
}

void TraceRecorder::tell_account(unsigned core, Account account, u64 cycle) {
  cores_[core].account = static_cast<u64>(account);
  set_state(static_cast<u16>(core), static_cast<u8>(core), time_of(cycle), static_cast<u64>(account), cycle);
}

void TraceRecorder::settle(unsigned core) {
  Core& it = cores_[core];
  if (!it.woken) return;
  const Account account = *it.woken;
  it.woken.reset();
  tell_account(core, account, it.woken_at);
}

// A processor that is idle for long is so in many short pieces, one a slice: they are made one again.
void TraceRecorder::account_opened(unsigned core, Account account, u64 cycle) {
  Core& it = cores_[core];
  if (it.woken && it.woken_at == cycle) it.woken.reset();
  settle(core);
  if (it.account == static_cast<u64>(account)) return;
  if (it.account == static_cast<u64>(Account::Idle)) {
    it.woken = account;
    it.woken_at = cycle;
  } else {
    tell_account(core, account, cycle);
  }
}

void TraceRecorder::on_event(const Event& event) {
  Core& core = cores_[event.core];
  last_ = std::max(last_, event.time);
  if (event.device == 0 && core.woken) settle(event.core);
  switch (event.kind) {
    case EventKind::VmEntry: return vm_entry(event, core);
    case EventKind::VmExit: return vm_exit(event, core);
    default: break;
  }
  put(event, lane_of(event, core));
  switch (event.kind) {
    case EventKind::AddressSpace: return host_space(event, core);
    case EventKind::RequestStart: return request(event, true);
    case EventKind::RequestDone: return request(event, false);
    case EventKind::Console: return console(event);
    case EventKind::Mark:
    case EventKind::MarkDetail:
      if (const auto mark = reader_.read(event)) software_mark(*mark);
      return;
    default: break;
  }
}

void TraceRecorder::vcpu_state(u16 lane, const Event& event, VcpuState state) {
  if (lane == kNoLane) return;
  Vcpu& vcpu = vcpus_[lane];
  vcpu.state = state;
  vcpu.core = event.core;
  set_state(lane, event.core, event.time, static_cast<u64>(state), event.core);
}

// A hypervisor says which control block is whose, and why a virtual processor does not run. One that has a
// processor and is not in the guest is being attended to.
void TraceRecorder::software_mark(const observe::Mark& mark) {
  table_.note(mark);
  constexpr std::array kStates = {VcpuState::Handling, VcpuState::Ready, VcpuState::CoStopped,
                                  VcpuState::Halted, VcpuState::Blocked};
  for (const observe::VcpuStateReader::Change& change : vcpu_states_.read(mark)) {
    const u16 lane =
        lane_of_vcpu({.vm = arch::mark::vm_of(change.vcpu), .vcpu = arch::mark::vcpu_of(change.vcpu)});
    if (lane == kNoLane) continue;
    vcpus_[lane] = {.state = kStates[static_cast<size_t>(change.state)], .core = change.core, .marked = true};
    set_state(lane, change.core, change.time, static_cast<u64>(vcpus_[lane].state), change.core);
  }
}

void TraceRecorder::vm_entry(const Event& event, Core& core) {
  core.vcpu = vcpu_lane(event.a, event.b, core);
  core.in_guest = true;
  put(event, lane_of(event, core));
  vcpu_state(core.vcpu, event, VcpuState::Running);
}

void TraceRecorder::vm_exit(const Event& event, Core& core) {
  const auto [reason, fresh] =
      reasons_.emplace(event.a, static_cast<u16>(std::min<size_t>(reasons_.size(), what::kReasons - 1)));
  if (fresh) {
    writer_.name({.table = NameTable::ExitReason,
                  .key = event.a,
                  .value = reason->second,
                  .text = observe::exit_label(event.a)});
  }
  const u16 lane = lane_of(event, core);
  put(event, lane);
  if (event.rip >> 63 != 0 && guest_addresses_.size() < kMostAddresses) guest_addresses_.insert(event.rip);
  writer_.summary().count(lane, event.time, static_cast<u16>(what::kExits + reason->second));
  core.in_guest = false;
  const bool marked = core.vcpu != kNoLane && vcpus_[core.vcpu].marked;
  const bool halts = observe::exit_class(event.a) == observe::ExitClass::Hlt && !marked;
  vcpu_state(core.vcpu, event, halts ? VcpuState::Halted : VcpuState::Handling);
}

// The host turns to something else: the virtual processor that left last is no longer attended to.
void TraceRecorder::host_space(const Event& event, Core& core) {
  if (core.in_guest) return;
  const bool other = ((event.a ^ core.host_space) & kSpaceMask) != 0;
  core.host_space = event.a;
  if (!other || core.vcpu == kNoLane) return;
  const Vcpu& vcpu = vcpus_[core.vcpu];
  if (vcpu.core == event.core && vcpu.state == VcpuState::Handling && !vcpu.marked)
    vcpu_state(core.vcpu, event, VcpuState::Away);
}

void TraceRecorder::request(const Event& event, bool begins) {
  if (event.device == 0 || event.device >= devices_.size()) return;
  u64& requests = devices_[event.device].requests;
  if (!begins && requests == 0) return;
  requests = begins ? requests + 1 : requests - 1;
  const auto state = requests == 0 ? DeviceState::Idle : DeviceState::Busy;
  set_state(device_lane(event.device), event.core, event.time, static_cast<u64>(state), requests);
}

// A line of a console that starts with "HVLAB " is a mark.
void TraceRecorder::console(const Event& event) {
  if (event.device >= devices_.size()) return;
  Device& device = devices_[event.device];
  const u8 byte = static_cast<u8>(event.a);
  if (byte == '\n') {
    if (device.line.starts_with("HVLAB ") && marks_ < kMostMarks) {
      const u16 lane = lane_of(event, cores_[event.core]);
      writer_.name({.table = NameTable::Mark, .key = marks_, .text = device.line});
      writer_.append({.time = event.time,
                      .a = marks_++,
                      .b = device.line_began,
                      .rip = 0,
                      .kind = trace_kind::kMark,
                      .core = event.core,
                      .lane = lane});
      writer_.summary().count(lane, event.time, what::kEvents + trace_kind::kMark);
    }
    device.line.clear();
  } else if (byte >= ' ' && byte < 0x7F && device.line.size() < kLongestMark) {
    if (device.line.empty()) device.line_began = event.time;
    device.line += static_cast<char>(byte);
  }
}

void TraceRecorder::name_addresses(const std::unordered_set<u64>& addresses, const Symbols& symbols) {
  const std::set<u64> sorted(addresses.begin(), addresses.end());
  u64 last = 0;  // where the function named last begins
  for (const u64 address : sorted) {
    NameEntry entry = symbols(address);
    if (entry.text.empty() || entry.key == last) continue;
    last = entry.key;
    writer_.name(std::move(entry));
  }
}

void TraceRecorder::finish(const std::vector<u64>& cycles, const Symbols& symbols, const Symbols& guests) {
  if (symbols) name_addresses(addresses_, symbols);
  if (guests) name_addresses(guest_addresses_, guests);
  for (unsigned i = 0; i < cores_.size() && i < cycles.size(); ++i) {
    settle(i);
    last_ = std::max(last_, time_of(cycles[i]));
    set_state(static_cast<u16>(i), static_cast<u8>(i), time_of(cycles[i]), kStateEnded, cycles[i]);
  }
  last_ = std::max(last_, threads_.last());
  threads_.finish(last_);
  for (const auto& [lane, vcpu] : vcpus_) set_state(lane, static_cast<u8>(vcpu.core), last_, kStateEnded, 0);
  for (unsigned i = 1; i < devices_.size(); ++i) set_state(device_lane(i), 0, last_, kStateEnded, 0);
  writer_.finish();
}

}  // namespace hvlab::record
