// The registers of an e1000 card that the kernel answers for the VMM: interrupt causes, their mask, and the
// buffers that the guest offers. The words are the model's too (devices::E1000::Registers).
#pragma once

#include <cstddef>

#include "hv-models/devices/board.hpp"
#include "hv-models/kernel/vm_abi.hpp"

namespace vmm {

enum KeptRegister : uint32_t { kKeptCause, kKeptMask, kKeptReceiveTail };
static_assert(offsetof(hvlab::devices::E1000::Registers, cause) == kKeptCause * 4 &&
              offsetof(hvlab::devices::E1000::Registers, mask) == kKeptMask * 4 &&
              offsetof(hvlab::devices::E1000::Registers, receive_tail) == kKeptReceiveTail * 4);

/// Of a card whose registers begin at `card`; 0: it is nowhere, and none are kept.
inline hvlab::kernel::VmKept kept_registers(uint64_t card) {
  using hvlab::devices::E1000;
  using hvlab::kernel::VmKeptKind;
  if (card == 0) return {};
  return {4,
          hvlab::devices::Board::kNetworkPin,
          kKeptCause,
          kKeptMask,
          {{card + E1000::kCauseRead, VmKeptKind::Take, kKeptCause},
           {card + E1000::kMaskSet, VmKeptKind::Set, kKeptMask},
           {card + E1000::kMaskClear, VmKeptKind::Clear, kKeptMask},
           {card + E1000::kReceiveTail, VmKeptKind::Plain, kKeptReceiveTail}}};
}

}  // namespace vmm
