#include "compare.hpp"

#include <Zydis/Zydis.h>

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "undefined.hpp"

namespace hvlab::oracle {

namespace {

constexpr const char* kNames[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

[[gnu::format(printf, 2, 3)]] void add(std::string& text, const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  text += line;
}

struct Comparison {
  const Case& c;
  const Result& host;
  const Result& ours;
  const u8* data;
  std::string text;

  void value(const char* what, u64 a, u64 b) {
    if (a != b) add(text, "  %-8s host %016lx, ours %016lx\n", what, a, b);
  }

  /// Faults whose order the manual leaves open.
  bool same_rank() const {
    const u8 a = host.vector, b = ours.vector;
    const auto are = [&](u8 x, u8 y) { return (a == x && b == y) || (a == y && b == x); };
    // A call's target that is not canonical and a stack that is not there; an address neither canonical nor
    // aligned.
    if (is_call(c)) return are(12, 13) || are(13, 14);
    if (reads_two_places(c)) return are(12, 13) || are(12, 14) || are(13, 14);
    return are(12, 13) && (c.target & 15) != 0;
  }

  void outcome() {
    if (same_rank()) return;
    value("vector", host.vector, ours.vector);
    const bool elsewhere = (many_bytes(c) && host.vector == 14 && host.address - ours.address + 512 < 1024) ||
                           (ours.vector == 14 && (at_destination(c, host) || at_destination(c, ours)));
    if (!elsewhere) value("address", host.address, ours.address);
    // Outside the test's own pages the host may have something mapped, its kernel or this program: P tells
    // nothing there.
    const bool own = host.address >= kCode && host.address < kNothing + kPage;
    const u32 compared = elsewhere || !own ? ~1u : ~0u;
    value("error", host.error & compared, ours.error & compared);
    value("rip", host.out.rip, ours.out.rip);
    u64 fixed = bit(9) | (3 << 12);  // IF and IOPL belong to the host's kernel
    // RF of a trap between the iterations of a string instruction: AMD's processors clear it, Intel's set it.
    if (host.vector == 1 && host.out.rip == c.in.rip) fixed |= bit(16);
    const u64 flags = ~(fixed | undefined_flags(c) | c.undefined);
    value("rflags", host.out.rflags & flags, ours.out.rflags & flags);
    value("fs base", host.out.fs_base, ours.out.fs_base);
    value("gs base", host.out.gs_base, ours.out.gs_base);
    constexpr const char* kSegments[6] = {"es", "cs", "ss", "ds", "fs", "gs"};
    // The host's kernel has been left by IRET, which takes the RPL off null selectors (SDM vol. 2, IRET).
    const auto selector = [](const Result& r, unsigned i) {
      return r.out.selector[i] < 4 ? 0 : r.out.selector[i];
    };
    for (unsigned i = 0; i < 6; ++i) value(kSegments[i], selector(host, i), selector(ours, i));
    const unsigned registers = c.code_bytes == 8 ? 16 : 8;
    for (unsigned i = 0; i < registers; ++i) value(kNames[i], host.out.gpr[i], ours.out.gpr[i]);
  }

  bool close(u32 a, u32 b, double bound) const {
    float x, y;
    std::memcpy(&x, &a, 4);
    std::memcpy(&y, &b, 4);
    if (!std::isfinite(x) || !std::isfinite(y)) return a == b;
    // Results at the edge of the finite range may become infinite or tiny on one side.
    return std::fabs(double{x} - double{y}) <= bound * std::fabs(double{x}) + 1.2e-38;
  }

  void xmm() {
    const double bound = estimate_bound(c);
    for (unsigned i = 0; i < 16; ++i) {
      for (unsigned half = 0; half < 2; ++half) {
        const u64 a = host.out.fx.xmm[i][half], b = ours.out.fx.xmm[i][half];
        const bool near = bound != 0 && close(static_cast<u32>(a), static_cast<u32>(b), bound) &&
                          close(static_cast<u32>(a >> 32), static_cast<u32>(b >> 32), bound);
        if (a != b && !near)
          add(text, "  xmm%u %s host %016lx, ours %016lx\n", i, half ? "high" : "low ", a, b);
      }
    }
    // How far a dot product has come when an exception is unmasked is not said.
    const u32 flags = host.vector == 19 && is_dot_product(c) ? ~u32{0x20} : ~u32{0};
    value("mxcsr", host.out.fx.mxcsr & flags, ours.out.fx.mxcsr & flags);
  }

  static bool within(const FxImage::Slot& a, const FxImage::Slot& b, unsigned places) {
    const auto wide = [](const FxImage::Slot& s) {
      return (static_cast<unsigned __int128>(s.sign_exponent & 0x7FFF) << 63) +
             (s.significand & low_mask(63));
    };
    if ((a.sign_exponent ^ b.sign_exponent) & 0x8000) return false;
    const auto x = wide(a), y = wide(b);
    return (x > y ? x - y : y - x) <= places;
  }

  void x87() {
    const FxImage &a = host.out.fx, &b = ours.out.fx;
    const unsigned places = last_place_bound(c);
    value("fcw", a.control, b.control);
    const u16 status = static_cast<u16>(~undefined_conditions(c));
    value("fsw", a.status & status, b.status & status);
    value("ftw", a.valid, b.valid);
    for (unsigned i = 0; i < 8; ++i) {
      const auto &x = a.st[i], &y = b.st[i];
      if ((x.significand != y.significand || x.sign_exponent != y.sign_exponent) &&
          !(places != 0 && within(x, y, places)))
        add(text, "  st%u      host %04x.%016lx, ours %04x.%016lx\n", i, x.sign_exponent, x.significand,
            y.sign_exponent, y.significand);
    }
  }

  u8 byte(const Change& m, u32 at) const {
    return at >= m.first && at < m.last && at - m.first < Change::kKept ? m.bytes[at - m.first] : data[at];
  }

  void memory() {
    const Change &a = host.memory, &b = ours.memory;
    if (a.last - a.first > Change::kKept || b.last - b.first > Change::kKept) {
      value("changed", u64{a.first} << 32 | a.last, u64{b.first} << 32 | b.last);
      value("hash", a.hash, b.hash);
    }
    unsigned shown = 0;
    for (u32 at = 0; at < kDataBytes && shown < 16; ++at) {
      if (at == 0)
        at = std::min(a.last != 0 ? a.first : static_cast<u32>(kDataBytes),
                      b.last != 0 ? b.first : static_cast<u32>(kDataBytes));
      if (at >= std::max(a.last, b.last)) break;
      if (byte(a, at) == byte(b, at) || unspecified_byte(c, kData + at)) continue;
      add(text, "  [%lx]  host %02x, ours %02x, before %02x\n", kData + at, byte(a, at), byte(b, at),
          data[at]);
      ++shown;
    }
  }
};

}  // namespace

std::string differences(const Case& c, const Result& host, const Result& ours, const u8* data) {
  if (ours.status != Status::Done) return "  ours did not come to an end\n";
  Comparison all{c, host, ours, data, {}};
  all.outcome();
  all.xmm();
  const bool fault = host.vector != 1 && host.vector != 3;
  if (!(fault && enters_mmx_early(c))) all.x87();
  all.memory();
  return all.text;
}

std::string describe(const Case& c) {
  std::string text;
  add(text, "%s-bit code at %lx\n", c.code_bytes == 8 ? "64" : "32", c.in.rip);
  const ZydisMachineMode mode = c.code_bytes == 8 ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32;
  for (unsigned at = 0, bytes = 0; at < c.length; at += bytes) {
    ZydisDisassembledInstruction instruction;
    const bool known =
        ZYAN_SUCCESS(ZydisDisassembleIntel(mode, c.in.rip + at, c.code + at, c.length - at, &instruction));
    bytes = known ? instruction.info.length : c.length - at;
    add(text, "    %-40s", known ? instruction.text : "?");
    for (unsigned i = at; i < at + bytes; ++i) add(text, " %02x", c.code[i]);
    add(text, "\n");
  }
  add(text, "  rflags %lx  target %lx  mxcsr %x  fcw %x  fsw %x  ftw %x\n", c.in.rflags, c.target,
      c.in.fx.mxcsr, c.in.fx.control, c.in.fx.status, c.in.fx.valid);
  for (unsigned i = 0; i < 16; ++i)
    if (c.in.gpr[i] != 0) add(text, "  %-4s %016lx\n", kNames[i], c.in.gpr[i]);
  for (unsigned i = 0; i < 16; ++i)
    if (c.in.fx.xmm[i][0] != 0 || c.in.fx.xmm[i][1] != 0)
      add(text, "  xmm%-2u %016lx'%016lx\n", i, c.in.fx.xmm[i][1], c.in.fx.xmm[i][0]);
  for (unsigned i = 0; i < 8; ++i)
    if (c.in.fx.st[i].significand != 0 || c.in.fx.st[i].sign_exponent != 0)
      add(text, "  st%u   %04x.%016lx\n", i, c.in.fx.st[i].sign_exponent, c.in.fx.st[i].significand);
  return text;
}

}  // namespace hvlab::oracle
