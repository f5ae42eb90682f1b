// MC146818A real-time clock with 256 bytes of CMOS RAM, as in the PIIX4: ports 70h-71h, and 72h-73h for the
// upper bank.
#pragma once

#include <array>

#include "sim/devices/register_bank.hpp"
#include "sim/devices/rtc_registers.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::devices {

class Rtc {
 public:
  struct State {
    std::array<u8, 256> ram{};          // time, registers A..D and CMOS RAM, as software sees them
    Picoseconds next_update = kSecond;  // when the second in progress of the divider chain ends
    Picoseconds flags_since = 0;        // when register C was last read: later divider edges set PF
    u8 flags = 0;                       // register C: its flags; PF also by comparison with flags_since
    u8 index = 0;
    u8 extended_index = 0;
    bool nmi_masked = false;  // port 70h bit 7
  };

  /// `start_unix_seconds` is the date and time (UTC) at simulated time 0; `irq8` is driven while IRQF is set.
  Rtc(Clock& clock, InterruptLine& irq8, u64 start_unix_seconds, observe::DeviceProbe probe = {});

  /// RESET#: interrupt enables and flags are cleared; time and RAM live on (they run from the battery).
  void reset();

  RegisterTarget& ports() { return ports_; }                    // 70h-71h
  RegisterTarget& extended_ports() { return extended_ports_; }  // 72h-73h

  /// Fills the locations by which software without a firmware's memory map learns the size of RAM: `below_4g`
  /// bytes from address 0, `above_4g` bytes from 4 GiB. Renews the checksum.
  void set_memory_size(u64 below_4g, u64 above_4g);

  /// CMOS RAM for whoever plays the firmware; `index` 0..255, registers 00h-0Dh excepted.
  u8 cmos(u8 index) const { return state_.ram[index]; }
  void set_cmos(u8 index, u8 value);

  /// Port 70h bit 7: NMI does not reach the processor.
  bool nmi_masked() const { return state_.nmi_masked; }
  const State& state() const { return state_; }

 private:
  u8 read_port(u32 offset);
  void write_port(u32 offset, u8 value);
  u8 read_extended(u32 offset);
  void write_extended(u32 offset, u8 value);
  u8 read_register(u8 index);
  void write_register(u8 index, u8 value);
  void write_a(u8 value);
  void write_b(u8 value);
  u8 read_c();

  bool divider_runs() const;
  bool updates_run() const;
  bool update_in_progress() const;
  u64 divider_edges(Picoseconds time, unsigned shift) const;
  bool periodic_flag() const;
  u8 flags() const;
  Picoseconds next_periodic_edge() const;
  void catch_up();
  void update_time();
  bool alarm_matches() const;
  void set_time(u64 unix_seconds);
  u8 decode(u8 index) const;
  void encode(u8 index, u32 value);
  u32 hour() const;
  void set_hour(u32 hour24);
  void update_checksum();
  void update_irq();

  Clock& clock_;
  InterruptLine& irq8_;
  observe::DeviceProbe probe_;
  EventId event_;
  State state_;
  bool irq_level_ = false;
  ByteBank<Rtc> ports_;
  ByteBank<Rtc> extended_ports_;
};

}  // namespace hvlab::devices
