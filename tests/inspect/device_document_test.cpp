// What a device's document says is what a driver programmed and would read; making it changes nothing of it.
#include "sim/inspect/device_document.hpp"

#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "sim/devices/pit.hpp"
#include "sim/devices/uart16550.hpp"

using namespace hvlab;
using namespace hvlab::devices;
using inspect::Json;

namespace {

struct Nowhere : ConsoleSink {
  void byte(u8) override {}
};

/// The entry `name` of `group`; empty if there is none.
Json entry(const inspect::DeviceState& state, const std::string& name, const std::string& group = "") {
  for (const Json& one : state.list())
    if (one["name"] == name && one["group"] == group) return one;
  return Json::object();
}

}  // namespace

// Catches registers that are told wrongly, and a look that takes a character or an interrupt away.
TEST_CASE("a serial port is told as its driver set it, and keeps what it has") {
  test::FakeClock clock;
  test::FakeLine irq;
  Nowhere nowhere;
  Uart16550 uart(clock, irq, nowhere, "com1");
  const auto set = [&](u8 offset, u8 value) { uart.ports().write(offset, 1, value); };
  set(uart::kLineControl, 0x83);
  set(0, 12);  // divisor, low byte
  set(1, 0);
  set(uart::kLineControl, 0x1B);  // 8 bits, even parity, one stop bit (PC16550D, 8.1)
  set(uart::kInterruptEnable, uart::kEnableReceived);
  set(uart::kModemControl, uart::kDtr | uart::kOut2);
  REQUIRE(uart.receive('h'));
  clock.advance(kSecond / 100);
  REQUIRE(irq.level);
  inspect::DeviceState state;
  inspect::add_uart(state, uart);
  CHECK(entry(state, "divisor")["text"] == "9600 baud");
  CHECK(entry(state, "LCR")["text"] == "8E1");
  CHECK(entry(state, "IER")["text"] == "received");
  CHECK(entry(state, "MCR")["value"] == "0x09");
  CHECK(entry(state, "LSR")["text"] == "DR THRE TEMT");
  CHECK(entry(state, "received")["text"] == "1 of 16: 68");
  CHECK(irq.level);
  CHECK(uart.ports().read(uart::kLineStatus, 1) == 0x61);
  CHECK(uart.ports().read(uart::kData, 1) == 'h');
}

TEST_CASE("a timer's counters are told by what was programmed, not by counts that move") {
  test::FakeClock clock;
  test::FakeLine irq;
  Pit pit(clock, irq);
  pit.ports().write(3, 1, 0x34);  // counter 0, low then high byte, mode 2 (8254, "control word format")
  pit.ports().write(0, 1, 0xA9);
  pit.ports().write(0, 1, 0x04);
  clock.advance(kSecond / 100);
  pit.out(0);
  inspect::DeviceState before, after;
  inspect::add_pit(before, pit);
  CHECK(entry(before, "control", "counter 0")["text"] == "mode 2, low, high byte");
  CHECK(entry(before, "counts from", "counter 0")["text"] == "1193 (1000.15 Hz)");
  clock.advance(kSecond / 7);
  pit.out(0);
  inspect::add_pit(after, pit);
  CHECK(before.list() == after.list());
}
