// The ways of requests as JSON and as text.
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "sim/board/frequency.hpp"
#include "sim/lab/json.hpp"
#include "sim/observe/io_totals.hpp"

namespace hvlab::lab {

/// The member "io" of the statistics: an element for each group of requests of one system, operation and
/// size.
void write_io(JsonWriter& json, const observe::IoTotals& totals);

/// One request as a line of JSON.
void write_io_request(std::ostream& out, const observe::IoRequest& request, board::Frequency frequency);

/// A ladder for people, made of an element of "io": a line for each hop in the order in which a request meets
/// them, with its mean and median time and its share of the whole.
std::string io_ladder(const nlohmann::ordered_json& group);

/// The element of "io" that stands for `operation`: analysis::innermost_group.
const nlohmann::ordered_json* innermost_io(const nlohmann::ordered_json& io, const std::string& operation);

}  // namespace hvlab::lab
