// An Intel 82540EM network card ("PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's
// Manual"): legacy descriptors, one ring each way, MAC address from its EEPROM. No offloads, no wake-up: a
// driver that asks for none sees a whole card.
#pragma once

#include "hv-models/devices/pci_function.hpp"
#include "hv-models/devices/services.hpp"

namespace hvlab::devices {

class E1000 {
 public:
  static constexpr u32 kBytes = 0x2'0000;
  static constexpr unsigned kBar = 0;

  E1000(const GuestMemory& memory, const Line& line, const NetworkBackend& wire);
  PciFunction& pci() { return pci_; }

  u32 read(u32 offset);
  void write(u32 offset, u32 value);

  /// False while it is on and its ring is empty.
  bool has_room() const;
  /// A frame for the guest, without checksum. False if it has no room now: the frame is lost, as on a wire.
  bool receive(const u8* frame, u32 bytes);

  /// The register whose writes say that there are frames to send.
  static constexpr u32 kSendDoorbell = 0x3818;

  /// What a hypervisor may answer without the model, at the same time: it then has to set the line itself,
  /// after each change, and reads and writes by atomic operations as the model does.
  struct Registers {
    u32 cause = 0, mask = 0, receive_tail = 0;
  };
  static constexpr u32 kCauseRead = 0x00c0, kMaskSet = 0x00d0, kMaskClear = 0x00d8, kReceiveTail = 0x2818;
  /// Where they are from now on; before the guest begins.
  void place_registers(Registers& at) { registers_ = &at; }

 private:
  struct Ring {
    u32 base_low = 0, base_high = 0, length = 0, head = 0, tail = 0;  // tail: of the sending one
    u32 entries() const { return length / 16; }
    u8* at(const GuestMemory& memory, u32 index) const {
      return memory.at((u64{base_high} << 32 | base_low) + u64{index} * 16, 16);
    }
  };
  u32* ring_register(u32 offset);
  u32 receive_tail() const { return __atomic_load_n(&registers_->receive_tail, __ATOMIC_SEQ_CST); }
  void reset();
  void raise(u32 causes);
  void update_line();
  void transmit();
  bool transmit_one();
  bool accepts(const u8* frame) const;
  u32 read_eeprom() const;
  u64 receive_bytes() const;
  u16 store(u64 address, const u8* frame, u32 bytes);

  GuestMemory memory_;
  Line line_;
  NetworkBackend wire_;
  PciFunction pci_;
  u32 control_ = 0, receive_control_ = 0, transmit_control_ = 0, eeprom_ = 0;
  u32 address_low_ = 0, address_high_ = 0;
  u32 multicast_[128] = {};
  Ring transmit_, receive_;
  Registers own_registers_;
  Registers* registers_ = &own_registers_;
  static constexpr unsigned kMostPieces = 32;
  Piece pieces_[kMostPieces];  // of the frame that is being sent
  unsigned count_ = 0;
  bool lost_ = false;  // it has parts that cannot be read, or too many
};

}  // namespace hvlab::devices
