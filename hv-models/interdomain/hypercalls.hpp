// Hypercalls of the driver-domain model: number in RAX, arguments in RDI, RSI, RDX, result in RAX (VMMCALL on
// AMD's processors, VMCALL on Intel's). A negative result is one of CallError.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::interdomain {

/// CPUID leaf 4000_0001h, EAX: what the hypervisor has for this machine.
inline constexpr u32 kHasChannels = 1u << 8;   // event channels, grants, split devices
inline constexpr u32 kIsManagement = 1u << 9;  // it is the management machine

enum class Call : u64 {
  // Of every machine.
  Share = 0x100,   // (address of the shared page, of the grant table, vector): from now on events interrupt
                   // the first
                   // processor at `vector`. Both are whole pages of the caller's. Once.
  Notify = 0x101,  // (channel): an event for the machine at the channel's other end

  // Of the management machine. Its memory and what is granted to it have the machine's own addresses, so that
  // devices
  // can use them.
  Machines = 0x110,  // the number of machines, itself included; their numbers are 0, itself, to that less 1
  Kinds = 0x111,     // (machine): bit k: it is to have a split device of Split kind k
  Offer = 0x112,  // (machine, kind, address of a BackOffer): puts it into the machine's shared page when it
                  // has one
  Front = 0x113,  // (machine, kind, address for a FrontOffer): what the machine's shared page says
  Serve = 0x114,  // the back ends are there: the other machines start
  MapGrant =
      0x115,  // (machine, grant, 1 to write): the page's physical address; it is there until UnmapGrant
  UnmapGrant = 0x116,  // (machine, grant)
  Emulate = 0x120,     // (machine, address for an EmulatedMachine): whose devices are to be emulated
  Memory =
      0x121,  // (machine, index): the physical address of the 2 MiB from there on, which the caller may use
  NextAccess = 0x122,  // (machine, address for an AccessRequest): 1 if there was one
  EndAccess = 0x123,   // (machine, processor, value that was read): the processor goes on
  SetLine = 0x124,     // (machine, pin, level): an interrupt line of its IOAPIC
  Grants = 0x117,      // (address of GrantWork, count up to kMostGrantWork): one after the other
  Manner = 0x118,      // (machine): how frames go to and from its card (split_devices.hpp)
};

/// What is to be done with a granted page, of the caller's wishes one.
enum class GrantKind : u8 {
  CopyOut,   // the hypervisor copies out of the page
  CopyInto,  // and into it
  Map,       // the page appears at its own address, to be read
  Unmap,     // no longer
  Hold,      // a device may read the page, which the caller does not see
  Release,   // no longer
  Exchange,  // the page becomes the caller's, the caller's page at `address` becomes the guest's in its place
};
struct GrantWork {
  u64 address;  // of copies: in the caller's memory, may cross pages that follow each other. Of Map, Hold and
                // Exchange, afterwards: the page's physical address
  u32 machine, grant;
  u16 offset,
      bytes;  // of copies: in the granted page. Of Exchange: what of the caller's page the guest may see
  GrantKind kind;
  u8 reserved;
  i16 result;  // afterwards: 0 or a CallError
};
inline constexpr unsigned kMostGrantWork = 32;

/// A machine whose devices a program of the management machine emulates; kinds as in
/// hypervisor/configuration.hpp.
struct EmulatedMachine {
  u32 machines, processors, memory;  // of all guests; MiB
  u8 disk, net, reserved[2];
};
/// An access of a device that its processor waits for.
struct AccessRequest {
  u32 processor;
  u8 memory, write, bytes, reserved;  // memory 1: else a port
  u64 address, value;
};

enum CallError : i64 { kUnknownCall = -1, kBadArgument = -2, kNotAllowed = -3, kNoRoom = -4, kInUse = -5 };

/// The channel by which the management machine is told of accesses of a machine.
inline constexpr unsigned kAccessChannels = 32;

/// The management machine's end of a guest's channel.
constexpr unsigned management_channel(unsigned machine, unsigned kind, unsigned kinds) {
  return machine * kinds + kind;
}

}  // namespace hvlab::interdomain
