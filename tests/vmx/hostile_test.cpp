// A VMCS that nobody has checked, or that changes under the guest, and guests of random bytes: whatever they
// lead to, the processor is in a guest or out of it, and wholly so.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

struct Random {
  u64 state;
  u64 operator()() {
    u64 z = state += 0x9E37'79B9'7F4A'7C15;
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
    return z ^ (z >> 31);
  }
  u64 below(u64 n) { return (*this)() % n; }
};

/// Values at which something begins or ends, or anything.
u64 value(Random& random) {
  const u64 kSome[] = {0,
                       1,
                       ~u64{0},
                       0x7FFF'FFFF,
                       0x8000'0000'0000,
                       0xFEE0'0000,
                       0x7FF'F000,
                       0xFFF,
                       0x7F'FFFF,
                       0xFF'FFFF'F000,
                       kVmcs,
                       kGuestCode,
                       kTables,
                       0xFFFF'8000'0000'0000,
                       kEpt | 0x1E,
                       bit(31),
                       0x8000'030E,
                       0x8000'0B0D,
                       0x8000'0202,
                       bit(static_cast<unsigned>(random.below(64)))};
  const u64 n = random.below(std::size(kSome) + 3);
  return n < std::size(kSome) ? kSome[n] : random();
}

bool door_is_closed(const cpu::Cpu& c) {
  const cpu::State closed;
  return c.intercepted == 0 && c.undefined == 0 && c.asid == 0 && c.cr0_mask == 0 && c.cr4_mask == 0 &&
         c.guest_tsc_offset == 0 && c.guest_tsc_multiplier == closed.guest_tsc_multiplier &&
         c.guest_deadline == cpu::State::kNoDeadline && c.guest_events == 0 && !c.exits_first &&
         !c.unrestricted && !c.virtual_nmis && !c.iret_keeps_blocking && !c.host_masks && !c.is_delivering &&
         !c.second_stage.on && c.apic_access_page == cpu::State::kNoPage && !c.virtual_interrupt &&
         !c.shadowed && !c.shadowed_by_mov_ss;
}

void check(GuestMachine& m) {
  const cpu::Cpu& c = m.cpu();
  if (c.guest == nullptr) CHECK(door_is_closed(c));
  CHECK(c.stepping);
  const bool paged = (c.cr0 & arch::cr0::kPg) != 0;
  CHECK((!paged || c.protected_mode()));
  CHECK((!c.long_active() || paged));
}

/// Puts random bits of the control words that may be set.
void random_controls(GuestMachine& m, Random& random) {
  for (size_t n = 0; n < arch::vmx::kControls; ++n) {
    const auto c = static_cast<Control>(n);
    if (m.cpu().vmx.has(c) && random.below(4) == 0) m.set(c);
  }
  m.set(Control::HostAddressSpaceSize);
}

}  // namespace

// Catches fields whose values reach something that trusts them, and door fields that an exit forgets.
TEST_CASE("random fields in the VMCS") {
  Random random{1};
  for (unsigned round = 0; round < 700; ++round) {
    INFO(round);
    GuestMachine m;
    if (random.below(2) == 0) m.ept();
    if (random.below(2) == 0) random_controls(m, random);
    for (u64 n = random.below(3) + 1; n != 0; --n)
      m[static_cast<Field>(random.below(arch::vmx::kFields))] = value(random);
    m.cpu().nmi_pending = random.below(4) == 0;
    m.enter({0xFB, 0x0F, 0x20, 0xC0, 0x0F, 0x0B, 0xCD, 0x80}, 3000);  // STI; MOV RAX, CR0; UD2; INT 80h
    check(m);
  }
}

// Catches host fields and areas that are looked at by the exit as if they had been checked.
TEST_CASE("fields that change while the guest runs") {
  Random random{2};
  for (unsigned round = 0; round < 400; ++round) {
    INFO(round);
    GuestMachine m;
    if (random.below(2) == 0) m.ept();
    random_controls(m, random);
    m.clear(Control::HltExiting);
    m[Field::VirtualApicAddress] = kVirtualApic;
    m.enter({0xF4}, 500);
    if (m.cpu().guest == nullptr) continue;
    for (unsigned n = 0; n < 6; ++n) m[static_cast<Field>(random.below(arch::vmx::kFields))] = value(random);
    m.cpu().nmi_pending = true;
    m.cpu().init_pending = random.below(2) == 0;
    m.processor->run(m.processor->cycles() + 3000);
    check(m);
  }
}

// Catches instructions that a guest can hurt the simulator with.
TEST_CASE("guests of random bytes") {
  Random random{3};
  for (unsigned round = 0; round < 400; ++round) {
    INFO(round);
    GuestMachine m;
    if (random.below(2) == 0) m.ept();
    random_controls(m, random);
    m[Field::ExceptionBitmap] = random();
    m[Field::Cr0Mask] = random();
    m[Field::Cr4Mask] = random();
    for (u64 at = kGuestCode; at < kGuestCode + 64; at += 8) m.poke<u64>(at, random());
    for (unsigned r = 0; r < 16; ++r)
      m.cpu().gpr[r] = random.below(3) == 0 ? random() : kData + random.below(4096);
    execute::memory_written(*m.code, kGuestCode, 64);
    m.enter(3000);
    check(m);
  }
}
