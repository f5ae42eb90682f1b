#include "sim/devices/fw_cfg.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/base/bits.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::devices {
namespace {

constexpr u16 kSignature = 0x00;
constexpr u16 kFeatures = 0x01;
constexpr u16 kDirectory = 0x19;
constexpr u16 kFirstFile = 0x20;
constexpr u16 kKeyMask = 0xBFFF;  // bit 14 once meant "write"; with bit 15 keys are an architecture's own
constexpr size_t kMaxFiles = 992;
constexpr size_t kNameBytes = 56;

constexpr u64 kDmaSignature = 0x5145'4D55'2043'4647;  // "QEMU CFG"
constexpr u32 kDmaError = 0x01;
constexpr u32 kDmaRead = 0x02;
constexpr u32 kDmaSkip = 0x04;
constexpr u32 kDmaSelect = 0x08;
constexpr u32 kDmaWrite = 0x10;

template <class Integer>
std::vector<u8> little_endian(Integer value) {
  std::vector<u8> bytes(sizeof value);
  for (unsigned i = 0; i < sizeof value; ++i) bytes[i] = static_cast<u8>(value >> (8 * i));
  return bytes;
}

void append_big_endian(std::vector<u8>& to, u64 value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) to.push_back(static_cast<u8>(value >> (8 * i)));
}

u64 big_endian(const u8* from, unsigned bytes) {
  u64 value = 0;
  for (unsigned i = 0; i < bytes; ++i) value = value << 8 | from[i];
  return value;
}

}  // namespace

FwCfg::FwCfg(Dma& dma, observe::DeviceProbe probe)
    : dma_(dma),
      probe_(probe),
      ports_(*this, &FwCfg::read, &FwCfg::write),
      dma_ports_(*this, &FwCfg::read_dma, &FwCfg::write_dma) {
  set_item(kSignature, {'Q', 'E', 'M', 'U'});
  set_item_u32(kFeatures, 0x3);  // ports and DMA
  update_directory();
}

// --- Contents
// ------------------------------------------------------------------------------------------------------

void FwCfg::set_item(u16 key, std::vector<u8> bytes) { items_[key & kKeyMask] = std::move(bytes); }
void FwCfg::set_item_u16(u16 key, u16 value) { set_item(key, little_endian(value)); }
void FwCfg::set_item_u32(u16 key, u32 value) { set_item(key, little_endian(value)); }
void FwCfg::set_item_u64(u16 key, u64 value) { set_item(key, little_endian(value)); }

void FwCfg::set_file(const std::string& name, std::vector<u8> bytes) {
  if (name.empty() || name.size() >= kNameBytes) {
    throw UserError("fw_cfg file '" + name + "': give a name of 1 to 55 characters");
  }
  const u32 size = static_cast<u32>(bytes.size());
  const auto [file, added] = files_.try_emplace(name, File{});
  if (added) {
    if (files_.size() > kMaxFiles) throw UserError("fw_cfg file '" + name + "': at most 992 files");
    file->second.key = static_cast<u16>(kFirstFile + files_.size() - 1);
  }
  file->second.size = size;
  set_item(file->second.key, std::move(bytes));
  update_directory();
}

// The directory: a count, then size, key, 2 reserved bytes and the name of each file; numbers big-endian.
void FwCfg::update_directory() {
  std::vector<u8> bytes;
  append_big_endian(bytes, files_.size(), 4);
  for (const auto& [name, file] : files_) {
    append_big_endian(bytes, file.size, 4);
    append_big_endian(bytes, file.key, 2);
    append_big_endian(bytes, 0, 2);
    bytes.insert(bytes.end(), name.begin(), name.end());
    bytes.insert(bytes.end(), kNameBytes - name.size(), 0);
  }
  set_item(kDirectory, std::move(bytes));
}

const std::vector<u8>& FwCfg::selected() const {
  static const std::vector<u8> kNone;
  const auto item = items_.find(state_.key);
  return item == items_.end() ? kNone : item->second;
}

// --- Ports
// ---------------------------------------------------------------------------------------------------------

void FwCfg::select(u16 key) {
  state_.key = key & kKeyMask;
  state_.offset = 0;
}

u8 FwCfg::next_byte() {
  const std::vector<u8>& item = selected();
  return state_.offset < item.size() ? item[state_.offset++] : u8{0};
}

u64 FwCfg::read(u64 offset, unsigned size) {
  if (offset != 1 || size != 1) return low_mask(8 * size);
  return next_byte();
}

void FwCfg::write(u64 offset, unsigned size, u64 value) {
  if (offset == 0 && size == 2) select(static_cast<u16>(value));
}

u64 FwCfg::read_dma(u64 offset, unsigned size) {
  u64 value = 0;
  for (unsigned i = 0; i < size; ++i) {
    const u64 byte = offset + i < 8 ? bits(kDmaSignature, static_cast<unsigned>(63 - 8 * (offset + i)),
                                           static_cast<unsigned>(56 - 8 * (offset + i)))
                                    : 0xFF;
    value |= byte << (8 * i);
  }
  return value;
}

// The address of a control block, high half first; the low half starts the transfer.
void FwCfg::write_dma(u64 offset, unsigned size, u64 value) {
  if (offset == 0 && size == 8) {
    state_.dma_address = __builtin_bswap64(value);
  } else if (offset == 0 && size == 4) {
    state_.dma_address = u64{__builtin_bswap32(static_cast<u32>(value))} << 32;
    return;
  } else if (offset == 4 && size == 4) {
    state_.dma_address |= __builtin_bswap32(static_cast<u32>(value));
  } else {
    return;
  }
  run_dma();
  state_.dma_address = 0;
}

void FwCfg::run_dma() {
  std::array<u8, 16> block{};
  dma_.read(state_.dma_address, block.data(), block.size());
  const u32 control = static_cast<u32>(big_endian(&block[0], 4));
  const u32 length = static_cast<u32>(big_endian(&block[4], 4));
  if ((control & kDmaSelect) != 0) select(static_cast<u16>(control >> 16));
  u32 result = 0;
  if ((control & kDmaRead) != 0) {
    transfer(big_endian(&block[8], 8), length);
  } else if ((control & kDmaWrite) != 0) {
    result = kDmaError;  // no item can be written
  } else if ((control & kDmaSkip) != 0) {
    state_.offset += static_cast<u32>(
        std::min<u64>(length, selected().size() - std::min<u64>(state_.offset, selected().size())));
  }
  const std::array<u8, 4> done = {0, 0, 0, static_cast<u8>(result)};
  dma_.write(state_.dma_address, done.data(), done.size());
}

// Beyond the item's end the guest gets zeroes.
void FwCfg::transfer(u64 address, u32 length) {
  const std::vector<u8>& item = selected();
  const u64 left = item.size() - std::min<u64>(state_.offset, item.size());
  const u32 from_item = static_cast<u32>(std::min<u64>(length, left));
  probe_.report(observe::EventKind::DmaWrite, address, length);
  if (from_item != 0) dma_.write(address, item.data() + state_.offset, from_item);
  state_.offset += from_item;
  constexpr std::array<u8, 4096> kZeroes{};
  for (u64 done = from_item; done < length; done += kZeroes.size()) {
    dma_.write(address + done, kZeroes.data(),
               static_cast<size_t>(std::min<u64>(kZeroes.size(), length - done)));
  }
}

}  // namespace hvlab::devices
