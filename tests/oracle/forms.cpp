#include "forms.hpp"

#include <array>
#include <cstdio>
#include <map>

namespace hvlab::oracle {

using decode::Form;
using decode::Mnemonic;
using decode::Op;

bool recognize(const u8* code, u8 code_bytes, const arch::FeatureSet& features, Form& form, Op& op) {
  if (decode::decode(code, 15, code_bytes, code_bytes, form, op) != decode::Decoded::Ok) return false;
  decode::Handlers handlers;
  const decode::Row* row = decode::find_row(form, op, handlers);
  if (row == nullptr || !features.test(static_cast<size_t>(row->feature))) return false;
  if ((row->attributes & decode::row::kNo64) && code_bytes == 8) return false;
  return !((row->attributes & decode::row::kOnly64) && code_bytes != 8);
}

namespace {

/// Writes `e` with `modrm`, and zeros after it.
void write(const Encoding& e, u8 modrm, u8 (&code)[16]) {
  unsigned n = 0;
  const auto put = [&](unsigned byte) { code[n++] = static_cast<u8>(byte); };
  std::fill_n(code, sizeof code, u8{0});
  if (e.map >= Map::Vex2) {
    const unsigned pp = e.prefix == 0x66 ? 1u : e.prefix == 0xF3 ? 2u : e.prefix == 0xF2 ? 3u : 0u;
    put(0xC4), put(0xE0u | (e.map == Map::Vex2 ? 2u : 3u)),
        put((e.rex_w ? 0x80u : 0u) | 0x78u | pp);  // vvvv = 15, which RORX needs
  } else {
    if (e.prefix != 0) put(e.prefix);
    if (e.rex_w) put(0x48);
    if (e.map != Map::One) put(0x0F);
    if (e.map == Map::Three38) put(0x38);
    if (e.map == Map::Three3A) put(0x3A);
  }
  put(e.opcode);
  put(modrm);
}

struct Finder {
  u8 code_bytes;
  const arch::FeatureSet& features;
  std::map<Mnemonic, std::vector<Encoding>> found;

  /// The mnemonic and length of `e` with `modrm`; Invalid if it is none.
  Mnemonic look(const Encoding& e, unsigned modrm, u8& length) const {
    u8 code[16];
    write(e, static_cast<u8>(modrm), code);
    Form form;
    Op op;
    if (!recognize(code, code_bytes, features, form, op)) return Mnemonic::Invalid;
    length = op.length;
    return form.mnemonic;
  }

  void add(Encoding e, Mnemonic m, int reg, int rm) {
    e.mnemonic = m;
    e.reg = static_cast<i8>(reg);
    e.rm = static_cast<i8>(rm);
    found[m].push_back(e);
  }

  /// One entry if all eight values of ModRM.reg mean the same, else one each.
  void by_reg(Encoding e, unsigned low) {
    std::array<Mnemonic, 8> m{};
    u8 length = 0;
    bool same = true;
    for (unsigned reg = 0; reg < 8; ++reg) {
      m[reg] = look(e, low | reg << 3, length);
      same = same && m[reg] == m[0];
    }
    const bool exact = (e.map == Map::One && e.opcode >= 0xD8 && e.opcode <= 0xDF) ||
                       (e.map == Map::Two && (e.opcode == 0x01 || e.opcode == 0xAE));
    for (unsigned reg = 0; reg < (same && !exact ? 1u : 8u); ++reg)
      if (m[reg] != Mnemonic::Invalid)
        add(e, m[reg], same && !exact ? -1 : static_cast<int>(reg),
            exact && low >= 0xC0 ? static_cast<int>(low & 7) : -1);
  }

