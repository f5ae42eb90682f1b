#include "hv-models/runtime/serial_port.hpp"

#include "hv-models/runtime/instructions.hpp"

namespace hvlab::runtime::serial {
namespace {

constexpr u16 kBase = 0x3f8;
constexpr u16 kData = kBase, kInterruptEnable = kBase + 1, kFifoControl = kBase + 2, kLineControl = kBase + 3,
              kModemControl = kBase + 4, kLineStatus = kBase + 5;
constexpr u8 kReceived = 0x01, kEmpty = 0x02;  // of the enable register
constexpr u8 kDataReady = 0x01, kHoldingEmpty = 0x20, kAllSent = 0x40;
constexpr u8 kDivisorLatch = 0x80, kEightBits = 0x03;
constexpr u8 kDtrRtsOut2 = 0x0b;  // OUT2 lets interrupts through on a PC
constexpr u8 kFifoOn = 0x07;

constexpr unsigned kFifoBytes = 16;
unsigned room =
    0;  // bytes that the FIFO takes for sure: it was empty, and this many have not been given since

}  // namespace

void set_up() {
  out8(kInterruptEnable, 0);
  out8(kLineControl, kDivisorLatch);
  out8(kData, 1);  // 115200 baud
  out8(kInterruptEnable, 0);
  out8(kLineControl, kEightBits);
  out8(kFifoControl, kFifoOn);
  out8(kModemControl, kDtrRtsOut2);
}

bool is_empty() { return (in8(kLineStatus) & kHoldingEmpty) != 0; }

bool has_room() {
  if (room == 0 && is_empty()) room = kFifoBytes;
  return room != 0;
}

void write(u8 byte) {
  while (!has_room()) pause();
  --room;
  out8(kData, byte);
}

void drain() {
  while ((in8(kLineStatus) & kAllSent) == 0) pause();
}

int read() { return (in8(kLineStatus) & kDataReady) != 0 ? in8(kData) : -1; }

void enable_interrupts(bool received, bool empty) {
  out8(kInterruptEnable, static_cast<u8>((received ? kReceived : 0) | (empty ? kEmpty : 0)));
}

}  // namespace hvlab::runtime::serial
