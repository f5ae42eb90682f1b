#pragma once

#include "hv-models/hypervisor/vendor.hpp"

namespace hvlab::svm {

/// AMD's secure virtual machines.
const hypervisor::Vendor& vendor();

}  // namespace hvlab::svm
