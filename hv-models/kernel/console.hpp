// The console as programs use it.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::kernel {

void set_up_console();
/// Whole calls do not mix. Returns when the last byte is in the serial port.
void write_console(const char* bytes, size_t count);
/// Waits until the last byte is on the wire (tcdrain).
void drain_console();
/// Waits for at least one byte that was typed; how many, or an Error.
i64 read_console(char* to, size_t size);

}  // namespace hvlab::kernel
