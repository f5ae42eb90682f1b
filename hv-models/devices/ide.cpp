#include "hv-models/devices/ide.hpp"

#include "hv-models/devices/pieces.hpp"

namespace hvlab::devices {
namespace {

enum : unsigned { kData, kErrorOrFeatures, kCount, kLow, kMiddle, kHigh, kDevice, kStatusOrCommand };
constexpr u8 kBusy = 0x80, kReady = 0x40, kSeekDone = 0x10, kDataRequest = 0x08, kErrorBit = 0x01;
constexpr u8 kAborted = 0x04, kNotFound = 0x10;
constexpr u8 kNoInterrupt = 0x02, kReset = 0x04;  // device control
constexpr u8 kLba = 0x40;
constexpr u8 kBusStart = 0x01, kBusToMemory = 0x08;
constexpr u8 kBusActive = 0x01, kBusError = 0x02, kBusInterrupt = 0x04, kBusCapable = 0x60;

enum Command : u8 {
  kRecalibrate = 0x10,
  kReadSectors = 0x20,
  kWriteSectors = 0x30,
  kReadVerify = 0x40,
  kInitializeParameters = 0x91,
  kReadDma = 0xc8,
  kWriteDma = 0xca,
  kStandbyImmediate = 0xe0,
  kIdleImmediate = 0xe1,
  kCheckPower = 0xe5,
  kFlushCache = 0xe7,
  kIdentify = 0xec,
  kSetFeatures = 0xef
};

void put_text(u8* words, const char* text, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) {
    words[i ^ 1] = static_cast<u8>(*text != 0 ? *text++ : ' ');  // two characters a word, the first one high
  }
}

void put_word(u8* buffer, unsigned word, u32 value) {
  buffer[2 * word] = static_cast<u8>(value);
  buffer[2 * word + 1] = static_cast<u8>(value >> 8);
}

}  // namespace

Ide::Ide(const GuestMemory& memory, const Line& line, const DiskBackend& disk)
    : memory_(memory), line_(line), disk_(disk), pci_(0x8086, 0x7010, 0x01018000) {
  pci_.add_ports(kBusMasterBar, kBusMasterPorts, 0xc000);
  job_.model = this;
  job_.done = [](DiskJob& job) { static_cast<Ide*>(job.model)->finished(); };
}

u8 Ide::status() const {
  if (!is_present()) return 0;
  if (phase_ == Phase::Busy) return kBusy;
  u8 value = kReady | kSeekDone | (failed_ ? kErrorBit : 0);
  if (phase_ == Phase::DataIn || phase_ == Phase::DataOut) value |= kDataRequest;
  if (phase_ == Phase::DmaArmed) value = kBusy;
  return value;
}

void Ide::interrupt() {
  bus_status_ |= kBusInterrupt;
  asserted_ = true;
  if ((control_ & kNoInterrupt) == 0) line_.set(true);
}

u32 Ide::read(unsigned reg, unsigned bytes) {
  if (reg == kData) {
    u32 value = word_in();
    if (bytes == 4) value |= u32{word_in()} << 16;
    return value;
  }
  switch (reg) {
    case kErrorOrFeatures: return error_;
    case kCount: return count_;
    case kLow: return low_;
    case kMiddle: return middle_;
    case kHigh: return high_;
    case kDevice: return device_ | 0xa0;
    default:
      asserted_ = false;
      line_.set(false);
      return status();
  }
}

void Ide::write(unsigned reg, u32 value, unsigned bytes) {
  const u8 byte = static_cast<u8>(value);
  if (reg == kData) {
    word_out(static_cast<u16>(value));
    if (bytes == 4) word_out(static_cast<u16>(value >> 16));
    return;
  }
  if (phase_ == Phase::Busy) return;
  switch (reg) {
    case kErrorOrFeatures: features_ = byte; break;
    case kCount: count_ = byte; break;
    case kLow: low_ = byte; break;
    case kMiddle: middle_ = byte; break;
    case kHigh: high_ = byte; break;
    case kDevice: device_ = byte; break;
    default:
      asserted_ = false;
      line_.set(false);
      if (is_present()) start(byte);
  }
}

void Ide::write_control(u8 value) {
  if ((control_ & kReset) != 0 && (value & kReset) == 0 && phase_ != Phase::Busy) reset();
  control_ = value;
  line_.set(asserted_ && (control_ & kNoInterrupt) == 0);
}

// The signature of a disk (ATA/ATAPI-6, 9.12).
void Ide::reset() {
  phase_ = Phase::Idle;
  failed_ = false;
  count_ = low_ = error_ = 1;
  middle_ = high_ = device_ = 0;
  asserted_ = false;
  line_.set(false);
}

