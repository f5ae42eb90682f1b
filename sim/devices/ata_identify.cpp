// IDENTIFY DEVICE (ATA/ATAPI-6, 8.15): what the drive says about itself.
#include <numeric>

#include "sim/devices/ata_drive.hpp"

namespace hvlab::devices {
namespace {

void put_word(std::vector<u8>& data, unsigned word, u64 value) {
  data[2 * word] = static_cast<u8>(value);
  data[2 * word + 1] = static_cast<u8>(value >> 8);
}

void put_long(std::vector<u8>& data, unsigned word, u64 value, unsigned words) {
  for (unsigned i = 0; i < words; ++i) put_word(data, word + i, value >> (16 * i));
}

}  // namespace

/// Texts are padded with blanks, the first of each pair of characters in the high byte (8.15.7).
void AtaDrive::put_text(unsigned word, unsigned words, const std::string& text) {
  for (unsigned i = 0; i < 2 * words; ++i)
    state_.buffer[2 * word + (i ^ 1)] = static_cast<u8>(i < text.size() ? text[i] : ' ');
}

void AtaDrive::identify() {
  const u64 sectors = medium_.capacity() / 512;
  const u64 current = u64{cylinders()} * state_.heads * state_.sectors_per_track;
  std::vector<u8>& data = state_.buffer;
  data.assign(512, 0);
  put_word(data, 0, 0x0040);  // a fixed disk
  put_word(data, 1, std::min<u64>(sectors / (16 * 63), 16'383));
  put_word(data, 3, 16);
  put_word(data, 6, 63);
  put_text(10, 10, name_);
  put_text(23, 4, "1.0");
  put_text(27, 20, "HVLab ATA disk");
  put_word(data, 47, 0x8010);  // blocks of up to 16 sectors
  put_word(data, 49, 0x0f00);  // IORDY, LBA, DMA
  put_word(data, 50, 0x4000);
  put_word(data, 51, 0x0200);  // PIO mode 2 without IORDY
  put_word(data, 53, 0x0003);  // words 54 to 58 and 64 to 70 are valid
  put_word(data, 54, cylinders());
  put_word(data, 55, state_.heads);
  put_word(data, 56, state_.sectors_per_track);
  put_long(data, 57, current, 2);
  put_word(data, 59, state_.multiple == 0 ? 0 : 0x0100 | state_.multiple);
  put_long(data, 60, std::min<u64>(sectors, 0x0fff'ffff), 2);
  put_word(data, 63, 0x0007 | 0x0100u << state_.dma_mode);                     // multiword DMA 0 to 2
  put_word(data, 64, 0x0003);                                                  // PIO modes 3 and 4
  for (const unsigned word : {65u, 66u, 67u, 68u}) put_word(data, word, 120);  // cycle times in ns
  put_word(data, 80, 0x007e);                                                  // ATA-1 to ATA/ATAPI-6
  put_word(data, 82, 0x0068);  // look-ahead, write cache, power management
  put_word(data, 83, 0x7400);  // FLUSH CACHE (EXT), 48-bit address
  put_word(data, 84, 0x4000);
  put_word(data, 85, 0x0048 | (state_.write_cache ? 0x0020 : 0));
  put_word(data, 86, 0x3400);
  put_word(data, 87, 0x4000);
  put_word(data, 93, 0x4001);  // reset found this drive in order
  put_long(data, 100, sectors, 4);
  put_word(data, 255, 0x00a5);
  data[511] = static_cast<u8>(-std::accumulate(data.begin(), data.end() - 1, 0));
  state_.position = state_.block_end = 0;
  state_.phase = Phase::DataIn;
  clock_.arm(event_, clock_.now() + kAtaCommandTime);
}

}  // namespace hvlab::devices
