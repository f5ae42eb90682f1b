// What an Ethernet link can do: the figures of profiles/link/*.yaml.
#pragma once

#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/media/figures.hpp"

namespace hvlab::media {

struct LinkProfile {
  std::string name;
  u64 bits_per_second = 1'000'000'000;
  Picoseconds latency = 0;     // propagation and the PHYs, one way
  u32 queue_frames = 0;        // frames that wait at a sending end; more are dropped
  Picoseconds peer_delay = 0;  // from a request's last bit to the peer's answer in its queue
  std::vector<Figure> figures;
};

/// Reads link profile `name` ("ethernet-100m", "ethernet-1g", "ethernet-10g", or a .yaml file's path). Throws
/// UserError.
LinkProfile load_link_profile(const std::string& name);

}  // namespace hvlab::media
