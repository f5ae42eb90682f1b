// What a guest's processor asks of a device: one read or write of 1, 2, 4 or 8 bytes.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices {

enum class Space : u8 { Port, Memory };

struct Access {
  Space space = Space::Port;
  bool write = false;
  u8 bytes = 1;
  u64 address = 0;
  u64 value = 0;  // to write, or what was read
};

}  // namespace hvlab::devices
