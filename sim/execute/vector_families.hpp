// Selectors of the MMX and SSE families: each gives the handlers of the mnemonics of its file, for both
// register files where there are two. Rows name them through mmx_form and xmm_form.
#pragma once

#include "sim/execute/vector.hpp"

namespace hvlab::execute {

// vector_move.cpp, vector_mask.cpp
decode::Selector vector_move, vector_control, vector_mask;
// packed_arithmetic.cpp, packed_logic.cpp, packed_shuffle.cpp: integers, MMX to SSE2
decode::Selector packed_arithmetic, packed_multiply, packed_logic, packed_shift, packed_shuffle,
    packed_element;
decode::Selector pextrw_sse2;
// packed_ssse3.cpp, packed_sse41.cpp
decode::Selector packed_ssse3, packed_sse41, packed_extend;
// vector_float.cpp, vector_estimate.cpp, vector_convert.cpp, vector_round.cpp
decode::Selector vector_arithmetic, vector_compare, vector_estimate, vector_convert, vector_round;
// string_compare.cpp
decode::Selector string_compare;

}  // namespace hvlab::execute
