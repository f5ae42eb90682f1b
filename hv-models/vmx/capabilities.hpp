// What this processor's VMX can do, as its capability MSRs say (SDM vol. 3, appendix A).
#pragma once

#include "sim/arch/vmx.hpp"

namespace hvlab::vmx {

/// Read once.
const arch::vmx::Capabilities& capabilities();
inline bool can(arch::vmx::Control c) { return capabilities().has(c); }

/// `wanted` as a word of controls: with what must be 1. Panics if the processor lacks one of them.
u32 settings(arch::vmx::Word word, u32 wanted);

/// Nested paging with pages of 4 KiB and 2 MiB, by a processor that also runs guests without paging
/// (unrestricted guest).
bool nests();
/// INVVPID and INVEPT of one identifier, and of one address.
bool forgets_one_vpid();
bool forgets_one_address();
bool forgets_one_root();

}  // namespace hvlab::vmx
