// The neutral reading of exits. Codes, qualifications and information words are typed from the manuals: APM
// vol. 2, appendix C, 15.10.2 and 15.25.6; SDM vol. 3, appendix C, tables 28-3 to 28-7, 25.9.2.
#include "sim/observe/exit.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "sim/observe/exit_totals.hpp"

using namespace hvlab;
using namespace hvlab::observe;

namespace {

constexpr u64 vmx(u64 reason) { return u64{1} << 32 | reason; }

ExitClass class_at(u64 reason, u64 info1 = 0, u64 info2 = 0) { return exit_class(reason, info1, info2); }

}  // namespace

// Catches a reason that a table gains and no class knows, and numbers that are nobody's and get one.
TEST_CASE("every reason of both vendors has a class and a name, and nothing else has") {
  std::set<u64> svm;
  for (u64 code = 0; code <= 0x8F; ++code) svm.insert(code);     // all of these
  for (u64 code = 0x90; code <= 0x9F; ++code) svm.insert(code);  // traps of CR writes
  svm.insert({0xA2, 0x400, ~u64{0}});
  const std::set<u64> without{35, 38, 42, 71};
  std::set<std::string> names;
  for (u64 code = 0; code < 0x500; ++code) {
    CAPTURE(code);
    CHECK((class_at(code) != ExitClass::Unknown) == svm.contains(code));
    CHECK((class_at(vmx(code)) != ExitClass::Unknown) == (code < 80 && !without.contains(code)));
    CHECK(names.insert(exit_label(code)).second);
    if (code < 80 && !without.contains(code)) {
      CHECK(names.insert(exit_label(vmx(code))).second);
      CHECK(reason_of_label(exit_label(vmx(code))) == vmx(code));
    }
    if (svm.contains(code)) CHECK(reason_of_label(exit_label(code)) == code);
  }
  CHECK(class_at(~u64{0}) == ExitClass::EntryFailure);
  CHECK(reason_of_label("invalid") == ~u64{0});
  CHECK_FALSE(reason_of_label("1280"));
}

// Catches a way out of a paravirtual guest without class or name, and one that is taken for a vendor's.
TEST_CASE("ways out of paravirtual guests have names and classes of their own") {
  const auto pv = [](u64 number) { return u64{2} << 32 | number; };
  std::set<std::string> names;
  for (u64 number = 0; number <= 0x26; ++number) {
    CAPTURE(number);
    CHECK(class_at(pv(number)) != ExitClass::Unknown);
    const std::string name = exit_label(pv(number));
    CHECK((names.insert(name).second && name.starts_with("pv-")));
    CHECK(reason_of_label(name) == pv(number));
    CHECK_FALSE(is_vmx_label(name));
    CHECK(comes_from_outside(pv(number), 0) == (number == 0x20 || number == 0x21));
  }
  CHECK(class_at(pv(0x27)) == ExitClass::Unknown);
  CHECK(exit_label(pv(14)) == "pv-page-fault");
  CHECK(exit_label(pv(3)) == "pv-exception-3");
  CHECK(class_at(pv(0x23)) == ExitClass::Hlt);
  CHECK(exit_text(pv(0x22), 1, 0) == "mmu_update (1)");
  CHECK(exit_text(pv(14), 6, 0x7000) == "address 7000h, error 6h");
}

