// One PCI function: its configuration space, base address registers, capabilities and interrupts.
// PCI Local Bus Specification 3.0, chapter 6.
#pragma once

#include <array>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/devices/pci_msix.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/message_interrupt.hpp"
#include "sim/ports/physical_memory.hpp"
#include "sim/ports/register_target.hpp"

namespace hvlab::devices {

class PciBus;

/// Offsets of the type 0 configuration header (6.1).
namespace pci {
inline constexpr u8 kVendorId = 0x00, kDeviceId = 0x02, kCommand = 0x04, kStatus = 0x06, kRevision = 0x08;
inline constexpr u8 kHeaderType = 0x0e, kBar0 = 0x10, kSubsystemVendor = 0x2c, kSubsystemId = 0x2e;
inline constexpr u8 kRomBar = 0x30, kCapabilities = 0x34, kInterruptLine = 0x3c, kInterruptPin = 0x3d;
inline constexpr u16 kCommandIo = 1, kCommandMemory = 2, kCommandMaster = 4, kCommandIntxDisable = 0x400;
inline constexpr u16 kStatusInterrupt = 0x08, kStatusCapabilities = 0x10;
inline constexpr u8 kCapabilityMsi = 0x05, kCapabilityVendor = 0x09, kCapabilityMsix = 0x11;
}  // namespace pci

/// What a function says about itself in its header.
struct PciIdentity {
  u16 vendor = 0;
  u16 device = 0;
  u32 class_code = 0;  // base class << 16 | subclass << 8 | programming interface
  u8 revision = 0;
  u16 subsystem_vendor = 0;
  u16 subsystem = 0;
  u8 interrupt_pin = 0;  // 0 none, 1 INTA# .. 4 INTD#
};

/// What the board gives a function. `dma` and `messages` may be null for functions that never master the bus.
struct PciServices {
  Dma* dma = nullptr;
  MessageInterrupts* messages = nullptr;
  observe::DeviceProbe probe;
};

enum class PciBarKind : u8 { None, Memory32, Memory64, Io };

/// A range of memory or port space that a function decodes at the moment.
struct PciWindow {
  bool io = false;
  u64 base = 0;
  u64 size = 0;
  RegisterTarget* target = nullptr;
  u64 target_offset = 0;  // of the window's first byte in the target
};

/// Everything a guest can change in the generic part of a function; copyable.
struct PciFunctionState {
  std::array<u8, 256> config{};
  bool interrupt_request = false;  // what the device wants to signal, before masks
  MsixState msix;
};

class PciFunction {
 public:
  PciFunction(const PciIdentity& identity, const PciServices& services);
  virtual ~PciFunction() = default;
  PciFunction(const PciFunction&) = delete;
  PciFunction& operator=(const PciFunction&) = delete;

  /// Configuration cycles; `size` is 1, 2 or 4 and the access lies within one dword. Reads of what is not
  /// implemented give 0.
  u32 config_read(u8 offset, unsigned size);
  void config_write(u8 offset, unsigned size, u32 value);

  /// RST#: configuration space back to its power-on values, interrupts withdrawn. A device overrides it to
  /// reset itself and calls this one.
  virtual void reset();

  /// Appends the windows decoded now, as the command register and the BARs say. A device that decodes fixed
  /// or vendor-specific ranges overrides this and calls it; it calls decode_changed() when they move.
  virtual void append_windows(std::vector<PciWindow>& windows) const;

  /// Kind and size in bytes of BAR `index` (0..5); a Memory64 BAR takes two indices, the second being None.
  PciBarKind bar_kind(unsigned index) const { return bars_[index].kind; }
  u64 bar_size(unsigned index) const { return bars_[index].size; }
  /// The address programmed into BAR `index`.
  u64 bar_address(unsigned index) const;

  u16 command() const { return get16(pci::kCommand); }
  u8 interrupt_pin() const { return get8(pci::kInterruptPin); }
  bool bus_master() const { return (command() & pci::kCommandMaster) != 0; }

  /// The level this function drives on its INTx# pin (asserted = true).
  bool intx_asserted() const;

  const observe::DeviceProbe& probe() const { return services_.probe; }

