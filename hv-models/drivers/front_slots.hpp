// What a front end has under way, by the ids of its requests: packets of one or several parts, each part with
// its grant. No locks; runs in a test too.
#pragma once

#include "hv-models/drivers/packet.hpp"
#include "hv-models/interdomain/split_devices.hpp"

namespace hvlab::drivers {

class FrontSlots {
 public:
  static constexpr u16 kSlots = interdomain::FrameRing::Page::kEntries;

  FrontSlots() {
    for (u16 i = 0; i < kSlots; ++i) free_[i] = i;
  }
  unsigned free() const { return free_count_; }

  /// A packet of `parts` parts, for which there are free slots: the id by which add() knows it, and of its
  /// first part.
  u16 begin(Packet* packet, unsigned parts) {
    const u16 id = free_[free_count_ - 1];
    packets_[id] = packet;
    left_[id] = static_cast<u8>(parts);
    return id;
  }
  /// The next part of packet `first`, with its grant: its id.
  u16 add(u16 first, interdomain::Grant grant) {
    const u16 id = free_[--free_count_];
    slots_[id] = {grant, first, true};
    return id;
  }
  /// The part is done: false if there is none of that id. `packet` is null until its last one.
  bool take(u16 id, interdomain::Grant& grant, Packet*& packet) {
    if (id >= kSlots || !slots_[id].used) return false;
    const u16 first = slots_[id].first;
    grant = slots_[id].grant;
    slots_[id].used = false;
    packet = --left_[first] == 0 ? packets_[first] : nullptr;
    if (left_[first] == 0) give_back(first);
    if (id != first) give_back(id);
    return true;
  }

 private:
  struct Slot {
    interdomain::Grant grant;
    u16 first;
    bool used;
  };
  // A packet's first id stays taken until all its parts are done: what is known of the packet is there.
  void give_back(u16 id) { free_[free_count_++] = id; }

  Slot slots_[kSlots] = {};
  Packet* packets_[kSlots] = {};
  u8 left_[kSlots] = {};
  u16 free_[kSlots];
  u16 free_count_ = kSlots;
};

}  // namespace hvlab::drivers
