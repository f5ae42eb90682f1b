// IDE disks on the PIIX (Intel 82371SB; ATA/ATAPI-6; "Programming Interface for Bus Master IDE Controller").
// By DMA, or word by word: the difference is worth seeing.
#include "hv-models/drivers/disk.hpp"
#include "hv-models/drivers/pci.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/ioapic.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::drivers {
namespace {

using namespace runtime;

// Registers, from the channel's first port on; the control register has a port of its own.
constexpr u16 kData = 0, kFeatures = 1, kCount = 2, kLbaLow = 3, kLbaMiddle = 4, kLbaHigh = 5, kDevice = 6,
              kStatus = 7, kCommand = 7;
constexpr u8 kError = 0x01, kRequest = 0x08, kFault = 0x20, kBusyBit = 0x80;
constexpr u8 kLba = 0x40, kSecondDrive = 0x10;
constexpr u8 kReadSectors = 0x20, kWriteSectors = 0x30, kReadDma = 0xc8, kWriteDma = 0xca, kFlushCache = 0xe7,
             kIdentify = 0xec, kSetFeatures = 0xef;
constexpr u8 kSetTransferMode = 0x03, kMultiwordDma2 = 0x22;
constexpr u64 kMostSectors28 = 1 << 28;

// Bus master registers.
constexpr u16 kBusCommand = 0, kBusStatus = 2, kBusTable = 4;
constexpr u8 kBusStart = 0x01, kBusToMemory = 0x08, kBusError = 0x02, kBusInterrupt = 0x04;

struct Region {  // an entry of the table that the bus master reads
  u32 address;
  u16 bytes;  // 0: 64 KiB
  u16 last;   // 8000h: the last entry
};

class IdeDisk;

class IdeChannel {
 public:
  IdeChannel(u16 base, u16 control, u16 bus_master, u8 irq)
      : base_(base), control_(control), bus_(bus_master), irq_(irq) {}
  bool set_up(bool dma);
  bool is_present(unsigned drive);
  bool identify(unsigned drive, u16 (&words)[256]);
  bool begin(IdeDisk& disk, unsigned drive, DiskRequest& request);
  void arrived();
  void attach(IdeDisk& disk, unsigned drive) { disks_[drive] = &disk; }
  u8 irq() const { return irq_; }

 private:
  bool wait_until_idle();
  void select(unsigned drive, u64 sector);
  void begin_dma(const DiskRequest& request);
  void put_sector();
  bool next_pio(u8 status);
  bool advance(bool& failed);

  const u16 base_, control_, bus_;
  const u8 irq_;
  bool dma_ = false;
  Region* table_ = nullptr;  // one entry: a request's memory lies in a row within 64 KiB
  SpinLock lock_;
  IdeDisk* disks_[2] = {};
  IdeDisk* owner_ = nullptr;  // of the request that is being done
  DiskRequest* current_ = nullptr;
  u32 left_ = 0;  // sectors, by PIO
  u8* at_ = nullptr;
};

class IdeDisk final : public Disk {
 public:
  IdeDisk(IdeChannel& channel, unsigned drive, u64 sectors, bool dma)
      : Disk(dma ? "ide-dma" : "ide-pio", sectors), channel_(channel), drive_(drive) {}
  void finished(DiskRequest& request, bool failed) { done(request, failed); }
  void channel_is_free() { room(); }

