// The bridge: a switch between the machine's card, the system's own network, containers with a card of their
// own, and virtual machines (taps). It comes into being with its first port; until then the system has its
// card to itself.
#pragma once

#include "hv-models/kernel/network_space.hpp"

namespace hvlab::kernel {

// All of it with the network lock held.

class BridgePort {
 public:
  BridgePort() = default;
  BridgePort(const BridgePort&) = delete;
  BridgePort& operator=(const BridgePort&) = delete;
  /// A frame for whoever is at this port, and owns it then.
  virtual void deliver(Packet* frame) = 0;
  /// What it can do with a frame that others have left to it (drivers/network_card.hpp).
  virtual u8 can() const { return 0; }

 protected:
  ~BridgePort() = default;

 private:
  friend struct Bridge;
  unsigned number_ = 0;
};

/// kNoSpace if all ports are in use.
int connect_port(BridgePort& port);
void disconnect_port(BridgePort& port);
/// `frame`, owned by the callee, comes from whoever is at `port`.
void forward_frame(BridgePort& port, Packet* frame);

/// A frame came from the machine's card: true if the bridge took it.
bool bridge_takes(Packet* frame);

/// What a network space has instead of a real card.
class BridgeCard final : public NetworkCard, public BridgePort {
 public:
  explicit BridgeCard(NetworkSpace& space) : space_(space) {}
  void send(Packet* frame) override { forward_frame(*this, frame); }
  void deliver(Packet* frame) override { receive_frame(space_, frame); }

 private:
  NetworkSpace& space_;
};

/// Gives a new network space `address` and a card on the bridge: 0 or an Error. Not with the network lock
/// held.
int connect_space(NetworkSpace& space, u32 address);
/// Its end: takes that card away, if it has one.
void disconnect_space(NetworkSpace& space);

/// Makes /dev/tap1 and so on (tap.cpp): a program that opens one is at a port of the bridge, and reads and
/// writes frames, one a call.
void make_taps();

}  // namespace hvlab::kernel
