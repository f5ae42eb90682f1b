// Between cards and sockets: ARP, IPv4, and answers to pings.
#include "hv-models/kernel/bridge.hpp"
#include "hv-models/kernel/error.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/network_space.hpp"
#include "hv-models/kernel/socket.hpp"
#include "hv-models/kernel/stream.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::kernel {

namespace {

using runtime::Hold;
using Mark = arch::mark::Kind;
constexpr size_t kEthernetPayload = 1500, kLargestIpv4 = 65535;
constexpr unsigned kMostWaiting = 8;

void receive_ipv4(NetworkSpace& space, Packet* packet);

bool is_loopback(const NetworkSpace& space, u32 address) {
  return address >> 24 == 127 || (address != 0 && address == space.address);
}

void send_frame(NetworkSpace& space, Packet* packet, const MacAddress& to, u16 type) {
  put_ethernet(packet->push(kEthernetBytes), {to, space.card->mac, type});
  if (packet->segment == 0) runtime::mark<Mark::FrameSent>(packet->bytes, packet->of_call, packet->copied);
  space.card->send(packet);
}

// ---- ARP

void send_arp(NetworkSpace& space, bool request, const MacAddress& to_mac, u32 to) {
  Packet* packet = make_packet(kArpBytes);
  if (packet == nullptr) return;
  packet->bytes = kArpBytes;
  put_arp(packet->data(), {request, space.card->mac, request ? MacAddress{} : to_mac, space.address, to});
  send_frame(space, packet, request ? kBroadcastMac : to_mac, kTypeArp);
}

Neighbour* find_neighbour(NetworkSpace& space, u32 address) {
  for (Neighbour& n : space.neighbours) {
    if (n.address == address) return &n;
  }
  return nullptr;
}

void drop_waiting(Neighbour& neighbour) {
  while (Packet* packet = neighbour.waiting.pop_front()) free_packet(packet);
  neighbour.waiting_count = 0;
}

Neighbour& neighbour_for(NetworkSpace& space, u32 address) {
  if (Neighbour* known = find_neighbour(space, address)) return *known;
  constexpr unsigned kCount = sizeof space.neighbours / sizeof space.neighbours[0];
  Neighbour& fresh = space.neighbours[space.next_neighbour++ % kCount];  // the oldest goes
  drop_waiting(fresh);
  fresh.address = address;
  fresh.known = false;
  return fresh;
}

void send_to_neighbour(NetworkSpace& space, Packet* packet, u32 address) {
  Neighbour& neighbour = neighbour_for(space, address);
  if (neighbour.known) return send_frame(space, packet, neighbour.mac, kTypeIpv4);
  if (neighbour.waiting_count == kMostWaiting) return free_packet(packet);
  packet->of_call = false;  // which does not wait for that
  neighbour.waiting.push_back(*packet);
  ++neighbour.waiting_count;
  send_arp(space, true, {}, address);
}

// What no socket gets.
void mark_received(size_t ip_bytes) {
  runtime::mark<Mark::DatagramReceived>(nullptr, ip_bytes + kEthernetBytes);
}

void receive_arp(NetworkSpace& space, Packet* packet) {
  mark_received(packet->bytes);
  ArpPacket arp;
  if (get_arp(packet->data(), packet->bytes, arp)) {
    // RFC 826: who is known is brought up to date; who asks for us will be talked to.
    const bool for_us = arp.target == space.address;
    Neighbour* sender = for_us ? &neighbour_for(space, arp.sender) : find_neighbour(space, arp.sender);
    if (sender != nullptr) {
      sender->known = true;
      sender->mac = arp.sender_mac;
      while (Packet* waiting = sender->waiting.pop_front())
        send_frame(space, waiting, sender->mac, kTypeIpv4);
      sender->waiting_count = 0;
    }
    if (for_us && arp.request) send_arp(space, false, arp.sender_mac, arp.sender);
  }
  free_packet(packet);
}

// ---- IPv4

// The request's own packet becomes the answer.
void answer_ping(NetworkSpace& space, Packet* packet, const Ipv4Header& ip, const IcmpEcho& echo) {
  if (packet->from_card) mark_received(ip.header_bytes + packet->bytes);
  put_icmp_echo(packet->data(), packet->bytes, {kEchoReply, echo.identifier, echo.sequence});
  send_ipv4(space, packet, kProtocolIcmp, ip.to, ip.from);
}

void receive_icmp(NetworkSpace& space, Packet* packet, const Ipv4Header& ip) {
  IcmpEcho echo;
  if (!get_icmp_echo(packet->data(), packet->bytes, echo)) return free_packet(packet);
  if (echo.type == kEchoRequest) return answer_ping(space, packet, ip, echo);
  packet->from = ip.from;
  deliver_to_socket(space, packet, SocketKind::Ping, echo.identifier, ip.to);
}

void receive_udp(NetworkSpace& space, Packet* packet, const Ipv4Header& ip) {
  UdpHeader udp;
  if (!get_udp(packet->data(), packet->bytes, ip, udp, packet->checked)) return free_packet(packet);
  packet->pull(kUdpBytes);
  packet->bytes = udp.payload_bytes;
  packet->from = ip.from;
  packet->from_port = udp.from;
  deliver_to_socket(space, packet, SocketKind::Datagram, udp.to, ip.to);
}

void receive_ipv4(NetworkSpace& space, Packet* packet) {
  Ipv4Header ip;
  if (!get_ipv4(packet->data(), packet->bytes, ip) || !is_loopback(space, ip.to)) return free_packet(packet);
  packet->pull(ip.header_bytes);
  packet->bytes = ip.payload_bytes;  // without what the Ethernet frame was padded with
  if (ip.protocol == kProtocolIcmp) return receive_icmp(space, packet, ip);
  if (ip.protocol == kProtocolUdp) return receive_udp(space, packet, ip);
  if (ip.protocol == kProtocolTcp) return receive_tcp(space, packet, ip);
  free_packet(packet);
}

}  // namespace

