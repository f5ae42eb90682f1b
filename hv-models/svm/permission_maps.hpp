// Which ports and MSRs guests are left at (APM vol. 2, 15.10, 15.11): the same for all.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::svm {

struct PermissionMaps {
  u64 io, msr;  // physical
};

/// False without memory. The first time counts.
bool set_up_permission_maps();
const PermissionMaps& permission_maps();

}  // namespace hvlab::svm
