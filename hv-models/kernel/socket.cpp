#include "hv-models/kernel/socket.hpp"

#include "hv-models/kernel/memory.hpp"
#include "hv-models/runtime/mark.hpp"

namespace hvlab::kernel {

using runtime::Hold;
using Mark = arch::mark::Kind;
using arch::mark::frame_way;
using arch::mark::FrameWay;
namespace clock = runtime::clock;

Socket::Socket(const Ref<NetworkSpace>& space, SocketKind kind) : space_(space), kind_(kind) {
  const Hold hold(network_lock);
  space_->sockets.push_back(*this);
}

Socket::~Socket() {
  const Hold hold(network_lock);
  space_->sockets.remove(*this);
  while (Packet* packet = received_.pop_front()) free_packet(packet);
}

bool Socket::wants(SocketKind kind, u16 port, u32 to, const Packet& packet) const {
  if (kind != kind_ || local_.port != port || (local_.address != 0 && local_.address != to)) return false;
  if (peer_.address == 0) return true;
  return peer_.address == packet.from && (kind_ == SocketKind::Ping || peer_.port == packet.from_port);
}

u64 Socket::frame_bytes(size_t payload) const {
  return payload + (kind_ == SocketKind::Datagram ? kUdpBytes : 0) + kIpv4Bytes + kEthernetBytes;
}

void Socket::arrived(Packet* packet) {
  runtime::mark<Mark::DatagramReceived>(this, packet->from_card ? frame_bytes(packet->bytes) : 0,
                                        reinterpret_cast<u64>(arrival_.first()));
  if (queued_ + packet->bytes > kMostQueued) return free_packet(packet);
  queued_ += packet->bytes;
  received_.push_back(*packet);
  arrival_.wake_one();
}

void deliver_to_socket(NetworkSpace& space, Packet* packet, SocketKind kind, u16 port, u32 to) {
  for (Socket* s = space.sockets.front(); s != nullptr; s = space.sockets.after(*s)) {
    if (s->wants(kind, port, to, *packet)) return s->arrived(packet);
  }
  free_packet(packet);
}

// Network lock held.
int Socket::choose_port() {
  constexpr u16 kFirst = 49152;
  for (u32 tries = 0; tries < 0x10000u - kFirst; ++tries) {
    const u16 port = space_->next_port;
    space_->next_port = port == 0xffff ? kFirst : static_cast<u16>(port + 1);
    bool taken = false;
    for (Socket* s = space_->sockets.front(); s != nullptr; s = space_->sockets.after(*s)) {
      taken = taken || (s->kind_ == kind_ && s->local_.port == port);
    }
    if (taken) continue;
    local_.port = port;
    return 0;
  }
  return kAddressInUse;
}

int Socket::bind(const Endpoint& wanted) {
  const Hold hold(network_lock);
  if (local_.port != 0) return kInvalid;
  if (wanted.address != 0 && source_for(*space_, wanted.address) != wanted.address)
    return kAddressNotAvailable;
  for (Socket* s = space_->sockets.front(); s != nullptr && wanted.port != 0; s = space_->sockets.after(*s)) {
    const bool same_place =
        s->local_.address == wanted.address || s->local_.address == 0 || wanted.address == 0;
    if (s->kind_ == kind_ && s->local_.port == wanted.port && same_place) return kAddressInUse;
  }
  local_ = wanted;
  return wanted.port != 0 ? 0 : choose_port();
}

int Socket::connect(const Endpoint& peer) {
  const Hold hold(network_lock);
  const u32 source = source_for(*space_, peer.address);
  if (source == 0) return kNetworkDown;
  if (local_.port == 0) {
    if (const int result = choose_port(); result < 0) return result;
  }
  if (local_.address == 0) local_.address = source;
  peer_ = peer;
  return 0;
}

i64 Socket::send(Packet* packet, const Endpoint& to) {
  const Hold hold(network_lock);
  const Endpoint& target = to.address != 0 ? to : peer_;
  const u32 from = target.address != 0 ? source_for(*space_, target.address) : 0;
  const size_t header = kind_ == SocketKind::Datagram ? kUdpBytes : 0;
  int result = 0;
  if (target.address == 0) {
    result = kNotConnected;
  } else if (from == 0) {
    result = kNetworkDown;
  } else if (packet->bytes + header > largest_payload(target.address)) {
    result = kMessageSize;
  } else if (local_.port == 0) {
    result = choose_port();
  }
  IcmpEcho echo{};
  if (result == 0 && kind_ == SocketKind::Ping) {
    if (packet->bytes < kIcmpEchoBytes) {
      result = kInvalid;
    } else {  // the program's header gives the sequence number, the socket the identifier
      echo = {kEchoRequest, local_.port, static_cast<u16>(packet->data()[6] << 8 | packet->data()[7])};
    }
  }
  if (result < 0) {
    free_packet(packet);
    return result;
  }
  const i64 sent = static_cast<i64>(packet->bytes);
  using arch::mark::DatagramKind;
  const DatagramKind as = kind_ == SocketKind::Ping ? DatagramKind::Ping : DatagramKind::Udp;
  const bool inside = from == target.address || from == kLoopback;
  runtime::mark<Mark::DatagramSent>(this, inside ? 0 : frame_bytes(packet->bytes),
                                    arch::mark::datagram_size(as, packet->bytes));
  packet->of_call = true;
  if (kind_ == SocketKind::Ping) {
    put_icmp_echo(packet->data(), packet->bytes, echo);
    result = send_ipv4(*space_, packet, kProtocolIcmp, from, target.address);
  } else {
    const Ipv4Header ip{kProtocolUdp, from, target.address, kIpv4Bytes, 0};
    const u16 bytes = static_cast<u16>(packet->bytes);
    // On the way through memory nothing is lost that a checksum would find.
    put_udp(packet->push(kUdpBytes), {local_.port, target.port, bytes}, ip, !inside);
    result = send_ipv4(*space_, packet, kProtocolUdp, from, target.address);
  }
  return result < 0 ? result : sent;
}

Packet* Socket::receive(bool wait, int& error) {
  const u64 deadline = timeout_ != 0 ? clock::now() + timeout_ : clock::kNever;
  const Hold hold(network_lock);
  while (received_.empty()) {
    error = kAgain;
    if (!wait) return nullptr;
    const WaitResult result = arrival_.wait(network_lock, Waiting::Killable, deadline);
    if (result == WaitResult::Killed) error = kInterrupted;
    if (result != WaitResult::Woken && received_.empty()) return nullptr;
  }
  Packet* packet = received_.pop_front();
  queued_ -= packet->bytes;
  return packet;
}

// read() and write() go through a buffer of the call's besides.
constexpr u64 kCopies = 2;

i64 Socket::read(void* to, size_t bytes) {
  int error = 0;
  Packet* packet = receive(true, error);
  if (packet == nullptr) return error;
  const size_t part = packet->bytes < bytes ? packet->bytes : bytes;  // the rest of a datagram is lost
  memcpy(to, packet->data(), part);
  runtime::mark<Mark::FrameCopy>(frame_bytes(packet->bytes), kCopies * part, frame_way(FrameWay::Take));
  free_packet(packet);
  return static_cast<i64>(part);
}

i64 Socket::write(const void* from, size_t bytes) {
  if (bytes > 65507) return kMessageSize;
  Packet* packet = make_packet(bytes);
  if (packet == nullptr) return kNoMemory;
  packet->bytes = bytes;
  memcpy(packet->data(), from, bytes);
  packet->copied = static_cast<u32>(kCopies * bytes);
  return send(packet, {});
}

}  // namespace hvlab::kernel
