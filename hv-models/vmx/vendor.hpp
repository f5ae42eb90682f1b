#pragma once

#include "hv-models/hypervisor/vendor.hpp"

namespace hvlab::vmx {

/// Intel's virtual-machine extensions.
const hypervisor::Vendor& vendor();

}  // namespace hvlab::vmx
