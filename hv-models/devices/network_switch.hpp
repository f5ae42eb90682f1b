// The table of a learning switch (IEEE 802.1D, 7.8 and 7.9): which port a frame goes to. Plain data: no
// locks, no memory of its own, no frames; whoever has the ports asks, and moves the frames.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices {

class NetworkSwitch {
 public:
  static constexpr unsigned kMostPorts = 32;
  static constexpr unsigned kAddresses = 64;  // known at a time; then the oldest is forgotten

  void connect(unsigned port);
  /// Nothing goes there any more, and its addresses are forgotten.
  void disconnect(unsigned port);
  bool is_connected(unsigned port) const { return (ports_ >> port & 1) != 0; }

  /// A frame of `bytes` bytes came in at `port`: notes its sender, and returns the ports it goes to, a bit
  /// each; none for what is no Ethernet frame or is addressed to its own port.
  u32 forward(unsigned port, const u8* frame, size_t bytes);

 private:
  struct Entry {
    u64 address;  // the six bytes, the first one lowest; never 0
    unsigned port;
  };
  Entry* find(u64 address);
  void learn(u64 address, unsigned port);

  u32 ports_ = 0;
  Entry entries_[kAddresses] = {};
  unsigned count_ = 0, oldest_ = 0;
};

}  // namespace hvlab::devices
