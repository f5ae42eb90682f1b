#include "sim/record/trace_format.hpp"

namespace hvlab::record {

namespace {

constexpr const char* kVcpuStates[] = {"running", "exit-handling", "halted", "away",
                                       "ready",   "co-stopped",    "blocked"};
constexpr const char* kDeviceStates[] = {"idle", "busy"};
constexpr const char* kThreadStates[] = {"running", "ready", "sleeping", "blocked", "stopped", "ended"};
constexpr const char* kGroupStates[] = {"idle", "running"};
constexpr const char* kLaneTypes[] = {"core", "vcpu", "device", "thread", "group"};
constexpr NameTable kStates[] = {NameTable::Account, NameTable::VcpuState, NameTable::DeviceState,
                                 NameTable::ThreadState, NameTable::GroupState};
constexpr const char* kLevels[] = {"off", "summary", "full"};

static_assert(std::size(kVcpuStates) == static_cast<size_t>(VcpuState::Count));
static_assert(std::size(kDeviceStates) == static_cast<size_t>(DeviceState::Count));
static_assert(std::size(kThreadStates) == static_cast<size_t>(observe::ThreadState::Count));
static_assert(std::size(kGroupStates) == static_cast<size_t>(GroupState::Count));
static_assert(std::size(kLaneTypes) == static_cast<size_t>(LaneType::Count));
static_assert(std::size(kStates) == static_cast<size_t>(LaneType::Count));

}  // namespace

const char* name(VcpuState state) { return kVcpuStates[static_cast<size_t>(state)]; }
const char* name(DeviceState state) { return kDeviceStates[static_cast<size_t>(state)]; }
const char* name(observe::ThreadState state) { return kThreadStates[static_cast<size_t>(state)]; }
const char* name(GroupState state) { return kGroupStates[static_cast<size_t>(state)]; }
NameTable states_of(LaneType type) { return kStates[static_cast<size_t>(type)]; }
const char* name(LaneType type) { return kLaneTypes[static_cast<size_t>(type)]; }
const char* name(RecordLevel level) { return kLevels[static_cast<size_t>(level)]; }

}  // namespace hvlab::record
