#include "sim/devices/e1000.hpp"

#include <algorithm>
#include <string>

#include "sim/base/bits.hpp"

namespace hvlab::devices {
namespace {

using namespace e1000;

constexpr PciIdentity kIdentity{.vendor = 0x8086,
                                .device = 0x100e,
                                .class_code = 0x02'00'00,
                                .revision = 2,
                                .subsystem_vendor = 0x8086,
                                .subsystem = 0x001e,
                                .interrupt_pin = 1};
constexpr u64 kMemoryBytes = 128 * 1024, kIoBytes = 64;
/// PCI, 32 bits at 33 MHz, without wait states.
constexpr u64 kBusBytesPerSecond = 133'000'000;
/// Arbitration and address phase of a burst (assumed: 8 clocks).
constexpr Picoseconds kBusLatency = 240 * kNanosecond;
/// Auto-negotiation (assumed; real partners take 1 to 3 s, most of it the standard's fixed waits).
constexpr Picoseconds kNegotiation = kMillisecond;

}  // namespace

E1000::E1000(const PciServices& services, Clock& clock, FrameLink& link, const std::array<u8, 6>& mac)
    : PciFunction(kIdentity, services),
      clock_(clock),
      link_(link),
      mac_(mac),
      memory_bank_(*this, &E1000::read_memory, &E1000::write_memory),
      io_bank_(*this, &E1000::read_io, &E1000::write_io),
      state_(mac) {
  const std::string name = "e1000-" + std::to_string(services.probe.device);
  transmit_event_ = clock.add_event(name + ".transmit", [this] { transmit(); });
  receive_event_ = clock.add_event(name + ".receive", [this] { receive(); });
  transmit_delay_event_ = clock.add_event(name + ".tidv", [this] { transmit_delay_over(); });
  receive_delay_event_ = clock.add_event(name + ".rdtr", [this] { receive_delay_over(); });
  throttle_event_ = clock.add_event(name + ".itr", [this] { update_interrupt(); });
  link_event_ = clock.add_event(name + ".negotiation", [this] {
    state_.negotiated = link_.up();
    if (state_.negotiated) cause(kLinkChange);
  });
  define_bar(0, PciBarKind::Memory32, kMemoryBytes, memory_bank_);
  define_bar(2, PciBarKind::Io, kIoBytes, io_bank_);
  define_msi();
  link.attach(*this);
  state_.negotiated = link.up();
  reset_device();
}

void E1000::reset() {
  PciFunction::reset();
  state_.io_address = 0;
  reset_device();
}

/// CTRL.RST, and RST# (4.6.6): every register takes its initial value, address 0 comes from the EEPROM; the
/// PHY keeps its link.
void E1000::reset_device() {
  link_.abandon();
  for (const EventId event :
       {transmit_event_, receive_event_, transmit_delay_event_, receive_delay_event_, throttle_event_})
    clock_.disarm(event);
  State fresh(mac_);
  fresh.phy = state_.phy;
  fresh.negotiated = state_.negotiated;
  fresh.io_address = state_.io_address;
  fresh.bus_free_at = state_.bus_free_at;
  fresh.next_frame = state_.next_frame;
  state_ = std::move(fresh);
  for (const RegisterRow& row : kRegisters)
    for (u32 i = 0; i < row.dwords; ++i) reg(row.offset + 4 * i) = row.initial;
  reg(RAL) = mac_[0] | u32{mac_[1]} << 8 | u32{mac_[2]} << 16 | u32{mac_[3]} << 24;
  reg(RAH) = mac_[4] | u32{mac_[5]} << 8 | kAddressValid;
  request_interrupt(false);
}

// --- access ---------------------------------------------------------------------------------------

/// Registers are dwords (13.2): narrower reads show a part, narrower writes do nothing.
u64 E1000::read_memory(u64 offset, unsigned size) {
  if (offset % 4 + size > 4) {
    if (size != 8 || offset % 4 != 0) return low_mask(8 * size);
    const u64 low = read_register(static_cast<u32>(offset));
    return low | u64{read_register(static_cast<u32>(offset) + 4)} << 32;
  }
  return (read_register(static_cast<u32>(offset & ~3u)) >> (8 * (offset % 4))) & low_mask(8 * size);
}

void E1000::write_memory(u64 offset, unsigned size, u64 value) {
  if (offset % 4 != 0 || size < 4) return;
  write_register(static_cast<u32>(offset), static_cast<u32>(value));
  if (size == 8) write_register(static_cast<u32>(offset) + 4, static_cast<u32>(value >> 32));
}

/// 13.3.1: IOADDR at 0, IODATA at 4.
u64 E1000::read_io(u64 offset, unsigned size) {
  if (size != 4) return low_mask(8 * size);
  if (offset == 0) return state_.io_address;
  return offset == 4 ? read_register(state_.io_address & ~3u) : 0;
}

void E1000::write_io(u64 offset, unsigned size, u64 value) {
  if (size != 4) return;
  if (offset == 0) state_.io_address = static_cast<u32>(value) & 0x1'ffff;
  if (offset == 4) write_register(state_.io_address & ~3u, static_cast<u32>(value));
}

u32 E1000::read_register(u32 offset) {
  if (offset >= STATISTICS && offset < STATISTICS + 4 * kStatistics)
    return read_statistic((offset - STATISTICS) / 4);
  switch (offset) {
    case CTRL + 4: return reg(CTRL);
    case STATUS: return status();
    case EECD: return eecd();
    case ICR: {
      const u32 causes = state_.causes;  // reading clears (13.4.17)
      state_.causes = 0;
      update_interrupt();
      return causes;
    }
    case IMS: return state_.mask;
    case PBA: return (64 - std::min(reg(PBA) & 0x7f, 64u)) << 16 | (reg(PBA) & 0xffff);
    default: return find_register(offset) != nullptr ? reg(offset) : 0;
  }
}

void E1000::write_register(u32 offset, u32 value) {
  const RegisterRow* const row = find_register(offset);
  if (row == nullptr) return;
  if (offset == CTRL || offset == CTRL + 4) return write_control(value);
  const u32 before = reg(offset);
  reg(offset) = (before & ~row->writable) | (value & row->writable);
  switch (offset) {
    case EECD:
      state_.eeprom.drive((value & kEecdSelect) != 0, (value & kEecdClock) != 0, (value & kEecdIn) != 0);
      if (state_.eeprom.output())
        reg(EECD) |= kEecdOut;
      else
        reg(EECD) &= ~kEecdOut;
      break;
    case EERD:
      if ((value & kEerdStart) != 0)
        reg(EERD) = u32{state_.eeprom.word(value >> 8 & 0xff)} << 16 | (value & 0xff00) | kEerdDone;
      break;
    case MDIC: write_mdic(value); break;
    case ICR:
      state_.causes &= ~value;
      update_interrupt();
      break;
    case ICS: cause(value & kCauses); break;
    case IMS:
      state_.mask |= value & kCauses;
      update_interrupt();
      break;
    case IMC:
      state_.mask &= ~value;
      update_interrupt();
      break;
    case RCTL:
    case RDT:
    case RDLEN: schedule_receive(); break;
    case RDTR:
      if ((value & kRdtrFlush) != 0 && state_.receive_pending) receive_delay_over();
      break;
    case TDT: probe().report(observe::EventKind::Doorbell, 0, value & 0xffff); [[fallthrough]];
    case TCTL: schedule_transmit(); break;
    default: break;
  }
}

void E1000::write_control(u32 value) {
  const u32 before = reg(CTRL);
  if ((value & kCtrlReset) != 0) return reset_device();
  const RegisterRow* const row = find_register(CTRL);
  reg(CTRL) = value & row->writable;
  if ((value & kCtrlPhyReset) != 0) {
    state_.phy.reset();
    negotiate();
  } else if (((before ^ value) & kCtrlSetLinkUp) != 0 && state_.negotiated) {
    cause(kLinkChange);
  }
}

u32 E1000::status() const {
  const u64 rate = link_.bits_per_second();
  const u32 speed = rate >= 1'000'000'000 ? 2 : rate >= 100'000'000 ? 1 : 0;
  return kStatusFullDuplex | (link_ready() ? kStatusLinkUp : 0) | speed << kStatusSpeedShift |
         speed << kStatusAsdvShift;
}

u32 E1000::eecd() const {
  return reg(EECD) | kEecdPresent | ((reg(EECD) & kEecdRequest) != 0 ? kEecdGrant : 0);
}

/// 13.4.9: register in bits 20:16, PHY in 25:21, opcode 1 = write, 2 = read.
void E1000::write_mdic(u32 value) {
  const u32 index = value >> 16 & 31, address = value >> 21 & 31, opcode = value >> 26 & 3;
  u32 result = (value & 0x03ff'ffff) | kMdicReady | (value & kMdicInterrupt);
  if (address != E1000Phy::kAddress || (opcode != 1 && opcode != 2)) {
    result |= kMdicError;
  } else if (opcode == 1) {
    if (state_.phy.write(index, static_cast<u16>(value))) negotiate();
  } else {
    const bool up = state_.negotiated && link_.up();
    result = (result & ~0xffffu) | state_.phy.read(index, up, link_.bits_per_second());
  }
  reg(MDIC) = (value & 0x0c00'0000) | result;
  if ((value & kMdicInterrupt) != 0) cause(kMdioDone);
}

// --- statistics -----------------------------------------------------------------------------------

/// Reading clears; a counter of 64 bits when its upper half is read (13.7).
u32 E1000::read_statistic(u32 index) {
  u32& counter = state_.registers[STATISTICS / 4 + index];
  const u32 value = counter;
  if (index == GORC || index == GOTC || index == TOR || index == TOT) return value;
  counter = 0;
  if (index == GORC + 1 || index == GOTC + 1 || index == TOR + 1 || index == TOT + 1) *(&counter - 1) = 0;
  return value;
}

void E1000::count_bytes(u32 index, u64 bytes) {
  u32* const low = &state_.registers[STATISTICS / 4 + index];
  const u64 sum = (low[0] | u64{low[1]} << 32) + bytes;
  low[0] = static_cast<u32>(sum);
  low[1] = static_cast<u32>(sum >> 32);
}

/// Counters by size: 64, 65 to 127, 128 to 255, 256 to 511, 512 to 1023, 1024 to the longest; FCS included.
void E1000::count_size(u32 first_index, size_t bytes) {
  u32 step = 0;
  for (size_t limit = 65; step < 5 && bytes >= limit; limit = limit == 65 ? 128 : limit * 2) ++step;
  count(first_index + step);
}

// --- interrupt, link, bus -------------------------------------------------------------------------

void E1000::cause(u32 bits) {
  state_.causes |= bits;
  update_interrupt();
}

/// The line follows causes and mask; its rises are at least ITR apart (13.4.18).
void E1000::update_interrupt() {
  if ((state_.causes & state_.mask) == 0) {
    state_.asserted = false;
    clock_.disarm(throttle_event_);
    request_interrupt(false);
    return;
  }
  if (state_.asserted) return;
  const Picoseconds now = clock_.now();
  const Picoseconds earliest = state_.asserted_at + (reg(ITR) & 0xffff) * kE1000ThrottleUnit;
  if (reg(ITR) != 0 && state_.throttled_before && now < earliest) {
    clock_.arm(throttle_event_, earliest);
    return;
  }
  state_.asserted = state_.throttled_before = true;
  state_.asserted_at = now;
  request_interrupt(true);
}

bool E1000::link_ready() const {
  return state_.negotiated && link_.up() && (reg(CTRL) & kCtrlSetLinkUp) != 0;
}

void E1000::negotiate() {
  const bool was = state_.negotiated;
  state_.negotiated = false;
  if (was) cause(kLinkChange);
  clock_.arm(link_event_, clock_.now() + kNegotiation);
}

void E1000::link_changed(bool up) {
  if (up) {
    clock_.arm(link_event_, clock_.now() + kNegotiation);
    return;
  }
  clock_.disarm(link_event_);
  state_.negotiated = false;
  cause(kLinkChange);
}

/// Takes the PCI bus for `bytes` after what has it now; returns when they have moved.
Picoseconds E1000::reserve_bus(u64 bytes) {
  const Picoseconds start = std::max(clock_.now(), state_.bus_free_at);
  state_.bus_free_at = start + kBusLatency + scale_up(bytes, kSecond, kBusBytesPerSecond);
  return state_.bus_free_at;
}

}  // namespace hvlab::devices
