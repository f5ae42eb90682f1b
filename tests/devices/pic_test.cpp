#include <catch2/catch.hpp>

#include "fake_wires.hpp"
#include "sim/devices/pic.hpp"

using namespace hvlab;
using namespace hvlab::devices;

namespace {

struct Board {
  test::FakeLine intr;
  Pic pic{intr};

  explicit Board(u8 icw4 = 0x01) {
    for (auto [bank, base, wiring] :
         {std::tuple<RegisterTarget*, u8, u8>{&pic.master_ports(), 0x20, 4}, {&pic.slave_ports(), 0x28, 2}}) {
      bank->write(0, 1, 0x11);
      bank->write(1, 1, base);
      bank->write(1, 1, wiring);
      bank->write(1, 1, icw4);
      bank->write(1, 1, 0);
    }
  }
  void raise(unsigned irq) { pic.input(irq).set(true); }
  void lower(unsigned irq) { pic.input(irq).set(false); }
  void pulse(unsigned irq) {
    lower(irq);
    raise(irq);
  }
  u64 isr() {
    pic.master_ports().write(0, 1, 0x0B);
    return pic.master_ports().read(0, 1);
  }
  u64 irr() {
    pic.master_ports().write(0, 1, 0x0A);
    return pic.master_ports().read(0, 1);
  }
};

}  // namespace

// Catches a wrong priority order or a vector without ICW2's base.
TEST_CASE("the lowest-numbered request comes first and higher ones wait for the EOI") {
  Board b;
  b.raise(4);
  b.raise(1);
  REQUIRE(b.intr.level);
  CHECK(b.pic.acknowledge() == 0x21);
  CHECK_FALSE(b.intr.level);
  b.pic.master_ports().write(0, 1, 0x20);
  CHECK(b.intr.level);
  CHECK(b.pic.acknowledge() == 0x24);
  CHECK(b.isr() == 0x10);
}

TEST_CASE("a second edge of the line in service waits for the EOI") {
  Board b;
  b.raise(3);
  b.pic.acknowledge();
  b.pulse(3);
  CHECK_FALSE(b.intr.level);
  b.pic.master_ports().write(0, 1, 0x20);
  CHECK(b.intr.level);
}

// Catches a cascade whose second request is lost because the master's input makes no new edge.
TEST_CASE("two slave requests both arrive through the cascade") {
  Board b;
  b.raise(12);
  b.raise(8);
  CHECK(b.pic.acknowledge() == 0x28);
  b.pic.slave_ports().write(0, 1, 0x20);
  b.pic.master_ports().write(0, 1, 0x20);
  REQUIRE(b.intr.level);
  CHECK(b.pic.acknowledge() == 0x2C);
}

TEST_CASE("a cascade with automatic EOI delivers the second request as well") {
  Board b(0x03);
  b.raise(12);
  b.raise(8);
  CHECK(b.pic.acknowledge() == 0x28);
  REQUIRE(b.intr.level);
  CHECK(b.pic.acknowledge() == 0x2C);
  CHECK_FALSE(b.intr.level);
}

// Catches an edge request that fires again while the line merely stays high.
TEST_CASE("an edge is one request, a level asks until it falls") {
  Board b;
  b.raise(5);
  b.pic.acknowledge();
  b.pic.master_ports().write(0, 1, 0x20);
  CHECK_FALSE(b.intr.level);
  b.lower(5);
  b.pic.elcr_ports().write(0, 1, 0xFF);
  CHECK(b.pic.elcr_ports().read(0, 1) == 0xF8);
  b.raise(5);
  b.pic.acknowledge();
  b.pic.master_ports().write(0, 1, 0x20);
  CHECK(b.intr.level);
  b.lower(5);
  CHECK_FALSE(b.intr.level);
}

// Data sheet, "Interrupt request": a request that goes away before INTA yields IR7 without in-service bit.
TEST_CASE("a vanished request is the spurious IRQ7, on the slave IRQ15 with the cascade in service") {
  Board b;
  b.raise(3);
  b.lower(3);
  CHECK_FALSE(b.intr.level);
  CHECK(b.pic.acknowledge() == 0x27);
  CHECK(b.isr() == 0);
}

TEST_CASE("special mask mode lets lower requests through once the line in service is masked") {
  Board b;
  b.raise(1);
  b.pic.acknowledge();
  b.raise(6);
  CHECK_FALSE(b.intr.level);
  b.pic.master_ports().write(1, 1, 0x02);
  CHECK_FALSE(b.intr.level);
  b.pic.master_ports().write(0, 1, 0x68);
  CHECK(b.intr.level);
}

TEST_CASE("rotation makes the line that was served the lowest") {
  Board b;
  b.raise(0);
  b.pic.acknowledge();
  b.pic.master_ports().write(0, 1, 0xA0);  // rotate on non-specific EOI
  b.pulse(0);
  b.raise(7);
  CHECK(b.pic.acknowledge() == 0x27);
  b.pic.master_ports().write(0, 1, 0x67);  // specific EOI
  CHECK(b.pic.acknowledge() == 0x20);
}

TEST_CASE("a poll accepts and names the request") {
  Board b;
  b.raise(4);
  b.pic.master_ports().write(0, 1, 0x0C);
  CHECK(b.pic.master_ports().read(0, 1) == 0x84);
  CHECK(b.isr() == 0x10);
  b.pic.master_ports().write(0, 1, 0x0C);
  CHECK(b.pic.master_ports().read(0, 1) == 0);
}

TEST_CASE("masked requests stay in the IRR and come when unmasked") {
  Board b;
  b.pic.master_ports().write(1, 1, 0x10);
  b.raise(4);
  CHECK_FALSE(b.intr.level);
  CHECK(b.irr() == 0x10);
  b.pic.master_ports().write(1, 1, 0);
  CHECK(b.intr.level);
}

TEST_CASE("the special fully nested mode lets a higher slave request through") {
  Board b(0x11);
  b.raise(12);
  b.pic.acknowledge();
  b.raise(8);
  REQUIRE(b.intr.level);
  CHECK(b.pic.acknowledge() == 0x28);
}

TEST_CASE("no sequence of accesses breaks the interrupt controller") {
  Board b;
  test::Random random{1};
  for (int i = 0; i < 200'000; ++i) {
    RegisterTarget* banks[] = {&b.pic.master_ports(), &b.pic.slave_ports(), &b.pic.elcr_ports()};
    test::poke(*banks[random.below(3)], random, 4);
    b.pic.input(static_cast<unsigned>(random.below(16))).set(random.below(2) != 0);
    if (b.intr.level && random.below(2) != 0) b.pic.acknowledge();
  }
}
