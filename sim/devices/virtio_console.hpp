// The virtio console with its one port. VIRTIO 1.2, section 5.3.
#pragma once

#include <deque>
#include <span>

#include "sim/devices/virtio_pci.hpp"
#include "sim/ports/character_sink.hpp"

namespace hvlab::devices {

class VirtioConsole final : public VirtioPci {
 public:
  /// `output` takes what the guest prints and may be null.
  VirtioConsole(const PciServices& services, CharacterSink* output);

  /// Bytes typed to the guest. They wait until it offers buffers; returns how many there was room for.
  size_t receive(std::span<const u8> bytes);

  struct State {
    std::deque<u8> input;
  };
  State& state() { return state_; }
  const State& state() const { return state_; }

 private:
  void queue_notified(u16 queue) override;
  void device_reset() override { state_.input.clear(); }
  void device_config_written(u32 offset, unsigned size, u64 value) override;
  void transmit();
  void deliver();
  void print(std::span<const u8> bytes);

  CharacterSink* output_;
  State state_;
};

}  // namespace hvlab::devices
