// The costs of the processor profile that a result rests on, and where each comes from.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/lab/json.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/sweep/store.hpp"
#include "sim/timing/profile.hpp"

namespace hvlab::lab {

/// The figures of a profile that are cycles, in its order; those given over the file's have kSetSource. Empty
/// with Accuracy::Functional, which takes none of them.
std::vector<sweep::Cost> costs_of(const timing::Profile& profile);

/// Those that a cell runs with; of a cluster the figures of its ways, called by their paths. Throws UserError
/// if its profile cannot be read.
std::vector<sweep::Cost> costs_of(const scenario::Cell& cell);

/// "sourced", "assumed" or "set".
const char* origin_of(const sweep::Cost& cost);

/// The member "costs" of the statistics: [{"name", "value", "origin", "source"}].
void write_costs(JsonWriter& json, const std::vector<sweep::Cost>& costs);

/// The costs of a scenario's cells, equal ones once: [{"processor", "cells": [LABEL], "costs": [{"name",
/// "value", "origin", "source"}]}]. Of clusters those of the ways and mixes of their machines, {"ways":
/// [NAME], "cells", "costs"}, "origin" being "measured" too.
nlohmann::ordered_json costs_json(const std::vector<scenario::Cell>& cells);

/// "6 sourced, 39 assumed and 1 set costs" of an array of costs as write_costs() makes it.
std::string count_costs(const nlohmann::ordered_json& costs);

/// For people, a line for each processor profile of costs_json(): how many costs are from where.
std::string costs_text(const nlohmann::ordered_json& groups);

}  // namespace hvlab::lab
