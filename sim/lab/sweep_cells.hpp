// Cells of a sweep on disk: what each is told, and what it left. A cell's result is a file that appears
// whole, so that whoever ran it (this program, an element of a job array on another node, an earlier attempt)
// may be gone.
//
//   DIRECTORY/sweep.sqlite        the results so far (sim/sweep/store.hpp)
//   DIRECTORY/cells/ID.json       how a cell ended and what its run printed
//   DIRECTORY/elements/N.json     which cells an element of a job array runs; N.log: what it said
#pragma once

#include <string>
#include <vector>

#include "sim/sweep/store.hpp"

namespace hvlab::lab {

/// A cell to run: the words after the program's name.
struct CellCommand {
  u32 cell = 0;
  std::vector<std::string> arguments;
};

/// What a cell's run left.
struct CellEnd {
  u32 cell = 0;
  int status = 0;
  std::string output;  // what it printed: its JSON document, or nothing
  std::string errors;  // the end of what it said on standard error
};

/// Writes the result of a cell. Throws UserError if it cannot.
void write_cell(const std::string& directory, const CellEnd& end);

/// The result of a cell, if there is one and it is whole.
std::optional<CellEnd> read_cell(const std::string& directory, u32 cell);
void remove_cell(const std::string& directory, u32 cell);

/// Writes which cells an element of a job array runs, and reads it. Both throw UserError if they cannot.
void write_element(const std::string& directory, size_t element, const std::vector<CellCommand>& cells);
std::vector<CellCommand> read_element(const std::string& directory, size_t element);

/// What `hvlab run --json` printed, as a cell's outcome: its metrics by name.
sweep::Outcome outcome_of(const CellEnd& end);

/// hvlab sweep-element DIRECTORY N: runs the element's cells that have no result yet, one after the other. It
/// is what elements of a job array run; nothing for users.
int sweep_element_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
