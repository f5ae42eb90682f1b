#include "sim/record/trace_format.hpp"

namespace hvlab::record {

namespace {

constexpr const char* kVcpuStates[] = {"running", "exit-handling", "halted", "away"};
constexpr const char* kDeviceStates[] = {"idle", "busy"};
constexpr const char* kLaneTypes[] = {"core", "vcpu", "device"};
constexpr const char* kLevels[] = {"off", "summary", "full"};

static_assert(std::size(kVcpuStates) == static_cast<size_t>(VcpuState::Count));
static_assert(std::size(kDeviceStates) == static_cast<size_t>(DeviceState::Count));

}  // namespace

const char* name(VcpuState state) { return kVcpuStates[static_cast<size_t>(state)]; }
const char* name(DeviceState state) { return kDeviceStates[static_cast<size_t>(state)]; }
const char* name(LaneType type) { return kLaneTypes[static_cast<size_t>(type)]; }
const char* name(RecordLevel level) { return kLevels[static_cast<size_t>(level)]; }

}  // namespace hvlab::record
