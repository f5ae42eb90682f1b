// The checks of VM entry on the guest's segment registers (SDM vol. 3, 27.3.1.2): each rule at each register
// that it applies to, with a state that passes and one that fails. Catches a rule that is missing, leaves a
// register out, or does not know unusable registers, virtual-8086 or unrestricted guests.
#include "entry_state.hpp"

using namespace hvlab;
using namespace hvlab::test;
using enum Control;
using M = EntryMachine;
using Kind = Verdict::Kind;
using arch::kCs;
using arch::kSs;
using vmx::kLdtr;
using vmx::kTr;

namespace {

constexpr u64 kNotCanonical = u64{0x8000} << 32;
constexpr u64 kUnusable = bit(16);

/// As Row, for register `n`.
struct SegmentRow {
  std::string_view rule;
  void (*good)(M&, unsigned n), (*bad)(M&, unsigned n);
};
void as_it_is(M&, unsigned) {}

void set_type(M& m, unsigned n, u64 type) { m.rights(n) = (m.rights(n) & ~u64{0xF}) | type; }
void set_dpl(M& m, unsigned n, u64 dpl) { m.rights(n) = (m.rights(n) & ~u64{0x60}) | dpl << 5; }
void set_rpl(M& m, unsigned n, u64 rpl) { m.selector(n) = (m.selector(n) & ~u64{3}) | rpl; }
void unusable_with(M& m, unsigned n, u64 rights) { m.rights(n) = rights | kUnusable; }

const SegmentRow kRows[] = {
    {"TI of TR's selector is 0", as_it_is, [](M& m, unsigned n) { m.selector(n) |= 4; }},
    {"TI of a usable LDTR's selector is 0",
     [](M& m, unsigned n) { m.selector(n) |= 4, unusable_with(m, n, 0); },
     [](M& m, unsigned n) { m.selector(n) |= 4; }},
    {"RPL of SS is that of CS, but for virtual-8086 and unrestricted guests",
     [](M& m, unsigned) { m.user_guest(); }, [](M& m, unsigned n) { set_rpl(m, n, 1), set_dpl(m, n, 1); }},
    {"virtual-8086: the base address is the selector times 16",
     [](M& m, unsigned) { m.virtual_8086_guest(); },
     [](M& m, unsigned n) { m.virtual_8086_guest(), m.base(n) += 0x10; }},
    {"the base address is canonical", [](M& m, unsigned n) { m.base(n) = kNotCanonical - 1; },
     [](M& m, unsigned n) { m.base(n) = kNotCanonical; }},
    {"the base address of a usable LDTR is canonical",
     [](M& m, unsigned n) { m.base(n) = kNotCanonical, unusable_with(m, n, 0); },
     [](M& m, unsigned n) { m.base(n) = kNotCanonical; }},
    {"bits 63:32 of the base address are 0", [](M& m, unsigned n) { m.base(n) = 0xFFFF'FFFF; },
     [](M& m, unsigned n) { m.base(n) = bit(32); }},
    {"usable: bits 63:32 of the base address are 0",
     [](M& m, unsigned n) { m.base(n) = bit(32), unusable_with(m, n, 0); },
     [](M& m, unsigned n) { m.base(n) = bit(32); }},
    {"virtual-8086: the limit is FFFFh", [](M& m, unsigned) { m.virtual_8086_guest(); },
     [](M& m, unsigned n) { m.virtual_8086_guest(), m.limit(n) = 0xFFFE; }},
    {"virtual-8086: the access rights are F3h", [](M& m, unsigned) { m.virtual_8086_guest(); },
     [](M& m, unsigned n) { m.virtual_8086_guest(), m.rights(n) = 0x93; }},
    {"the type is accessed code, or read/write data of an unrestricted guest",
     [](M& m, unsigned) { m.real_guest(); }, [](M& m, unsigned n) { set_type(m, n, 3); }},
    {"the type of a usable SS is read/write, accessed data",
     [](M& m, unsigned n) { set_type(m, n, 1), m.rights(n) |= kUnusable; },
     [](M& m, unsigned n) { set_type(m, n, 1); }},
    {"the type of a usable data segment is accessed, and readable if it is code",
     [](M& m, unsigned n) { set_type(m, n, 11); }, [](M& m, unsigned n) { set_type(m, n, 9); }},
    {"S is 1", as_it_is, [](M& m, unsigned n) { m.rights(n) &= ~bit(4); }},
    {"DPL of CS: 0 for data, SS's for non-conforming code, at most SS's for conforming code",
     [](M& m, unsigned n) { m.user_guest(), set_type(m, n, 15), set_dpl(m, n, 0); },
     [](M& m, unsigned n) { set_dpl(m, n, 1); }},
    {"DPL of SS is its RPL, but for unrestricted guests", [](M& m, unsigned) { m.user_guest(); },
     [](M& m, unsigned n) { set_dpl(m, n, 3), set_dpl(m, kCs, 3); }},
    {"DPL of SS is 0 where CS is data or CR0.PE is 0", [](M& m, unsigned) { m.real_guest(); },
     [](M& m, unsigned n) { m.real_guest(), set_dpl(m, n, 3); }},
    {"DPL of a usable data or non-conforming code segment is at least its RPL, but for unrestricted guests",
     [](M& m, unsigned n) { set_rpl(m, n, 2), set_dpl(m, n, 2); },
     [](M& m, unsigned n) { set_rpl(m, n, 2), set_dpl(m, n, 1); }},
    {"P is 1", as_it_is, [](M& m, unsigned n) { m.rights(n) &= ~bit(7); }},
    {"bits 11:8 of the access rights are 0", as_it_is, [](M& m, unsigned n) { m.rights(n) |= bit(11); }},
    {"D is 0 in 64-bit code", [](M& m, unsigned n) { m.rights(n) = 0xC09B, m[Field::GuestRip] = 0x1000; },
     [](M& m, unsigned n) { m.rights(n) |= bit(14); }},
    {"G is 0 if a bit of 11:0 of the limit is 0",
     [](M& m, unsigned n) { m.limit(n) = 0x1FFF, m.rights(n) |= bit(15); },
     [](M& m, unsigned n) { m.limit(n) = 0x1FFE, m.rights(n) |= bit(15); }},
    {"G is 1 if a bit of 31:20 of the limit is 1",
     [](M& m, unsigned n) { m.limit(n) = 0xF'FFFF, m.rights(n) &= ~bit(15); },
     [](M& m, unsigned n) { m.limit(n) = 0x1F'FFFF, m.rights(n) &= ~bit(15); }},
    {"bits 31:17 of the access rights are 0", as_it_is, [](M& m, unsigned n) { m.rights(n) |= bit(17); }},
    {"the type is a busy TSS, a 32-bit one outside IA-32e mode or a 16-bit one too",
     [](M& m, unsigned n) { m.protected_guest(), set_type(m, n, 3); },
     [](M& m, unsigned n) { set_type(m, n, 3); }},
    {"S of TR is 0", as_it_is, [](M& m, unsigned n) { m.rights(n) |= bit(4); }},
    {"P of TR is 1", as_it_is, [](M& m, unsigned n) { m.rights(n) &= ~bit(7); }},
    {"bits 11:8 of TR's access rights are 0", as_it_is, [](M& m, unsigned n) { m.rights(n) |= bit(8); }},
    {"G of TR is 0 if a bit of 11:0 of the limit is 0",
     [](M& m, unsigned n) { m.limit(n) = 0xFFF, m.rights(n) |= bit(15); },
     [](M& m, unsigned n) { m.rights(n) |= bit(15); }},
    {"G of TR is 1 if a bit of 31:20 of the limit is 1",
     [](M& m, unsigned n) { m.limit(n) = 0xFFFF'FFFF, m.rights(n) |= bit(15); },
     [](M& m, unsigned n) { m.limit(n) = bit(31); }},
    {"TR is usable", as_it_is, [](M& m, unsigned n) { m.rights(n) |= kUnusable; }},
    {"bits 31:17 of TR's access rights are 0", as_it_is, [](M& m, unsigned n) { m.rights(n) |= bit(31); }},
    {"the type of a usable LDTR is 2", [](M& m, unsigned n) { unusable_with(m, n, 0x8B); },
     [](M& m, unsigned n) { set_type(m, n, 3); }},
    {"S of a usable LDTR is 0", [](M& m, unsigned n) { unusable_with(m, n, 0x92); },
     [](M& m, unsigned n) { m.rights(n) |= bit(4); }},
    {"P of a usable LDTR is 1", [](M& m, unsigned n) { unusable_with(m, n, 2); },
     [](M& m, unsigned n) { m.rights(n) &= ~bit(7); }},
    {"bits 11:8 of a usable LDTR's access rights are 0", [](M& m, unsigned n) { unusable_with(m, n, 0xF82); },
     [](M& m, unsigned n) { m.rights(n) |= bit(9); }},
    {"G of a usable LDTR is 0 if a bit of 11:0 of the limit is 0",
     [](M& m, unsigned n) { unusable_with(m, n, 0x8082); }, [](M& m, unsigned n) { m.rights(n) |= bit(15); }},
    {"G of a usable LDTR is 1 if a bit of 31:20 of the limit is 1",
     [](M& m, unsigned n) { m.limit(n) = bit(31), unusable_with(m, n, 0x82); },
     [](M& m, unsigned n) { m.limit(n) = bit(20); }},
    {"bits 31:17 of a usable LDTR's access rights are 0",
     [](M& m, unsigned n) { unusable_with(m, n, bit(20)); },
     [](M& m, unsigned n) { m.rights(n) |= bit(20); }},
};

/// Data segments that cannot be used hold anything; so does SS, but for its DPL.
void unusable_data(M& m) {
  for (const unsigned n : {arch::kEs, arch::kDs, arch::kFs, arch::kGs}) {
    m.selector(n) = 0xFFFF;
    m.limit(n) = 0xFFF0'0000;
    m.rights(n) = 0xFFFF'FF00;
  }
  m.rights(kSs) = 0xFFFF'FF00;
}

constexpr Edge kEdges[] = {
    {"null selectors in unusable registers", unusable_data, true},
    {"DPL of an unusable SS counts: it is the CPL", [](M& m) { m.rights(kSs) = kUnusable | 3 << 5; }, false},
    {"CS's rights count even if it is said to be unusable", [](M& m) { m.rights(kCs) = kUnusable; }, false},
    {"CS that is said to be unusable and right in all else", [](M& m) { m.rights(kCs) |= kUnusable; }, true},
    {"unrestricted: RPL of SS is not CS's, DPL not its RPL",
     [](M& m) { m.set(UnrestrictedGuest), m.selector(kSs) |= 2; }, true},
    {"unrestricted: RPL of data above DPL",
     [](M& m) { m.set(UnrestrictedGuest), m.selector(arch::kDs) |= 3; }, true},
    {"conforming code in a data register: DPL is no matter",
     [](M& m) { set_type(m, arch::kEs, 15), m.selector(arch::kEs) |= 3; }, true},
    {"non-conforming, readable code in a data register: DPL counts",
     [](M& m) { set_type(m, arch::kEs, 11), m.selector(arch::kEs) |= 3; }, false},
    {"code that cannot be read, conforming, in a data register", [](M& m) { set_type(m, arch::kFs, 13); },
     false},
    {"data that is not accessed", [](M& m) { set_type(m, arch::kGs, 2); }, false},
    {"read-only data", [](M& m) { set_type(m, arch::kGs, 1); }, true},
    {"read-only, expand-down data", [](M& m) { set_type(m, arch::kGs, 5); }, true},
    {"SS: expand-down", [](M& m) { set_type(m, kSs, 7); }, true},
    {"SS: code", [](M& m) { set_type(m, kSs, 11); }, false},
    {"CS: execute-only code", [](M& m) { set_type(m, kCs, 9); }, true},
    {"CS: execute-only, conforming code", [](M& m) { set_type(m, kCs, 13); }, true},
    {"CS: not accessed", [](M& m) { set_type(m, kCs, 10); }, false},
    {"CS: other data than read/write, of an unrestricted guest",
     [](M& m) { m.real_guest(), set_type(m, kCs, 7); }, false},
    {"CS: data with a DPL", [](M& m) { m.real_guest(), set_dpl(m, kCs, 3); }, false},
    {"CS: conforming code above SS", [](M& m) { set_type(m, kCs, 15), set_dpl(m, kCs, 1); }, false},
    {"CS: non-conforming code below SS", [](M& m) { m.user_guest(), set_dpl(m, kCs, 0); }, false},
    {"SS: DPL in real mode even if CS is code",
     [](M& m) { m.real_guest(), set_type(m, kCs, 11), set_dpl(m, kCs, 3), set_dpl(m, kSs, 3); }, false},
    {"SS: DPL where CS is data, in protected mode",
     [](M& m) {
       m.real_guest(), m[Field::GuestCr0] |= arch::cr0::kPe;
       set_dpl(m, kSs, 3);
     },
     false},
    {"CS: L and D in legacy mode", [](M& m) { m.protected_guest(), m.rights(kCs) = 0xE09B; }, true},
    {"TR: available", [](M& m) { set_type(m, kTr, 9); }, false},
    {"TR: 32-bit, legacy mode", [](M& m) { m.protected_guest(); }, true},
    {"virtual-8086: 16-bit TSS", [](M& m) { m.virtual_8086_guest(), set_type(m, kTr, 3); }, true},
    {"virtual-8086: RPLs are numbers like others",
     [](M& m) { m.virtual_8086_guest(), m.selector(kSs) = 0x1003, m.base(kSs) = 0x10030; }, true},
    {"virtual-8086: a base above 1 MiB is none", [](M& m) { m.virtual_8086_guest(), m.base(kCs) |= bit(20); },
     false},
    {"virtual-8086: LDTR has its own rules", [](M& m) { m.virtual_8086_guest(), m.rights(kLdtr) = 0xF3; },
     false},
    {"a 16-bit selector field is 16 bits", [](M& m) { m.selector(kTr) |= bit(18); }, true},
    {"the last of FS's bases", [](M& m) { m.base(arch::kFs) = 0xFFFF'8000'0000'0000; }, true},
};

}  // namespace

TEST_CASE("27.3.1.2 guest segment registers") {
  const std::span<const vmx::SegmentCheck> checks = vmx::guest_segment_checks();
  constexpr std::string_view kNames[] = {"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR"};
  REQUIRE(checks.size() == std::size(kRows));
  for (size_t row = 0; row < checks.size(); ++row) {
    REQUIRE(checks[row].rule == kRows[row].rule);
    for (unsigned n = 0; n < vmx::kSegments; ++n) {
      if (!test_bit(checks[row].segments, n)) continue;
      INFO(kRows[row].rule << ": " << kNames[n]);
      EntryMachine good;
      kRows[row].good(good, n);
      INFO(std::string(good.verdict().rule) << " " << std::string(good.verdict().segment));
      CHECK(good.verdict().pass());
      EntryMachine bad;
      kRows[row].bad(bad, n);
      const Verdict v = bad.verdict();
      CHECK(v.kind == Kind::FailEntry);
      CHECK(v.qualification == 0);
      CHECK(v.section == "27.3.1.2");
      CHECK(v.rule == kRows[row].rule);
      CHECK(v.segment == kNames[n]);
    }
  }
  try_edges(kEdges);
}

// Catches a register that a rule leaves out: how many registers each must see.
TEST_CASE("27.3.1.2 which registers the rules of the manual name") {
  unsigned pairs = 0;
  for (const vmx::SegmentCheck& c : vmx::guest_segment_checks())
    for (unsigned n = 0; n < vmx::kSegments; ++n) pairs += test_bit(c.segments, n);
  // Selectors 3; bases 6 + 3 + 1 + 1 + 3; limits 6; rights: F3h 6, types 1 + 1 + 4, S 6, DPL 1 + 2 + 4, P 6,
  // reserved 6 + 6, D 1, G 6 + 6; TR 8; LDTR 7.
  CHECK(pairs == 3 + 14 + 6 + 6 + 6 + 6 + 7 + 6 + 12 + 1 + 12 + 8 + 7);
}
