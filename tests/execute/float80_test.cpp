// The x87 functions that are computed here, against the host's instructions: the same exceptions and, of
// transcendentals, results within one unit in the last place.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "host_float80.hpp"
#include "sim/execute/float80.hpp"

namespace hvlab::test {
namespace {

using cpu::Float80;
using namespace execute::x87;  // the functions under test

constexpr u16 kMasked = 0x037F, kExceptions = 0x3F, kC1 = 0x200, kC2 = 0x400, kConditions = 0x4700;
constexpr u64 kTop = u64{1} << 63;
constexpr u16 kControls[] = {0x037F, 0x077F, 0x0B7F, 0x0F7F};

struct Random {
  u64 state;
  u64 next() {
    u64 z = (state += 0x9E37'79B9'7F4A'7C15);
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
    return z ^ (z >> 31);
  }
  /// A normal number with exponent low..high.
  Float80 number(int low, int high, bool any_sign = true) {
    const auto exponent = low + static_cast<int>(next() % static_cast<u64>(high - low + 1));
    const u64 sign = any_sign ? next() & 0x8000 : 0, runs = next();
    u64 significand = next() | kTop;
    if (runs % 4 == 0) significand &= ~u64{0} << (runs >> 8) % 64;  // numbers with few bits
    return {significand | kTop, static_cast<u16>(sign | static_cast<u64>(exponent + 16383))};
  }
};

std::string text(const Float80& a) {
  char s[32];
  std::snprintf(s, sizeof s, "%04X:%016llX", a.sign_exponent, static_cast<unsigned long long>(a.significand));
  return s;
}

bool same(const Float80& a, const Float80& b) {
  return a.significand == b.significand && a.sign_exponent == b.sign_exponent;
}

/// Same sign, and neighbours at most. Numbers of one sign are ordered as integers (denormal and exponent 1
/// alike).
bool close(const Float80& a, const Float80& b) {
  if (same(a, b)) return true;
  if ((a.sign_exponent ^ b.sign_exponent) & 0x8000) return false;
  const auto order = [](const Float80& x) {
    const unsigned exponent = x.sign_exponent & 0x7FFF;
    return (static_cast<unsigned __int128>(exponent == 0 ? 0 : exponent - 1) << 63) + x.significand;
  };
  const auto x = order(a), y = order(b);
  return (x > y ? x - y : y - x) <= 1;
}

/// Every class of encoding, with the borders between them.
std::vector<Float80> specials() {
  std::vector<Float80> list;
  for (const u16 sign : {u16{0}, u16{0x8000}}) {
    for (const Float80& a : std::initializer_list<Float80>{{0, 0},
                                                           {1, 0},
                                                           {5, 0},
                                                           {kTop - 1, 0},
                                                           {kTop, 0},
                                                           {kTop + 5, 0},
                                                           {kTop, 1},
                                                           {kTop + 1, 1},
                                                           {kTop, 0x3FBF},
                                                           {kTop, 0x3FFE},
                                                           {kTop, 0x3FFF},
                                                           {kTop + 1, 0x3FFF},
                                                           {kTop, 0x4000},
                                                           {0xC90F'DAA2'2168'C235, 0x4000},
                                                           {kTop + 99, 0x403D},
                                                           {kTop, 0x403E},
                                                           {kTop, 0x7FFE},
                                                           {~u64{0}, 0x7FFE},
                                                           {kTop, 0x7FFF},
                                                           {kTop + 7, 0x7FFF},
                                                           {kTop + 9, 0x7FFF},
                                                           {0xC000'0000'0000'0000, 0x7FFF},
                                                           {0xC000'0000'0000'0003, 0x7FFF},
                                                           {1, 0x7FFF},
                                                           {0, 0x7FFF},
                                                           {1, 0x4000},
                                                           {kTop / 2, 0x4000}})
      list.push_back({a.significand, static_cast<u16>(a.sign_exponent | sign)});
  }
  return list;
}

bool withholds(u16 control, u16 status) { return (status & ~control & 7) != 0; }

using Unary = u16 (*)(u16, const Float80&, Float80&);
using Binary = u16 (*)(u16, const Float80&, const Float80&, Float80&);

struct UnaryCase {
  const char* name;
  Unary ours, host;
  int low, high;  // exponents of the domain
};
const UnaryCase kUnary[] = {{"fsin", fsin, host_fsin, -80, 62},
                            {"fcos", fcos, host_fcos, -80, 62},
                            {"f2xm1", f2xm1, host_f2xm1, -80, -1}};

/// Compares one call; `mask` are the status bits that must agree.
template <class Ours, class Host, class... Operands>
void compare(const char* name, u16 control, u16 mask, bool exactly, Ours ours, Host host,
             const Operands&... a) {
  Float80 r{}, h{};
  const u16 status = ours(control, a..., r), expected = host(control, a..., h);
  const bool value = withholds(control, expected) || (exactly ? same(r, h) : close(r, h));
  // Results a unit apart lie on both sides of the smallest normal number: whether that is an underflow
  // differs.
  constexpr u16 kUnderflow = 0x10;
  bool edge = (r.sign_exponent & 0x7FFF) <= 1 || (h.sign_exponent & 0x7FFF) <= 1;
  ((edge = edge || (a.sign_exponent & 0x7FFF) <= 1), ...);
  if (!exactly && edge) mask &= static_cast<u16>(~kUnderflow);
  if ((status & mask) == (expected & mask) && value) return;
  std::string operands;
  ((operands += " " + text(a)), ...);
  INFO(name << operands << " control " << std::hex << control << ": " << text(r) << " status " << status
            << ", host " << text(h) << " status " << (expected & 0xC7FF));
  CHECK((status & mask) == (expected & mask));
  CHECK(value);
}

TEST_CASE("sine, cosine, 2^x - 1: the host's exceptions, and results within a unit", "[float80]") {
  Random random{1};
  for (const UnaryCase& c : kUnary) {
    for (const int control : {0x037F, 0x077F, 0x0B7F, 0x0F7F, 0x036F, 0x037D, 0x037E, 0x0340})
      for (const Float80& a : specials())
        compare(c.name, static_cast<u16>(control), kExceptions | kC2, false, c.ours, c.host, a);
    for (int n = 0; n < 4000; ++n)
      compare(c.name, kControls[n % 4], kExceptions | kC2, false, c.ours, c.host,
              random.number(c.low, c.high));
  }
}

TEST_CASE("FSINCOS and FPTAN: both results as the host's", "[float80]") {
  Random random{2};
  std::vector<Float80> operands = specials();
  for (int n = 0; n < 3000; ++n) operands.push_back(random.number(-80, 62));
  for (const u16 control : {u16{0x037F}, u16{0x0F7F}, u16{0x036F}, u16{0x0340}})
    for (const Float80& a : operands) {
      const auto second_only = [](auto f) {
        return [f](u16 c, const Float80& x, Float80& r) {
          Float80 first{};
          return f(c, x, first, r);
        };
      };
      const auto first_only = [](auto f) {
        return [f](u16 c, const Float80& x, Float80& r) {
          Float80 second{};
          return f(c, x, r, second);
        };
      };
      compare("fsincos (sine)", control, kExceptions | kC2, false, first_only(fsincos),
              first_only(host_fsincos), a);
      compare("fsincos (cosine)", control, kExceptions | kC2, false, second_only(fsincos),
              second_only(host_fsincos), a);
      compare("fptan (tangent)", control, kExceptions | kC2, false, first_only(fptan), first_only(host_fptan),
              a);
      compare("fptan (1.0)", control, kExceptions | kC2, true, second_only(fptan), second_only(host_fptan),
              a);
    }
}

TEST_CASE("Logarithms and arc tangent: the tables of the manual", "[float80]") {
  for (const u16 control : {u16{0x037F}, u16{0x0B7F}, u16{0x036F}, u16{0x037D}, u16{0x0340}})
    for (const Float80& a : specials())
      for (const Float80& b : specials()) {
        compare("fyl2x", control, kExceptions, false, fyl2x, host_fyl2x, a, b);
        compare("fpatan", control, kExceptions, false, fpatan, host_fpatan, a, b);
        const int exponent = a.sign_exponent & 0x7FFF;
        if (exponent < 0x3FFD ||
            (exponent == 0x7FFF && a.significand > kTop))  // elsewhere the manual defines nothing
          compare("fyl2xp1", control, kExceptions, false, fyl2xp1, host_fyl2xp1, a, b);
      }
}

TEST_CASE("Logarithms and arc tangent: within a unit", "[float80]") {
  Random random{3};
  for (int n = 0; n < 8000; ++n) {
    const u16 control = kControls[n % 4];
    const int range = n % 3 == 0 ? 16300 : n % 3 == 1 ? 70 : 3;
    compare("fyl2x", control, kExceptions, false, fyl2x, host_fyl2x, random.number(-range, range, false),
            random.number(-range, range));
    compare("fyl2xp1", control, kExceptions, false, fyl2xp1, host_fyl2xp1,
            random.number(-std::min(range, 9000), -3), random.number(-range / 3, range));
    compare("fpatan", control, kExceptions, false, fpatan, host_fpatan, random.number(-range, range),
            random.number(-range, range));
  }
}

TEST_CASE("Partial remainders are the host's to the last bit", "[float80]") {
  Random random{4};
  constexpr u16 kAll = kExceptions | kConditions;
  for (const u16 control : {u16{0x037F}, u16{0x036F}, u16{0x037D}, u16{0x0340}})
    for (const Float80& a : specials())
      for (const Float80& b : specials()) {
        // Of a denormal number by infinity it is that number: an underflow on AMD's processors, none on
        // Intel's.
        const bool unchanged = a.sign_exponent % 0x8000 == 0 && b.sign_exponent % 0x8000 == 0x7FFF &&
                               b.significand == u64{1} << 63;
        if (unchanged && (control & 0x10) == 0) continue;
        compare("fprem", control, kAll, true, fprem, host_fprem, a, b);
        compare("fprem1", control, kAll, true, fprem1, host_fprem1, a, b);
      }
  for (int n = 0; n < 8000; ++n) {
    const int range = n % 3 == 0 ? 16000 : n % 3 == 1 ? 60 : 2;
    const Float80 a = random.number(-range, range), b = random.number(-range, range);
    compare("fprem", kMasked, kAll, true, fprem, host_fprem, a, b);
    compare("fprem1", kMasked, kAll, true, fprem1, host_fprem1, a, b);
  }
}

TEST_CASE("Exact logarithms and powers are exact, in every rounding mode", "[float80]") {
  for (const u16 control : kControls) {
    Float80 r{};
    CHECK((f2xm1(control, {kTop, 0x3FFF}, r) & kC1) == 0);  // 2^1 - 1
    CHECK(same(r, {kTop, 0x3FFF}));
    f2xm1(control, {kTop, 0xBFFF}, r);  // 2^-1 - 1
    CHECK(same(r, {kTop, 0xBFFE}));
    fyl2x(control, {kTop, 0x3FFF + 8}, {kTop, 0x3FFF}, r);  // log2(256) = 8
    CHECK(same(r, {kTop, 0x4002}));
  }
}

TEST_CASE("Directed rounding sees on which side of a tiny operand the result lies", "[float80]") {
  const Float80 tiny{kTop, 0x3FFF - 100}, below{~u64{0}, 0x3FFF - 101}, above{kTop + 1, 0x3FFF - 100};
  constexpr u16 kUp = 0x0B7F, kTruncate = 0x0F7F;
  Float80 r{};
  CHECK((fsin(kTruncate, tiny, r) & kC1) == 0);
  CHECK(same(r, below));
  CHECK((fsin(kUp, tiny, r) & kC1) != 0);
  CHECK(same(r, tiny));
  fpatan(kTruncate, {kTop, 0x3FFF}, tiny, r);
  CHECK(same(r, below));
  Float80 one{};
  fptan(kUp, tiny, r, one);
  CHECK(same(r, above));
}

}  // namespace
}  // namespace hvlab::test