  /// The generic state: after it was replaced, state_restored() brings wires and decoding in line with it.
  PciFunctionState& pci_state() { return state_; }
  const PciFunctionState& pci_state() const { return state_; }
  void state_restored() {
    update_intx();
    decode_changed();
  }

 protected:
  /// Called after a write to configuration space took effect; `offset` and `size` as accessed.
  virtual void config_written(u8 offset, unsigned size) {
    static_cast<void>(offset), static_cast<void>(size);
  }
  /// Called before configuration space is read.
  virtual void config_reading(u8 offset, unsigned size) {
    static_cast<void>(offset), static_cast<void>(size);
  }

  // --- Laying out configuration space, in the constructor --------------------------------------------------
  /// Sets the power-on value of a field; `writable` marks the bits software can change.
  void define8(u8 offset, u8 value, u8 writable = 0);
  void define16(u8 offset, u16 value, u16 writable = 0);
  void define32(u8 offset, u32 value, u32 writable = 0);
  /// Bits of the byte at `offset` that a write of 1 clears.
  void define_clear8(u8 offset, u8 mask) { clear_[offset] = mask; }
  /// Declares BAR `index` of `size` bytes (a power of two; memory at least 16, I/O 4 to 256) answered by
  /// `target`.
  void define_bar(unsigned index, PciBarKind kind, u64 size, RegisterTarget& target,
                  bool prefetchable = false);
  /// Appends a capability of `bytes` bytes (header included) to the list and returns its offset.
  u8 define_capability(u8 id, unsigned bytes);
  /// MSI with one message and a 64-bit address (6.8.1).
  void define_msi();
  /// MSI-X with `vectors` entries (1..2048), table and pending bits in BAR `bar`, which this call declares as
  /// Memory32 (6.8.2).
  void define_msix(unsigned bar, u16 vectors);

  // --- While running ------------------------------------------------------------------------------------
  u8 get8(u8 offset) const { return state_.config[offset]; }
  u16 get16(u8 offset) const;
  u32 get32(u8 offset) const;
  void set8(u8 offset, u8 value) { state_.config[offset] = value; }
  void set16(u8 offset, u16 value);
  void set32(u8 offset, u32 value);

  /// The device's interrupt request. With MSI enabled each rise sends the message; otherwise it drives INTx#
  /// (not with MSI-X enabled, where INTx# is forbidden).
  void request_interrupt(bool asserted);
  bool msi_enabled() const;
  bool msix_enabled() const;
  /// Sends MSI-X message `vector`, or marks it pending where masked. Nothing where MSI-X is off or there is
  /// no such vector.
  void send_msix(u16 vector);

  /// Memory as this function masters it: all ones / dropped while the command register forbids bus mastering.
  /// dma() reports each transfer; structure_dma(), for descriptors and rings, does not, or they would drown
  /// the payload.
  Dma& dma() { return payload_dma_; }
  Dma& structure_dma() { return structure_dma_; }

  /// Tells the bus that windows have moved.
  void decode_changed();

 private:
  friend class PciBus;
  friend class MsixBank;

  struct Bar {
    PciBarKind kind = PciBarKind::None;
    u64 size = 0;
    RegisterTarget* target = nullptr;
  };
  class MasterDma final : public Dma {
   public:
    MasterDma(PciFunction& function, bool reported) : function_(function), reported_(reported) {}
    void read(u64 address, void* to, size_t bytes) override;
    void write(u64 address, const void* from, size_t bytes) override;

   private:
    PciFunction& function_;
    bool reported_;
  };

  void update_intx();
  void send_message(u64 address, u32 data);
  void send_pending();

  PciServices services_;
  PciFunctionState state_;
  std::array<u8, 256> power_on_{};
  std::array<u8, 256> writable_{};
  std::array<u8, 256> clear_{};
  std::array<Bar, 6> bars_{};
  u8 last_capability_ = 0;
  u8 free_capability_ = 0x40;
  u8 msi_ = 0;  // offset of the capability, 0 = none
  u8 msix_ = 0;
  bool driven_intx_ = false;  // as last told to the bus
  PciBus* bus_ = nullptr;
  MsixBank msix_bank_;
  MasterDma payload_dma_;
  MasterDma structure_dma_;
};

}  // namespace hvlab::devices
