// The last of what was written on each console of the machine and of its virtual machines.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/inspect/machine_document.hpp"
#include "sim/observe/event.hpp"

namespace hvlab::lab {

class ConsoleTails final : public observe::Observer {
 public:
  static constexpr size_t kBytes = 16384;  // of each that are kept, at least

  /// `devices` are names by observe::DeviceId.
  explicit ConsoleTails(std::vector<std::string> devices) : devices_(std::move(devices)) {}

  void on_event(const observe::Event& event) override {
    if (event.kind == observe::EventKind::Console && event.device < devices_.size())
      write(devices_[event.device], static_cast<u8>(event.a));
  }
  void write(const std::string& name, u8 byte);

  /// The last `bytes` of each, from the beginning of a line if there is one.
  std::vector<inspect::ConsoleTail> tails(size_t bytes) const;

 private:
  std::vector<std::string> devices_;
  std::map<std::string, std::string> texts_;
};

}  // namespace hvlab::lab
