#pragma once

#include "hv-models/hypervisor/virtual_processor.hpp"

namespace hvlab::driver_domain {

/// The model's hypercalls (interdomain/hypercalls.hpp). Everything that a machine says is checked.
i64 hypercall(hypervisor::VirtualProcessor& vcpu, u64 number, u64 first, u64 second, u64 third);

/// Starts the machines other than the management machine; called once it serves them (main.cpp).
void start_guests();

}  // namespace hvlab::driver_domain
