// Every intercept bit of the control block (APM vol. 2, appendix B, offsets 000h to 017h), set and clear. A
// bit without a case, that is not one of what does not exist here, fails the first test.
#include <algorithm>
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "one_vector.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kHlt = 0x78, kBits = 0xC0;
constexpr u16 kAbsentSelector = 0x50;  // behind those of the harness

/// What the bit of exit code `code` is about: a program, or an event that `prepare` makes wait.
struct Case {
  u64 code;
  const char* name;
  std::vector<u8> program;
  void (*prepare)(GuestMachine&) = [](GuestMachine&) {};
  u64 clear = kHlt;  // the exit code without the intercept: as a rule that of the HLT behind, or in a handler
};

void compatibility(GuestMachine& m) { m.guest_compatibility(); }
void interrupts_on(GuestMachine& m) { m.block.save.rflags |= arch::flag::kIf; }
/// Events come in the guest, not before VMRUN.
void gif_off(GuestMachine& m) { m.cpu().gif = false; }

const Case kExceptions[] = {
    {0x40, "DIV by 0", {0x31, 0xC9, 0xF7, 0xF1}},
    {0x41, "single step", {0x90}, [](GuestMachine& m) { m.block.save.rflags |= arch::flag::kTf; }},
    {0x43, "INT3", {0xCC}},
    {0x44, "INTO", {0xB8, 0xFF, 0xFF, 0xFF, 0x7F, 0x40, 0xCE}, compatibility},
    {0x45, "BOUND", {0xB8, 0xFF, 0xFF, 0xFF, 0xFF, 0x62, 0x44, 0x24, 0x00}, compatibility},
    {0x46, "UD2", {0x0F, 0x0B}},
    {0x47, "FNINIT", {0xDB, 0xE3}, [](GuestMachine& m) { m.block.save.cr0 |= arch::cr0::kTs; }},
    // #GP behind the end of the IDT: a double fault, for which there is a gate.
    {0x48, "#DF", {0x66, 0xB8, 0xF0, 0, 0x8E, 0xD8}, [](GuestMachine& m) { m.block.save.idtr.limit = 0x8F; }},
    // The task switch finds a TSS that is too short.
    {0x4A,
     "#TS",
     {0xEA, 0, 0, 0, 0, kAbsentSelector, 0},
     [](GuestMachine& m) {
       m.guest_protected();
       m.block.save.gdtr.limit = 0xFF;
       m.poke<u64>(kGdt + kAbsentSelector, u64{0x89} << 40 | 0x10);
       for (u64 v = 0; v < 32; ++v)
         m.poke<u64>(kData + v * 8, ((kHandlers + v * 16) & 0xFFFF) | u64{kCode32} << 16 | u64{0x8E} << 40 |
                                        (kHandlers >> 16) << 48);
       m.block.save.idtr = {0, 0, 0xFF, kData};
     }},
    {0x4B,
     "#NP",
     {0x66, 0xB8, kAbsentSelector, 0, 0x8E, 0xD8},
     [](GuestMachine& m) {
       m.block.save.gdtr.limit = 0xFF;
       m.poke<u64>(kGdt + kAbsentSelector, u64{0x13} << 40);
     }},
    {0x4C, "#SS", {0x48, 0xBD, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x8B, 0x45, 0}},
    {0x4D, "#GP", {0x66, 0xB8, 0xF0, 0, 0x8E, 0xD8}},
    {0x4E,
     "#PF",
     {0xA1, 0x34, 0x00, 0x70, 0, 0, 0, 0, 0},
     [](GuestMachine& m) { m.poke<u64>(m.pte_address(0x70'0000), 0); }},
    {0x50,
     "#MF",
     {0xDB, 0xE3, 0xD9, 0x2C, 0x24, 0xD9, 0xE8, 0xD9, 0xEE, 0xDE, 0xF9, 0x9B},
     [](GuestMachine& m) { m.poke<u16>(kGuestStack, 0x37B); }},
    {0x51,
     "#AC",
     {0x8B, 0x44, 0x24, 0xF9},
     [](GuestMachine& m) {
       m.guest_user();
       m.block.save.cr0 |= arch::cr0::kAm;
       m.block.save.rflags |= arch::flag::kAc;
     }},
    {0x53,
     "#XF",
     {0x0F, 0xAE, 0x14, 0x24, 0xB8, 1,    0,    0,    0,    0xF3,
      0x0F, 0x2A, 0xC0, 0x0F, 0x57, 0xC9, 0xF3, 0x0F, 0x5E, 0xC1},
     [](GuestMachine& m) { m.poke<u32>(kGuestStack, 0x1D80); }},
};

const Case kEvents[] = {
    {0x60,
     "INTR",
     {0x90},
     [](GuestMachine& m) { interrupts_on(m), gif_off(m), m.cpu().interrupt_line = true; }},
    {0x61, "NMI", {0x90}, [](GuestMachine& m) { gif_off(m), m.cpu().nmi_pending = true; }},
    {0x62, "SMI", {0x90}, [](GuestMachine& m) { gif_off(m), m.cpu().smi_pending = true; }},
    // Without the intercept INIT resets the processor.
    {0x63,
     "INIT",
     {0x90},
     [](GuestMachine& m) { gif_off(m), m.cpu().init_pending = true; },
     GuestMachine::kNoExit},
    {0x64,
     "VINTR",
     {0x90},
     [](GuestMachine& m) {
       interrupts_on(m);
       m.block.control.interrupt = u64{1} << 8 | u64{0xF} << 16 | u64{0x61} << 32;
     }},
    {0x65, "CR0 but for TS and MP", {0x0F, 0x20, 0xC3, 0x83, 0xF3, 0x20, 0x0F, 0x22, 0xC3}},
    {0x7B, "IN", {0xE4, 0x80}, [](GuestMachine& m) { m.poke<u8>(kIoMap + 0x10, 1); }},
    {0x7C,
     "RDMSR",
     {0xB9, 0x77, 0x02, 0, 0, 0x0F, 0x32},
     [](GuestMachine& m) { std::fill_n(m.bus.ram.data() + kMsrMap, 0x2000, u8{0xFF}); }},
    // Without the intercept the processor switches: to a task that is not there.
    {0x7D,
     "JMP to a TSS",
     {0xEA, 0, 0, 0, 0, kAbsentSelector, 0},
     [](GuestMachine& m) {
       m.guest_protected();
       m.block.save.gdtr.limit = 0xFF;
       m.poke<u64>(kGdt + kAbsentSelector, u64{0x89} << 40 | u64{0x60} << 16 | u64{0x0} << 32 | 0x67);
     },
     ~u64{0}},
    {0x7F,
     "triple fault",
     {0x0F, 0x0B},
     [](GuestMachine& m) { m.block.save.idtr.limit = 0; },
     GuestMachine::kNoExit},
};

const Case kInstructions[] = {
    {0x66, "SIDT", {0x0F, 0x01, 0x4C, 0x24, 0xF0}},
    {0x67, "SGDT", {0x0F, 0x01, 0x44, 0x24, 0xF0}},
    {0x68, "SLDT", {0x0F, 0x00, 0xC3}},
    {0x69, "STR", {0x0F, 0x00, 0xCB}},
    {0x6A, "LIDT", {0x0F, 0x01, 0x4C, 0x24, 0xF0, 0x0F, 0x01, 0x5C, 0x24, 0xF0}},
    {0x6B, "LGDT", {0x0F, 0x01, 0x44, 0x24, 0xF0, 0x0F, 0x01, 0x54, 0x24, 0xF0}},
    {0x6C, "LLDT", {0x31, 0xDB, 0x0F, 0x00, 0xD3}},
    {0x6D, "LTR", {0x66, 0xBB, kTssSelector, 0x00, 0x0F, 0x00, 0xDB}},
    {0x6E, "RDTSC", {0x0F, 0x31}},
    {0x6F, "RDPMC", {0x31, 0xC9, 0x0F, 0x33}},
    {0x70, "PUSHF", {0x9C}},
    {0x71, "POPF", {0x9C, 0x9D}},
    {0x72, "CPUID", {0x0F, 0xA2}},
    {0x73, "RSM", {0x0F, 0xAA}},
    {0x74, "IRET", {0x48, 0xCF}},
    {0x75, "INT 80h", {0xCD, 0x80}},
    {0x76, "INVD", {0x0F, 0x08}},
    {0x77, "PAUSE", {0xF3, 0x90}},
    {0x78, "HLT", {0x90}, [](GuestMachine&) {}, GuestMachine::kNoExit},
    {0x79, "INVLPG", {0x0F, 0x01, 0x3C, 0x24}},
    {0x7A, "INVLPGA", {0x31, 0xC9, 0x0F, 0x01, 0xDF}},
    // VMRUN must be intercepted: without, nothing is entered.
    {0x80, "VMRUN", {0x0F, 0x01, 0xD8}, [](GuestMachine&) {}, ~u64{0}},
    {0x81, "VMMCALL", {0x0F, 0x01, 0xD9}},
    {0x82, "VMLOAD", {0xB8, 0x00, 0x00, 0x05, 0x00, 0x0F, 0x01, 0xDB, 0x0F, 0x01, 0xDA}},
    {0x83, "VMSAVE", {0xB8, 0x00, 0x00, 0x05, 0x00, 0x0F, 0x01, 0xDB}},
    {0x84, "STGI", {0x0F, 0x01, 0xDC}},
    {0x85, "CLGI", {0x0F, 0x01, 0xDD}},
    {0x86, "SKINIT", {0x0F, 0x01, 0xDE}},
    {0x87, "RDTSCP", {0x0F, 0x01, 0xF9}},
    {0x88, "INT1", {0xF1}},
    {0x89, "WBINVD", {0x0F, 0x09}},
    {0x8A, "MONITOR", {0x48, 0x89, 0xE0, 0x31, 0xC9, 0x31, 0xD2, 0x0F, 0x01, 0xC8}},
    {0x8B, "MWAIT", {0x31, 0xC9, 0x31, 0xC0, 0x0F, 0x01, 0xC9}},
    // With the monitor armed; without the intercept the guest would wait.
    {0x8C,
     "MWAIT, armed",
     {0x48, 0x89, 0xE0, 0x31, 0xC9, 0x31, 0xD2, 0x0F, 0x01, 0xC8, 0x31, 0xC0, 0x0F, 0x01, 0xC9},
     [](GuestMachine&) {},
     GuestMachine::kNoExit},
    {0x8D,
     "XSETBV",
     {0x31, 0xC9, 0x31, 0xD2, 0xB8, 0x03, 0, 0, 0, 0x0F, 0x01, 0xD1},
     [](GuestMachine& m) { m.block.save.cr4 |= arch::cr4::kOsxsave; }},
    {0xA2,
     "INVPCID",
     {0xB8, 0x03, 0, 0, 0, 0x66, 0x0F, 0x38, 0x82, 0x04, 0x24},
     [](GuestMachine& m) { m.poke<u64>(kGuestStack, 0), m.poke<u64>(kGuestStack + 8, 0); }},
};

constexpr bool exists_cr(u64 n) { return n == 0 || (n >= 2 && n <= 4) || n == 8; }

/// MOV from and to each control and debug register that exists; DR4 and DR5 stand for others.
std::vector<Case> registers() {
  std::vector<Case> list;
  for (u8 n = 0; n < 16; ++n) {
    const u8 modrm = static_cast<u8>(0xC3 | (n & 7) << 3);  // RBX
    const u8 rex = n < 8 ? 0x40 : 0x44;
    if (exists_cr(n)) {
      list.push_back({n, "MOV RBX, CRn", {rex, 0x0F, 0x20, modrm}});
      list.push_back({0x10u + n, "MOV CRn, RBX", {rex, 0x0F, 0x20, modrm, rex, 0x0F, 0x22, modrm}});
    }
    if (n < 8) {
      list.push_back({0x20u + n, "MOV RBX, DRn", {0x0F, 0x21, modrm}});
      list.push_back({0x30u + n, "MOV DRn, RBX", {0x31, 0xDB, 0x0F, 0x23, modrm}});
    }
  }
  return list;
}

std::vector<Case> all() {
  std::vector<Case> list = registers();
  for (const std::span<const Case> more : {std::span<const Case>(kExceptions), std::span<const Case>(kEvents),
                                           std::span<const Case>(kInstructions)})
    list.insert(list.end(), more.begin(), more.end());
  return list;
}

/// Bits of what this processor has not, and CPUID does not tell.
bool absent(u64 code) {
  if (code < 0x20) return !exists_cr(code & 0xF);
  if (code < 0x40) return (code & 0xF) >= 8;
  if (code < 0x60) {
    const u64 vector = code - 0x40;  // no exceptions, or ones that nothing raises
    return vector == 2 || vector == 9 || vector == 15 || vector == 18 || vector >= 20;
  }
  return code == 0x7E || (code >= 0x8E && code != 0xA2);  // FERR_FREEZE; RDPRU, write traps, INVLPGB and on
}

u64 enter(GuestMachine& m, const Case& c) {
  m.write(kGuestCode, c.program);
  m.poke<u8>(kGuestCode + c.program.size(), 0xF4);
  execute::memory_written(*m.code, kGuestCode, c.program.size() + 1);
  return m.GuestMachine::enter(2000);
}

}  // namespace

// Catches an intercept that is added and that nobody tries.
TEST_CASE("there is a case for every intercept bit of what exists") {
  const std::vector<Case> list = all();
  for (u64 code = 0; code < kBits; ++code) {
    INFO(code);
    CHECK(std::ranges::count(list, code, &Case::code) == (absent(code) ? 0 : 1));
  }
}

// Catches a bit that is not looked at, that is taken for another's, or an exit that nobody has asked for.
TEST_CASE("every intercept bit, set and clear") {
  for (const Case& c : all()) {
    for (const bool on : {true, false}) {
      INFO(c.name << ' ' << c.code << (on ? ": set" : ": clear"));
      GuestMachine m;
      OneVector apic(m.cpu());
      c.prepare(m);
      m.intercept(c.code, on);
      const u64 code = enter(m, c);
      if (on) {
        CHECK(code == c.code);
      } else if (c.clear == ~u64{0}) {
        CHECK(code != c.code);
      } else {
        CHECK(code == c.clear);
      }
    }
  }
}

// Catches an exit by a bit of what does not exist.
TEST_CASE("bits of what does not exist change nothing") {
  for (u64 code = 0; code < kBits; ++code) {
    if (!absent(code)) continue;
    INFO(code);
    GuestMachine m;
    m.intercept(code);
    CHECK(m.enter({0x90, 0x0F, 0x20, 0xC3, 0x0F, 0x22, 0xC3, 0x0F, 0x21, 0xFB}) == kHlt);
  }
}
