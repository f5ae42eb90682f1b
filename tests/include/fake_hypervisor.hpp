// A hypervisor of VMX's kind that only notes what the processor asks it, for tests of the door: it leaves the
// guest for what it is told to want, to a HLT of the host.
#pragma once

#include <algorithm>

#include "intel_everything.hpp"

namespace hvlab::test {

/// Where the host goes on after an exit: a HLT.
inline constexpr u64 kHostCode = 0x11'0000;

class FakeHypervisor final : public cpu::Interceptor {
 public:
  struct Register {
    unsigned number;
    u64 value;
    bool write;
    bool operator==(const Register&) const = default;
  };
  std::vector<cpu::Boundary> boundaries;
  std::vector<u64> cycles, rips;  // ... of each
  std::vector<decode::Intercept> instructions;
  std::vector<u64> information;  // ... of each
  std::vector<Register> controls, debugs;
  std::vector<cpu::Delivery> exceptions;
  std::vector<cpu::TaskSwitchAccess> tasks;

  bool wants_controls = false, wants_exceptions = false;
  std::vector<cpu::Boundary> declined;  // boundaries that it leaves to the guest
  u64 dr6 = 0, dr7 = 0;                 // at the last exception

  /// The machine's processor is in a guest of VMX from now on.
  void enter(Machine& m) { enter(m, m.cpu()); }
  /// Another processor with that machine's memory is.
  void enter(Machine& m, cpu::Cpu& c) {
    m.poke<u8>(kHostCode, 0xF4);
    c.guest = this;
    c.vmx_operation = c.exits_first = true;
  }

  decode::Outcome instruction(cpu::Cpu& c, decode::Intercept what, u64 more) override {
    instructions.push_back(what);
    information.push_back(more);
    return leave(c);
  }
  decode::Outcome control_read(cpu::Cpu& c, unsigned number) override {
    controls.push_back({number, 0, false});
    return wants_controls ? leave(c) : decode::Outcome::Next;
  }
  decode::Outcome control_write(cpu::Cpu& c, unsigned number, u64 value) override {
    controls.push_back({number, value, true});
    return wants_controls ? leave(c) : decode::Outcome::Next;
  }
  decode::Outcome debug_access(cpu::Cpu&, unsigned number, bool write) override {
    debugs.push_back({number, 0, write});
    return decode::Outcome::Next;
  }
  decode::Outcome port(cpu::Cpu&, const cpu::PortAccess&) override { return decode::Outcome::Next; }
  decode::Outcome msr(cpu::Cpu&, u32, bool) override { return decode::Outcome::Next; }
  decode::Outcome task_switch(cpu::Cpu& c, const cpu::TaskSwitchAccess& access) override {
    tasks.push_back(access);
    return leave(c);
  }
  bool exception(cpu::Cpu& c, const cpu::Delivery& event) override {
    exceptions.push_back(event);
    dr6 = c.dr6, dr7 = c.dr7;
    if (wants_exceptions) leave(c);
    return wants_exceptions;
  }
  bool shutdown(cpu::Cpu& c) override { return leave(c), true; }
  bool boundary(cpu::Cpu& c, cpu::Boundary what) override {
    boundaries.push_back(what);
    cycles.push_back(c.cycles());
    rips.push_back(c.rip);
    if (std::ranges::find(declined, what) != declined.end()) return false;
    leave(c);
    return true;
  }
  void virtual_interrupt(cpu::Cpu& c) override { leave(c); }
  bool read_task_priority(const cpu::Cpu&, u64&) override { return false; }
  bool write_task_priority(cpu::Cpu&, u64) override { return false; }

 private:
  static decode::Outcome leave(cpu::Cpu& c) {
    c.guest = nullptr;
    c.intercepted = c.undefined = 0;
    c.guest_events = 0;
    c.guest_deadline = cpu::State::kNoDeadline;
    c.cr0_mask = c.cr4_mask = 0;
    c.exits_first = c.unrestricted = c.virtual_nmis = c.iret_keeps_blocking = c.host_masks =
        c.virtual_interrupt = false;
    c.is_delivering = false;
    c.activity = cpu::Activity::Active;
    c.rip = kHostCode;
    return decode::Outcome::World;
  }
};

/// A machine in 64-bit mode and in a guest of the hypervisor.
struct DoorMachine : Machine {
  FakeHypervisor hypervisor;
  DoorMachine() : Machine(intel_everything()) {
    long_mode();
    cpu().cr4 |= arch::cr4::kVmxe;
    hypervisor.enter(*this);
  }
  bool in_guest() { return cpu().guest != nullptr; }
  /// Puts code where the guest stands.
  void guest_code(std::initializer_list<u8> bytes) {
    write(cpu().rip, std::span<const u8>(bytes.begin(), bytes.size()));
    poke<u8>(cpu().rip + bytes.size(), 0xF4);
    execute::memory_written(*code, cpu().rip, bytes.size() + 1);
  }
  /// Runs a few bytes where the guest stands, whatever it did before.
  int run(std::initializer_list<u8> bytes) {
    cpu().activity = cpu::Activity::Active;
    return Machine::run(bytes);
  }
  /// Runs until nothing is left to do, or `cycles`.
  execute::Stop on(u64 cycles = 10'000) { return processor->run(processor->cycles() + cycles); }
};

}  // namespace hvlab::test
