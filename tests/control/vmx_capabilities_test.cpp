// VMX's capability MSRs of each Intel profile against published values of the real part's.
#include <algorithm>
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/arch/vmx.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

/// What HVLab leaves out of a word, and why.
struct Missing {
  u64 bits;
  const char* what;
};
struct Word {
  u32 msr;
  u64 real;
  std::vector<Missing> missing = {};
};

constexpr u64 high(u32 bits) { return u64{bits} << 32; }

const Missing kDualMonitor{bit(49), "dual-monitor treatment of SMM"};
const Missing kExitPerf{high(1 << 12), "exit: load IA32_PERF_GLOBAL_CTRL"},
    kEntryPerf{high(1 << 13), "entry: load IA32_PERF_GLOBAL_CTRL"};
const Missing kEntrySmm{high(1 << 10 | 1 << 11), "entry to SMM, deactivate dual-monitor treatment"};
const Missing kExitMpx{high(1 << 23), "clear IA32_BNDCFGS"}, kEntryMpx{high(1 << 16), "load IA32_BNDCFGS"};
const Missing kExitPt{high(1 << 24), "exit: conceal VMX from PT"},
    kEntryPt{high(1 << 17), "entry: conceal VMX from PT"};

/// The VMCS region has HVLab's own size, 4096 bytes (bits 44 to 32 of IA32_VMX_BASIC).
constexpr u64 kRegionSize = high(0x1FFF), kOwnSize = high(4096);

void check(const char* name, const std::vector<Word>& words) {
  timing::Profile profile = timing::load_profile(name, timing::Accuracy::Functional);
  if (std::ranges::count(profile.features, "vmx") == 0) profile.features.emplace_back("vmx");  // CR4.VMXE
  Machine m(std::move(profile), 1 << 20);
  for (const Word& word : words) {
    u64 wanted = word.real;
    for (const Missing& each : word.missing) {
      INFO(each.what);
      CHECK((word.real & each.bits) == each.bits);
      wanted &= ~each.bits;
    }
    if (word.msr == 0x480) wanted = (wanted & ~kRegionSize) | kOwnSize;
    INFO(name << ": MSR " << std::hex << word.msr);
    u64 told = 0;
    REQUIRE(arch::vmx::capability_msr(m.cpu().vmx, word.msr, told));
    CHECK(told == wanted);
  }
}

}  // namespace

// Catches a control, an ability or a fixed bit that the profile does not have as the part has it, or leaves
// out without saying so: the values of a 10676h (which has no TRUE MSRs).
TEST_CASE("capability MSRs of intel-penryn are the part's, less what is not modelled") {
  check("intel-penryn", {{0x480, 0x005A'0800'0000'000D, {kDualMonitor}},
                         {0x481, 0x0000'003F'0000'0016},
                         {0x482, 0xF7F9'FFFE'0401'E172},
                         {0x483, 0x0003'FFFF'0003'6DFF, {kExitPerf}},
                         {0x484, 0x0000'3FFF'0000'11FF, {kEntrySmm, kEntryPerf}},
                         {0x485, 0x0004'03C0, {{bit(9), "reserved in the manual"}}},
                         {0x486, 0x8000'0021},
                         {0x487, 0xFFFF'FFFF},
                         {0x488, 0x2000},
                         {0x489, 0x27FF},
                         {0x48B, 0x0000'0041'0000'0000}});
  u64 value = 0;
  const arch::vmx::Capabilities c = timing::load_profile("intel-penryn", timing::Accuracy::Functional).vmx;
  for (const u32 msr : {0x48Cu, 0x48Du, 0x48Eu, 0x48Fu, 0x490u, 0x491u})
    CHECK_FALSE(arch::vmx::capability_msr(c, msr, value));
}

// The same of a 506E3h.
TEST_CASE("capability MSRs of intel-skylake are the part's, less what is not modelled") {
  check("intel-skylake", {{0x480, 0x00DA'0400'0000'0004, {kDualMonitor}},
                          {0x481, 0x0000'007F'0000'0016},
                          {0x482, 0xFFF9'FFFE'0401'E172},
                          {0x483, 0x01FF'FFFF'0003'6DFF, {kExitPerf, kExitMpx, kExitPt}},
                          {0x484, 0x0003'FFFF'0000'11FF, {kEntrySmm, kEntryPerf, kEntryMpx, kEntryPt}},
                          {0x485,
                           0x7004'C1E7,
                           {{bit(14), "use of processor trace in VMX operation"},
                            {bit(15), "RDMSR of IA32_SMBASE in SMM"},
                            {bit(28), "blocking of SMIs across VMXOFF"}}},
                          {0x486, 0x8000'0021},
                          {0x487, 0xFFFF'FFFF},
                          {0x488, 0x2000},
                          {0x48B,
                           0x001F'FCFF'0000'0000,
                           {{high(1 << 15), "enable ENCLS exiting"}, {high(1 << 19), "conceal VMX from PT"}}},
                          {0x48C, 0x0000'0F01'0633'4141},
                          {0x48D, 0x0000'007F'0000'0016},
                          {0x48E, 0xFFF9'FFFE'0400'6172},
                          {0x48F, 0x01FF'FFFF'0003'6DFB, {kExitPerf, kExitMpx, kExitPt}},
                          {0x490, 0x0003'FFFF'0000'11FB, {kEntrySmm, kEntryPerf, kEntryMpx, kEntryPt}}});
}

// Catches VMX data that gives what a generation is known for to one that lacks it, or takes it from one that
// has it.
TEST_CASE("what each generation brought") {
  using enum arch::vmx::Control;
  struct Part {
    const char* name;
    std::vector<arch::vmx::Control> has, lacks;
  };
  const Part kParts[] = {
      {"intel-penryn",
       {VirtualNmis, VirtualizeApicAccesses},
       {EnableEpt, EnableVpid, ActivatePreemptionTimer, MonitorTrapFlag}},
      {"intel-nehalem",
       {EnableEpt, EnableVpid, ActivatePreemptionTimer, EnableRdtscp},
       {UnrestrictedGuest, PauseLoopExiting, EnableInvpcid}},
      {"intel-skylake",
       {UnrestrictedGuest, PauseLoopExiting, VmcsShadowing, EnablePml, EnableXsaves},
       {VirtualInterruptDelivery, ProcessPostedInterrupts, ApicRegisterVirtualization, UseTscScaling}},
      {"intel-icelake",
       {VirtualInterruptDelivery, ProcessPostedInterrupts, ApicRegisterVirtualization, UseTscScaling,
        EnableXsaves},
       {EnclsExiting}}};
  for (const Part& part : kParts) {
    INFO(part.name);
    const arch::vmx::Capabilities c = timing::load_profile(part.name, timing::Accuracy::Functional).vmx;
    for (const auto control : part.has) CHECK(c.has(control));
    for (const auto control : part.lacks) CHECK_FALSE(c.has(control));
  }
}
