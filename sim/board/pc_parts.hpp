// Everything on a PC's board, in the order in which it is built: what a part refers to stands above it.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/board/apics.hpp"
#include "sim/board/console_wire.hpp"
#include "sim/board/joined_line.hpp"
#include "sim/board/memory_bus.hpp"
#include "sim/board/network.hpp"
#include "sim/board/pc.hpp"
#include "sim/board/pci_router.hpp"
#include "sim/devices/acpi_pm.hpp"
#include "sim/devices/atapi_registers.hpp"
#include "sim/devices/debug_console.hpp"
#include "sim/devices/debug_exit.hpp"
#include "sim/devices/fw_cfg.hpp"
#include "sim/devices/hpet.hpp"
#include "sim/devices/i440fx.hpp"
#include "sim/devices/i8042.hpp"
#include "sim/devices/ide.hpp"
#include "sim/devices/ioapic.hpp"
#include "sim/devices/pic.hpp"
#include "sim/devices/piix3.hpp"
#include "sim/devices/piix4_pm.hpp"
#include "sim/devices/pit.hpp"
#include "sim/devices/post_code.hpp"
#include "sim/devices/rtc.hpp"
#include "sim/devices/virtio_blk.hpp"
#include "sim/devices/virtio_console.hpp"
#include "sim/devices/virtio_rng.hpp"
#include "sim/media/disk_medium.hpp"

namespace hvlab::board {

struct PcParts {
  PcParts(const MachineConfig& config, const Pc::Parts& parts);

  /// What a new device called `name` reports through.
  observe::DeviceProbe probe(const std::string& name) { return device_list.probe(device_list.add(name)); }
  /// What a new PCI function called `name` is given.
  devices::PciServices services(const std::string& name) { return {&dma, &apics.messages(), probe(name)}; }
  /// A new source on an ISA interrupt wire.
  InterruptLine& isa(unsigned irq) { return irqs[irq].add_source(); }
  /// Lets device `name` answer a range of ports / of memory.
  void ports_at(const std::string& name, u64 first, u64 size, RegisterTarget& registers);
  void memory_at(const std::string& name, u64 first, u64 size, RegisterTarget& registers);
  /// Brings memory from C0000h to FFFFFh in line with the host bridge's PAM registers.
  void apply_shadow();

  Ram& ram;
  Processors& processors;
  std::function<void(End why, u32 value)> end;
  Clock& clock;
  DeviceList device_list;

  MemorySpace space;
  AddressDecoder memory{"memory"};
  AddressDecoder ports{"ports"};
  MemoryBus bus{space, memory, ports};
  std::shared_ptr<execute::CodeCache> code;
  MemoryDma dma{space, code};

  Apics apics;
  devices::Pic pic;
  devices::IoApic ioapic;
  std::array<JoinedLine, 16> irqs;

  devices::Hpet hpet;
  devices::Pit pit;
  devices::Rtc rtc;
  devices::AcpiPm acpi_pm;
  devices::I8042 i8042;
  devices::PostCode post_code;
  devices::FwCfg fw_cfg;
  std::optional<devices::DebugExit> debug_exit;
  std::optional<devices::DebugConsole> debug_console;
  ConsoleWire console;
  NoConsole nowhere;  // at the second serial port
  devices::Uart16550 com1;
  devices::Uart16550 com2;

  devices::PciBus pci;
  PciRouter pci_memory{pci, PciRouter::Space::Memory, device_list};
  PciRouter pci_ports{pci, PciRouter::Space::Ports, device_list};
  AccessCount pci_memory_total, pci_ports_total;
  devices::I440fx i440fx;
  devices::Piix3 piix3;
  devices::PiixIde ide;
  devices::Piix4Pm piix4_pm;
  devices::VirtioRng entropy;
  devices::VirtioConsole virtio_console;

  std::deque<Network> networks;
  std::vector<std::unique_ptr<devices::PciFunction>> nics;
  std::deque<media::DiskMedium> disks;
  std::vector<std::unique_ptr<devices::VirtioBlk>> virtio_disks;

 private:
  void add_nics(const MachineConfig& config);
  void add_disks(const MachineConfig& config);
  void add_cdrom(const CdromConfig& cdrom);
};

}  // namespace hvlab::board
