// Sockets: UDP, and ICMP echo ("ping sockets", as Linux has them).
#pragma once

#include "hv-models/kernel/network_space.hpp"
#include "hv-models/kernel/open_file.hpp"

namespace hvlab::kernel {

enum class SocketKind : u8 { Datagram, Ping };

/// An address as sockets have it; a ping socket's port is its identifier.
struct Endpoint {
  u32 address = 0;
  u16 port = 0;
};

class Socket final : public OpenFile, public Link<SocketTag> {
 public:
  Socket(const Ref<NetworkSpace>& space, SocketKind kind);
  ~Socket() override;

  int bind(const Endpoint& wanted);
  /// Only packets from `peer` from now on, and send() goes there.
  int connect(const Endpoint& peer);
  Endpoint local() const { return local_; }
  Endpoint peer() const { return peer_; }

  /// `to.port` 0: to the one it is connected to. Takes the packet with its payload; its bytes or an Error.
  i64 send(Packet* packet, const Endpoint& to);
  /// The next packet, owned by the caller; nullptr with `error` when there is none (and it must not wait, or
  /// waited for the time-out, or was interrupted).
  Packet* receive(bool wait, int& error);
  void set_timeout(u64 nanoseconds) { timeout_ = nanoseconds; }

  i64 read(void* to, size_t bytes) override;
  i64 write(const void* from, size_t bytes) override;
  Socket* socket() override { return this; }
  NetworkSpace& space() { return *space_; }
  /// What a datagram of so many bytes is on the wire.
  u64 frame_bytes(size_t payload) const;

  /// Network lock held: whether a packet is for it, and its arrival.
  bool wants(SocketKind kind, u16 port, u32 to, const Packet& packet) const;
  void arrived(Packet* packet);

 private:
  static constexpr size_t kMostQueued = 256 * 1024;
  int choose_port();
  Ref<NetworkSpace> space_;
  const SocketKind kind_;
  Endpoint local_, peer_;
  PacketList received_;
  size_t queued_ = 0;  // bytes
  u64 timeout_ = 0;
  WaitQueue arrival_;
};

/// Network lock held. Gives the packet to the socket that it is for, or drops it.
void deliver_to_socket(NetworkSpace& space, Packet* packet, SocketKind kind, u16 port, u32 to);

}  // namespace hvlab::kernel
