#include "sim/devices/pci_function.hpp"

#include <cstring>

#include "sim/base/bits.hpp"
#include "sim/base/check.hpp"
#include "sim/devices/pci_bus.hpp"

namespace hvlab::devices {

using namespace pci;

namespace {
constexpr u16 kMsiEnable = 0x0001, kMsixEnable = 0x8000, kMsixFunctionMask = 0x4000;
}

PciFunction::PciFunction(const PciIdentity& identity, const PciServices& services)
    : services_(services), msix_bank_(*this), payload_dma_(*this, true), structure_dma_(*this, false) {
  define16(kVendorId, identity.vendor);
  define16(kDeviceId, identity.device);
  // I/O, memory, master, parity response, SERR#, INTx disable (6.2.2)
  define16(kCommand, 0, 0x0547);
  define32(kRevision, identity.revision | identity.class_code << 8);
  define8(0x0c, 0, 0xff);  // cache line size
  define8(0x0d, 0, 0xf8);  // latency timer
  define16(kSubsystemVendor, identity.subsystem_vendor);
  define16(kSubsystemId, identity.subsystem);
  define8(kInterruptLine, 0, 0xff);
  define8(kInterruptPin, identity.interrupt_pin);
}

u32 PciFunction::config_read(u8 offset, unsigned size) {
  if ((offset & 3u) + size > 4) return static_cast<u32>(low_mask(8 * size));
  config_reading(offset, size);
  u32 value = 0;
  std::memcpy(&value, &state_.config[offset], size);
  return value;
}

void PciFunction::config_write(u8 offset, unsigned size, u32 value) {
  if ((offset & 3u) + size > 4) return;
  const bool was_enabled = msix_enabled();
  for (unsigned i = 0; i < size; ++i) {
    const u8 byte = static_cast<u8>(value >> (8 * i));
    const u8 mask = writable_[offset + i];
    u8& now = state_.config[offset + i];
    now = static_cast<u8>(((now & ~mask) | (byte & mask)) & ~(byte & clear_[offset + i]));
  }
  const unsigned end = offset + size;
  if (offset < kStatus || (offset < kBar0 + 24 && end > kBar0)) decode_changed();
  update_intx();
  if (msix_ != 0 && (was_enabled != msix_enabled() || (offset < msix_ + 4 && end > msix_))) send_pending();
  config_written(offset, size);
}

void PciFunction::reset() {
  state_.config = power_on_;
  state_.interrupt_request = false;
  for (MsixEntry& entry : state_.msix.table) entry = MsixEntry{};
  for (u64& word : state_.msix.pending) word = 0;
  update_intx();
  decode_changed();
}

u64 PciFunction::bar_address(unsigned index) const {
  const Bar& bar = bars_[index];
  const u8 offset = static_cast<u8>(kBar0 + 4 * index);
  u64 value = get32(offset);
  if (bar.kind == PciBarKind::Memory64) value |= u64{get32(static_cast<u8>(offset + 4))} << 32;
  return bar.kind == PciBarKind::None ? 0 : align_down(value, bar.size);
}

void PciFunction::append_windows(std::vector<PciWindow>& windows) const {
  for (unsigned i = 0; i < bars_.size(); ++i) {
    const Bar& bar = bars_[i];
    const bool io = bar.kind == PciBarKind::Io;
    const u16 enable = io ? kCommandIo : kCommandMemory;
    if (bar.kind == PciBarKind::None || (command() & enable) == 0) continue;
    const u64 base = bar_address(i);
    // An unprogrammed BAR (0) and one that is being sized (all ones) decode nothing.
    const u64 top = bar.kind == PciBarKind::Memory64 ? ~u64{0} : 0xffff'ffff;
    if (base == 0 || base + bar.size - 1 == top) continue;
    windows.push_back({io, base, bar.size, bar.target, 0});
  }
}

bool PciFunction::intx_asserted() const {
  return interrupt_pin() != 0 && state_.interrupt_request && (command() & kCommandIntxDisable) == 0 &&
         !msi_enabled() && !msix_enabled();
}

void PciFunction::define8(u8 offset, u8 value, u8 writable) {
  state_.config[offset] = power_on_[offset] = value;
  writable_[offset] = writable;
}

void PciFunction::define16(u8 offset, u16 value, u16 writable) {
  define8(offset, static_cast<u8>(value), static_cast<u8>(writable));
  define8(static_cast<u8>(offset + 1), static_cast<u8>(value >> 8), static_cast<u8>(writable >> 8));
}

void PciFunction::define32(u8 offset, u32 value, u32 writable) {
  define16(offset, static_cast<u16>(value), static_cast<u16>(writable));
  define16(static_cast<u8>(offset + 2), static_cast<u16>(value >> 16), static_cast<u16>(writable >> 16));
}

void PciFunction::define_bar(unsigned index, PciBarKind kind, u64 size, RegisterTarget& target,
                             bool prefetchable) {
  HVLAB_CHECK(index < 6 && (size & (size - 1)) == 0 && size >= (kind == PciBarKind::Io ? 4 : 16));
  bars_[index] = {kind, size, &target};
  const u8 offset = static_cast<u8>(kBar0 + 4 * index);
  const u64 mask = ~(size - 1);
  if (kind == PciBarKind::Io) {
    define32(offset, 1, static_cast<u32>(mask));
    return;
  }
  const u32 type = (kind == PciBarKind::Memory64 ? 4u : 0u) | (prefetchable ? 8u : 0u);
  define32(offset, type, static_cast<u32>(mask));
  if (kind == PciBarKind::Memory64) {
    HVLAB_CHECK(index < 5);
    define32(static_cast<u8>(offset + 4), 0, static_cast<u32>(mask >> 32));
  }
}

u8 PciFunction::define_capability(u8 id, unsigned bytes) {
  const u8 offset = free_capability_;
  HVLAB_CHECK(offset + bytes <= 256);
  define8(offset, id);
  define8(static_cast<u8>(offset + 1), 0);
  define8(last_capability_ == 0 ? kCapabilities : static_cast<u8>(last_capability_ + 1), offset);
  define8(kStatus, static_cast<u8>(get8(kStatus) | kStatusCapabilities));
  last_capability_ = offset;
  free_capability_ = static_cast<u8>(align_up(offset + bytes, 4));
  return offset;
}

void PciFunction::define_msi() {
  msi_ = define_capability(kCapabilityMsi, 14);
  define16(static_cast<u8>(msi_ + 2), 0x0080, kMsiEnable);
  define32(static_cast<u8>(msi_ + 4), 0, 0xffff'fffc);
  define32(static_cast<u8>(msi_ + 8), 0, 0xffff'ffff);
  define16(static_cast<u8>(msi_ + 12), 0, 0xffff);
}

void PciFunction::define_msix(unsigned bar, u16 vectors) {
  HVLAB_CHECK(vectors >= 1 && vectors <= 2048);
  state_.msix.table.resize(vectors);
  state_.msix.pending.resize((vectors + 63u) / 64);
  define_bar(bar, PciBarKind::Memory32, MsixBank::bar_size(vectors), msix_bank_);
  msix_ = define_capability(kCapabilityMsix, 12);
  define16(static_cast<u8>(msix_ + 2), static_cast<u16>(vectors - 1), kMsixEnable | kMsixFunctionMask);
  define32(static_cast<u8>(msix_ + 4), bar);
  define32(static_cast<u8>(msix_ + 8), MsixBank::pending_offset(vectors) | bar);
}

u16 PciFunction::get16(u8 offset) const {
  return static_cast<u16>(get8(offset) | get8(static_cast<u8>(offset + 1)) << 8);
}

u32 PciFunction::get32(u8 offset) const {
  return get16(offset) | static_cast<u32>(get16(static_cast<u8>(offset + 2))) << 16;
}

void PciFunction::set16(u8 offset, u16 value) {
  set8(offset, static_cast<u8>(value));
  set8(static_cast<u8>(offset + 1), static_cast<u8>(value >> 8));
}

void PciFunction::set32(u8 offset, u32 value) {
  set16(offset, static_cast<u16>(value));
  set16(static_cast<u8>(offset + 2), static_cast<u16>(value >> 16));
}

void PciFunction::request_interrupt(bool asserted) {
  const bool rises = asserted && !state_.interrupt_request;
  state_.interrupt_request = asserted;
  if (rises && msi_enabled()) {
    const u64 address = get32(static_cast<u8>(msi_ + 4)) | u64{get32(static_cast<u8>(msi_ + 8))} << 32;
    send_message(address, get16(static_cast<u8>(msi_ + 12)));
  }
  update_intx();
}

bool PciFunction::msi_enabled() const {
  return msi_ != 0 && (get16(static_cast<u8>(msi_ + 2)) & kMsiEnable) != 0;
}

bool PciFunction::msix_enabled() const {
  return msix_ != 0 && (get16(static_cast<u8>(msix_ + 2)) & kMsixEnable) != 0;
}

void PciFunction::send_msix(u16 vector) {
  if (!msix_enabled() || vector >= state_.msix.table.size()) return;
  state_.msix.pending[vector / 64] |= bit(vector % 64);
  send_pending();
}

/// Sends what waits and is no longer masked: after an event, an unmasking, or a change of the function mask.
void PciFunction::send_pending() {
  if (!msix_enabled() || (get16(static_cast<u8>(msix_ + 2)) & kMsixFunctionMask) != 0) return;
  for (size_t i = 0; i < state_.msix.table.size(); ++i) {
    u64& pending = state_.msix.pending[i / 64];
    const MsixEntry& entry = state_.msix.table[i];
    if (!test_bit(pending, i % 64) || entry.masked) continue;
    pending &= ~bit(i % 64);
    send_message(entry.address, entry.data);
  }
}

/// A message is a memory write, so a function that may not master the bus cannot send it (6.8.3.3).
void PciFunction::send_message(u64 address, u32 data) {
  if (!bus_master() || services_.messages == nullptr) return;
  services_.probe.report(observe::EventKind::MessageInterrupt, address, data);
  services_.messages->send(address, data);
}

void PciFunction::update_intx() {
  const u8 status = static_cast<u8>(get8(kStatus) & ~kStatusInterrupt);
  set8(kStatus, static_cast<u8>(status | (state_.interrupt_request ? kStatusInterrupt : 0)));
  const bool level = intx_asserted();
  if (level == driven_intx_) return;
  driven_intx_ = level;
  services_.probe.report(observe::EventKind::LineInterrupt, get8(kInterruptLine), level);
  if (bus_ != nullptr) bus_->intx_changed(*this);
}

void PciFunction::decode_changed() {
  if (bus_ != nullptr) bus_->decode_changed();
}

void PciFunction::MasterDma::read(u64 address, void* to, size_t bytes) {
  if (!function_.bus_master() || function_.services_.dma == nullptr) {
    std::memset(to, 0xff, bytes);
    return;
  }
  if (reported_) function_.services_.probe.report(observe::EventKind::DmaRead, address, bytes);
  function_.services_.dma->read(address, to, bytes);
}

void PciFunction::MasterDma::write(u64 address, const void* from, size_t bytes) {
  if (!function_.bus_master() || function_.services_.dma == nullptr) return;
  if (reported_) function_.services_.probe.report(observe::EventKind::DmaWrite, address, bytes);
  function_.services_.dma->write(address, from, bytes);
}

}  // namespace hvlab::devices