void Ide::abort() {
  failed_ = true;
  error_ = kAborted;
  phase_ = Phase::Idle;
  interrupt();
}

void Ide::start(u8 command) {
  failed_ = false;
  error_ = 0;
  switch (command) {
    case kReadSectors:
    case kReadSectors + 1: begin_pio(false); break;
    case kWriteSectors:
    case kWriteSectors + 1: begin_pio(true); break;
    case kReadDma:
    case kReadDma + 1:
      dma_write_ = false;
      begin_dma();
      break;
    case kWriteDma:
    case kWriteDma + 1:
      dma_write_ = true;
      begin_dma();
      break;
    case kIdentify: identify(); break;
    case kSetFeatures: set_features(); break;
    case kFlushCache:
      left_ = 0;
      job_.count = 0;
      submit(DiskJob::Kind::Flush, 0);
      break;
    case kCheckPower:
      count_ = 0xff;
      interrupt();
      break;
    case kRecalibrate:
    case kReadVerify:
    case kInitializeParameters:
    case kStandbyImmediate:
    case kIdleImmediate: interrupt(); break;
    default: abort();
  }
}

// The range of the command, in LBA mode; 0 sectors mean 256.
bool Ide::take_range(u32 most) {
  sector_ = low_ | u64{middle_} << 8 | u64{high_} << 16 | u64{device_ & 15u} << 24;
  left_ = count_ == 0 ? 256 : count_;
  dma_ = false;
  if ((device_ & kLba) == 0 || left_ > most) return abort(), false;
  if (sector_ >= disk_.sectors || left_ > disk_.sectors - sector_) {
    failed_ = true;
    error_ = kNotFound;
    interrupt();
    return false;
  }
  return true;
}

void Ide::begin_pio(bool write) {
  if (!take_range(256)) return;
  used_ = 0;
  if (!write) return fill_chunk();
  filled_ = (left_ < kChunk ? left_ : kChunk) * kSectorBytes;
  phase_ = Phase::DataOut;  // the first sector is asked for without an interrupt
}

void Ide::submit(DiskJob::Kind kind, u64 sector) {
  phase_ = Phase::Busy;
  job_.kind = kind;
  job_.sector = sector;
  job_.failed = false;
  disk_.start(disk_.context, job_);
}

void Ide::fill_chunk() {
  filled_ = (left_ < kChunk ? left_ : kChunk) * kSectorBytes;
  job_.pieces[0] = {buffer_, filled_};
  job_.count = 1;
  submit(DiskJob::Kind::Read, sector_);
}

void Ide::flush_chunk() {
  job_.pieces[0] = {buffer_, filled_};
  job_.count = 1;
  submit(DiskJob::Kind::Write, sector_);
}

void Ide::finished() {
  if (job_.failed || dma_ || job_.kind == DiskJob::Kind::Flush) return finish(job_.failed);
  if (job_.kind == DiskJob::Kind::Read) {
    used_ = 0;
    phase_ = Phase::DataIn;
    return interrupt();
  }
  sector_ += filled_ / kSectorBytes;
  left_ -= filled_ / kSectorBytes;
  if (left_ == 0) return finish(false);
  used_ = 0;
  filled_ = (left_ < kChunk ? left_ : kChunk) * kSectorBytes;
  phase_ = Phase::DataOut;
  interrupt();
}

void Ide::finish(bool failed) {
  failed_ = failed;
  error_ = failed ? kAborted : 0;
  phase_ = Phase::Idle;
  if (dma_) bus_status_ = static_cast<u8>((bus_status_ & ~kBusActive) | (failed ? kBusError : 0));
  dma_ = false;
  interrupt();
}

u16 Ide::word_in() {
  if (phase_ != Phase::DataIn) return 0xffff;
  const u16 word = static_cast<u16>(buffer_[used_] | buffer_[used_ + 1] << 8);
  used_ += 2;
  if (used_ % kSectorBytes != 0) return word;
  ++sector_;
  if (left_ > 0) --left_;
  if (used_ < filled_) {
    interrupt();  // one for each sector (ATA/ATAPI-6, 9.5)
  } else if (left_ == 0) {
    phase_ = Phase::Idle;
  } else {
    fill_chunk();
  }
  return word;
}

void Ide::word_out(u16 word) {
  if (phase_ != Phase::DataOut) return;
  buffer_[used_] = static_cast<u8>(word);
  buffer_[used_ + 1] = static_cast<u8>(word >> 8);
  used_ += 2;
  if (used_ == filled_) return flush_chunk();
  if (used_ % kSectorBytes == 0) interrupt();
}

