// A network namespace: interfaces, addresses, who listens where.
#pragma once

#include "hv-models/kernel/packet.hpp"
#include "hv-models/kernel/reference.hpp"
#include "hv-models/kernel/wire.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::kernel {

class Socket;
struct SocketTag {};

/// A driver's end of a card.
class NetworkCard {
 public:
  virtual ~NetworkCard() = default;
  /// Sends the frame, which it then owns; drops it if its queue is full.
  virtual void send(Packet* frame) = 0;
  MacAddress mac = {};
};

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
  NetworkCard* card = nullptr;
  u32 address = 0, mask = 0xffff'ff00, gateway = 0;
  Neighbour neighbours[16];
  unsigned next_neighbour = 0;
  List<Socket, SocketTag> sockets;
  u16 next_port = 49152;  // of those that the system chooses (RFC 6335, 6)
  u16 next_identification = 1;
};

inline constexpr u32 kLoopback = 0x7f00'0001;

/// Guards all network spaces: taken by interrupt handlers too.
inline constinit runtime::SpinLock network_lock;

/// The system's own network, with the card if a driver found one.
Ref<NetworkSpace>& system_network();
/// By the driver: the system has this card. Its address comes from the command line ("address=A.B.C.D"), else
/// it is 10.0.2.15, and the gateway 10.0.2.2.
void add_card(NetworkCard& card, const char* kind);
/// By the driver's interrupt handler, none of its locks held: a frame came; owned by the callee.
void frame_received(Packet* frame);

/// Sends an IPv4 packet whose payload is in `packet` (owned by the callee). 0 or an Error.
int send_ipv4(NetworkSpace& space, Packet* packet, u8 protocol, u32 from, u32 to);
/// The address that packets to `to` come from, or 0 if there is no way there.
u32 source_for(const NetworkSpace& space, u32 to);
/// How many bytes of IPv4 payload go to `to` in one packet.
size_t largest_payload(u32 to);

/// "A.B.C.D"; 0 if it is none.
u32 parse_address(const char* text);

/// Finds and starts a card (e1000.cpp, virtio_network.cpp).
void find_e1000();
void find_virtio_network();

}  // namespace hvlab::kernel
