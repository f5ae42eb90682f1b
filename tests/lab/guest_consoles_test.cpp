// What virtual machines write on serial ports, told from their exits.
#include "sim/lab/guest_consoles.hpp"

#include <catch2/catch.hpp>
#include <memory>

#include "sim/arch/registers.hpp"

using namespace hvlab;
using namespace hvlab::lab;
using observe::Event;
using observe::EventKind;

namespace {

// EXITINFO1 of a port access, typed from APM vol. 2, 15.10.2.
constexpr u64 kIn = 1, kString = 1 << 2, kRepeat = 1 << 3, kByte = 1 << 4, kWord = 1 << 5,
              kAddress64 = 1 << 9, kDs = 3 << 10;
constexpr u64 port(u64 number) { return number << 16; }

struct World {
  std::unique_ptr<cpu::Cpu> cpu = std::make_unique<cpu::Cpu>();
  std::string memory = std::string(64, '.');  // at linear address 1000h
  observe::ExitTotals totals{1'000'000'000};
  std::map<std::string, std::string> consoles;
  GuestConsoles watch{
      totals,
      {.state = [this](unsigned) -> const cpu::Cpu& { return *cpu; },
       .read =
           [this](unsigned, u64 address, void* to, size_t bytes) {
             if (address < 0x1000 || address + bytes > 0x1000 + memory.size()) return false;
             memory.copy(static_cast<char*>(to), bytes, address - 0x1000);
             return true;
           }},
      [this](const std::string& name, u8 byte) { consoles[name] += static_cast<char>(byte); }};

  void event(EventKind kind, u64 a, u64 b) {
    const Event e = {
        .time = 0, .a = a, .b = b, .rip = 0, .kind = kind, .core = 0, .device = 0, .sequence = 0};
    totals.on_event(e);
    watch.on_event(e);
  }
  void enter(u64 block = 0x1000, u64 root = 0x9000) { event(EventKind::VmEntry, block, root); }
  void leave(u64 information, u64 code = 0x7B, u64 more = 0) {
    event(EventKind::VmExit, code, information);
    event(EventKind::VmExitDetail, more, 0);
  }
  void out(u64 number, u64 value, u64 size = kByte) {
    cpu->gpr[arch::kRax] = value;
    leave(port(number) | size);
    enter();
  }
};

}  // namespace

// Catches bytes of one machine on another's console, reads and other exits taken for writes.
TEST_CASE("each machine's bytes are on its own console") {
  World world;
  world.enter();
  world.out(0x3F8, 0x1234'5641);
  world.leave(port(0x3F8) | kByte | kIn);
  world.enter(0x2000, 0xA000);
  world.cpu->gpr[arch::kRax] = 'B';
  world.leave(port(0x3F8) | kByte);
  world.enter();
  world.leave(port(0x3F8) | kByte, 0x7C);
  world.enter();
  world.out(0x2F8, 'C');
  world.out(0xE9, 'D');
  world.out(0x80, 'E');
  CHECK(world.consoles == std::map<std::string, std::string>{
                              {"vm1-com1", "A"}, {"vm2-com1", "B"}, {"vm1-com2", "C"}, {"vm1-debug", "D"}});
}

// Catches divisors and the loopback test of drivers that appear as text, and a wide write that loses a byte.
TEST_CASE("only what reaches the wire is text") {
  World world;
  world.enter();
  world.out(0x3FB, 0x80);
  world.out(0x3F8, 'x');
  world.out(0x3FB, 0x03);
  world.out(0x3F8, 'a');
  world.out(0x3FC, 0x10);
  world.out(0x3F8, 'x');
  world.out(0x3FC, 0x0B);
  world.out(0x3F8, 'b' | 0x100, kWord);  // and 01h to the interrupt enable register
  world.out(0x3F7, 'c' << 8, kWord);
  CHECK(world.consoles == std::map<std::string, std::string>{{"vm1-com1", "abc"}});
}

// Catches a string written twice, one whose unwritten rest appears, and one read from another place.
TEST_CASE("of a string what the hypervisor has written is text") {
  World world;
  world.memory.replace(8, 5, "hello");
  world.enter();
  world.cpu->gpr[arch::kRsi] = 0x1008;
  world.cpu->gpr[arch::kRcx] = 5;
  const u64 information = port(0x3F8) | kByte | kString | kRepeat | kAddress64 | kDs;
  world.leave(information);
  CHECK(world.consoles.empty());
  world.cpu->gpr[arch::kRsi] = 0x100A;
  world.cpu->gpr[arch::kRcx] = 3;
  world.enter();
  CHECK(world.consoles["vm1-com1"] == "he");
  world.leave(information);
  world.cpu->gpr[arch::kRsi] = 0x100D;
  world.enter();
  CHECK(world.consoles["vm1-com1"] == "hello");
  // Backwards, one element, memory that is not there after it.
  world.cpu->gpr[arch::kRsi] = 0x1008;
  world.cpu->rflags_rest |= arch::flag::kDf;
  world.leave(port(0x3F8) | kByte | kString | kAddress64 | kDs);
  world.cpu->gpr[arch::kRsi] = 0x1007;
  world.enter();
  CHECK(world.consoles["vm1-com1"] == "helloh");
}

// Exit qualification of an I/O instruction and instruction information of OUTS, typed from SDM vol. 3, tables
// 28-5 and 28-8. Catches bytes that are lost because the other vendor's words are read.
TEST_CASE("guests of Intel's processors have consoles too") {
  constexpr u64 kIoInstruction = u64{1} << 32 | 30, kVmxString = 1 << 4, kVmxRepeat = 1 << 5;
  constexpr u64 kWide = 1, kVmxIn = 1 << 3, kVmxAddress64 = 2 << 7, kVmxDs = 3 << 15;
  World world;
  world.enter();
  world.cpu->gpr[arch::kRax] = 0x1234'5641;
  world.leave(port(0x3F8), kIoInstruction);
  world.enter();
  world.cpu->gpr[arch::kRax] = 'b' << 8 | 'x';
  world.leave(port(0x3F7) | kWide, kIoInstruction);
  world.enter();
  world.leave(port(0x3F8) | kVmxIn, kIoInstruction);
  world.enter();
  CHECK(world.consoles["vm1-com1"] == "Ab");
  world.memory.replace(8, 5, "hello");
  world.cpu->gpr[arch::kRsi] = 0x1008;
  world.cpu->gpr[arch::kRcx] = 5;
  world.leave(port(0xE9) | kVmxString | kVmxRepeat, kIoInstruction, kVmxAddress64 | kVmxDs);
  world.cpu->gpr[arch::kRsi] = 0x100D;
  world.enter();
  CHECK(world.consoles["vm1-debug"] == "hello");
}
