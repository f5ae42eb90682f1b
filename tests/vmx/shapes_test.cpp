// What is simulated of a guest of VMX does not depend on the engine's own shapes (tests/execute/shapes.hpp):
// random programs under a small hypervisor with EPT, a page-modification log, timer, trap flag, windows, and
// events of every kind.
#include "shapes.hpp"

#include "assembler.hpp"
#include "guest_machine.hpp"

namespace hvlab::test {

namespace {

constexpr u64 kHypervisor = 0x70'0000, kHypervisorStack = 0x21'0000, kTurn = 5003,
              kInveptDescriptor = 0x7'C000;
/// Pages that the hypervisor exchanges under the guest.
constexpr u64 kOtherPatch = kPatch + 0x1000, kOtherData = kData + 0x5000, kSwappedData = kData + 0x2000;

constexpr u32 address_of(Field f) {
  return static_cast<u32>(kVmcs + offsetof(arch::vmx::Vmcs, field) + static_cast<u64>(f) * 8);
}
constexpr u32 ept_entry(u64 address) { return static_cast<u32>(kEpt + 0x3000 + (address >> 12) * 8); }

/// Reads and writes the fields where HVLab keeps them. R11, R12 and RBP are its own; R12 counts the exits,
/// and decides what it does next.
class HypervisorCode : public Assembler {
 public:
  Place exit = 0;

  HypervisorCode() {
    const Place enter = here();
    add({0x0F, 0x01, 0xC3, 0xF4});  // vmresume; hlt, which it does not come to
    exit = here();
    add({0x49, 0xFF, 0xC4});  // inc r12
    load(Field::ExitReason);
    const Place halted = jump_on(12), violation = jump_on(48), window = jump_on(7), log_full = jump_on(62);
    const Place timer = jump_on(52), stepped = jump_on(37), event = jump_on(0);
    load(Field::ExitInstructionLength);
    add({0x4C, 0x01, 0x1C, 0x25}, address_of(Field::GuestRip));  // add [], r11
    const Place resume = here();
    bind(timer), bind(stepped), bind(event);
    set_timer();
    give_events(enter);
    disturb();
    jump_to(enter);

    bind(violation);
    load(Field::GuestPhysicalAddress);
    add({0x49, 0xC1, 0xEB, 12});                           // shr r11, 12
    add({0x42, 0x80, 0x0C, 0xDD}, ept_entry(0)).add({7});  // or byte [r11*8 + ...], 7
    jump_to(resume);
    bind(log_full);
    store(Field::PmlIndex, 7);
    jump_to(resume);
    bind(window);
    change(kAnd, Field::PrimaryControls, ~u64{arch::vmx::bit_of(Control::InterruptWindowExiting)});
    store(Field::EntryInterruptionInfo, event_word(0, 0x80));
    jump_to(enter);
    bind(halted);
    add({0xF4});
  }

 private:
  static constexpr u8 kOr = 0x0C, kAnd = 0x24, kXor = 0x34;

  void load(Field f) { add({0x4C, 0x8B, 0x1C, 0x25}, address_of(f)); }   // mov r11, [f]
  void store(Field f) { add({0x4C, 0x89, 0x1C, 0x25}, address_of(f)); }  // mov [f], r11
  void store(Field f, u64 value) { add({0xC7, 0x04, 0x25}, address_of(f)).word(value); }
  void change(u8 operation, Field f, u64 mask) { add({0x81, operation, 0x25}, address_of(f)).word(mask); }
  void test(Field f, u64 mask) { add({0xF7, 0x04, 0x25}, address_of(f)).word(mask); }
  Place jump_on(u32 code) { return add({0x41, 0x81, 0xFB}, code).jump_if(kEqual); }  // cmp r11d, code
  void count(u8 mask) { add({0x45, 0x89, 0xE3, 0x41, 0x83, 0xE3, mask}); }           // r11d = r12d & mask

  void set_timer() {
    count(0x7F);
    add({0x41, 0x81, 0xC3}, 20);  // add r11d, 20
    store(Field::PreemptionTimer);
  }

  /// What the exit interrupted comes first; else the count of exits chooses.
  void give_events(Place enter) {
    load(Field::IdtVectoringInfo);
    add({0x45, 0x85, 0xDB});  // test r11d, r11d
    const Place none = jump_if(kSign ^ 1);
    store(Field::EntryInterruptionInfo);
    load(Field::IdtVectoringErrorCode);
    store(Field::EntryExceptionErrorCode);
    load(Field::ExitInstructionLength);
    store(Field::EntryInstructionLength);
    change(kAnd, Field::GuestInterruptibility, ~u64{8});  // of an NMI whose delivery has failed
    jump_to(enter);
    bind(none);
    count(7);
    const Place nmi = jump_on(4), wait = jump_on(5), step = jump_on(3);
    const Place done = jump();
    bind(nmi);
    test(Field::GuestInterruptibility, 0xF);
    const Place blocked = jump_if(kEqual ^ 1);
    store(Field::EntryInterruptionInfo, event_word(2, 2));
    jump_to(enter);
    bind(wait);
    change(kOr, Field::PrimaryControls, arch::vmx::bit_of(Control::InterruptWindowExiting));
    jump_to(enter);
    bind(step);
    change(kXor, Field::PrimaryControls, arch::vmx::bit_of(Control::MonitorTrapFlag));
    bind(blocked), bind(done);
  }

