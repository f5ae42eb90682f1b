// Identifiers of address spaces (APM vol. 2, 15.16): each virtual processor has one as long as it lives, so
// that what the processor remembers of its translations is never taken for another's.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::svm {

/// 0, the host's, if all are in use.
u32 take_asid();
void give_back_asid(u32 asid);

}  // namespace hvlab::svm
