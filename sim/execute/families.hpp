// Everything the instruction table names: the folder's index.
#pragma once

#include "sim/execute/integer.hpp"
#include "sim/execute/near_branch.hpp"
#include "sim/execute/system.hpp"
#include "sim/execute/vector_families.hpp"
#include "sim/execute/wrap.hpp"
#include "sim/execute/x87_families.hpp"
