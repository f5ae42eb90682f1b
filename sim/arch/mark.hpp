// Marks: no-operations with a meaning for whoever watches (docs/marks.md). On hardware they do nothing.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::arch::mark {

/// NOP r/m32 with a memory operand [RAX + displacement], which is not accessed: 0F 1F 80, then kBase + kind.
inline constexpr u32 kBase = 0x4856'0000;
inline constexpr u32 kKindMask = 0xFFFF;

/// What a mark says. Its operands are RDI, RSI and RDX, in this order.
enum class Kind : u16 {
  // Of a hypervisor, on the machine itself. `vcpu` is vcpu_id().
  VcpuState = 0x01,     // vcpu, VcpuState: from here on
  ControlBlock = 0x02,  // the physical address of a control block is this vcpu's: address, vcpu, Role
  Hypervisor = 0x03,    // the machine's own privileged code is a hypervisor and no host's kernel
  VmDisk = 0x04,        // vcpu_id(vm, 0), disk_sector(): the machine's disk is the part that begins there

  // Of a program of the management VM.
  WorksFor = 0x08,  // vcpu_id(vm, 0): what runs in the current address space works for that machine

  // Of a kernel. A thread is any number that stands for one thread of its system at a time, not 0.
  ThreadSwitch = 0x10,  // thread, 1 if the one before sleeps: this processor runs it from here on
  ThreadWake = 0x11,    // thread: it is made ready

  // Of whoever drives disks. A request is any number that stands for one request at a time, usually an
  // address.
  DiskRequest = 0x20,  // request, thread: it is made, for this thread
  DiskMemory = 0x21,   // request, physical address, bytes: a part of its memory; before DiskStart, in order
  DiskStart = 0x22,    // request, disk_sector(), disk_size(): it is handed to a driver
  DiskDone = 0x23,     // request: it is over
  DiskCopy = 0x24,     // request, bytes: the processor has copied so many of its bytes

  // Of whoever has sockets.
  DatagramSent = 0x30,      // socket, bytes of the frame, datagram_size(): it leaves
  DatagramReceived = 0x31,  // socket (0: the system itself takes it), bytes of the frame, thread that waits
                            // for it

  // Of whoever has network cards. Frames of equal length pass in their order.
  FrameSent = 0x32,  // bytes, 1 if a call of the current thread sends it, bytes that its system has copied to
                     // make it: it is handed to the driver of a card
  FrameDone = 0x33,  // bytes: the driver of a card has it back
  FrameCopy = 0x34,  // bytes of the frame, bytes that the processor has copied of it, frame_way()

  // From here on: anybody's own; programs' too.
  User = 0x1000,
};

/// States of a virtual processor.
enum class VcpuState : u8 {
  Running,    // it has a processor
  Ready,      // it could run, and has none
  CoStopped,  // it could run, and is held back for the sake of its machine's others
  Halted,     // it has nothing to do
  Blocked,    // it could go on, but who runs it sleeps: waits for a device, or for another program
  Count
};

/// What a virtual machine is for.
enum class Role : u8 {
  Guest,
  Management,
  Partition,  // a guest with devices of its own
  Count
};

/// Machines are counted from 1, their processors from 0.
constexpr u64 vcpu_id(unsigned vm, unsigned vcpu) { return u64{vm} << 16 | (vcpu & 0xFFFF); }
constexpr unsigned vm_of(u64 id) { return static_cast<unsigned>(id >> 16 & 0xFFFF); }
constexpr unsigned vcpu_of(u64 id) { return static_cast<unsigned>(id & 0xFFFF); }

enum class DiskOperation : u8 { Read, Write, Flush, Discard, Other, Count };

/// Requests to disks of equal numbers (below 65536) go to the same device.
constexpr u64 disk_sector(unsigned disk, u64 sector) {
  return u64{disk} << 48 | (sector & ((u64{1} << 48) - 1));
}
constexpr unsigned disk_of(u64 operand) { return static_cast<unsigned>(operand >> 48); }
constexpr u64 sector_of(u64 operand) { return operand & ((u64{1} << 48) - 1); }

constexpr u64 disk_size(DiskOperation operation, u64 bytes) {
  return static_cast<u64>(operation) << 56 | bytes;
}
constexpr DiskOperation operation_of(u64 operand) { return static_cast<DiskOperation>(operand >> 56); }
constexpr u64 bytes_of(u64 operand) { return operand & ((u64{1} << 56) - 1); }

enum class DatagramKind : u8 { Udp, Ping, Count };

/// With the bytes that a program has sent (bytes_of).
constexpr u64 datagram_size(DatagramKind kind, u64 bytes) { return static_cast<u64>(kind) << 56 | bytes; }
constexpr DatagramKind datagram_kind(u64 operand) { return static_cast<DatagramKind>(operand >> 56); }

/// Which way a copied frame goes: to the wire, from it, or, after DatagramReceived, to the program that
/// waited.
enum class FrameWay : u8 { Out, In, Take, Count };

/// `vm`: whose frame it is; 0: whoever copies does not know, or it is its own system's.
constexpr u64 frame_way(FrameWay way, unsigned vm = 0) { return vcpu_id(vm, static_cast<unsigned>(way)); }
constexpr FrameWay way_of(u64 operand) { return static_cast<FrameWay>(vcpu_of(operand)); }

}  // namespace hvlab::arch::mark
