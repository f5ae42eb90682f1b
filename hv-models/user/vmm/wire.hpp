// A guest's network wire: a tap of the host's bridge. Frames that come are read by a thread of its own, or by
// whichever thread looks.
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
  /// Frames come from now on, by a thread; the devices are there.
  long begin();
  /// Frames come from now on by take(): as many as `waiting` says, or, without that, as the host is asked
  /// for.
  void begin_without_thread(const uint32_t* waiting) { takes_ = true, waiting_ = waiting; }
  /// The guest has used its devices: there may be room now. Mutex held.
  void look() {
    if (waits_) room_.wake_all();
  }
  /// Takes the frames that are there. Mutex held.
  void take();
  /// Whether there was no room for a frame.
  bool is_full() const { return full_; }
  int tap() const { return tap_; }

 private:
  static constexpr size_t kLongest = 1518;
  void send(const hvlab::devices::Piece* pieces, unsigned count) const;
  [[noreturn]] void serve();
  bool has_frames() const;
  bool has_room() const { return receiver_.has_room(receiver_.context); }

  user::Mutex& mutex_;
  const Receiver receiver_;
  user::Waiters room_;
  bool waits_ = false;                 // for room
  bool takes_ = false, full_ = false;  // without a thread
  const uint32_t* waiting_ = nullptr;  // frames, as the host says
  int tap_ = -1;
  uint8_t mac_[6] = {0x52, 0x54, 0x00, 0x12, 0x35, 0};
};

}  // namespace vmm
