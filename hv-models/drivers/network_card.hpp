// Network cards: a driver takes frames to send and hands over those that came by callback.
#pragma once

#include "hv-models/drivers/packet.hpp"

namespace hvlab::drivers {

struct MacAddress {
  u8 bytes[6];
  bool operator==(const MacAddress&) const = default;
};

/// What a card does with packets that others would have to do first.
inline constexpr u8 kChecksums =
    1;                              // completes checksums (Packet::unchecked), and checks those of what comes
inline constexpr u8 kSegments = 2;  // cuts TCP's data into frames (Packet::segment)
inline constexpr u8 kGathers = 4;   // takes bytes that are lent (Packet::lent)

class NetworkCard {
 public:
  virtual ~NetworkCard() = default;
  /// Sends the frame, which it then owns, or what it `can` make frames of; later if its queue is full, and
  /// not at all if too many wait for that (SendQueue).
  virtual void send(Packet* frame) = 0;
  /// From now on it takes frames for any address, not for its own alone.
  virtual void receive_all() {}
  MacAddress mac = {};
  const char* kind = "";
  u8 can = 0;  // kChecksums, kSegments, kGathers

  /// Who gets a frame that came, and owns it then. Called by the driver's interrupt handler, none of its
  /// locks held.
  using Receiver = void (*)(void* context, Packet* frame);
  void set_receiver(Receiver receiver, void* context) { receiver_ = receiver, context_ = context; }

 protected:
  void received(Packet* frame) const { receiver_(context_, frame); }

 private:
  static void drop(void*, Packet* frame) { free_packet(frame); }
  Receiver receiver_ = drop;
  void* context_ = nullptr;
};

/// Finds cards of a kind, and calls found() for each, which sets the receiver; then the card begins.
using CardFound = void (*)(NetworkCard& card);
void find_e1000(CardFound found);
void find_virtio_network(CardFound found);
void find_front_card(CardFound found);  // a split one, where there are channels (channels.hpp)

}  // namespace hvlab::drivers
