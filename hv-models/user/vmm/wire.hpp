// A guest's network wire: a tap of the host's bridge. Frames that come are read by a thread of its own.
#pragma once

#include "hv-models/devices/services.hpp"
#include "hv-models/user/library/threads.hpp"

namespace vmm {

class Wire {
 public:
  /// Who gets frames, with the devices' mutex held: the next one once there is room for it.
  struct Receiver {
    bool (*has_room)(void* context);
    void (*receive)(void* context, const uint8_t* frame, uint32_t bytes);
    void* context;
  };
  Wire(user::Mutex& mutex, const Receiver& receiver) : mutex_(mutex), receiver_(receiver) {}
  /// The tap and the address of machine `number`: 0 or an error.
  long open(unsigned number);
  hvlab::devices::NetworkBackend backend() const;
  /// Frames come from now on; the devices are there.
  long begin();
  /// The guest has used its devices: there may be room now. Mutex held.
  void look() {
    if (waits_) room_.wake_all();
  }

 private:
  static constexpr size_t kLongest = 1518;
  void send(const hvlab::devices::Piece* pieces, unsigned count) const;
  [[noreturn]] void serve();

  user::Mutex& mutex_;
  const Receiver receiver_;
  user::Waiters room_;
  bool waits_ = false;  // for room
  int tap_ = -1;
  uint8_t mac_[6] = {0x52, 0x54, 0x00, 0x12, 0x35, 0};
};

}  // namespace vmm
