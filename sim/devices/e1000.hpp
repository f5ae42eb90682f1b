// The Intel 82540EM Gigabit Ethernet controller (8086:100E), "e1000". Intel 8254x Software Developer's
// Manual.
#pragma once

#include <array>
#include <deque>
#include <span>
#include <vector>

#include "sim/devices/e1000_eeprom.hpp"
#include "sim/devices/e1000_phy.hpp"
#include "sim/devices/e1000_registers.hpp"
#include "sim/devices/frame_offload.hpp"
#include "sim/devices/pci.hpp"
#include "sim/devices/register_bank.hpp"
#include "sim/ports/clock.hpp"
#include "sim/ports/frame_link.hpp"

namespace hvlab::devices {

/// BAR 0: registers (128 KiB of memory). BAR 2: the same through IOADDR and IODATA.
class E1000 final : public PciFunction, private FrameClient {
 public:
  /// `mac` goes into the EEPROM.
  E1000(const PciServices& services, Clock& clock, FrameLink& link, const std::array<u8, 6>& mac);

  void reset() override;

  /// A transmit packet that is being gathered from descriptors.
  struct Packet {
    std::vector<u8> bytes;
    bool open = false;  // the first descriptor has been seen
    bool too_long = false;
    bool segment = false;  // TSE of the first descriptor
    u8 options = 0;        // POPTS of the first data descriptor
  };
  struct State {
    explicit State(const std::array<u8, 6>& mac) : eeprom(mac) {}
    std::array<u32, 0x2700> registers{};
    u32 causes = 0, mask = 0;
    u32 io_address = 0;
    E1000Eeprom eeprom;
    E1000Phy phy;
    bool negotiated = false;  // the PHY agrees with the link's other end
    bool asserted = false;    // the interrupt line
    bool throttled_before = false;
    Picoseconds asserted_at = 0;
    Picoseconds bus_free_at = 0;
    // Transmit
    OffloadContext contexts[2];  // checksum offload, segmentation
    Packet packet;
    std::deque<u32> on_link;  // sizes of the frames given to the link, in order
    u64 on_link_bytes = 0;
    u64 next_frame = 0;
    bool transmit_armed = false;
    Picoseconds transmit_latest = kNever;  // TADV
    // Receive
    std::deque<std::vector<u8>> fifo;
    u64 fifo_bytes = 0;
    bool receive_armed = false;
    bool receive_pending = false;         // RXT0 waits for its timer
    Picoseconds receive_latest = kNever;  // RADV
  };
  State& state() { return state_; }
  const State& state() const { return state_; }

 private:
  struct Descriptor {
    u64 low = 0, high = 0;
  };

  // FrameClient
  void frame_received(std::span<const u8> frame) override;
  void frame_sent(u64 id) override;
  void link_changed(bool up) override;

  // Registers (e1000.cpp)
  u64 read_memory(u64 offset, unsigned size);
  void write_memory(u64 offset, unsigned size, u64 value);
  u64 read_io(u64 offset, unsigned size);
  void write_io(u64 offset, unsigned size, u64 value);
  u32 read_register(u32 offset);
  void write_register(u32 offset, u32 value);
  u32& reg(u32 offset) { return state_.registers[offset / 4]; }
  u32 reg(u32 offset) const { return state_.registers[offset / 4]; }
  void reset_device();
  u32 status() const;
  u32 eecd() const;
  void write_control(u32 value);
  void write_mdic(u32 value);
  u32 read_statistic(u32 index);
  void count(u32 index) { ++state_.registers[(e1000::STATISTICS / 4) + index]; }
  void count_bytes(u32 index, u64 bytes);
  void count_size(u32 first_index, size_t bytes);

  // Interrupts and link (e1000.cpp)
  void cause(u32 bits);
  void update_interrupt();
  bool link_ready() const;
  void negotiate();
  Picoseconds reserve_bus(u64 bytes);

  // e1000_transmit.cpp
  u32 transmit_ring() const { return reg(e1000::TDLEN) / 16; }
  bool transmit_ready() const;
  Descriptor descriptor(u32 base, u32 index);
  void schedule_transmit();
  u64 next_packet_bytes();
  void transmit();
  bool take_descriptor();
  void take_context(const Descriptor& descriptor);
  void gather(u64 address, size_t bytes);
  void finish_packet(const Descriptor& last);
  void report_done(const Descriptor& descriptor);
  void transmit_delay_over();
  void send(std::vector<u8> frame);

  // e1000_receive.cpp
  u32 receive_ring() const { return reg(e1000::RDLEN) / 16; }
  u32 receive_available() const;
  u32 buffer_bytes() const;
  bool accepts(std::span<const u8> frame, bool& inexact) const;
  size_t descriptors_for(const std::vector<u8>& frame) const;
  void schedule_receive();
  void receive();
  void deliver(std::vector<u8> frame);
  void receive_interrupt(size_t bytes);
  void receive_delay_over();
  bool hash_matches(std::span<const u8> frame) const;

  Clock& clock_;
  FrameLink& link_;
  const std::array<u8, 6> mac_;
  Bank<E1000> memory_bank_;
  Bank<E1000> io_bank_;
  EventId transmit_event_, receive_event_, transmit_delay_event_, receive_delay_event_, throttle_event_,
      link_event_;
  State state_;
};

/// The unit of RDTR, RADV, TIDV and TADV (13.4.30), and of ITR (13.4.18).
inline constexpr Picoseconds kE1000DelayUnit = 1'024 * kNanosecond, kE1000ThrottleUnit = 256 * kNanosecond;

}  // namespace hvlab::devices