// The words that drivers look at: geometry, what it can, how large it is (ATA/ATAPI-6, table 26).
void Ide::identify() {
  for (u8& byte : buffer_) byte = 0;
  const u32 sectors = static_cast<u32>(disk_.sectors < 0x0fff'ffff ? disk_.sectors : 0x0fff'ffff);
  const u32 cylinders = sectors / (16 * 63) < 16383 ? sectors / (16 * 63) : 16383;
  put_word(buffer_, 0, 0x0040);
  put_word(buffer_, 1, cylinders);
  put_word(buffer_, 3, 16);
  put_word(buffer_, 6, 63);
  put_text(buffer_ + 20, "HV0001", 20);
  put_text(buffer_ + 46, "1.0", 8);
  put_text(buffer_ + 54, "HVLab virtual disk", 40);
  put_word(buffer_, 49, 0x0300);  // LBA, DMA
  put_word(buffer_, 53, 0x0002);
  put_word(buffer_, 60, sectors & 0xffff);
  put_word(buffer_, 61, sectors >> 16);
  put_word(buffer_, 63, 0x0407);  // multiword DMA 0 to 2, mode 2 active
  put_word(buffer_, 64, 0x0003);
  put_word(buffer_, 80, 0x0070);
  put_word(buffer_, 82, 0x0020);
  put_word(buffer_, 83, 0x5000);  // FLUSH CACHE
  put_word(buffer_, 86, 0x1000);
  left_ = 1;
  filled_ = kSectorBytes;
  used_ = 0;
  phase_ = Phase::DataIn;
  interrupt();
}

void Ide::set_features() {
  constexpr u8 kTransferMode = 0x03, kWriteCacheOn = 0x02, kWriteCacheOff = 0x82;
  if (features_ != kTransferMode && features_ != kWriteCacheOn && features_ != kWriteCacheOff) return abort();
  interrupt();
}

// A DMA command and the bus master's start come in either order.
void Ide::begin_dma() {
  if (!take_range(256)) return;
  dma_ = true;
  phase_ = Phase::DmaArmed;
  if ((bus_command_ & kBusStart) == 0) return;
  if (!gather()) {
    bus_status_ |= kBusError;
    return finish(true);
  }
  bus_status_ |= kBusActive;
  submit(dma_write_ ? DiskJob::Kind::Write : DiskJob::Kind::Read, sector_);
}

// The table of regions that the bus master reads ("Programming Interface for Bus Master IDE
// Controller", 1.2): as many bytes as the command moves.
bool Ide::gather() {
  u64 wanted = u64{left_} * kSectorBytes;
  PieceList list{job_.pieces, DiskJob::kMostPieces};
  for (u32 entry = bus_table_; wanted > 0; entry += 8) {
    const u8* at = memory_.at(entry, 8);
    if (at == nullptr || !pci_.is_master()) return false;
    u32 words[2];
    __builtin_memcpy(words, at, sizeof words);
    const u32 length = (words[1] & 0xfffe) == 0 ? 0x1'0000 : words[1] & 0xfffe;
    const u32 part = length < wanted ? length : static_cast<u32>(wanted);
    if (!list.add(memory_, words[0] & ~1u, part)) return false;
    wanted -= part;
    if ((words[1] & 0x8000'0000) != 0) break;
  }
  job_.count = list.count;
  return wanted == 0;
}

u32 Ide::read_bus_master(unsigned reg, unsigned bytes) const {
  switch (reg) {
    case 0: return bytes == 4 ? bus_command_ | u32{bus_status_} << 16 : bus_command_;
    case 2: return bus_status_;
    case 4: return bus_table_;
    default: return 0;
  }
}

void Ide::write_bus_master(unsigned reg, u32 value, unsigned bytes) {
  switch (reg) {
    case 0: {
      const bool starts = (value & kBusStart) != 0 && (bus_command_ & kBusStart) == 0;
      bus_command_ = static_cast<u8>(value & (kBusStart | kBusToMemory));
      if (starts && phase_ == Phase::DmaArmed) begin_dma();
      if ((value & kBusStart) == 0 && phase_ != Phase::Busy) bus_status_ &= static_cast<u8>(~kBusActive);
      break;
    }
    case 2: {
      const u8 cleared = static_cast<u8>(value & (kBusError | kBusInterrupt));
      bus_status_ = static_cast<u8>((bus_status_ & ~cleared & ~kBusCapable) | (value & kBusCapable));
      break;
    }
    case 4:
      if (bytes == 4) bus_table_ = value & ~3u;
      break;
    default: break;
  }
}

}  // namespace hvlab::devices
