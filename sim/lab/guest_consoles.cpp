#include "sim/lab/guest_consoles.hpp"

#include <algorithm>
#include <array>

#include "sim/arch/registers.hpp"
#include "sim/base/bits.hpp"
#include "sim/devices/uart_registers.hpp"

namespace hvlab::lab {

namespace uart = devices::uart;
using observe::Event;
using observe::EventKind;

namespace {

constexpr size_t kMostString = 4096;  // bytes of one OUTS that are looked at

struct Place {
  u16 first;
  u16 ports;  // 8: a serial port; 1: each byte is printed
  const char* name;
};

// Where a PC has its serial ports (by the BIOS' convention), and the port that Bochs made a console.
constexpr Place kPlaces[] = {
    {0x3F8, 8, "com1"}, {0x2F8, 8, "com2"}, {0x3E8, 8, "com3"}, {0x2E8, 8, "com4"}, {0xE9, 1, "debug"},
};

const Place* place_of(u16 port) {
  const auto found = std::ranges::find_if(
      kPlaces, [&](const Place& place) { return port >= place.first && port - place.first < place.ports; });
  return found == std::end(kPlaces) ? nullptr : &*found;
}

bool touches_console(u16 port, unsigned size) {
  for (unsigned i = 0; i < size; ++i)
    if (place_of(static_cast<u16>(port + i)) != nullptr) return true;
  return false;
}

/// The address size of an OUTS as a mask of the registers that it uses.
u64 address_mask(const observe::PortAccess& access) {
  return access.address_bytes >= 8 ? ~u64{0} : bit(8 * access.address_bytes) - 1;
}

}  // namespace

void GuestConsoles::on_event(const Event& event) {
  if (event.kind == EventKind::VmExit) last_exit_ = event;
  if (event.kind == EventKind::VmExitDetail) return left(event);
  if (event.kind == EventKind::VmEntry) return entered(event);
}

// The detail follows its exit at once: the processor still has the guest's registers.
void GuestConsoles::left(const Event& detail) {
  const auto access = observe::port_access(last_exit_.a, last_exit_.b, detail.a);
  if (!access || access->input || !touches_console(access->port, access->bytes)) return;
  const u64 block = inside_[detail.core];
  if (access->string) {
    pending_[block] = string_of(detail.core, *access);
    return;
  }
  const u64 value = machine_.state(detail.core).gpr[arch::kRax];
  for (unsigned i = 0; i < access->bytes; ++i)
    write(block, static_cast<u16>(access->port + i), static_cast<u8>(value >> (8 * i)));
}

GuestConsoles::Pending GuestConsoles::string_of(unsigned core, const observe::PortAccess& access) const {
  const cpu::Cpu& cpu = machine_.state(core);
  const u64 mask = address_mask(access);
  Pending string;
  string.port = access.port;
  string.size = access.bytes;
  string.source = cpu.gpr[arch::kRsi];
  string.backwards = cpu.rflag(arch::flag::kDf);
  if (access.segment >= std::size(cpu.seg)) return string;
  const u64 segment = cpu.seg[access.segment].base;
  const u64 wanted = access.repeated ? cpu.gpr[arch::kRcx] & mask : 1;
  const u64 count = std::min<u64>(wanted, kMostString / string.size);
  u64 at = string.source & mask;
  for (u64 i = 0; i < count; ++i) {
    std::array<u8, 4> element{};
    if (!machine_.read(core, segment + at, element.data(), string.size)) break;
    string.bytes.insert(string.bytes.end(), element.begin(), element.begin() + string.size);
    at = (string.backwards ? at - string.size : at + string.size) & mask;
  }
  return string;
}

// How far RSI has moved is how much of the string the hypervisor has written.
void GuestConsoles::entered(const Event& event) {
  inside_[event.core] = event.a;
  const auto found = pending_.find(event.a);
  if (found == pending_.end()) return;
  const Pending string = std::move(found->second);
  pending_.erase(found);
  const u64 now = machine_.state(event.core).gpr[arch::kRsi];
  const u64 moved = (string.backwards ? string.source - now : now - string.source) & 0xFFFF'FFFF;
  const size_t done = std::min<size_t>(string.bytes.size(), moved);
  for (size_t i = 0; i < done; ++i)
    write(event.a, static_cast<u16>(string.port + i % string.size), string.bytes[i]);
}

void GuestConsoles::write(u64 block, u16 at, u8 byte) {
  const Place* place = place_of(at);
  if (place == nullptr) return;
  const unsigned vm = totals_.vcpu_at(block).vm;
  Port& port = ports_[{vm, static_cast<unsigned>(place - kPlaces)}];
  if (port.name.empty()) port.name = "vm" + std::to_string(vm) + "-" + place->name;
  const unsigned offset = at - place->first;
  if (offset == uart::kLineControl) port.line_control = byte;
  if (offset == uart::kModemControl) port.modem_control = byte;
  const bool elsewhere =
      (port.line_control & uart::kDivisorLatch) != 0 || (port.modem_control & uart::kLoop) != 0;
  if (offset == uart::kData && !elsewhere) sink_(port.name, byte);
}

}  // namespace hvlab::lab
