// VMREAD and VMWRITE of every field of the VMCS (SDM vol. 3, 25.11.2, 31.3, appendix B).
#include <catch2/catch.hpp>

#include <set>

#include "root_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace arch::vmx;

namespace {

constexpr u64 kNowhere = 0x7FFF'0000'0000;  // canonical, but not mapped

/// What an encoding says of its field, by the manual's structure of encodings (25.11.2).
unsigned width_of(u64 encoding) { return (encoding >> 13) & 3; }  // 16, 64, 32 bits, natural
bool read_only(u64 encoding) { return ((encoding >> 10) & 3) == 1; }
u64 mask_of(u64 encoding) {
  constexpr u64 kMasks[] = {0xFFFF, ~u64{0}, 0xFFFF'FFFF, ~u64{0}};
  return kMasks[width_of(encoding)];
}

/// A processor with every field that there is.
timing::Profile every_field() {
  return intel_with([](Capabilities& c) {
    for (size_t n = 0; n < kControls; ++n) {
      const auto control = static_cast<Control>(n);
      c.allowed1[static_cast<size_t>(word_of(control))] |= bit_of(control);
    }
  });
}

struct Fields : RootMachine {
  explicit Fields(timing::Profile p = every_field()) : RootMachine(std::move(p)) { in_root(); }

  Ended write(u64 encoding, u64 value) {
    cpu().gpr[arch::kRax] = encoding;
    cpu().gpr[arch::kRbx] = value;
    return execute(kVmwriteRaxRbx);
  }
  Ended read(u64 encoding) {
    cpu().gpr[arch::kRax] = encoding;
    cpu().gpr[arch::kRbx] = kUntouched;
    return execute(kVmreadRbxRax);
  }
  u64 result() { return cpu().gpr[arch::kRbx]; }
  u64 error() { return vmcs(unit().current)[Field::InstructionError]; }

  bool read_fails(u64 number, u64 encoding) {
    return read(encoding) == Ended::FailValid && error() == number && result() == kUntouched;
  }
  bool write_fails(u64 number, u64 encoding) {
    return write(encoding, 1) == Ended::FailValid && error() == number;
  }
  static constexpr u64 kUntouched = 0x5555'6666'7777'8888;
};

}  // namespace

// Catches a field of the wrong width, upper bits that are kept or lost, and a register that keeps its own.
TEST_CASE("64-bit mode: every field is written and read in its width") {
  Fields m;
  constexpr u64 kValue = 0xFEDC'BA98'7654'3210;
  for (const FieldRow& row : kFieldRows) {
    INFO(row.name);
    REQUIRE(m.write(row.encoding, ~u64{0}) == Ended::Succeed);
    REQUIRE(m.write(row.encoding, kValue) == Ended::Succeed);
    REQUIRE(m.read(row.encoding) == Ended::Succeed);
    CHECK(m.result() == (kValue & mask_of(row.encoding)));
  }
}

TEST_CASE("32-bit mode: the operand has 32 bits; the rest of a longer field becomes 0") {
  Fields m;
  m.paged_protected_mode();
  for (const FieldRow& row : kFieldRows) {
    INFO(row.name);
    m.vmcs()[*field_of(row.encoding)] = ~u64{0};
    REQUIRE(m.write(row.encoding, 0x1111'2222'89AB'CDEF) == Ended::Succeed);
    CHECK(m.vmcs()[*field_of(row.encoding)] == (0x89AB'CDEF & mask_of(row.encoding)));
    m.vmcs()[*field_of(row.encoding)] = 0xFEDC'BA98'7654'3210;
    REQUIRE(m.read(row.encoding) == Ended::Succeed);
    CHECK(m.result() == (0x7654'3210 & mask_of(row.encoding)));
  }
  // Of the encoding, too, bits 63..32 do not count: they may be left from 64-bit mode.
  m.cpu().gpr[arch::kRax] = 0x1'0000'681E;
  CHECK(m.execute(kVmreadRbxRax) == Ended::Succeed);
}

// Catches a high half that reaches the low one, and one of a field that has none.
TEST_CASE("high halves: of 64-bit fields only") {
  const bool wide = GENERATE(true, false);
  Fields m;
  if (!wide) m.paged_protected_mode();
  for (const FieldRow& row : kFieldRows) {
    INFO(row.name);
    const u64 high = row.encoding + 1u;
    if (width_of(row.encoding) != 1) {
      CHECK(m.read_fails(12, high));
      CHECK(m.write_fails(12, high));
      continue;
    }
    u64& field = m.vmcs()[*field_of(row.encoding)];
    field = 0x0123'4567'89AB'CDEF;
    REQUIRE(m.read(high) == Ended::Succeed);
    CHECK(m.result() == 0x0123'4567);
    REQUIRE(m.write(high, 0xAAAA'BBBB'1111'2222) == Ended::Succeed);
    CHECK(field == 0x1111'2222'89AB'CDEF);
  }
}

// Catches two encodings that lead to one place.
TEST_CASE("fields are apart from each other") {
  Fields m;
  for (const FieldRow& row : kFieldRows)
    REQUIRE(m.write(row.encoding, row.encoding ^ 0x5A5Au) == Ended::Succeed);
  for (const FieldRow& row : kFieldRows) {
    INFO(row.name);
    REQUIRE(m.read(row.encoding) == Ended::Succeed);
    CHECK(m.result() == (row.encoding ^ 0x5A5Au));
  }
}

TEST_CASE("encodings without a field: error 12") {
  Fields m;
  std::set<u64> known;
  for (const FieldRow& row : kFieldRows) {
    known.insert(row.encoding);
    if (width_of(row.encoding) == 1) known.insert(row.encoding + 1u);
  }
  unsigned wrong = 0;
  for (u64 encoding = 0; encoding < 0x8000; ++encoding)
    if (!known.contains(encoding) && (!m.read_fails(12, encoding) || !m.write_fails(12, encoding))) ++wrong;
  CHECK(wrong == 0);
  for (unsigned n = 12; n < 64; ++n) {
    if (n == 13 || n == 14) continue;  // the width
    INFO(n);
    CHECK(m.read_fails(12, 0x0800 | bit(n)));
    CHECK(m.write_fails(12, 0x0800 | bit(n)));
  }
}

// Catches a field that is there although nothing could use it, and one that goes with the wrong control.
TEST_CASE("a processor without a control lacks its fields") {
  for (size_t n = 0; n < kControls; ++n) {
    const auto control = static_cast<Control>(n);
    if (vmx_control_absent(control)) continue;
    Fields m(intel_without(control));
    for (const FieldRow& row : kFieldRows) {
      if (vmx_control_absent(row.needs)) continue;
      INFO(row.name << " without " << kControlRows[n].name);
      const bool exists = row.needs != control;
      CHECK((m.write(row.encoding, 0) == Ended::Succeed) == exists);
      CHECK((m.read(row.encoding) == Ended::Succeed) == exists);
    }
  }
}

TEST_CASE("read-only fields: error 13 unless IA32_VMX_MISC bit 29 is set") {
  timing::Profile profile = every_field();
  profile.vmx.misc &= ~misc::kWriteReadOnly;
  Fields m(profile);
  for (const FieldRow& row : kFieldRows) {
    INFO(row.name);
    CHECK(m.read(row.encoding) == Ended::Succeed);
    if (!read_only(row.encoding)) {
      CHECK(m.write(row.encoding, 0) == Ended::Succeed);
      continue;
    }
    CHECK(m.write_fails(13, row.encoding));
    if (width_of(row.encoding) == 1) CHECK(m.write_fails(13, row.encoding + 1u));
  }
}

TEST_CASE("memory operands: 64 bits in 64-bit mode, 32 elsewhere") {
  Fields m;
  const bool wide = GENERATE(true, false);
  if (!wide) m.paged_protected_mode();
  m.vmcs()[Field::GuestRip] = 0x1122'3344'5566'7788;
  m.cpu().gpr[arch::kRax] = 0x681E;
  REQUIRE(m.execute(kVmreadMemoryRax, ~u64{0}) == Ended::Succeed);
  CHECK(m.peek<u64>(kData) == (wide ? 0x1122'3344'5566'7788 : 0xFFFF'FFFF'5566'7788));
  REQUIRE(m.execute(kVmwriteRaxMemory, 0xAABB'CCDD'EEFF'0011) == Ended::Succeed);
  CHECK(m.vmcs()[Field::GuestRip] == (wide ? 0xAABB'CCDD'EEFF'0011 : 0xEEFF'0011));
  // A field of 16 bits fills the destination.
  m.vmcs()[Field::GuestCsSelector] = 0x1234;
  m.cpu().gpr[arch::kRax] = 0x0802;
  REQUIRE(m.execute(kVmreadMemoryRax, ~u64{0}) == Ended::Succeed);
  CHECK(m.peek<u64>(kData) == (wide ? 0x1234 : 0xFFFF'FFFF'0000'1234));
}

// The faults of memory operands: VMREAD's come after all checks, VMWRITE's before those of the field.
TEST_CASE("no current VMCS: VMfailInvalid before all that operands are wrong about") {
  Fields m;
  m.in_root(kNone);
  m.cpu().gpr[arch::kRdi] = kNowhere;
  m.cpu().gpr[arch::kRax] = 0x7FFE;
  for (const Bytes& bytes : {kVmreadRbxRax, kVmreadMemoryRax, kVmwriteRaxRbx, kVmwriteRaxMemory})
    CHECK(m.execute(bytes) == Ended::FailInvalid);
}
TEST_CASE("page faults of memory operands") {
  Fields m(intel_with([](Capabilities& c) { c.misc &= ~misc::kWriteReadOnly; }));
  m.cpu().gpr[arch::kRdi] = kNowhere;
  m.cpu().gpr[arch::kRax] = 0x7FFE;  // no field
  CHECK(m.execute(kVmreadMemoryRax) == Ended::FailValid);
  CHECK(m.error() == 12);
  CHECK(m.execute(kVmwriteRaxMemory) == Ended::PageFault);
  m.cpu().gpr[arch::kRax] = 0x4402;  // the exit reason
  CHECK(m.execute(kVmreadMemoryRax) == Ended::PageFault);
  CHECK(m.execute(kVmwriteRaxMemory) == Ended::PageFault);
  // Neither has VMsucceeded or VMfailed: the flags are those from before, here all status flags.
  for (const Bytes& bytes : {kVmreadMemoryRax, kVmwriteRaxMemory}) {
    CHECK(m.execute(bytes) == Ended::PageFault);
    CHECK((m.cpu().rflags() & arch::flag::kStatus) == arch::flag::kStatus);
  }
}

// The VMCS is in memory and nowhere else: a copy of the region is a copy of it.
TEST_CASE("what was written is in the region") {
  Fields m;
  REQUIRE(m.write(0x6820, 0x2) == Ended::Succeed);
  REQUIRE(m.write(0x681E, 0x1234) == Ended::Succeed);
  std::memcpy(m.bus.ram.data() + kOtherVmcs, m.bus.ram.data() + kVmcs, 4096);
  REQUIRE(m.write(0x681E, 0x5678) == Ended::Succeed);
  REQUIRE(m.execute(kVmptrld, kOtherVmcs) == Ended::Succeed);
  REQUIRE(m.read(0x681E) == Ended::Succeed);
  CHECK(m.result() == 0x1234);
}
