// IDENTIFY DEVICE (ATA/ATAPI-6, 8.15): what the drive says about itself.
#include <algorithm>

#include "sim/devices/ata_drive.hpp"
#include "sim/devices/identify_words.hpp"

namespace hvlab::devices {

void AtaDrive::identify() {
  const u64 sectors = medium_.capacity() / 512;
  const u64 current = u64{cylinders()} * disk_.heads * disk_.sectors_per_track;
  std::vector<u8>& data = state_.buffer;
  data.assign(512, 0);
  put_word(data, 0, 0x0040);  // a fixed disk
  put_word(data, 1, std::min<u64>(sectors / (16 * 63), 16'383));
  put_word(data, 3, 16);
  put_word(data, 6, 63);
  put_text(data, 10, 10, name_);
  put_text(data, 23, 4, "1.0");
  put_text(data, 27, 20, "HVLab ATA disk");
  put_word(data, 47, 0x8010);  // blocks of up to 16 sectors
  put_word(data, 49, 0x0f00);  // IORDY, LBA, DMA
  put_word(data, 50, 0x4000);
  put_word(data, 51, 0x0200);  // PIO mode 2 without IORDY
  put_word(data, 53, 0x0003);  // words 54 to 58 and 64 to 70 are valid
  put_word(data, 54, cylinders());
  put_word(data, 55, disk_.heads);
  put_word(data, 56, disk_.sectors_per_track);
  put_long(data, 57, current, 2);
  put_word(data, 59, disk_.multiple == 0 ? 0 : 0x0100 | disk_.multiple);
  put_long(data, 60, std::min<u64>(sectors, 0x0fff'ffff), 2);
  put_word(data, 63, 0x0007 | 0x0100u << state_.dma_mode);                     // multiword DMA 0 to 2
  put_word(data, 64, 0x0003);                                                  // PIO modes 3 and 4
  for (const unsigned word : {65u, 66u, 67u, 68u}) put_word(data, word, 120);  // cycle times in ns
  put_word(data, 80, 0x007e);                                                  // ATA-1 to ATA/ATAPI-6
  put_word(data, 82, 0x0068);  // look-ahead, write cache, power management
  put_word(data, 83, 0x7400);  // FLUSH CACHE (EXT), 48-bit address
  put_word(data, 84, 0x4000);
  put_word(data, 85, 0x0048 | (disk_.write_cache ? 0x0020 : 0));
  put_word(data, 86, 0x3400);
  put_word(data, 87, 0x4000);
  put_word(data, 93, 0x4001);  // reset found this drive in order
  put_long(data, 100, sectors, 4);
  put_checksum(data);
  state_.position = state_.block_end = 0;
  state_.phase = Phase::DataIn;
  clock_.arm(event_, clock_.now() + kAtaCommandTime);
}

}  // namespace hvlab::devices
