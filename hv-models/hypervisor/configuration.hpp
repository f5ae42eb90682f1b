// What virtual machines there are, by a command line (docs/teaching-hypervisors.md): one grammar for every
// model. Text in, plain data out: runs in a hypervisor, in a process and in a test.
#pragma once

#include "hv-models/hypervisor/schedule/state.hpp"
#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

inline constexpr unsigned kMostMachines = 8, kMostVirtualProcessors = 8;

enum class DiskKind : u8 { None, Ide, Virtio, Pv };
enum class NetworkKind : u8 { None, E1000, Virtio, Pv };
enum class Paging : u8 { Nested, Shadow };
enum class Pages : u8 { Large, Small };
/// How frames of a split card go to the management machine, and come from it.
enum class Transmit : u8 { Copy, Map, Header };
enum class Receive : u8 { Copy, Flip };
/// Of the hosted model: who answers registers of the network card that have no effect of their own.
enum class RegistersBy : u8 { Process, Kernel };
/// Of the hosted model: who takes frames that come: a thread that waits for them, or that of a virtual
/// processor, which asks the host by a call whenever an interrupt has ended the guest, or finds it in a page
/// that both share.
enum class FramesBy : u8 { Thread, Poll, Shared };

struct MachineConfiguration {
  unsigned vcpus = 1;
  unsigned memory = 64;  // MiB
  DiskKind disk = DiskKind::None;
  NetworkKind net = NetworkKind::None;
  unsigned sends = 1;  // of the network card, that wait for each other
  RegistersBy registers = RegistersBy::Process;
  FramesBy frames = FramesBy::Thread;
  Paging paging = Paging::Nested;
  Pages pages = Pages::Large;  // of the second stage
  Transmit transmit = Transmit::Copy;
  Receive receive = Receive::Copy;
  bool offload = false;  // a split card takes packets larger than a frame; the management machine's own card
  unsigned shares = 1000;
  unsigned reservation = 0, limit = 0;  // percent of one processor; limit 0: none
  u32 cores = ~u32{0};                  // it may run on, a bit each
  char command_line[256] = {};          // of its kernel
};

/// Whether something is said that only a card split between two machines has.
inline bool splits_card(const MachineConfiguration& of) {
  return of.transmit != Transmit::Copy || of.receive != Receive::Copy || of.offload;
}

struct Configuration {
  char scheduler[16] = {};          // empty: not said
  unsigned skew = 0;                // microseconds; 0: not said
  MachineConfiguration management;  // of the driver-domain model
  unsigned slice = 0;               // microseconds; 0: not said
  schedule::OnPause on_pause = schedule::OnPause::Directed;
  MachineConfiguration machines[kMostMachines];
  unsigned count = 0;
};

/// Reads an image's command line: its words, of which those that are no business of virtual machines are left
/// to others, and behind each " -- " the command line of the next machine. Without any vmN= there is one
/// machine of defaults. False if something is wrong, with a message for people in `error`.
bool read_configuration(const char* line, Configuration& to, char* error, size_t error_size);

/// Whether something is said that only the hosted model can do: what changes of worlds are saved.
bool saves_world_switches(const MachineConfiguration& machine);

/// The command line of machine `number`'s kernel: its own words, and before them the address that it has on
/// the wire, if it has a card ("address=10.0.2.21 run=...").
inline constexpr size_t kCommandLineBytes = sizeof MachineConfiguration::command_line + 32;
void write_command_line(const MachineConfiguration& machine, unsigned number, char (&to)[kCommandLineBytes]);

}  // namespace hvlab::hypervisor
