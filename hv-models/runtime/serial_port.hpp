// The first serial port, a 16550 (National PC16550D): the console.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime::serial {

/// 115200 baud, 8 bits, no parity, FIFOs on.
void set_up();
/// Waits until the transmitter takes a byte, then gives it one.
void write(u8 byte);
/// Whether the transmitter takes a byte now.
bool has_room();
/// Whether the transmitter's FIFO is empty.
bool is_empty();
/// Waits until the last byte is on the wire.
void drain();
/// The next received byte, or -1.
int read();
/// Raises interrupt 4 when a byte has been received, when the transmitter's FIFO is empty.
void enable_interrupts(bool received, bool empty);
inline constexpr u8 kIrq = 4;

}  // namespace hvlab::runtime::serial
