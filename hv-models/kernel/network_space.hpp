// A network namespace.
#pragma once

#include "hv-models/kernel/reference.hpp"

namespace hvlab::kernel {

class NetworkSpace : public Counted {};

}  // namespace hvlab::kernel
