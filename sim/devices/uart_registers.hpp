// 16550A UART (National PC16550D): registers by offset and their bits.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices::uart {

enum Register : u8 {
  kData = 0,             // RBR on reading, THR on writing; DLL while DLAB is set
  kInterruptEnable = 1,  // DLM while DLAB is set
  kInterruptId = 2,      // FCR on writing
  kLineControl = 3,
  kModemControl = 4,
  kLineStatus = 5,
  kModemStatus = 6,
  kScratch = 7,
};

// Interrupt enable
inline constexpr u8 kEnableReceived = 0x01;
inline constexpr u8 kEnableTransmit = 0x02;
inline constexpr u8 kEnableLineStatus = 0x04;
inline constexpr u8 kEnableModemStatus = 0x08;

// Interrupt identification, in order of priority
inline constexpr u8 kIdLineStatus = 0x06;
inline constexpr u8 kIdReceived = 0x04;
inline constexpr u8 kIdTimeout = 0x0C;
inline constexpr u8 kIdTransmit = 0x02;
inline constexpr u8 kIdModemStatus = 0x00;
inline constexpr u8 kIdNone = 0x01;
inline constexpr u8 kIdFifos = 0xC0;

// FIFO control
inline constexpr u8 kFifoEnable = 0x01;
inline constexpr u8 kFifoResetReceiver = 0x02;
inline constexpr u8 kFifoResetTransmitter = 0x04;

// Line control
inline constexpr u8 kTwoStopBits = 0x04;
inline constexpr u8 kParityEnable = 0x08;
inline constexpr u8 kBreak = 0x40;
inline constexpr u8 kDivisorLatch = 0x80;

// Modem control
inline constexpr u8 kDtr = 0x01;
inline constexpr u8 kRts = 0x02;
inline constexpr u8 kOut1 = 0x04;
inline constexpr u8 kOut2 = 0x08;  // in a PC: lets the interrupt through
inline constexpr u8 kLoop = 0x10;

// Line status
inline constexpr u8 kDataReady = 0x01;
inline constexpr u8 kOverrun = 0x02;
inline constexpr u8 kParityError = 0x04;
inline constexpr u8 kFramingError = 0x08;
inline constexpr u8 kBreakReceived = 0x10;
inline constexpr u8 kHoldingEmpty = 0x20;
inline constexpr u8 kTransmitterEmpty = 0x40;
inline constexpr u8 kFifoError = 0x80;

// Modem status: bits 3..0 are the changes of bits 7..4
inline constexpr u8 kRingFell = 0x04;
inline constexpr u8 kCts = 0x10;
inline constexpr u8 kDsr = 0x20;
inline constexpr u8 kRing = 0x40;
inline constexpr u8 kDcd = 0x80;

}  // namespace hvlab::devices::uart
