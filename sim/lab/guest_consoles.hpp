// What virtual machines write on their consoles, seen from below: the exits of their port writes say who
// wrote, where, and the registers say what.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/cpu/cpu.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/exit.hpp"
#include "sim/observe/exit_totals.hpp"

namespace hvlab::lab {

/// Follows the serial ports of a PC (COM1 to COM4, 16550) and the byte port E9h of emulators. A byte counts
/// as written when the guest's OUT has left the guest, that of an OUTS when its virtual processor has gone on
/// past it. Bytes that go to a port's divisor latch or into its loopback are none. What is written without an
/// exit that carries it (a virtio console's queue, a hypercall with a string's address) is not seen.
class GuestConsoles final : public observe::Observer {
 public:
  /// How it looks at the machine, without any effect on it.
  struct Machine {
    /// The state of processor `core` as the guest left it (on its exit and the exit's detail), or as the
    /// guest will find it (on an entry; RAX, RSP and RIP excepted, which are the host's).
    std::function<const cpu::Cpu&(unsigned core)> state;
    /// Reads guest memory at a linear address as `core` sees it now.
    std::function<bool(unsigned core, u64 address, void* to, size_t bytes)> read;
  };
  /// Takes a byte of console `name`: "vm1-com1".
  using Sink = std::function<void(const std::string& name, u8 byte)>;

  /// `totals` gives machines their numbers and must see each event first.
  GuestConsoles(const observe::ExitTotals& totals, Machine machine, Sink sink)
      : totals_(totals), machine_(std::move(machine)), sink_(std::move(sink)) {}

  void on_event(const observe::Event& event) override;

 private:
  /// A serial port's registers that say where its bytes go.
  struct Port {
    std::string name;
    u8 line_control = 0, modem_control = 0;
  };
  /// An OUTS that has left the guest: which of its elements are done shows when the guest goes on.
  struct Pending {
    u16 port = 0;
    unsigned size = 1;
    u64 source = 0;  // RSI
    bool backwards = false;
    std::vector<u8> bytes;  // in the order in which they are written
  };

  void left(const observe::Event& detail);
  void entered(const observe::Event& event);
  Pending string_of(unsigned core, const observe::PortAccess& access) const;
  void write(u64 block, u16 port, u8 byte);

  const observe::ExitTotals& totals_;
  Machine machine_;
  Sink sink_;
  observe::Event last_exit_{};      // until its detail comes
  std::map<unsigned, u64> inside_;  // control block by which each core was last in a guest
  std::map<u64, Pending> pending_;  // by control block
  std::map<std::pair<unsigned, unsigned>, Port> ports_;  // by machine and row of the table
};

}  // namespace hvlab::lab
