// Cards, physical switches and what a virtual switch makes of them: which hosts reach each other, and how.
#pragma once

#include <array>
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
  u32 limit = 0;  // Mbit/s in each direction that each host's traffic of it gets at most; 0: none
};

/// One direction of a card: the machines' own traffic and requests to disks over the network, and what is
/// copied (flows.hpp), share it.
struct Direction {
  u64 wanted = 0;   // bytes/s by machines
  u64 given = 0;    // bytes/s to them
  u64 copied = 0;   // bytes/s
  Sum carried = 0;  // bytes/s x ns for machines, so far
};

enum Way : u8 { Out, In };

/// A card and the port of the physical switch that it is plugged into.
struct Nic {
  Index host = kNone;
  Index to = 0;  // physical switch
  u32 mbps = 1000;
  bool up = true;
  u64 vlans = ~u64{0};  // bit n: the port carries VLAN n
  u64 sent = 0;         // bytes that were copied
  u64 received = 0;
  std::array<Direction, 2> ways;  // by Way
};

struct PhysicalSwitch {
  bool up = true;
};

/// A way from one host's card to another's.
struct Lane {
  Index from = kNone;
  Index to = kNone;
};

/// The card and its switch work, and its port carries the purpose's VLAN.
bool card_works(const Cluster& cluster, Index card, Purpose purpose);

/// The cards of `host` that work for `purpose`, in order of their numbers.
std::vector<Index> working_cards(const Cluster& cluster, Index host, Purpose purpose);

/// The ways that a conversation between two hosts takes; none if they do not reach each other.
std::vector<Lane> lanes(const Cluster& cluster, Index from, Index to, Purpose purpose);

/// The host is on and has a working card for it; such hosts of one island reach each other.
bool is_connected(const Cluster& cluster, Index host, Purpose purpose);

bool reach_each_other(const Cluster& cluster, Index one, Index other, Purpose purpose);

/// The host's card and switch for it work, and it is not cut off from the first island, where gateways and
/// arrays are.
bool reaches_core(const Cluster& cluster, Index host, Purpose purpose);

/// Whether the host can use the datastore: its own, by Fibre Channel always, else by its storage network.
bool reaches_datastore(const Cluster& cluster, Index host, Index datastore);

}  // namespace hvlab::cluster
