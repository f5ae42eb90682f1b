#include <catch2/catch.hpp>

#include <string>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "sim/devices/uart16550.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using namespace hvlab::devices::uart;

namespace {

struct Board : ConsoleSink {
  test::FakeClock clock;
  test::FakeLine irq;
  std::string seen;
  Uart16550 uart{clock, irq, *this, "com1"};

  Board() {
    set(kLineControl, 0x83);
    set(kData, 1);
    set(kInterruptEnable, 0);
    set(kLineControl, 0x03);
    set(kModemControl, kDtr | kRts | kOut2);
  }
  void byte(u8 value) override { seen += static_cast<char>(value); }
  void set(u8 offset, u8 value) { uart.ports().write(offset, 1, value); }
  u64 get(u8 offset) { return uart.ports().read(offset, 1); }
};

constexpr Picoseconds kCharacter = 86'805'556;  // 10 bits at 115200 baud, rounded up

}  // namespace

// Catches a transmitter that is instant or runs at another rate than the divisor's.
TEST_CASE("a character takes ten bit times") {
  Board b;
  b.set(kData, 'A');
  CHECK((b.get(kLineStatus) & (kHoldingEmpty | kTransmitterEmpty)) == kHoldingEmpty);
  b.clock.advance(kCharacter - 1);
  CHECK(b.seen.empty());
  b.clock.advance(1);
  CHECK(b.seen == "A");
  CHECK((b.get(kLineStatus) & kTransmitterEmpty) != 0);
}

TEST_CASE("the divisor and the frame set the time") {
  Board b;
  b.set(kLineControl, 0x80 | 0x1F);  // 8 data bits, parity, 2 stop bits
  b.set(kData, 12);
  b.set(kLineControl, 0x1F);
  b.set(kData, 'A');
  b.clock.advance(1'249'999'999);
  CHECK(b.seen.empty());
  b.clock.advance(1);
  CHECK(b.seen == "A");
}

TEST_CASE("the FIFO holds sixteen and interrupts when it has emptied") {
  Board b;
  b.set(kInterruptId, kFifoEnable);
  b.set(kInterruptEnable, kEnableTransmit);
  CHECK(b.irq.level);
  CHECK(b.get(kInterruptId) == (kIdTransmit | kIdFifos));
  CHECK_FALSE(b.irq.level);
  for (int i = 0; i < 17; ++i) b.set(kData, static_cast<u8>('a' + i));
  CHECK_FALSE((b.get(kLineStatus) & kHoldingEmpty) != 0);
  b.clock.advance(15 * kCharacter);
  CHECK_FALSE(b.irq.level);
  b.clock.advance(kCharacter);
  CHECK(b.irq.level);
  b.clock.advance(kCharacter);
  CHECK(b.seen == "abcdefghijklmnopq");
}

TEST_CASE("a received character interrupts at the trigger level, or after four character times") {
  Board b;
  b.set(kInterruptId, kFifoEnable | 0x40);  // trigger at four
  b.set(kInterruptEnable, kEnableReceived);
  for (char c : {'x', 'y', 'z'}) b.uart.receive(static_cast<u8>(c));
  b.clock.advance(3 * kCharacter);
  CHECK_FALSE(b.irq.level);
  b.clock.advance(4 * kCharacter);
  REQUIRE(b.irq.level);
  CHECK(b.get(kInterruptId) == (kIdTimeout | kIdFifos));
  CHECK(b.get(kData) == 'x');
  CHECK_FALSE(b.irq.level);
  b.uart.receive('1');
  b.uart.receive('2');
  b.clock.advance(2 * kCharacter);
  CHECK(b.get(kInterruptId) == (kIdReceived | kIdFifos));
}

TEST_CASE("typed characters wait while the receiver is full, none is lost") {
  Board b;
  b.set(kInterruptId, kFifoEnable);
  for (int i = 0; i < 100; ++i) REQUIRE(b.uart.receive(static_cast<u8>(i)));
  b.clock.advance(kSecond);
  for (int i = 0; i < 100; ++i) {
    REQUIRE((b.get(kLineStatus) & (kDataReady | kOverrun)) == kDataReady);
    REQUIRE(b.get(kData) == static_cast<u64>(i));
    b.clock.advance(kCharacter);
  }
  CHECK((b.get(kLineStatus) & kDataReady) == 0);
}

TEST_CASE("loopback returns characters, modem lines and overruns, and keeps them off the wire") {
  Board b;
  b.set(kModemControl, kLoop | kRts | kOut1);
  CHECK((b.get(kModemStatus) & 0xF0) == (kCts | kRing));
  b.set(kModemControl, kLoop | kDtr | kOut2);
  CHECK(b.get(kModemStatus) == (kDsr | kDcd | 0x0F));
  b.set(kData, 'A');
  b.clock.advance(kCharacter);
  b.set(kData, 'B');
  b.clock.advance(kCharacter);
  CHECK((b.get(kLineStatus) & (kDataReady | kOverrun)) == (kDataReady | kOverrun));
  CHECK(b.get(kData) == 'B');
  CHECK(b.seen.empty());
}

TEST_CASE("line status errors come before data") {
  Board b;
  b.set(kInterruptEnable, 0x0F);
  b.set(kModemControl, kLoop);
  b.set(kLineControl, 0x03 | kBreak);
  CHECK(b.get(kInterruptId) == kIdLineStatus);
  CHECK((b.get(kLineStatus) & (kBreakReceived | kFramingError)) == (kBreakReceived | kFramingError));
  CHECK(b.get(kInterruptId) == kIdReceived);
}

TEST_CASE("OUT2 gates the interrupt") {
  Board b;
  b.set(kModemControl, 0);
  b.set(kInterruptEnable, kEnableTransmit);
  CHECK_FALSE(b.irq.level);
  b.set(kModemControl, kOut2);
  CHECK(b.irq.level);
}

TEST_CASE("drain hands over what is still in the transmitter") {
  Board b;
  b.set(kInterruptId, kFifoEnable);
  for (char c : {'b', 'y', 'e'}) b.set(kData, static_cast<u8>(c));
  b.uart.drain();
  CHECK(b.seen == "bye");
  CHECK_FALSE(b.uart.transmitting());
}

TEST_CASE("no sequence of accesses breaks the UART") {
  Board b;
  test::Random random{4};
  for (int i = 0; i < 200'000; ++i) {
    test::poke(b.uart.ports(), random, 9);
    if (random.below(4) == 0) b.clock.advance(random.below(kMillisecond));
    if (random.below(8) == 0) b.uart.receive(static_cast<u8>(random.next()));
  }
  b.uart.drain();
}
