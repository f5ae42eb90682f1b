// The runtime's lists under the names by which the kernel calls them.
#pragma once

#include "hv-models/runtime/list.hpp"

namespace hvlab::kernel {

using runtime::Link;
using runtime::List;

}  // namespace hvlab::kernel
