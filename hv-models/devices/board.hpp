// A guest's devices at their ports and addresses: a PC with a serial port, a PCI bus, and a disk and a card
// of the kinds that its owner chooses. Who owns the board calls it for one access at a time.
#pragma once

#include "hv-models/devices/access.hpp"
#include "hv-models/devices/e1000.hpp"
#include "hv-models/devices/ide.hpp"
#include "hv-models/devices/pci_bus.hpp"
#include "hv-models/devices/serial_port.hpp"
#include "hv-models/devices/virtio_block.hpp"
#include "hv-models/devices/virtio_network.hpp"

namespace hvlab::devices {

struct BoardConfiguration {
  GuestMemory memory;
  Line lines;  // `pin` is each device's own
  TextSink console;
  bool ide = false, virtio_block = false;  // one at most: both want `disk`
  DiskBackend disk;
  bool e1000 = false, virtio_network = false;  // likewise, of `wire`
  NetworkBackend wire;
};

class Board {
 public:
  static constexpr unsigned kNetworkPin = 10;  // of its card's line

  explicit Board(const BoardConfiguration& configuration);
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  /// What no device answers reads as ones, as on an open bus.
  void access(Access& access);
  /// A device takes no more at once than a queue holds; this does the next part. Should be called when
  /// is_late(), soon.
  bool is_late() const { return block_.is_late() || network_.is_late(); }
  void catch_up();
  /// Where a write of the guest says that there are frames to send, for an owner that puts such writes off
  /// and gives access() only the last of several. Moves when the guest moves the card. False: nowhere.
  bool send_doorbell(u64& address);
  /// False while the guest's card is on and has no place for a frame: an owner that can wait gives it the
  /// next one when the guest has touched its devices. Else receive() loses what does not fit.
  bool has_room();
  /// A frame for the guest's card. False if it did not take it.
  bool receive(const u8* frame, u32 bytes);
  E1000& e1000() { return e1000_; }

 private:
  bool access_port(Access& access);
  bool access_ide(Access& access);
  bool access_memory(Access& access);

  BoardConfiguration configuration_;
  SerialPort serial_;
  PciBus bus_;
  PciFunction host_bridge_, isa_bridge_;
  Ide ide_;
  E1000 e1000_;
  VirtioBlock block_;
  VirtioNetwork network_;
};

}  // namespace hvlab::devices
