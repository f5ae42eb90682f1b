// A network namespace: interfaces, addresses, who listens where.
#pragma once

#include "hv-models/kernel/list.hpp"
#include "hv-models/kernel/packet.hpp"
#include "hv-models/kernel/reference.hpp"
#include "hv-models/kernel/wire.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::kernel {

class BridgeCard;
class Socket;
struct SocketTag {};

/// A neighbour on the wire, known or asked for.
struct Neighbour {
  u32 address = 0;
  bool known = false;
  MacAddress mac = {};
  PacketList waiting;  // for the answer
  unsigned waiting_count = 0;
};

class NetworkSpace : public Counted {
 public:
  ~NetworkSpace();
  bool loopback_up = false;
  NetworkCard* card = nullptr;        // real, or bridge_card
  BridgeCard* bridge_card = nullptr;  // of a container: its own
  u32 address = 0, mask = 0xffff'ff00, gateway = 0;
  Neighbour neighbours[16];
  unsigned next_neighbour = 0;
  List<Socket, SocketTag> sockets;
  u16 next_port = 49152;  // of those that the system chooses (RFC 6335, 6)
  u16 next_identification = 1;

  /// In a network of 256 addresses, whose number 2 is the gateway.
  void set_address(u32 own) {
    address = own;
    gateway = (own & mask) | 2;
  }
};

inline constexpr u32 kLoopback = 0x7f00'0001;

/// Guards all network spaces: taken by interrupt handlers too.
inline constinit runtime::SpinLock network_lock;

/// The system's own network, with the card if a driver found one.
Ref<NetworkSpace>& system_network();
/// Finds the system's card. Its address comes from the command line ("address=A.B.C.D"), else
/// it is 10.0.2.15, and the gateway 10.0.2.2.
void find_network_card();

/// A frame, owned by the callee, came to the space's card. Network lock held.
void receive_frame(NetworkSpace& space, Packet* frame);
/// Sends an IPv4 packet whose payload is in `packet` (owned by the callee). 0 or an Error.
int send_ipv4(NetworkSpace& space, Packet* packet, u8 protocol, u32 from, u32 to);
/// The address that packets to `to` come from, or 0 if there is no way there.
u32 source_for(const NetworkSpace& space, u32 to);
/// What the card that packets to `to` leave by does itself (drivers/network_card.hpp).
u8 card_can(const NetworkSpace& space, u32 to);
/// How many bytes of IPv4 payload go to `to` in one packet.
size_t largest_payload(u32 to);

/// "A.B.C.D"; 0 if it is none.
u32 parse_address(const char* text);

}  // namespace hvlab::kernel
