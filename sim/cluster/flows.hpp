// What is being copied between hosts and datastores, and how fast: everything that shares a card or a
// datastore shares its bandwidth.
#pragma once

#include <vector>

#include "sim/cluster/network.hpp"

namespace hvlab::cluster {

struct Simulation;

struct Flow {
  Purpose purpose = Purpose::Migration;  // whose port group it is in
  std::vector<Lane> lanes;               // from card to card; none: storage copies within itself
  std::vector<u64> rates;                // bytes/s, of each lane, or one
  Index read_from = kNone;               // datastore
  Index write_to = kNone;
  u64 total = 0;  // bytes
  u64 done = 0;
  u64 limit = 0;  // bytes/s; 0: none
  Nanoseconds settled = 0;
  u32 rebuild = kNone;      // the part of a pooled disk that it belongs to, or
  Index migration = kNone;  // that it belongs to
  u32 version = 0;
  bool active = false;
};

struct Flows {
  std::vector<Flow> all;      // places are used again
  std::vector<Index> active;  // ascending
  std::vector<Index> busy;  // directions of cards that something is copied over: twice the card, plus the way
  std::vector<Index> busy_stores;
  u64 bytes_on_lanes = 0;  // of all flows so far
  u32 copy_part = 500;     // thousandths of a datastore's bandwidth that copies may take
};

/// Begins to copy. All others on the same way get slower. The flow's place.
Index start_flow(Simulation& sim, const Flow& flow);
void cancel_flow(Simulation& sim, Index flow);

/// Bytes/s that the flow would get without its limit if nobody else came or went.
u64 possible_rate(const Simulation& sim, const Flow& flow);

/// Something of the network or of a datastore changed: rates are found anew. Flows that have no way left make
/// their migrations fail.
void refresh_flows(Simulation& sim);

void flow_ends(Simulation& sim, Index flow, u32 version);

}  // namespace hvlab::cluster
