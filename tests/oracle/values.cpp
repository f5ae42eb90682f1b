#include "values.hpp"

#include <cstring>
#include <iterator>

namespace hvlab::oracle {

u64 Random::next() {
  u64 z = (state_ += 0x9E37'79B9'7F4A'7C15);
  z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
  z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
  return z ^ (z >> 31);
}

u64 integer(Random& random) {
  constexpr u64 kCorners[] = {0,
                              1,
                              2,
                              ~u64{0},
                              0x7F,
                              0x80,
                              0xFF,
                              0x7FFF,
                              0x8000,
                              0xFFFF,
                              0x7FFF'FFFF,
                              0x8000'0000,
                              0xFFFF'FFFF,
                              0x1'0000'0000,
                              0x7FFF'FFFF'FFFF'FFFF,
                              0x8000'0000'0000'0000};
  switch (random.below(6)) {
    case 0: return kCorners[random.below(std::size(kCorners))];
    case 1: return random.below(256);
    case 4: return kCode + 0x10 + random.below(0x400);  // somewhere to jump to
    case 2: return ~u64{0} - random.below(256);
    case 3: return random.next() & random.next();
    default: return random.next();
  }
}

u32 single_precision(Random& random) {
  constexpr u32 kCorners[] = {0,           0x8000'0000, 0x3F80'0000, 0xBF80'0000, 0x7F80'0000, 0xFF80'0000,
                              0x7FC0'0001, 0xFFC1'2345, 0x7F80'0001, 0xFF81'0000, 1,           0x8000'0001,
                              0x007F'FFFF, 0x0080'0000, 0x807F'FFFF, 0x7F7F'FFFF, 0xFF7F'FFFF, 0x3F00'0000,
                              0x3FC0'0000, 0x4F00'0000, 0xCF00'0000, 0x4EFF'FFFF, 0x5F00'0000};
  switch (random.below(4)) {
    case 0: return kCorners[random.below(std::size(kCorners))];
    case 1: return random.next32();
    case 2: return static_cast<u32>((random.next() & 0x807F'FFFF) | ((118 + random.below(20)) << 23));
    default: {
      const float value = static_cast<float>(static_cast<i64>(random.below(4096)) - 2048) / 4;
      u32 bits;
      std::memcpy(&bits, &value, sizeof bits);
      return bits;
    }
  }
}

u64 double_precision(Random& random) {
  constexpr u64 kSign = u64{1} << 63, kInfinity = u64{0x7FF} << 52;
  constexpr u64 kCorners[] = {0,
                              kSign,
                              u64{0x3FF} << 52,
                              kSign | u64{0x3FF} << 52,
                              kInfinity,
                              kSign | kInfinity,
                              kInfinity | bit(51) | 1,
                              kSign | kInfinity | bit(51) | 0x2345,
                              kInfinity | 1,
                              kSign | kInfinity | bit(44),
                              1,
                              kSign | 1,
                              bit(52) - 1,
                              bit(52),
                              kInfinity - 1,
                              u64{0x3FE} << 52,
                              u64{0x41E} << 52,
                              u64{0xC1E} << 52,
                              u64{0x43E} << 52,
                              0x41DF'FFFF'FFE0'0000,
                              0x47EF'FFFF'F000'0000,
                              0x3690'0000'0000'0000,
                              0x380F'FFFF'FFFF'FFFF};
  switch (random.below(5)) {
    case 0: return kCorners[random.below(std::size(kCorners))];
    case 1: return random.next();
    case 2: return (random.next() & (kSign | low_mask(52))) | ((1013 + random.below(24)) << 52);
    case 3: return (random.next() & (kSign | low_mask(52) << 29)) | ((890 + random.below(270)) << 52);
    default: {
      const double value = static_cast<double>(static_cast<i64>(random.below(4096)) - 2048) / 4;
      u64 bits;
      std::memcpy(&bits, &value, sizeof bits);
      return bits;
    }
  }
}

FxImage::Slot extended_precision(Random& random) {
  constexpr u64 kInteger = u64{1} << 63;
  const u16 sign = static_cast<u16>(random.next8() & 1 ? 0x8000 : 0);
  const auto slot = [&](u64 significand, u64 exponent) {
    return FxImage::Slot{significand, static_cast<u16>(sign | exponent), {}};
  };
  switch (random.below(12)) {
    case 0: return slot(0, 0);
    case 1: return slot(kInteger, 0x7FFF);
    case 2: return slot(kInteger | bit(62) | random.below(8), 0x7FFF);             // quiet
    case 3: return slot((kInteger | (random.next() & low_mask(62))) | 1, 0x7FFF);  // signalling
    case 4: return slot(random.next() & low_mask(63), 0);                          // denormal
    case 5: return slot(kInteger | random.next(), random.below(3));  // pseudo-denormal and close
    case 6: return slot(random.next(), random.below(0x8000));        // often not supported
    case 7: return slot(kInteger | random.next(), random.below(0x7FFF));
    case 8: return slot(kInteger, 0x3FFF + random.below(70) - 4);  // powers of two
    case 9: return slot(kInteger | random.next() << 40, 0x3FFF + random.below(20));
    default: return slot(kInteger | random.next(), 0x3FFF + random.below(40) - 20);
  }
}

void fill(Random& random, u8* to, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 16) {
    u64 words[2] = {};
    switch (random.below(4)) {
      case 0:
        for (u64& w : words) w = integer(random);
        break;
      case 1:
        for (u64& w : words) w = single_precision(random) | u64{single_precision(random)} << 32;
        break;
      case 2:
        for (u64& w : words) w = double_precision(random);
        break;
      default: {
        const FxImage::Slot slot = extended_precision(random);
        words[0] = slot.significand;
        words[1] = slot.sign_exponent;
      }
    }
    std::memcpy(to + at, words, 16);
  }
}

namespace {

u32 random_mxcsr(Random& random) {
  u32 value = 0x1F80;
  if (random.one_in(8)) value &= random.next32() | ~0x1F80u;  // some exceptions unmasked
  value |= static_cast<u32>(random.below(4) << 13);
  if (random.one_in(4)) value |= 0x40;
  if (random.one_in(4)) value |= 0x8000;
  if (random.one_in(8)) value |= random.next32() & 0x3F;
  return value;
}

void fill_x87(Random& random, FxImage& fx) {
  constexpr u16 kPrecision[] = {0x300, 0x300, 0x200, 0};
  fx.control = static_cast<u16>(0x7F | kPrecision[random.below(4)] | random.below(4) << 10);
  if (random.one_in(8)) fx.control = static_cast<u16>(fx.control & (random.next32() | 0xFFC0));
  fx.status = static_cast<u16>(random.below(8) << 11);
  if (random.one_in(4)) fx.status = static_cast<u16>(fx.status | (random.next32() & 0x4700));
  if (random.one_in(8)) fx.status = static_cast<u16>(fx.status | (random.next32() & 0x7F));
  // ES and B follow the unmasked exceptions (SDM vol. 1, 8.1.3.3).
  if (fx.status & ~fx.control & 0x3F) fx.status |= 0x8080;
  fx.valid = random.one_in(4) ? random.next8() : u8{0xFF};
  if (random.one_in(8)) fx.valid = 0;
  for (auto& st : fx.st) st = extended_precision(random);
}

}  // namespace

void fill(Random& random, Registers& r) {
  constexpr u64 kStatus = 0x8D5, kTf = 0x100, kDf = 0x400;
  for (u64& g : r.gpr) g = integer(random);
  r.rflags = 0x202 | (random.next() & kStatus);
  if (random.one_in(5)) r.rflags |= kDf;
  if (random.one_in(10)) r.rflags |= kTf;
  fill(random, reinterpret_cast<u8*>(r.fx.xmm), sizeof r.fx.xmm);
  if (random.one_in(8)) std::memcpy(r.fx.xmm[2], r.fx.xmm[1], 16);
  r.fx.mxcsr = random_mxcsr(random);
  fill_x87(random, r.fx);
}

}  // namespace hvlab::oracle
