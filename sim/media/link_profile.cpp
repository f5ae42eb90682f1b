#include "sim/media/link_profile.hpp"

namespace hvlab::media {

LinkProfile load_link_profile(const std::string& name) {
  FigureFile file("link", name);
  LinkProfile profile;
  profile.name = file.name();
  profile.bits_per_second = file.figure("bits_per_second", 1'000'000, 1'000'000'000'000);
  profile.latency = file.figure("latency_ns", 0, 10'000'000'000) * kNanosecond;
  profile.queue_frames = static_cast<u32>(file.figure("queue_frames", 1, 1'000'000));
  profile.peer_delay = file.figure("peer_delay_ns", 0, 10'000'000'000) * kNanosecond;
  file.finish();
  profile.figures = file.figures;
  return profile;
}

}  // namespace hvlab::media