 private:
  bool begin(DiskRequest& request) override { return channel_.begin(*this, drive_, request); }
  IdeChannel& channel_;
  const unsigned drive_;
};

bool IdeChannel::wait_until_idle() {
  for (unsigned i = 0; i < 1'000'000; ++i) {
    if ((in8(control_) & kBusyBit) == 0) return true;  // the alternate status: reading it clears no interrupt
  }
  return false;
}

void IdeChannel::select(unsigned drive, u64 sector) {
  out8(base_ + kDevice, static_cast<u8>(kLba | (drive != 0 ? kSecondDrive : 0) | (sector >> 24 & 0xf)));
  for (unsigned i = 0; i < 4; ++i) in8(control_);  // 400 ns for the drives to see it (ATA, 9.5)
}

// Registers of a drive that is there keep what is written; an open bus does not.
bool IdeChannel::is_present(unsigned drive) {
  select(drive, 0);
  out8(base_ + kLbaLow, 0x55);
  out8(base_ + kLbaMiddle, 0xaa);
  return in8(base_ + kLbaLow) == 0x55 && in8(base_ + kLbaMiddle) == 0xaa && in8(base_ + kStatus) != 0;
}

// Once, before interrupts are used: waits for the drive.
bool IdeChannel::identify(unsigned drive, u16 (&words)[256]) {
  if (!is_present(drive) || !wait_until_idle()) return false;
  out8(base_ + kCommand, kIdentify);
  if (!wait_until_idle() || (in8(base_ + kStatus) & kRequest) == 0) return false;
  in16_words(base_ + kData, words, 256);
  if (!dma_) return true;
  out8(base_ + kFeatures, kSetTransferMode);
  out8(base_ + kCount, kMultiwordDma2);
  out8(base_ + kCommand, kSetFeatures);
  return wait_until_idle() && (in8(base_ + kStatus) & kError) == 0;
}

bool IdeChannel::set_up(bool dma) {
  dma_ = dma && bus_ != 0;
  table_ = static_cast<Region*>(allocate_zeroed_page());
  return table_ != nullptr;
}

void IdeChannel::begin_dma(const DiskRequest& request) {
  table_[0] = {static_cast<u32>(request.memory), static_cast<u16>(request.sectors * kSectorBytes), 0x8000};
  out8(bus_ + kBusCommand, 0);
  out32(bus_ + kBusTable, static_cast<u32>(physical(table_)));
  out8(bus_ + kBusStatus, kBusError | kBusInterrupt);  // ones clear
}

bool IdeChannel::begin(IdeDisk& disk, unsigned drive, DiskRequest& request) {
  const Hold hold(lock_);
  if (current_ != nullptr || !wait_until_idle()) return false;
  current_ = &request;
  owner_ = &disk;
  const bool write = request.kind == DiskRequest::Kind::Write,
             flush = request.kind == DiskRequest::Kind::Flush;
  select(drive, request.sector);
  if (flush) {
    left_ = 0;
    out8(base_ + kCommand, kFlushCache);
    return true;
  }
  out8(base_ + kCount, static_cast<u8>(request.sectors));
  out8(base_ + kLbaLow, static_cast<u8>(request.sector));
  out8(base_ + kLbaMiddle, static_cast<u8>(request.sector >> 8));
  out8(base_ + kLbaHigh, static_cast<u8>(request.sector >> 16));
  if (dma_) {
    begin_dma(request);
    out8(base_ + kCommand, write ? kWriteDma : kReadDma);
    out8(bus_ + kBusCommand, static_cast<u8>(kBusStart | (write ? 0 : kBusToMemory)));
    return true;
  }
  left_ = request.sectors;
  at_ = direct<u8>(request.memory);
  out8(base_ + kCommand, write ? kWriteSectors : kReadSectors);
  if (write && wait_until_idle())
    put_sector();  // the first sector is asked for without an interrupt (ATA, 9.6)
  return true;
}

void IdeChannel::put_sector() {
  out16_words(base_ + kData, at_, kSectorBytes / 2);
  at_ += kSectorBytes;
  --left_;
}

// By PIO an interrupt comes for each sector: true when the request is done.
bool IdeChannel::next_pio(u8 status) {
  if (current_->kind == DiskRequest::Kind::Read && (status & kRequest) != 0) {
    in16_words(base_ + kData, at_, kSectorBytes / 2);
    at_ += kSectorBytes;
    return --left_ == 0;
  }
  if (left_ == 0) return true;
  if (current_->kind == DiskRequest::Kind::Write) put_sector();
  return false;
}

// Lock held, a request in progress: true when it has come to its end.
bool IdeChannel::advance(bool& failed) {
  const bool by_dma = dma_ && current_->kind != DiskRequest::Kind::Flush;
  const u8 bus_status = by_dma ? in8(bus_ + kBusStatus) : 0;
  if (by_dma && (bus_status & kBusInterrupt) == 0) return false;
  const u8 status = in8(base_ + kStatus);  // takes the interrupt back
  if ((status & kBusyBit) != 0) return false;
  if (by_dma) {
    out8(bus_ + kBusCommand, 0);
    out8(bus_ + kBusStatus, kBusError | kBusInterrupt);
  }
  failed = (status & (kError | kFault)) != 0 || (bus_status & kBusError) != 0;
  return failed || by_dma || next_pio(status);
}

void IdeChannel::arrived() {
  DiskRequest* done = nullptr;
  IdeDisk* owner = nullptr;
  bool failed = false;
  {
    const Hold hold(lock_);
    if (current_ == nullptr) {
      in8(base_ + kStatus);
      return;
    }
    if (!advance(failed)) return;
    done = current_;
    owner = owner_;
    current_ = nullptr;
  }
  owner->finished(*done, failed);
  owner->channel_is_free();
  for (IdeDisk* disk : disks_) {
    if (disk != nullptr && disk != owner) disk->channel_is_free();
  }
}

void interrupt(void* channel) { static_cast<IdeChannel*>(channel)->arrived(); }

bool add_drive(IdeChannel& channel, unsigned drive, bool dma, DiskFound found) {
  u16 words[256];
  if (!channel.identify(drive, words)) return false;
  const u64 sectors = u64{words[61]} << 16 | words[60];
  IdeDisk* disk =
      new (std::nothrow) IdeDisk(channel, drive, sectors < kMostSectors28 ? sectors : kMostSectors28, dma);
  if (disk == nullptr) return false;
  channel.attach(*disk, drive);
  found(*disk);
  return true;
}

bool is_ide(const PciFunction& f) {
  constexpr u8 kStorage = 1, kIde = 1;
  return f.base_class == kStorage && f.sub_class == kIde;
}

void set_up_controller(const PciFunction& f, bool dma, DiskFound found) {
  pci_enable(f);
  const u16 bus = static_cast<u16>(pci_address(f, 4));
  for (unsigned i = 0; i < 2; ++i) {  // compatibility mode: fixed ports and interrupts (82371SB, 4.2)
    IdeChannel* channel = i == 0 ? new (std::nothrow) IdeChannel(0x1f0, 0x3f6, bus, 14)
                                 : new (std::nothrow) IdeChannel(0x170, 0x376, static_cast<u16>(bus + 8), 15);
    if (channel == nullptr || !channel->set_up(dma)) return;
    const bool first = add_drive(*channel, 0, dma, found), second = add_drive(*channel, 1, dma, found);
    if (first || second) ioapic::connect(channel->irq(), interrupt, channel);
  }
}

}  // namespace

void find_ide_disks(IdeTransfer transfer, DiskFound found) {
  for_each_pci_function([transfer, found](const PciFunction& f) {
    if (is_ide(f)) set_up_controller(f, transfer == IdeTransfer::Dma, found);
  });
}

}  // namespace hvlab::drivers
