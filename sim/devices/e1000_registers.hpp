// Registers of the 82540EM. Intel, "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's
// Manual" (8254x), revision 4.0, chapter 13; descriptors chapter 3, EEPROM chapter 5, PHY 13.4.
#pragma once

#include <array>

#include "sim/base/types.hpp"

namespace hvlab::devices::e1000 {

/// Offsets in BAR 0. Statistics, tables and filters are ranges of dwords.
enum Register : u32 {
  CTRL = 0x0000,
  STATUS = 0x0008,
  EECD = 0x0010,
  EERD = 0x0014,
  CTRL_EXT = 0x0018,
  FLA = 0x001c,
  MDIC = 0x0020,
  FCAL = 0x0028,
  FCAH = 0x002c,
  FCT = 0x0030,
  VET = 0x0038,
  ICR = 0x00c0,
  ITR = 0x00c4,
  ICS = 0x00c8,
  IMS = 0x00d0,
  IMC = 0x00d8,
  RCTL = 0x0100,
  FCTTV = 0x0170,
  TXCW = 0x0178,
  RXCW = 0x0180,
  TCTL = 0x0400,
  TIPG = 0x0410,
  AIT = 0x0458,
  LEDCTL = 0x0e00,
  PBA = 0x1000,
  FCRTL = 0x2160,
  FCRTH = 0x2168,
  RDBAL = 0x2800,
  RDBAH = 0x2804,
  RDLEN = 0x2808,
  RDH = 0x2810,
  RDT = 0x2818,
  RDTR = 0x2820,
  RXDCTL = 0x2828,
  RADV = 0x282c,
  RSRPD = 0x2c00,
  TXDMAC = 0x3000,
  TDBAL = 0x3800,
  TDBAH = 0x3804,
  TDLEN = 0x3808,
  TDH = 0x3810,
  TDT = 0x3818,
  TIDV = 0x3820,
  TXDCTL = 0x3828,
  TADV = 0x382c,
  TSPMT = 0x3830,
  STATISTICS = 0x4000,
  RXCSUM = 0x5000,
  MTA = 0x5200,
  RAL = 0x5400,
  RAH = 0x5404,
  VFTA = 0x5600,
  WUC = 0x5800,
  WUFC = 0x5808,
  WUS = 0x5810,
  MANC = 0x5820,
  IPAV = 0x5838,
  IP4AT = 0x5840,
  IP6AT = 0x5880,
  WUPL = 0x5900,
  WUPM = 0x5a00,
  FFLT = 0x5f00,
  FFMT = 0x9000,
  FFVT = 0x9800,
};

struct RegisterRow {
  u32 offset;
  u32 dwords;
  u32 writable;  // bits that a write stores; what else a write does is in the code
  u32 initial;
};

/// The register map; in the order of offsets. What is not in it reads 0 and ignores writes.
inline constexpr RegisterRow kRegisters[] = {
    {CTRL, 2, 0x7fff'ffff & ~0x0400'0000u, 0x0000'0a09},  // FD, LRST, speed 1000; repeated at 0004h
    {STATUS, 1, 0, 0},
    {EECD, 1, 0x0000'0077, 0x0000'0100},
    {EERD, 1, 0x0000'ff01, 0},
    {CTRL_EXT, 1, 0xffff'ffff, 0},
    {FLA, 1, 0, 0},
    {MDIC, 1, 0xffff'ffff, 0},
    {FCAL, 1, 0xffff'ffff, 0},
    {FCAH, 1, 0x0000'ffff, 0},
    {FCT, 1, 0x0000'ffff, 0},
    {VET, 1, 0x0000'ffff, 0x0000'8100},
    {ICR, 1, 0, 0},
    {ITR, 1, 0x0000'ffff, 0},
    {ICS, 1, 0, 0},
    {IMS, 1, 0, 0},
    {IMC, 1, 0, 0},
    {RCTL, 1, 0x0fff'ffff, 0},
    {FCTTV, 1, 0x0000'ffff, 0},
    {TXCW, 1, 0xffff'ffff, 0},
    {RXCW, 1, 0, 0},
    {TCTL, 1, 0x03ff'fffe, 0x0000'0008},
    {TIPG, 1, 0x3fff'ffff, 0x0060'2008},
    {AIT, 1, 0x0000'ffff, 0},
    {LEDCTL, 1, 0xffff'ffff, 0x0706'8302},
    {PBA, 1, 0x0000'ffff, 0x0010'0030},
    {FCRTL, 1, 0x8000'fff8, 0},
    {FCRTH, 1, 0x0000'fff8, 0},
    {RDBAL, 1, 0xffff'fff0, 0},
    {RDBAH, 1, 0xffff'ffff, 0},
    {RDLEN, 1, 0x000f'ff80, 0},
    {RDH, 1, 0x0000'ffff, 0},
    {RDT, 1, 0x0000'ffff, 0},
    {RDTR, 1, 0x0000'ffff, 0},
    {RXDCTL, 1, 0xffff'ffff, 0x0101'0000},
    {RADV, 1, 0x0000'ffff, 0},
    {RSRPD, 1, 0x0000'0fff, 0},
    {TXDMAC, 1, 0x0000'0001, 0},
    {TDBAL, 1, 0xffff'fff0, 0},
    {TDBAH, 1, 0xffff'ffff, 0},
    {TDLEN, 1, 0x000f'ff80, 0},
    {TDH, 1, 0x0000'ffff, 0},
    {TDT, 1, 0x0000'ffff, 0},
    {TIDV, 1, 0x0000'ffff, 0},
    {TXDCTL, 1, 0xffff'ffff, 0},
    {TADV, 1, 0x0000'ffff, 0},
    {TSPMT, 1, 0xffff'ffff, 0x0100'0400},
    {STATISTICS, 74, 0, 0},
    {RXCSUM, 1, 0x0000'03ff, 0},
    {MTA, 128, 0xffff'ffff, 0},
    {RAL, 32, 0xffff'ffff, 0},  // RAL and RAH alternate: 16 addresses
    {VFTA, 128, 0xffff'ffff, 0},
    {WUC, 1, 0x0000'000f, 0},
    {WUFC, 1, 0x000f'ffff, 0},
    {WUS, 1, 0, 0},
    {MANC, 1, 0xffff'ffff, 0},
    {IPAV, 1, 0xffff'ffff, 0},
    {IP4AT, 8, 0xffff'ffff, 0},
    {IP6AT, 4, 0xffff'ffff, 0},
    {WUPL, 1, 0, 0},
    {WUPM, 32, 0, 0},
    {FFLT, 8, 0xffff'ffff, 0},
    {FFMT, 256, 0xffff'ffff, 0},
    {FFVT, 256, 0xffff'ffff, 0},
};

constexpr bool register_map_is_sound() {
  u32 end = 0;
  for (const RegisterRow& row : kRegisters) {
    if (row.offset < end || row.offset % 4 != 0) return false;
    end = row.offset + 4 * row.dwords;
  }
  return end <= 0x1'0000;
}
static_assert(register_map_is_sound(), "e1000 registers overlap or are out of order");

/// The row that holds `offset`, or null.
constexpr const RegisterRow* find_register(u32 offset) {
  for (const RegisterRow& row : kRegisters)
    if (offset >= row.offset && offset < row.offset + 4 * row.dwords) return &row;
  return nullptr;
}

// CTRL (13.4.1), STATUS (13.4.2), EECD (13.4.3), MDIC (13.4.9)
inline constexpr u32 kCtrlSetLinkUp = 1u << 6, kCtrlReset = 1u << 26, kCtrlVlanMode = 1u << 30,
                     kCtrlPhyReset = 1u << 31;
inline constexpr u32 kStatusFullDuplex = 1, kStatusLinkUp = 2, kStatusSpeedShift = 6, kStatusAsdvShift = 8;
inline constexpr u32 kEecdClock = 1, kEecdSelect = 2, kEecdIn = 4, kEecdOut = 8, kEecdRequest = 0x40,
                     kEecdGrant = 0x80, kEecdPresent = 0x100;
inline constexpr u32 kEerdStart = 1, kEerdDone = 0x10;
inline constexpr u32 kMdicReady = 1u << 28, kMdicInterrupt = 1u << 29, kMdicError = 1u << 30;

// Interrupt causes (13.4.17)
inline constexpr u32 kTxDescriptorWritten = 1u << 0, kTxQueueEmpty = 1u << 1, kLinkChange = 1u << 2,
                     kRxThreshold = 1u << 4, kRxOverrun = 1u << 6, kRxTimer = 1u << 7, kMdioDone = 1u << 9,
                     kTxLow = 1u << 15, kSmallPacket = 1u << 16;
inline constexpr u32 kCauses = 0x0001'fedf;

// RCTL (13.4.22), TCTL (13.4.33), RXCSUM (13.4.43)
inline constexpr u32 kRctlEnable = 1u << 1, kRctlUnicastAll = 1u << 3, kRctlMulticastAll = 1u << 4,
                     kRctlLongPacket = 1u << 5, kRctlBroadcast = 1u << 15, kRctlVlanFilter = 1u << 18,
                     kRctlSizeTimes16 = 1u << 25, kRctlStripCrc = 1u << 26;
inline constexpr u32 kTctlEnable = 1u << 1, kTctlPadShort = 1u << 3;
inline constexpr u32 kRxcsumIp = 1u << 8, kRxcsumTcpUdp = 1u << 9;
inline constexpr u32 kRdtrFlush = 1u << 31, kAddressValid = 1u << 31;

// Transmit descriptors (3.3.3, 3.3.6, 3.3.7): DCMD, and POPTS of data descriptors, TUCMD of contexts
inline constexpr u8 kEndOfPacket = 0x01, kInsertFcs = 0x02, kInsertChecksum = 0x04, kSegment = 0x04,
                    kReportStatus = 0x08, kReportSent = 0x10, kExtended = 0x20, kVlanTag = 0x40,
                    kDelayInterrupt = 0x80;
inline constexpr u8 kOptionIpChecksum = 0x01, kOptionTcpUdpChecksum = 0x02;
inline constexpr u8 kContextTcp = 0x01, kContextIpv4 = 0x02, kContextSegment = 0x04;
// Receive descriptors (3.2.3)
inline constexpr u8 kDone = 0x01, kLast = 0x02, kIgnoreChecksum = 0x04, kVlanPacket = 0x08,
                    kTcpUdpChecked = 0x20, kIpChecked = 0x40, kInexact = 0x80;
inline constexpr u8 kTcpUdpError = 0x20, kIpError = 0x40;

/// Statistics (13.7), as indices from 4000h. Those of 64 bits take two.
enum Statistic : u32 {
  MPC = 0x10 / 4,
  PRC64 = 0x5c / 4,
  PRC1522 = 0x70 / 4,
  GPRC = 0x74 / 4,
  BPRC = 0x78 / 4,
  MPRC = 0x7c / 4,
  GPTC = 0x80 / 4,
  GORC = 0x88 / 4,
  GOTC = 0x90 / 4,
  RNBC = 0xa0 / 4,
  RUC = 0xa4 / 4,
  ROC = 0xac / 4,
  TOR = 0xc0 / 4,
  TOT = 0xc8 / 4,
  TPR = 0xd0 / 4,
  TPT = 0xd4 / 4,
  PTC64 = 0xd8 / 4,
  PTC1522 = 0xec / 4,
  MPTC = 0xf0 / 4,
  BPTC = 0xf4 / 4,
  TSCTC = 0xf8 / 4,
  kStatistics = 74,
};

}  // namespace hvlab::devices::e1000
