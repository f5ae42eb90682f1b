// Operands of a decoded operation, by the names that handlers use.
#pragma once

#include "sim/mmu/operand.hpp"

namespace hvlab::execute {

using arch::Exception;
using cpu::Cpu;
using cpu::raise;
using decode::Op;
using decode::Outcome;
using mmu::Access;
using mmu::check_segment;
using mmu::effective_address;
using mmu::linear_address;
using mmu::Loaded;
using mmu::peek;
using mmu::push;
using mmu::read_memory;
using mmu::read_operand;
using mmu::write_memory;
using mmu::write_operand;

}  // namespace hvlab::execute
