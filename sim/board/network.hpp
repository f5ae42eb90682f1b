// A network card's cable and what is at its other end.
#pragma once

#include <memory>
#include <string>

#include "sim/board/machine_config.hpp"
#include "sim/media/link.hpp"
#include "sim/media/peer.hpp"
#include "sim/media/user_net.hpp"

namespace hvlab::board {

class Network {
 public:
  /// `name` begins the names of the clock's events ("net0"). Throws UserError for an unknown link profile.
  Network(const std::string& name, const NicConfig& config, Clock& clock)
      : link_(name + ".link", media::load_link_profile(config.link_profile), clock) {
    switch (config.backend) {
      case NetBackend::None: link_.set_up(false); break;
      case NetBackend::Peer:
        peer_ = std::make_unique<media::Peer>(name + ".peer", media::PeerAddresses{},
                                              link_.profile().peer_delay, link_.end(1), clock);
        break;
      case NetBackend::User: user_ = std::make_unique<media::UserNet>(link_.end(1), clock); break;
    }
  }

  /// The card's end of the cable.
  FrameLink& end() { return link_.end(0); }

  /// Lets the host's network, if that is what is connected, deliver what has arrived; false if it is not.
  bool look_outside() {
    if (user_) user_->poll();
    return user_ != nullptr;
  }

 private:
  media::EthernetLink link_;
  std::unique_ptr<media::Peer> peer_;
  std::unique_ptr<media::UserNet> user_;
};

}  // namespace hvlab::board
