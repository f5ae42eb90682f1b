// ATA registers and commands (ANSI INCITS 361-2002, "ATA/ATAPI-6") and the bus-master registers (Intel
// 82371SB data sheet, 2.7; "Programming Interface for Bus Master IDE Controller", revision 1.0).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices::ata {

/// Command block, offsets from 1F0h / 170h (7.1).
inline constexpr u8 kData = 0, kError = 1, kFeatures = 1, kSectorCount = 2, kLbaLow = 3, kLbaMid = 4,
                    kLbaHigh = 5, kDevice = 6, kStatus = 7, kCommand = 7;

/// Status (7.15) and error (7.9).
inline constexpr u8 kBusy = 0x80, kReady = 0x40, kFault = 0x20, kSeekDone = 0x10, kDataRequest = 0x08,
                    kCheck = 0x01;
/// DEVICE RESET (9.11): packet devices alone have it.
inline constexpr u8 kDeviceReset = 0x08;
inline constexpr u8 kUncorrectable = 0x40, kNotFound = 0x10, kAborted = 0x04;

/// Device (7.7) and device control (7.8).
inline constexpr u8 kDeviceLba = 0x40, kDeviceSelect = 0x10, kDeviceFixed = 0xa0;
inline constexpr u8 kHighOrderByte = 0x80, kSoftReset = 0x04, kInterruptDisable = 0x02;

/// What a command does, and how its data moves (9.x).
enum class Action : u8 {
  None,  // not implemented: aborted
  Read,
  Write,
  ReadDma,
  WriteDma,
  Verify,
  Flush,
  Identify,
  SetFeatures,
  SetMultiple,
  InitializeParameters,
  CheckPower,
  Diagnostic,
  NoOperation,
};

struct CommandRow {
  u8 opcode;
  Action action;
  bool extended = false;  // 48-bit address
  bool multiple = false;  // data requests of several sectors
};

inline constexpr CommandRow kCommands[] = {
    {0x10, Action::NoOperation},           // RECALIBRATE
    {0x20, Action::Read},                  // READ SECTOR(S)
    {0x21, Action::Read},                  //   without retry
    {0x24, Action::Read, true},            // READ SECTOR(S) EXT
    {0x25, Action::ReadDma, true},         // READ DMA EXT
    {0x29, Action::Read, true, true},      // READ MULTIPLE EXT
    {0x30, Action::Write},                 // WRITE SECTOR(S)
    {0x31, Action::Write},                 //   without retry
    {0x34, Action::Write, true},           // WRITE SECTOR(S) EXT
    {0x35, Action::WriteDma, true},        // WRITE DMA EXT
    {0x39, Action::Write, true, true},     // WRITE MULTIPLE EXT
    {0x40, Action::Verify},                // READ VERIFY SECTOR(S)
    {0x41, Action::Verify},                //   without retry
    {0x42, Action::Verify, true},          // READ VERIFY SECTOR(S) EXT
    {0x70, Action::NoOperation},           // SEEK
    {0x90, Action::Diagnostic},            // EXECUTE DEVICE DIAGNOSTIC
    {0x91, Action::InitializeParameters},  // INITIALIZE DEVICE PARAMETERS
    {0xc4, Action::Read, false, true},     // READ MULTIPLE
    {0xc5, Action::Write, false, true},    // WRITE MULTIPLE
    {0xc6, Action::SetMultiple},           // SET MULTIPLE MODE
    {0xc8, Action::ReadDma},               // READ DMA
    {0xc9, Action::ReadDma},               //   without retry
    {0xca, Action::WriteDma},              // WRITE DMA
    {0xcb, Action::WriteDma},              //   without retry
    {0xe0, Action::NoOperation},           // STANDBY IMMEDIATE: the disk never spins down
    {0xe1, Action::NoOperation},           // IDLE IMMEDIATE
    {0xe2, Action::NoOperation},           // STANDBY
    {0xe3, Action::NoOperation},           // IDLE
    {0xe5, Action::CheckPower},            // CHECK POWER MODE
    {0xe6, Action::NoOperation},           // SLEEP
    {0xe7, Action::Flush},                 // FLUSH CACHE
    {0xea, Action::Flush, true},           // FLUSH CACHE EXT
    {0xec, Action::Identify},              // IDENTIFY DEVICE
    {0xef, Action::SetFeatures},           // SET FEATURES
};

/// The row of `opcode`; Action::None for what is not implemented.
constexpr CommandRow find_command(u8 opcode) {
  for (const CommandRow& row : kCommands)
    if (row.opcode == opcode) return row;
  return {opcode, Action::None};
}

}  // namespace hvlab::devices::ata

namespace hvlab::devices::bus_master {

/// Offsets within a channel's eight bytes; the secondary channel's follow the primary's.
inline constexpr u8 kCommand = 0, kStatus = 2, kTable = 4, kChannelBytes = 8;
inline constexpr u8 kStart = 0x01, kToMemory = 0x08;
inline constexpr u8 kActive = 0x01, kError = 0x02, kInterrupt = 0x04, kDriveCapable = 0x60;
inline constexpr u32 kEndOfTable = 0x8000'0000;

}  // namespace hvlab::devices::bus_master
