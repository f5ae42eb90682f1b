// Registers of the devices that stand on the board itself: serial ports, timers, power management.
#include <fmt/format.h>

#include "sim/devices/acpi_pm.hpp"
#include "sim/devices/hpet.hpp"
#include "sim/devices/i8042.hpp"
#include "sim/devices/pit.hpp"
#include "sim/devices/rtc.hpp"
#include "sim/devices/uart16550.hpp"
#include "sim/inspect/device_document.hpp"

namespace hvlab::inspect {

namespace {

namespace uart = devices::uart;
namespace hpet = devices::hpet;
namespace rtc = devices::rtc;
namespace acpi = devices::acpi;

// PC16550D, table II.
constexpr FlagName kInterruptEnable[] = {{uart::kEnableReceived, "received"},
                                         {uart::kEnableTransmit, "transmitter-empty"},
                                         {uart::kEnableLineStatus, "line-status"},
                                         {uart::kEnableModemStatus, "modem-status"}};
constexpr FlagName kModemControl[] = {{uart::kDtr, "DTR"},
                                      {uart::kRts, "RTS"},
                                      {uart::kOut1, "OUT1"},
                                      {uart::kOut2, "OUT2"},
                                      {uart::kLoop, "loop"}};
constexpr FlagName kLineStatus[] = {{uart::kDataReady, "DR"},          {uart::kOverrun, "OE"},
                                    {uart::kParityError, "PE"},        {uart::kFramingError, "FE"},
                                    {uart::kBreakReceived, "BI"},      {uart::kHoldingEmpty, "THRE"},
                                    {uart::kTransmitterEmpty, "TEMT"}, {uart::kFifoError, "FIFO-error"}};
constexpr FlagName kModemLines[] = {
    {uart::kCts, "CTS"}, {uart::kDsr, "DSR"}, {uart::kRing, "RI"}, {uart::kDcd, "DCD"}};

// IA-PC HPET 1.0a, 2.3.5 and 2.3.8.
constexpr FlagName kHpetConfiguration[] = {{hpet::kEnable, "enabled"},
                                           {hpet::kLegacyReplacement, "legacy-replacement"}};
constexpr FlagName kHpetTimer[] = {{hpet::kLevelTriggered, "level"}, {hpet::kInterruptEnable, "interrupts"},
                                   {hpet::kPeriodic, "periodic"},    {hpet::k32BitMode, "32-bit"},
                                   {hpet::kRouteMask, "pin"},        {hpet::kFsbEnable, "message"}};

constexpr FlagName kRtcB[] = {{rtc::kSet, "SET"},         {rtc::kPeriodicEnable, "PIE"},
                              {rtc::kAlarmEnable, "AIE"}, {rtc::kUpdateEnable, "UIE"},
                              {rtc::kBinary, "binary"},   {rtc::k24Hours, "24-hours"}};

// ACPI 6.x, 4.8.3.
constexpr FlagName kPm1[] = {{acpi::kTimer, "TMR"},  {acpi::kBusMaster, "BM"},
                             {acpi::kGlobal, "GBL"}, {acpi::kPowerButton, "PWRBTN"},
                             {acpi::kRtc, "RTC"},    {acpi::kPowerButtonOverride, "PRBTNOR"},
                             {acpi::kResume, "WAK"}};
constexpr FlagName kPm1Control[] = {{acpi::kSciEnable, "SCI_EN"}, {7U << acpi::kSleepTypeShift, "SLP_TYP"}};

std::string line_text(u8 control) {
  const bool parity = (control & uart::kParityEnable) != 0;
  return fmt::format("{}{}{}{}", 5 + (control & 3),
                     !parity                 ? 'N'
                     : (control & 0x10) != 0 ? 'E'
                                             : 'O',
                     (control & uart::kTwoStopBits) != 0 ? 2 : 1,
                     (control & uart::kDivisorLatch) != 0 ? ", DLAB" : "");
}

template <u32 Capacity>
std::string fill_text(const devices::ByteQueue<Capacity>& queue) {
  std::string text = fmt::format("{} of {}", queue.size(), Capacity);
  for (u32 i = 0; i < std::min(queue.size(), 8U); ++i)
    text += fmt::format("{} {:02x}", i == 0 ? ":" : "", queue.at(i));
  return queue.size() > 8 ? text + " ..." : text;
}

u16 word(const devices::AcpiPm::State& state, u8 offset) {
  return static_cast<u16>(state.registers[offset] | state.registers[offset + 1U] << 8);
}

}  // namespace

void add_uart(DeviceState& state, const devices::Uart16550& device) {
  const devices::Uart16550::State& it = device.state();
  state.flags("IER", it.interrupt_enable, 1, kInterruptEnable);
  state.add("IIR", device.interrupt_id(), 1,
            (device.interrupt_id() & uart::kIdNone) != 0 ? "none pending" : "pending");
  state.add("FCR", it.fifo_control, 1, (it.fifo_control & uart::kFifoEnable) != 0 ? "FIFOs on" : "FIFOs off");
  state.add("LCR", it.line_control, 1, line_text(it.line_control));
  state.flags("MCR", it.modem_control, 1, kModemControl);
  state.flags("LSR", device.line_status(), 1, kLineStatus);
  state.flags("MSR", device.modem_lines() | it.modem_changes, 1, kModemLines);
  state.add("SCR", it.scratch, 1);
  state.add("divisor", it.divisor, 2, it.divisor == 0 ? "" : fmt::format("{} baud", 115200 / it.divisor));
  state.say("received", fill_text(it.receive_fifo));
  state.say("to send", fill_text(it.transmit_fifo));
  if (it.shifting) state.add("on the wire", it.shift_register, 1);
  if (!it.input.empty()) state.say("typed", fill_text(it.input));
}

void add_pit(DeviceState& state, const devices::Pit& pit) {
  static constexpr const char* kAccess[] = {"latch", "low byte", "high byte", "low, high byte"};
  for (unsigned n = 0; n < 3; ++n) {
    const devices::PitCounter::State& it = pit.counter(n).state();
    state.group(fmt::format("counter {}", n));
    const unsigned mode = it.control >> 1 & 7;
    state.add("control", it.control, 1,
              fmt::format("mode {}, {}{}", mode > 5 ? mode - 4 : mode, kAccess[it.control >> 4 & 3],
                          (it.control & 1) != 0 ? ", BCD" : ""));
    state.say("counts from", it.initial == 0
                                 ? "nothing yet"
                                 : fmt::format("{} ({:.6g} Hz)", it.initial,
                                               static_cast<double>(devices::Pit::kHertz) / it.initial));
    state.say("gate", it.gate ? "high" : "low");
  }
}

void add_hpet(DeviceState& state, const devices::Hpet& device) {
  const devices::Hpet::State& it = device.state();
  state.flags("configuration", it.configuration, 8, kHpetConfiguration);
  state.add("interrupt status", it.interrupt_status, 8);
  for (unsigned n = 0; n < it.timers.size(); ++n) {
    const devices::Hpet::Timer& timer = it.timers[n];
    state.group(fmt::format("timer {}", n));
    state.flags("configuration", timer.configuration, 8, kHpetTimer);
    state.add("comparator", timer.comparator, 8);
    if (timer.period != 0) state.add("period", timer.period, 8);
    if ((timer.configuration & hpet::kFsbEnable) != 0) state.add("message", timer.fsb, 8);
  }
}

void add_rtc(DeviceState& state, const devices::Rtc& device) {
  const devices::Rtc::State& it = device.state();
  state.add("index", it.index, 1, it.nmi_masked ? "NMI masked" : "");
  state.add("register A", it.ram[rtc::kRegisterA] & ~rtc::kUpdateInProgress, 1);
  state.flags("register B", it.ram[rtc::kRegisterB], 1, kRtcB);
  state.add("register D", it.ram[rtc::kRegisterD], 1);
  state.add("shutdown status", it.ram[rtc::kShutdownStatus], 1);
}

void add_acpi_pm(DeviceState& state, const devices::AcpiPm& device) {
  const devices::AcpiPm::State& it = device.state();
  state.flags("PM1 status", word(it, acpi::kPm1Status), 2, kPm1);
  state.flags("PM1 enable", word(it, acpi::kPm1Enable), 2, kPm1);
  state.flags("PM1 control", word(it, acpi::kPm1Control), 2, kPm1Control);
  state.add("GPE0 status", word(it, acpi::kGpeStatus), 2);
  state.add("GPE0 enable", word(it, acpi::kGpeEnable), 2);
  state.add("reset control", it.reset_control, 1);
}

void add_i8042(DeviceState& state, const devices::I8042& device) {
  static constexpr FlagName kCommand[] = {{1, "interrupt-1"},     {2, "interrupt-12"}, {4, "system"},
                                          {0x10, "keyboard-off"}, {0x20, "mouse-off"}, {0x40, "translate"}};
  const devices::I8042::State& it = device.state();
  state.flags("command byte", it.ram[0], 1, kCommand);
  state.add("output buffer", it.output, 1,
            !it.full        ? "empty"
            : it.from_mouse ? "full, of the mouse"
                            : "full");
  state.add("output port", it.output_port, 1, device.a20() ? "A20 on" : "A20 off");
}

}  // namespace hvlab::inspect
