// The back end of a split card in its two halves, each with a ring: what the guest sends, and what it gets. A
// thread of the card's runs both (back_network.cpp). How frames go is each guest's setting
// (interdomain/split_devices.hpp).
#pragma once

#include "hv-models/kernel/back_ends.hpp"
#include "hv-models/kernel/bridge.hpp"

namespace hvlab::kernel {

using interdomain::FrameRing;
using interdomain::GrantWork;

/// Has the hypervisor do so much work: false if it did not look at it.
bool work_on_grants(GrantWork* work, unsigned count);

struct SentTag {};
/// A packet that the guest has put into the ring, in its parts.
struct SentPacket : Link<SentTag> {
  FrameRing::Request parts[FrameRing::kMostParts];
  unsigned count = 0;
  class BackTransmit* owner = nullptr;
};

class BackTransmit {
 public:
  /// `told`: something is to be done by the card's thread; called from anywhere.
  BackTransmit(unsigned machine, u8 manner, BridgePort& port, void (*told)(void*), void* context)
      : machine_(machine), manner_(manner), port_(port), told_(told), context_(context) {}
  bool connect(const interdomain::FrontOffer& offer);
  /// All that is in the ring; true if the front end has to be told of answers.
  bool serve();
  /// True if there is more: see FrontRing::wait().
  bool wait() { return ring_.wait(); }

  /// Nobody needs the packet's pages any more. Called from anywhere.
  void done(SentPacket& packet);
  /// Copies parts of it, by the hypervisor: `skip` bytes of the first are left out.
  bool copy_parts(const SentPacket& packet, size_t skip, u8* to) const;
  bool maps() const { return (manner_ & interdomain::kSendMapped) != 0; }

 private:
  bool says(u8 manner) const { return (manner_ & manner) != 0; }
  bool take_part(const FrameRing::Request& r);
  bool send(SentPacket& packet);
  bool is_good(const SentPacket& packet, size_t& bytes) const;
  Packet* make(SentPacket& packet, size_t bytes);
  Packet* make_copy(const SentPacket& packet, size_t bytes) const;
  Packet* make_lent(SentPacket& packet, size_t bytes);
  bool begin_uses(const SentPacket& packet, u64 (&pages)[FrameRing::kMostParts]) const;
  void end_uses(const SentPacket& packet) const;
  interdomain::GrantKind end() const {
    return maps() ? interdomain::GrantKind::Unmap : interdomain::GrantKind::Release;
  }
  bool finish();
  bool answer(const SentPacket& packet, bool failed);

  unsigned machine_;
  u8 manner_;
  BridgePort& port_;
  void (*told_)(void*);
  void* context_;
  MappedGrant page_, headers_;
  FrameRing::Back ring_;
  SentPacket* open_ = nullptr;  // whose last part has not come
  bool skips_ = false;          // the parts of one that has been refused
  runtime::SpinLock lock_;      // of what follows
  List<SentPacket, SentTag> done_;
};

class BackReceive {
 public:
  BackReceive(unsigned machine, u8 manner) : machine_(machine), manner_(manner) {}
  bool connect(const interdomain::FrontOffer& offer);
  /// A frame for the guest; false if it is dropped, since too many wait.
  bool add(Packet* frame);
  /// As long as there are frames and pages for them; true if the front end has to be told.
  bool serve();

 private:
  struct Item {
    Packet* frame;
    FrameRing::Request request;
  };
  static constexpr unsigned kMostQueued = 256;
  bool flips() const { return (manner_ & interdomain::kReceiveFlip) != 0; }
  Packet* next();
  bool take(Item& item);
  GrantWork work_for(Item& item) const;
  bool give(Item* items, unsigned count);

  unsigned machine_;
  u8 manner_;
  MappedGrant page_;
  FrameRing::Back ring_;
  runtime::SpinLock lock_;  // of what follows
  PacketList waiting_;
  unsigned queued_ = 0;
};

}  // namespace hvlab::kernel
