// Selectors of the x87 families, for the table's rows.
#pragma once

#include "sim/execute/x87.hpp"

namespace hvlab::execute::x87 {

decode::Selector arithmetic;      // x87_arithmetic.cpp
decode::Selector compare;         // x87_compare.cpp
decode::Selector load_store;      // x87_move.cpp
decode::Selector control;         // x87_control.cpp
decode::Selector single_operand;  // x87_unary.cpp
decode::Selector transcendental;  // x87_transcendental.cpp: remainders too

}  // namespace hvlab::execute::x87
