// Everything the instruction table names: the folder's index.
#pragma once

#include "sim/execute/vector_families.hpp"
#include "sim/execute/wrap.hpp"
