// VMREAD and VMWRITE in a guest with VMCS shadowing (SDM vol. 3, 25.10, 26.1.3, 31.3).
#include <catch2/catch.hpp>
#include <utility>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace arch::vmx;

namespace {

constexpr u64 kReadBitmap = 0x5'9000, kWriteBitmap = 0x5'A000, kShadow = kOtherVmcs;
constexpr u64 kGuestRip = 0x681E, kExitReasonField = 0x4402;  // encodings
constexpr u64 kExitHlt = 12, kExitVmread = 23, kExitVmwrite = 25;

/// The guest's hypervisor has shadowing on, and no field exits.
struct Shadowing : GuestMachine {
  explicit Shadowing(timing::Profile p = intel_everything()) : GuestMachine(std::move(p)) {
    set(Control::VmcsShadowing);
    field(Field::VmreadBitmap) = kReadBitmap;
    field(Field::VmwriteBitmap) = kWriteBitmap;
    field(Field::VmcsLinkPointer) = kShadow;
    vmcs(kShadow).revision |= kShadowIndicator;
  }
  void exits(u64 bitmap, u64 encoding, bool on = true) {
    u8& byte = bus.ram[bitmap + encoding / 8];
    byte = static_cast<u8>(on ? byte | 1u << encoding % 8 : byte & ~(1u << encoding % 8));
  }
  u64& field(Field f) { return vmcs()[f]; }
  u64 guest_flags() { return field(Field::GuestRflags) & arch::flag::kStatus; }
  /// The basic exit reason of what `program` comes to.
  u64 execute_in_guest(const Bytes& program) {
    Machine::write(kGuestCode, program);
    poke<u8>(kGuestCode + program.size(), 0xF4);
    hvlab::execute::memory_written(*code, kGuestCode, program.size() + 1);
    at_start();
    return enter();
  }
  u64 read(u64 encoding, const Bytes& program = kVmreadRbxRax) {
    cpu().gpr[arch::kRax] = encoding;
    cpu().gpr[arch::kRdi] = kData;
    return execute_in_guest(program);
  }
  u64 write(u64 encoding, u64 value, const Bytes& program = kVmwriteRaxRbx) {
    cpu().gpr[arch::kRax] = encoding;
    cpu().gpr[arch::kRbx] = value;
    cpu().gpr[arch::kRdi] = kData;
    return execute_in_guest(program);
  }
};

}  // namespace