NetworkSpace::~NetworkSpace() {
  disconnect_space(*this);
  for (Neighbour& neighbour : neighbours) drop_waiting(neighbour);
}

Ref<NetworkSpace>& system_network() {
  static Ref<NetworkSpace> space = Ref<NetworkSpace>::take(new (std::nothrow) NetworkSpace);
  return space;
}

u32 source_for(const NetworkSpace& space, u32 to) {
  if (is_loopback(space, to)) return space.loopback_up ? (to >> 24 == 127 ? kLoopback : space.address) : 0;
  return space.card != nullptr ? space.address : 0;
}

size_t largest_payload(u32 to) { return (to >> 24 == 127 ? kLargestIpv4 : kEthernetPayload) - kIpv4Bytes; }

u8 card_can(const NetworkSpace& space, u32 to) {
  return is_loopback(space, to) || space.card == nullptr ? 0 : space.card->can;
}

int send_ipv4(NetworkSpace& space, Packet* packet, u8 protocol, u32 from, u32 to) {
  const u16 payload = static_cast<u16>(packet->bytes);
  put_ipv4(packet->push(kIpv4Bytes), {protocol, from, to, kIpv4Bytes, payload}, space.next_identification++);
  if (is_loopback(space, to)) {
    receive_ipv4(space, packet);
  } else if (space.card == nullptr) {
    free_packet(packet);
    return kNetworkDown;
  } else {
    const bool near = ((to ^ space.address) & space.mask) == 0;
    send_to_neighbour(space, packet, near ? to : space.gateway);
  }
  return 0;
}

void receive_frame(NetworkSpace& space, Packet* frame) {
  EthernetHeader header;
  if (!get_ethernet(frame->data(), frame->bytes, header)) return free_packet(frame);
  frame->from_card = true;
  const bool ours = header.to == kBroadcastMac || (space.card != nullptr && header.to == space.card->mac);
  frame->pull(kEthernetBytes);
  if (ours && header.type == kTypeArp) return receive_arp(space, frame);
  if (ours && header.type == kTypeIpv4) return receive_ipv4(space, frame);
  free_packet(frame);
}

u32 parse_address(const char* text) {
  u32 address = 0;
  for (unsigned part = 0; part < 4; ++part) {
    u32 number = 0;
    if (*text < '0' || *text > '9') return 0;
    for (; *text >= '0' && *text <= '9'; ++text) {
      number = number * 10 + static_cast<u32>(*text - '0');
      if (number > 255) return 0;
    }
    if (*text++ != (part < 3 ? '.' : 0)) return 0;
    address = address << 8 | number;
  }
  return address;
}

namespace {

// By the driver's interrupt handler.
void frame_arrived(void*, Packet* frame) {
  const Hold hold(network_lock);
  if (!bridge_takes(frame)) receive_frame(*system_network(), frame);
}

void add_card(NetworkCard& card) {
  NetworkSpace& space = *system_network();
  if (space.card != nullptr) return;  // one card is all that is used
  char text[16] = "10.0.2.15";
  runtime::command_line_value("address", text, sizeof text);
  {
    const Hold hold(network_lock);
    space.card = &card;
    space.set_address(parse_address(text));
  }
  card.set_receiver(frame_arrived, nullptr);
  runtime::print("HVLAB kernel network=%s address=%s\n", card.kind, text);
}

}  // namespace

void find_network_card() {
  drivers::find_e1000(add_card);
  drivers::find_virtio_network(add_card);
  drivers::find_front_card(add_card);
}

}  // namespace hvlab::kernel
