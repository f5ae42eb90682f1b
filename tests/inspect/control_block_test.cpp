// The control block's fields by name. Offsets are typed from APM vol. 2, appendix B.
#include "sim/inspect/control_block.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "guest_machine.hpp"
#include "sim/inspect/processor_document.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

std::string text_of(const GuestMachine& m, const std::string& name) {
  for (const inspect::FieldValue& value :
       inspect::block_values(inspect::BlockKind::Svm, m.bus.ram.data() + kVmcb))
    if (value.field->name == name) return value.text;
  return "no such field";
}

u16 offset_of(const std::string& name) {
  for (const inspect::BlockField& field : inspect::svm_fields())
    if (field.name == name) return field.offset;
  return 0xFFFF;
}

}  // namespace

// Catches a field that is told from another's place.
TEST_CASE("fields stand where the manual has them, in order, and none overlaps another") {
  CHECK(offset_of("INTERCEPT_EXCEPTIONS") == 0x008);
  CHECK(offset_of("IOPM_BASE_PA") == 0x040);
  CHECK(offset_of("GUEST_ASID") == 0x058);
  CHECK(offset_of("VIRTUAL_INTERRUPT") == 0x060);
  CHECK(offset_of("EXITCODE") == 0x070);
  CHECK(offset_of("EXITINTINFO") == 0x088);
  CHECK(offset_of("EVENTINJ") == 0x0A8);
  CHECK(offset_of("N_CR3") == 0x0B0);
  CHECK(offset_of("VMCB_CLEAN") == 0x0C0);
  CHECK(offset_of("NRIP") == 0x0C8);
  CHECK(offset_of("CS.selector") == 0x410);
  CHECK(offset_of("TR.base") == 0x498);
  CHECK(offset_of("CPL") == 0x4CB);
  CHECK(offset_of("EFER") == 0x4D0);
  CHECK(offset_of("RIP") == 0x578);
  CHECK(offset_of("RAX") == 0x5F8);
  CHECK(offset_of("CR2") == 0x640);
  CHECK(offset_of("LASTEXCPTO") == 0x690);
  unsigned end = 0;
  std::set<std::string> names;
  for (const inspect::BlockField& field : inspect::svm_fields()) {
    CAPTURE(field.name);
    CHECK(field.offset >= end);
    end = field.offset + field.bytes;
    CHECK(names.insert(field.name).second);
  }
}

// Catches words that say something else than the bits do.
TEST_CASE("a block after an exit says why, in words") {
  GuestMachine m;
  m.intercept(arch::svm::Exit::IoIo);
  std::fill_n(m.bus.ram.data() + kIoMap, 0x3000, u8{0xFF});
  REQUIRE(m.enter({0xE6, 0x80}) == 0x7B);  // OUT 80h, AL
  CHECK(text_of(m, "EXITCODE") == "io");
  CHECK(text_of(m, "EXITINFO1") == "port 80h out, 1 byte");
  CHECK(text_of(m, "INTERCEPT_MISC_1") == "hlt io shutdown");
  CHECK(text_of(m, "INTERCEPT_MISC_2") == "vmrun");
  CHECK(text_of(m, "EVENTINJ") == "none");
  CHECK(text_of(m, "CS.attributes") == "type 11 code, DPL 0, long");
  CHECK(text_of(m, "EFER") == "SCE LME LMA NXE SVME");
  m.block.control.event_injection = 0x8000'0B0D | u64{0x18} << 32;
  CHECK(text_of(m, "EVENTINJ") == "exception 13, error 0x18");
  m.block.control.clean = 0x5;
  CHECK(text_of(m, "VMCB_CLEAN") == "intercepts asid");
}

// Catches a guest that is looked at through its host's registers or tables.
TEST_CASE("the guest of a block has the block's state") {
  GuestMachine m;
  m.nested_paging();
  m.enter({0x90});
  m.block.save.rax = 0x1234;
  m.block.save.cr3 = 0x7'7000;
  const u8* bytes = m.bus.ram.data() + kVmcb;
  const cpu::Cpu guest = inspect::guest_of(m.cpu(), {bytes, 4096});
  CHECK(guest.gpr[arch::kRax] == 0x1234);
  CHECK(guest.cr3 == 0x7'7000);
  CHECK(guest.rip == kGuestCode + 1);
  CHECK(guest.mode == cpu::Mode::Long);
  CHECK(guest.second_stage.on);
  CHECK(guest.second_stage.root == kNested);
  CHECK(m.cpu().gpr[arch::kRax] == kVmcb);
}