// Catches an access to the current VMCS instead of the shadow, or the other way round.
TEST_CASE("what does not exit goes to the shadow VMCS") {
  Shadowing m;
  m.vmcs(kShadow)[Field::GuestRip] = 0x1122'3344'5566'7788;
  REQUIRE(m.read(kGuestRip) == kExitHlt);
  CHECK(m.cpu().gpr[arch::kRbx] == 0x1122'3344'5566'7788);
  CHECK(m.guest_flags() == 0);
  REQUIRE(m.write(kGuestRip, 0x99AA) == kExitHlt);
  CHECK(m.vmcs(kShadow)[Field::GuestRip] == 0x99AA);
  CHECK(m.field(Field::GuestRip) == kGuestCode + 3);  // the current VMCS' own, at the HLT
  CHECK(m.guest_flags() == 0);
}

TEST_CASE("memory operands, and high halves") {
  Shadowing m;
  m.vmcs(kShadow)[Field::TscOffset] = 0x1122'3344'5566'7788;
  REQUIRE(m.read(0x2011, kVmreadMemoryRax) == kExitHlt);
  CHECK(m.peek<u64>(kData) == 0x1122'3344);
  m.poke<u64>(kData, 0xAABB);
  REQUIRE(m.write(0x2011, 0, kVmwriteRaxMemory) == kExitHlt);
  CHECK(m.vmcs(kShadow)[Field::TscOffset] == 0xAABB'5566'7788);
}

// Catches a bitmap that is read at another bit, or the other bitmap.
TEST_CASE("the bitmaps: one bit for each encoding, reads and writes apart") {
  Shadowing m;
  for (const u64 bitmap : {kReadBitmap, kWriteBitmap})
    std::fill_n(m.bus.ram.begin() + static_cast<i64>(bitmap), 4096, u8{0xFF});
  CHECK(m.read(kGuestRip) == kExitVmread);
  CHECK(m.field(Field::GuestRip) == kGuestCode);
  CHECK(m.field(Field::ExitInstructionLength) == 3);
  CHECK(m.write(kGuestRip, 0) == kExitVmwrite);
  for (const u64 encoding : {kGuestRip, u64{0x0800}, u64{0x2011}, u64{0x6C16}}) {
    m.exits(kReadBitmap, encoding, false);
    CHECK(m.read(encoding) == kExitHlt);
    CHECK(m.write(encoding, 0) == kExitVmwrite);
    m.exits(kWriteBitmap, encoding, false);
    CHECK(m.write(encoding, 0) == kExitHlt);
    m.exits(kReadBitmap, encoding);
    CHECK(m.read(encoding) == kExitVmread);
  }
}

TEST_CASE("encodings beyond the bitmaps exit") {
  Shadowing m;
  CHECK(m.read(0x7FFF) == kExitHlt);  // the last one that has a bit; there is no such field
  for (const unsigned n : {15, 31, 32, 63}) {
    CHECK(m.read(kGuestRip | bit(n)) == kExitVmread);
    CHECK(m.write(kGuestRip | bit(n), 0) == kExitVmwrite);
  }
}

TEST_CASE("without the control all exit, at any privilege") {
  const bool user = GENERATE(false, true);
  Shadowing m;
  m.set(Control::VmcsShadowing, false);
  m.field(Field::VmcsLinkPointer) = kNone;
  if (user) m.guest_user();
  CHECK(m.read(kGuestRip) == kExitVmread);
  CHECK(m.write(kGuestRip, 0) == kExitVmwrite);
}

TEST_CASE("privilege comes after the exit") {
  Shadowing m;
  m.guest_user();
  CHECK(m.read(kGuestRip) == kExitHlt);
  CHECK(m.handler() == 13);
  m.guest_user();
  CHECK(m.write(kGuestRip, 0) == kExitHlt);
  CHECK(m.handler() == 13);
  m.exits(kReadBitmap, kGuestRip);
  m.guest_user();
  CHECK(m.read(kGuestRip) == kExitVmread);
}

TEST_CASE("no shadow VMCS: VMfailInvalid") {
  Shadowing m;
  m.field(Field::VmcsLinkPointer) = kNone;
  CHECK(m.read(kGuestRip) == kExitHlt);
  CHECK(m.guest_flags() == arch::flag::kCf);
  CHECK(m.write(kGuestRip, 0) == kExitHlt);
  CHECK(m.guest_flags() == arch::flag::kCf);
}

// Catches a number that goes to the region that was accessed: VMfailValid is about the current VMCS (31.2).
TEST_CASE("errors of fields are told in the current VMCS, which is not the shadow") {
  Shadowing m(intel_with([](Capabilities& c) { c.misc &= ~misc::kWriteReadOnly; }));
  const auto error = [&] { return std::exchange(m.field(Field::InstructionError), 0); };
  CHECK(m.read(0x7FFE) == kExitHlt);
  CHECK(m.guest_flags() == arch::flag::kZf);
  CHECK(error() == 12);
  CHECK(m.write(0x7FFE, 0) == kExitHlt);
  CHECK(m.guest_flags() == arch::flag::kZf);
  CHECK(error() == 12);
  CHECK(m.write(kExitReasonField, 0) == kExitHlt);
  CHECK(m.guest_flags() == arch::flag::kZf);
  CHECK(error() == 13);
  CHECK(m.vmcs(kShadow)[Field::InstructionError] == 0);
}

// A hypervisor may write to its VMCS in memory while the guest runs: what VM entry has checked is not to be
// trusted. Catches an access beyond the page that the pointer names.
TEST_CASE("a link pointer that has gone bad names a page, or nothing") {
  struct Case {
    u64 pointer, value;
  };
  for (const Case& c : {Case{kShadow + 8, 0x1234}, Case{kShadow | bit(45), 0x1234}, Case{0x7F'FFF8, 0x5678},
                        Case{u64{1} << 39, ~u64{0}}, Case{~u64{0} - 1, ~u64{0}}}) {
    INFO(std::hex << c.pointer);
    Shadowing m;
    m.vmcs(kShadow)[Field::GuestRip] = 0x1234;
    m.vmcs(0x7F'F000)[Field::GuestRip] = 0x5678;
    m.cpu().gpr[arch::kRax] = kGuestRip;
    // mov [kVmcs + link pointer], rdx; vmread rbx, rax; vmwrite rax, rbx
    const u64 at = reinterpret_cast<u8*>(&m.field(Field::VmcsLinkPointer)) - m.bus.ram.data();
    m.cpu().gpr[arch::kRdx] = c.pointer;
    Bytes program{0x48, 0x89, 0x14, 0x25};
    for (unsigned n = 0; n < 4; ++n) program.push_back(static_cast<u8>(at >> n * 8));
    program.insert(program.end(), {0x0F, 0x78, 0xC3, 0x0F, 0x79, 0xC3});
    CHECK(m.execute_in_guest(program) == kExitHlt);
    CHECK(m.cpu().gpr[arch::kRbx] == c.value);
    CHECK(m.guest_flags() == 0);
  }
}
