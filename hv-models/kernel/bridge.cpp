#include "hv-models/kernel/bridge.hpp"

#include "hv-models/devices/network_switch.hpp"
#include "hv-models/kernel/error.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/plain_frames.hpp"

namespace hvlab::kernel {

// The port at which the machine's card is.
class UplinkPort final : public BridgePort {
 public:
  void deliver(Packet* frame) override { card->send(frame); }
  u8 can() const override { return card->can; }
  NetworkCard* card = nullptr;
};

struct Bridge {
  static constexpr unsigned kPorts = devices::NetworkSwitch::kMostPorts;
  devices::NetworkSwitch table;
  BridgePort* ports[kPorts] = {};
  UplinkPort uplink;
  bool up = false;

  int connect(BridgePort& port);
  void disconnect(BridgePort& port);
  void forward(BridgePort& port, Packet* frame);
};

namespace {

using runtime::Hold;

constinit Bridge bridge;

Packet* copy_packet(Packet& packet) {
  Packet* copy = make_packet(packet.bytes);
  if (copy == nullptr) return nullptr;
  memcpy(copy->data(), packet.data(), packet.bytes);
  copy->bytes = packet.bytes;
  copy->segment = packet.segment;
  copy->unchecked = packet.unchecked;
  copy->checked = packet.checked;
  return copy;
}

// To one of several ports, or the last: what it cannot do with the frame is done before.
void deliver_part(BridgePort& port, Packet* frame, bool last) {
  if ((needs(*frame) & ~port.can()) != 0 || (!last && frame->lent != nullptr)) {
    make_plain_frames(*frame, &port,
                      [](void* to, Packet* plain) { static_cast<BridgePort*>(to)->deliver(plain); });
    if (last) free_packet(frame);
  } else if (Packet* part = last ? frame : copy_packet(*frame); part != nullptr) {
    port.deliver(part);
  }
}

// The system's card goes to the bridge, and the system gets another one there, with the same address.
void move_card() {
  NetworkSpace& system = *system_network();
  bridge.up = true;
  if (system.card == nullptr) return;
  BridgeCard* own = new (std::nothrow) BridgeCard(system);
  if (own == nullptr) return;
  own->mac = system.card->mac;
  own->kind = "bridge";
  bridge.uplink.card = system.card;
  bridge.uplink.card->receive_all();
  bridge.connect(bridge.uplink);
  bridge.connect(*own);
  system.card = own;
}

// A locally administered address (IEEE 802, 8.2.2), which differs where IPv4 addresses of the same network
// do.
MacAddress mac_for(u32 address) {
  return {{0x52, 0x54, 0x00, 0x13, static_cast<u8>(address >> 8), static_cast<u8>(address)}};
}

}  // namespace

int Bridge::connect(BridgePort& port) {
  for (unsigned i = 0; i < kPorts; ++i) {
    if (ports[i] != nullptr) continue;
    ports[i] = &port;
    port.number_ = i;
    table.connect(i);
    return 0;
  }
  return kNoSpace;
}

void Bridge::disconnect(BridgePort& port) {
  table.disconnect(port.number_);
  ports[port.number_] = nullptr;
}

void Bridge::forward(BridgePort& port, Packet* frame) {
  u32 targets = table.forward(port.number_, frame->data(), frame->bytes);
  if (targets == 0) return free_packet(frame);
  while (targets != 0) {
    const unsigned target = static_cast<unsigned>(__builtin_ctz(targets));
    targets &= targets - 1;
    deliver_part(*ports[target], frame, targets == 0);  // the last one gets the frame itself
  }
}

int connect_port(BridgePort& port) {
  if (!bridge.up) move_card();
  return bridge.connect(port);
}
void disconnect_port(BridgePort& port) { bridge.disconnect(port); }
void forward_frame(BridgePort& port, Packet* frame) { bridge.forward(port, frame); }

bool bridge_takes(Packet* frame) {
  if (bridge.uplink.card == nullptr) return false;
  bridge.forward(bridge.uplink, frame);
  return true;
}

int connect_space(NetworkSpace& space, u32 address) {
  BridgeCard* card = new (std::nothrow) BridgeCard(space);
  if (card == nullptr) return kNoMemory;
  card->mac = mac_for(address);
  card->kind = "bridge";
  const Hold hold(network_lock);
  if (const int result = connect_port(*card); result < 0) {
    delete card;
    return result;
  }
  space.set_address(address);
  space.bridge_card = card;
  space.card = card;
  return 0;
}

void disconnect_space(NetworkSpace& space) {
  if (space.bridge_card == nullptr) return;
  {
    const Hold hold(network_lock);
    disconnect_port(*space.bridge_card);
  }
  delete space.bridge_card;
}

}  // namespace hvlab::kernel