  void opcode(Encoding e) {
    u8 with_displacement = 0, with_register = 0;
    bool modrm = false, any = false;
    for (unsigned reg = 0; reg < 8; ++reg) {
      const Mnemonic a = look(e, 0x05 | reg << 3, with_displacement),
                     b = look(e, 0xC0 | reg << 3, with_register);
      any = any || a != Mnemonic::Invalid || b != Mnemonic::Invalid;
      modrm = modrm || a != b || with_displacement != with_register;
    }
    if (!any) {  // some of 0F01 and x87 have register forms with one r/m only
      if (!((e.map == Map::One && e.opcode >= 0xD8 && e.opcode <= 0xDF) ||
            (e.map == Map::Two && (e.opcode == 0x01 || e.opcode == 0xAE))))
        return;
      modrm = true;
    }
    e.has_modrm = modrm;
    if (!modrm) {
      u8 length = 0;
      const Mnemonic m = look(e, 0, length);
      if (m != Mnemonic::Invalid) add(e, m, -1, -1);
      return;
    }
    e.memory = true;
    by_reg(e, 0x05);
    e.memory = false;
    const bool exact = (e.map == Map::One && e.opcode >= 0xD8) ||
                       (e.map == Map::Two && (e.opcode == 0x01 || e.opcode == 0xAE));
    for (unsigned rm = 0; rm < (exact ? 8u : 1u); ++rm) by_reg(e, 0xC0 | rm);
  }
};

bool is_prefix(u8 byte, u8 code_bytes) {
  if (code_bytes == 8 && (byte & 0xF0) == 0x40) return true;
  switch (byte) {
    case 0x26:
    case 0x2E:
    case 0x36:
    case 0x3E:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xF0:
    case 0xF2:
    case 0xF3:
    case 0x0F: return true;
    default: return false;
  }
}

}  // namespace

void plain_bytes(const Encoding& e, u8 (&code)[16]) {
  const unsigned reg = e.reg >= 0 ? static_cast<unsigned>(e.reg) : 0u;
  const unsigned rm = e.memory ? 5u : e.rm >= 0 ? 0xC0u | static_cast<unsigned>(e.rm) : 0xC0u;
  write(e, static_cast<u8>(reg << 3 | rm), code);
}

std::string describe(const Encoding& e, u8 code_bytes) {
  static constexpr const char* kMaps[] = {"", "0F ", "0F 38 ", "0F 3A ", "VEX 0F 38 ", "VEX 0F 3A "};
  char text[96], prefix[8] = "", digit[8] = "";
  if (e.prefix != 0) std::snprintf(prefix, sizeof prefix, "%02X ", unsigned{e.prefix});
  if (e.has_modrm) std::snprintf(digit, sizeof digit, e.reg >= 0 ? " /%d" : " /r", int{e.reg});
  std::snprintf(text, sizeof text, "%s %s-bit: %s%s%s%02X%s%s", decode::name(e.mnemonic),
                code_bytes == 8 ? "64" : "32", prefix, e.rex_w ? "W " : "",
                kMaps[static_cast<unsigned>(e.map)], unsigned{e.opcode}, digit, e.memory ? ", memory" : "");
  return text;
}

std::vector<std::vector<Encoding>> encodings(u8 code_bytes, const arch::FeatureSet& features) {
  Finder finder{code_bytes, features, {}};
  for (const u8 prefix : {u8{0}, u8{0x66}, u8{0xF2}, u8{0xF3}}) {
    for (const Map map : {Map::One, Map::Two, Map::Three38, Map::Three3A, Map::Vex2, Map::Vex3}) {
      for (unsigned w = 0; w < (code_bytes == 8 ? 2u : 1u); ++w) {
        for (unsigned opcode = 0; opcode < 256; ++opcode) {
          if (map == Map::One && is_prefix(static_cast<u8>(opcode), code_bytes)) continue;
          if (map == Map::Two && (opcode == 0x38 || opcode == 0x3A)) continue;
          Encoding e;
          e.map = map;
          e.prefix = prefix;
          e.opcode = static_cast<u8>(opcode);
          e.rex_w = w != 0;
          finder.opcode(e);
        }
      }
    }
  }
  std::vector<std::vector<Encoding>> result;
  result.reserve(finder.found.size());
  for (auto& [mnemonic, list] : finder.found) result.push_back(std::move(list));
  return result;
}

const char* left_out(Mnemonic m) {
  switch (m) {
    case Mnemonic::SYSCALL:
    case Mnemonic::SYSENTER:
    case Mnemonic::INT: return "enters the host's kernel";
    case Mnemonic::SYSRET:
    case Mnemonic::SYSEXIT:
    case Mnemonic::INT1: return "left to machine-code tests";
    case Mnemonic::IRET:
    case Mnemonic::IRETD:
    case Mnemonic::IRETQ: return "a far transfer";
    case Mnemonic::SGDT:
    case Mnemonic::SIDT:
    case Mnemonic::SLDT:
    case Mnemonic::STR:
    case Mnemonic::SMSW: return "shows the host's system registers";
    case Mnemonic::CPUID:
    case Mnemonic::RDTSC:
    case Mnemonic::RDTSCP:
    case Mnemonic::RDPMC:
    case Mnemonic::RDRAND:
    case Mnemonic::RDSEED:
    case Mnemonic::XGETBV:
    case Mnemonic::MONITOR:
    case Mnemonic::MWAIT: return "its results are the processor's own";
    case Mnemonic::XSAVE:
    case Mnemonic::XSAVE64:
    case Mnemonic::XSAVEOPT:
    case Mnemonic::XSAVEOPT64:
    case Mnemonic::XSAVEC:
    case Mnemonic::XSAVEC64:
    case Mnemonic::XSAVES:
    case Mnemonic::XSAVES64:
    case Mnemonic::XRSTORS:
    case Mnemonic::XRSTORS64:
    case Mnemonic::XRSTOR:
    case Mnemonic::XRSTOR64: return "depends on the host's XCR0";
    case Mnemonic::VMRUN:
    case Mnemonic::VMMCALL:
    case Mnemonic::VMLOAD:
    case Mnemonic::VMSAVE:
    case Mnemonic::STGI:
    case Mnemonic::CLGI:
    case Mnemonic::SKINIT:
    case Mnemonic::INVLPGA: return "belongs to the host's hypervisor";
    case Mnemonic::FSTPNCE: return "not documented";
    default: return nullptr;
  }
}

}  // namespace hvlab::oracle
