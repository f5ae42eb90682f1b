// A PIIX3 with a CD drive as primary master, driven the way a driver does it.
#pragma once

#include <cstring>

#include "piix_bench.hpp"

namespace hvlab::test {

using Bytes = std::vector<u8>;

/// A disc whose blocks begin with their number, little-endian.
inline media::DiskImage numbered_disc(u64 blocks) {
  media::DiskImage image = media::DiskImage::blank(blocks * 2048);
  for (u64 block = 0; block < std::min<u64>(blocks, 256); ++block) {
    u8 number[4] = {static_cast<u8>(block), static_cast<u8>(block >> 8), 0, 0};
    image.write(block * 2048, number);
  }
  return image;
}

struct AtapiBench : PiixBench {
  media::DiskMedium disc;

  explicit AtapiBench(u64 blocks = 1000)
      : disc("disc", numbered_disc(blocks), media::load_disk_profile("ram"), clock) {
    ide.plug_cdrom(0, 0, disc);
    switch_on();
  }

  Bytes read_data(size_t bytes) {
    Bytes data;
    while (data.size() < bytes) {
      const u32 value = in(0x1f0, 2);
      data.push_back(static_cast<u8>(value));
      if (data.size() < bytes) data.push_back(static_cast<u8>(value >> 8));
    }
    return data;
  }

  /// Gives a packet to the drive, up to where it has been sent.
  void send(Bytes packet, u16 limit, u8 features = 0) {
    packet.resize(12);
    out(0x1f1, features);
    out(0x1f4, limit & 0xff);
    out(0x1f5, limit >> 8);
    out(0x1f7, 0xa0);
    clock.advance(kMillisecond);
    REQUIRE(in(0x3f6) == 0x58);
    REQUIRE(in(0x1f2) == 1);  // a command, to the drive
    REQUIRE_FALSE(irq14.level);
    for (size_t i = 0; i < 12; i += 2) out(0x1f0, static_cast<u32>(packet[i] | packet[i + 1] << 8), 2);
  }
  /// A packet by PIO: the data that come, and the status at the end.
  struct Answer {
    u8 status;
    Bytes data;
    unsigned interrupts;
  };
  Answer packet(Bytes bytes, u16 limit = 0xfffe) {
    const unsigned before = irq14.rises;
    send(std::move(bytes), limit);
    Answer answer{};
    for (;;) {
      REQUIRE(wait());
      answer.status = static_cast<u8>(in(0x1f7));
      if ((answer.status & 8) == 0) break;
      REQUIRE(in(0x1f2) == 2);  // data, to the host
      const size_t count = in(0x1f4) | in(0x1f5) << 8;
      const Bytes data = read_data(count);
      answer.data.insert(answer.data.end(), data.begin(), data.end());
    }
    CHECK(in(0x1f2) == 3);
    answer.interrupts = irq14.rises - before;
    return answer;
  }
  /// Sense key, code and qualifier as one number.
  u32 sense() {
    const Answer answer = packet({0x03, 0, 0, 0, 18});
    REQUIRE(answer.data.size() == 18);
    CHECK(answer.data[0] == 0x70);
    return answer.data[2] << 16 | answer.data[12] << 8 | answer.data[13];
  }
  /// Past the unit attention of being switched on.
  void settle_in() {
    CHECK(packet({0x00}).status == 0x51);
    CHECK(packet({0x00}).status == 0x50);
  }
};

}  // namespace hvlab::test
