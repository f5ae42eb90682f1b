// Which frames a virtio network device takes: modes, addresses and VLANs that its driver sets through the
// control queue. VIRTIO 1.2, section 5.1.6.5.
#pragma once

#include <array>
#include <bitset>
#include <span>
#include <vector>

#include "sim/devices/virtio_net_registers.hpp"

namespace hvlab::devices {

using MacBytes = std::array<u8, 6>;

/// State and rules of the filter; copyable. All of it is as after a reset until commands come.
class VirtioNetFilter {
 public:
  explicit VirtioNetFilter(const MacBytes& mac) : mac_(mac) {}

  /// Obeys one command; false if it is none of those that `features` (as negotiated) offer, or its data has
  /// not its length. Nothing changes then.
  bool obey(u8 command_class, u8 command, std::span<const u8> data, u64 features);

  /// True if a frame of at least 14 bytes is for this device. Without the feature to say so the driver gets
  /// every address, and likewise every VLAN.
  bool accepts(std::span<const u8> frame, u64 features) const;

  const MacBytes& mac() const { return mac_; }

 private:
  /// Addresses of one kind; more than fit stand for all (5.1.6.5.2).
  struct Table {
    std::vector<MacBytes> addresses;
    bool all = false;
    bool has(std::span<const u8> address) const;
  };

  bool set_mode(u8 command, std::span<const u8> data, u64 features);
  bool set_table(std::span<const u8> data);
  bool set_vlan(u8 command, std::span<const u8> data);
  bool accepts_address(std::span<const u8> address) const;

  MacBytes mac_;
  std::bitset<virtio::net::kReceiveCommands> modes_;
  Table unicast_, multicast_;
  std::bitset<4096> vlans_;
};

}  // namespace hvlab::devices
