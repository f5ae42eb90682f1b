// Virtual machines' own traffic on their hosts' cards, and that of their disks where these are reached over
// the network. It shares the cards with what is copied.
//
// The other end is outside, behind the physical switches, which are never the bottleneck. A machine's packets
// are half sent and half received. A request to a disk by iSCSI or NFS carries its data in one direction; one
// to a pooled disk is served by other hosts' disks as often as other hosts' requests by this one's, so it
// takes both directions, and a write is sent to each replica.
#pragma once

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Host;
struct Simulation;

/// What one of a host's machines sends and receives, in bytes/s, as conversation `number`.
struct Conversation {
  u64 number = 0;
  u64 out = 0;
  u64 in = 0;
  u64 all() const { return out + in; }
};

/// What the machines on `host` want of its cards now, and get beside what is copied. After their processor
/// time and before their requests are decided.
void share_cards(Simulation& sim, Host& host);

/// Nobody is there who could send.
void clear_cards(Simulation& sim, Host& host);

/// Adds up what was carried in `span`.
void settle_cards(Simulation& sim, Host& host, Nanoseconds span);

}  // namespace hvlab::cluster
