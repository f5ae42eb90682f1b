// Cards, physical switches and what a virtual switch makes of them: which hosts reach each other, and how.
#pragma once

#include <span>
#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Cluster;

/// What a port group of the virtual switches is for. Each host has one of each.
enum class Purpose : u8 { Management, Migration, Storage, Machines, Count };

/// How the cards of a port group share its traffic.
enum class Teaming : u8 {
  Failover,   // one card, the next if it fails
  Aggregate,  // link aggregation (802.1AX): a conversation keeps to one of them, by a hash of both ends
  Several,    // one conversation on all of them at once: migration with several cards
};

/// One for all hosts: cards by their number on the host.
struct PortGroup {
  u8 vlan = 0;   // 0..63
  u8 cards = 1;  // bit n: the host's card n
  Teaming teaming = Teaming::Failover;
};

/// A card and the port of the physical switch that it is plugged into.
struct Nic {
  Index host = kNone;
  Index to = 0;  // physical switch
  u32 mbps = 1000;
  bool up = true;
  u64 vlans = ~u64{0};  // bit n: the port carries VLAN n
  u64 sent = 0;         // bytes
  u64 received = 0;
};

struct PhysicalSwitch {
  bool up = true;
};

/// A way from one host's card to another's.
struct Lane {
  Index from = kNone;
  Index to = kNone;
};

/// The cards of `host` that work for `purpose`, in order of their numbers.
std::vector<Index> working_cards(const Cluster& cluster, Index host, Purpose purpose);

/// The ways that a conversation between two hosts takes; none if they do not reach each other.
std::vector<Lane> lanes(const Cluster& cluster, Index from, Index to, Purpose purpose);

bool reach_each_other(const Cluster& cluster, Index one, Index other, Purpose purpose);

/// The host's card and switch for it work, and it is not cut off from the first island, where gateways and
/// arrays are.
bool reaches_core(const Cluster& cluster, Index host, Purpose purpose);

/// Whether the host can use the datastore: its own, by Fibre Channel always, else by its storage network.
bool reaches_datastore(const Cluster& cluster, Index host, Index datastore);

}  // namespace hvlab::cluster
