// What keys of a scenario say of others that the file is silent about.
#pragma once

#include "sim/scenario/value.hpp"
#include "sim/scenario/vocabulary.hpp"

namespace hvlab::scenario {

/// Adds to a resolved cell what other keys decide: the machine's memory by the software's way, and so on.
void derive(Value& cell, const Vocabulary& vocabulary);

/// What is known of the cell's way or teaching system; null: it has none, or one of an unknown name.
const WayFacts* way_of(const Value& cell, const Vocabulary& vocabulary);

/// Firmware reads what runs off a CD or a disk.
bool boots_by_firmware(const Value& software);

}  // namespace hvlab::scenario
