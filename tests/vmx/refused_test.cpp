// VM entries that fail, and VM exits that do: what is known of them afterwards (SDM vol.
// 3, 27.2, 27.8, 28.7).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using Kind = vmx::Verdict::Kind;

// Catches a failed entry of which nobody can say which rule it was.
TEST_CASE("the rule that a VM entry has failed by is known") {
  GuestMachine m;
  CHECK(m.enter({0x90}) == code_of(ExitReason::Hlt));
  CHECK(m.unit().refused().verdict.pass());  // none has failed

  m[Field::Cr3TargetCount] = 5;
  m.again({0x90});
  vmx::Refusal r = m.unit().refused();
  CHECK(r.verdict.kind == Kind::FailValid);
  CHECK(r.verdict.section == "27.2.1.1");
  CHECK(r.vmcs == kVmcs);
  CHECK(m[Field::InstructionError] == 7);

  m[Field::Cr3TargetCount] = 0;
  m.segment(GuestMachine::kTr, kTssSelector, 0, 0x67, 0x89);  // an available TSS
  CHECK(m.again({0x90}) == (code_of(ExitReason::InvalidGuestState) | arch::vmx::kEntryFailure));
  r = m.unit().refused();
  CHECK(r.verdict.kind == Kind::FailEntry);
  CHECK(r.verdict.section == "27.3.1.2");
  CHECK(r.verdict.segment == "TR");
  CHECK(!r.verdict.rule.empty());
  CHECK(r.cycle > 0);

  m.segment(GuestMachine::kTr, kTssSelector, 0, 0x67, 0x8B);
  m[Field::EntryMsrLoadAddress] = 0x5000'0000;  // not RAM
  m[Field::EntryMsrLoadCount] = 1;
  CHECK(m.again({0x90}) == (code_of(ExitReason::MsrLoading) | arch::vmx::kEntryFailure));
  CHECK(m.unit().refused().verdict.section == "27.4");
  CHECK(m.unit().refused().verdict.qualification == 1);

  m[Field::EntryMsrLoadCount] = 0;
  CHECK(m.again({0x90}) == code_of(ExitReason::Hlt));
  CHECK(m.unit().refused().verdict.section == "27.4");  // the last one that failed
}

// Catches a processor that an event wakes after a VMX abort, and an abort that writes more than its
// indicator.
TEST_CASE("28.7 nothing wakes a processor from a VMX abort") {
  GuestMachine m;
  m[Field::ExitMsrLoadAddress] = 0x5000'0000;
  m[Field::ExitMsrLoadCount] = 1;
  m.enter({0x90});
  cpu::Cpu& c = m.cpu();
  CHECK(m.vmcs().abort == 4);
  CHECK(m.vmcs().revision == c.vmx.revision);
  CHECK(c.activity == cpu::Activity::Shutdown);
  const arch::vmx::Vmcs before = m.vmcs();
  m.processor->init();
  m.processor->nmi();
  m.processor->smi();
  m.processor->set_interrupt(true);
  m.processor->sipi(0x10);
  CHECK(!m.processor->runnable());
  const u64 rip = c.rip;
  CHECK(m.processor->run(m.processor->cycles() + 1000) == execute::Stop::Shutdown);
  CHECK(c.activity == cpu::Activity::Shutdown);
  CHECK(c.rip == rip);
  CHECK(std::memcmp(&before, &m.vmcs(), sizeof before) == 0);
}
