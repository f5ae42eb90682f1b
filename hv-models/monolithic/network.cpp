#include "hv-models/monolithic/network.hpp"

#include "hv-models/devices/network_switch.hpp"
#include "hv-models/drivers/network_card.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/memory_functions.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::monolithic {
namespace {

using drivers::Packet;
using runtime::Hold;
using Mark = arch::mark::Kind;
using arch::mark::frame_way;
using arch::mark::FrameWay;

constexpr unsigned kUplink = 0;
constexpr u32 kLongest = 1518;

struct Port {
  hypervisor::VirtualMachine* machine = nullptr;
  devices::Board* board = nullptr;
  bool busy = false;  // a processor hands it frames
};

runtime::SpinLock lock;  // of all of this
devices::NetworkSwitch table;
drivers::NetworkCard* card = nullptr;
Port ports[hypervisor::kMostMachines + 1];
drivers::PacketList waiting[hypervisor::kMostMachines + 1];
bool any_waiting = false;

Packet* copy_of(Packet& packet) {
  Packet* copy = drivers::make_packet(packet.bytes);
  if (copy == nullptr) return nullptr;
  memcpy(copy->data(), packet.data(), packet.bytes);
  copy->bytes = packet.bytes;
  return copy;
}

void put(unsigned port, Packet* frame) {
  if (port == kUplink) return card->send(frame);
  waiting[port].push_back(*frame);
  any_waiting = true;
}

// The frame is the switch's from here on.
void forward(unsigned from, Packet* frame) {
  const Hold hold(lock);
  u32 targets = table.forward(from, frame->data(), frame->bytes);
  if (targets == 0) return drivers::free_packet(frame);
  while (targets != 0) {
    const unsigned port = static_cast<unsigned>(__builtin_ctz(targets));
    targets &= targets - 1;
    Packet* part = targets == 0 ? frame : copy_of(*frame);
    if (part != nullptr) put(port, part);
  }
}

void arrived(void*, Packet* frame) {
  forward(kUplink, frame);
  deliver_frames();
}

void send(void* context, const devices::Piece* pieces, unsigned count) {
  u32 bytes = 0;
  for (unsigned i = 0; i < count; ++i) bytes += pieces[i].bytes;
  if (bytes < 14 || bytes > kLongest) return;
  Packet* frame = drivers::make_packet(bytes);
  if (frame == nullptr) return;
  for (unsigned i = 0; i < count; ++i) {
    memcpy(frame->data() + frame->bytes, pieces[i].at, pieces[i].bytes);
    frame->bytes += pieces[i].bytes;
  }
  const unsigned port = static_cast<unsigned>(static_cast<Port*>(context) - ports);
  runtime::mark<Mark::FrameCopy>(bytes, bytes, frame_way(FrameWay::Out, port));
  forward(port, frame);
}

void found(drivers::NetworkCard& device) {
  if (card != nullptr) return;
  card = &device;
  card->set_receiver(arrived, nullptr);
  card->receive_all();
  table.connect(kUplink);
  runtime::print("HVLAB hypervisor network=%s\n", card->kind);
}

}  // namespace

void find_card() {
  drivers::find_e1000(found);
  drivers::find_virtio_network(found);
}

void connect(hypervisor::VirtualMachine& machine, devices::Board& board, unsigned number) {
  const Hold hold(lock);
  ports[number].machine = &machine;
  ports[number].board = &board;
  table.connect(number);
}

devices::NetworkBackend wire_of(unsigned number) {
  return {send, &ports[number], {0x52, 0x54, 0x00, 0x12, 0x35, static_cast<u8>(number)}};
}

namespace {

/// The next frame for a port, or null: then the port is nobody's any more.
Packet* next_frame(unsigned port) {
  const Hold hold(lock);
  Packet* frame = waiting[port].pop_front();
  ports[port].busy = frame != nullptr;
  any_waiting = false;
  for (const auto& list : waiting) any_waiting = any_waiting || !list.empty();
  return frame;
}

// One processor at a time hands frames to a guest: two would change their order.
bool take_port(unsigned port) {
  const Hold hold(lock);
  if (ports[port].busy || waiting[port].empty()) return false;
  return ports[port].busy = true;
}

}  // namespace

void deliver_frames() {
  if (!__atomic_load_n(&any_waiting, __ATOMIC_ACQUIRE)) return;
  for (unsigned i = 1; i <= hypervisor::kMostMachines; ++i) {
    if (!take_port(i)) continue;
    while (Packet* frame = next_frame(i)) {
      {
        const Hold hold(ports[i].machine->lock);
        runtime::mark<Mark::FrameCopy>(frame->bytes, frame->bytes, frame_way(FrameWay::In, i));
        ports[i].board->receive(frame->data(), static_cast<u32>(frame->bytes));
      }
      drivers::free_packet(frame);
    }
  }
}

}  // namespace hvlab::monolithic
