// Identifiers of virtual processors (SDM vol. 3, 29.1): each has one as long as it lives, so that what the
// processor remembers of its translations is never taken for another's.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::vmx {

/// 0, the host's, if all are in use.
u16 take_vpid();
void give_back_vpid(u16 vpid);

}  // namespace hvlab::vmx