  /// Changes the guest's code and pages.
  void disturb() {
    count(0xF);
    const Place code = jump_on(6), take = jump_on(7), stack = jump_on(2), swap = jump_on(9);
    const Place end = jump();
    bind(code);
    add({0x44, 0x88, 0x24, 0x25}, kPatch + 1);  // mov [patch + 1], r12b
    const Place end2 = jump();
    bind(take);
    add({0x4D, 0x89, 0xE3, 0x49, 0xC1, 0xEB, 0x04, 0x41, 0x83, 0xE3, 0x1F});  // r11 = r12 / 16 % 32
    add({0x42, 0x80, 0x24, 0xDD}, ept_entry(kData)).add({0xF8});              // and byte [...], ~7
    const Place flush = jump();
    bind(stack);
    add({0x80, 0x24, 0x25}, ept_entry(kStack - 8)).add({0xFD});  // not writable
    const Place flush2 = jump();
    bind(swap);
    exchange(kPatch, kOtherPatch);
    exchange(kSwappedData, kOtherData);
    bind(flush), bind(flush2);
    add({0x41, 0xBB}, 2);                                                // mov r11d, 2
    add({0x66, 0x44, 0x0F, 0x38, 0x80, 0x1C, 0x25}, kInveptDescriptor);  // invept r11, []
    bind(end), bind(end2);
  }

  void exchange(u64 a, u64 b) {
    add({0x4C, 0x8B, 0x1C, 0x25}, ept_entry(a));  // mov r11, [a]
    add({0x48, 0x8B, 0x2C, 0x25}, ept_entry(b));  // mov rbp, [b]
    add({0x48, 0x89, 0x2C, 0x25}, ept_entry(a));
    add({0x4C, 0x89, 0x1C, 0x25}, ept_entry(b));
  }
};

timing::Profile costly_intel() {
  timing::Profile p = costly(intel_everything());
  p.vm_entry = 211;
  p.vm_exit = 307;
  return p;
}

/// A machine with the program of `seed` as its guest.
class HypervisorMachine {
 public:
  GuestMachine m{costly_intel()};
  Trace trace;

  HypervisorMachine(u64 seed, bool tagged, const Shape& shape) {
    m.code->set_limits(shape.limits);
    place_program(m, seed);
    m.write(kOtherPatch, test::Bytes{0x04, 0x07, 0xC3});  // add al, 7; ret
    m.cpu().observer = &trace;
    m.cpu().gpr[12] = 0;
    prepare(tagged);
    const HypervisorCode code;
    m.write(kHypervisor, code.bytes);
    m[Field::HostRip] = kHypervisor + code.exit;
    m[Field::HostRsp] = kHypervisorStack;
    m.cpu().rip = kHypervisor;
    m.cpu().gpr[arch::kRsp] = kHypervisorStack;
    m.settle();
  }

 private:
  void prepare(bool tagged) {
    m.ept();
    m[Field::Eptp] |= bit(6);
    for (const Control c : {Control::NmiExiting, Control::VirtualNmis, Control::ActivatePreemptionTimer,
                            Control::UseIoBitmaps, Control::EnablePml, Control::UseTscOffsetting})
      m.set(c);
    m.set(Control::EnableVpid, tagged);
    m[Field::Vpid] = tagged ? 5 : 0;
    m[Field::TscOffset] = 1000;
    m[Field::PmlIndex] = 7;
    m[Field::PreemptionTimer] = 1000;
    m.poke<u8>(kIoBitmapA + 0x80 / 8, 1);  // port 80h
    m[Field::GuestRip] = kCode;
    m[Field::GuestRsp] = kStack;
    m[Field::GuestRflags] = 0x202;
    m.vmcs().launched = 1;
  }
};

Result run(u64 seed, bool tagged, const Shape& shape) {
  HypervisorMachine h(seed, tagged, shape);
  std::vector<u64> stops;
  execute::Processor& p = *h.m.processor;
  bool running = true;
  for (u64 next = kTurn; running && stops.size() < 10'000; next += kTurn) {
    running = run_until(p, next, shape) == execute::Stop::CycleLimit;
    stops.push_back(p.cycles());
    p.nmi();
  }
  return result_of(h.m, h.trace, std::move(stops));
}

void check_seeds(bool tagged) {
  for (u64 seed = 1; seed <= 4; ++seed) {
    const Result reference = run(seed, tagged, {"as usual", {}});
    INFO("seed " << seed);
    const auto exits = [&](u32 reason) {
      return std::count_if(reference.events.begin(), reference.events.end(), [=](const observe::Event& e) {
        return e.kind == observe::EventKind::VmExit && e.a == arch::vmx::exit_code(reason);
      });
    };
    REQUIRE(exits(12) == 1);
    for (const u32 reason : {0u, 7u, 30u, 37u, 48u, 52u, 62u}) {
      INFO("exit reason " << reason);
      CHECK(exits(reason) > (reason == 62 ? 0 : 10));
    }
    CHECK(exits(33 | u32{1} << 31) == 0);
    CHECK(reference.registers[9] > 10);  // events that reached the guest
    CHECK(reference.registers[10] > 10);
    for (const Shape& shape : kShapes) {
      INFO(shape.name);
      require_alike(reference, run(seed, tagged, shape));
    }
  }
}

}  // namespace

// Catches events, timers and logs that come at another moment because a block ended elsewhere.
TEST_CASE("a guest with EPT does not depend on the engine's shapes") { check_seeds(false); }
TEST_CASE("... nor does one with VPID") { check_seeds(true); }

}  // namespace hvlab::test
