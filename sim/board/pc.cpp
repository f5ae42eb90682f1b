#include "sim/board/pc.hpp"

#include "sim/board/boot_order.hpp"
#include "sim/board/machine.hpp"
#include "sim/board/pc_parts.hpp"
#include "sim/board/pci_slots.hpp"

namespace hvlab::board {

namespace {

constexpr u64 kIoApicBase = 0xfec0'0000, kHpetBase = 0xfed0'0000;
constexpr u16 kPmBase = 0x600;  // as the ACPI tables say
// Firmware's routing of PIRQA#..PIRQD#.
constexpr std::array<u8, 4> kPirqIrqs = {10, 10, 11, 11};

// What lives on the ISA side and at fixed places, ports first.
void place_fixed_devices(PcParts& pc) {
  pc.ports_at("pic", 0x20, 2, pc.pic.master_ports());
  pc.ports_at("pic", 0xa0, 2, pc.pic.slave_ports());
  pc.ports_at("pic", 0x4d0, 2, pc.pic.elcr_ports());
  pc.ports_at("pit", 0x40, 4, pc.pit.ports());
  pc.ports_at("pit", 0x61, 1, pc.pit.control_port());
  pc.ports_at("i8042", 0x60, 1, pc.i8042.data_port());
  pc.ports_at("i8042", 0x64, 1, pc.i8042.command_port());
  pc.ports_at("i8042", 0x92, 1, pc.i8042.system_control());
  pc.ports_at("rtc", 0x70, 2, pc.rtc.ports());
  pc.ports_at("rtc", 0x72, 2, pc.rtc.extended_ports());
  pc.ports_at("post-code", 0x80, 1, pc.post_code);
  pc.ports_at("acpi-pm", 0xb2, 2, pc.acpi_pm.command_ports());
  pc.ports_at("com2", 0x2f8, 8, pc.com2.ports());
  pc.ports_at("com1", 0x3f8, 8, pc.com1.ports());
  pc.ports_at("fw-cfg", 0x510, 2, pc.fw_cfg.ports());
  pc.ports_at("fw-cfg", 0x514, 8, pc.fw_cfg.dma_ports());
  pc.ports_at("pci", 0xcf8, 8, pc.pci.config_ports());
  if (pc.debug_console) pc.ports_at("debug-console", 0x402, 1, *pc.debug_console);
  if (pc.debug_exit) pc.ports_at("debug-exit", 0xf4, 4, *pc.debug_exit);
  pc.memory_at("ioapic", kIoApicBase, 0x1000, pc.ioapic.registers());
  pc.memory_at("hpet", kHpetBase, 0x400, pc.hpet.registers());
  pc.ports.connect_rest("pci_ports", pc.pci_ports, pc.pci_ports_total);
  pc.memory.connect_rest("pci_memory", pc.pci_memory, pc.pci_memory_total);
}

void place_pci_devices(PcParts& pc) {
  pc.pci.reset_control(pc.acpi_pm.reset_control());
  pc.pci.add(0, 0, pc.i440fx);
  pc.pci.add(kPiixSlot, 0, pc.piix3);
  pc.pci.add(kPiixSlot, kIdeFunction, pc.ide);
  pc.pci.add(kPiixSlot, kPmFunction, pc.piix4_pm);
  pc.pci.add(kEntropySlot, 0, pc.entropy);
  pc.pci.add(kConsoleSlot, 0, pc.virtio_console);
  for (unsigned pirq = 0; pirq < 4; ++pirq) pc.pci.connect_pirq(pirq, pc.piix3.pirq(pirq));
  for (unsigned irq = 3; irq < 16; ++irq) pc.piix3.connect_irq(irq, pc.isa(irq));
  for (size_t i = 0; i < pc.nics.size(); ++i) pc.pci.add(static_cast<u8>(kNicSlot + i), 0, *pc.nics[i]);
  for (size_t i = 0; i < pc.virtio_disks.size(); ++i) {
    pc.pci.add(static_cast<u8>(kDiskSlot + i), 0, *pc.virtio_disks[i]);
  }
}

// What an operating system may expect of a PC's firmware, apart from tables in memory.
void set_up_as_firmware(PcParts& pc, const timing::Profile& profile) {
  devices::PciResources resources;
  resources.pirq_irq = kPirqIrqs;
  pc.i440fx.shadow_everything();
  pc.piix3.route(kPirqIrqs);
  pc.pci.assign_resources(resources);
  pc.piix4_pm.enable_at(kPmBase);
  pc.ide.enable_channels();
  const u16 level = pc.piix3.routed_irqs();
  pc.pic.elcr_ports().write(0, 1, level & 0xff);
  pc.pic.elcr_ports().write(1, 1, level >> 8);
  pc.acpi_pm.enable_acpi();
  pc.apics.set_up_as_firmware(pc.processors, profile);
}

// What firmware, or an operating system without one, learns about the board from the battery-backed memory
// and the configuration interface.
void describe_board(PcParts& pc) {
  pc.rtc.set_memory_size(pc.ram.low_bytes(), pc.ram.high_bytes());
  pc.fw_cfg.set_item_u64(0x03, pc.ram.bytes());  // RAM in bytes
  pc.fw_cfg.set_item_u16(0x05, static_cast<u16>(pc.processors.count()));
  pc.fw_cfg.set_item_u16(0x0f, static_cast<u16>(pc.processors.count()));
}

// A machine that has just been switched on, with firmware that will set it up.
void prepare_for_firmware(PcParts& pc, const MachineConfig& config) {
  pc.i440fx.announce_configuration();
  pc.piix4_pm.mark_smi_set_up();
  pc.rtc.set_cmos(devices::rtc::kMoreProcessors, static_cast<u8>(pc.processors.count() - 1));
  for (const FirmwareFile& file : config.firmware.files) pc.fw_cfg.set_file(file.name, file.bytes);
  const std::string order = boot_order(config);
  pc.fw_cfg.set_file("bootorder", {order.begin(), order.end()});
  // SeaBIOS writes it to the MSR of each processor; without the file it leaves VMX alone.
  if (pc.processors.at(0).state().has(arch::Feature::Vmx))
    pc.fw_cfg.set_file("etc/msr_feature_control",
                       {static_cast<u8>(kFirmwareFeatureControl), 0, 0, 0, 0, 0, 0, 0});
}

}  // namespace

struct Pc::Impl : PcParts {
  using PcParts::PcParts;
};

Pc::Pc(const MachineConfig& config, const Parts& parts) : impl_(std::make_unique<Impl>(config, parts)) {
  place_fixed_devices(*impl_);
  place_pci_devices(*impl_);
  describe_board(*impl_);
  if (config.firmware.rom.empty()) {
    set_up_as_firmware(*impl_, parts.profile);
  } else {
    prepare_for_firmware(*impl_, config);
  }
  impl_->apply_shadow();
  impl_->console.connect(impl_->com1);
}

Pc::~Pc() = default;

const DeviceList& Pc::devices() const { return impl_->device_list; }

InterruptControllers Pc::interrupt_controllers() const {
  return {.local = impl_->apics.all(), .io = &impl_->ioapic, .pic = &impl_->pic};
}

MachineDevices Pc::machine_devices() const {
  MachineDevices found{.com1 = &impl_->com1,
                       .com2 = &impl_->com2,
                       .pit = &impl_->pit,
                       .hpet = &impl_->hpet,
                       .rtc = &impl_->rtc,
                       .acpi_pm = &impl_->acpi_pm,
                       .i8042 = &impl_->i8042,
                       .pci = {}};
  for (unsigned place = 0; place < 256; ++place) {
    const u8 device = static_cast<u8>(place / 8), function = place % 8;
    if (const devices::PciFunction* one = impl_->pci.at(device, function))
      found.pci.push_back({impl_->device_list.all()[one->probe().device].name, device, function, one});
  }
  return found;
}

bool Pc::look_outside() {
  bool outside = false;
  for (Network& network : impl_->networks) outside = network.look_outside() || outside;
  return outside;
}

void Pc::finish() {
  impl_->com1.drain();
  impl_->com2.drain();
}

}  // namespace hvlab::board
