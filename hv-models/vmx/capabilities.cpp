#include "hv-models/vmx/capabilities.hpp"

#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/panic.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;

namespace {

constexpr u32 kBasic = 0x480, kPlain = 0x481, kSecondary = 0x48b, kEptVpid = 0x48c, kTrue = 0x48d,
              kMisc = 0x485, kCr0Fixed0 = 0x486;

void take_word(Capabilities& c, Word w, u32 msr) {
  const u64 value = runtime::read_msr(msr);
  c.allowed0[static_cast<size_t>(w)] = static_cast<u32>(value);
  c.allowed1[static_cast<size_t>(w)] = static_cast<u32>(value >> 32);
}

Capabilities found;
bool looked = false;

void look() {
  const u64 basic = runtime::read_msr(kBasic);
  found.revision = static_cast<u32>(basic) & 0x7fff'ffff;
  found.true_controls = test_bit(basic, 55);
  // In both rows of MSRs: pin-based, primary, VM-exit, VM-entry.
  for (u32 n = 0; n < 4; ++n)
    take_word(found, static_cast<Word>(n), (found.true_controls ? kTrue : kPlain) + n);
  if (found.has(Control::ActivateSecondaryControls)) take_word(found, Word::Secondary, kSecondary);
  if (found.has(Control::EnableEpt) || found.has(Control::EnableVpid))
    found.ept_vpid = runtime::read_msr(kEptVpid);
  found.misc = runtime::read_msr(kMisc);
  found.cr0_fixed0 = runtime::read_msr(kCr0Fixed0);
  found.cr0_fixed1 = runtime::read_msr(kCr0Fixed0 + 1);
  found.cr4_fixed0 = runtime::read_msr(kCr0Fixed0 + 2);
  found.cr4_fixed1 = runtime::read_msr(kCr0Fixed0 + 3);
}

bool all(u64 bits_of) { return (capabilities().ept_vpid & bits_of) == bits_of; }

}  // namespace

const Capabilities& capabilities() {
  if (!__atomic_exchange_n(&looked, true, __ATOMIC_SEQ_CST))
    look();  // the first processor, before there are others
  return found;
}

u32 settings(Word word, u32 wanted) {
  const auto n = static_cast<size_t>(word);
  const Capabilities& c = capabilities();
  if ((wanted & ~c.allowed1[n]) != 0)
    runtime::panic("this processor's VMX lacks controls that are needed (word %u: %x)",
                   static_cast<unsigned>(n), wanted & ~c.allowed1[n]);
  return wanted | c.allowed0[n];
}

bool nests() {
  constexpr u64 kNeeded = ept_vpid::kWalk4 | ept_vpid::kWriteBack | ept_vpid::k2m;
  return can(Control::EnableEpt) && can(Control::UnrestrictedGuest) && all(kNeeded);
}
bool forgets_one_vpid() { return all(ept_vpid::kInvvpid | ept_vpid::kInvvpidSingle); }
bool forgets_one_address() { return all(ept_vpid::kInvvpid | ept_vpid::kInvvpidAddress); }
bool forgets_one_root() { return all(ept_vpid::kInvept | ept_vpid::kInveptSingle); }

}  // namespace hvlab::vmx
