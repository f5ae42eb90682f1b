// The machine's devices by number: their names, and how often their registers were accessed.
#pragma once

#include <algorithm>
#include <deque>
#include <string>

#include "sim/base/check.hpp"
#include "sim/board/tlm_bus.hpp"
#include "sim/observe/event.hpp"

namespace hvlab::board {

struct DeviceRecord {
  std::string name;
  AccessCount ports;   // in port space
  AccessCount memory;  // in memory space
};

/// Entry 0 stands for addresses that nobody answers.
class DeviceList {
 public:
  explicit DeviceList(observe::DeviceProbe::Sink& sink) : sink_(sink) {
    devices_.push_back({"nobody", {}, {}});
  }

  /// Numbers a new device. The record's address stays good.
  observe::DeviceId add(const std::string& name) {
    devices_.push_back({name, {}, {}});
    return static_cast<observe::DeviceId>(devices_.size() - 1);
  }

  DeviceRecord& operator[](observe::DeviceId id) { return devices_[id]; }
  /// The device called `name`, which must be there.
  DeviceRecord& named(const std::string& name) {
    const auto found = std::ranges::find(devices_, name, &DeviceRecord::name);
    HVLAB_CHECK(found != devices_.end());
    return *found;
  }
  const std::deque<DeviceRecord>& all() const { return devices_; }

  /// What device `id` reports through.
  observe::DeviceProbe probe(observe::DeviceId id) { return {&sink_, id}; }

 private:
  observe::DeviceProbe::Sink& sink_;
  std::deque<DeviceRecord> devices_;
};

}  // namespace hvlab::board