// Catches two vendors' same exit in two classes: the comparison would show it as a difference.
TEST_CASE("the same exit of either vendor is of one class") {
  struct Pair {
    u64 svm, vmx;
    ExitClass both;
  };
  using C = ExitClass;
  constexpr Pair kPairs[] = {{0x03, 28, C::Cr},
                             {0x10, 28, C::Cr},
                             {0x27, 29, C::Dr},
                             {0x60, 1, C::Interrupt},
                             {0x62, 6, C::Smi},
                             {0x63, 3, C::Init},
                             {0x64, 7, C::InterruptWindow},
                             {0x67, 46, C::DescriptorTable},
                             {0x69, 47, C::DescriptorTable},
                             {0x6E, 16, C::Counter},
                             {0x6F, 15, C::Counter},
                             {0x72, 10, C::Cpuid},
                             {0x74, 8, C::NmiWindow},
                             {0x76, 13, C::Cache},
                             {0x77, 40, C::Pause},
                             {0x78, 12, C::Hlt},
                             {0x79, 14, C::Tlb},
                             {0x7B, 30, C::Io},
                             {0x7C, 31, C::Msr},
                             {0x7C, 32, C::Msr},
                             {0x7D, 9, C::TaskSwitch},
                             {0x7F, 2, C::Shutdown},
                             {0x80, 20, C::Virtualization},
                             {0x81, 18, C::Hypercall},
                             {0x87, 51, C::Counter},
                             {0x89, 54, C::Cache},
                             {0x8A, 39, C::Monitor},
                             {0x8B, 36, C::Monitor},
                             {0x8D, 55, C::Xcr},
                             {0xA2, 58, C::Tlb},
                             {0x400, 48, C::NestedPageFault},
                             {~u64{0}, 33, C::EntryFailure}};
  for (const Pair& pair : kPairs) {
    CAPTURE(pair.svm, pair.vmx);
    CHECK(class_at(pair.svm) == pair.both);
    CHECK(class_at(vmx(pair.vmx)) == pair.both);
  }
  CHECK(class_at(vmx(0x8000'0021)) == C::EntryFailure);  // bit 31: the entry failed
  CHECK(exit_label(vmx(0x8000'0021)) == "INVALID_STATE");
}

// Catches a class that does not look at what the information says.
TEST_CASE("vectors, and entries that no memory has, make the class") {
  CHECK(class_at(0x4E) == ExitClass::PageFault);
  CHECK(class_at(0x4D) == ExitClass::Exception);
  CHECK(class_at(vmx(0), 0, 0x8000'030E) == ExitClass::PageFault);
  CHECK(class_at(vmx(0), 0, 0x8000'030D) == ExitClass::Exception);
  CHECK(class_at(vmx(0), 0, 0x8000'0202) == ExitClass::Nmi);
  CHECK(class_at(vmx(0), 0, 0x030E) == ExitClass::Exception);  // not valid: nothing is known
  CHECK(class_at(0x400, 0x1'0000'000F, 0xFEE0'0000) == ExitClass::Mmio);
  CHECK(class_at(0x400, 0x1'0000'0006, 0xFEE0'0000) == ExitClass::NestedPageFault);
  CHECK(class_at(vmx(49), 0, 0xFEE0'0000) == ExitClass::Mmio);
  CHECK(class_at(vmx(48), 0x182, 0xFEE0'0000) == ExitClass::NestedPageFault);
}

// Catches bits of one vendor's words that are read as the other's.
TEST_CASE("a port access is read from either vendor's words") {
  // REP OUTSB to 3F8h from ES with 32-bit addresses.
  for (const auto& access : {port_access(0x7B, 0x3F8'0000 | 1 << 10 | 1 << 8 | 1 << 4 | 0xC, 0),
                             port_access(vmx(30), 0x3F8'0000 | 0x30, 1 << 7 | 1 << 15)}) {
    REQUIRE(access);
    CHECK(access->port == 0x3F8);
    CHECK(access->bytes == 1);
    CHECK_FALSE(access->input);
    CHECK(access->string);
    CHECK(access->repeated);
    CHECK(access->address_bytes == 4);
    CHECK(access->segment == 1);
  }
  // IN EAX, CF8h.
  for (const auto& access :
       {port_access(0x7B, 0xCF8'0000 | 1 << 6 | 1, 0), port_access(vmx(30), 0xCF8'0000 | 3 | 8, 0)}) {
    REQUIRE(access);
    CHECK(access->port == 0xCF8);
    CHECK(access->bytes == 4);
    CHECK(access->input);
    CHECK_FALSE(access->string);
  }
  CHECK_FALSE(port_access(0x7C, 0x3F8'0010, 0));
  CHECK_FALSE(port_access(vmx(31), 0x3F8'0000, 0));
}

TEST_CASE("what an exit says in words is the same for both vendors") {
  CHECK(exit_text(0x7B, 0x3F8'001D, 0) == "port 3f8h in, 1 byte, rep string");
  CHECK(exit_text(vmx(30), 0x3F8'0038, 0) == "port 3f8h in, 1 byte, rep string");
  CHECK(exit_text(0x400, 0x6, 0xFEE0'00B0) == "guest-physical fee000b0h, write, not mapped");
  CHECK(exit_text(vmx(48), 0x182, 0xFEE0'00B0) == "guest-physical fee000b0h, write, not mapped");
  CHECK(exit_text(0x400, u64{1} << 33 | 0x7, 0x3000) ==
        "guest-physical 3000h, write, not allowed, for a page table");
  CHECK(exit_text(vmx(48), 0x8A, 0x3000) == "guest-physical 3000h, write, not allowed, for a page table");
  CHECK(exit_text(vmx(48), 0x184, 0x3000) == "guest-physical 3000h, fetch, not mapped");
  CHECK(exit_text(vmx(49), 0, 0xFEE0'00B0) == "guest-physical fee000b0h, marked");
  CHECK(exit_text(0x13, 0, 0) == "CR3 write");
  CHECK(exit_text(vmx(28), 0x003, 0) == "CR3 write");
  CHECK(exit_text(vmx(28), 0x018, 0) == "CR8 read");
  CHECK(exit_text(vmx(28), 0x020, 0) == "CR0 write");  // CLTS
  CHECK(exit_text(0x27, 0, 0) == "DR7 read");
  CHECK(exit_text(vmx(29), 0x017, 0) == "DR7 read");
  CHECK(exit_text(0x7C, 1, 0) == "write");
  CHECK(exit_text(vmx(32), 0, 0) == "write");
  CHECK(exit_text(vmx(31), 0, 0) == "read");
  CHECK(exit_text(vmx(0), 0xCAFE, 0x8000'0B0E) == "vector 14, address cafeh");
  CHECK(exit_text(vmx(0), 0, 0x8000'0603) == "vector 3");
  CHECK(exit_text(vmx(12), 0, 0).empty());
}

// Catches instructions that look interrupted because the guest left for them.
TEST_CASE("what comes from outside is no instruction's") {
  for (const u64 reason : {u64{0x60}, u64{0x61}, u64{0x64}, vmx(1), vmx(3), vmx(7), vmx(8), vmx(37), vmx(52)})
    CHECK(comes_from_outside(reason, 0));
  for (const u64 reason : {u64{0x72}, u64{0x74}, u64{0x400}, vmx(10), vmx(48), vmx(0), vmx(56)})
    CHECK_FALSE(comes_from_outside(reason, 0));
  CHECK(comes_from_outside(vmx(0), 0x8000'0202));
  CHECK_FALSE(comes_from_outside(vmx(0), 0x8000'030E));
}

// Catches exceptions of VMX that are all counted as one, and a detail that is counted as an exit.
TEST_CASE("exits are summed up by reason and class") {
  ExitTotals totals(1'000'000'000);
  const auto event = [&](Picoseconds time, EventKind kind, u64 a, u64 b = 0) {
    totals.on_event(
        {.time = time, .a = a, .b = b, .rip = 0, .kind = kind, .core = 0, .device = 0, .sequence = 0});
  };
  const auto leave = [&](Picoseconds time, u64 reason, u64 info1, u64 info2) {
    event(time, EventKind::VmEntry, 0x1000, 0x9000);
    event(time + 1'000, EventKind::VmExit, reason, info1);
    event(time + 1'000, EventKind::VmExitDetail, info2, 1);
  };
  leave(0, vmx(0), 0, 0x8000'030D);
  leave(3'000, vmx(0), 0xCAFE, 0x8000'0B0E);
  leave(8'000, vmx(0), 0xCAFE, 0x8000'0B0E);
  leave(10'000, vmx(12), 0, 0);
  const auto rows = totals.rows();
  REQUIRE(rows.size() == 3);
  CHECK((rows[0].exit_class == ExitClass::PageFault && rows[0].exits == 2 && rows[0].cycles == 4 + 1));
  CHECK((rows[1].exit_class == ExitClass::Exception && rows[1].exits == 1 && rows[1].cycles == 2));
  CHECK((rows[2].reason == vmx(12) && rows[2].exit_class == ExitClass::Hlt && rows[2].exits == 1));
  CHECK(totals.vcpus()[0].exits == 4);
  CHECK(totals.vcpus()[0].guest_cycles == 4);
}
