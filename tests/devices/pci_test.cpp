#include <catch2/catch.hpp>

#include "pci_fakes.hpp"
#include "sim/devices/i440fx.hpp"
#include "sim/devices/piix3.hpp"
#include "sim/devices/piix4_pm.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::test;

namespace {

struct Bank final : RegisterTarget {
  u64 read(u64 offset, unsigned) override { return offset; }
  void write(u64 offset, unsigned, u64 value) override { last = {offset, value}; }
  std::pair<u64, u64> last;
};

struct Card final : PciFunction {
  explicit Card(const PciServices& services, u8 pin = 1)
      : PciFunction({.vendor = 0x1234, .device = 0x5678, .class_code = 0x02'0000, .interrupt_pin = pin},
                    services) {
    define_bar(0, PciBarKind::Memory32, 0x2000, bank);
    define_bar(1, PciBarKind::Io, 64, bank);
    define_bar(2, PciBarKind::Memory64, 0x10000, bank, true);
    define_msi();
    define_msix(4, 3);
  }
  using PciFunction::dma;
  using PciFunction::request_interrupt;
  using PciFunction::send_msix;
  Bank bank;
};

struct Machine {
  FakeDma ram{0x10000};
  FakeMessages messages;
  FakeSink sink;
  PciServices services{&ram, &messages, {&sink, 1}};
  Card card{services};
  PciBus bus;
  ConfigDriver config{bus};
  Machine() { bus.add(3, 0, card); }
};

constexpr unsigned kMsi = 0x40, kMsix = 0x50;

}  // namespace

TEST_CASE("configuration space answers bytes, words and dwords; absent functions read all ones") {
  Machine m;
  CHECK(m.config.read(3, 0, 0, 4) == 0x56781234);
  CHECK(m.config.read(3, 0, 2, 2) == 0x5678);
  CHECK(m.config.read(3, 0, 0x0b, 1) == 0x02);
  CHECK(m.config.read(4, 0, 0, 4) == 0xffffffff);
  CHECK(m.config.read(3, 1, 0, 2) == 0xffff);
  m.bus.config_ports().write(0, 4, 0x0000'1800);  // not enabled
  CHECK(m.bus.config_ports().read(4, 4) == 0xffffffff);
  m.bus.config_ports().write(0, 4, 0x8001'1800);  // bus 1
  CHECK(m.bus.config_ports().read(4, 4) == 0xffffffff);
}

TEST_CASE("CONFADD takes dwords only, so that CF9h stays the reset control's") {
  Machine m;
  m.config.select(3, 0, 0);
  m.bus.config_ports().write(1, 1, 6);
  CHECK(m.bus.config_ports().read(0, 4) == 0x8000'1800);
  Bank reset;
  m.bus.reset_control(reset);
  m.bus.config_ports().write(1, 1, 6);
  CHECK(reset.last == std::pair<u64, u64>{0, 6});
}

TEST_CASE("read-only fields keep their values and writable ones their masks") {
  Machine m;
  m.config.write(3, 0, 0, 4, 0);
  m.config.write(3, 0, 8, 4, 0xffffffff);
  CHECK(m.config.read(3, 0, 0, 4) == 0x56781234);
  CHECK(m.config.read(3, 0, 8, 4) == 0x02000000);
  m.config.write(3, 0, 4, 2, 0xffff);
  CHECK(m.config.read(3, 0, 4, 2) == 0x0547);
  m.config.write(3, 0, 0x3c, 2, 0xff0b);
  CHECK(m.config.read(3, 0, 0x3c, 2) == 0x010b);
}

TEST_CASE("sizing a BAR shows its type and size; the upper half of a 64-bit one is all address") {
  Machine m;
  for (unsigned offset = 0x10; offset < 0x28; offset += 4) m.config.write(3, 0, offset, 4, 0xffffffff);
  CHECK(m.config.read(3, 0, 0x10, 4) == 0xffffe000);
  CHECK(m.config.read(3, 0, 0x14, 4) == 0xffffffc1);
  CHECK(m.config.read(3, 0, 0x18, 4) == 0xffff000c);
  CHECK(m.config.read(3, 0, 0x1c, 4) == 0xffffffff);
  CHECK(m.config.read(3, 0, 0x24, 4) == 0);
}

TEST_CASE("a BAR decodes where it points, once enabled, and moves at once") {
  Machine m;
  m.config.write(3, 0, 0x10, 4, 0xe0004000);
  m.config.write(3, 0, 0x14, 4, 0xc040);
  m.config.write(3, 0, 0x18, 4, 0x10000);
  m.config.write(3, 0, 0x1c, 4, 1);
  CHECK_FALSE(m.bus.find_memory(0xe0004000));
  m.config.write(3, 0, 4, 2, 2);
  CHECK(m.bus.find_memory(0xe0005ffc).offset == 0x1ffc);
  CHECK_FALSE(m.bus.find_memory(0xe0006000));
  CHECK(m.bus.find_memory(0x1'0001'0010).offset == 0x10);
  CHECK_FALSE(m.bus.find_port(0xc040));
  m.config.write(3, 0, 4, 2, 3);
  CHECK(m.bus.find_port(0xc07f).offset == 0x3f);
  const u64 before = m.bus.generation();
  m.config.write(3, 0, 0x10, 4, 0xe0008000);
  CHECK(m.bus.generation() != before);
  CHECK_FALSE(m.bus.find_memory(0xe0004000));
  CHECK(m.bus.find_memory(0xe0008000).function == &m.card);
  m.bus.reset();
  CHECK_FALSE(m.bus.find_memory(0xe0008000));
}

TEST_CASE("assigned resources are disjoint, aligned and enabled") {
  Machine m;
  Card second(m.services);
  m.bus.add(4, 0, second);
  m.bus.assign_resources({});
  CHECK(m.card.bar_address(0) == 0xe0000000);
  CHECK(m.card.bar_address(2) == 0xe0010000);
  CHECK(m.card.bar_address(4) == 0xe0020000);
  CHECK(second.bar_address(0) == 0xe0022000);
  CHECK(m.card.bar_address(1) == 0xc000);
  CHECK(second.bar_address(1) == 0xc040);
  CHECK(m.config.read(3, 0, 4, 2) == 7);
  CHECK(m.config.read(3, 0, 0x3c, 1) == 11);
  CHECK(m.config.read(4, 0, 0x3c, 1) == 11);
}

TEST_CASE("functions share a PIRQ: it falls when the last lets go") {
  Machine m;
  Card second(m.services);
  FakeLine pirq;
  m.bus.add(7, 0, second);  // (7 - 1) mod 4 = (3 - 1) mod 4 = 2
  m.bus.connect_pirq(2, pirq);
  m.card.request_interrupt(true);
  second.request_interrupt(true);
  CHECK(m.config.read(3, 0, 6, 1) == 0x18);
  m.card.request_interrupt(false);
  CHECK(pirq.level);
  m.config.write(7, 0, 4, 2, 0x400);  // INTx disable
  CHECK_FALSE(pirq.level);
  m.config.write(7, 0, 4, 2, 0);
  CHECK(pirq.level);
  m.bus.reset();
  CHECK_FALSE(pirq.level);
}

TEST_CASE("MSI replaces INTx and sends one message a rise") {
  Machine m;
  FakeLine pirq;
  m.bus.connect_pirq(2, pirq);
  m.config.write(3, 0, 4, 2, 4);
  CHECK(m.config.read(3, 0, 0x34, 1) == kMsi);
  CHECK(m.config.read(3, 0, kMsi, 4) == (0x05u | kMsix << 8 | 0x80u << 16));
  m.config.write(3, 0, kMsi + 4, 4, 0xfee00003);
  m.config.write(3, 0, kMsi + 12, 2, 0x31);
  m.config.write(3, 0, kMsi + 2, 2, 1);
  m.card.request_interrupt(true);
  m.card.request_interrupt(true);
  CHECK(m.messages.sent == std::vector<std::pair<u64, u32>>{{0xfee00000, 0x31}});
  CHECK_FALSE(pirq.level);
}

TEST_CASE("MSI-X: masked vectors wait in the pending bits, unmasking sends them") {
  Machine m;
  m.config.write(3, 0, 0x20, 4, 0xe0000000);
  m.config.write(3, 0, 4, 2, 6);
  auto bank = [&m](u64 offset) { return m.bus.find_memory(0xe0000000 + offset); };
  auto write = [&](u64 offset, u32 value) { bank(offset).target->write(offset, 4, value); };
  auto read = [&](u64 offset) { return bank(offset).target->read(offset, 4); };
  CHECK(m.config.read(3, 0, kMsix, 4) == (0x11u | 2u << 16));
  CHECK(m.config.read(3, 0, kMsix + 4, 4) == 4);
  const u32 pending = m.config.read(3, 0, kMsix + 8, 4) & ~7u;
  write(16, 0xfee01000);
  write(20, 0);
  write(24, 0x41);
  m.card.send_msix(1);  // not enabled: lost
  CHECK(read(pending) == 0);
  m.config.write(3, 0, kMsix + 2, 2, 0xc000);  // enabled, function masked
  write(28, 0);
  m.card.send_msix(1);
  m.card.send_msix(2);
  m.card.send_msix(3);  // no such vector
  CHECK(read(pending) == 6);
  CHECK(m.messages.sent.empty());
  m.config.write(3, 0, kMsix + 2, 2, 0x8000);
  CHECK(m.messages.sent == std::vector<std::pair<u64, u32>>{{0xfee01000, 0x41}});
  CHECK(read(pending) == 4);
  write(pending, 0xffffffff);  // read-only
  CHECK(read(pending) == 4);
  write(2 * 16 + 12, 0);
  CHECK(m.messages.sent.size() == 2);
  CHECK(bank(0).target->read(16, 8) == 0xfee01000);
}

TEST_CASE("without bus mastering a function reads all ones, writes nothing, sends no message") {
  Machine m;
  m.config.write(3, 0, kMsi + 2, 2, 1);
  m.card.dma().write(0, "x", 1);
  char byte = 0;
  m.card.dma().read(0, &byte, 1);
  CHECK(byte == '\xff');
  CHECK(m.ram.ram[0] == 0);
  m.card.request_interrupt(true);
  CHECK(m.messages.sent.empty());
  m.config.write(3, 0, 4, 2, 4);
  m.card.dma().write(0, "x", 1);
  CHECK(m.ram.ram[0] == 'x');
  CHECK(m.sink.count(observe::EventKind::DmaWrite) == 1);
}

TEST_CASE("i440FX identifies itself and keeps what firmware writes to its shadow registers") {
  Machine m;
  I440fx bridge(m.services);
  m.bus.add(0, 0, bridge);
  CHECK(m.config.read(0, 0, 0, 4) == 0x12378086);
  CHECK(m.config.read(0, 0, 8, 4) == 0x06000002);
  m.config.write(0, 0, 0x59, 1, 0xff);
  m.config.write(0, 0, 0x5a, 1, 0xff);
  CHECK(m.config.read(0, 0, 0x59, 1) == 0x30);
  CHECK(m.config.read(0, 0, 0x5a, 1) == 0x33);
  CHECK(m.config.read(0, 0, 0x72, 1) == 0x02);
}

TEST_CASE("i440FX's PAM registers direct reads and writes of each segment") {
  Machine m;
  I440fx bridge(m.services);
  m.bus.add(0, 0, bridge);
  unsigned changes = 0;
  bridge.on_shadow([&] { ++changes; });
  m.config.write(0, 0, 0x59, 1, 0x10);  // F0000h..FFFFFh: reads alone
  m.config.write(0, 0, 0x5a, 1, 0x21);  // C0000h: reads, C4000h: writes
  m.config.write(0, 0, 0x5f, 1, 0x30);  // EC000h: both
  CHECK(changes == 3);
  for (unsigned segment = 0; segment < 16; ++segment) {
    const auto [read, write] = bridge.shadow(segment);
    CHECK(read == (segment == 0 || segment == 11 || segment >= 12));
    CHECK(write == (segment == 1 || segment == 11));
  }
  m.config.write(0, 0, 0x58, 4, 0);  // an access that only begins before them
  CHECK(changes == 4);
  m.config.write(0, 0, 0x60, 1, 0);
  CHECK(changes == 4);
  bridge.shadow_everything();
  CHECK(bridge.shadow(15).write);
  bridge.reset();
  CHECK_FALSE(bridge.shadow(15).read);
}

TEST_CASE("PIIX3 routes PIRQs to ISA interrupts, joins those that share one, ignores reserved numbers") {
  Machine m;
  Piix3 bridge(m.services);
  m.bus.add(1, 0, bridge);
  FakeLine irq[16];
  for (unsigned i = 0; i < 16; ++i) bridge.connect_irq(i, irq[i]);
  bridge.pirq(0).set(true);
  for (FakeLine& line : irq) CHECK_FALSE(line.level);
  bridge.route({10, 10, 11, 13});
  CHECK(bridge.routed_irqs() == 0x0c00);
  CHECK(irq[10].level);
  bridge.pirq(1).set(true);
  bridge.pirq(0).set(false);
  CHECK(irq[10].level);
  bridge.pirq(1).set(false);
  CHECK_FALSE(irq[10].level);
  bridge.pirq(3).set(true);
  CHECK_FALSE(irq[13].level);
  m.config.write(1, 0, 0x63, 1, 5);
  CHECK(irq[5].level);
  m.config.write(1, 0, 0x63, 1, 0x85);
  CHECK_FALSE(irq[5].level);
}

TEST_CASE("a function above 0 makes its device multi-function") {
  Machine m;
  Piix3 bridge(m.services);
  Bank registers;
  Piix4Pm pm(m.services, registers);
  m.bus.add(1, 0, bridge);
  m.bus.add(1, 3, pm);
  CHECK(m.config.read(1, 0, 0x0e, 1) == 0x80);
  CHECK(m.config.read(1, 3, 0, 4) == 0x71138086);
}

TEST_CASE("PIIX4 places the power-management ports where PMBA says while PMIOSE is set") {
  Machine m;
  Bank registers;
  Piix4Pm pm(m.services, registers);
  m.bus.add(1, 0, pm);
  CHECK(m.config.read(1, 0, 0x40, 4) == 1);
  m.config.write(1, 0, 0x40, 4, 0xffffffff);
  CHECK(m.config.read(1, 0, 0x40, 4) == 0xffc1);
  m.config.write(1, 0, 0x40, 4, 0xb000);
  CHECK_FALSE(m.bus.find_port(0xb004));
  m.config.write(1, 0, 0x80, 1, 1);
  CHECK(m.bus.find_port(0xb004).offset == 4);
  CHECK_FALSE(m.bus.find_port(0xb040));
  pm.enable_at(0x600);
  CHECK(m.bus.find_port(0x608).target == &registers);
  CHECK(m.config.read(1, 0, 0x58, 4) == 0);
  pm.mark_smi_set_up();
  CHECK(m.config.read(1, 0, 0x58, 4) == 0x0200'0000);  // DEVACTB: APMC_EN
}

TEST_CASE("no configuration access, however odd, does harm") {
  Machine m;
  Piix3 bridge(m.services);
  m.bus.add(1, 0, bridge);
  Random generator{1};
  auto random = [&generator] { return static_cast<u32>(generator.next()); };
  for (int i = 0; i < 20000; ++i) {
    const unsigned size = 1u << (random() % 4);
    const u64 offset = random() % 8;
    if (random() % 3 == 0) m.bus.config_ports().write(0, 4, 0x80000000u | (random() & 0x1fff));
    m.bus.config_ports().write(offset, size, random());
    m.bus.config_ports().read(offset, size);
    if (auto hit = m.bus.find_memory(random()); hit) hit.target->write(hit.offset, size, random());
    m.card.send_msix(static_cast<u16>(random()));
  }
  SUCCEED();
}
