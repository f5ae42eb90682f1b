#include "sim/board/pc_parts.hpp"

#include "sim/base/check.hpp"
#include "sim/base/user_error.hpp"
#include "sim/board/boot_order.hpp"
#include "sim/board/machine.hpp"
#include "sim/board/pci_slots.hpp"
#include "sim/devices/e1000.hpp"
#include "sim/devices/virtio_net.hpp"

namespace hvlab::board {

namespace {

constexpr unsigned kSciIrq = 9;
constexpr unsigned kPmTimerBits = 24;

}  // namespace

PcParts::PcParts(const MachineConfig& config, const Pc::Parts& parts)
    : ram(parts.ram),
      processors(parts.processors),
      end(parts.end),
      clock(parts.processors.events()),
      device_list(parts.recorder),
      space(ram, config.firmware.rom),
      code(execute::make_code_cache(space.address_pages(), config.code_cache)),
      apics(config, parts, bus, code, probe("apic")),
      pic(apics.interrupt_line(), probe("pic")),
      ioapic(apics.messages(), 0, probe("ioapic")),
      hpet(clock,
           {isa(0),
            isa(8),
            {&ioapic.input(20), &ioapic.input(21), &ioapic.input(22), &ioapic.input(23)},
            apics.messages()},
           probe("hpet")),
      pit(clock, hpet.legacy_input(0), probe("pit")),
      rtc(clock, hpet.legacy_input(1), static_cast<u64>(config.rtc_start), probe("rtc")),
      acpi_pm(clock, {isa(kSciIrq), [this] { end(End::PowerOff, 0); }, [this] { end(End::Reset, 0); }},
              kPmTimerBits, probe("acpi-pm")),
      i8042(clock, {isa(1), isa(12), [this] { end(End::Reset, 0); }, {}}, probe("i8042")),
      fw_cfg(dma, probe("fw-cfg")),
      console(parts.console, clock),
      com1(clock, isa(4), console, "com1", probe("com1")),
      com2(clock, isa(3), nowhere, "com2", probe("com2")),
      i440fx(services("host-bridge")),
      piix3(services("piix3")),
      ide(services("ide"), clock, isa(14), isa(15)),
      piix4_pm(services("piix4-pm"), acpi_pm.registers()),
      entropy(services("virtio-rng"), config.seed),
      virtio_console(services("virtio-console"), &console) {
  device_list.add("post-code");
  device_list.add("pci");
  if (config.debug_exit) {
    debug_exit.emplace([this](u32 value) { end(End::DebugExit, value); }, probe("debug-exit"));
  }
  if (!config.firmware.rom.empty()) debug_console.emplace(probe("debug-console"));
  i440fx.on_shadow([this] { apply_shadow(); });
  apics.connect(pic, ioapic);
  for (unsigned irq = 0; irq < 16; ++irq) {
    irqs[irq].add_receiver(pic.input(irq));
    if (irq != 2) irqs[irq].add_receiver(ioapic.input(irq == 0 ? 2 : irq));
  }
  add_nics(config);
  add_disks(config);
  if (config.cdrom) add_cdrom(*config.cdrom);
}

void PcParts::add_nics(const MachineConfig& config) {
  for (size_t i = 0; i < config.nics.size(); ++i) {
    const std::string name = "net" + std::to_string(i);
    FrameLink& cable = networks.emplace_back(name, config.nics[i], clock).end();
    const media::MacAddress mac = media::default_guest_mac(static_cast<u8>(i));
    if (config.nics[i].model == NicModel::Virtio) {
      nics.push_back(std::make_unique<devices::VirtioNet>(services("virtio-" + name), cable, mac));
    } else {
      nics.push_back(std::make_unique<devices::E1000>(services("e1000-" + name), clock, cable, mac));
    }
  }
}

void PcParts::add_disks(const MachineConfig& config) {
  const std::vector<unsigned> places = ide_places(config);
  for (size_t i = 0; i < config.disks.size(); ++i) {
    const DiskConfig& disk = config.disks[i];
    const std::string name = "disk" + std::to_string(i);
    media::DiskMedium& medium =
        disks.emplace_back(name,
                           media::DiskImage::open(disk.file, disk.persist ? media::ImageAccess::Persist
                                                                          : media::ImageAccess::Overlay),
                           media::load_disk_profile(disk.profile), clock);
    if (disk.interface == DiskInterface::Ide) {
      HVLAB_CHECK(places[i] < kMaxIdeDisks);
      ide.plug(places[i] / 2, places[i] % 2, medium);
    } else {
      virtio_disks.push_back(std::make_unique<devices::VirtioBlk>(services("virtio-" + name), medium, name));
    }
  }
}

void PcParts::add_cdrom(const CdromConfig& cdrom) {
  media::DiskImage image = media::DiskImage::open(cdrom.file, media::ImageAccess::ReadOnly);
  if (image.capacity() % devices::atapi::kBlockBytes != 0)
    throw UserError("'" + cdrom.file + "' is no CD image: its size is not a multiple of 2048 bytes");
  ide.plug_cdrom(
      kCdromDrive / 2, kCdromDrive % 2,
      disks.emplace_back("cdrom", std::move(image), media::load_disk_profile(cdrom.profile), clock));
}

void PcParts::apply_shadow() {
  bool changed = false;
  for (unsigned i = 0; i < MemorySpace::kSegments; ++i) {
    const auto [read, write] = i440fx.shadow(i);
    if (!space.shadow(i, read, write)) continue;
    changed = true;
    execute::memory_written(*code, MemorySpace::kFirst + i * MemorySpace::kSegmentBytes,
                            MemorySpace::kSegmentBytes);
  }
  if (!changed) return;
  for (size_t i = 0; i < processors.count(); ++i) processors.at(i).memory_remapped();
}

void PcParts::ports_at(const std::string& name, u64 first, u64 size, RegisterTarget& registers) {
  ports.connect(name + "_" + std::to_string(first), first, size, registers, device_list.named(name).ports);
}

void PcParts::memory_at(const std::string& name, u64 first, u64 size, RegisterTarget& registers) {
  memory.connect(name + "_memory", first, size, registers, device_list.named(name).memory);
}

}  // namespace hvlab::board
