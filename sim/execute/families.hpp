// Everything the instruction table names: the folder's index.
#pragma once

#include "sim/execute/wrap.hpp"
