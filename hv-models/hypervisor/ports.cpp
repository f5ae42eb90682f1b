// Ports: ACPI's are the core's own, all others are devices'.
#include "hv-models/hypervisor/acpi.hpp"
#include "hv-models/hypervisor/guest_walk.hpp"
#include "hv-models/hypervisor/handlers.hpp"
#include "hv-models/runtime/clock.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::hypervisor {
namespace {

// 3.579545 MHz (ACPI 6.4, 4.8.3.3).
u32 timer_ticks() {
  constexpr u64 kHertz = 3'579'545, kSecond = 1'000'000'000;
  const u64 now = runtime::clock::now();
  return static_cast<u32>(now / kSecond * kHertz + now % kSecond * kHertz / kSecond);
}

/// True if the port is ACPI's; `ended` if the guest has switched its machine off.
bool access_acpi(const Access& access, u64& value, bool& ended) {
  constexpr u16 kSleepEnable = 1u << 13, kScience = 1;
  value = 0;
  switch (access.address) {
    case acpi::kEventPort:
    case acpi::kEventPort + 2: return true;
    case acpi::kControlPort:
      value = kScience;
      ended =
          access.write && (access.value & kSleepEnable) != 0 && (access.value >> 10 & 7) == acpi::kSoftOff;
      return true;
    case acpi::kTimerPort: value = timer_ticks(); return true;
    default: return false;
  }
}

enum class Done : u8 { Yes, No, Ended };

Done access_port(VirtualProcessor& vcpu, Access& access) {
  u64 value = 0;
  bool ended = false;
  if (access_acpi(access, value, ended)) {
    access.value = value;
    return ended ? Done::Ended : Done::Yes;
  }
  return access_device(vcpu, access) ? Done::Yes : Done::No;
}

u64& merge(u64& reg, u64 value, unsigned bytes) {
  if (bytes == 4) return reg = static_cast<u32>(value);
  return reg = (reg & ~low_mask(8 * bytes)) | (value & low_mask(8 * bytes));
}

void advance(u64& reg, const Registers& r, unsigned bytes, unsigned address_bytes) {
  const bool down = (r.rflags & arch::flag::kDf) != 0;
  const u64 mask = low_mask(8 * address_bytes);
  reg = (reg & ~mask) | ((reg + (down ? u64{0} - bytes : bytes)) & mask);
}

Outcome page_fault(VirtualProcessor& vcpu, u64 linear, u32 error) {
  vcpu.registers.cr2 = linear;
  return raise_with_error(vcpu, static_cast<u8>(arch::Exception::PageFault), error);
}

/// Whether the element at `linear` may be read or written, known before the device is asked, so that nothing
/// is lost. False: `outcome` is what there is instead.
bool may_move(VirtualProcessor& vcpu, const Exit& exit, u64 linear, Outcome& outcome) {
  const WalkAccess access{!exit.write, vcpu.registers.cpl == 3, false};
  const u64 last = linear + exit.bytes - 1;
  for (u64 at = linear;; at = last) {
    const WalkResult found = access_guest(vcpu, at, access);
    if (!found.found) {
      outcome = found.again ? Outcome::Continue : page_fault(vcpu, at, found.error);
      return false;
    }
    if (at / 4096 == last / 4096) return true;
  }
}

// INS and OUTS: one element a time, the registers say how far it is. After a sector's worth the guest is
// entered again, and the instruction with it: it may have to give up the processor, or take an interrupt.
Outcome string(VirtualProcessor& vcpu, const Exit& exit) {
  constexpr unsigned kAtOnce = 256;
  Registers& r = vcpu.registers;
  const u64 mask = low_mask(8 * exit.address_bytes);
  for (unsigned done = 0; !exit.repeated || (r.gpr[arch::kRcx] & mask) != 0; ++done) {
    if (done == kAtOnce) return Outcome::Continue;
    u64& index = r.gpr[exit.write ? arch::kRsi : arch::kRdi];
    const u64 linear = r.segment_base[exit.write ? exit.segment % 6 : unsigned{arch::kEs}] + (index & mask);
    Access access{Space::Port, exit.write, exit.bytes, exit.port, 0};
    Outcome outcome = Outcome::Continue;
    if (!may_move(vcpu, exit, linear, outcome)) return outcome;
    // Where there is no memory, ones are read.
    if (exit.write && !read_linear(vcpu, linear, &access.value, exit.bytes)) access.value = kNobody;
    const Done answer = access_port(vcpu, access);
    if (answer == Done::No) return Outcome::Waiting;
    if (answer == Done::Ended) return end_machine(*vcpu.machine, 0);
    if (!exit.write) write_linear(vcpu, linear, &access.value, exit.bytes);
    advance(index, r, exit.bytes, exit.address_bytes);
    vcpu.access = {};
    if (!exit.repeated) break;
    u64& count = r.gpr[arch::kRcx];
    count = (count & ~mask) | ((count - 1) & mask);
  }
  return go_on(vcpu, exit.length);
}

}  // namespace

Outcome handle_port(VirtualProcessor& vcpu, const Exit& exit) {
  if (exit.string) return string(vcpu, exit);
  u64& rax = vcpu.registers.gpr[arch::kRax];
  Access access{Space::Port, exit.write, exit.bytes, exit.port,
                exit.write ? rax & low_mask(8 * exit.bytes) : 0};
  const Done done = access_port(vcpu, access);
  if (done == Done::No) return Outcome::Waiting;
  if (done == Done::Ended) return end_machine(*vcpu.machine, 0);
  if (!exit.write) merge(rax, access.value, exit.bytes);
  return go_on(vcpu, exit.length);
}

}  // namespace hvlab::hypervisor
