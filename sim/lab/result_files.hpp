// How results of scenarios are told: JSON, JUnit XML, text.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/lab/cell_result.hpp"

namespace hvlab::lab {

/// {"scenario", "status", "partial", "cells": [{"cell", "settings", "ending", "metrics": {NAME: {"value",
/// "unit"}}}], "checks": [...], "costs": costs_json()}. The same bytes for equal runs.
nlohmann::ordered_json result_json(const ScenarioResult& result);

/// One test suite a scenario, one test case a check; times are simulated seconds.
std::string junit_xml(const std::vector<ScenarioResult>& results);

/// What a person reads: cells, what does not hold, and with `all` what does. With `colour`, for a terminal.
std::string result_text(const ScenarioResult& result, bool all, bool colour);

/// Writes results.json and junit.xml into the result's directory. Throws UserError.
void write_results(const ScenarioResult& result);

/// Writes a file, whole or not at all. Throws UserError.
void write_result_file(const std::string& path, const std::string& content);

/// Whether standard output is a terminal that may be coloured (NO_COLOR is not set).
bool wants_colour();

}  // namespace hvlab::lab
