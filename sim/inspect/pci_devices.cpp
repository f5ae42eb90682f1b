// Registers of PCI functions: what all have, and those of network controllers, disks and virtio devices.
#include <fmt/format.h>

#include "sim/devices/e1000.hpp"
#include "sim/devices/ide.hpp"
#include "sim/devices/virtio_blk.hpp"
#include "sim/devices/virtio_net.hpp"
#include "sim/inspect/device_document.hpp"
#include "sim/inspect/processor_document.hpp"

namespace hvlab::inspect {

namespace {

namespace pci = devices::pci;
namespace e1000 = devices::e1000;
namespace ata = devices::ata;
namespace virtio = devices::virtio;

// PCI 3.0, 6.2.2.
constexpr FlagName kCommand[] = {{pci::kCommandIo, "I/O"},
                                 {pci::kCommandMemory, "memory"},
                                 {pci::kCommandMaster, "master"},
                                 {pci::kCommandIntxDisable, "INTx-off"}};
constexpr FlagName kStatus[] = {{pci::kStatusInterrupt, "interrupt"},
                                {pci::kStatusCapabilities, "capabilities"}};

// 8254x manual, 13.4.1, 13.4.17, 13.4.22, 13.4.33.
constexpr FlagName kCtrl[] = {
    {e1000::kCtrlSetLinkUp, "SLU"}, {e1000::kCtrlReset, "RST"}, {e1000::kCtrlVlanMode, "VME"}};
constexpr FlagName kCauses[] = {{e1000::kTxDescriptorWritten, "TXDW"},
                                {e1000::kTxQueueEmpty, "TXQE"},
                                {e1000::kLinkChange, "LSC"},
                                {e1000::kRxThreshold, "RXDMT0"},
                                {e1000::kRxOverrun, "RXO"},
                                {e1000::kRxTimer, "RXT0"},
                                {e1000::kMdioDone, "MDAC"},
                                {e1000::kTxLow, "TXD_LOW"},
                                {e1000::kSmallPacket, "SRPD"}};
constexpr FlagName kRctl[] = {{e1000::kRctlEnable, "EN"},        {e1000::kRctlUnicastAll, "UPE"},
                              {e1000::kRctlMulticastAll, "MPE"}, {e1000::kRctlLongPacket, "LPE"},
                              {e1000::kRctlBroadcast, "BAM"},    {e1000::kRctlVlanFilter, "VFE"},
                              {e1000::kRctlSizeTimes16, "BSEX"}, {e1000::kRctlStripCrc, "SECRC"}};
constexpr FlagName kTctl[] = {{e1000::kTctlEnable, "EN"}, {e1000::kTctlPadShort, "PSP"}};

// ATA/ATAPI-6, 7.15; bus master: PIIX3 data sheet, 2.7.
constexpr FlagName kDriveStatus[] = {{ata::kBusy, "BSY"},
                                     {ata::kReady, "DRDY"},
                                     {ata::kFault, "DF"},
                                     {ata::kDataRequest, "DRQ"},
                                     {ata::kCheck, "ERR"}};
constexpr FlagName kMasterStatus[] = {{1, "active"}, {2, "error"}, {4, "interrupt"}, {0x60, "DMA-capable"}};

// VIRTIO 1.2, 2.1.
constexpr FlagName kVirtioStatus[] = {{virtio::kAcknowledge, "ACKNOWLEDGE"},
                                      {virtio::kDriver, "DRIVER"},
                                      {virtio::kDriverOk, "DRIVER_OK"},
                                      {virtio::kFeaturesOk, "FEATURES_OK"},
                                      {virtio::kNeedsReset, "DEVICE_NEEDS_RESET"},
                                      {virtio::kFailed, "FAILED"}};
constexpr FlagName kVirtioFeatures[] = {{virtio::kRingIndirect, "RING_INDIRECT_DESC"},
                                        {virtio::kRingEventIdx, "RING_EVENT_IDX"},
                                        {virtio::kVersion1, "VERSION_1"}};
constexpr FlagName kVirtioIsr[] = {{virtio::kIsrQueue, "queue"}, {virtio::kIsrConfig, "configuration"}};

u32 value_at(const devices::PciFunction& function, u8 offset, unsigned bytes) {
  u32 value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= u32{function.pci_state().config[offset + i]} << (8 * i);
  return value;
}

void add_drive(DeviceState& state, const devices::IdeDrive& drive) {
  static constexpr const char* kPhases[] = {"idle",    "ends a command", "reset",  "waits for the medium",
                                            "data in", "data out",       "DMA in", "DMA out"};
  const devices::IdeDrive::State& it = drive.state();
  state.flags("status", it.status, 1, kDriveStatus);
  state.add("error", it.error, 1);
  state.add("command", it.opcode, 1, kPhases[static_cast<size_t>(it.phase)]);
  const u64 low = it.current[ata::kLbaLow] | it.current[ata::kLbaMid] << 8 | it.current[ata::kLbaHigh] << 16;
  state.add("LBA", low | u64{it.current[ata::kDevice] & 0xFU} << 24, 4);
  state.add("sectors", it.current[ata::kSectorCount], 1);
  if (!it.buffer.empty())
    state.say("buffer", fmt::format("{} of {} bytes moved", it.position, it.buffer.size()));
  if (it.interrupt) state.say("INTRQ", "asserted");
}

void add_channel(DeviceState& state, const devices::IdeChannel& channel, const std::string& name) {
  const devices::IdeChannel::State& it = channel.state();
  state.group(name);
  state.say("selected", it.selected == 0 ? "drive 0" : "drive 1");
  state.add("control", it.control, 1, (it.control & ata::kInterruptDisable) != 0 ? "interrupts off" : "");
  state.add("bus master command", it.bm_command, 1,
            (it.bm_command & 1) == 0   ? "stopped"
            : (it.bm_command & 8) != 0 ? "to memory"
                                       : "from memory");
  state.flags("bus master status", it.bm_status, 1, kMasterStatus);
  state.add("descriptor table", it.bm_table, 4);
  for (unsigned n = 0; n < 2; ++n) {
    if (channel.drive(n) == nullptr) continue;
    state.group(fmt::format("{}, drive {}", name, n));
    add_drive(state, *channel.drive(n));
  }
}

void add_queue(DeviceState& state, const devices::VirtqueueState& queue, unsigned number) {
  state.group(fmt::format("queue {}", number));
  state.say("size", fmt::format("{} entries", queue.size));
  state.add("descriptors", queue.descriptors, 8);
  state.add("available ring", queue.driver, 8);
  state.add("used ring", queue.device, 8);
  state.add("next available", queue.next_available, 2);
  state.add("next used", queue.next_used, 2,
            queue.next_used == queue.next_available ? "all are given back" : "");
  if (queue.vector != virtio::kNoVector) state.add("MSI-X vector", queue.vector, 2);
}

std::string request_text(const devices::VirtioBlk::Request& request) {
  static constexpr const char* kTypes[] = {"read", "write"};
  const std::string type = request.type < 2 ? kTypes[request.type] : fmt::format("type {}", request.type);
  return fmt::format("{} of {} bytes", type, request.bytes);
}

void add_traffic(DeviceState& state, const devices::VirtioPci& device) {
  constexpr size_t kMost = 8;  // requests that are told one by one
  if (const auto* disk = dynamic_cast<const devices::VirtioBlk*>(&device)) {
    state.say("at the medium", fmt::format("{} requests", disk->state().in_flight.size()));
    size_t told = 0;
    for (const auto& [id, request] : disk->state().in_flight)
      if (told++ < kMost) state.say(fmt::format("request {}", id), request_text(request));
  }
  if (const auto* nic = dynamic_cast<const devices::VirtioNet*>(&device)) {
    state.say("on the link", fmt::format("{} frames", nic->state().sending.size()));
    state.say("received", fmt::format("{} wait for buffers, {} were dropped", nic->state().waiting.size(),
                                      nic->state().dropped));
  }
}

}  // namespace

std::string pci_place_text(const board::PciPlace& place) {
  const devices::PciFunction& it = *place.what;
  std::string text = fmt::format("PCI 00:{:02x}.{}", place.device, place.function);
  std::vector<devices::PciWindow> windows;
  it.append_windows(windows);
  for (const devices::PciWindow& window : windows)
    text += window.size == 1 ? fmt::format(", port {:x}h", window.base)
                             : fmt::format(", {} {:x}h-{:x}h", window.io ? "ports" : "memory", window.base,
                                           window.base + window.size - 1);
  if (it.interrupt_pin() != 0)
    text += fmt::format(", INT{}# on IRQ {}", static_cast<char>('A' + it.interrupt_pin() - 1),
                        value_at(it, pci::kInterruptLine, 1));
  return text;
}

void add_pci_header(DeviceState& state, const devices::PciFunction& function) {
  state.add("identity", value_at(function, pci::kVendorId, 4), 4,
            fmt::format("{:04x}:{:04x}", value_at(function, pci::kVendorId, 2),
                        value_at(function, pci::kDeviceId, 2)));
  state.flags("command", function.command(), 2, kCommand);
  state.flags("status", value_at(function, pci::kStatus, 2), 2, kStatus);
  for (unsigned bar = 0; bar < 6; ++bar)
    if (function.bar_kind(bar) != devices::PciBarKind::None)
      state.add(fmt::format("BAR {}", bar), function.bar_address(bar), 8,
                fmt::format("{} bytes{}", function.bar_size(bar),
                            function.bar_kind(bar) == devices::PciBarKind::Io ? " of ports" : ""));
  const devices::MsixState& msix = function.pci_state().msix;
  for (size_t n = 0; n < msix.table.size() && n < 8; ++n)
    if (msix.table[n].address != 0)
      state.add(
          fmt::format("MSI-X {}", n), msix.table[n].address, 8,
          fmt::format("vector {}{}", msix.table[n].data & 0xFF, msix.table[n].masked ? ", masked" : ""));
}

void add_e1000(DeviceState& state, const devices::E1000& nic) {
  const devices::E1000::State& it = nic.state();
  const auto reg = [&](u32 offset) { return it.registers[offset / 4]; };
  state.flags("CTRL", reg(e1000::CTRL), 4, kCtrl);
  state.flags("ICR", it.causes, 4, kCauses);
  state.flags("IMS", it.mask, 4, kCauses);
  state.add("ITR", reg(e1000::ITR), 4);
  state.say("link", it.negotiated ? "up" : "down");
  state.group("receive");
  state.flags("RCTL", reg(e1000::RCTL), 4, kRctl);
  state.add("RDBA", u64{reg(e1000::RDBAH)} << 32 | reg(e1000::RDBAL), 8);
  state.add("RDLEN", reg(e1000::RDLEN), 4, fmt::format("{} descriptors", reg(e1000::RDLEN) / 16));
  state.add("RDH", reg(e1000::RDH), 4);
  state.add("RDT", reg(e1000::RDT), 4);
  state.add("RAL0", reg(e1000::RAL), 4);
  state.add("RAH0", reg(e1000::RAH), 4, (reg(e1000::RAH) & e1000::kAddressValid) != 0 ? "valid" : "");
  state.say("FIFO", fmt::format("{} frames, {} bytes", it.fifo.size(), it.fifo_bytes));
  state.group("transmit");
  state.flags("TCTL", reg(e1000::TCTL), 4, kTctl);
  state.add("TDBA", u64{reg(e1000::TDBAH)} << 32 | reg(e1000::TDBAL), 8);
  state.add("TDLEN", reg(e1000::TDLEN), 4, fmt::format("{} descriptors", reg(e1000::TDLEN) / 16));
  state.add("TDH", reg(e1000::TDH), 4);
  state.add("TDT", reg(e1000::TDT), 4);
  state.say("on the link", fmt::format("{} frames, {} bytes", it.on_link.size(), it.on_link_bytes));
}

void add_ide(DeviceState& state, const devices::PiixIde& ide) {
  static constexpr const char* kNames[] = {"primary", "secondary"};
  for (unsigned n = 0; n < 2; ++n)
    if (!ide.channel(n).empty()) add_channel(state, ide.channel(n), kNames[n]);
}

void add_virtio(DeviceState& state, const devices::VirtioPci& device) {
  const devices::VirtioState& it = device.virtio_state();
  state.flags("status", it.status, 1, kVirtioStatus);
  state.flags("driver features", it.driver_features, 8, kVirtioFeatures);
  state.flags("ISR", it.isr, 1, kVirtioIsr);
  add_traffic(state, device);
  for (u16 n = 0; n < device.queue_count(); ++n)
    if (device.queue_state(n).enabled) add_queue(state, device.queue_state(n), n);
}

}  // namespace hvlab::inspect
